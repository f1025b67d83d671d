"""The bundled databases keep what the request builder relies on, and are built the same everywhere."""

from __future__ import annotations

import datetime
import itertools
import re
from collections import Counter
from pathlib import Path

import duckdb
import pytest

from act_env.sql.content import database_hash
from envs_data import duck
from envs_data.ambigsql import spec
from envs_data.ambigsql.authoring import generate
from envs_data.ambigsql.authoring.draw import Draw, stepped

ROOT = Path(duck.__file__).parent / "ambigsql" / "databases"
NAMES = duck.bundled_names()
PLAIN = re.compile(r"[a-z][a-z0-9_]*")


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(duck.CACHE_VARIABLE, str(tmp_path_factory.mktemp("cache")))
        yield duck.cache_dir()


@pytest.fixture(scope="module", params=NAMES)
def opened(request, cache):
    """(spec, connection) of one bundled database."""
    with duckdb.connect(str(duck.database_path(request.param)), read_only=True) as connection:
        yield duck.bundled_database(request.param), connection


def values(connection, sql, *parameters):
    return [row[0] for row in connection.execute(sql, parameters).fetchall()]


def share_where(connection, table, column, condition="IS NOT NULL"):
    return values(connection, f"SELECT avg(CASE WHEN {column} {condition} THEN 1.0 ELSE 0.0 END) FROM {table}")[0]


def words_of(text):
    return set(re.split(r"[_\s]+", text.lower()))


def test_splits():
    assert [len(duck.bundled_names(split)) for split in ("train", "dev", "test")] == [12, 4, 8]
    with pytest.raises(ValueError, match="'valid' is none of"):
        duck.bundled_names("valid")


def test_size(opened):
    database, connection = opened
    assert 4 <= len(database.tables) <= 6
    assert sum(len(table.columns) for table in database.tables) <= 40
    assert len(spec.schema_text(database)) <= 1750
    for table in database.tables:
        assert 4 <= len(table.columns) <= 10
        assert 50 <= values(connection, f"SELECT count(*) FROM {table.name}")[0] <= 5000


def test_roles(opened):
    database, _ = opened
    roles = Counter(column.role for table in database.tables for column in table.columns)
    assert roles["name"] >= 2 and roles["category"] >= 2 and roles["measure"] >= 6 and roles["date"] >= 2
    assert all(len(table.with_role("key")) == 1 and len(table.with_role("name")) <= 1 for table in database.tables)


def test_identifiers_and_phrases_are_plain(opened):
    database, connection = opened
    reserved = set(values(connection, "SELECT keyword_name FROM duckdb_keywords() WHERE keyword_category = 'reserved'"))
    for table in database.tables:
        assert table.singular == table.singular.lower() and table.plural == table.plural.lower()
        for name in (table.name, *(column.name for column in table.columns)):
            assert PLAIN.fullmatch(name) and name not in reserved
        assert len({column.phrase for column in table.columns}) == len(table.columns)


def test_keys_references_and_names(opened):
    database, connection = opened
    for table in database.tables:
        for column in (*table.with_role("key"), *table.with_role("name")):
            total, distinct = connection.execute(
                f"SELECT count(*), count(DISTINCT {column.name}) FROM {table.name}"
            ).fetchone()
            assert total == distinct, f"{table.name}.{column.name} repeats or lacks a value"
        for column in table.with_role("reference"):
            target, _, key = column.references.partition(".")
            lost = f"SELECT count(*) FROM {table.name} WHERE {column.name} NOT IN (SELECT {key} FROM {target})"
            assert values(connection, lost) == [0]
    declared = Counter(values(connection, "SELECT constraint_type FROM duckdb_constraints()"))
    assert declared["PRIMARY KEY"] == len(database.tables)
    assert declared["FOREIGN KEY"] >= len(database.tables) - 1


def test_categories_list_the_values_there_are(opened):
    database, connection = opened
    for table in database.tables:
        for column in table.with_role("category"):
            found = values(connection, f"SELECT DISTINCT {column.name} FROM {table.name} WHERE {column.name} NOT NULL")
            assert sorted(found) == sorted(column.values) and 3 <= len(column.values) <= 6


