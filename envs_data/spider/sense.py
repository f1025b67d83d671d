"""Whether a question's words speak against its gold SQL, where a look at both tells: Spider has such slips."""

from __future__ import annotations

import re
from collections.abc import Iterator

from sqlglot import exp

from envs_data.spider import edits
from envs_data.spider.schema import Database

_UP, _DOWN = "up", "down"
_ENDS = (
    (_UP, r"highest|largest|biggest|greatest|longest|tallest|heaviest|maximum|max|maximal|top|best|richest"),
    (_UP, r"most(?! (?:recent|common)\w*\b)"),
    (_DOWN, r"lowest|smallest|shortest|fewest|lightest|minimum|minimal|min|cheapest|poorest"),
    (_DOWN, r"least(?<!at least)"),
)
_OF_TIME = ((_UP, r"latest|newest|most recent\w*|youngest"), (_DOWN, r"earliest|oldest"))
_OF_AGE = ((_UP, r"oldest|eldest"), (_DOWN, r"youngest"))
_DIRECTIONS = ((_UP, r"descending|decreasing"), (_DOWN, r"ascending|increasing"))
_NOT = re.compile(
    r"\b(?:not|no|never|none|neither|nor|without|except\w*|exclud\w*|other than|cannot|lack\w*|miss\w*|but|only|yet"
    r"|un\w+|free|fail\w*|different|outside|nobody|any)\b|n['’]t\b",
    re.IGNORECASE,
)
_COUNTING = re.compile(r"(?:how many|(?:what (?:is|are)|find|count|show|give|return) the (?:total )?number of)\b", re.I)


def contradiction(text: str, tree: exp.Expression, database: Database) -> str | None:
    """What the SQL has against the question; None where nothing is seen."""
    shown = [item.sql("duckdb").lower() for item in tree.expressions] if isinstance(tree, exp.Select) else []
    if len(set(shown)) < len(shown):
        return "a column is shown twice"
    if (tree.find(exp.Except) or any(isinstance(i.parent, exp.Not) for i in tree.find_all(exp.In))) and not _NOT.search(
        text
    ):
        return "the SQL takes out what the question does not"
    if _COUNTING.match(text) and shown and not _counts(tree, database):
        return "the question counts, the SQL does not"
    ends = list(_ends(tree))
    if len(ends) == 1:
        (key, way) = ends[0]
        if _says(text, key, {_UP: _DOWN, _DOWN: _UP}[way], way):
            return "the SQL takes the other end"
        if _another(text, key, tree, database):
            return "the SQL sorts by something else"
    order = tree.args.get("order")
    if order and len(order.expressions) == 1 and not tree.args.get("limit"):
        way = _UP if order.expressions[0].args.get("desc") else _DOWN
        found = {said for said, words in _DIRECTIONS if re.search(rf"\b(?:{words})\b", text, re.IGNORECASE)}
        if found and way not in found:
            return "the SQL runs the other way"
    return None


def _ends(tree: exp.Expression) -> Iterator[tuple[exp.Expression, str]]:
    """Where a statement takes one end of an order: what it sorts by, and which end."""
    for select in tree.find_all(exp.Select):
        order = select.args.get("order")
        if order and select.args.get("limit"):
            term = order.expressions[0]
            yield term.this, _UP if term.args.get("desc") else _DOWN
    for node in tree.find_all(exp.Max, exp.Min, exp.ArgMax, exp.ArgMin):
        key = node.expression if isinstance(node, exp.ArgMax | exp.ArgMin) else node.this
        yield key, _UP if isinstance(node, exp.Max | exp.ArgMax) else _DOWN


def _says(text: str, key: exp.Expression, wrong: str, right: str) -> bool:
    """Whether a question asks for one end of an order, and not for the other."""
    column = key if isinstance(key, exp.Column) else key.find(exp.Column)
    name = column.name.lower() if column is not None else ""
    ends = list(_ENDS)
    if isinstance(key, exp.Column) and re.search(r"rank|position|place|grade", name):
        return False
    if isinstance(key, exp.Column) and re.search(r"(?:^|_)age(?:$|_)", name):
        ends += _OF_AGE
    elif isinstance(key, exp.Column) and re.search(r"date|year|birth|time|open|built|found|since", name):
        ends = [*_OF_TIME]
    found = {said for said, words in ends if re.search(rf"\b(?:{words})\b", text, re.IGNORECASE)}
    return found == {wrong}


def _another(text: str, key: exp.Expression, tree: exp.Expression, database: Database) -> bool:
    """Whether the noun after "highest" or the like is another column's, and not the key's."""
    if not isinstance(key, exp.Column):
        return False
    match = re.search(r"\b(?:highest|lowest|largest|smallest|greatest|maximum|minimum) ([a-z]+)", text, re.IGNORECASE)
    tables = [database.table(table.name) for table in tree.find_all(exp.Table)]
    columns = [column for table in tables if table for column in table.columns]
    own = [column for column in columns if column.name.lower() == key.name.lower()]
    if match is None or not own:
        return False
    said = edits.stems(match[1])
    others = [c for c in columns if c.phrase == match[1].lower()]
    return bool(others) and not any(edits.stems(c.phrase) & said for c in own)


def _counts(tree: exp.Expression, database: Database) -> bool:
    """Whether a statement shows a count, or a column that may hold one."""
    for item in tree.expressions:
        if item.find(exp.Count, exp.Sum):
            return True
        for node in item.find_all(exp.Column):
            found = [t.column(node.name) for n in tree.find_all(exp.Table) if (t := database.table(n.name))]
            if any(column and column.type in ("integer", "double") and not column.is_key for column in found):
                return True
    return False
