"""Which column a question names, and its gold statement for the column's halves.

A question serves a split only if its own words leave open which half is meant: the column's noun stands there,
without a word before or after it that would make another noun of it, and no word of it goes with one half.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

from sqlglot import exp

from envs_data.spider import edits
from envs_data.spider.schema import Database, Table
from envs_data.spider.splits import Splittable, singulars, table_of_splits
from envs_data.spider.transpile import Scope

Place = tuple[str, str]
"""A table and a column, in lower case."""

_TOKEN = re.compile(r"[^\W_]+|[^\w\s]")
_QUOTED = re.compile(r"\"[^\"]*\"|'[^']*'(?!\w)|“[^”]*”|‘[^’]*’")
_VERBS = frozenset(("list", "order", "total", "stock", "book", "land", "stage", "release", "issue", "draft", "exit"))
"""Halves that are also verbs or sums: they speak for a half only right before its noun."""
_SUMS = frozenset(("total", "sum", "summed", "overall", "altogether", "combined", "together"))


@cache
def _around(side: str) -> frozenset[str]:
    return frozenset(table_of_splits()[side]["words"])


class Statement:
    """A gold statement: where its columns come from, and which of them it compares with others."""

    def __init__(self, tree: exp.Expression, database: Database):
        self.tree, self.database = tree, database
        self.scope = Scope(database.types)
        self.places = {id(node): self._place(node) for node in tree.find_all(exp.Column)}
        self.used = frozenset(place for place in self.places.values() if place)
        self.tables = frozenset(table.name.lower() for table in tree.find_all(exp.Table))

    def _place(self, node: exp.Column) -> Place | None:
        name, select = node.name.lower(), node.find_ancestor(exp.Select)
        while select is not None:
            for alias, source in self.scope.sources(select):
                fits = not node.table or node.table.lower() == alias
                if fits and isinstance(source, exp.Table) and self.scope.source_kind(source, name) is not None:
                    return source.name.lower(), name
            select = select.find_ancestor(exp.Select)
        return None

    @property
    def simple(self) -> bool:
        """Whether it is one SELECT of named columns of real tables, so that a column can be exchanged."""
        tree = self.tree
        stars = any(not isinstance(star.parent, exp.Count) for star in tree.find_all(exp.Star))
        derived = any(isinstance(node.parent, exp.From | exp.Join) for node in tree.find_all(exp.Subquery))
        return isinstance(tree, exp.Select) and not stars and not derived and tree.find(exp.With) is None

    @property
    def joined(self) -> frozenset[Place]:
        """Columns that are compared with other columns: keys, whatever the schema says."""
        found: set[Place | None] = set()
        for node in self.tree.find_all(exp.EQ, exp.NEQ):
            sides = [self.places.get(id(_uncast(side))) for side in (node.left, node.right)]
            found |= set(sides) if all(sides) else set()
        for node in self.tree.find_all(exp.In):
            if (inner := node.args.get("query")) is not None:
                select = inner.unnest() if isinstance(inner, exp.Subquery) else inner
                shown = [item.unalias() for item in getattr(select, "expressions", [])]
                found |= {self.places.get(id(_uncast(side))) for side in (node.this, *shown)}
        for join in self.tree.find_all(exp.Join):
            names = {name.name.lower() for name in join.args.get("using") or []}
            found |= {(table, name) for table in self.tables for name in names}
        return frozenset(place for place in found if place)

    def exchanged(self, place: Place, new: str) -> exp.Expression:
        """The statement with another column in one column's place, under its own name wherever it is shown."""
        tree = self.tree.copy()
        nodes = zip(self.tree.find_all(exp.Column), list(tree.find_all(exp.Column)), strict=True)
        for node in [copy for original, copy in nodes if self.places[id(original)] == place]:
            shown = node.find_ancestor(exp.Alias)
            if shown is not None and isinstance(shown.parent, exp.Select) and shown.alias.lower() == place[1]:
                shown.set("alias", exp.to_identifier(new))
            node.set("this", exp.to_identifier(new))
        return tree

    @property
    def literals(self) -> list[str]:
        return [node.this for node in self.tree.find_all(exp.Literal) if node.is_string]


def _uncast(node: exp.Expression) -> exp.Expression:
    return _uncast(node.this) if isinstance(node, exp.Cast | exp.Paren) else node


