"""Writes the bundled databases' CSV files: ``python -m envs_data.ambigsql.authoring [name ...]``.

One module a database, each with ``tables(draw)``; the same bytes come out on every platform.
"""

from __future__ import annotations

import csv
import importlib
import io
from typing import Any

from envs_data.ambigsql.authoring.draw import Draw, Row
from envs_data.duck import bundled_database

SEED = "ambigsql-1"


def csv_text(rows: list[Row]) -> str:
    """Header and rows; an absent value is an empty, unquoted field."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(rows[0])
    writer.writerows([_cell(value) for value in row.values()] for row in rows)
    return buffer.getvalue()


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:.10g}" if isinstance(value, float) else str(value)


def generate(name: str) -> dict[str, str]:
    """The CSV text of every table of one bundled database."""
    module = importlib.import_module(f"{__name__}.{name}")
    draw = Draw(f"{SEED}/{name}", kept=_parts_of_wholes(name))
    return {table: csv_text(rows) for table, rows in module.tables(draw).items()}


def _parts_of_wholes(name: str) -> set[str]:
    """The columns that a request may mean the sum of."""
    return {column for head in bundled_database(name).heads if head.adds for column in head.columns}
