"""Drafts that leave open how many rows: "the top 3" became "the top few"."""

from __future__ import annotations

import re
from collections.abc import Iterator

from sqlglot import exp

from envs_data.spider import edits
from envs_data.spider.drafts.base import About, Choice, Draft, Query, counting, relaxed
from envs_data.spider.schema import singular

_CUES = ("how many", "top few", "few", "a few", "number", "how long a list", "count", "rows", "number of rows")
_SIZES = {3: "three", 5: "five", 10: "ten"}
"""What people may mean by the top few."""


def few_drafts(text: str, query: Query) -> Iterator[Draft | str]:
    limit = query.tree.args.get("limit")
    if limit is None or not isinstance(limit.expression, exp.Literal) or query.tree.args.get("offset"):
        return
    size = int(limit.expression.this)
    edited = edits.number_to_few(text, size) if size > 1 else None
    if edited is None:
        return
    counted = re.search(r"\bfew (?:[\w'-]+ ){0,3}?(?P<noun>[\w-]*[^s\W]s|people|staff)\b", edited, re.IGNORECASE)
    if counted is None:
        yield "few: what is counted has no name"
        return
    yield Draft(
        "few",
        "presentation",
        "few",
        "few",
        _CUES,
        edited,
        About(None, noun=singular(counted["noun"].lower())),
        query.tables,
        query.group,
        tuple(_choice(query, wanted) for wanted in _SIZES),
    )


def _choice(query: Query, size: int) -> Choice:
    tree, whole = query.tree.copy(), query.tree.copy()
    tree.set("limit", exp.Limit(expression=exp.Literal.number(size)))
    whole.set("limit", None)
    word = _SIZES[size]
    cues = (
        str(size),
        word,
        f"first {size}",
        f"first {word}",
        f"top {size}",
        f"top {word}",
        f"{size} rows",
        f"the {size}",
    )
    return Choice(
        f"{size}",
        f"{size} rows",
        cues,
        relaxed(tree),
        tree.sql("duckdb"),
        note=str(size),
        optional=True,
        among=counting(tree, whole),
        left=1,
    )
