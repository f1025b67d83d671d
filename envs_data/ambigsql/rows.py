"""Requests for some rows of a table that two or more conditions fit: by an adjective ("large stores",
population), or by a name that rows carry in two ways ("Chile shipments", value)."""

from __future__ import annotations

import random
from collections.abc import Mapping

from envs_data.ambigsql.drafts import Choice, Draft, Gap, Values, condition_gloss, spoken, where, wordings
from envs_data.ambigsql.scenes import Part, Scene, draft
from envs_data.ambigsql.spec import Condition, Database, Table, Term, Value, ident

PATTERNS = ("count_pop", "list_pop", "average_pop", "total_pop", "count_pop_by", "first_pop", "each_pop")


def _by_choice(item: Term | Value) -> dict[str, Condition]:
    """The readings by choice: by column, or by what is stored where they have one column."""
    columns = {reading.column for reading in item.readings}
    return {r.column if len(columns) == len(item.readings) else str(r.value): r for r in item.readings}


def part_of(table: Table, item: Term | Value, rng: random.Random) -> tuple[Part, Mapping[str, Condition]]:
    """The gap in the placeholder "pop", and the condition that each choice stands for."""
    found = _by_choice(item)
    if isinstance(item, Value):
        return _value_part(table, item, found, rng), found
    choices, whole = [], {}
    for value, reading in found.items():
        gloss = condition_gloss(table, reading, rng)
        choices.append(Choice(value, gloss, table.column(reading.column).phrase, table.column(reading.column).phrase))
        text = rng.choice(wordings()["parts"]["population"]["whole"]).format(Ts=table.plural, g=gloss)
        whole[value] = {"pop": text}
    said = f"{item.word} {table.plural}"
    gap = Gap("term", table.name, item.word, table.singular, table.plural, tuple(choices), (said,))
    return Part(gap, {"pop": said}, whole), found


def _value_part(table: Table, item: Value, found: Mapping[str, Condition], rng: random.Random) -> Part:
    one_column = len({reading.column for reading in found.values()}) == 1
    choices, whole = [], {}
    for value, reading in found.items():
        phrase, stored = table.column(reading.column).phrase, spoken(reading.value)
        choices.append(Choice(value, reading.gloss or f"{phrase} {stored}", stored if one_column else phrase, phrase))
        text = rng.choice(wordings()["parts"]["value"]["whole"]).format(Ts=table.plural, k=phrase, v=stored)
        whole[value] = {"pop": text}
    gap = Gap("value", table.name, item.word, table.singular, table.plural, tuple(choices), item.said)
    return Part(gap, {"pop": rng.choice(item.said)}, whole)


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
            most, way = scene.extreme("measure")
            select, fill = ident(label.name), {"m": measure.phrase, "most": most}
            tail = f" ORDER BY {ident(measure.name)} {way} LIMIT 1"
        case "each_pop" if label and measure:
            select, fill = f"{ident(label.name)}, {ident(measure.name)}", {"m": measure.phrase}
        case _:
            return None
    part, by_choice = part_of(table, item, rng)
    kind = "value" if isinstance(item, Value) else "population"

    def sql(value: str) -> str:
        reading = by_choice[value]
        return f"SELECT {select} FROM {t}{where(reading.column, reading.op, reading.value)}{tail}"

    return draft(kind, pattern, scene.frame(pattern, **fill), [part], sql)
