"""Requests over any described database: each pattern leaves one slot open and knows every way to fill it.

A *draft* is a request text with an open slot, and per choice of that slot the SQL, the gloss and the
same request with the slot spelled out. The builder turns drafts into twins; the recipe of the base
model draws spelled-out requests from the same patterns over random schemas.
"""

from __future__ import annotations

import dataclasses
import random
import re
import tomllib
from collections.abc import Callable, Sequence
from functools import cache
from importlib import resources
from typing import Any, Protocol

from envs_data.ambigsql.spec import Column, Condition, Database, Head, Table, Term

NUMERIC = ("INTEGER", "BIGINT", "DOUBLE", "DECIMAL", "FLOAT", "SMALLINT")
FEW = ("3", "5", "10")
PERIODS = ("month", "quarter", "year")
DIRECTIONS = ("descending", "ascending")


@cache
def wordings() -> dict[str, Any]:
    """The tables of ``wordings.toml``."""
    return tomllib.loads(resources.files("envs_data.ambigsql").joinpath("wordings.toml").read_text("utf-8"))


class Values(Protocol):
    """Where a request's literals come from: the data itself, or a random schema's make-believe."""

    def of(self, table: Table, column: Column, rng: random.Random) -> Any:
        """A value of a column, or None where it has none to offer."""


@dataclasses.dataclass(frozen=True)
class Choice:
    """One way to fill the open slot. ``gloss`` is how notes and replies put it, ``offer`` how a question does."""

    value: str
    gloss: str
    offer: str
    whole: str
    sql: str


@dataclasses.dataclass(frozen=True)
class Draft:
    """``sort`` is the slot's sort: head, term, order, few or period; ``word`` the open word, if any."""

    pattern: str
    kind: str
    sort: str
    table: Table
    word: str
    text: str
    choices: tuple[Choice, ...]

    @property
    def target(self) -> tuple[str, str, str]:
        """What a settling note would be about."""
        return (self.sort, self.table.name, self.word)


def is_number(column: Column) -> bool:
    return column.type.upper().split("(")[0] in NUMERIC


def literal(value: Any) -> str:
    """A value as a SQL literal."""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int | float):
        return f"{value:g}" if isinstance(value, float) and abs(value) < 1e6 else str(value)
    return "'" + str(value).replace("'", "''") + "'"


def spoken(value: Any) -> str:
    return literal(value) if isinstance(value, int | float) else str(value)


def where(column: Column | str, op: str, value: Any) -> str:
    name = column if isinstance(column, str) else column.name
    return f" WHERE {name} {op} {literal(value)}"


def condition_gloss(table: Table, condition: Condition, rng: random.Random) -> str:
    """A condition in words: "floor area above 800"."""
    if condition.gloss:
        return condition.gloss
    column = table.column(condition.column)
    key = "compare_date" if column.role == "date" else "compare"
    return f"{column.phrase} " + rng.choice(wordings()["parts"][key][condition.op]).format(v=spoken(condition.value))


def listing(offers: Sequence[str]) -> str:
    """ "a or b"; "a, b or c"."""
    return " or ".join([", ".join(offers[:-1]), offers[-1]]) if len(offers) > 1 else offers[0]


def naming(draft: Draft, rng: random.Random) -> dict[str, str]:
    """What a wording about a draft's open slot may name: the word, the table, and the choices in any order."""
    offers = [choice.offer for choice in draft.choices]
    rng.shuffle(offers)
    return {"w": draft.word, "T": draft.table.singular, "Ts": draft.table.plural, "a": listing(offers)}


def replies(draft: Draft, choice: Choice) -> tuple[str, ...]:
    """What users say who mean this choice, in every wording."""
    key = f"order_{choice.value}" if draft.sort == "order" else draft.sort
    texts = (tidy(text.format(d=choice.gloss, w=draft.word)) for text in wordings()["replies"][key])
    return tuple(text[0].upper() + text[1:] for text in texts)


def tidy(text: str) -> str:
    """A filled wording with its spaces, commas and articles put right."""
    text = re.sub(r"\s*,[\s,]*", ", ", " ".join(text.split()))
    text = re.sub(r",?\s*([?.])$", r"\1", text).removesuffix(", ")
    return re.sub(r"\b([Aa]) (?=[aeiouAEIOU])", r"\1n ", text)


