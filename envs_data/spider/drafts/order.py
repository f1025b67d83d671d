"""Drafts that leave an order open: its direction, or what it sorts by."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from sqlglot import exp

from envs_data.spider import edits
from envs_data.spider.drafts.base import (
    ASCENDING,
    DESCENDING,
    About,
    Choice,
    Draft,
    Query,
    named,
    wordings,
)
from envs_data.spider.schema import DATE, NUMBER, TEXT, Column, Table, words

_AGGREGATES = {exp.Count: "a count", exp.Sum: "a total", exp.Avg: "an average"}
_SORTABLE = (NUMBER, DATE, TEXT)
_LABELS = {"name", "title", "names", "titles"}


def _direction(flavour: str, direction: str) -> dict[str, Any]:
    return wordings()["direction"][flavour][direction]


def order_drafts(text: str, query: Query) -> Iterator[Draft | str]:
    terms = query.tree.args["order"].expressions
    if len(terms) != 1:
        return
    key, direction = terms[0].this, DESCENDING if terms[0].args.get("desc") else ASCENDING
    edited = edits.drop_direction(text)
    native = edits.orders_by(text) and not edits.has_direction(text)
    if edited is not None:
        yield _direction_draft("direction", edited, query, key)
    elif native:
        yield _direction_draft("native_direction", text, query, key)
    alone = len(query.tree.expressions) == 1
    sorted_text = edits.drop_sort_key(text, "ranked" if alone else "sorted")
    if sorted_text is None:
        return
    if alone and not _may_be_ranked(query, key):
        yield "sort_key: only one column is shown, which settles it"
    else:
        yield _sort_key_draft(sorted_text, query, key, direction, alone)


def _may_be_ranked(query: Query, key: exp.Expression) -> bool:
    """Whether a list of names has the order of a number, so that "ranked" cannot mean that of the names."""
    (shown,), found = query.shown, query.column(_unaliased(key, query.tree))
    named_so = shown is not None and bool(_LABELS & set(shown[1].phrase.split()))
    return named_so and found is not None and found[1].flavour == NUMBER


def _direction_draft(rule: str, text: str, query: Query, key: exp.Expression) -> Draft | str:
    if edits.names_two_keys(text):
        return f"{rule}: two sort keys"
    found, flavour = query.column(_unaliased(key, query.tree)), "number"
    if found is None:
        aggregate = next(
            (word for type_, word in _AGGREGATES.items() if isinstance(_unaliased(key, query.tree), type_)), ""
        )
        if not aggregate:
            return f"{rule}: sort key is neither a column nor a count, total or average"
        about, flavour = About(None, None, aggregate), "count" if aggregate == "a count" else "number"
    else:
        table, column = found
        about, flavour = About(table if named(table, text) else None, column), column.flavour
        if flavour not in (NUMBER, DATE):
            return f"{rule}: sort key has a direction of its own (names, codes, ranks)"
        if flavour == DATE and edits.is_chronological(text):
            return f"{rule}: in order of a date is chronological"
        if not edits.stems(column.phrase) & edits.stems(text):
            return f"{rule}: the question calls the sort key something else"
    choices = tuple(
        Choice(
            way,
            _direction(flavour, way)["gloss"],
            tuple(_direction(flavour, way)["cues"]),
            query.ordered(key, way),
            query.ordered(key, way, sqlite_nulls=True),
            flavour,
            _direction("number", way)["gloss"] if about.aggregate else "",
        )
        for way in (DESCENDING, ASCENDING)
    )
    cues = ("order", "direction", "sort order", "sort", "sorted", "which way")
    return Draft(rule, "presentation", "direction", "order", cues, text, about, query.tables, query.group, choices)


def _unaliased(key: exp.Expression, tree: exp.Select) -> exp.Expression:
    """What an ORDER BY key stands for: an output column's expression where it is its alias."""
    key = key.unnest() if isinstance(key, exp.Paren) else key
    if isinstance(key, exp.Column) and not key.table:
        for item in tree.expressions:
            if isinstance(item, exp.Alias) and item.alias.lower() == key.name.lower():
                key = item.this
    return key.this if isinstance(key, exp.AnyValue) else key


def _sort_key_draft(text: str, query: Query, key: exp.Expression, direction: str, ranked: bool) -> Draft | str:
    rule = "ranked" if ranked else "sort_key"
    found = query.column(_unaliased(key, query.tree))
    if found is None or found[1].flavour not in _SORTABLE:
        return f"{rule}: sort key is no sortable column"
    table, column = found
    if query.tree.args.get("group") or query.tree.args.get("distinct"):
        return f"{rule}: grouped or distinct rows"
    if not named(table, text):
        return f"{rule}: the question calls the table something else"
    if _has_rank(query):
        return f"{rule}: the schema has a rank of its own"
    others = _ranked_by(query, table, key) if ranked else _shown_columns(query, column)
    if not ranked and column not in [item[1] for item in query.shown if item]:
        return f"{rule}: the sort key is not shown"
    ways: list[tuple[Column, exp.Expression, str]] = [(column, key, direction)]
    ways += [
        (other, node, DESCENDING if ranked else ASCENDING) for other, node in others if other.phrase != column.phrase
    ]
    ways = ways[: 2 if column.flavour != TEXT and not ranked else 3]
    if len(ways) < 2:
        return f"{rule}: nothing else to sort by"
    if column.flavour != TEXT and not ranked:
        ways.append((column, key, ASCENDING if direction == DESCENDING else DESCENDING))
    about = About(table, word="ranked" if ranked else "sorted")
    cues = ("order", "sort", "sorted", "sort by", "sort order", "sort key", "sort them by", "column", "rank", "ranked",
            "ranking", "rank them by")  # fmt: skip
    choices = tuple(_by(query, by, node, way) for by, node, way in ways)
    return Draft(rule, "presentation", "sort_key", "order", cues, text, about, query.tables, query.group, choices)


def _shown_columns(query: Query, but: Column) -> list[tuple[Column, exp.Expression]]:
    """What else is shown and can be sorted by, numbers first."""
    shown = zip(query.shown, query.tree.expressions, strict=True)
    found = [(o[1], n.copy()) for o, n in shown if o and o[1].name != but.name and o[1].flavour in _SORTABLE]
    return sorted(found, key=lambda pair: _SORTABLE.index(pair[0].flavour))


def _has_rank(query: Query) -> bool:
    tables = [query.database.table(name) for name in query.tables]
    return any(re.search(r"\brank", f"{c.phrase} {words(c.name)}") for table in tables if table for c in table.columns)


def _ranked_by(query: Query, table: Table, key: exp.Expression) -> list[tuple[Column, exp.Expression]]:
    """What else rows may be ranked by: the table's other numbers."""
    return [
        (column, exp.column(column.name, table=key.table or None, quoted=not column.name.isidentifier()))
        for column in table.columns
        if column.flavour == NUMBER and column.name.lower() != key.name.lower()
    ]


def _by(query: Query, by: Column, node: exp.Expression, way: str) -> Choice:
    said = _direction(by.flavour, way)
    cues = [f"by {by.phrase} {cue}" for cue in said["cues"]] + [f"{by.phrase} {cue}" for cue in said["cues"]]
    cues += [f"by {by.phrase}", by.phrase, *(f"by {by.phrase} in {way} order", f"{by.phrase} in {way} order")]
    return Choice(
        f"{'_'.join(by.phrase.split())}_{way}",
        f"by {by.phrase}, {said['gloss']}",
        tuple(cues),
        query.ordered(node, way),
        query.ordered(node, way, sqlite_nulls=True),
        by.flavour,
    )
