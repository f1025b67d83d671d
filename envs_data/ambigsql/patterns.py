"""The kinds of requests, and one random draft of each."""

from __future__ import annotations

import random

from envs_data.ambigsql import double, heads, presentation, rows, tables
from envs_data.ambigsql.drafts import Draft, Values
from envs_data.ambigsql.spec import Database

KINDS = ("information", "column", "population", "value", "table", "aggregate", "presentation", "double")
"""What is left open: which column is asked for, which column decides, which rows, whose name it is, which table,
whether on record or counted, how it is shown; and two of these at once."""


def drafts(database: Database, kind: str, values: Values, rng: random.Random) -> Draft | None:
    """One random draft of a kind; None where the draw did not fit (draw again)."""
    match kind:
        case "information" | "column" if asked := heads.asked(database):
            patterns = heads.INFORMATION if kind == "information" else heads.COLUMN
            return heads.head_draft(database, rng.choice(asked), kind, rng.choice(patterns), values, rng)
        case "population" if terms := rows.crisp_terms(database):
            return rows.rows_draft(database, rng.choice(terms), rng.choice(rows.PATTERNS), values, rng)
        case "value" if named := rows.names(database):
            return rows.rows_draft(database, rng.choice(named), rng.choice(rows.PATTERNS), values, rng)
        case "table" if nouns := tables.asked(database):
            return tables.noun_draft(database, rng.choice(nouns), rng.choice(tables.NOUN), values, rng)
        case "aggregate" if database.aggregates:
            item = rng.choice(database.aggregates)
            return tables.aggregate_draft(database, item, rng.choice(tables.AGGREGATE), values, rng)
        case "presentation":
            table = rng.choice(database.tables)
            return presentation.show_draft(database, table, rng.choice(presentation.PATTERNS), values, rng)
        case "double":
            return double.double_draft(database, rng.choice(double.PATTERNS), values, rng)
    return None
