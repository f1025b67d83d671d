"""Requests for some rows of a table that two or more conditions fit: by an adjective ("large stores",
population), or by a name that rows carry in two ways ("Chile shipments", value)."""

from __future__ import annotations

import random
from collections.abc import Mapping

from envs_data.ambigsql.drafts import (
    Choice,
    Draft,
    Gap,
    Values,
    compare,
    condition_gloss,
    spoken,
    wordings,
)
from envs_data.ambigsql.scenes import Part, Scene, draft
from envs_data.ambigsql.spec import Condition, Database, Table, Term, Value, ident

PATTERNS = ("count_pop", "list_pop", "average_pop", "total_pop", "count_pop_by", "first_pop", "each_pop")


def crisp_terms(database: Database) -> list[Term]:
    """The terms that go by more than the parts of one whole, of which whoever says "roomy" may mean the sum."""
    wholes = [(head.table, set(head.columns)) for head in database.heads if head.adds]
    return [t for t in database.terms if t.asked and (t.table, {r.column for r in t.readings}) not in wholes]


def names(database: Database) -> list[Value]:
    """The values that are names: of a place in two columns, or of two people or firms. Whoever says "street stores"
    means those of all kinds in which the word stands."""

    def is_name(value: Value) -> bool:
        return len({r.column for r in value.readings}) > 1 or (value.word[:1].isupper() and value.word.isalpha())

    return [value for value in database.values if value.asked and is_name(value)]


def _by_choice(item: Term | Value) -> dict[str, Condition]:
    """The readings by choice: by column, or by what is stored where they have one column."""
    columns = {reading.column for reading in item.readings}
    return {r.column if len(columns) == len(item.readings) else str(r.value): r for r in item.readings}


def part_of(table: Table, item: Term | Value, rng: random.Random) -> tuple[Part, Mapping[str, str]]:
    """The gap in the placeholder "pop", and the SQL condition that each choice stands for."""
    found = _by_choice(item)
    conditions = {value: compare(r.column, r.op, r.value) for value, r in found.items()}
    if isinstance(item, Value):
        return _value_part(table, item, found, conditions, rng)
    choices, whole = [], {}
    for value, reading in found.items():
        gloss, phrase = condition_gloss(table, reading, rng), table.column(reading.column).phrase
        choices.append(Choice(value, gloss, phrase, phrase))
        text = rng.choice(wordings()["parts"]["population"]["whole"]).format(Ts=table.plural, g=gloss)
        whole[value] = {"pop": text}
    said = f"{item.word} {table.plural}"
    gap = Gap.of("term", table, item.word, choices, {r.column for r in item.readings}, (said,))
    return Part(gap, {"pop": said}, whole), conditions


def _value_part(
    table: Table, item: Value, found: Mapping[str, Condition], conditions: dict[str, str], rng: random.Random
) -> tuple[Part, Mapping[str, str]]:
    columns = {reading.column for reading in item.readings}
    choices, whole = [], {}
    for value, reading in found.items():
        own, stored = table.column(reading.column).phrase, spoken(reading.value)
        offer = stored if len(columns) == 1 else own
        choices.append(Choice(value, reading.gloss or f"{own} {stored}", offer, own))
        text = rng.choice(wordings()["parts"]["value"]["whole"]).format(Ts=table.plural, k=own, v=stored)
        whole[value] = {"pop": text}
    gap = Gap.of("value", table, item.word, choices, columns, item.said)
    return Part(gap, {"pop": rng.choice(item.said)}, whole), conditions


def rows_draft(
    database: Database, item: Term | Value, pattern: str, values: Values, rng: random.Random
) -> Draft | None:
    """A request for some rows; None where the pattern does not fit the table."""
    table = database.table(item.table)
    scene = Scene(database, table, values, rng)
    used = {reading.column for reading in item.readings}
    label, category = table.label, scene.category(used)
    measure = scene.pick(scene.summable(used) if pattern == "total_pop" else scene.measures(used))
    t, fill, tail = scene.source, {}, ""
    match pattern:
        case "count_pop":
            select = "COUNT(*)"
        case "list_pop" if label:
            select = ident(label.name)
        case "average_pop" if measure:
            select, fill = f"AVG({ident(measure.name)})", {"m": measure.phrase}
        case "total_pop" if measure:
            select, fill = f"SUM({ident(measure.name)})", {"m": measure.phrase}
        case "count_pop_by" if category:
            group = ident(category.name)
            select, fill, tail = f"{group}, COUNT(*)", {"k": category.phrase}, f" GROUP BY {group}"
        case "first_pop" if label and measure:
            most, way = scene.extreme()
            select, fill = ident(label.name), {"m": measure.phrase, "most": most}
            tail = f" ORDER BY {ident(measure.name)} {way} LIMIT 1"
        case "each_pop" if label and measure:
            select, fill = f"{ident(label.name)}, {ident(measure.name)}", {"m": measure.phrase}
        case _:
            return None
    part, by_choice = part_of(table, item, rng)
    kind = "value" if isinstance(item, Value) else "population"

    def sql(value: str) -> str:
        return f"SELECT {select} FROM {t} WHERE {by_choice[value]}{tail}"

    return draft(kind, pattern, scene.frame(pattern, **fill), [part], sql)
