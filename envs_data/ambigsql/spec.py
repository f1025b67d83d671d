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
"""

from __future__ import annotations

import dataclasses
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

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
    name: str
    singular: str
    plural: str
    columns: tuple[Column, ...]

    def column(self, name: str) -> Column:
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(f"table {self.name!r} has no column {name!r}; it has {[c.name for c in self.columns]}")

    def with_role(self, role: str) -> tuple[Column, ...]:
        return tuple(column for column in self.columns if column.role == role)

    @property
    def label(self) -> Column | None:
        """The column by which people name a row, where there is one."""
        named = self.with_role("name")
        return named[0] if named else None


@dataclasses.dataclass(frozen=True)
class Head:
    """A word that two or more columns of one table share: "revenue" of net_revenue and gross_revenue."""

    table: str
    word: str
    columns: tuple[str, ...]


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


@dataclasses.dataclass(frozen=True)
class Database:
    name: str
    title: str
    split: str
    tables: tuple[Table, ...]
    heads: tuple[Head, ...] = ()
    terms: tuple[Term, ...] = ()

    def table(self, name: str) -> Table:
        for table in self.tables:
            if table.name == name:
                return table
        raise KeyError(f"database {self.name!r} has no table {name!r}; it has {[t.name for t in self.tables]}")


_SHORT_TYPES = {"VARCHAR": "text", "BIGINT": "integer", "TIMESTAMP": "timestamp"}


def schema_text(database: Database) -> str:
    """The ``Tables:`` part of a context: one line a table, references and category values inline."""
    lines = ["Tables:"]
    for table in database.tables:
        parts = []
        for column in table.columns:
            kind = column.type.upper().split("(")[0]
            part = f"{column.name} {_SHORT_TYPES.get(kind, kind.lower())}"
            if column.references:
                part += f" -> {column.references.split('.')[0]}"
            elif column.values:
                part += f" [{'|'.join(column.values)}]"
            parts.append(part)
        lines.append(f"{table.name}({', '.join(parts)})")
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


def parse_database(form: Mapping[str, Any], where: str = "spec") -> Database:
    """A database from its TOML form; raises MalformedRecord naming the place and what is wrong."""
    try:
        tables = tuple(
            Table(t["name"], t["singular"], t["plural"], tuple(_column(c) for c in t["columns"]))
            for t in form["tables"]
        )
        database = Database(
            name=form["name"],
            title=form["title"],
            split=form["split"],
            tables=tables,
            heads=tuple(Head(h["table"], h["word"], tuple(h["columns"])) for h in form.get("heads", ())),
            terms=tuple(
                Term(t["table"], t["word"], tuple(Condition(**r) for r in t["readings"])) for t in form.get("terms", ())
            ),
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
                target, _, key = column.references.partition(".")
                database.table(target).column(key)
    for head in database.heads:
        if len(head.columns) < 2:
            raise ValueError(f"head {head.word!r} needs two columns or more")
        for name in head.columns:
            if database.table(head.table).column(name).phrase == head.word:
                raise ValueError(f"head {head.word!r} is the whole phrase of {head.table}.{name}: nothing is open")
    for term in database.terms:
        if len(term.readings) < 2:
            raise ValueError(f"term {term.word!r} needs two readings or more")
        for reading in term.readings:
            database.table(term.table).column(reading.column)
            if reading.op not in OPERATORS:
                raise ValueError(f"term {term.word!r}: operator {reading.op!r} is none of {OPERATORS}")


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
