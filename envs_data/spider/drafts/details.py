"""Drafts that leave open which columns: a list of them became "the details"."""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence

from sqlglot import exp

from envs_data.spider import edits
from envs_data.spider.drafts.base import About, Choice, Draft, Query, listing, relaxed
from envs_data.spider.schema import Column

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


def tells_something(columns: Sequence[Column], labels: Container[Column], given: Container[str] = ()) -> bool:
    """Whether columns are what somebody may call the details: a label, and at least one thing that is no key and that
    the request does not give itself."""
    rest = [c for c in columns if not c.is_key and not c.is_label and c.name.lower() not in given]
    return bool(rest) and any(c in labels for c in columns)


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
    given = {c.name.lower() for node in query.tree.find_all(exp.EQ, exp.Like) for c in node.find_all(exp.Column)}
    if not tells_something(columns, table.labels, given):
        yield "details: the list holds no label with something beside"
        return
    if all(c in columns or c.is_key or c.is_label or c.name.lower() in given for c in table.columns):
        yield "details: every column adds but keys, or what the request gives"
        return
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
