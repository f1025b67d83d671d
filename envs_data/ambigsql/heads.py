"""Requests with a word that two or more columns fit ("revenue"): as what is asked for (information), and as
what decides, counts or sorts (column)."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Callable

from envs_data.ambigsql.drafts import Choice, Draft, Gap, Values, adds_up, is_number, literal, where, wordings
from envs_data.ambigsql.scenes import Frame, Part, Scene, draft
from envs_data.ambigsql.spec import Database, Head, Table, ident

INFORMATION = ("total", "average", "extreme", "total_by", "average_by", "each", "lookup", "total_by_parent")
COLUMN = ("first_by", "count_beyond", "list_beyond", "sorted_by", "count_per", "total_per", "count_in_year",
          "total_in_year", "count_per_year")  # fmt: skip

TOGETHER = "together"

Made = tuple[Frame, str, Callable[[str], str]] | None
"""A frame, the placeholder of its gap, and the SQL by what the word stands for, as ``expression`` has it."""


def asked(database: Database) -> list[Head]:
    return [head for head in database.heads if head.asked]


def expression(head: Head, choice: str, table: str = "") -> str:
    """What a choice of a head is in SQL: a column, or the sum of them all; after the table's name if that is given."""
    names = head.columns if choice == TOGETHER else (choice,)
    return " + ".join(f"{table}.{ident(name)}" if table else ident(name) for name in names)


def gap_of(table: Table, head: Head) -> Gap:
    columns = [table.column(name) for name in head.columns]
    choices = [Choice(c.name, c.phrase, c.phrase, c.phrase) for c in columns]
    if head.adds:
        choices.append(Choice(TOGETHER, " plus ".join(c.phrase for c in columns), "both together"))
    return Gap.of("head", table, head.word, choices, head.columns)


def part_of(table: Table, head: Head, placeholder: str = "c") -> Part:
    """The head's gap in a placeholder; "by" is left empty where it is open: which date decides goes unsaid."""
    gap = gap_of(table, head)
    if placeholder == "by":
        whole = {c.value: {"by": f", going by {c.gloss}"} for c in gap.choices}
        return Part(dataclasses.replace(gap, manner="unsaid"), {"by": ""}, whole)
    return Part(gap, {placeholder: head.word}, {c.value: {placeholder: c.gloss} for c in gap.choices})


def head_draft(
    database: Database, head: Head, kind: str, pattern: str, values: Values, rng: random.Random
) -> Draft | None:
    """A request for a head word; None where the pattern does not fit its columns."""
    table = database.table(head.table)
    scene = Scene(database, table, values, rng)
    make = (_information if kind == "information" else _column)(scene, head).get(pattern)
    made = make() if make else None
    if made is None:
        return None
    frame, placeholder, sql = made
    prefix = scene.source if pattern == "total_by_parent" else ""
    part = part_of(table, head, placeholder)
    return draft(kind, pattern, frame, [part], lambda choice: sql(expression(head, choice, prefix)))


def _information(scene: Scene, head: Head) -> dict[str, Callable[[], Made]]:
    """Per pattern that fits the head's columns, a maker. What is asked to be totalled is the whole already, so that
    heads whose columns add up to one are not."""
    columns = [scene.table.column(name) for name in head.columns]
    t, rng, label = scene.source, scene.rng, scene.table.label
    names = [column.name for column in columns]
    numeric = all(is_number(c) and c.role == "measure" for c in columns)

    def aggregate(pattern: str, function: str) -> Callable[[], Made]:
        def make() -> Made:
            words, condition = scene.filter(but=names)
            return scene.frame(pattern, f=words), "c", lambda x: f"SELECT {function}({x}) FROM {t}{condition}"

        return make

    def by(pattern: str, function: str) -> Callable[[], Made]:
        def make() -> Made:
            if (k := scene.category(names)) is None:
                return None
            group = ident(k.name)
            frame = scene.frame(pattern, k=k.phrase)
            return frame, "c", lambda x: f"SELECT {group}, {function}({x}) FROM {t} GROUP BY {group}"

        return make

    def extreme() -> Made:
        words, condition = scene.filter(but=names)
        most, way = scene.extreme()
        function = "MAX" if way == "DESC" else "MIN"
        frame = scene.frame("extreme", f=words, most=most)
        return frame, "c", lambda x: f"SELECT {function}({x}) FROM {t}{condition}"

    def each() -> Made:
        words, condition = scene.filter(0.6, but=names, amid=True)
        return scene.frame("each", f=words), "c", lambda x: f"SELECT {ident(label.name)}, {x} FROM {t}{condition}"

    def lookup() -> Made:
        name = scene.values.of(scene.table, label, rng)
        if name is None:
            return None
        condition = where(label, "=", name)
        return scene.frame("lookup", v=str(name)), "c", lambda x: f"SELECT {x} FROM {t}{condition}"

    def total_by_parent() -> Made:
        if not (links := scene.parents()):
            return None
        link, parent, key = rng.choice(links)
        p = ident(parent.name)
        group = f"{p}.{ident(parent.label.name)}"
        join = f"{t} JOIN {p} ON {t}.{ident(link.name)} = {p}.{ident(key)}"
        frame = scene.frame("total_by_parent", P=parent.singular, Ps=parent.plural)
        return frame, "c", lambda x: f"SELECT {group}, SUM({x}) FROM {join} GROUP BY {group}"

    makers: dict[str, Callable[[], Made]] = {}
    if numeric:
        makers |= {"average": aggregate("average", "AVG"), "average_by": by("average_by", "AVG"), "extreme": extreme}
    if numeric and all(map(adds_up, columns)) and not head.adds:
        makers |= {"total": aggregate("total", "SUM"), "total_by": by("total_by", "SUM")}
        makers |= {"total_by_parent": total_by_parent}
    if label is not None and label not in columns and columns[0].role != "date":
        makers |= {"each": each, "lookup": lookup}
    return makers


