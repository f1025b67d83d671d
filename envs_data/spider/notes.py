"""Notes of a data dictionary beside a request: one that settles it, others of the same sort, plain facts."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence

from envs_data.spider import edits
from envs_data.spider.drafts import About, Choice, Draft, listing, wordings
from envs_data.spider.schema import DATE, NUMBER, TEXT, Column, Database, Table

DIRECTIONS = ("descending", "ascending")
_MAX_NOUN = 3
"""Words of a table's name that still make a noun in a sentence."""


def _fill(wording: str, **words: str) -> str:
    text = wording.format(**words)
    return re.sub(r"\b([Aa]) (?=[aeiouAEIOU](?!ni|se|ser|u))", r"\1n ", text)


def _about_direction(about: About, gloss: str, rng: random.Random, whole_table: bool) -> str:
    if about.aggregate:
        return _fill(rng.choice(wordings()["notes"]["direction_aggregate"]), k=about.aggregate, d=gloss)
    table, column = about.table, about.column
    sort = "direction_table" if whole_table else "direction"
    return _fill(rng.choice(wordings()["notes"][sort]), k=column.phrase, d=gloss, T=table.singular, Ts=table.plural)


def settling(draft: Draft, choice: Choice, rng: random.Random) -> str:
    """A note under which the draft's request means just this choice."""
    if draft.sort == "direction":
        # A note on all lists of a table is clear only where the request is about that table alone.
        if draft.about.aggregate:
            return _about_direction(draft.about, choice.gloss, rng, False)
        if not _named(draft.about.table, draft.text):
            return _about_direction(About(None, None, draft.about.column.phrase), choice.gloss, rng, False)
        whole = len(draft.tables) == 1 and rng.random() < 0.4
        return _about_direction(draft.about, choice.gloss, rng, whole)
    table = draft.about.table
    k, _, d = choice.gloss.removeprefix("by ").rpartition(", ") if draft.sort == "sort_key" else ("", "", choice.gloss)
    return _fill(rng.choice(wordings()["notes"][draft.sort]), k=k, d=d, T=table.singular, Ts=table.plural)


def _named(table: Table, text: str) -> bool:
    return bool(edits.stems(table.phrase.split()[-1]) & edits.stems(text))


def others(draft: Draft, settled: Choice, database: Database, rng: random.Random, count: int) -> list[str]:
    """Notes of the draft's sort about other tables, or lists of any kind; fewer where there are not enough.

    Where they can, they speak of the same flavour of column as ``settled``: else its words tell the twins apart.
    """
    tables = [t for t in database.tables if t.name.lower() not in draft.tables and not _named(t, draft.text)]
    tables = [t for t in tables if len(t.phrase.split()) <= _MAX_NOUN]
    rng.shuffle(tables)
    said = edits.stems(draft.text)
    if settled.flavour:
        tables.sort(key=lambda table: not _sortable(table, (settled.flavour,), said))
    found = [note for table in tables if (note := _other(draft.sort, table, said, rng, settled.flavour))]
    if draft.sort == "direction" and not draft.about.aggregate:
        found.append(_direction_note(About(None, None, "a count"), "count", rng, False))
    return list(dict.fromkeys(found))[:count]


def _direction_note(about: About, flavour: str, rng: random.Random, whole_table: bool) -> str:
    gloss = wordings()["direction"][flavour][rng.choice(DIRECTIONS)]["gloss"]
    return _about_direction(about, gloss, rng, whole_table)


def _sortable(table: Table, flavours: Sequence[str], but: frozenset[str]) -> list[Column]:
    return [c for c in table.columns if c.flavour in flavours and not edits.stems(c.phrase) & but]


def _other(sort: str, table: Table, said: frozenset[str], rng: random.Random, flavour: str = "") -> str | None:
    names = {"T": table.singular, "Ts": table.plural}
    if sort == "direction":
        columns = _sortable(table, (flavour,), said) or _sortable(table, (NUMBER, DATE), said)
        if not columns:
            return None
        column, draw = rng.choice(columns), rng.random()
        if draw < 0.2:
            return _direction_note(About(None, None, column.phrase), column.flavour, rng, False)
        return _direction_note(About(table, column), column.flavour, rng, draw < 0.5)
    if sort == "sort_key":
        columns = _sortable(table, (flavour,), said) or _sortable(table, (NUMBER, DATE, TEXT), frozenset())
        if not columns:
            return None
        column = rng.choice(columns)
        way = rng.choice(DIRECTIONS) if column.flavour != TEXT else "ascending"
        gloss = wordings()["direction"][column.flavour][way]["gloss"]
        return _fill(rng.choice(wordings()["notes"]["sort_key"]), k=column.phrase, d=gloss, **names)
    phrases = list(dict.fromkeys(column.phrase for column in table.columns))
    if len(phrases) < 3:
        return None
    some = rng.sample(phrases, min(rng.choice((2, 2, 3, 3, 4)), len(phrases) - 1))
    some.sort(key=phrases.index)
    gloss = rng.choice((f"the {listing(some)}", "every column"))
    return _fill(rng.choice(wordings()["notes"]["details"]), d=gloss, **names)


def fillers(draft: Draft, database: Database, rng: random.Random, count: int) -> list[str]:
    """Notes that settle nothing: a fact about what the request names, one of another sort, other facts."""
    own = [fact for t in database.tables if t.name.lower() in draft.tables for fact in t.facts]
    other = [fact for t in database.tables if t.name.lower() not in draft.tables for fact in t.facts]
    named = [fact for fact in own if len(edits.stems(fact) & edits.stems(draft.text)) > 1]
    found = rng.sample(named or own, min(1, len(named or own)))
    if rng.random() < 0.4 and database.tables:
        sort = rng.choice([s for s in ("direction", "sort_key", "details") if s != draft.sort])
        tables = [
            t for t in database.tables if t.name.lower() not in draft.tables and len(t.phrase.split()) <= _MAX_NOUN
        ]
        # Any note on sorting would bear on a request that leaves the order open.
        if tables and not (sort != "details" and draft.sort != "details"):
            note = _other(sort, rng.choice(tables), edits.stems(draft.text), rng)
            found += [note] if note else []
    pool = [fact for fact in own + other if fact not in found]
    found += rng.sample(pool, min(max(0, count - len(found)), len(pool)))
    rng.shuffle(found)
    return found
