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
from collections.abc import Sequence
from functools import cache
from importlib import resources
from typing import Any

from agents.nano.schemas import MakeBelieve, random_database
from envs_data.ambigsql.drafts import SORTS, Choice, Draft, Filling, Gap, Target, Values, listing, naming, replies, tidy
from envs_data.ambigsql.notes import exchange, fillers, other_gap
from envs_data.ambigsql.patterns import KINDS, drafts
from envs_data.ambigsql.spec import Database, context_text, schema_text


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


def fits_alone(database: Database, gap: Gap, choice: Choice) -> str | None:
    """A word of the choice's phrase that no other column's phrase or name holds."""
    if gap.sort != "head":
        return None
    columns = [column for table in database.tables for column in table.columns]
    for word in reversed(choice.gloss.split()):
        holders = [c for c in columns if word in c.phrase.split() or word in c.name.split("_")]
        if len(holders) == 1 and len(choice.gloss.split()) > 1:
            return word
    return None


def thought(gaps: Sequence[Gap], meanings: Sequence[str], *, whole: bool = False) -> str:
    """What the request is about and what that stands for, a gap after the other; ``whole`` says that the request
    itself has it all."""
    parts = []
    for gap, meaning in zip(gaps, meanings, strict=True):
        sort = f"{gap.sort}_whole" if whole and gap.sort in ("term", "value", "noun") else gap.sort
        text = own_wordings()["thoughts"][sort]
        parts.append(text.format(w=gap.word, T=gap.singular, Ts=gap.plural, d=meaning))
    return "; ".join(parts)


def says_open(text: str) -> bool:
    """Whether a thought leaves anything open."""
    return any(part.endswith(f": {own_wordings()['thoughts']['open']}") for part in text.strip().split("; "))


def _draft(database: Database, values: Values, sought: frozenset[Target], rng: random.Random) -> Draft | None:
    """A draft, one about nothing but what is ``sought`` if that can be had."""
    found = None
    for _ in range(24):
        draft = drafts(database, rng.choice(KINDS), values, rng)
        found = draft or found
        if draft is not None and (not sought or sought.issuperset(draft.targets)):
            break
    return found


def _example(database: Database, values: Values, known: Dictionary, rng: random.Random) -> Example | None:
    # Mostly about what the notes were written for: that is what they settle and leave open in equal parts.
    draft = _draft(database, values, known.targets if rng.random() < 0.85 else frozenset(), rng)
    if draft is None:
        return None
    told = [known.told.get(target) for target in draft.targets]
    if len(told) == 1 and rng.random() < 0.15:
        return _about_the_dictionary(draft, told[0], rng)
    if known.rule and None in told and rng.random() < 0.75:
        if rng.random() < 0.2:
            return _settled_then(draft, told, draft.text, rng)
        return Example((draft.text,), _open(draft, told), _unsettled(draft, told, rng), "proviso")
    if known.rule or rng.random() < 0.5:
        return _settled(database, draft, told, rng)
    if None not in told or rng.random() < 0.25:
        return _with_proviso(_settled(database, draft, told, rng), ("before", "after"), rng)
    if len(told) == 1 and draft.gaps[0].sort == "head" and rng.random() < 0.4:
        first = Example((draft.text,), _open(draft, told), draft.fillings[0].sql, "proviso")
        return _with_proviso(first, ("any",), rng)
    said = Example((draft.text,), _open(draft, told), _unsettled(draft, told, rng), "proviso")
    open_one = _with_proviso(said, ("before", "after"), rng)
    if rng.random() < 0.2:
        return _settled_then(draft, told, " ".join(open_one.messages), rng)
    return open_one


def _filled(wording: str, gap: Gap, rng: random.Random) -> str:
    """A wording with the gap's word, noun and, in any order, choices."""
    return tidy(wording.format(**naming(gap, rng)))


def _unsettled(draft: Draft, told: Sequence[Choice | None], rng: random.Random) -> str:
    """What the assistant says, to a user who wanted to be told, where nothing settles a gap of the draft."""
    gap = draft.gaps[list(told).index(None)]
    return _filled(rng.choice(own_wordings()["replies"]["unsettled"][gap.sort]), gap, rng)


def _filling(draft: Draft, told: Sequence[Choice | None], rng: random.Random) -> Filling | None:
    """A filling that agrees with what is told; None where the draft has no such choice."""
    fitting = [
        filling
        for filling in draft.fillings
        if all(choice is None or choice.value == value for choice, value in zip(told, filling.values, strict=True))
    ]
    return rng.choice(fitting) if fitting else None


