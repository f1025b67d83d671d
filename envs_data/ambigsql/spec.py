"""What the AmbigSQL builder knows of a database: tables, columns, and the words people use for them.

A bundled database is one folder of text, ``databases/<name>/``: ``spec.toml`` and one CSV a table::

    name = "shops"
    title = "Shops of a retail chain"
    split = "train"

    [[tables]]
    name = "store"
    singular = "store"
    plural = "stores"

    [[tables.columns]]
    name = "store_id"
    type = "INTEGER"
    role = "key"

    [[tables.columns]]
    name = "floor_area"
    type = "DOUBLE"
    role = "measure"
    phrase = "floor area"

    [[heads]]                      # information: one word, two or more columns
    table = "sale"
    word = "revenue"
    columns = ["gross_revenue", "net_revenue"]

    [[terms]]                      # population: one word, two or more conditions
    table = "store"
    word = "large"
    readings = [
        { column = "floor_area", op = ">", value = 800 },
        { column = "staff_count", op = ">=", value = 20 },
    ]

    [[values]]                     # value: a name that rows carry in two or more ways
    table = "shipment"
    word = "Chile"
    said = ["Chile shipments", "shipments for Chile"]
    readings = [
        { column = "origin_country", op = "=", value = "Chile" },
        { column = "destination_country", op = "=", value = "Chile" },
    ]

    [[nouns]]                      # table: a noun that two tables fit; with one table, a mere synonym
    singular = "order"
    plural = "orders"
    tables = ["sales_order", "purchase_order"]
    shared = [{ phrase = "amount", columns = ["total_amount", "amount_due"] }]

    [[aggregates]]                 # aggregate: a figure on record that other rows also add up to
    table = "member"
    phrase = "number of visits"
    column = "visit_count"
    rows = "visit"
    link = "member_id"             # with `measure = "minutes"` its sum, else the rows' number
"""

from __future__ import annotations

import dataclasses
import re
import tomllib
from collections.abc import Collection, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import duckdb

from act_env.errors import DataNotFound, MalformedRecord

ROLES = ("key", "reference", "name", "category", "measure", "date", "other")
OPERATORS = (">", ">=", "<", "<=", "=")
SPLITS = ("train", "dev", "test")


@dataclasses.dataclass(frozen=True)
class Column:
    """``role`` says what a request may do with it: ``name`` labels a row for people, ``category`` has few
    values (``values``, shown in the context), ``measure`` can be summed or compared, ``date`` grouped
    by period. ``phrase`` is the column in people's words ("floor area")."""

    name: str
    type: str
    role: str
    phrase: str
    references: str | None = None
    values: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True)
class Table:
    """``standing`` says that its rows hold on (a loan, a policy), though nobody calls them by name."""

    name: str
    singular: str
    plural: str
    columns: tuple[Column, ...]
    standing: bool = False

    def column(self, name: str) -> Column:
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(f"table {self.name!r} has no column {name!r}; it has {[c.name for c in self.columns]}")

    def with_role(self, role: str) -> tuple[Column, ...]:
        return tuple(column for column in self.columns if column.role == role)

    @property
    def happens(self) -> bool:
        """Whether its rows are events rather than things: they have no name by which people call one."""
        return self.label is None and not self.standing

    @property
    def label(self) -> Column | None:
        """The column by which people name a row, where there is one."""
        named = self.with_role("name")
        return named[0] if named else None


@dataclasses.dataclass(frozen=True)
class Head:
    """A word that two or more columns of one table share: "revenue" of net_revenue and gross_revenue. ``adds`` says
    that the columns are parts of a whole ("capacity" of economy and business class), which the word may mean too."""

    table: str
    word: str
    columns: tuple[str, ...]
    adds: bool = False
    asked: bool = True
    """Here and below: whether requests use it. What no person would leave open with it stands in notes alone."""


@dataclasses.dataclass(frozen=True)
class Condition:
    """One meaning of a term: ``column op value``. ``gloss`` overrides the generated wording."""

    column: str
    op: str
    value: Any
    gloss: str = ""


@dataclasses.dataclass(frozen=True)
class Term:
    """A word for some rows of a table that two or more conditions fit: "large" stores."""

    table: str
    word: str
    readings: tuple[Condition, ...]
    asked: bool = True


@dataclasses.dataclass(frozen=True)
class Value:
    """A name that rows of a table carry in two or more ways: "Chile" of a shipment's origin or destination,
    "express" of two services. ``said`` are noun phrases that leave open which."""

    table: str
    word: str
    said: tuple[str, ...]
    readings: tuple[Condition, ...]
    asked: bool = True


