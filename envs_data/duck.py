"""DuckDB files from a database's spec and its CSV folder, built once and kept in a cache folder.

The file of a bundled database is ``database_path("retail")``; its first use builds it. Keys and references
are declared as such, and keys, references and names are NOT NULL; other columns may hold NULL, which is an
empty, unquoted CSV field (a quoted one is the empty text).
"""

from __future__ import annotations

import graphlib
import hashlib
import importlib.resources
import os
import re
import tomllib
import uuid
from importlib.resources.abc import Traversable
from pathlib import Path

import duckdb
import platformdirs

from act_env.errors import DataNotFound, MalformedRecord
from act_env.sql.content import database_hash
from envs_data.ambigsql.spec import SPLITS, Column, Database, Table, parse_database, quoted

BUILDER_VERSION = 1
CACHE_VARIABLE = "ACT_CLARIFY_CACHE"
HASHES = "HASHES.toml"
_READ = """SELECT * FROM read_csv(?, columns = ?, auto_detect = false, header = true, delim = ',', quote = '"',
    escape = '"', nullstr = '', allow_quoted_nulls = false)"""
_CACHE_HINT = f"set {CACHE_VARIABLE} to a folder that can be written"

# What the spec says ends up in SQL and in a file's name, and a spec may be a stranger's.
_FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_TYPE = re.compile(r"[A-Z]+(\(\d+(, ?\d+)?\))?")


def cache_dir() -> Path:
    """Where built databases are kept: ``$ACT_CLARIFY_CACHE``, else the user's cache folder. Not created here."""
    chosen = os.environ.get(CACHE_VARIABLE)
    return Path(chosen) if chosen else Path(platformdirs.user_cache_dir("act-clarify"))


def bundled_names(split: str | None = None) -> tuple[str, ...]:
    """The bundled databases, of one split or all, in alphabetical order."""
    if split is not None and split not in SPLITS:
        raise ValueError(f"split {split!r} is none of {SPLITS}")
    names = sorted(entry.name for entry in _bundled_root().iterdir() if entry.joinpath("spec.toml").is_file())
    return tuple(name for name in names if split is None or bundled_database(name).split == split)


def bundled_database(name: str) -> Database:
    """The spec of one bundled database; raises DataNotFound naming those there are."""
    text = _bundled_folder(name).joinpath("spec.toml").read_text(encoding="utf-8")
    return parse_database(tomllib.loads(text), f"{name}/spec.toml")


def database_path(name: str) -> Path:
    """The DuckDB file of one bundled database, built where the cache has none; raises DataNotFound."""
    return build(bundled_database(name), _bundled_folder(name))


def _bundled_root() -> Traversable:
    return importlib.resources.files("envs_data.ambigsql") / "databases"


def _bundled_folder(name: str) -> Traversable:
    folder = _bundled_root() / name
    if not _FILE_NAME.fullmatch(name) or not folder.joinpath("spec.toml").is_file():
        raise DataNotFound(f"no bundled database {name!r}; there are {', '.join(bundled_names())}")
    return folder


def build(database: Database, folder: Traversable, cache: Path | None = None) -> Path:
    """The DuckDB file of ``database``, whose tables are the ``<table>.csv`` of ``folder``.

    The file is named after a hash of schema, CSVs, builder and DuckDB version, so a file that is there is right,
    and any number of processes may build at once. Raises DataNotFound for a missing CSV or an unusable cache
    folder, MalformedRecord for data that do not fit the spec.
    """
    for kind, name in (("database", database.name), *(("table", table.name) for table in database.tables)):
        if not _FILE_NAME.fullmatch(name):
            raise MalformedRecord(f"{kind} name {name!r}: letters, digits, '_' and '-', at most 64, are right")
    sources = {table.name: _source(database, folder, table) for table in database.tables}
    statements = [create_statement(database, table) for table in load_order(database)]
    target = (cache or cache_dir()) / f"{database.name}-{_key(statements, sources)}.duckdb"
    if target.is_file():
        return target
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataNotFound(f"cannot make the cache folder ({error}); {_CACHE_HINT}") from error
    unfinished = target.with_name(f".{uuid.uuid4().hex}.tmp")
    try:
        _write(database, statements, sources, unfinished)
        _put(unfinished, target)
    finally:
        for leftover in (unfinished, unfinished.with_name(unfinished.name + ".wal")):
            leftover.unlink(missing_ok=True)
    return target


