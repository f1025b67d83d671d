"""SQLite files into DuckDB files, through Python's own sqlite3: values exactly, types as the values allow.

DuckDB reads SQLite only through an extension that must be downloaded, so rows are carried over here.
A converted file is named by the hash of its source, so that a changed source is converted anew.
"""

from __future__ import annotations

import functools
import os
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb

from act_env.errors import DataNotFound, MalformedRecord
from envs_data.duck import CACHE_VARIABLE, cache_dir
from envs_data.spider.layout import file_hash

CONVERTER = "1"
"""Part of every converted file's name; another version's files are not read."""

_CHUNK = 10_000
_MAX_VALUE = 50_000_000
_ALLOWED = {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE}


def decode(raw: bytes) -> str:
    """UTF-8, else Latin-1, which takes any byte and loses none."""
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def open_sqlite(path: Path) -> sqlite3.Connection:
    """A connection that can only read: no write, no ATTACH, no PRAGMA, and text of any bytes.

    Raises DataNotFound for a missing or empty file, MalformedRecord for one that is no database.
    """
    if not path.is_file() or path.stat().st_size == 0:
        raise DataNotFound(f"no SQLite database at {str(path)!r}")
    connection = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True)
    connection.text_factory = decode
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _MAX_VALUE)
    try:
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.DatabaseError as error:
        connection.close()
        raise MalformedRecord(f"{path.name} is not an SQLite database: {error}") from error
    return connection


def restrict(connection: sqlite3.Connection, seconds: float) -> None:
    """From here on only SELECT runs, and each statement for at most ``seconds`` after this call."""
    end = time.monotonic() + seconds
    connection.set_authorizer(lambda code, *_: sqlite3.SQLITE_OK if code in _ALLOWED else sqlite3.SQLITE_DENY)
    connection.set_progress_handler(lambda: time.monotonic() > end, 20_000)


def tables_of(connection: sqlite3.Connection) -> list[str]:
    """Real tables in their order of creation; views and virtual tables hold nothing of their own."""
    found = connection.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' "
        "AND sql NOT LIKE 'CREATE VIRTUAL%' ORDER BY rowid"
    )
    return [name for (name,) in found]


def foreign_keys_of(connection: sqlite3.Connection, table: str) -> dict[str, str]:
    """Column -> table it refers to, as the SQLite file declares."""
    return {row[3]: row[2] for row in connection.execute(f"PRAGMA foreign_key_list({quoted(table)})")}


def duck_type(declared: str, stored: set[str]) -> str:
    """DuckDB's type for a column: what its values are, and the declared affinity where it has none.

    Text in a numeric column makes the column text, since nothing else keeps every value.
    """
    stored = stored - {"null"}
    if not stored:
        name = declared.upper()
        if "INT" in name:
            return "BIGINT"
        if any(word in name for word in ("REAL", "FLOA", "DOUB", "NUM", "DEC")):
            return "DOUBLE"
        return "VARCHAR"
    if stored == {"integer"}:
        return "BIGINT"
    if stored <= {"integer", "real"}:
        return "DOUBLE"
    return "BLOB" if stored == {"blob"} else "VARCHAR"


def _as_text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return decode(value) if isinstance(value, bytes) else str(value)


def _columns(source: sqlite3.Connection, table: str) -> Iterator[tuple[str, str]]:
    for _, name, declared, *_ in source.execute(f"PRAGMA table_info({quoted(table)})").fetchall():
        kinds = source.execute(f"SELECT DISTINCT typeof({quoted(name)}) FROM {quoted(table)}").fetchall()
        yield name, duck_type(declared or "", {kind for (kind,) in kinds})


def _copy(source: sqlite3.Connection, target: duckdb.DuckDBPyConnection, table: str) -> None:
    columns = list(_columns(source, table))
    if not columns:
        return
    target.execute(f"CREATE TABLE {quoted(table)} ({', '.join(f'{quoted(n)} {t}' for n, t in columns)})")
    insert = f"INSERT INTO {quoted(table)} SELECT " + ", ".join(
        f"unnest(${i}::{type_}[])" for i, (_, type_) in enumerate(columns, 1)
    )
    cursor = source.execute(f"SELECT {', '.join(quoted(n) for n, _ in columns)} FROM {quoted(table)}")
    while rows := cursor.fetchmany(_CHUNK):
        values = [list(column) for column in zip(*rows, strict=True)]
        for i, (_, type_) in enumerate(columns):
            if type_ == "VARCHAR":
                values[i] = [_as_text(value) for value in values[i]]
            elif type_ == "DOUBLE":
                values[i] = [None if value is None else float(value) for value in values[i]]
        target.execute(insert, values)


def make_folder(folder: Path) -> None:
    """A folder of the cache; raises DataNotFound that says how to choose another."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataNotFound(
            f"cannot make {str(folder)!r} ({error.strerror}): set {CACHE_VARIABLE} to a folder that can be written"
        ) from error


def convert(path: Path, target: Path) -> Path:
    """Write one SQLite file's tables as a DuckDB file, complete or not at all.

    Raises DataNotFound or MalformedRecord when the source cannot be read, or holds no table.
    """
    make_folder(target.parent)
    source = open_sqlite(path)
    try:
        tables = tables_of(source)
        if not tables:
            raise MalformedRecord(f"{path.name} holds no table")
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=".partial-") as folder:
            draft = Path(folder) / target.name
            with duckdb.connect(str(draft), config={"default_block_size": 16384}) as database:
                for table in tables:
                    _copy(source, database, table)
            os.replace(draft, target)
    except (sqlite3.Error, duckdb.Error, OverflowError) as error:
        raise MalformedRecord(f"{path.name} cannot be converted: {error}") from error
    finally:
        source.close()
    return target


@functools.lru_cache(maxsize=1024)
def _hash_of(path: Path, changed: int, size: int) -> str:
    return file_hash(path)


def converted(path: Path, folder: Path | None = None) -> Path:
    """The DuckDB file made of an SQLite file, from the cache where it is there already."""
    if not path.is_file():
        raise DataNotFound(f"no SQLite database at {str(path)!r}")
    status = path.stat()
    key = _hash_of(path, status.st_mtime_ns, status.st_size)
    target = (folder or cache_dir() / "spider" / "databases") / f"{path.stem}-{key[:16]}-{CONVERTER}.duckdb"
    return target if target.is_file() else convert(path, target)