def casual(text: str, rng: random.Random) -> str:
    """The same request as a hurried person types it, in about every third case."""
    draw = rng.random()
    if draw < 0.15:
        text = text[0].lower() + text[1:]
    elif draw < 0.3:
        text = text[0].upper() + text[1:]
    if draw > 0.85:
        text = text.rstrip("?.")
    return text


@dataclasses.dataclass(frozen=True)
class _Frame:
    """A pattern's wording with everything said but the slot; ``slot`` is the placeholder left open."""

    wording: str
    fill: dict[str, str]
    slot: str
    noise: int

    def text(self, mention: str) -> str:
        text = tidy(self.wording.format(**{**self.fill, self.slot: mention}))
        return casual(text, random.Random(self.noise))


class Scene:
    """One table of one database, with the seeded choices that its requests need."""

    def __init__(self, database: Database, table: Table, values: Values, rng: random.Random):
        self.database, self.table, self.values, self.rng = database, table, values, rng

    def frame(self, pattern: str, slot: str, **fill: str) -> _Frame:
        names = {"T": self.table.singular, "Ts": self.table.plural, "f": ""}
        wording = self.rng.choice(wordings()["requests"][pattern]["wordings"])
        return _Frame(wording, {**names, **fill}, slot, self.rng.getrandbits(32))

    def pick(self, columns: Sequence[Column]) -> Column | None:
        return self.rng.choice(columns) if columns else None

    def category(self) -> Column | None:
        return self.pick(self.table.with_role("category"))

    def measures(self) -> list[Column]:
        return [column for column in self.table.with_role("measure") if is_number(column)]

    def sortable(self) -> list[Column]:
        return self.measures() + list(self.table.with_role("date"))

    def filter(self, share: float = 0.4) -> tuple[str, str]:
        """A filter on a category as (words, SQL), both empty where none is drawn."""
        column = self.category()
        if column is None or self.rng.random() >= share:
            return "", ""
        value = self.values.of(self.table, column, self.rng)
        if value is None:
            return "", ""
        words = self.rng.choice(wordings()["parts"]["filters"]).format(k=column.phrase, v=value)
        return words, where(column, "=", value)

    def extreme(self, column: Column) -> tuple[str, str]:
        """A superlative and its direction."""
        most, least = ("latest", "earliest") if column.role == "date" else ("most", "least")
        down = self.rng.random() < 0.7
        return self.rng.choice(wordings()["parts"][most if down else least]), "DESC" if down else "ASC"


Maker = Callable[[Scene], tuple[_Frame, Callable[[Column], str]] | None]


