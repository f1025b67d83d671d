"""Drafts of ambiguous tasks: a person's question, edited or as it is, and the SQL of each of its readings.

The rules, by slot and kind:

- ``direction`` (presentation): the question sorts by something named, and no longer says which end comes first;
- ``native_direction``: it never said so, and nobody edited it;
- ``sort_key`` (presentation): it wants a sorted list, and no longer says by what;
- ``details`` (information): a list of columns became "the details".
"""

from __future__ import annotations

import dataclasses
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib import resources
from typing import Any

import sqlglot
from sqlglot import exp

from envs_data.spider import edits
from envs_data.spider.kept import Kept
from envs_data.spider.schema import DATE, NUMBER, TEXT, Column, Database, Table
from envs_data.spider.transpile import Scope

ASCENDING, DESCENDING = "ascending", "descending"
_MAX_COLUMNS = 10
_MAX_TEXT = 500
_AGGREGATES = {exp.Count: "a count", exp.Sum: "a total", exp.Avg: "an average"}


@cache
def wordings() -> dict[str, Any]:
    """The tables of ``wordings.toml``."""
    return tomllib.loads(resources.files("envs_data.spider").joinpath("wordings.toml").read_text("utf-8"))


@dataclasses.dataclass(frozen=True)
class Choice:
    """One way to fill the slot. ``check`` is the SQL that must give the same result as ``sql``; ``flavour`` is that
    of the column sorted by."""

    value: str
    gloss: str
    cues: tuple[str, ...]
    sql: str
    check: str
    flavour: str = ""


@dataclasses.dataclass(frozen=True)
class About:
    """What a settling note is about: a table, a column of it, or (``aggregate``) what any table's lists may be
    sorted by: "a count"."""

    table: Table | None
    column: Column | None = None
    aggregate: str = ""


@dataclasses.dataclass(frozen=True)
class Draft:
    """``sort`` is the slot's sort (direction, sort_key or details); ``tables`` are those the question is about, in
    lower case; ``group`` is the same for all questions whose gold SQL differs at most in its order."""

    rule: str
    kind: str
    sort: str
    slot: str
    slot_cues: tuple[str, ...]
    text: str
    about: About
    tables: tuple[str, ...]
    group: str
    choices: tuple[Choice, ...]


def drafts(kept: Kept, database: Database) -> Iterator[Draft | str]:
    """The drafts of one kept question; a str is the reason why a rule that began to fit gave none."""
    if len(kept.question.text) > _MAX_TEXT:
        return
    tree = sqlglot.parse_one(kept.sql, dialect="duckdb")
    if not isinstance(tree, exp.Select):
        return
    query = Query(tree, database)
    if tree.args.get("order") and not tree.args.get("limit"):
        yield from _order_drafts(kept.question.text, query)
    yield from _details(kept.question.text, query)


class Query:
    """A gold statement, and what its columns are in the database."""

    def __init__(self, tree: exp.Select, database: Database):
        self.tree, self.database = tree, database
        sources = [s for _, s in Scope(database.types).sources(tree)]
        self.aliases = {s.alias_or_name.lower(): s.name for s in sources if isinstance(s, exp.Table)}
        self.tables = tuple(dict.fromkeys(table.name.lower() for table in tree.find_all(exp.Table)))
        self.plain = len(sources) == len(self.aliases) == 1
        """Whether the outermost FROM is one table."""
        unordered = tree.copy()
        unordered.set("order", None)
        self.group = f"{database.id}:{unordered.sql('duckdb').lower()}"

    def column(self, node: exp.Expression) -> tuple[Table, Column] | None:
        """The table and column that a plain column of the outermost SELECT names."""
        if not isinstance(node, exp.Column) or isinstance(node.this, exp.Star):
            return None
        for alias, name in self.aliases.items():
            table = self.database.table(name)
            if table and (not node.table or node.table.lower() == alias) and (column := table.column(node.name)):
                return table, column
        return None

    @property
    def shown(self) -> list[tuple[Table, Column] | None]:
        return [self.column(item) for item in self.tree.expressions]

    def ordered(self, key: exp.Expression, direction: str, *, sqlite_nulls: bool = False) -> str:
        """The statement ordered by one key; NULLs where DuckDB puts them, or where SQLite does."""
        term = exp.Ordered(this=key.copy(), desc=direction == DESCENDING, nulls_first=False)
        tree = self.tree.copy()
        tree.set("order", exp.Order(expressions=[term]))
        text = relaxed(tree)
        return f"{text} NULLS {'LAST' if direction == DESCENDING else 'FIRST'}" if sqlite_nulls else text


def relaxed(tree: exp.Expression) -> str:
    """The statement with NULLs where DuckDB puts them: nobody who asks in words says where they go."""
    tree = tree.copy()
    for term in tree.find_all(exp.Ordered):
        term.set("nulls_first", False)
    return tree.sql("duckdb")


