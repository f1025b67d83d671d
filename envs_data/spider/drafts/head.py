"""Drafts that leave open which of several columns with one noun: "first name" became "name"."""

from __future__ import annotations

import re
from collections.abc import Iterator

from sqlglot import exp

from envs_data.spider import edits
from envs_data.spider.drafts.base import About, Choice, Draft, Query, named, relaxed
from envs_data.spider.schema import Column, Table

_UNFIT = frozenset((
    "id", "ids", "code", "codes", "key", "number", "available", "settled", "by", "in", "from", "to", "at", "percent",
    "flag", "details", "line", "no",
))  # fmt: skip
_PERSONAL = ("first", "last", "family", "personal", "given", "sur", "fore")
_PEOPLE = ("student", "member", "instructor", "candidate", "president", "author", "teacher", "professor", "advisor")
_MAX_OPTIONS = 3


def head_drafts(text: str, query: Query) -> Iterator[Draft | str]:
    shown = [(item, found) for item, found in zip(query.tree.expressions, query.shown, strict=True) if found]
    for item, (table, column) in shown:
        head, family = _family(table, column)
        mine = [(i, f[1]) for i, f in shown if f[0] is table and f[1] in family]
        if len(family) < 2 or mine[0][0] is not item or len(mine) > (2 if head == "name" else 1):
            continue
        modifiers = [_modifier(member) for _, member in mine]
        edited = edits.name_to_head(text, modifiers, head, [_modifier(member) for member in family])
        if edited is not None:
            yield _draft(edited, head, table, [member for _, member in mine], family, query)


def _modifier(column: Column) -> str:
    return column.phrase.rpartition(" ")[0]


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
        if c.phrase.endswith(f" {head}") and not edits.stems(_modifier(c)) & edits.stems(table.phrase)
    ]
    if head == "name":
        family = [c for c in family if _modifier(c).split()[-1] in _PERSONAL]
    family = [c for c in family if not {"birth", "login"} & set(c.phrase.split())]
    if any("total" in c.phrase.split() for c in family):
        return head, []
    same = [c for c in family if c.type == column.type]
    return head, same if column in same else []


def _draft(text: str, head: str, table: Table, mine: list[Column], family: list[Column], query: Query) -> Draft | str:
    noun = "" if named(table, text) else _person(text)
    if noun is None or (noun and head != "name"):
        return "head: the question names no table"
    elsewhere = [c for part in _other_parts(query.tree) for c in part.find_all(exp.Column)]
    names = {member.name.lower() for member in family}
    if any(c.name.lower() in names for c in elsewhere):
        return "head: the column is used elsewhere"
    single = [*mine, *(member for member in family if member not in mine)][:_MAX_OPTIONS]
    choices = [_choice(query, mine, [member], head) for member in single]
    pair = mine if len(mine) == 2 else _full(single)
    if head == "name" and pair and not query.tree.args.get("group"):
        choices = [_choice(query, mine, pair, head), *choices]
    return Draft(
        "head",
        "column",
        "head",
        head.replace(" ", "_"),
        (head, f"which {head}", f"kind of {head}", f"sort of {head}", f"type of {head}"),
        text,
        About(table, word=head, noun=noun),
        query.tables,
        query.group,
        tuple(choices),
    )


def _person(text: str) -> str | None:
    """What a question calls the people whose names it wants."""
    found = re.search(rf"\b({'|'.join(_PEOPLE)})s?\b", text, re.IGNORECASE)
    return found[1].lower() if found else None


def _other_parts(tree: exp.Select) -> list[exp.Expression]:
    return [part for key in ("where", "having", "order", "group") if (part := tree.args.get(key)) is not None]


def _full(family: list[Column]) -> list[Column]:
    """First and last name, in this order, where both are there."""
    found = {_modifier(column): column for column in family}
    for first, last in (("first", "last"), ("personal", "family"), ("given", "family"), ("fore", "sur")):
        if first in found and last in found:
            return [found[first], found[last]]
    return []


def _choice(query: Query, mine: list[Column], wanted: list[Column], head: str) -> Choice:
    tree, done = query.tree.copy(), False
    items = []
    for item, found in zip(tree.expressions, query.shown, strict=True):
        if found is None or found[1] not in mine:
            items.append(item)
        elif not done:
            done = True
            for column in wanted:
                items.append(
                    exp.column(column.name, table=item.table or None, quoted=not re.fullmatch(r"\w+", column.name))
                )
    tree.set("expressions", items)
    if len(wanted) == 2:
        both = f"the {_modifier(wanted[0])} and {wanted[1].phrase}"
        cues = (both, "both", f"full {head}", f"the full {head}", f"{wanted[0].phrase} and {wanted[1].phrase}",
                f"both {head}s", "both of them")  # fmt: skip
        return Choice("both", both, cues, relaxed(tree), tree.sql("duckdb"), note=f"the full {head}")
    (column,) = wanted
    gloss = f"the {column.phrase}"
    cues = (column.phrase, gloss, _modifier(column), f"only {gloss}", f"just {gloss}", f"{column.phrase}s")
    return Choice("_".join(column.phrase.split()), gloss, cues, relaxed(tree), tree.sql("duckdb"))
