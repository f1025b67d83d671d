"""Requests that leave two things open at once: "top few stores by area", "average price of cheap products"."""

from __future__ import annotations

import random

from envs_data.ambigsql import heads, rows
from envs_data.ambigsql.drafts import Draft, Values, adds_up, is_number
from envs_data.ambigsql.presentation import WAYS, few_part, order_part, period_part
from envs_data.ambigsql.scenes import Part, Scene, draft
from envs_data.ambigsql.spec import Database, Head, Term, Value, ident

PATTERNS = ("ordered_head", "few_head", "total_head_over", "count_date_over", "average_head_of", "total_head_of",
            "first_head_of", "ordered_rows")  # fmt: skip
MAX_READINGS = 6


def double_draft(database: Database, pattern: str, values: Values, rng: random.Random) -> Draft | None:
    """A request with two gaps; None where the draw does not fit, or would give more than six readings."""
    make = _of_rows if pattern.endswith(("_of", "_rows")) else _of_head
    made = make(database, pattern, values, rng)
    return made if made and len(made.fillings) <= MAX_READINGS else None


def _of_head(database: Database, pattern: str, values: Values, rng: random.Random) -> Draft | None:
    """A head beside something of the presentation."""
    if not (asked := heads.asked(database)):
        return None
    head = rng.choice(asked)
    table = database.table(head.table)
    columns = [table.column(name) for name in head.columns]
    scene = Scene(database, table, values, rng)
    label, t, role = table.label, scene.source, columns[0].role
    numeric = role == "measure" and all(map(is_number, columns))
    date = scene.pick(table.with_role("date"))
    match pattern:
        case "ordered_head" if label and role in ("measure", "date"):
            words, condition = scene.filter(but=head.columns)
            frame = scene.frame("ordered", f=words)
            parts = [heads.part_of(table, head, "m"), order_part(table, role, rng)]
            select = f"SELECT {ident(label.name)} FROM {t}{condition} ORDER BY"
            sql = lambda c, way: f"{select} {heads.expression(head, c)} {WAYS[way]}"
        case "few_head" if label and numeric and set(columns) <= set(scene.wanted()):
            frame, parts = scene.frame("few"), [heads.part_of(table, head, "m"), few_part(table)]
            first = f"SELECT {ident(label.name)} FROM {t} ORDER BY"
            sql = lambda c, n: f"{first} {heads.expression(head, c)} DESC LIMIT {n}"
        case "total_head_over" if table.happens and not head.adds and numeric and date and all(map(adds_up, columns)):
            frame = scene.frame("total_over", m=date.phrase)
            parts = [heads.part_of(table, head, "c"), period_part(table, rng)]
            when = ident(date.name)
            sql = lambda c, p: f"SELECT date_trunc('{p}', {when}), SUM({heads.expression(head, c)}) FROM {t} GROUP BY 1"
        case "count_date_over" if table.happens and role == "date":
            frame = scene.frame("count_over_unsaid")
            parts = [heads.part_of(table, head, "by"), period_part(table, rng)]
            sql = lambda c, p: f"SELECT date_trunc('{p}', {ident(c)}), COUNT(*) FROM {t} GROUP BY 1"
        case _:
            return None
    return draft("double", pattern, frame, parts, sql)


def _of_rows(database: Database, pattern: str, values: Values, rng: random.Random) -> Draft | None:
    """Rows that two conditions fit, beside a head or a direction."""
    item: Term | Value | None = rng.choice((*rows.crisp_terms(database), *rows.names(database)) or (None,))
    if item is None:
        return None
    table = database.table(item.table)
    scene = Scene(database, table, values, rng)
    used = {reading.column for reading in item.readings}
    part, by_choice = rows.part_of(table, item, rng)
    label, t = table.label, scene.source

    def condition(choice: str) -> str:
        return f" WHERE {by_choice[choice]}"

    if pattern == "ordered_rows":
        m = scene.pick(column for column in scene.sortable() if column.name not in used)
        if label is None or m is None:
            return None
        by = order_part(table, m.role, rng)
        select, key = f"SELECT {ident(label.name)} FROM {t}", ident(m.name)
        renamed = Part(part.gap, {"Ts": part.open["pop"]}, {v: {"Ts": s["pop"]} for v, s in part.whole.items()})
        frame = scene.frame("ordered", m=m.phrase)
        sql = lambda choice, way: f"{select}{condition(choice)} ORDER BY {key} {WAYS[way]}"
        return draft("double", pattern, frame, [renamed, by], sql)
    head = _measured(database, item.table, used, rng)
    if head is None:
        return None
    about = heads.part_of(table, head, "m")
    if pattern == "total_head_of" and (head.adds or not all(adds_up(table.column(name)) for name in head.columns)):
        return None
    match pattern:
        case "average_head_of" | "total_head_of":
            function, wording = ("AVG", "average_pop") if pattern == "average_head_of" else ("SUM", "total_pop")
            frame = scene.frame(wording)
            sql = lambda choice, c: f"SELECT {function}({heads.expression(head, c)}) FROM {t}{condition(choice)}"
        case "first_head_of" if label:
            most, way = scene.extreme()
            frame, tail = scene.frame("first_pop", most=most), f"{way} LIMIT 1"
            name = ident(label.name)
            sql = lambda choice, c: (
                f"SELECT {name} FROM {t}{condition(choice)} ORDER BY {heads.expression(head, c)} {tail}"
            )
        case _:
            return None
    return draft("double", pattern, frame, [part, about], sql)


def _measured(database: Database, table: str, but: set[str], rng: random.Random) -> Head | None:
    """A head of a table's measures, none of which the rows are chosen by."""
    found = [
        head
        for head in heads.asked(database)
        if head.table == table
        and not but & set(head.columns)
        and all(is_number(c) and c.role == "measure" for c in map(database.table(table).column, head.columns))
    ]
    return rng.choice(found) if found else None
