"""What the copy holds, as the builder wants it: each table's noun, each column's role and the words for it."""

from __future__ import annotations

import dataclasses
import datetime as dt
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb

from envs_data.ambigsql.spec import quoted
from envs_data.own import links
from envs_data.own.copying import Copied
from envs_data.own.links import Link, Shape
from envs_data.own.retype import retype
from envs_data.own.text import is_sayable, is_short, listed, noun_of, phrase_of, plain, words

NUMBERS = ("SMALLINT", "INTEGER", "BIGINT", "FLOAT", "DOUBLE", "DECIMAL")
DATES = ("DATE", "TIMESTAMP")
FEW_VALUES, SOME_VALUES = 8, 40
"""A category has at most SOME_VALUES values; a context shows them where they are at most FEW_VALUES."""


@dataclasses.dataclass(frozen=True)
class ColumnProfile:
    """``phrase`` is "" where a person could not say the name; ``values`` are those of a category that has few, which
    a context shows."""

    name: str
    type: str
    role: str
    phrase: str
    filled: int
    distinct: int
    low: Any = None
    high: Any = None
    values: tuple[str, ...] = ()
    link: Link | None = None
    guessed: bool = False

    @property
    def kind(self) -> str:
        return self.type.upper().partition("(")[0]

    @property
    def numeric(self) -> bool:
        return self.kind in NUMBERS


@dataclasses.dataclass(frozen=True)
class TableProfile:
    """``noun`` is (singular, plural), None where the name cannot be said. ``found`` counts the source's rows, ``rows``
    the copy's."""

    name: str
    noun: tuple[str, str] | None
    rows: int
    found: int
    view: bool
    columns: tuple[ColumnProfile, ...]
    empty: tuple[str, ...]
    """Columns without a value, which are left out."""
    retyped: int = 0

    def column(self, name: str) -> ColumnProfile:
        return next(column for column in self.columns if column.name == name)

    def with_role(self, *roles: str) -> tuple[ColumnProfile, ...]:
        return tuple(column for column in self.columns if column.role in roles)

    @property
    def links(self) -> tuple[Link, ...]:
        return tuple(column.link for column in self.columns if column.link)


def profile(path: Path, copied: Sequence[Copied]) -> list[TableProfile]:
    """Profiles of the copy at ``path``, whose text is made dates and numbers where that is what it holds."""
    with duckdb.connect(str(path), config={"threads": 1}) as connection:
        retyped = {table.name: retype(connection, table.name) for table in copied}
        raw = {table.name: _facts(connection, table) for table in copied}
        shapes = [Shape(t.name, tuple((c.name, c.type) for c in raw[t.name])) for t in copied]
        found = _links(connection, copied, shapes, raw)
        nouns = _nouns(copied, shapes)
        return [
            _table(connection, table, raw[table.name], shape, found, nouns[table.name], retyped[table.name])
            for table, shape in zip(copied, shapes, strict=True)
        ]


def _facts(connection: duckdb.DuckDBPyConnection, table: Copied) -> list[ColumnProfile]:
    columns = connection.execute(
        "SELECT column_name, data_type FROM duckdb_columns() WHERE table_name = ? AND NOT internal "
        "ORDER BY column_index",
        [table.name],
    ).fetchall()
    made = []
    for name, type_ in columns:
        cell = quoted(name)
        ordered = type_.partition("(")[0] in (*NUMBERS, *DATES)
        bounds = f"min({cell}), max({cell})" if ordered else "NULL, NULL"
        filled, distinct, low, high = connection.execute(
            f"SELECT count({cell}), count(DISTINCT {cell}), {bounds} FROM {quoted(table.name)}"
        ).fetchone()
        made.append(ColumnProfile(name, type_, "other", phrase_of(name), filled, distinct, low, high))
    return made


def _links(
    connection: duckdb.DuckDBPyConnection,
    copied: Sequence[Copied],
    shapes: Sequence[Shape],
    raw: dict[str, list[ColumnProfile]],
) -> dict[tuple[str, str], tuple[Link, bool]]:
    """Per (table, column): where it refers to, and whether that was guessed. The parent's key must be unique there,
    and a guess must hold for every row, or for most where rows were drawn."""
    declared = [link for table in copied for link in table.references]
    known = {(link.table, link.column) for link in declared}
    guesses = [link for link in links.guess(shapes) if (link.table, link.column) not in known]
    tables = {table.name: table for table in copied}
    found = {}
    for link, guessed in [(link, False) for link in declared] + [(link, True) for link in guesses]:
        key = next(column for column in raw[link.parent] if column.name == link.key)
        own = next(column for column in raw[link.table] if column.name == link.column)
        parent = tables[link.parent]
        if not key.filled == key.distinct == parent.kept or not own.filled:
            continue
        if links.family(key.type) != links.family(own.type) or not links.family(key.type):
            continue
        (held,) = connection.execute(
            f"SELECT count(*) FROM {quoted(link.table)} WHERE {quoted(link.column)} IN "
            f"(SELECT {quoted(link.key)} FROM {quoted(link.parent)})"
        ).fetchone()
        drawn = parent.kept < parent.found
        if held == own.filled or (drawn and held >= own.filled / 2) or (not guessed and held):
            found[link.table, link.column] = (link, guessed)
    return found


