"""Drafts that leave the kind of average open: a mean, a median, or the most common value."""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp

from envs_data.spider import edits
from envs_data.spider.drafts.base import About, Choice, Draft, Query, edited_tree, named, relaxed
from envs_data.spider.schema import Column

_CUES = (
    "typical", "kind of average", "type of average", "sort of average", "measure", "typical value",
    "how to average", "what counts as typical",
)  # fmt: skip
# Not "mean" alone, which stands in every "do you mean".
_MEAN = (
    "a mean",
    "the mean",
    "average",
    "the average",
    "arithmetic mean",
    "mean value",
    "average value",
    "usual average",
)
_MEDIAN = ("median", "the median", "middle value", "the middle value", "median value", "value in the middle")
_MODE = (
    "mode", "the mode", "most common", "most common value", "most frequent", "most frequent value", "the most frequent",
    "commonest value",
)  # fmt: skip


def typical_drafts(text: str, query: Query) -> Iterator[Draft | str]:
    averages = list(query.tree.find_all(exp.Avg))
    edited = edits.average_to_typical(text)
    if edited is None or not averages:
        return
    found = next((f for average in averages if (f := _column(query, average)) is not None), None)
    if found is None:
        yield "typical: not the average of a column"
        return
    if len({node.this.sql("duckdb").lower() for node in averages}) > 1:
        yield "typical: averages of two columns"
        return
    table, column = found
    if not column.is_measure:
        yield "typical: no measure"
        return
    if _another_fits(edited, column, query):
        yield "typical: the question's words fit another column better"
        return
    words = edits.stems(" ".join(c.phrase for name in query.tables for c in query.database.table(name).columns))
    if words & edits.stems("average mean typical median"):
        yield "typical: a column is called so"
        return
    if edits.stems(column.phrase) & edits.stems("latitude longitude lat long"):
        yield "typical: a place has no typical coordinate"
        return
    if not edits.stems(column.phrase) & edits.stems(edited):
        yield "typical: the question calls the column something else"
        return
    about = About(table if named(table, edited) else None, column, word="typical")
    tree = query.tree

    def averaged(make) -> str:
        return relaxed(
            edited_tree(tree, lambda copy: [node.replace(make(node.this)) for node in copy.find_all(exp.Avg)])
        )

    def mode(*order: str) -> str:
        """MODE as SQL text; with an order, which of several equally common values it gives is fixed."""
        holder = edited_tree(tree, lambda copy: None)
        for node in list(holder.find_all(exp.Avg)):
            value = node.this.sql("duckdb")
            by = f" ORDER BY {value} {order[0]}" if order else ""
            node.replace(exp.column(exp.to_identifier(f"MODE({value}{by})", quoted=False)))
        return relaxed(holder)

    mean, median = relaxed(tree), averaged(lambda value: exp.Median(this=value.copy()))
    yield Draft(
        "typical",
        "aggregate",
        "typical",
        "average",
        _CUES,
        edited,
        about,
        query.tables,
        query.group,
        (
            Choice("mean", "the mean", _MEAN, mean, tree.sql("duckdb")),
            Choice("median", "the median", _MEDIAN, median, median),
            Choice("mode", "the most common value", _MODE, mode(), mode("ASC"), checks=(mode("DESC"),), optional=True),
        ),
    )


def _another_fits(text: str, mine: Column, query: Query) -> bool:
    """Whether a question holds more of another column's words: "amount claimed", for the amount settled."""
    said = edits.stems(text)
    own = edits.stems(mine.phrase) & said
    columns = [c for name in query.tables for c in query.database.table(name).columns if c.name != mine.name]
    return any(own < edits.stems(c.phrase) & said for c in columns if edits.stems(c.phrase) & edits.stems(mine.phrase))


def _column(query: Query, average: exp.Avg):
    """The table and column averaged; a text column is cast before it is."""
    inner = average.this
    columns = list(inner.find_all(exp.Column))
    if not columns or len({column.name.lower() for column in columns}) != 1:
        return None
    if isinstance(inner, exp.Column | exp.Case | exp.If):
        return query.anywhere(columns[0])
    return None
