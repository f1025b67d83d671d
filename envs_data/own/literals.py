"""Literals for requests, drawn from the copy's rows: only what a person could say."""

from __future__ import annotations

import math
import random
from typing import Any

import duckdb

from envs_data.ambigsql.drafts import is_number
from envs_data.ambigsql.spec import Column, Table, quoted
from envs_data.ambigsql.values import round_number
from envs_data.own.elsewhere import PREFIX
from envs_data.own.text import is_sayable

_CELLS = 2_000


class Cells:
    """Literals of one copy (``drafts.Values``); a column's cells are read once."""

    def __init__(self, connection: duckdb.DuckDBPyConnection):
        self._connection = connection
        self._cells: dict[tuple[str, str], list[Any]] = {}

    def of(self, table: Table, column: Column, rng: random.Random) -> Any:
        key = (table.name, column.name)
        if key not in self._cells:
            self._cells[key] = self._read(*key)
        cells = self._cells[key]
        if not cells:
            return None
        cell = rng.choice(cells)
        if column.role == "date":
            return f"{cell.year:04d}-01-01"
        if is_number(column):
            return round_number(float(cell)) if column.role == "measure" and math.isfinite(cell) else None
        return cell if is_sayable(cell) else None

    def _read(self, table: str, column: str) -> list[Any]:
        if table.startswith(PREFIX):
            return []
        cell = quoted(column)
        rows = self._connection.execute(
            f"SELECT DISTINCT {cell} FROM {quoted(table)} WHERE {cell} IS NOT NULL ORDER BY 1"
        ).fetchall()
        step = max(1, len(rows) // _CELLS)
        return [value for (value,) in rows[::step]]
