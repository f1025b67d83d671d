"""Drafts of requests: a text that leaves one or two things open, and every way to fill them.

A *gap* is one thing left open: a word, and the choices of what it may stand for. A *filling* picks one choice
of each gap, and has the SQL and the same request with everything spelled out. The builder turns drafts into
twins; the recipe of the base model draws spelled-out requests from the same patterns over random schemas.
"""

from __future__ import annotations

import dataclasses
import random
import re
import tomllib
from collections.abc import Iterable, Sequence
from functools import cache
from importlib import resources
from typing import Any, Protocol

import sqlglot

from envs_data.ambigsql.spec import Column, Condition, Table, ident

NUMERIC = ("INTEGER", "BIGINT", "DOUBLE", "DECIMAL", "FLOAT", "SMALLINT")
SORTS = ("head", "term", "value", "noun", "aggregate", "order", "few", "period")

Target = tuple[str, str, str]
"""What a gap or a note is about: a sort, a table's name (empty for a noun), a word."""


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
    """One way to fill a gap. ``gloss`` is how notes and replies put it, ``offer`` how a question does, ``names``
    the column or table that it names."""

    value: str
    gloss: str
    offer: str
    names: str = ""


@dataclasses.dataclass(frozen=True)
class Gap:
    """One thing that a request leaves open; ``singular`` and ``plural`` are the noun it is said of, ``said`` the
    phrases in which requests say it, ``tables`` and ``columns`` ("table.column") those that the choices look at.
    ``manner`` names other wordings of questions and replies than the sort's: "unsaid" where the request has no word
    for it, "dated" where it is about dates."""

    sort: str
    table: str
    word: str
    singular: str
    plural: str
    choices: tuple[Choice, ...]
    tables: tuple[str, ...]
    columns: frozenset[str]
    said: tuple[str, ...] = ()
    manner: str = ""

    @classmethod
    def of(
        cls,
        sort: str,
        table: Table,
        word: str,
        choices: Iterable[Choice],
        columns: Iterable[str] = (),
        said: tuple[str, ...] = (),
    ) -> Gap:
        """A gap that is said of one table and looks at it alone."""
        seen = frozenset(f"{table.name}.{column}" for column in columns)
        return cls(sort, table.name, word, table.singular, table.plural, tuple(choices), (table.name,), seen, said)

    @property
    def target(self) -> Target:
        """What a settling note would be about."""
        return (self.sort, self.table, self.word)

    def near(self, other: Gap) -> bool:
        """Whether what settles the one says something of the other: they are about the same thing, go by the same
        column, have the same word, or are the order and the number of one table's rows."""
        named = self.word == other.word and self.sort not in ("order", "few", "period")
        shown = {self.sort, other.sort} == {"order", "few"} and self.table == other.table
        return self.target == other.target or named or shown or not self.columns.isdisjoint(other.columns)

    def said_in(self, text: str) -> bool:
        """Whether a text has a word of the gap's, so that what settles it may bear on the text."""
        if self.sort in ("order", "few", "period"):
            return False
        return not _bares(self.word).isdisjoint(_bares(text))

    def leans(self, text: str) -> bool:
        """Whether a text has a word that only one of the choices has: "by arrival weather" beside arrival delay."""
        if self.sort not in ("head", "noun"):
            return False
        own, said = _bares(self.word), _bares(text)
        words = [_bares(choice.gloss) - own for choice in self.choices if choice.names]
        return any(mine & said - set().union(*words[:i], *words[i + 1 :]) for i, mine in enumerate(words))

    def choice(self, value: str) -> Choice:
        return next(choice for choice in self.choices if choice.value == value)


@dataclasses.dataclass(frozen=True)
class Filling:
    """A choice of each gap, by value. ``same`` are other statements that mean the same to whoever asks: a draft on
    which one of them gives another result is no task."""

    values: tuple[str, ...]
    whole: str
    sql: str
    same: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True)
