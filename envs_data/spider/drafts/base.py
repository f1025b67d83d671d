"""What a draft of an ambiguous task is, and a gold statement as the rules read it."""

from __future__ import annotations

import dataclasses
import tomllib
from functools import cache
from importlib import resources
from typing import Any

from sqlglot import exp

from envs_data.spider import edits
from envs_data.spider.schema import Column, Database, Table, one_of, plural
from envs_data.spider.transpile import Scope

ASCENDING, DESCENDING = "ascending", "descending"


@cache
def wordings() -> dict[str, Any]:
    """The tables of ``wordings.toml``."""
    return tomllib.loads(resources.files("envs_data.spider").joinpath("wordings.toml").read_text("utf-8"))


@dataclasses.dataclass(frozen=True)
class Choice:
    """One way to fill the slot.

    ``check``, and each of ``checks``, is SQL that must give the same result as ``sql``; ``flavour`` is that of the
    column sorted by. ``note`` is how a note says it, where not by the gloss. An ``optional`` choice that gives no
    result of its own costs only itself. ``among`` is SQL that counts the rows it takes and all it takes from: it must
    take some, and leave at least ``left``.
    """

    value: str
    gloss: str
    cues: tuple[str, ...]
    sql: str
    check: str
    flavour: str = ""
    note: str = ""
    checks: tuple[str, ...] = ()
    optional: bool = False
    among: str = ""
    left: int = 0

    @property
    def said(self) -> str:
        return self.note or self.gloss


@dataclasses.dataclass(frozen=True)
class About:
    """What a settling note is about: a table, a column of it, or (``aggregate``) what any table's lists may be
    sorted by: "a count". ``word`` is the request's open word ("details", "name", "an old {T}"), ``noun`` what the
    request calls a row of the table, where it is not the table's name."""

    table: Table | None
    column: Column | None = None
    aggregate: str = ""
    word: str = ""
    noun: str = ""

    @property
    def names(self) -> dict[str, str]:
        """The words that a note's wording may use, but for the option and the columns."""
        if self.noun or self.table is None:
            one, several = one_of(self.noun), plural(self.noun)
        else:
            one, several = self.table.one, self.table.plural
        return {
            "T": one,
            "Ts": several,
            "k": self.aggregate or (self.column.phrase if self.column else ""),
            "w": self.word.format(T=one, Ts=several),
        }


@dataclasses.dataclass(frozen=True)
class Draft:
    """``sort`` is the slot's sort, by which notes, questions and replies are worded; ``tables`` are those the
    question is about, in lower case; ``group`` is the same for all questions whose gold SQL differs at most in its
    order."""

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

    def anywhere(self, node: exp.Column) -> tuple[Table, Column] | None:
        """The table and column that a column names anywhere in the statement, subqueries included."""
        for source in self.tree.find_all(exp.Table):
            table = self.database.table(source.name)
            named_so = not node.table or node.table.lower() == source.alias_or_name.lower()
            if table and named_so and (column := table.column(node.name)) is not None:
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


def listing(names: list[str], last: str = "and") -> str:
    return f" {last} ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else names[0]


def edited_tree(tree: exp.Select, change) -> exp.Select:
    """A copy of a statement, changed in place by ``change``."""
    copy = tree.copy()
    change(copy)
    return copy


def counting(part: exp.Select, whole: exp.Select) -> str:
    """SQL for how many rows each of two statements gives."""
    counts = (f"(SELECT COUNT(*) FROM ({tree.sql('duckdb')}))" for tree in (part, whole))
    return f"SELECT {', '.join(counts)}"


def named(table: Table, text: str) -> bool:
    """Whether a question calls a table by the last word of its name."""
    return bool(edits.stems(table.phrase.split()[-1]) & edits.stems(text))