def _direction(flavour: str, direction: str) -> dict[str, Any]:
    return wordings()["direction"][flavour][direction]


# ---------------------------------------------------------------- order


def _order_drafts(text: str, query: Query) -> Iterator[Draft | str]:
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
    if (sorted_text := edits.drop_sort_key(text)) is not None:
        yield _sort_key_draft(sorted_text, query, key, direction)


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
        about, flavour = About(table, column), column.flavour
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


def _sort_key_draft(text: str, query: Query, key: exp.Expression, direction: str) -> Draft | str:
    found = query.column(key)
    if not query.plain or found is None or found[1].flavour not in (NUMBER, DATE, TEXT):
        return "sort_key: sort key is no sortable column of a single table"
    table, column = found
    if len(query.tree.expressions) < 2:
        return "sort_key: only one column is shown, which settles it"
    if query.tree.args.get("group") or query.tree.args.get("distinct"):
        return "sort_key: grouped or distinct rows"
    if not edits.stems(table.phrase.split()[-1]) & edits.stems(text):
        return "sort_key: the question calls the table something else"
    ways: list[tuple[Column, exp.Expression, str]] = [(column, key, direction)]
    for item, other in zip(query.tree.expressions, query.shown, strict=True):
        if other is None:
            return "sort_key: shows more than plain columns"
        if other[1].name != column.name and other[1].flavour in (NUMBER, DATE, TEXT) and len(ways) < 2:
            ways.append((other[1], item.copy(), ASCENDING))
    if len(ways) < 2:
        return "sort_key: nothing else to sort by"
    if column.flavour != TEXT:
        ways.append((column, key, ASCENDING if direction == DESCENDING else DESCENDING))
    choices = []
    for by, node, way in ways:
        words = _direction(by.flavour, way)
        cues = [f"by {by.phrase} {cue}" for cue in words["cues"]] + [f"{by.phrase} {cue}" for cue in words["cues"]]
        cues += [f"by {by.phrase}", by.phrase, *(f"by {by.phrase} in {way} order", f"{by.phrase} in {way} order")]
        gloss = f"by {by.phrase}, {words['gloss']}"
        choices.append(
            Choice(
                f"{'_'.join(by.phrase.split())}_{way}",
                gloss,
                tuple(cues),
                query.ordered(node, way),
                query.ordered(node, way, sqlite_nulls=True),
                by.flavour,
            )
        )
    cues = ("order", "sort", "sorted", "sort by", "sort order", "sort key", "sort them by", "column")
    return Draft(
        "sort_key",
        "presentation",
        "sort_key",
        "order",
        cues,
        text,
        About(table),
        query.tables,
        query.group,
        tuple(choices),
    )


# ---------------------------------------------------------------- details


def listing(names: list[str], last: str = "and") -> str:
    return f" {last} ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else names[0]


def _details(text: str, query: Query) -> Iterator[Draft | str]:
    shown = query.shown
    if len(shown) < 2 or any(item is None for item in shown) or query.tree.args.get("group"):
        return
    tables = {table.name for table, _ in shown}
    if len(tables) != 1:
        return
    table, columns = shown[0][0], [column for _, column in shown]
    edited = edits.list_to_details(text, [column.phrase for column in columns], table.phrase)
    if edited is None:
        return
    if any(word in edits.stems(column.phrase) for column in table.columns for word in ("detail", "information")):
        yield "details: a column is called so"
        return
    if not len(columns) < len(table.columns) <= _MAX_COLUMNS:
        yield f"details: the table has no further column, or more than {_MAX_COLUMNS}"
        return
    qualifier = query.tree.expressions[0].table
    whole = query.tree.copy()
    star = exp.Column(this=exp.Star(), table=exp.to_identifier(qualifier)) if qualifier else exp.Star()
    whole.set("expressions", [star])
    phrases = [column.phrase for column in columns]
    some = f"the {listing(phrases)}"
    listed = (
        some,
        listing(phrases),
        " ".join(phrases),
        f"only {some}",
        "only some columns",
        "some columns",
        "some of the columns",
        "a few columns",
    )
    every = ("every column", "all columns", "all the columns", "all of the columns", "everything", "all fields",
             "every field", "all the fields", "the whole row", "all details", "all the details")  # fmt: skip
    yield Draft(
        "details",
        "information",
        "details",
        "details",
        ("details", "columns", "fields", "which details", "which columns", "column", "pieces of information"),
        edited,
        About(table),
        query.tables,
        query.group,
        (
            Choice("listed", some, listed, relaxed(query.tree), query.tree.sql("duckdb")),
            Choice("all", "every column", every, relaxed(whole), whole.sql("duckdb")),
        ),
    )
