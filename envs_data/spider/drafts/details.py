"""Drafts that leave open which columns: a list of them became "the details"."""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp

from envs_data.spider import edits
from envs_data.spider.drafts.base import About, Choice, Draft, Query, listing, relaxed

_MAX_COLUMNS = 15
_EVERY = (
    "every column", "all columns", "all the columns", "all of the columns", "everything", "all fields", "every field",
    "all the fields", "the whole row", "all details", "all the details", "all information", "all the information",
)  # fmt: skip
_SOME = ("only some columns", "some columns", "some of the columns", "a few columns")
_CUES = (
    "details", "information", "columns", "fields", "which details", "which information", "which columns", "column",
    "pieces of information",
)  # fmt: skip


def details_drafts(text: str, query: Query) -> Iterator[Draft | str]:
    shown = query.shown
    if len(shown) < 2 or any(item is None for item in shown) or query.tree.args.get("group"):
        return
    if len({table.name for table, _ in shown}) != 1:
        return
    table, columns = shown[0][0], [column for _, column in shown]
    said = edits.stems(" ".join(column.phrase for column in table.columns))
    word = next((word for word in ("details", "information") if edits.stem(word) not in said), None)
    alone = len(query.tables) == 1
    found = edits.list_to_details(text, [c.phrase for c in columns], table.phrase, word or "details", any_noun=alone)
    if found is None:
        return
    if word is None:
        yield "details: a column is called so"
        return
    if not len(columns) < len(table.columns) <= _MAX_COLUMNS:
        yield f"details: the table has no further column, or more than {_MAX_COLUMNS}"
        return
    edited, noun = found
    if noun and edits.stems(noun) & edits.stems(" ".join(t.phrase for t in query.database.tables if t is not table)):
        yield "details: what is listed has another table's name"
        return
    qualifier = query.tree.expressions[0].table
    whole = query.tree.copy()
    star = exp.Column(this=exp.Star(), table=exp.to_identifier(qualifier)) if qualifier else exp.Star()
    whole.set("expressions", [star])
    phrases = list(dict.fromkeys(column.phrase for column in columns))
    some = f"the {listing(phrases)}"
    listed = (some, listing(phrases), " ".join(phrases), f"only {some}", *_SOME)
    yield Draft(
        "details",
        "information",
        "details",
        "details",
        (word, *(cue for cue in _CUES if cue != word)),
        edited,
        About(table, word=word, noun=noun),
        query.tables,
        query.group,
        (
            Choice("listed", some, listed, relaxed(query.tree), query.tree.sql("duckdb")),
            Choice("all", "every column", _EVERY, relaxed(whole), whole.sql("duckdb")),
        ),
    )