def test_some_values_are_absent(opened):
    database, connection = opened
    holed = 0
    for table in database.tables:
        for column in table.columns:
            absent = 1 - share_where(connection, table.name, column.name)
            holed += absent > 0
            if column.role in ("key", "reference", "name"):
                assert absent == 0
            elif absent:
                assert 0.015 <= absent <= 0.085, f"{table.name}.{column.name}"
    assert holed >= 5


def test_values_are_varied_skewed_and_tied(opened):
    database, connection = opened
    tied = 0
    for table in database.tables:
        for column in table.with_role("measure"):
            known, distinct = connection.execute(
                f"SELECT count({column.name}), count(DISTINCT {column.name}) FROM {table.name}"
            ).fetchone()
            assert distinct >= 3
            tied += distinct < known
        for column in table.with_role("date"):
            first, last = connection.execute(
                f"SELECT min({column.name}), max({column.name}) FROM {table.name}"
            ).fetchone()
            assert last - first >= datetime.timedelta(days=3 * 365)
    assert tied >= 3
    text = "".join(
        value
        for table in database.tables
        for column in table.columns
        if column.type == "VARCHAR"
        for value in values(connection, f"SELECT {column.name} FROM {table.name} WHERE {column.name} NOT NULL")
    )
    assert any(ord(letter) > 127 for letter in text)


def test_some_names_are_hard_to_handle(cache):
    text = "".join(file.read_text(encoding="utf-8") for file in ROOT.glob("*/*.csv"))
    assert {"é", "’", "£", "漢"} <= set(text)


def test_heads_are_open_words_for_different_columns(opened):
    database, connection = opened
    assert len(database.heads) >= 6 and len({head.table for head in database.heads}) >= 2
    phrases = {column.phrase for table in database.tables for column in table.columns}
    numeric = 0
    for head in database.heads:
        table = database.table(head.table)
        columns = [table.column(name) for name in head.columns]
        numeric += all(column.role == "measure" for column in columns)
        assert PLAIN.fullmatch(head.word) and head.word not in phrases
        sharing = [column.name for column in table.columns if head.word in words_of(column.phrase)]
        assert sorted(sharing) == sorted(head.columns), "each column that has the word belongs to the head"
        assert len({column.type for column in columns}) == 1 and 2 <= len(columns) <= 3
        assert len({column.role for column in columns}) == 1 and columns[0].role in ("measure", "date", "category")
        for one, two in itertools.combinations(head.columns, 2):
            known = f"FROM {table.name} WHERE {one} NOT NULL AND {two} NOT NULL"
            assert values(connection, f"SELECT avg(CASE WHEN {one} <> {two} THEN 1.0 ELSE 0 END) {known}")[0] >= 0.75
            key = table.with_role("key")[0].name
            orders = [values(connection, f"SELECT {key} {known} ORDER BY {c} DESC, {key}") for c in (one, two)]
            assert orders[0] != orders[1]
    assert numeric * 2 >= len(database.heads)


def test_terms_pick_differing_shares(opened):
    database, connection = opened
    assert len(database.terms) >= 6 and len({term.table for term in database.terms}) >= 2
    for term in database.terms:
        table = database.table(term.table)
        key = table.with_role("key")[0].name
        taken = {word for column in table.columns for text in (column.name, *column.values) for word in words_of(text)}
        assert term.word not in taken
        assert 2 <= len(term.readings) <= 3 and len({r.column for r in term.readings}) == len(term.readings)
        rows = []
        for reading in term.readings:
            if table.column(reading.column).role == "category":
                assert reading.op == "=" and reading.gloss and reading.value in table.column(reading.column).values
            chosen = f"SELECT {key} FROM {table.name} WHERE {reading.column} {reading.op} ?"
            rows.append(set(values(connection, chosen, reading.value)))
        total = values(connection, f"SELECT count(*) FROM {table.name}")[0]
        assert all(0.08 <= len(found) / total <= 0.6 for found in rows), term.word
        assert all(len(a & b) / len(a | b) <= 0.75 for a, b in itertools.combinations(rows, 2)), term.word


def distinguished(opened, statements):
    """Every statement has a result that is neither empty nor all NULL, and no two have the same."""
    _, connection = opened
    results = [connection.execute(statement).fetchall() for statement in statements]
    assert all(any(cell is not None for row in rows for cell in row) for rows in results), statements
    assert len({str(sorted(map(str, rows))) for rows in results}) == len(results), statements


