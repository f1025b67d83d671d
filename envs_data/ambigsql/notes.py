"""Notes of a data dictionary: those that settle a slot, those of the same sort about something else,
and those that share a word and settle nothing."""

from __future__ import annotations

import dataclasses
import random

from envs_data.ambigsql.patterns import DIRECTIONS, FEW, PERIODS, Choice, Draft, condition_gloss, tidy, wordings
from envs_data.ambigsql.spec import Database, Table

SORTS = ("head", "term", "order", "few", "period")


@dataclasses.dataclass(frozen=True)
class Note:
    """``target`` is what it is about, as Draft.target; asides have the sort "aside"."""

    text: str
    target: tuple[str, str, str]


def _write(sort: str, table: Table, word: str, gloss: str, rng: random.Random, named: bool = False) -> Note:
    """``named`` asks for a wording that names the table."""
    choices = wordings()["notes"][sort]
    if named:
        choices = [wording for wording in choices if "{T" in wording]
    text = tidy(rng.choice(choices).format(w=word, d=gloss, T=table.singular, Ts=table.plural))
    base = sort.split("_")[0]
    return Note(text, (base, table.name, {"few": "few", "period": "over time", "order": ""}.get(base, word)))


def _shared_word(database: Database, word: str) -> bool:
    return sum(item.word == word for item in (*database.heads, *database.terms)) > 1


def settling(database: Database, draft: Draft, choice: Choice, rng: random.Random) -> Note:
    """A note under which the draft's request means just this choice."""
    sort = f"order_{choice.value}" if draft.sort == "order" else draft.sort
    return _write(sort, draft.table, draft.word, choice.gloss, rng, named=_shared_word(database, draft.word))


def about(database: Database, sort: str, rng: random.Random, but: tuple[str, str, str]) -> Note | None:
    """A note of a sort about anything but the target ``but``; None where the database has nothing else."""
    if sort in ("head", "term"):
        items = [i for i in (database.heads if sort == "head" else database.terms) if (sort, i.table, i.word) != but]
        if not items:
            return None
        item = rng.choice(items)
        table = database.table(item.table)
        if sort == "head":
            gloss = table.column(rng.choice(item.columns)).phrase
        else:
            gloss = condition_gloss(table, rng.choice(item.readings), rng)
        return _write(sort, table, item.word, gloss, rng, named=_shared_word(database, item.word))
    tables = [table for table in database.tables if (sort, table.name) != but[:2]]
    if not tables:
        return None
    table = rng.choice(tables)
    if sort == "order":
        return _write(f"order_{rng.choice(DIRECTIONS)}", table, "", "", rng)
    gloss = rng.choice(FEW) if sort == "few" else f"by {rng.choice(PERIODS)}"
    return _write(sort, table, "", gloss, rng)


def aside(database: Database, rng: random.Random, draft: Draft | None = None) -> Note:
    """A note that settles nothing; about the draft's own word or table where one is given."""
    if draft is not None and draft.sort in ("head", "term"):
        sort, table, word = draft.sort, draft.table, draft.word
    else:
        items = [("head", i.table, i.word) for i in database.heads] + [
            ("term", i.table, i.word) for i in database.terms
        ]
        sort, name, word = rng.choice(items) if items else ("table", database.tables[0].name, "")
        table = database.table(name)
        if draft is not None or rng.random() < 0.4:
            sort, table = "table", draft.table if draft is not None else rng.choice(database.tables)
    text = rng.choice(wordings()["notes"][f"aside_{sort}"])
    return Note(text.format(w=word, T=table.singular, Ts=table.plural), ("aside", table.name, text))


def fillers(database: Database, draft: Draft, count: int, rng: random.Random, beside: Note | None = None) -> list[Note]:
    """``count`` notes on different matters, none of which settles the draft or speaks of what ``beside`` does."""
    notes: list[Note] = []
    taken = {draft.target} | ({beside.target} if beside else set())
    if rng.random() < 0.5:
        notes.append(aside(database, rng, draft))
        taken.add(notes[0].target)
    for _ in range(20 * count):
        if len(notes) >= count:
            break
        sort = rng.choice((*SORTS, "aside", "aside"))
        note = aside(database, rng) if sort == "aside" else about(database, sort, rng, draft.target)
        if note is not None and note.target not in taken:
            notes.append(note)
            taken.add(note.target)
    rng.shuffle(notes)
    return notes
