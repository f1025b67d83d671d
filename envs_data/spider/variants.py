"""Variants of a database: the same rows with a column split in two, of another name, or with one beside it.

A variant's id says how it is made: ``concert_singer+singer.Age:stated_verified`` has ``Stated_Age`` and
``Verified_Age`` for ``Age``, the first of them with Age's own values; ``…+singer.Age:stated`` has ``Stated_Age``
alone; ``…+singer.Age:~source`` has ``Age`` and, beside it, ``Age_Source``. Its DuckDB file is made of the
original's when it is first asked for.
"""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import os
import re
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb

from act_env.errors import DataNotFound, MalformedRecord
from envs_data.duck import cache_dir
from envs_data.spider import schema, split_values, splits
from envs_data.spider.layout import Dictionary
from envs_data.spider.splits import Splittable
from envs_data.spider.sqlite_to_duck import make_folder, quoted

MOST_BYTES = 20_000_000
"""Of a database's file: larger ones have no variants."""

_CHANGE = re.compile(r"([A-Za-z]\w*)\.([A-Za-z]\w*):(?:([a-z]+)(?:_([a-z]+))?)?(?:~([a-z]+))?", re.ASCII)


@dataclasses.dataclass(frozen=True)
class Change:
    """A column that becomes two (``halves``: the one that keeps the values, the one that is made), gets another
    name (one half), or stays (none). ``beside``: a column about it ("source") that follows it."""

    table: str
    column: str
    halves: tuple[str, ...]
    beside: str = ""

    def __str__(self) -> str:
        return f"{self.table}.{self.column}:{'_'.join(self.halves)}" + (f"~{self.beside}" if self.beside else "")

    @property
    def splittable(self) -> Splittable:
        found = splits.named_split(self.table, self.column, self.halves)
        if found is None or (self.beside and self.beside not in splits.table_of_splits()["beside"]):
            raise MalformedRecord(f"nothing in splits.toml makes {str(self)!r}")
        return found

    def names(self) -> tuple[str, ...]:
        """The new columns' names, in the order in which they stand: halves as in the alphabet."""
        halves = sorted(map(self.splittable.name, self.halves)) or [self.column]
        return (*halves, *([splits.beside(self.column, self.beside)] if self.beside else ()))

    def made(self, database: str, values: Sequence[Any]) -> dict[str, list[Any]] | None:
        """The new columns' values by name, given the old one's; None where the split does not fit them."""
        part = self.splittable
        columns = {(part.name(self.halves[0]) if self.halves else self.column): list(values)}
        for half in self.halves[1:]:
            form, inverse = part.split.operation(half)
            new = split_values.derived(f"{database}|{self.table}|{self.column}|{half}", values, form, inverse)
            if new is None or new == list(values):
                return None
            columns[part.name(half)] = new
        if self.beside:
            where = f"{database}|{self.table}|{self.column}|{self.beside}"
            columns[splits.beside(self.column, self.beside)] = split_values.labels(where, self.beside, len(values))
        return columns


def variant_id(database: str, changes: Iterable[Change]) -> str:
    """The id of a database with some changes; they stand in the order of the alphabet, whichever was meant."""
    return "+".join([database, *sorted(map(str, changes))])


def read_id(text: str) -> tuple[str, tuple[Change, ...]]:
    """The original's id and the changes; raises MalformedRecord."""
    database, *parts = text.split("+")
    changes = []
    for part in parts:
        match = _CHANGE.fullmatch(part)
        if match is None or part.endswith(":"):
            raise MalformedRecord(f"database id {text!r}: {part!r} is not of the form table.column:half_half")
        changes.append(Change(match[1], match[2], tuple(half for half in match.groups()[2:4] if half), match[5] or ""))
    return database, tuple(changes)


def variant(source: Path, text: str, folder: Path | None = None) -> Path:
    """The DuckDB file of the variant with this id, made of the original's file where the cache has none.

    Raises MalformedRecord where the original has no such column, or the id names no split.
    """
    database, changes = read_id(text)
    digest = hashlib.sha256(f"{source.name}\0{text}\0{_code()}".encode()).hexdigest()[:20]
    target = (folder or cache_dir() / "spider" / "variants") / f"{database}-{digest}.duckdb"
    return target if target.is_file() else _build(source, database, changes, target)


@functools.cache
def _code() -> str:
    """A hash of what the values hang on."""
    here = Path(__file__).parent
    return hashlib.sha256(b"\0".join((here / name).read_bytes() for name in _MAKERS)).hexdigest()


_MAKERS = ("splits.toml", "splits.py", "split_values.py", "variants.py")


def _build(source: Path, database: str, changes: Sequence[Change], target: Path) -> Path:
    make_folder(target.parent)
    try:
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=".partial-") as folder:
            draft = Path(folder) / target.name
            with _beside(source, draft) as connection:
                _copy(connection, database, changes, keep=False)
            os.replace(draft, target)
    except duckdb.Error as error:
        raise MalformedRecord(f"{database!r} has no variant {', '.join(map(str, changes))}: {error}") from error
    return target


