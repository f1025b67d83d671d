"""The base model's training examples: clear requests only, in bundles that share one context.

A bundle is a schema, its notes, and several requests, each with its reply. A request is clear because it
spells everything out, because a note settles its open word, because only one column fits the word, because
the user adds what is meant, or because it says what to do where nothing settles it ("if the notes don't say
which, tell me", in the request or as a rule among the notes). Replies are SQL; to such a proviso, and to
questions about the dictionary itself, they may be words. No assistant in it ever asks.

Before it replies, the assistant notes down what the request is about and what that stands for here ("revenue of
stores: net revenue"), or that this is open. A model without such thoughts looks a word up where the word's column
stands, in the middle of a statement, too late to do anything else than write one.
"""

from __future__ import annotations

import dataclasses
import random
import tomllib
from collections.abc import Callable, Sequence
from functools import cache
from importlib import resources
from typing import Any

from agents.nano.schemas import MakeBelieve, random_database
from envs_data.ambigsql.notes import Note, aside, settling
from envs_data.ambigsql.patterns import Choice, Draft, Values, drafts, listing, naming, replies, tidy
from envs_data.ambigsql.spec import Database, context_text, schema_text

KINDS = ("information", "population", "presentation")
Target = tuple[str, str, str]


@cache
def own_wordings() -> dict[str, Any]:
    """The tables of ``requests.toml``."""
    return tomllib.loads(resources.files("agents.nano").joinpath("requests.toml").read_text("utf-8"))


@dataclasses.dataclass(frozen=True)
class Example:
    """``way`` says why it is clear: whole, note, partial, afterthought, proviso (nothing settles it, and the
    request or a rule says what then), meaning or sorts (a question about the dictionary or the tables).
    ``said`` is what the assistant replied to the first message, where the user went on."""

    messages: tuple[str, ...]
    thought: str
    reply: str
    way: str
    said: str = ""


@dataclasses.dataclass(frozen=True)
class Dictionary:
    """A context's notes: what they settle (target → choice), the targets that they were written for, settled or
    not, and whether a rule among them says what to do with an open request."""

    notes: tuple[str, ...]
    told: dict[Target, Choice]
    targets: frozenset[Target]
    rule: bool


@dataclasses.dataclass(frozen=True)
class Bundle:
    context: str
    examples: tuple[Example, ...]


def fits_alone(database: Database, draft: Draft, choice: Choice) -> str | None:
    """A word of the choice's phrase that no other column's phrase or name holds."""
    if draft.sort != "head":
        return None
    columns = [column for table in database.tables for column in table.columns]
    for word in reversed(choice.gloss.split()):
        holders = [c for c in columns if word in c.phrase.split() or word in c.name.split("_")]
        if len(holders) == 1 and len(choice.gloss.split()) > 1:
            return word
    return None


def thought(draft: Draft, meaning: str, *, whole: bool = False) -> str:
    """What the request is about and what it stands for; ``whole`` says that the request itself has it all."""
    sort = "term_whole" if whole and draft.sort == "term" else draft.sort
    text = own_wordings()["thoughts"][sort]
    return text.format(w=draft.word, T=draft.table.singular, Ts=draft.table.plural, d=meaning)


def _draft(
    database: Database, values: Values, fits: Callable[[Draft], bool], rng: random.Random, tries: int = 16
) -> Draft | None:
    """A draft, one that ``fits`` if that can be had."""
    draft = None
    for _ in range(tries):
        draft = drafts(database, rng.choice(KINDS), values, rng) or draft
        if draft is not None and fits(draft):
            break
    return draft


def _example(database: Database, values: Values, known: Dictionary, rng: random.Random) -> Example | None:
    # Mostly about what the notes were written for: that is what they settle and leave open in equal parts.
    sought = known.targets if rng.random() < 0.85 else ()
    draft = _draft(database, values, lambda draft: not sought or draft.target in sought, rng)
    if draft is None:
        return None
    told = known.told.get(draft.target)
    if rng.random() < 0.15:
        return _about_the_dictionary(draft, told, rng)
    if known.rule and told is None and rng.random() < 0.75:
        if rng.random() < 0.2:
            return _settled_then(draft, draft.text, rng)
        return Example((draft.text,), _open(draft), _unsettled(draft, rng), "proviso")
    if known.rule or rng.random() < 0.5:
        return _settled(database, draft, told, rng)
    if told is not None or rng.random() < 0.25:
        return _with_proviso(_settled(database, draft, told, rng), ("before", "after"), rng)
    if draft.sort == "head" and rng.random() < 0.4:
        return _with_proviso(Example((draft.text,), _open(draft), draft.choices[0].sql, "proviso"), ("any",), rng)
    open_one = _with_proviso(
        Example((draft.text,), _open(draft), _unsettled(draft, rng), "proviso"), ("before", "after"), rng
    )
    if rng.random() < 0.2:
        return _settled_then(draft, " ".join(open_one.messages), rng)
    return open_one


def _filled(wording: str, draft: Draft, rng: random.Random) -> str:
    """A wording with the draft's word, table and, in any order, choices."""
    return tidy(wording.format(**naming(draft, rng)))


