"""Requests that leave open how the answer is shown: in which direction it is sorted, how many rows "the top few"
are, and by which period it goes "over time"."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Mapping, Sequence

from envs_data.ambigsql.drafts import Choice, Draft, Gap, Values, wordings
from envs_data.ambigsql.scenes import Part, Scene, draft
from envs_data.ambigsql.spec import Database, Table, ident

PATTERNS = ("ordered", "ordered_with", "few", "few_with", "count_over", "total_over")
FEW = ("3", "5", "10")
PERIODS = ("month", "quarter", "year")
DIRECTIONS = ("descending", "ascending")
WAYS = {"descending": "DESC", "ascending": "ASC"}


def order_part(table: Table, role: str, rng: random.Random) -> Part:
    words = wordings()["parts"]["direction_date" if role == "date" else "direction"]
    gap = Gap.of("order", table, "", _plain(DIRECTIONS))
    if role == "date":
        gap = dataclasses.replace(gap, manner="dated")
    return Part(gap, {"dir": ""}, {way: {"dir": rng.choice(words[way])} for way in DIRECTIONS})


def few_part(table: Table) -> Part:
    gap = Gap.of("few", table, "few", _plain(FEW))
    return Part(gap, {"few": "few"}, {n: {"few": n} for n in FEW})


def period_part(table: Table, rng: random.Random) -> Part:
    words = wordings()["parts"]["period"]
    gap = Gap.of("period", table, "over time", (Choice(period, f"by {period}", period) for period in PERIODS))
    return Part(gap, {"over": rng.choice(words["open"])}, {p: {"over": rng.choice(words[p])} for p in PERIODS})


def _plain(values: Sequence[str]) -> tuple[Choice, ...]:
    return tuple(Choice(value, value, value) for value in values)


def show_draft(database: Database, table: Table, pattern: str, values: Values, rng: random.Random) -> Draft | None:
    """A request that leaves the presentation open; None where the pattern does not fit the table."""
    scene = Scene(database, table, values, rng)
    label, t = table.label, scene.source
    if pattern.endswith("_over"):
        return _over(scene, pattern)
    m = scene.pick(scene.sortable() if pattern.startswith("ordered") else scene.wanted())
    if label is None or m is None:
        return None
    select = f"{ident(label.name)}, {ident(m.name)}" if pattern.endswith("_with") else ident(label.name)
    fill: Mapping[str, str] = {"m": m.phrase}
    if pattern.startswith("ordered"):
        words, condition = scene.filter(amid=pattern.endswith("_with"))
        part = order_part(table, m.role, rng)
        frame = scene.frame(pattern, **fill, f=words)
        head = f"SELECT {select} FROM {t}{condition} ORDER BY {ident(m.name)}"
        return draft("presentation", pattern, frame, [part], lambda way: f"{head} {WAYS[way]}")
    head = f"SELECT {select} FROM {t} ORDER BY {ident(m.name)} DESC LIMIT"
    return draft("presentation", pattern, scene.frame(pattern, **fill), [few_part(table)], lambda n: f"{head} {n}")


def _over(scene: Scene, pattern: str) -> Draft | None:
    date, measure = scene.pick(scene.table.with_role("date")), scene.pick(scene.summable())
    if not scene.table.happens or date is None or (pattern == "total_over" and measure is None):
        return None
    fill = {"m": date.phrase} | ({"c": measure.phrase} if pattern == "total_over" else {})
    what = f"SUM({ident(measure.name)})" if pattern == "total_over" else "COUNT(*)"
    frame, part = scene.frame(pattern, **fill), period_part(scene.table, scene.rng)

    def sql(period: str) -> str:
        return f"SELECT date_trunc('{period}', {ident(date.name)}), {what} FROM {scene.source} GROUP BY 1"

    return draft("presentation", pattern, frame, [part], sql)