def _column(scene: Scene, head: Head) -> dict[str, Callable[[], Made]]:
    columns = [scene.table.column(name) for name in head.columns]
    t, rng, label = scene.source, scene.rng, scene.table.label
    names = [column.name for column in columns]
    numeric = all(is_number(c) and c.role == "measure" for c in columns)
    dated = all(c.role == "date" for c in columns)

    def first_by() -> Made:
        words, condition = scene.filter(but=names)
        most, way = scene.extreme()
        frame = scene.frame("first_by", f=words, most=most)
        select = f"SELECT {ident(label.name)} FROM {t}{condition}"
        return frame, "c", lambda x: f"{select} ORDER BY {x} {way} LIMIT 1"

    def beyond(pattern: str, select: str) -> Callable[[], Made]:
        def make() -> Made:
            if (said := scene.beyond(columns)) is None:
                return None
            cmp, op, value = said
            frame = scene.frame(pattern, cmp=cmp)
            return frame, "c", lambda x: f"SELECT {select} FROM {t} WHERE {x} {op} {literal(value)}"

        return make

    def sorted_by() -> Made:
        words, condition = scene.filter(but=names)
        way = rng.choice(("descending", "ascending"))
        said = rng.choice(wordings()["parts"]["direction_date" if dated else "direction"][way])
        frame = scene.frame("ordered", f=words, dir=said)
        select = f"SELECT {ident(label.name)} FROM {t}{condition}"
        return frame, "m", lambda x: f"{select} ORDER BY {x} {'DESC' if way == 'descending' else 'ASC'}"

    def per(wording: str) -> Callable[[], Made]:
        def make() -> Made:
            measure = scene.pick(scene.summable())
            if wording == "total_by" and measure is None:
                return None
            what = f"SUM({ident(measure.name)})" if wording == "total_by" else "COUNT(*)"
            frame = scene.frame(wording, c=measure.phrase if measure else "")
            return frame, "k", lambda x: f"SELECT {x}, {what} FROM {t} GROUP BY {x}"

        return make

    def in_year(pattern: str) -> Callable[[], Made]:
        def make() -> Made:
            year, measure = scene.year(columns), scene.pick(scene.summable())
            if year is None or (pattern == "total_in_year" and measure is None):
                return None
            what = "COUNT(*)" if pattern == "count_in_year" else f"SUM({ident(measure.name)})"
            frame = scene.frame(pattern, y=year, m=measure.phrase if measure else "")
            return frame, "by", lambda x: f"SELECT {what} FROM {t} WHERE year({x}) = {year}"

        return make

    def count_per_year() -> Made:
        return scene.frame("count_per_year"), "by", lambda x: f"SELECT year({x}), COUNT(*) FROM {t} GROUP BY 1"

    makers: dict[str, Callable[[], Made]] = {}
    if numeric:
        makers |= {"count_beyond": beyond("count_beyond", "COUNT(*)")}
    if label is not None and label not in columns:
        if numeric:
            makers |= {"first_by": first_by, "list_beyond": beyond("list_beyond", ident(label.name))}
        if numeric or dated:
            makers |= {"sorted_by": sorted_by}
    if all(c.role == "category" for c in columns):
        makers |= {"count_per": per("count_per"), "total_per": per("total_by")}
    if dated and scene.table.happens:
        makers |= {pattern: in_year(pattern) for pattern in ("count_in_year", "total_in_year")}
        makers |= {"count_per_year": count_per_year}
    return makers