def _settled_then(draft: Draft, told: Sequence[Choice | None], request: str, rng: random.Random) -> Example | None:
    """The user is told that something is not settled, and then says what is meant."""
    filling = _filling(draft, told, rng)
    if filling is None:
        return None
    meant = _meant(draft, told, filling, rng)
    messages = (request, meant)
    said = _unsettled(draft, told, rng)
    return Example(messages, thought(draft.gaps, draft.glosses(filling)), filling.sql, "afterthought", said)


def _meant(draft: Draft, told: Sequence[Choice | None], filling: Filling, rng: random.Random) -> str:
    """What a user says of the gaps that no note settles."""
    asked = [(g, g.choice(v)) for g, v, t in zip(draft.gaps, filling.values, told, strict=True) if t is None]
    return " ".join(rng.choice(replies(gap, choice)) for gap, choice in asked)


def _open(draft: Draft, told: Sequence[Choice | None]) -> str:
    return thought(draft.gaps, [t.gloss if t else own_wordings()["thoughts"]["open"] for t in told])


def _settled(database: Database, draft: Draft, told: Sequence[Choice | None], rng: random.Random) -> Example | None:
    """A request in which nothing is open: by the notes, by its own words, or by what the user adds."""
    if None not in told and rng.random() < 0.9:
        filling = _filling(draft, told, rng)
        if filling is not None:
            return Example((draft.text,), thought(draft.gaps, [t.gloss for t in told if t]), filling.sql, "note")
    filling = rng.choice(draft.fillings)
    draw = rng.random()
    glosses = draft.glosses(filling)
    whole = thought(draft.gaps, glosses, whole=True)
    if draw < 0.3 and len(draft.gaps) == 1:
        gap, choice = draft.gaps[0], draft.gaps[0].choice(filling.values[0])
        if word := fits_alone(database, gap, choice):
            return Example((filling.whole.replace(choice.gloss, word, 1),), whole, filling.sql, "partial")
    if draw < 0.75 and None in told:
        filling = _filling(draft, told, rng)
        if filling is not None:
            meant, glosses = _meant(draft, told, filling, rng), draft.glosses(filling)
            messages = (draft.text, meant) if rng.random() < 0.6 else (f"{draft.text} {meant}",)
            return Example(messages, thought(draft.gaps, glosses), filling.sql, "afterthought")
        return None
    return Example((filling.whole,), whole, filling.sql, "whole")


def _with_proviso(example: Example | None, places: Sequence[str], rng: random.Random) -> Example | None:
    """The same request with a proviso before it, after it, or in a message of its own."""
    if example is None:
        return None
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
    own, gap = own_wordings(), draft.gaps[0]
    if gap.sort == "head" and rng.random() < 0.35:
        text = _filled(rng.choice(own["sorts"]["head"]), gap, rng)
        everything = listing([choice.gloss for choice in gap.choices], "and")
        return Example((text,), thought([gap], [own["thoughts"]["all"]]), everything, "sorts")
    text = _filled(rng.choice(own["meaning"][gap.sort]), gap, rng)
    if told is None:
        return Example((text,), _open(draft, [None]), _unsettled(draft, [None], rng), "meaning")
    return Example((text,), thought([gap], [told.gloss]), told.gloss, "meaning")


def _dictionary(database: Database, rng: random.Random) -> Dictionary:
    """Notes as the corpus has them: beside what they were written for stands either its definition, or an aside
    on it and the definition of something else of the same sort."""
    notes: list[str] = []
    told: dict[Target, Choice] = {}
    taken: list[Gap] = []
    for _ in range(rng.choice((0, 1, 2, 2, 3, 3))):
        gap = other_gap(database, rng.choice(SORTS), rng, taken)
        if gap is None:
            continue
        taken.append(gap)
        other = other_gap(database, gap.sort, rng, taken)
        if other is None:
            continue
        taken.append(other)
        choice, meant = rng.choice(gap.choices), rng.choice(other.choices)
        swapped = exchange(database, gap, choice, (other, meant), rng)
        settled = rng.random() < 0.5
        told[(gap if settled else other).target] = choice if settled else meant
        notes += [pair[0 if settled else 1].text for pair in (swapped.definitions, swapped.asides)]
    targets = frozenset(gap.target for gap in taken)
    notes += [note.text for note in fillers(database, taken, rng.choice((0, 0, 1, 2)), rng, defined=False)]
    rule = rng.random() < 0.6
    if rule or rng.random() < 0.25:
        notes.append(rng.choice(own_wordings()["provisos"]["rules" if rule else "remarks"]))
    rng.shuffle(notes)
    return Dictionary(tuple(notes), told, targets, rule)


def bundle(database: Database, values: Values, rng: random.Random, size: int = 8) -> Bundle:
    """``size`` clear requests over one database under one set of notes."""
    known = _dictionary(database, rng)
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
