"""Text columns of the copy that hold dates or numbers, made what they hold where every value parses."""

from __future__ import annotations

import duckdb

from envs_data.ambigsql.spec import quoted
from envs_data.own.links import is_identifier

_NUMBER = r"[-+]?(0|[1-9]\d{0,14})(\.\d+)?"
_DECIMAL_COMMA = r"[-+]?(0|[1-9]\d{0,14}),\d{1,2}"
_ISO = r"\d{4}-\d{2}-\d{2}([ T]\d{2}:\d{2}(:\d{2}(\.\d+)?)?)?"
_DAYS = ("%d.%m.%Y", "%d-%m-%Y", "%Y/%m/%d", "%Y.%m.%d", "%d %b %Y", "%d %B %Y", "%b %d, %Y", "%B %d, %Y")
_SLASHES = ("%d/%m/%Y", "%m/%d/%Y")
_LOOK = 60


def retype(connection: duckdb.DuckDBPyConnection, table: str) -> int:
    """Changes a table's columns in place; says how many were changed."""
    source, changed = quoted(table), 0
    columns = connection.execute(
        "SELECT column_name FROM duckdb_columns() WHERE table_name = ? AND data_type = 'VARCHAR' AND NOT internal "
        "ORDER BY column_index",
        [table],
    ).fetchall()
    for (name,) in columns:
        found = _better(connection, source, name)
        if found:
            type_, value = found
            connection.execute(f"ALTER TABLE {source} ALTER COLUMN {quoted(name)} TYPE {type_} USING {value}")
            changed += 1
    return changed


def _better(connection: duckdb.DuckDBPyConnection, source: str, name: str) -> tuple[str, str] | None:
    """A type that takes every value, and the SQL that makes it; None where text is right."""
    cell = quoted(name)
    some = [
        value
        for (value,) in connection.execute(
            f"SELECT {cell} FROM {source} WHERE {cell} IS NOT NULL LIMIT {_LOOK}"
        ).fetchall()
    ]
    if not some or not all(any(char.isdigit() for char in value) and len(value) <= 30 for value in some):
        return None

    def every(condition: str) -> bool:
        (holds,) = connection.execute(
            f"SELECT coalesce(bool_and({condition}), false) FROM {source} WHERE {cell} IS NOT NULL"
        ).fetchone()
        return holds

    def matches(pattern: str) -> bool:
        return every(f"regexp_full_match({cell}, '{pattern}')")

    if matches(_NUMBER):
        if not every(f"NOT contains({cell}, '.')"):
            return "DOUBLE", f"CAST({cell} AS DOUBLE)"
        return "BIGINT", f"CAST({cell} AS BIGINT)"
    if matches(_DECIMAL_COMMA) and not is_identifier(name):
        return "DOUBLE", f"CAST(replace({cell}, ',', '.') AS DOUBLE)"
    if matches(_ISO) and every(f"TRY_CAST({cell} AS TIMESTAMP) IS NOT NULL"):
        if every(f"CAST({cell} AS TIMESTAMP) = CAST(CAST({cell} AS TIMESTAMP) AS DATE)"):
            return "DATE", f"CAST(CAST({cell} AS TIMESTAMP) AS DATE)"
        return "TIMESTAMP", f"CAST({cell} AS TIMESTAMP)"
    # A day and a month that could be either stay text.
    for formats in (*((form,) for form in _DAYS), _SLASHES):
        fitting = [form for form in formats if every(f"try_strptime({cell}, '{form}') IS NOT NULL")]
        if len(fitting) == 1:
            return "DATE", f"CAST(strptime({cell}, '{fitting[0]}') AS DATE)"
    return None
