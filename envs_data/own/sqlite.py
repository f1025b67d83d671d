"""SQLite files on their way into DuckDB, through Python's own sqlite3: DuckDB's reader must be downloaded."""

from __future__ import annotations

import contextlib
import dataclasses
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import duckdb

from act_env.errors import MalformedRecord
from envs_data.spider.sqlite_to_duck import decode, duck_type, foreign_keys_of, open_sqlite, quoted, restrict

STAGED_ROWS = 2_000_000
"""Of a larger table a share chosen by row number is carried over, about this many rows."""
_SECONDS = 3_600.0
_VIEW_SECONDS = 60.0
_CHUNK = 10_000
_PRIME = 2_147_483_647


@dataclasses.dataclass(frozen=True)
class Staged:
    name: str
    staged: str
    view: bool
    key: tuple[str, ...]
    references: dict[str, tuple[str, str]]


def stage(path: Path, target: Path) -> list[Staged]:
    """Writes the tables and views as a DuckDB file; raises DataNotFound or MalformedRecord naming the file.

    A view that fails or takes more than a minute is left out.
    """
    path = _settled(path, target.parent)
    with contextlib.closing(open_sqlite(path)) as source, duckdb.connect(str(target), config={"threads": 1}) as out:
        try:
            found = source.execute(
                "SELECT name, type = 'view' FROM sqlite_master WHERE type IN ('table', 'view') "
                "AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND sql NOT LIKE 'CREATE VIRTUAL%' ORDER BY type, rowid"
            ).fetchall()
            shapes = [_shape(source, name) for name, _ in found]
            staged = []
            for number, ((name, view), (columns, key, references)) in enumerate(zip(found, shapes, strict=True)):
                if not columns:
                    continue
                restrict(source, _VIEW_SECONDS if view else _SECONDS)
                try:
                    _copy(source, out, name, f"t{number}", columns, bool(view))
                except sqlite3.OperationalError:
                    if not view:
                        raise
                    out.execute(f"DROP TABLE IF EXISTS t{number}")
                    continue
                staged.append(Staged(name, f"t{number}", bool(view), key, references))
        except (sqlite3.Error, duckdb.Error, OverflowError) as error:
            raise MalformedRecord(f"{path.name!r} cannot be read as SQLite: {error}") from error
    return staged


def _settled(path: Path, scratch: Path) -> Path:
    """The file, or where writes wait beside it in a log, a copy that holds them too."""
    log = path.with_name(path.name + "-wal")
    if not log.is_file() or not log.stat().st_size:
        return path
    copy = scratch / path.name
    for file in (path, log):
        shutil.copyfile(file, scratch / file.name)
    with contextlib.suppress(sqlite3.Error), contextlib.closing(sqlite3.connect(copy)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return copy


Shape = tuple[list[tuple[str, str]], tuple[str, ...], dict[str, tuple[str, str]]]


def _shape(source: sqlite3.Connection, table: str) -> Shape:
    """A table's columns with their declared types, its key, and what it refers to."""
    try:
        info = source.execute(f"PRAGMA table_info({quoted(table)})").fetchall()
    except sqlite3.OperationalError:
        return [], (), {}
    key = tuple(name for _, name, *_ in sorted((row for row in info if row[5]), key=lambda row: row[5]))
    references = {column: (target, "") for column, target in foreign_keys_of(source, table).items()}
    for row in source.execute(f"PRAGMA foreign_key_list({quoted(table)})").fetchall():
        if row[3] in references and row[4]:
            references[row[3]] = (row[2], row[4])
    return [(name, declared or "") for _, name, declared, *_ in info], key, references


def _copy(
    source: sqlite3.Connection,
    out: duckdb.DuckDBPyConnection,
    name: str,
    staged: str,
    columns: list[tuple[str, str]],
    view: bool,
) -> None:
    chosen = _share(source, name, view)
    types = list(_types(source, name, columns, chosen))
    listed = ", ".join(f"{quoted(column)} {type_}" for (column, _), type_ in zip(_apart(columns), types, strict=True))
    out.execute(f"CREATE TABLE {staged} ({listed})")
    insert = f"INSERT INTO {staged} SELECT " + ", ".join(f"unnest(${i}::{type_}[])" for i, type_ in enumerate(types, 1))
    cursor = source.execute(f"SELECT {', '.join(quoted(c) for c, _ in columns)} FROM {quoted(name)}{chosen}")
    while rows := cursor.fetchmany(_CHUNK):
        cells = zip(zip(*rows, strict=True), types, strict=True)
        out.execute(insert, [[_cell(value, type_) for value in column] for column, type_ in cells])


def _apart(columns: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """SQLite may tell names apart that DuckDB does not."""
    seen: set[str] = set()
    made = []
    for name, declared in columns:
        while name.lower() in seen or not name:
            name += "_"
        seen.add(name.lower())
        made.append((name, declared))
    return made


def _share(source: sqlite3.Connection, name: str, view: bool) -> str:
    """What leaves about STAGED_ROWS rows of a large table: a hash of their numbers, or the first ones."""
    if view:
        return f" LIMIT {STAGED_ROWS}"
    (count,) = source.execute(f"SELECT count(*) FROM {quoted(name)}").fetchone()
    if count <= 2 * STAGED_ROWS:
        return ""
    try:
        source.execute(f"SELECT rowid FROM {quoted(name)} LIMIT 1")
    except sqlite3.OperationalError:
        return f" LIMIT {STAGED_ROWS}"
    bound = _PRIME * STAGED_ROWS // count
    return f" WHERE (rowid % {_PRIME}) * 48271 % {_PRIME} < {bound}"


def _types(source: sqlite3.Connection, name: str, columns: list[tuple[str, str]], chosen: str) -> Iterator[str]:
    for column, declared in columns:
        some = f"(SELECT {quoted(column)} AS cell FROM {quoted(name)}{chosen})"
        kinds = source.execute(f"SELECT DISTINCT typeof(cell) FROM {some}").fetchall()
        yield duck_type(declared, {kind for (kind,) in kinds})


def _cell(value: object, type_: str) -> object:
    if value is None:
        return None
    if type_ == "VARCHAR" and not isinstance(value, str):
        return decode(value) if isinstance(value, bytes) else str(value)
    return float(value) if type_ == "DOUBLE" else value
