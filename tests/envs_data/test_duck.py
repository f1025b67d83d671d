"""DuckDB files are built from spec and CSV folder: once, whole, the same everywhere, and whatever the spec says."""

from __future__ import annotations

import concurrent.futures
import dataclasses
import multiprocessing
from pathlib import Path

import duckdb
import pytest

from act_env.errors import DataNotFound, MalformedRecord
from act_env.sql.content import database_hash
from envs_data import duck
from envs_data.ambigsql import spec

CLINIC = Path(duck.__file__).parent / "ambigsql" / "databases" / "clinic"


def values(connection, sql):
    return [row[0] for row in connection.execute(sql).fetchall()]


def test_cache_folder_follows_the_environment(monkeypatch, tmp_path):
    monkeypatch.setenv(duck.CACHE_VARIABLE, str(tmp_path / "deep" / "er"))
    path = duck.database_path("retail")
    assert path.parent == tmp_path / "deep" / "er" and duck.database_path("retail") == path
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]
    monkeypatch.setenv(duck.CACHE_VARIABLE, str(path / "below a file"))
    with pytest.raises(DataNotFound, match=duck.CACHE_VARIABLE):
        duck.database_path("retail")
    monkeypatch.delenv(duck.CACHE_VARIABLE)
    assert "act-clarify" in str(duck.cache_dir())


def _build_in(cache):
    return str(duck.build(duck.bundled_database("clinic"), CLINIC, Path(cache)))


def test_processes_may_build_at_once(tmp_path):
    spawned = multiprocessing.get_context("spawn")
    with concurrent.futures.ProcessPoolExecutor(3, mp_context=spawned) as pool:
        paths = set(pool.map(_build_in, [str(tmp_path)] * 6))
    assert [str(entry) for entry in tmp_path.iterdir()] == list(paths)
    assert database_hash(paths.pop()) == duck.expected_hashes()["clinic"]


def test_an_unknown_name_is_told_the_known_ones():
    for name in ("shop", "../retail", "", "retail/"):
        with pytest.raises(DataNotFound, match="there are airline, animal_shelter"):
            duck.database_path(name)


SMALL = {
    "name": "small",
    "title": "Two tables",
    "split": "train",
    "tables": [
        {
            "name": "part",
            "singular": "part",
            "plural": "parts",
            "columns": [
                {"name": "part_id", "type": "INTEGER", "role": "key"},
                {"name": "whole_id", "type": "INTEGER", "role": "reference", "references": "whole.whole_id"},
                {"name": "label", "type": "VARCHAR", "role": "other"},
            ],
        },
        {
            "name": "whole",
            "singular": "whole",
            "plural": "wholes",
            "columns": [
                {"name": "whole_id", "type": "INTEGER", "role": "key"},
                {"name": "price", "type": "DECIMAL(9, 2)", "role": "measure"},
            ],
        },
    ],
}


@pytest.fixture
def small(tmp_path):
    """(spec, folder) of a database whose first table refers to its second."""
    (tmp_path / "part.csv").write_text('part_id,whole_id,label\n1,7,"a, ""b"""\n2,7,\n3,7,""\n', encoding="utf-8")
    (tmp_path / "whole.csv").write_text("whole_id,price\n7,0.10\n", encoding="utf-8")
    return spec.parse_database(SMALL), tmp_path


def test_loading_follows_references_and_types(small, tmp_path):
    database, folder = small
    with duckdb.connect(str(duck.build(database, folder, tmp_path / "it's a cache")), read_only=True) as connection:
        assert values(connection, "SELECT label FROM part ORDER BY part_id") == ['a, "b"', None, ""]
        assert values(connection, "SELECT typeof(price) FROM whole") == ["DECIMAL(9,2)"]
        names = "SELECT column_name FROM duckdb_columns() WHERE NOT is_nullable ORDER BY 1"
        assert values(connection, names) == ["part_id", "whole_id", "whole_id"]


def test_other_content_is_another_file(small, tmp_path):
    database, folder = small
    first = duck.build(database, folder, tmp_path)
    (folder / "whole.csv").write_text("whole_id,price\n7,0.20\n", encoding="utf-8")
    assert duck.build(database, folder, tmp_path) != first


@pytest.mark.parametrize(
    ("file", "text", "message"),
    [
        ("part.csv", "part_id,label,whole_id\n", "should be 'part_id,whole_id,label'"),
        ("part.csv", "part_id,whole_id,label\n1,8,a\n", "part.csv: .*foreign key"),
        ("whole.csv", "whole_id,price\n7,1\n7,2\n", "whole.csv: .*[Dd]uplicate"),
        ("whole.csv", "whole_id,price\n7,cheap\n", "whole.csv: .*cheap"),
        ("whole.csv", b"whole_id,price\n7,\xff\n", "whole.csv: .*utf-8"),
    ],
)
def test_data_that_do_not_fit_are_refused(small, tmp_path, file, text, message):
    database, folder = small
    (folder / file).write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(MalformedRecord, match=f"(?s){message}"):
        duck.build(database, folder, tmp_path / "cache")
    assert not list((tmp_path / "cache").iterdir())


def test_a_missing_table_is_named(small, tmp_path):
    database, folder = small
    (folder / "whole.csv").unlink()
    with pytest.raises(DataNotFound, match=r"no whole\.csv"):
        duck.build(database, folder, tmp_path)


def test_a_hostile_spec_reaches_neither_sql_nor_the_folder_above(small, tmp_path):
    database, folder = small
    with pytest.raises(MalformedRecord, match="database name"):
        duck.build(dataclasses.replace(database, name="../up"), folder, tmp_path)
    part, whole = database.tables
    with pytest.raises(MalformedRecord, match="table name"):
        duck.build(dataclasses.replace(database, tables=(part, dataclasses.replace(whole, name="../whole"))), folder)
    injected = dataclasses.replace(whole.columns[1], type="INTEGER); ATTACH 'x'; --")
    with pytest.raises(MalformedRecord, match="ATTACH"):
        tables = (part, dataclasses.replace(whole, columns=(whole.columns[0], injected)))
        duck.build(dataclasses.replace(database, tables=tables), folder, tmp_path)
    odd = dataclasses.replace(whole, columns=(whole.columns[0], dataclasses.replace(whole.columns[1], name='a" b')))
    (folder / "whole.csv").write_text('whole_id,a" b\n7,1\n', encoding="utf-8")
    assert duck.build(dataclasses.replace(database, tables=(part, odd)), folder, tmp_path).is_file()


def test_a_circle_of_references_is_refused(small, tmp_path):
    database, folder = small
    part, whole = database.tables
    back = dataclasses.replace(whole.columns[1], references="part.part_id")
    circle = dataclasses.replace(database, tables=(part, dataclasses.replace(whole, columns=(whole.columns[0], back))))
    with pytest.raises(MalformedRecord, match="circle"):
        duck.build(circle, folder, tmp_path)