def _unsettled(draft: Draft, rng: random.Random) -> str:
    """What the assistant says, to a user who wanted to be told, where nothing settles the draft's slot."""
    return _filled(rng.choice(own_wordings()["replies"]["unsettled"][draft.sort]), draft, rng)


def _settled_then(draft: Draft, request: str, rng: random.Random) -> Example:
    """The user is told that nothing settles the request, and then says what is meant."""
    choice = rng.choice(draft.choices)
    messages = (request, rng.choice(replies(draft, choice)))
    said = _unsettled(draft, rng)
    return Example(messages, thought(draft, choice.gloss), choice.sql, "afterthought", said)


def _open(draft: Draft) -> str:
    return thought(draft, own_wordings()["thoughts"]["open"])


def _settled(database: Database, draft: Draft, told: Choice | None, rng: random.Random) -> Example:
    """A request in which nothing is open beside a note that tells what its slot is, or no such note."""
    if told is not None and rng.random() < 0.9:
        for choice in draft.choices:
            if choice.value == told.value:
                return Example((draft.text,), thought(draft, told.gloss), choice.sql, "note")
    choice = rng.choice(draft.choices)
    draw = rng.random()
    whole = thought(draft, choice.gloss, whole=True)
    if draw < 0.3 and (word := fits_alone(database, draft, choice)):
        return Example((choice.whole.replace(choice.gloss, word, 1),), whole, choice.sql, "partial")
    if draw < 0.75 and told is None:
        reply = rng.choice(replies(draft, choice))
        messages = (draft.text, reply) if rng.random() < 0.6 else (f"{draft.text} {reply}",)
        return Example(messages, thought(draft, choice.gloss), choice.sql, "afterthought")
    return Example((choice.whole,), whole, choice.sql, "whole")


def _with_proviso(example: Example, places: Sequence[str], rng: random.Random) -> Example:
    """The same request with a proviso before it, after it, or in a message of its own."""
    first, *rest = example.messages
    place = rng.choice(places)
    proviso = rng.choice(own_wordings()["provisos"][place])
    if place == "before":
        messages = (f"{proviso} {first}", *rest)
    elif rest or rng.random() < 0.7:
        messages = (f"{first} {proviso}", *rest)
    else:
        messages = (first, proviso)
    return dataclasses.replace(example, messages=messages)


def _about_the_dictionary(draft: Draft, told: Choice | None, rng: random.Random) -> Example:
    own = own_wordings()
    if draft.sort == "head" and rng.random() < 0.2:
        text = _filled(rng.choice(own["sorts"]["head"]), draft, rng)
        everything = listing([choice.offer for choice in draft.choices])
        return Example((text,), thought(draft, own["thoughts"]["all"]), everything, "sorts")
    text = _filled(rng.choice(own["meaning"][draft.sort]), draft, rng)
    if told is None:
        return Example((text,), _open(draft), _unsettled(draft, rng), "meaning")
    return Example((text,), thought(draft, told.gloss), told.gloss, "meaning")


def _dictionary(database: Database, values: Values, rng: random.Random) -> Dictionary:
    """Notes as the corpus has them: a slot is settled, or a slot of the same sort is settled in its place; and
    remarks that share a word with requests and settle nothing."""
    notes: list[Note] = []
    told: dict[Target, Choice] = {}
    targets: set[Target] = set()

    def find(sort: str | None = None) -> Draft | None:
        draft = _draft(
            database,
            values,
            lambda draft: sort in (None, draft.sort) and draft.target not in targets | set(told),
            rng,
            16 if sort is None else 24,
        )
        return None if draft is None or draft.target in targets | set(told) else draft

    def settle(draft: Draft) -> None:
        told[draft.target] = rng.choice(draft.choices)
        notes.append(settling(database, draft, told[draft.target], rng))

    for _ in range(rng.choice((0, 2, 3, 3, 3, 4))):
        if (draft := find()) is None:
            continue
        targets.add(draft.target)
        if rng.random() < 0.5:
            settle(draft)
        elif (other := find(draft.sort)) is not None:
            settle(other)
        if rng.random() < 0.5:
            notes.append(aside(database, rng, draft if rng.random() < 0.7 else None))
    texts = [note.text for note in notes]
    rule = rng.random() < 0.6
    if rule or rng.random() < 0.25:
        texts.append(rng.choice(own_wordings()["provisos"]["rules" if rule else "remarks"]))
    rng.shuffle(texts)
    return Dictionary(tuple(texts), told, frozenset(targets), rule)


def bundle(database: Database, values: Values, rng: random.Random, size: int = 8) -> Bundle:
    """``size`` clear requests over one database under one set of notes."""
    known = _dictionary(database, values, rng)
    examples: list[Example] = []
    for _ in range(12 * size):
        if len(examples) == size:
            break
        if (example := _example(database, values, known, rng)) is not None:
            examples.append(example)
    schema = schema_text(database)
    context = context_text(schema, known.notes) if known.notes else schema
    return Bundle(context, tuple(examples))


def random_bundle(seed: str, size: int = 8) -> Bundle:
    """A bundle over a random schema; the seed's text determines all of it."""
    rng = random.Random(seed)
    return bundle(random_database(rng), MakeBelieve(), rng, size)