def test_values_stand_for_differing_rows(opened):
    database, _ = opened
    assert len(database.values) >= 4 and len({value.table for value in database.values}) >= 2
    assert len({(value.table, value.word) for value in database.values}) == len(database.values)
    for value in database.values:
        table = database.table(value.table)
        key = table.with_role("key")[0].name
        chosen = [(r.column, r.op, str(r.value).replace("'", "''")) for r in value.readings]
        assert all(value.word.lower() in said.lower() for said in value.said) and len(set(value.said)) >= 2
        assert all(value.word.lower() in str(r.value).lower() for r in value.readings), "the word is in what is stored"
        distinguished(opened, [f"SELECT {key} FROM {table.name} WHERE {c} {op} '{v}'" for c, op, v in chosen])


def test_nouns_fit_two_tables(opened):
    database, _ = opened
    open_ones = [noun for noun in database.nouns if len(noun.tables) > 1]
    assert len(open_ones) >= 2 and len(database.nouns) - len(open_ones) >= 2
    plurals = {table.plural for table in database.tables} | {table.singular for table in database.tables}
    for noun in database.nouns:
        assert not {noun.singular, noun.plural} & plurals
    for noun in open_ones:
        tables = [database.table(name) for name in noun.tables]
        assert len(tables) == 2 and len(noun.shared) >= (2 if all(table.label for table in tables) else 3)
        distinguished(opened, [f"SELECT count(*) FROM {table.name}" for table in tables])
        for shared in noun.shared:
            columns = [table.column(name) for table, name in zip(tables, shared.columns, strict=True)]
            assert len({column.role for column in columns}) == 1 and columns[0].role in ("measure", "date", "category")
            pairs = zip(tables, columns, strict=True)
            distinguished(
                opened, [f"SELECT max({c.name}), min({c.name}), count({c.name}) FROM {t.name}" for t, c in pairs]
            )


def test_aggregates_differ_from_what_their_rows_add_up_to(opened):
    database, connection = opened
    assert len(database.aggregates) >= 3
    for aggregate in database.aggregates:
        table, rows = database.table(aggregate.table), database.table(aggregate.rows)
        key = rows.column(aggregate.link).references.rpartition(".")[2]
        what = f"sum(r.{aggregate.measure})" if aggregate.measure else "count(*)"
        both = f"""SELECT t.{aggregate.column}, {what} FROM {table.name} t
            JOIN {rows.name} r ON r.{aggregate.link} = t.{key} GROUP BY t.{key}, t.{aggregate.column}"""
        pairs = [(kept, counted) for kept, counted in connection.execute(both).fetchall() if kept is not None]
        assert len(pairs) >= 20
        assert sum(kept != counted for kept, counted in pairs) >= 0.6 * len(pairs)
        assert aggregate.phrase != table.column(aggregate.column).phrase


def test_vocabularies_differ():
    heads, terms = {}, {}
    for database in map(duck.bundled_database, NAMES):
        heads[database.name] = {head.word for head in database.heads} - {"date"}
        terms[database.name] = {term.word for term in database.terms}
    for one, two in itertools.combinations(NAMES, 2):
        assert len(heads[one] & heads[two]) <= 2
    trained = set().union(*(heads[name] | terms[name] for name in duck.bundled_names("train")))
    for name in duck.bundled_names("test"):
        assert len((heads[name] | terms[name]) & trained) <= 5


@pytest.mark.parametrize("name", NAMES)
def test_generator_writes_what_is_committed(name):
    committed = {file.stem: file.read_text(encoding="utf-8") for file in (ROOT / name).glob("*.csv")}
    assert generate(name) == committed


def test_content_is_the_expected(cache):
    assert duck.expected_hashes() == {name: database_hash(duck.database_path(name)) for name in NAMES}


def test_draws_are_the_same_on_every_platform():
    draw = Draw("a seed")
    assert (draw.between(1, 1000), draw.pick("abc", 1.0), draw.amount(100, 0.5, 5)) == (398, "a", 135)
    assert draw.day("2020-01-01", "2023-01-01") == datetime.date(2020, 2, 22)
    assert stepped(11.7, 0.25) == 11.75 and stepped(0.0, 0.5) == 0.5 and stepped(1234, 50) == 1250
    with pytest.raises(ValueError, match="only 1 different names"):
        draw.distinct(2, lambda: "same")
