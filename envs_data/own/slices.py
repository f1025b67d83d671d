"""Slices: parts of a database small enough for a context, each a table with those that it refers to and that
refer to it. A database that fits whole is one slice."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Collection, Mapping, Sequence

import duckdb

from envs_data.ambigsql import spec
from envs_data.own import shared, terms
from envs_data.own.profile import ColumnProfile, TableProfile
from envs_data.own.text import plain, slug

MAX_TABLES, MAX_COLUMNS, BESIDE = 6, 12, 8
"""Tables of a slice, columns of its subject, columns of another table."""
SCHEMA_WORDS, SCHEMA_CHARS = 300, 3_000
"""What the schema may take of a context; notes take about 100 words more."""
FALLBACK = ("record", "records")
"""The noun of a table whose name cannot be said; a slice has one such table at most."""


@dataclasses.dataclass(frozen=True)
class Words:
    """What is ambiguous in the whole database, by table name; nouns and aggregates span tables."""

    heads: Mapping[str, tuple[spec.Head, ...]]
    terms: Mapping[str, tuple[spec.Term, ...]]
    values: Mapping[str, tuple[spec.Value, ...]]
    nouns: tuple[spec.Noun, ...]
    aggregates: tuple[spec.Aggregate, ...]

    @classmethod
    def of(cls, connection: duckdb.DuckDBPyConnection, tables: Sequence[TableProfile]) -> Words:
        return cls(
            {table.name: shared.heads(table) for table in tables},
            {table.name: terms.terms(connection, table) for table in tables},
            {table.name: terms.values(connection, table) for table in tables},
            shared.nouns(tables),
            shared.aggregates(tables),
        )

    def columns(self, table: str) -> set[str]:
        """The columns of a table that some ambiguity is about."""
        found = {name for head in self.heads[table] for name in head.columns}
        found |= {r.column for item in (*self.terms[table], *self.values[table]) for r in item.readings}
        for noun in self.nouns:
            if table in noun.tables:
                found |= {item.columns[noun.tables.index(table)] for item in noun.shared}
        for item in self.aggregates:
            found |= {item.column} if item.table == table else set()
            found |= {item.link, *filter(None, (item.measure,))} if item.rows == table else set()
        return found


def slices(name: str, tables: Sequence[TableProfile], words: Words, *, limit: int) -> list[spec.Database]:
    """At most ``limit`` slices, the most useful subjects first; each is a database of its own to the builder."""
    usable = [dataclasses.replace(t, noun=t.noun or FALLBACK) for t in tables if t.rows > 2]
    small = len(usable) <= MAX_TABLES and all(len(table.columns) <= MAX_COLUMNS for table in usable)
    if usable and small and sum(map(_nameless, usable)) < 2:
        whole = _database(name, usable, words, None)
        if fits(whole):
            return [whole]
    ranked = sorted(usable, key=lambda table: -_useful(table, words))
    made, covered = [], set()
    for subject in ranked:
        if len(made) == limit:
            break
        if subject.name in covered or not _worth(subject, words):
            continue
        made.append(around(f"{name}-{len(made) + 1}-{slug(subject.name, 24)}", subject, ranked, words))
        covered |= _covered(made[-1], words)
    return made


def _nameless(table: TableProfile) -> bool:
    return table.noun in (None, FALLBACK)


def _worth(table: TableProfile, words: Words) -> bool:
    """Whether anything can be asked about a table that leaves something open."""
    sorted_by = table.with_role("name") and table.with_role("measure", "date")
    return bool(words.columns(table.name) or sorted_by or table.with_role("date"))


def _covered(made: spec.Database, words: Words) -> set[str]:
    """The tables of a slice that need none of their own: it shows every column that their words are about."""
    return {t.name for t in made.tables if words.columns(t.name) <= {column.name for column in t.columns}}


def around(
    name: str,
    subject: TableProfile,
    tables: Sequence[TableProfile],
    words: Words,
    also: Sequence[TableProfile] = (),
    needed: Collection[tuple[str, str]] = (),
) -> spec.Database:
    """The slice of a subject. ``also`` are tables that must be in it, ``needed`` (table, column) that must be shown."""
    members = [subject, *also]
    for table in _near(subject, tables, words):
        if len(members) == MAX_TABLES:
            break
        spoken_of = not (_nameless(table) and any(map(_nameless, members)))
        if spoken_of and table.name not in {member.name for member in members}:
            members.append(table)
    for columns in range(MAX_COLUMNS, 3, -1):
        made = _database(name, members, words, subject.name, columns, needed)
        if fits(made):
            return made
    while len(members) > 1 + len(also):
        members.pop()
        made = _database(name, members, words, subject.name, 4, needed)
        if fits(made):
            break
    return made


def _near(subject: TableProfile, tables: Sequence[TableProfile], words: Words) -> list[TableProfile]:
    """Other tables, those first that a request about the subject may need: what its figures are counted from, what
    shares its noun, what it refers to, what refers to it, and the most useful of the rest (to speak of in notes)."""
    counted = {a.rows for a in words.aggregates if a.table == subject.name}
    counted |= {a.table for a in words.aggregates if a.rows == subject.name}
    alike = {name for noun in words.nouns if subject.name in noun.tables for name in noun.tables}
    above = {link.parent for link in subject.links}
    others = [table for table in tables if table.name != subject.name]

    def distance(table: TableProfile) -> int:
        below = any(link.parent == subject.name for link in table.links)
        near = (table.name in counted, table.name in alike, table.name in above, below)
        return near.index(True) if any(near) else len(near)

    near = sorted(others, key=distance)
    # Two tables that nothing ties to the subject are enough.
    tied = [table for table in near if distance(table) < 4]
    return tied + [table for table in near if distance(table) == 4][: max(0, 3 - len(tied))]


def _useful(table: TableProfile, words: Words) -> float:
    items = sum(len(part[table.name]) for part in (words.heads, words.terms, words.values))
    spanning = sum(table.name in noun.tables for noun in words.nouns)
    spanning += sum(table.name in (item.table, item.rows) for item in words.aggregates)
    asked = len(table.with_role("measure")) + len(table.with_role("date")) + len(table.with_role("category"))
    named = bool(table.with_role("name"))
    return 3 * min(items + spanning, 6) + min(asked, 6) + 2 * named + math.log10(table.found + 1) - 3 * table.view


def _database(
    name: str,
    members: Sequence[TableProfile],
    words: Words,
    subject: str | None,
    columns: int = MAX_COLUMNS,
    needed: Collection[tuple[str, str]] = (),
) -> spec.Database:
    names = {table.name for table in members}
    shown = {}
    for table in members:
        most = columns if subject in (None, table.name) else min(columns, BESIDE)
        must = {column for owner, column in needed if owner == table.name}
        linked = {link.column for link in table.links if link.parent in names}
        linked |= {link.key for other in members for link in other.links if link.parent == table.name}
        shown[table.name] = _chosen(table, most, must, linked, words.columns(table.name))
    made = tuple(_table(table, shown[table.name], shown) for table in members)
    has = {(table.name, column.name) for table in made for column in table.columns}
    own = [table.name for table in members]
    return spec.Database(
        name=name,
        title=f"{name}, a database of the user's own",
        split="train",
        tables=made,
        heads=tuple(h for t in own for h in words.heads[t] if all((t, c) in has for c in h.columns)),
        terms=tuple(i for t in own for i in words.terms[t] if all((t, r.column) in has for r in i.readings)),
        values=tuple(i for t in own for i in words.values[t] if all((t, r.column) in has for r in i.readings)),
        nouns=tuple(filter(None, (_noun(noun, names, has) for noun in words.nouns))),
        aggregates=tuple(
            item
            for item in words.aggregates
            if {(item.table, item.column), (item.rows, item.link), (item.rows, item.measure or item.link)} <= has
            and _refers(made, item)
        ),
    )


def _noun(noun: spec.Noun, names: set[str], has: set[tuple[str, str]]) -> spec.Noun | None:
    if not set(noun.tables) <= names:
        return None
    kept = [item for item in noun.shared if all(pair in has for pair in zip(noun.tables, item.columns, strict=True))]
    return dataclasses.replace(noun, shared=tuple(kept))


def _refers(tables: Sequence[spec.Table], item: spec.Aggregate) -> bool:
    rows = next(table for table in tables if table.name == item.rows)
    return (rows.column(item.link).references or "").rpartition(".")[0] == item.table


def _chosen(
    table: TableProfile, most: int, must: Collection[str], linked: Collection[str], asked: Collection[str]
) -> list[ColumnProfile]:
    """The most useful columns, in the table's own order."""
    order = ("key", "name", "reference", "measure", "date", "category", "other")

    def rank(column: ColumnProfile) -> Sequence[int]:
        first = (column.name in must, column.role in ("key", "name") or column.name in linked, column.name in asked)
        said = not column.phrase
        return (first.index(True) if any(first) else len(first), order.index(column.role) + 4 * said, -column.filled)

    best = sorted(table.columns, key=rank)[: max(most, len(must))]
    return [column for column in table.columns if column in best]


def _table(
    table: TableProfile, columns: Sequence[ColumnProfile], shown: Mapping[str, Sequence[ColumnProfile]]
) -> spec.Table:
    one, many = table.noun or FALLBACK
    return spec.Table(table.name, one, many, tuple(_column(column, shown) for column in columns))


def _column(column: ColumnProfile, shown: Mapping[str, Sequence[ColumnProfile]]) -> spec.Column:
    link = column.link
    held = link is not None and any(c.name == link.key for c in shown.get(link.parent, ()))
    return spec.Column(
        name=column.name,
        type=column.type,
        role="other" if column.role == "reference" and not held else column.role,
        phrase=column.phrase or plain(column.name),
        references=f"{link.parent}.{link.key}" if link and held else None,
        values=column.values,
    )


def fits(database: spec.Database) -> bool:
    """Whether the schema is short enough for a context."""
    schema = spec.schema_text(database)
    return len(schema.split()) <= SCHEMA_WORDS and len(schema) <= SCHEMA_CHARS