class Draft:
    pattern: str
    kind: str
    text: str
    gaps: tuple[Gap, ...]
    fillings: tuple[Filling, ...]

    @property
    def tables(self) -> frozenset[str]:
        """The tables that the fillings look at."""
        trees = (sqlglot.parse_one(filling.sql, dialect="duckdb") for filling in self.fillings)
        return frozenset(table.name for tree in trees for table in tree.find_all(sqlglot.exp.Table))

    @property
    def targets(self) -> tuple[Target, ...]:
        return tuple(gap.target for gap in self.gaps)

    def glosses(self, filling: Filling) -> tuple[str, ...]:
        """What each gap stands for in a filling."""
        return tuple(gap.choice(value).gloss for gap, value in zip(self.gaps, filling.values, strict=True))


_WORD = re.compile(r"[^\W_]+")
_COMMON = frozenset(("number", "total", "amount", "of", "on", "the", "a", "to", "in", "for", "and"))


def _bares(text: str) -> set[str]:
    """A text's words without their plurals, and without those that all sorts of gaps have."""
    words = set(_WORD.findall(text.lower())) - _COMMON
    return {word[:-3] + "y" if word.endswith("ies") else word.removesuffix("s") or word for word in words}


def is_number(column: Column) -> bool:
    return column.type.upper().split("(")[0] in NUMERIC


def adds_up(column: Column) -> bool:
    """Whether a sum over a column means something: of revenues it does, of prices or ages it does not."""
    return is_number(column) and not set(wordings()["parts"]["intensive"]) & set(column.phrase.split())


def literal(value: Any) -> str:
    """A value as a SQL literal."""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int | float):
        return f"{value:g}" if isinstance(value, float) and abs(value) < 1e6 else str(value)
    return "'" + str(value).replace("'", "''") + "'"


def spoken(value: Any) -> str:
    return literal(value) if isinstance(value, int | float) else str(value)


def compare(column: Column | str, op: str, value: Any) -> str:
    name = column if isinstance(column, str) else column.name
    return f"{ident(name)} {op} {literal(value)}"


def where(column: Column | str, op: str, value: Any) -> str:
    return f" WHERE {compare(column, op, value)}"


def condition_gloss(table: Table, condition: Condition, rng: random.Random) -> str:
    """A condition in words: "floor area above 800"."""
    if condition.gloss:
        return condition.gloss
    column = table.column(condition.column)
    key = "compare_date" if column.role == "date" else "compare"
    return f"{column.phrase} " + rng.choice(wordings()["parts"][key][condition.op]).format(v=spoken(condition.value))


def listing(offers: Sequence[str], last: str = "or") -> str:
    """ "a or b"; "a, b or c"."""
    return f" {last} ".join([", ".join(offers[:-1]), offers[-1]]) if len(offers) > 1 else offers[0]


def naming(gap: Gap, rng: random.Random) -> dict[str, str]:
    """What a wording about a gap may name: the word, the noun, and the choices in any order (all of them last)."""
    offers = [choice.offer for choice in gap.choices]
    rng.shuffle(offers)
    offers.sort(key=lambda offer: offer.startswith("both "))
    return {"w": gap.word, "T": gap.singular, "Ts": gap.plural, "a": listing(offers)}


def replies(gap: Gap, choice: Choice) -> tuple[str, ...]:
    """What users say who mean this choice, in every wording."""
    key = f"order_{choice.value}" if gap.sort == "order" else gap.sort
    if gap.manner and f"{key}_{gap.manner}" in wordings()["replies"]:
        key = f"{key}_{gap.manner}"
    texts = (tidy(text.format(d=choice.gloss, w=gap.word)) for text in wordings()["replies"][key])
    return tuple(text[:1].upper() + text[1:] for text in texts)


_A_SOUND = re.compile(r"\b([Aa]) (?=[aeioAEIO]|[uU](?!ni|se|su|ti|k\b)|8|11 |18 )")


def tidy(text: str) -> str:
    """A filled wording with its spaces, commas and articles put right."""
    text = re.sub(r"\s*,[\s,]*", ", ", " ".join(text.split()))
    text = re.sub(r",?\s*([?.:])(?=\s|$)", r"\1", text).removesuffix(", ")
    return _A_SOUND.sub(r"\1n ", text)


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