def refusal(text: str, part: Splittable, statement: Statement) -> str | None:
    """Why a question does not leave the column's halves open; None where it does."""
    table = statement.database.table(part.table)
    noun, words = singulars(part.noun), singulars(text)
    places = [i for i in range(len(words) - len(noun) + 1) if words[i : i + len(noun)] == noun]
    if not places:
        return "the question does not name the column"
    if any(set(noun) <= set(singulars(value)) for value in statement.literals):
        return "the noun stands in a value"
    if part.split.parts and set(words) & _SUMS:
        return "a total of both halves may be meant"
    if _says_which(words, noun, part):
        return "the question's words fit one half"
    if any(_shares_noun(table, part, noun)):
        return "another column of the table has the noun too"
    others = {other for other in statement.used if other != (part.table.lower(), part.column.lower())}
    if any(noun[-1] in _nouns(statement.database, other) for other in others):
        return "the question uses another column with the noun"
    sums = statement.tree.find(exp.Sum) is not None
    if not _stands_free(text, noun, table, sums):
        return "the noun does not stand alone"
    if _nearer_to_another(text, noun, table, statement):
        return "the noun stands nearer to another table"
    if edits.orders_by(text) and not edits.has_direction(text):
        return "the question leaves the order open"
    return None


def _says_which(words: list[str], noun: list[str], part: Splittable) -> bool:
    said = set(words)
    roots = {_root(word) for word in said}
    for half in part.split.halves:
        if half in _VERBS:
            if any(words[i : i + 1 + len(noun)] == [half, *noun] for i in range(len(words))):
                return True
        elif edits.stem(half) in said or _root(half) in roots:
            return True
    return any(_root(word) in roots for word in part.split.unless)


def _root(word: str) -> str:
    """A word without its ending, so that "releases", "released" and "release" are one."""
    for ending in ("ing", "ed", "es", "e", "s"):
        if len(word) > len(ending) + 3 and word.endswith(ending):
            return word.removesuffix(ending)
    return word


def _shares_noun(table: Table, part: Splittable, noun: list[str]) -> Iterable[bool]:
    for column in table.columns:
        if column.name != part.column:
            said = set(singulars(column.phrase))
            yield noun[-1] in said or bool(said & {edits.stem(half) for half in part.split.halves})


def _nouns(database: Database, place: Place) -> list[str]:
    table = database.table(place[0])
    column = table.column(place[1]) if table else None
    return singulars(column.phrase)[-1:] if column else []


def _stands_free(text: str, noun: list[str], table: Table, sums: bool) -> bool:
    """Whether the noun's mentions stand alone, each outside quotes: no word beside one makes another noun of it."""
    text = _QUOTED.sub(lambda match: '"' + " x" * len(match.group().split()) + ' "', text)
    tokens = [token.lower() for token in _TOKEN.findall(text)]
    stems = [edits.stem(token) for token in tokens]
    own = set(singulars(table.phrase))
    places = [i for i in range(len(stems) - len(noun) + 1) if stems[i : i + len(noun)] == noun]
    for i in places:
        before, after = (tokens[i - 1] if i else ""), tokens[i + len(noun)] if i + len(noun) < len(tokens) else ""
        if before in _SUMS and not sums:
            return False
        started = before in ("", ".", "?", "!", "please") or (before in ("and", "then") and i < 2)
        if started and not (tokens[i + len(noun) - 1].endswith("s") or after == "of"):
            return False
        if not started and before.isalnum() and before not in _around("before") and edits.stem(before) not in own:
            return False
        if after.isalnum() and after not in _around("after"):
            return False
        if (after == "of" and tokens[i + len(noun) + 1 :][:1] == ["birth"]) or after in ("-", "/"):
            return False
    return bool(places)


def _nearer_to_another(text: str, noun: list[str], table: Table, statement: Statement) -> bool:
    """Whether a mention of the noun goes with rows of another table that has such a column too: "the names of
    products", "a product's name"."""
    said = singulars(text.replace("’", "'").replace("'s ", " "))
    own = singulars(table.phrase)[-1]
    others = [t for t in statement.database.tables if any(singulars(c.phrase)[-1:] == noun[-1:] for c in t.columns)]
    last = {singulars(t.phrase)[-1] for t in others} - {own}
    for i in (i for i in range(len(said) - len(noun) + 1) if said[i : i + len(noun)] == noun):
        if i and said[i - 1] in last:
            return True
        rest = said[i + len(noun) :]
        if rest[:1] and rest[0] in ("of", "for"):
            near = next((word for word in rest[1:6] if word in last or word == own), own)
            if near != own:
                return True
    return False


def keys(statements: Iterable[Statement]) -> frozenset[Place]:
    """The columns that any of a database's statements compares with another column."""
    return frozenset(place for statement in statements for place in statement.joined)