def _head_makers(scene: Scene, columns: Sequence[Column]) -> dict[str, Callable[[], tuple[_Frame, Callable] | None]]:
    """Per information pattern that fits these columns: a maker of (frame, column → SQL)."""
    t, rng, label = scene.table, scene.rng, scene.table.label
    numeric = all(is_number(c) and c.role == "measure" for c in columns)
    ranked = numeric or all(c.role == "date" for c in columns)

    def aggregate(pattern: str, function: str):
        def make():
            words, condition = scene.filter()
            return scene.frame(pattern, "c", f=words), lambda c: f"SELECT {function}({c.name}) FROM {t.name}{condition}"

        return make

    def by(pattern: str, function: str):
        def make():
            if (k := scene.category()) is None:
                return None
            frame = scene.frame(pattern, "c", k=k.phrase)
            return frame, lambda c: f"SELECT {k.name}, {function}({c.name}) FROM {t.name} GROUP BY {k.name}"

        return make

    def extreme():
        words, condition = scene.filter()
        most, way = scene.extreme(columns[0])
        function = "MAX" if way == "DESC" else "MIN"
        frame = scene.frame("extreme", "c", f=words, most=most)
        return frame, lambda c: f"SELECT {function}({c.name}) FROM {t.name}{condition}"

    def each():
        words, condition = scene.filter(0.6)
        return scene.frame("each", "c", f=words), lambda c: f"SELECT {label.name}, {c.name} FROM {t.name}{condition}"

    def first_by():
        words, condition = scene.filter()
        most, way = scene.extreme(columns[0])
        frame = scene.frame("first_by", "c", f=words, most=most)
        return frame, lambda c: f"SELECT {label.name} FROM {t.name}{condition} ORDER BY {c.name} {way} LIMIT 1"

    def count_beyond():
        value = scene.values.of(t, rng.choice(columns), rng)
        if value is None:
            return None
        op = rng.choice((">", "<", ">=", "<="))
        parts = wordings()["parts"]["compare_date" if columns[0].role == "date" else "compare"]
        cmp = rng.choice(parts[op]).format(v=spoken(value))
        frame = scene.frame("count_beyond", "c", cmp=cmp)
        return frame, lambda c: f"SELECT COUNT(*) FROM {t.name}{where(c, op, value)}"

    def lookup():
        name = scene.values.of(t, label, rng)
        if name is None:
            return None
        return scene.frame(
            "lookup", "c", v=str(name)
        ), lambda c: f"SELECT {c.name} FROM {t.name}{where(label, '=', name)}"

    def total_by_parent():
        links = [(c, scene.database.table(c.references.partition(".")[0])) for c in t.columns if c.references]
        links = [(c, parent) for c, parent in links if parent.label is not None and parent.name != t.name]
        if not links:
            return None
        link, parent = rng.choice(links)
        frame = scene.frame("total_by_parent", "c", P=parent.singular, Ps=parent.plural)
        group = f"{parent.name}.{parent.label.name}"
        key = link.references.partition(".")[2]
        join = f"{t.name} JOIN {parent.name} ON {t.name}.{link.name} = {parent.name}.{key}"
        return frame, lambda c: f"SELECT {group}, SUM({t.name}.{c.name}) FROM {join} GROUP BY {group}"

    makers: dict[str, Callable] = {}
    if numeric:
        makers |= {"total": aggregate("total", "SUM"), "average": aggregate("average", "AVG")}
        makers |= {"total_by": by("total_by", "SUM"), "average_by": by("average_by", "AVG")}
        makers |= {"total_by_parent": total_by_parent}
    if ranked:
        makers |= {"extreme": extreme, "count_beyond": count_beyond}
    if label is not None and label not in columns:
        makers |= {"each": each, "lookup": lookup}
        if ranked:
            makers |= {"first_by": first_by}
    return makers


HEAD_PATTERNS = ("total", "average", "extreme", "total_by", "average_by", "each", "first_by", "count_beyond", "lookup",
                 "total_by_parent")  # fmt: skip
TERM_PATTERNS = ("count_pop", "list_pop", "average_pop", "total_pop", "count_pop_by", "first_pop", "each_pop")
SHOW_PATTERNS = ("ordered", "ordered_with", "few", "few_with", "count_over", "total_over")


def head_draft(database: Database, head: Head, pattern: str, values: Values, rng: random.Random) -> Draft | None:
    """A request for a head word ("revenue"); None where the pattern does not fit its columns."""
    table = database.table(head.table)
    columns = [table.column(name) for name in head.columns]
    make = _head_makers(Scene(database, table, values, rng), columns).get(pattern)
    made = make() if make else None
    if made is None:
        return None
    frame, sql = made
    choices = tuple(Choice(c.name, c.phrase, c.phrase, frame.text(c.phrase), sql(c)) for c in columns)
    return Draft(pattern, "information", "head", table, head.word, frame.text(head.word), choices)


