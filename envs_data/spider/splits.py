"""Meaningful splits of a column ("price" -> list price, sale price): ``splits.toml``, and which columns it fits."""

from __future__ import annotations

import dataclasses
import re
import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources
from typing import Any

from envs_data.spider import edits
from envs_data.spider.schema import Column, Table, words

_INVERSE = ("scale", "add", "years", "days")


@dataclasses.dataclass(frozen=True)
class Split:
    """One line of ``splits.toml``: ``head`` is the noun, ``halves`` what is put before it."""

    head: str
    halves: tuple[str, str]
    second: Mapping[str, Any]
    first: Mapping[str, Any] | None = None
    kinds: tuple[str, ...] = ()
    unless: tuple[str, ...] = ()
    compound: bool = False
    parts: bool = False

    def operation(self, half: str) -> tuple[Mapping[str, Any], bool]:
        """What makes this half's values of the other's, and whether it is to be turned round."""
        if half == self.halves[1]:
            return self.second, False
        if self.first is not None:
            return self.first, False
        return self.second, any(name in self.second for name in _INVERSE)


@dataclasses.dataclass(frozen=True)
class Splittable:
    """A column and one split of it. ``noun`` is its phrase as people say it, without the table's own words."""

    table: str
    column: str
    noun: str
    split: Split

    def name(self, half: str) -> str:
        """The new column's name, in the old one's manner: "Song_Name" -> "Song_Legal_Name"."""
        return _renamed(self.column, half, len(self.noun.split()))

    def phrase(self, half: str) -> str:
        return f"{half} {self.noun}"


@cache
def table_of_splits() -> dict[str, Any]:
    """The tables of ``splits.toml``."""
    return tomllib.loads(resources.files("envs_data.spider").joinpath("splits.toml").read_text("utf-8"))


@cache
def heads() -> dict[str, tuple[Split, ...]]:
    return {
        head: tuple(
            Split(
                head,
                tuple(form["halves"]),
                form["second"],
                form.get("first"),
                tuple(form.get("for", ())),
                tuple(form.get("unless", ())),
                form.get("compound", False),
                form.get("parts", False),
            )
            for form in forms
        )
        for head, forms in table_of_splits()["heads"].items()
    }


def singulars(text: str) -> list[str]:
    """The words of a text, in order, each without its plural."""
    return [edits.stem(word) for word in re.findall(r"[^\W_]+", text.lower())]


def kinds_of(table: Table) -> frozenset[str]:
    noun = singulars(table.phrase)[-1:]
    return frozenset(kind for kind, nouns in table_of_splits()["kinds"].items() if set(noun) & set(nouns))


def splits_of(table: Table, column: Column) -> tuple[Splittable, ...]:
    """The splits that fit a column by its noun, its table and its values' type; none for keys and odd names.

    Those made for the table's kind, where there are any, else those for any table.
    """
    if column.target or not _plain(table.name) or not _plain(column.name):
        return ()
    said, written = noun_of(table.phrase, column.phrase), noun_of(words(table.name), words(column.name))
    if said is None or written is None or singulars(said[1]) != singulars(written[1]):
        return ()
    (head, noun), kinds = said, kinds_of(table)
    compound = len(noun.split()) > len(head.split())
    if singulars(noun)[-1] == singulars(table.phrase)[-1]:
        return ()
    fitting = [
        Splittable(table.name, column.name, noun, split)
        for split in heads()[head]
        if (not split.kinds or kinds & set(split.kinds)) and (split.compound or not compound) and _takes(split, column)
        if not set(split.halves) & set(singulars(noun))
    ]
    special = [part for part in fitting if part.split.kinds]
    return tuple(special or fitting)


def named_split(table: str, column: str, halves: Sequence[str]) -> Splittable | None:
    """A column's split by its halves, in either order; one half finds the first split that has it."""
    found = noun_of(words(table), words(column))
    if found is None:
        return None
    for split in heads()[found[0]]:
        # A column that is not split has no halves: any split tells its noun.
        if set(halves) <= set(split.halves):
            return Splittable(table, column, found[1], split)
    return None


def beside(column: str, word: str) -> str:
    """The name of a column about a column: "Song_Name" -> "Song_Name_Source"."""
    last = re.split(r"(?<=[a-z0-9])(?=[A-Z])|_", column)[-1]
    if "_" not in column and re.search(r"[a-z][A-Z]", column):
        return column + word.capitalize()
    if last.isupper() and len(last) > 1:
        return f"{column}_{word.upper()}"
    return f"{column}_{word.capitalize() if last[:1].isupper() else word}"


def noun_of(table: str, column: str) -> tuple[str, str] | None:
    """The head of ``splits.toml`` that ends a column's phrase, and the phrase without its table's words.

    >>> noun_of("song", "song name")
    ('name', 'name')
    >>> noun_of("customer", "credit score")
    ('score', 'credit score')
    """
    said, spoken = singulars(column), column.split()
    if len(said) != len(spoken):
        return None
    for size in (2, 1):
        head = _keys().get(" ".join(said[-size:]))
        if head and len(said) >= size:
            before = list(said[:-size])
            while before and before[0] in singulars(table):
                before.pop(0)
            return (head, " ".join(spoken[-size - len(before) :])) if len(before) < 2 else None
    return None


@cache
def _keys() -> dict[str, str]:
    return {" ".join(singulars(head)): head for head in heads()}


def _plain(name: str) -> bool:
    return re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", name) is not None


def _takes(split: Split, column: Column) -> bool:
    number = column.type in ("integer", "double")
    for form in (split.second, split.first or {}):
        if {"mix", "words", "initial", "ahead", "behind", "domain", "digits"} & set(form) and number:
            return False
    return column.type in ("integer", "double", "text")


def _renamed(name: str, half: str, count: int) -> str:
    """``half`` put before the last ``count`` words of a name, in the name's own case."""
    parts = [part for part in re.split(r"(?<=[a-z0-9])(?=[A-Z])|_", name) if part]
    joint = "_" if "_" in name or len(parts) == 1 else ""
    last = parts[-count:][0]
    if last.isupper() and len(last) > 1:
        half = half.upper()
    elif last[0].isupper() or (joint == "" and len(parts) > count):
        half = half.capitalize()
    if joint == "" and not parts[-count][0].isupper():
        joint = "_"
    count = min(count, len(parts))
    return joint.join([*parts[:-count], half, *parts[-count:]])
