"""Words for some rows of a table that several conditions fit: adjectives ("large") and values ("Chile").

Thresholds are round numbers near a quantile, and no two readings of a word pick the same rows.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator, Sequence
from itertools import combinations
from typing import Any

import duckdb

from envs_data.ambigsql.spec import Condition, Term, Value, quoted
from envs_data.ambigsql.values import round_number
from envs_data.own.profile import ColumnProfile, TableProfile, names_things
from envs_data.own.sources import text
from envs_data.own.text import is_sayable, listed, singular, vocabulary

A_TABLE = 6
"""At most so many terms, and so many values, a table."""
_SHARE = {"high": (0.7, 0.9), "low": (0.3, 0.1)}
"""Quantiles for tables of up to MANY rows, and of more."""
MANY = 150
_LIKELY = 300


def terms(connection: duckdb.DuckDBPyConnection, table: TableProfile) -> tuple[Term, ...]:
    """The adjectives that fit a table in two ways or three."""
    measures = [c for c in table.with_role("measure") if c.numeric]
    dates = list(table.with_role("date"))
    found: list[Term] = []
    for entry in vocabulary()["adjectives"]:
        nouns = entry.get("nouns", ())
        columns = [c for c in measures if singular(c.phrase.split()[-1]) in nouns]
        if entry.get("dates"):
            columns += [c for c in dates if entry["end"] == "low" or not listed("born") & set(c.phrase.split())]
        if entry.get("any"):
            columns = [] if any(t.readings[0].op in _ops(entry["end"]) for t in found) else measures
        if len(columns) < 2 or any(entry["word"] in c.phrase.split() for c in table.columns):
            continue
        readings = _apart(connection, table, [_condition(connection, table, c, entry["end"]) for c in columns[:5]])
        if len(readings) >= 2:
            found.append(Term(table.name, entry["word"], tuple(readings[:3])))
        if len(found) == A_TABLE:
            break
    return tuple(found)


def _ops(end: str) -> tuple[str, ...]:
    return (">", ">=") if end == "high" else ("<", "<=")


def _condition(
    connection: duckdb.DuckDBPyConnection, table: TableProfile, column: ColumnProfile, end: str
) -> Condition | None:
    """The column's rows above or below a round threshold; None where no such threshold parts the rows."""
    share = _SHARE[end][table.rows > MANY]
    cell = quoted(column.name)
    (at,) = connection.execute(
        f"SELECT quantile_disc({cell}, {share}) FROM {quoted(table.name)} WHERE {cell} IS NOT NULL"
    ).fetchone()
    if column.role == "date":
        value: Any = _round_date(at, column)
        op = ">=" if end == "high" else "<"
    else:
        value, op = round_number(float(at)), ">" if end == "high" else "<"
    condition = Condition(column.name, op, value)
    (held,) = connection.execute(f"SELECT count(*) FROM {quoted(table.name)} WHERE {_where(condition)}").fetchone()
    return condition if 0 < held <= 0.7 * column.filled else None


def _round_date(at: dt.date, column: ColumnProfile) -> str:
    years = column.high.year - column.low.year
    return f"{at.year:04d}-01-01" if years > 4 else f"{at.year:04d}-{at.month:02d}-01"


def _where(condition: Condition) -> str:
    value = condition.value
    return f"{quoted(condition.column)} {condition.op} {value if isinstance(value, int | float) else text(value)}"


def _apart(
    connection: duckdb.DuckDBPyConnection, table: TableProfile, conditions: Sequence[Condition | None]
) -> list[Condition]:
    """Those conditions of which no two hold for the same rows."""
    kept: list[Condition] = []
    for condition in conditions:
        if condition is None:
            continue
        differing = all(
            connection.execute(
                f"SELECT count(*) FROM {quoted(table.name)} WHERE "
                f"coalesce({_where(condition)}, false) <> coalesce({_where(other)}, false)"
            ).fetchone()[0]
            for other in kept
        )
        if differing:
            kept.append(condition)
    return kept


def values(connection: duckdb.DuckDBPyConnection, table: TableProfile) -> tuple[Value, ...]:
    """Words that stand in two columns of a table, or in two values of one."""
    if table.noun is None:
        return ()
    columns = {c.name: _counts(connection, table, c) for c in table.columns if _worded(c)}
    phrases = {c.name: c.phrase for c in table.columns}
    categories = {c.name for c in table.with_role("category")}
    found: dict[str, Value] = {}
    for word, readings in [*_two_columns(columns, phrases), *_two_values(columns, categories)]:
        kept = _apart(connection, table, readings)
        if len(kept) >= 2 and word.lower() not in found and word.lower() not in phrases.values():
            found[word.lower()] = Value(table.name, word, _said(word, table), tuple(kept[:3]))
    return tuple(found.values())[:A_TABLE]


def _worded(column: ColumnProfile) -> bool:
    """Whether rows are told apart by the column's words: a category, or text that repeats itself."""
    if column.kind != "VARCHAR" or not column.phrase or not names_things(column):
        return False
    return column.role == "category" or (
        column.role == "other" and 2 <= column.distinct <= _LIKELY and column.filled >= 2 * column.distinct
    )


def _counts(connection: duckdb.DuckDBPyConnection, table: TableProfile, column: ColumnProfile) -> list[str]:
    """The column's sayable values, the commonest first."""
    cell = quoted(column.name)
    rows = connection.execute(
        f"SELECT {cell} FROM {quoted(table.name)} WHERE {cell} IS NOT NULL "
        f"GROUP BY {cell} ORDER BY count(*) DESC, {cell} LIMIT {_LIKELY}"
    ).fetchall()
    return [value for (value,) in rows if is_sayable(value) and value.lower() not in listed("no_value")]


def _two_columns(columns: dict[str, list[str]], phrases: dict[str, str]) -> Iterator[tuple[str, list[Condition]]]:
    pairs = sorted(
        combinations(columns, 2), key=lambda pair: phrases[pair[0]].split()[-1] != phrases[pair[1]].split()[-1]
    )
    for one, other in pairs:
        both = [value for value in columns[one] if value in columns[other] and len(value) > 2]
        for value in both[:3]:
            yield value, [Condition(one, "=", value), Condition(other, "=", value)]


def _two_values(columns: dict[str, list[str]], categories: Collection[str]) -> Iterator[tuple[str, list[Condition]]]:
    """A word in exactly two or three values of a column, none of which is the word itself."""
    for column, values_ in columns.items():
        if column not in categories:
            continue
        holders: dict[str, list[str]] = {}
        for value in values_:
            for word in dict.fromkeys(value.split()):
                if len(word) > 3 and word.isalpha() and word.lower() not in listed("common"):
                    holders.setdefault(word, []).append(value)
        for word, holding in holders.items():
            if 2 <= len(holding) <= 3 and word not in holding:
                yield word, [Condition(column, "=", value) for value in holding]


def _said(word: str, table: TableProfile) -> tuple[str, ...]:
    _, many = table.noun
    return (f"{word} {many}", f"{many} with {word}", f"{many} that say {word}", f"{many} under {word}")