@dataclasses.dataclass(frozen=True)
class Shared:
    """What all tables of a noun have: a column of each, in the order of the tables."""

    phrase: str
    columns: tuple[str, ...]


@dataclasses.dataclass(frozen=True)
class Noun:
    """A noun for the rows of each of its tables; one with a single table is a synonym and leaves nothing open."""

    singular: str
    plural: str
    tables: tuple[str, ...]
    shared: tuple[Shared, ...] = ()
    asked: bool = True


@dataclasses.dataclass(frozen=True)
class Aggregate:
    """A figure of ``table`` that its ``column`` keeps, and that the rows of another table add up to: their number,
    or the sum of ``measure``. ``link`` is the column of ``rows`` that refers to ``table``."""

    table: str
    phrase: str
    column: str
    rows: str
    link: str
    measure: str | None = None


@dataclasses.dataclass(frozen=True)
class Database:
    name: str
    title: str
    split: str
    tables: tuple[Table, ...]
    heads: tuple[Head, ...] = ()
    terms: tuple[Term, ...] = ()
    values: tuple[Value, ...] = ()
    nouns: tuple[Noun, ...] = ()
    aggregates: tuple[Aggregate, ...] = ()

    def table(self, name: str) -> Table:
        for table in self.tables:
            if table.name == name:
                return table
        raise KeyError(f"database {self.name!r} has no table {name!r}; it has {[t.name for t in self.tables]}")


def excerpt(database: Database, names: Collection[str]) -> Database:
    """The database as if it had only some of its tables, and what is said of these alone."""
    tables = []
    for table in database.tables:
        if table.name in names:
            columns = (
                column
                if column.references is None or column.references.rpartition(".")[0] in names
                else dataclasses.replace(column, references=None)
                for column in table.columns
            )
            tables.append(dataclasses.replace(table, columns=tuple(columns)))
    return dataclasses.replace(
        database,
        tables=tuple(tables),
        heads=tuple(head for head in database.heads if head.table in names),
        terms=tuple(term for term in database.terms if term.table in names),
        values=tuple(value for value in database.values if value.table in names),
        nouns=tuple(noun for noun in database.nouns if set(noun.tables) <= set(names)),
        aggregates=tuple(item for item in database.aggregates if {item.table, item.rows} <= set(names)),
    )


_SHORT_TYPES = {"VARCHAR": "text", "BIGINT": "integer", "TIMESTAMP": "timestamp"}
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@cache
def _reserved() -> frozenset[str]:
    return frozenset(
        word for (word,) in duckdb.execute(
            "SELECT keyword_name FROM duckdb_keywords() WHERE keyword_category <> 'unreserved'"
        ).fetchall()
    )  # fmt: skip


def quoted(name: str) -> str:
    """A name in double quotes, as SQL takes any name."""
    return '"' + name.replace('"', '""') + '"'


def ident(name: str) -> str:
    """A name as SQL takes it: in double quotes only where it must be."""
    return name if _PLAIN.fullmatch(name) and name.lower() not in _reserved() else quoted(name)


def schema_text(database: Database) -> str:
    """The ``Tables:`` part of a context: one line a table, references and category values inline."""
    lines = ["Tables:"]
    for table in database.tables:
        parts = []
        for column in table.columns:
            kind = column.type.upper().split("(")[0]
            part = f"{ident(column.name)} {_SHORT_TYPES.get(kind, kind.lower())}"
            if column.references:
                part += f" -> {ident(column.references.rpartition('.')[0])}"
            elif column.values:
                part += f" [{'|'.join(column.values)}]"
            parts.append(part)
        lines.append(f"{ident(table.name)}({', '.join(parts)})")
    return "\n".join(lines)


def context_text(schema: str, notes: tuple[str, ...] | list[str]) -> str:
    """A task's context: the schema, then its notes, one a line."""
    return schema + "\nNotes:\n" + "\n".join(f"- {note}" for note in notes)


def _column(form: Mapping[str, Any]) -> Column:
    return Column(
        name=form["name"],
        type=form["type"],
        role=form["role"],
        phrase=form.get("phrase", form["name"].replace("_", " ")),
        references=form.get("references"),
        values=tuple(form.get("values", ())),
    )


def _conditions(form: Mapping[str, Any]) -> tuple[Condition, ...]:
    return tuple(Condition(**reading) for reading in form["readings"])


