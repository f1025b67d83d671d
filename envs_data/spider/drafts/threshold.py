"""Drafts that leave a limit open: "older than 30" became "old", "more than 5 cars" became "many cars"."""

from __future__ import annotations

import re
from collections.abc import Iterator

from sqlglot import exp

from envs_data.spider import edits
from envs_data.spider.drafts.base import About, Choice, Draft, Query, counting, edited_tree, named, relaxed
from envs_data.spider.schema import DATE, NUMBER, Column, Table, plural, singular

_ABOVE = {exp.GT: True, exp.GTE: True, exp.LT: False, exp.LTE: False}
_WORDS = {exp.GT: "above", exp.GTE: "at least", exp.LT: "below", exp.LTE: "at most"}
_COUNT_WORDS = {exp.GT: "more than", exp.GTE: "at least", exp.LT: "fewer than", exp.LTE: "at most"}
_YEAR_WORDS = {exp.GT: "after", exp.GTE: "since", exp.LT: "before", exp.LTE: "up to"}
_SAME = {
    "above": ("over", "more than", "higher than", "greater than", "larger than", "older than", "longer than"),
    "more than": ("over", "above"),
    "at least": ("from", "no less than"),
    "below": ("under", "less than", "lower than", "smaller than", "younger than", "shorter than"),
    "fewer than": ("under", "less than", "below"),
    "at most": ("up to", "no more than"),
    "after": ("later than", "from after"),
    "since": ("from", "after"),
    "before": ("earlier than", "prior to"),
    "up to": ("until", "before"),
}
_SIZES = 50
_LEAST_LEFT = 2
"""Rows that a limit must leave out: one that takes all but one is none."""
_COUNTS = (1, 2, 3, 4, 5, 10, 20, 50, 100, 500, 1000, 5000)


def threshold_drafts(text: str, query: Query) -> Iterator[Draft | str]:
    for part in ("where", "having"):
        clause = query.tree.args.get(part)
        for node in clause.find_all(*_ABOVE) if clause is not None else ():
            if not isinstance(node.expression, exp.Literal) or node.find_ancestor(exp.Select) is not query.tree:
                continue
            drafted = _draft(text, query, node)
            if drafted is not None:
                yield drafted
                return


def _draft(text: str, query: Query, node: exp.Expression) -> Draft | str | None:
    value, above = node.expression.this, _ABOVE[type(node)]
    if isinstance(node.this, exp.Count):
        if (found := edits.count_limit(text, value, above)) is None:
            return None
        if isinstance(node, exp.GTE) and value == "1":
            return "threshold: at least one is not many"
        return _many(found, query, node, value)
    if (owner := query.column(node.this)) is None:
        return None
    table, column = owner
    if column.flavour == DATE or re.fullmatch(r"1[7-9]\d\d|20\d\d", value):
        found = None if " " in value else edits.year_limit(text, value, above)
        return None if found is None else _years(found, query, node, table, column, value)
    if re.fullmatch(r"\d+(?:\.\d+)?", value) is None:
        return None
    if (found := edits.column_limit(text, value, above, column.phrase)) is not None:
        if not column.is_measure:
            return "threshold: no measure"
        return _column(found, query, node, table, column, value)
    if (found := edits.count_limit(text, value, above)) is not None:
        return _many(found, query, node, value, column)
    return None


def _column(
    found: tuple[str, str], query: Query, node: exp.Expression, table: Table, column: Column, value: str
) -> Draft | str:
    edited, word = found
    values = _near(value, _said(column, _ABOVE[type(node)]))
    if edits.kind_of(column.phrase) == "age":
        if not named(table, edited):
            return "threshold: the question calls the table something else"
        about = About(table, column, word=edits.with_article(word, "{T}"))
    else:
        about = About(table if named(table, edited) else None, column, word=edits.with_article(word, column.phrase))
    glosses = {v: f"{column.phrase} {_WORDS[type(node)]} {v}" for v in values}
    return _made(edited, word, about, query, node, glosses, _WORDS[type(node)])


def _many(
    found: tuple[str, str], query: Query, node: exp.Expression, value: str, column: Column | None = None
) -> Draft | str:
    edited, word = found
    match = re.search(rf"\b{word} (?P<noun>(?:[\w'-]+ ){{0,2}}?[\w'-]*[^s\W]s|people|staff)\b", edited, re.IGNORECASE)
    if match is None:
        return "threshold: what is counted has no name"
    noun = re.sub(r"^(?:distinct|different) ", "", match["noun"].lower())
    kinds = re.search(rf"\b{word} (?:(?:types?|kinds?|sorts?) of|distinct|different) ", edited, re.IGNORECASE)
    if kinds and column is None and node.this.find(exp.Distinct) is None:
        return "threshold: the SQL counts what is not asked for"
    if column is not None and not edits.stems(noun) & edits.stems(column.phrase):
        return "threshold: the question calls the column something else"
    near = sorted((n for n in _COUNTS if str(n) != value), key=lambda n: abs(n - float(value)) / (n + float(value)))
    near = [n for n in near if n > 1 or not _ABOVE[type(node)]]
    values = [value, *(str(n) for n in near[:6])]
    if column is not None:
        values = _near(value, _said(column, _ABOVE[type(node)]))
    glosses = {v: f"{_COUNT_WORDS[type(node)]} {v}" for v in values}
    about = About(None, word=f"{word} {plural(singular(noun))}")
    return _made(edited, word, about, query, node, glosses, _COUNT_WORDS[type(node)])


