"""The base model's training examples: clear requests only, in bundles that share one context.

A bundle is a schema, its notes, and several requests, each with its SQL. A request is clear because it
spells everything out, because a note settles its open word, because only one column fits the word, or
because the user adds what is meant. No assistant in it ever asks.
"""

from __future__ import annotations

import dataclasses
import random

from agents.nano.schemas import MakeBelieve, random_database
from envs_data.ambigsql.notes import Note, aside, settling
from envs_data.ambigsql.patterns import Choice, Draft, Values, drafts, tidy, wordings
from envs_data.ambigsql.spec import Database, context_text, schema_text

KINDS = ("information", "population", "presentation")


@dataclasses.dataclass(frozen=True)
class Example:
    """``way`` says why it is clear: whole, note, partial or afterthought."""

    messages: tuple[str, ...]
    sql: str
    way: str
    pattern: str


@dataclasses.dataclass(frozen=True)
class Bundle:
    context: str
    examples: tuple[Example, ...]


def reply_text(draft: Draft, choice: Choice, rng: random.Random) -> str:
    """What a user says who means this choice."""
    key = f"order_{choice.value}" if draft.sort == "order" else draft.sort
    text = tidy(rng.choice(wordings()["replies"][key]).format(d=choice.gloss, w=draft.word))
    return text[0].upper() + text[1:]


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


def _example(database: Database, values: Values, told: dict, rng: random.Random) -> Example | None:
    draft = drafts(database, rng.choice(KINDS), values, rng)
    if told and rng.random() < 0.6:
        # What the notes speak of is asked about more often than chance would have it.
        for _ in range(12):
            if draft is not None and draft.target in told:
                break
            draft = drafts(database, rng.choice(KINDS), values, rng)
    if draft is None:
        return None
    value = told.get(draft.target)
    if value is not None and rng.random() < 0.9:
        for choice in draft.choices:
            if choice.value == value:
                return Example((draft.text,), choice.sql, "note", draft.pattern)
    choice = rng.choice(draft.choices)
    draw = rng.random()
    if draw < 0.3 and (word := fits_alone(database, draft, choice)):
        return Example((choice.whole.replace(choice.gloss, word, 1),), choice.sql, "partial", draft.pattern)
    if draw < 0.7 and value is None:
        reply = reply_text(draft, choice, rng)
        if rng.random() < 0.6:
            return Example((draft.text, reply), choice.sql, "afterthought", draft.pattern)
        return Example((f"{draft.text} {reply}",), choice.sql, "afterthought", draft.pattern)
    return Example((choice.whole,), choice.sql, "whole", draft.pattern)


def _told(database: Database, values: Values, rng: random.Random) -> tuple[list[Note], dict]:
    """Notes for a context, and what they settle: target → choice value."""
    notes: list[Note] = []
    told: dict = {}
    for _ in range(rng.choice((0, 3, 4, 5, 6, 7))):
        draft = drafts(database, rng.choice(KINDS), values, rng)
        if draft is None or draft.target in told or rng.random() < 0.2:
            note = aside(database, rng, draft if rng.random() < 0.5 else None)
        else:
            choice = rng.choice(draft.choices)
            note = settling(database, draft, choice, rng)
            told[draft.target] = choice.value
        notes.append(note)
    rng.shuffle(notes)
    return notes, told


def bundle(database: Database, values: Values, rng: random.Random, size: int = 8) -> Bundle:
    """``size`` clear requests over one database under one set of notes."""
    notes, told = _told(database, values, rng)
    examples: list[Example] = []
    for _ in range(12 * size):
        if len(examples) == size:
            break
        if (example := _example(database, values, told, rng)) is not None:
            examples.append(example)
    schema = schema_text(database)
    context = context_text(schema, [note.text for note in notes]) if notes else schema
    return Bundle(context, tuple(examples))


def random_bundle(seed: str, size: int = 8) -> Bundle:
    """A bundle over a random schema; the seed's text determines all of it."""
    rng = random.Random(seed)
    return bundle(random_database(rng), MakeBelieve(), rng, size)