@contextmanager
def _beside(source: Path, draft: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A new file's connection, with the original attached as ``origin``."""
    if not source.is_file():
        raise DataNotFound(f"no database file at {str(source)!r}")
    with duckdb.connect(str(draft), config={"default_block_size": 16384, "threads": 1}) as connection:
        path = str(source).replace("'", "''")
        connection.execute(f"ATTACH '{path}' AS origin (READ_ONLY)")
        yield connection


def _copy(connection: duckdb.DuckDBPyConnection, database: str, changes: Sequence[Change], *, keep: bool) -> None:
    """All tables of ``origin``, changed; ``keep``: with the old columns too."""
    rows = connection.execute(
        "SELECT table_name, column_name, data_type FROM duckdb_columns() WHERE database_name = 'origin' "
        "AND NOT internal ORDER BY table_oid, column_index"
    ).fetchall()
    tables: dict[str, list[tuple[str, str]]] = {}
    for table, column, type_ in rows:
        tables.setdefault(table, []).append((column, type_))
    for change in changes:
        if change.column not in dict(tables.get(change.table, ())):
            raise MalformedRecord(f"database {database!r} has no column {change.table}.{change.column}")
    for table, columns in tables.items():
        mine = {change.column: change for change in changes if change.table == table}
        if not mine:
            connection.execute(f"CREATE TABLE {quoted(table)} AS SELECT * FROM origin.{quoted(table)}")
        else:
            _copy_changed(connection, database, table, columns, mine, keep)


def _copy_changed(
    connection: duckdb.DuckDBPyConnection,
    database: str,
    table: str,
    columns: Sequence[tuple[str, str]],
    changes: Mapping[str, Change],
    keep: bool,
) -> None:
    source, shown, declared, lists = f"origin.{quoted(table)}", [], [], []
    for name, type_ in columns:
        change = changes.get(name)
        if change is None or keep:
            declared.append(f"{quoted(name)} {type_}")
            shown.append(f"o.{quoted(name)}")
        if change is None:
            continue
        found = connection.execute(f"SELECT {quoted(name)} FROM {source} ORDER BY rowid").fetchall()
        made = change.made(database, [value for (value,) in found])
        if made is None:
            raise MalformedRecord(f"{change} does not fit the values of database {database!r}")
        for new in change.names():
            if keep and new == name:
                continue
            kind = "VARCHAR" if change.beside and new == change.names()[-1] else type_
            declared.append(f"{quoted(new)} {kind}")
            lists.append(made[new])
            shown.append(f"list_extract(${len(lists)}::{kind}[], o.rowid + 1)")
    connection.execute(f"CREATE TABLE {quoted(table)} ({', '.join(declared)})")
    insert = f"INSERT INTO {quoted(table)} SELECT {', '.join(shown)} FROM {source} AS o ORDER BY o.rowid"
    connection.execute(insert, lists)


def fitting(database: schema.Database, options: Iterable[Sequence[Change]]) -> tuple[Change, ...]:
    """Of each list the first split that can be made of the values there are, and whose halves differ."""
    found = []
    with duckdb.connect(str(database.path), read_only=True, config={"threads": 1}) as connection:
        for choices in options:
            for change in choices:
                query = f"SELECT {quoted(change.column)} FROM {quoted(change.table)} ORDER BY rowid"
                values = [value for (value,) in connection.execute(query).fetchall()]
                if change.made(database.id, values) is not None:
                    found.append(change)
                    break
    return tuple(found)


@dataclasses.dataclass(frozen=True)
class Bench:
    """A database with the columns of many changes beside its own: what the builder tries readings on.

    ``columns`` are the new columns by table and name, in lower case, and ``same`` is how many of a change's rows
    have one value in both halves.
    """

    path: Path
    columns: Mapping[tuple[str, str], schema.Column]
    same: Mapping[Change, int]

    def database(self, original: schema.Database, *changes: Change) -> schema.Database:
        """The variant as ``schema.load`` would read it; of the facts only those that stay true stay."""
        tables = tuple(
            functools.reduce(self._changed, [c for c in changes if c.table == table.name], table)
            for table in original.tables
        )
        return dataclasses.replace(original, id=variant_id(original.id, changes), tables=tables)

    def _changed(self, table: schema.Table, change: Change) -> schema.Table:
        old = table.column(change.column)
        key = table.name.lower()
        new = [old if name == old.name else self.columns[key, name.lower()] for name in change.names()]
        at = table.columns.index(old)
        facts = tuple(fact for fact in table.facts if not fact.startswith(f"{old.phrase} of "))
        return dataclasses.replace(table, columns=(*table.columns[:at], *new, *table.columns[at + 1 :]), facts=facts)


@contextmanager
def bench(database: schema.Database, changes: Sequence[Change]) -> Iterator[Bench]:
    """A database's bench, in a file that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="act-clarify-") as folder:
        path = Path(folder) / "bench.duckdb"
        with _beside(database.path, path) as connection:
            _copy(connection, database.id, changes, keep=True)
            connection.execute("DETACH origin")
            columns = {key: column for change in changes for key, column in _columns(connection, database, change)}
            same = {change: _same(connection, change) for change in changes}
        yield Bench(path, columns, same)


def _columns(
    connection: duckdb.DuckDBPyConnection, database: schema.Database, change: Change
) -> Iterator[tuple[tuple[str, str], schema.Column]]:
    part, table = change.splittable, change.table.lower()
    type_ = database.types[table][change.column.lower()]
    phrases = {part.name(half): part.phrase(half) for half in change.halves}
    types = [(name, type_) for name in phrases]
    if change.beside:
        beside = splits.beside(change.column, change.beside)
        phrases[beside] = f"{part.noun} {change.beside}"
        types.append((beside, "VARCHAR"))
    told = {(table, name.lower()): phrase for name, phrase in phrases.items()}
    dictionary = Dictionary(tables={table: database.table(table).phrase}, columns=told)
    read = schema.read_table(connection, change.table, types, dictionary, {})
    return (((table, column.name.lower()), column) for column in read.columns)


def _same(connection: duckdb.DuckDBPyConnection, change: Change) -> int:
    one, other = map(quoted, change.names()[:2])
    query = f"SELECT count(*) FILTER ({one} IS NOT DISTINCT FROM {other}) FROM {quoted(change.table)}"
    return connection.execute(query).fetchone()[0]