def _years(
    found: tuple[str, str], query: Query, node: exp.Expression, table: Table, column: Column, value: str
) -> Draft | str:
    edited, word = found
    if column.flavour == NUMBER and not re.search(r"year|date|open|found|made|built", column.phrase):
        return "threshold: no year"
    rest = "-01-01" if re.fullmatch(r"\d{4}-\d\d-\d\d.*", value) else ""
    values = [value, *(f"{year}{rest}" for year in _said(column, _ABOVE[type(node)], years=True))]
    glosses = {v: f"{_YEAR_WORDS[type(node)]} {v}" for v in values}
    about = About(table, column, word=f"{word} of {{Ts}}") if named(table, edited) else About(None, column, word=word)
    return _made(edited, word, about, query, node, glosses, _YEAR_WORDS[type(node)])


def _made(
    edited: str, word: str, about: About, query: Query, node: exp.Expression, glosses: dict[str, str], op: str
) -> Draft | str:
    if len(glosses) < 2:
        return "threshold: no other limit"
    cues = (
        word,
        "threshold",
        "cutoff",
        "limit",
        f"counts as {word}",
        "how many",
        f"how {word}",
        about.word,
        "from when",
    )
    same = [n for n in query.tree.find_all(type(node)) if n == node]
    if len(same) != 1:
        return "threshold: the limit stands twice in the SQL"
    choices = tuple(_choice(query, node, value, gloss, op) for value, gloss in glosses.items())
    return Draft(
        "threshold", "population", "threshold", "threshold", cues, edited, about, query.tables, query.group, choices
    )


def _choice(query: Query, node: exp.Expression, value: str, gloss: str, op: str) -> Choice:
    def limited(copy: exp.Select) -> None:
        for other in copy.find_all(type(node)):
            if other == node:
                literal = exp.Literal.string(value) if node.expression.is_string else exp.Literal.number(value)
                other.set("expression", literal)

    tree = edited_tree(query.tree, limited)
    cues = (f"{op} {value}", value, *(f"{other} {value}" for other in _SAME[op]))
    name = f"{op.replace(' ', '_')}_{re.sub(r'[^0-9A-Za-z]', '_', value)}"
    among = counting(_rows(tree), _rows(edited_tree(query.tree, lambda copy: _replaced(copy, node, exp.true()))))
    return Choice(name, gloss, cues, relaxed(tree), tree.sql("duckdb"), optional=True, among=among, left=_LEAST_LEFT)


def _replaced(tree: exp.Select, node: exp.Expression, new: exp.Expression) -> None:
    for other in list(tree.find_all(type(node))):
        if other == node:
            other.replace(new)


def _rows(tree: exp.Select) -> exp.Select:
    """The rows, or the groups, that a statement's limit is about, whatever is shown of them."""
    rows = tree.copy()
    for part in ("order", "limit", "distinct"):
        rows.set(part, None)
    rows.set("expressions", [exp.Literal.number(1)])
    return rows


def _said(column: Column, above: bool, years: bool = False) -> list[str]:
    """Quantiles of the column as people would say them, the most usual limit first."""
    found = [column.quantiles[i] for i in ((3, 2, 4) if above else (1, 2, 0))] if column.quantiles else []
    return list(dict.fromkeys(rounded(value, years) for value in found))


def _near(value: str, others: list[str]) -> list[str]:
    """A limit and those others that people might mean by the same word: none of quite another size."""
    gold = abs(float(value)) or 1.0
    return [value, *(other for other in others if gold / _SIZES <= abs(float(other)) <= gold * _SIZES)]


def rounded(value: float, years: bool = False) -> str:
    """A number with one or two digits that count: 37 -> 35, 1234 -> 1200; years to a five."""
    if years:
        return str(round(value / 5) * 5)
    if value == 0:
        return "0"
    if abs(value) < 10:
        return f"{round(value * 2) / 2:g}" if abs(value) >= 1 else f"{value:.1g}"
    size = 10 ** (len(str(int(abs(value)))) - 2)
    step = 5 * size if abs(value) < 100 * size and size == 1 else size
    return str(int(round(value / step) * step))