def term_draft(database: Database, term: Term, pattern: str, values: Values, rng: random.Random) -> Draft | None:
    """A request for some rows ("large stores"); None where the pattern does not fit the table."""
    table = database.table(term.table)
    scene = Scene(database, table, values, rng)
    label, category = table.label, scene.category()
    used = {reading.column for reading in term.readings}
    measure = scene.pick([c for c in scene.measures() if c.name not in used])
    t, fill, tail = table.name, {}, ""
    match pattern:
        case "count_pop":
            select = "COUNT(*)"
        case "list_pop" if label:
            select = label.name
        case "average_pop" if measure:
            select, fill = f"AVG({measure.name})", {"m": measure.phrase}
        case "total_pop" if measure:
            select, fill = f"SUM({measure.name})", {"m": measure.phrase}
        case "count_pop_by" if category and category.name not in used:
            select, fill, tail = f"{category.name}, COUNT(*)", {"k": category.phrase}, f" GROUP BY {category.name}"
        case "first_pop" if label and measure:
            most, way = scene.extreme(measure)
            select, fill = label.name, {"m": measure.phrase, "most": most}
            tail = f" ORDER BY {measure.name} {way} LIMIT 1"
        case "each_pop" if label and measure:
            select, fill = f"{label.name}, {measure.name}", {"m": measure.phrase}
        case _:
            return None
    frame = scene.frame(pattern, "pop", **fill)
    choices = []
    for reading in term.readings:
        gloss = condition_gloss(table, reading, rng)
        whole = rng.choice(wordings()["parts"]["population"]["whole"]).format(Ts=table.plural, g=gloss)
        condition = where(reading.column, reading.op, reading.value)
        sql = f"SELECT {select} FROM {t}{condition}{tail}"
        choices.append(Choice(reading.column, gloss, table.column(reading.column).phrase, frame.text(whole), sql))
    text = frame.text(f"{term.word} {table.plural}")
    return Draft(pattern, "population", "term", table, term.word, text, tuple(choices))


def show_draft(database: Database, table: Table, pattern: str, values: Values, rng: random.Random) -> Draft | None:
    """A request that leaves the presentation open: direction, how many, or the period."""
    scene = Scene(database, table, values, rng)
    label, t, parts = table.label, table.name, wordings()["parts"]
    choices: list[Choice] = []
    if pattern in ("ordered", "ordered_with", "few", "few_with"):
        m = scene.pick(scene.sortable() if pattern.startswith("ordered") else scene.measures())
        if label is None or m is None:
            return None
        select = f"{label.name}, {m.name}" if pattern.endswith("_with") else label.name
    if pattern.startswith("ordered"):
        words, condition = scene.filter()
        frame = scene.frame(pattern, "dir", f=words, m=m.phrase)
        for way in DIRECTIONS:
            whole = rng.choice(parts["direction_date" if m.role == "date" else "direction"][way])
            sql = f"SELECT {select} FROM {t}{condition} ORDER BY {m.name} {'DESC' if way == 'descending' else 'ASC'}"
            choices.append(Choice(way, way, way, frame.text(whole), sql))
        return Draft(pattern, "presentation", "order", table, "", frame.text(""), tuple(choices))
    if pattern.startswith("few"):
        frame = scene.frame(pattern, "few", m=m.phrase)
        for n in FEW:
            sql = f"SELECT {select} FROM {t} ORDER BY {m.name} DESC LIMIT {n}"
            choices.append(Choice(n, n, n, frame.text(n), sql))
        return Draft(pattern, "presentation", "few", table, "few", frame.text("few"), tuple(choices))
    date, measure = scene.pick(table.with_role("date")), scene.pick(scene.measures())
    if date is None or (pattern == "total_over" and measure is None):
        return None
    fill = {"m": date.phrase} | ({"c": measure.phrase} if pattern == "total_over" else {})
    what = f"SUM({measure.name})" if pattern == "total_over" else "COUNT(*)"
    frame = scene.frame(pattern, "over", **fill)
    for period in PERIODS:
        sql = f"SELECT date_trunc('{period}', {date.name}), {what} FROM {t} GROUP BY 1"
        choices.append(Choice(period, f"by {period}", period, frame.text(rng.choice(parts["period"][period])), sql))
    text = frame.text(rng.choice(parts["period"]["open"]))
    return Draft(pattern, "presentation", "period", table, "over time", text, tuple(choices))


def drafts(database: Database, kind: str, values: Values, rng: random.Random) -> Draft | None:
    """One random draft of a kind; None where the draw did not fit (draw again)."""
    if kind == "information":
        if not database.heads:
            return None
        return head_draft(database, rng.choice(database.heads), rng.choice(HEAD_PATTERNS), values, rng)
    if kind == "population":
        if not database.terms:
            return None
        return term_draft(database, rng.choice(database.terms), rng.choice(TERM_PATTERNS), values, rng)
    return show_draft(database, rng.choice(database.tables), rng.choice(SHOW_PATTERNS), values, rng)