def _nouns(copied: Sequence[Copied], shapes: Sequence[Shape]) -> dict[str, tuple[str, str] | None]:
    """A noun a table, of its name, or where that is none of its first column ("trip_id"); never one twice."""
    nouns: dict[str, tuple[str, str] | None] = {}
    for table, shape in zip(copied, shapes, strict=True):
        noun = noun_of(table.name)
        if noun is None or noun[0].split()[-1] in listed("no_noun"):
            parts = words(shape.columns[0][0]).split() if shape.columns else []
            named = len(parts) > 1 and parts[-1] == "id" and noun_of(" ".join(parts[:-1]))
            noun = named or None
        nouns[table.name] = noun if noun not in nouns.values() else None
    return nouns


def _table(
    connection: duckdb.DuckDBPyConnection,
    table: Copied,
    raw: list[ColumnProfile],
    shape: Shape,
    found: dict[tuple[str, str], tuple[Link, bool]],
    noun: tuple[str, str] | None,
    retyped: int,
) -> TableProfile:
    named = table.key[0] if len(table.key) == 1 else links.key_column(shape)
    said: set[str] = set()
    columns = []
    for column in raw:
        if not column.filled:
            continue
        link, guessed = found.get((table.name, column.name), (None, False))
        unique = column.filled == column.distinct == table.kept
        phrase = column.phrase if column.phrase not in said else ""
        said.add(phrase)
        role, values = _role(connection, table, column)
        if column.name == named and (unique or table.key):
            role, values = "key", ()
        elif link:
            role, values = "reference", ()
        elif not phrase:
            role, values = "other", ()
        columns.append(dataclasses.replace(column, role=role, phrase=phrase, values=values, link=link, guessed=guessed))
    empty = tuple(column.name for column in raw if not column.filled)
    made = TableProfile(table.name, noun, table.kept, table.found, table.view, tuple(columns), empty, retyped)
    return _labelled(connection, made)


def _role(connection: duckdb.DuckDBPyConnection, table: Copied, column: ColumnProfile) -> tuple[str, tuple[str, ...]]:
    if links.is_identifier(column.name) or not column.phrase:
        return "other", ()
    parts = set(words(column.name).split())
    if column.kind in DATES:
        return ("date" if column.distinct > 2 and _dated(column) else "other"), ()
    if column.numeric:
        least = 2 if column.kind in ("DECIMAL", "DOUBLE") else 3
        fitting = _counts(column.phrase) or not parts & listed("no_measure")
        return ("measure" if fitting and column.distinct >= least and _finite(column) else "other"), ()
    if column.kind != "VARCHAR" or not 2 <= column.distinct <= SOME_VALUES or column.filled < 2 * column.distinct:
        return "other", ()
    if not names_things(column):
        return "other", ()
    values = [
        value
        for (value,) in connection.execute(
            f"SELECT DISTINCT {quoted(column.name)} FROM {quoted(table.name)} "
            f"WHERE {quoted(column.name)} IS NOT NULL ORDER BY 1"
        ).fetchall()
    ]
    if not all(map(is_short, values)):
        return "other", ()
    return "category", tuple(values) if len(values) <= FEW_VALUES else ()


def _counts(phrase: str) -> bool:
    """Whether a column says how many there are of something, whatever that is called."""
    return phrase.endswith(" count") or phrase.startswith(("number of ", "num ", "count of ", "total "))


def _dated(column: ColumnProfile) -> bool:
    """Whether all values are days of our calendar: DuckDB also has infinity and years of six digits."""
    return all(isinstance(value, dt.date) and 1 < value.year < 9999 for value in (column.low, column.high))


def _finite(column: ColumnProfile) -> bool:
    return all(math.isfinite(value) and abs(value) < 1e15 for value in (column.low, column.high))


def names_things(column: ColumnProfile) -> bool:
    """Whether a text column's values are names that people use, and no addresses, notes, codes or links."""
    return not links.is_identifier(column.name) and not listed("no_name") & set(column.phrase.split())


def _labelled(connection: duckdb.DuckDBPyConnection, table: TableProfile) -> TableProfile:
    """The table with the column by which people name a row, where it has one; else its key serves."""
    candidates = []
    for index, column in enumerate(table.columns):
        phrase = column.phrase
        if column.kind != "VARCHAR" or column.role not in ("other", "category") or not phrase:
            continue
        share = column.distinct / table.rows
        if column.filled < 0.95 * table.rows or share < 0.6 or not names_things(column):
            continue
        sample = connection.execute(
            f"SELECT {quoted(column.name)} FROM {quoted(table.name)} WHERE {quoted(column.name)} IS NOT NULL LIMIT 40"
        ).fetchall()
        if sum(is_sayable(plain(value)) for (value,) in sample) < 0.6 * len(sample):
            continue
        called = phrase in listed("label") or phrase.endswith((" name", " title"))
        own = table.noun is not None and phrase in (*table.noun, f"{table.noun[0]} name", f"{table.noun[0]} title")
        given = phrase.split()[0] in ("first", "middle", "given")
        candidates.append((-own, -called, share < 0.95, given, share < 1, index))
    label = table.columns[min(candidates)[-1]].name if candidates else None
    if label is None:
        keys = [column.name for column in table.with_role("key") if column.phrase and column.distinct == table.rows]
        label = keys[0] if keys else None
    columns = tuple(
        dataclasses.replace(column, role="name", values=()) if column.name == label else column
        for column in table.columns
    )
    return dataclasses.replace(table, columns=columns)