def _source(database: Database, folder: Traversable, table: Table) -> Traversable:
    source = folder / f"{table.name}.csv"
    if not source.is_file():
        raise DataNotFound(f"database {database.name!r}: no {table.name}.csv in {str(folder)!r}")
    return source


def _key(statements: list[str], sources: dict[str, Traversable]) -> str:
    digest = hashlib.sha256(f"{BUILDER_VERSION} {duckdb.__version__}\n".encode())
    for part in [*(s.encode() for s in statements), *(source.read_bytes() for source in sources.values())]:
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()[:20]


def _put(unfinished: Path, target: Path) -> None:
    try:
        os.replace(unfinished, target)
    except PermissionError:
        # Windows does not replace a file that is open: another process was first, with the same content.
        if not target.is_file():
            raise


def load_order(database: Database) -> list[Table]:
    """The tables such that each comes after those it refers to; raises MalformedRecord for a circle."""
    # Lists, not sets: the order is part of a built file's key.
    waits = {t.name: [r for c in t.columns if (r := _referred(c)) and r != t.name] for t in database.tables}
    try:
        return [database.table(name) for name in graphlib.TopologicalSorter(waits).static_order()]
    except graphlib.CycleError as error:
        raise MalformedRecord(
            f"database {database.name!r}: tables refer to each other in a circle: {error.args[1]}"
        ) from error


def _referred(column: Column) -> str | None:
    return column.references.partition(".")[0] if column.references else None


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def create_statement(database: Database, table: Table) -> str:
    """The CREATE TABLE of one table, with its keys, references and NOT NULL."""
    parts = []
    for column in table.columns:
        if not _TYPE.fullmatch(column.type):
            where = f"{database.name}.{table.name}.{column.name}"
            raise MalformedRecord(f"{where}: type {column.type!r} is not of the form INTEGER or DECIMAL(9, 2)")
        needed = " NOT NULL" if column.role in ("key", "reference", "name") else ""
        parts.append(f"{quoted(column.name)} {column.type}{needed}")
    if keys := table.with_role("key"):
        parts.append(f"PRIMARY KEY ({', '.join(quoted(key.name) for key in keys)})")
    for column in table.columns:
        if column.references:
            target, _, key = column.references.partition(".")
            # DuckDB lets a reference point at nothing but a whole key.
            if [k.name for k in database.table(target).with_role("key")] == [key]:
                parts.append(f"FOREIGN KEY ({quoted(column.name)}) REFERENCES {quoted(target)} ({quoted(key)})")
    return f"CREATE TABLE {quoted(table.name)} ({', '.join(parts)})"


def _write(database: Database, statements: list[str], sources: dict[str, Traversable], path: Path) -> None:
    with duckdb.connect(config={"threads": 1}) as connection:
        try:
            # Small blocks: these databases hold some hundred rows, and a block is the least that a column takes.
            connection.execute(f"ATTACH {_text(str(path))} AS built (BLOCK_SIZE 16384); USE built")
        except duckdb.IOException as error:
            raise DataNotFound(f"cannot write to the cache folder ({error}); {_CACHE_HINT}") from error
        for table, statement in zip(load_order(database), statements, strict=True):
            with importlib.resources.as_file(sources[table.name]) as file:
                try:
                    _check_header(table, file)
                    connection.execute(statement)
                    types = {column.name: column.type for column in table.columns}
                    connection.execute(f"INSERT INTO {quoted(table.name)} {_READ}", [str(file), types])
                except (duckdb.Error, ValueError) as error:
                    raise MalformedRecord(f"{database.name}/{table.name}.csv: {error}") from error


def _check_header(table: Table, file: Path) -> None:
    header, _, _ = file.read_text(encoding="utf-8").partition("\n")
    right = ",".join(column.name for column in table.columns)
    if header != right:
        raise ValueError(f"header {header!r} should be {right!r}")


def write_hashes(root: Path) -> None:
    """Writes ``HASHES.toml``: the content hash that each bundled database should have."""
    lines = [f'{name} = "{database_hash(database_path(name))}"\n' for name in bundled_names()]
    (root / HASHES).write_text("".join(lines), encoding="utf-8", newline="\n")


def expected_hashes() -> dict[str, str]:
    """The content hash that each bundled database should have, by name."""
    return tomllib.loads(_bundled_root().joinpath(HASHES).read_text(encoding="utf-8"))
