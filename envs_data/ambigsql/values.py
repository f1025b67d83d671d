"""Literals for requests, drawn from a bundled database's own rows."""

from __future__ import annotations

import csv
import math
import random
from functools import cache
from importlib import resources
from typing import Any

from envs_data.ambigsql.drafts import is_number
from envs_data.ambigsql.spec import Column, Table


@cache
def _cells(database: str, table: str, column: str) -> tuple[str, ...]:
    """The distinct non-empty cells of a column, in file order."""
    path = resources.files("envs_data.ambigsql") / "databases" / database / f"{table}.csv"
    with path.open(encoding="utf-8", newline="") as lines:
        return tuple(dict.fromkeys(row[column] for row in csv.DictReader(lines) if row[column] != ""))


def round_number(value: float) -> int | float:
    """A threshold a person would name: two significant digits."""
    if value == 0:
        return 0
    places = 1 - math.floor(math.log10(abs(value)))
    rounded = round(value, places)
    return int(rounded) if rounded == int(rounded) else rounded


class Rows:
    """Literals of one bundled database (``drafts.Values``): names, categories, and round thresholds."""

    def __init__(self, database: str):
        self.database = database

    def of(self, table: Table, column: Column, rng: random.Random) -> Any:
        cells = _cells(self.database, table.name, column.name)
        if not cells:
            return None
        cell = rng.choice(cells)
        if column.role == "date":
            return f"{cell[:4]}-01-01"
        return round_number(float(cell)) if is_number(column) else cell