def _head(form: Mapping[str, Any]) -> Head:
    return Head(form["table"], form["word"], tuple(form["columns"]), form.get("adds", False), form.get("asked", True))


def _term(form: Mapping[str, Any]) -> Term:
    return Term(form["table"], form["word"], _conditions(form), form.get("asked", True))


def _value(form: Mapping[str, Any]) -> Value:
    return Value(form["table"], form["word"], tuple(form["said"]), _conditions(form), form.get("asked", True))


def _noun(form: Mapping[str, Any]) -> Noun:
    return Noun(form["singular"], form["plural"], tuple(form["tables"]), _shared(form), form.get("asked", True))


def _shared(form: Mapping[str, Any]) -> tuple[Shared, ...]:
    return tuple(Shared(s["phrase"], tuple(s["columns"])) for s in form.get("shared", ()))


def parse_database(form: Mapping[str, Any], where: str = "spec") -> Database:
    """A database from its TOML form; raises MalformedRecord naming the place and what is wrong."""
    try:
        tables = tuple(
            Table(t["name"], t["singular"], t["plural"], tuple(map(_column, t["columns"])), t.get("standing", False))
            for t in form["tables"]
        )
        database = Database(
            name=form["name"],
            title=form["title"],
            split=form["split"],
            tables=tables,
            heads=tuple(_head(form) for form in form.get("heads", ())),
            terms=tuple(_term(form) for form in form.get("terms", ())),
            values=tuple(_value(form) for form in form.get("values", ())),
            nouns=tuple(_noun(form) for form in form.get("nouns", ())),
            aggregates=tuple(Aggregate(**a) for a in form.get("aggregates", ())),
        )
        _check(database)
    except (KeyError, TypeError, ValueError) as error:
        raise MalformedRecord(f"{where}: {type(error).__name__}: {error}") from error
    return database


def _check(database: Database) -> None:
    if database.split not in SPLITS:
        raise ValueError(f"split {database.split!r} is none of {SPLITS}")
    for table in database.tables:
        for column in table.columns:
            if column.role not in ROLES:
                raise ValueError(f"{table.name}.{column.name}: role {column.role!r} is none of {ROLES}")
            if column.references:
                target, _, key = column.references.rpartition(".")
                database.table(target).column(key)
    for head in database.heads:
        _at_least_two(f"head {head.word!r}", head.columns)
        for name in head.columns:
            if database.table(head.table).column(name).phrase == head.word:
                raise ValueError(f"head {head.word!r} is the whole phrase of {head.table}.{name}: nothing is open")
    for item in (*database.terms, *database.values):
        _at_least_two(f"{item.word!r}", item.readings)
        for reading in item.readings:
            database.table(item.table).column(reading.column)
            if reading.op not in OPERATORS:
                raise ValueError(f"{item.word!r}: operator {reading.op!r} is none of {OPERATORS}")
    for value in database.values:
        _at_least_two(f"said of {value.word!r}", value.said)
    for noun in database.nouns:
        _check_noun(database, noun)
    for aggregate in database.aggregates:
        database.table(aggregate.table).column(aggregate.column)
        rows = database.table(aggregate.rows)
        if aggregate.measure is not None:
            rows.column(aggregate.measure)
        if (rows.column(aggregate.link).references or "").rpartition(".")[0] != aggregate.table:
            where = f"{aggregate.rows}.{aggregate.link}"
            raise ValueError(f"{aggregate.phrase!r}: {where} is no reference to {aggregate.table}")


def _check_noun(database: Database, noun: Noun) -> None:
    tables = [database.table(name) for name in noun.tables]
    if not tables:
        raise ValueError(f"noun {noun.plural!r} has no table")
    for table in tables:
        if noun.plural == table.plural:
            raise ValueError(f"noun {noun.plural!r} is the plural of {table.name} itself: nothing is open")
    for shared in noun.shared:
        for table, name in zip(tables, shared.columns, strict=True):
            table.column(name)


def _at_least_two(what: str, items: tuple) -> None:
    if len(items) < 2:
        raise ValueError(f"{what}: two or more are needed, not {len(items)}")


def read_database(folder: Path) -> Database:
    """The database of one folder; raises DataNotFound or MalformedRecord."""
    path = folder / "spec.toml"
    if not path.is_file():
        raise DataNotFound(f"no spec.toml in {str(folder)!r}")
    try:
        form = tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise MalformedRecord(f"{path.name} of {folder.name}: {error}") from error
    return parse_database(form, f"{folder.name}/spec.toml")
