"""Drafts that leave open which of several columns with one noun: "selling price" became "price"."""

from __future__ import annotations

import re
from collections.abc import Iterator

from sqlglot import exp

from envs_data.spider import edits
from envs_data.spider.drafts.base import About, Choice, Draft, Query, named, relaxed
from envs_data.spider.schema import Column, Table

_UNFIT = frozenset((
    "id", "ids", "code", "codes", "key", "number", "available", "settled", "by", "in", "from", "to", "at", "percent",
    "flag", "details", "line", "no", "name", "names",
))  # fmt: skip
"""Nouns that are left alone. Beside a first and a last name, "name" means both: nobody need ask."""
_MAX_OPTIONS = 3


def head_drafts(text: str, query: Query) -> Iterator[Draft | str]:
    shown = [(item, found) for item, found in zip(query.tree.expressions, query.shown, strict=True) if found]
    for item, (table, column) in shown:
        head, family = _family(table, column)
        mine = [(i, f[1]) for i, f in shown if f[0] is table and f[1] in family]
        if len(family) < 2 or len(mine) > 1:
            continue
        edited = edits.name_to_head(text, modifier(column), head, [modifier(member) for member in family])
        if edited is not None:
            yield _draft(edited, head, table, item, column, family, query)


def modifier(column: Column) -> str:
    return column.phrase.rpartition(" ")[0]


def is_fit(head: str) -> bool:
    """Whether a column's last word may be a noun that stands for one of several columns."""
    return head not in _UNFIT


def _family(table: Table, column: Column) -> tuple[str, list[Column]]:
    """The noun of a column of two or more words, and the columns that share it; none where one is just the noun."""
    head = column.phrase.split()[-1]
    if (
        " " not in column.phrase
        or head in _UNFIT
        or any(c.phrase in (head, f"{table.singular} {head}") for c in table.columns)
    ):
        return head, []
    family = [
        c
        for c in table.columns
        if c.phrase.endswith(f" {head}") and not edits.stems(modifier(c)) & edits.stems(table.phrase)
    ]
    family = [c for c in family if not {"birth", "login"} & set(c.phrase.split())]
    if any("total" in c.phrase.split() for c in family):
        return head, []
    same = [c for c in family if c.type == column.type]
    return head, same if column in same else []


def _draft(
    text: str, head: str, table: Table, item: exp.Expression, mine: Column, family: list[Column], query: Query
) -> Draft | str:
    if not named(table, text):
        return "head: the question names no table"
    elsewhere = [c for part in _other_parts(query.tree) for c in part.find_all(exp.Column)]
    names = {member.name.lower() for member in family}
    if any(c.name.lower() in names for c in elsewhere):
        return "head: the column is used elsewhere"
    wanted = [mine, *(member for member in family if member is not mine)][:_MAX_OPTIONS]
    choices = [_choice(query, item, column) for column in wanted]
    return Draft(
        "head",
        "column",
        "head",
        head.replace(" ", "_"),
        (head, f"which {head}", f"kind of {head}", f"sort of {head}", f"type of {head}"),
        text,
        About(table, word=head),
        query.tables,
        query.group,
        tuple(choices),
    )


def _other_parts(tree: exp.Select) -> list[exp.Expression]:
    return [part for key in ("where", "having", "order", "group") if (part := tree.args.get(key)) is not None]


def _choice(query: Query, item: exp.Expression, column: Column) -> Choice:
    tree = query.tree.copy()
    at = next(i for i, other in enumerate(query.tree.expressions) if other is item)
    quoted = re.fullmatch(r"\w+", column.name) is None
    tree.expressions[at].replace(exp.column(column.name, table=item.table or None, quoted=quoted))
    gloss = f"the {column.phrase}"
    cues = (column.phrase, gloss, modifier(column), f"only {gloss}", f"just {gloss}", f"{column.phrase}s")
    return Choice("_".join(column.phrase.split()), gloss, cues, relaxed(tree), tree.sql("duckdb"))
