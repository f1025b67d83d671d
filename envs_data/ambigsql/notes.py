"""Notes of a data dictionary: definitions, which settle what a gap stands for, and asides, which speak of the
same things and settle nothing.

Twins exchange two notes. Beside the clear one stand a definition of its gap and an aside about something else of
the same sort; beside the ambiguous one an aside about its gap and a definition of the other thing. So both have
one definition and one aside, and their notes share as many words with the request.
"""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Collection, Sequence

from envs_data.ambigsql import heads, presentation, rows, tables
from envs_data.ambigsql.drafts import SORTS, Choice, Draft, Gap, Target, tidy, wordings
from envs_data.ambigsql.spec import Database, Table, excerpt

TABLES = 3
"""The least number of tables that a context shows, where there are so many."""


@dataclasses.dataclass(frozen=True)
class Note:
    """``target`` is what it is about; ``defines`` says whether it settles that."""

    text: str
    target: Target
    defines: bool


@dataclasses.dataclass(frozen=True)
class Exchange:
    """The notes in which a gap's twins differ, as (beside the clear one, beside the ambiguous one)."""

    definitions: tuple[Note, Note]
    asides: tuple[Note, Note]


Meant = tuple[Gap, Choice]
"""A gap, and what a definition says that it stands for."""


def settling(database: Database, gap: Gap, choice: Choice, rng: random.Random) -> Note:
    """A note under which the gap stands for just this choice."""
    sort = f"order_{choice.value}" if gap.sort == "order" else gap.sort
    texts = _told_apart(database, gap, wordings()["notes"][sort])
    return Note(_filled(rng.choice(texts), gap, d=choice.gloss), gap.target, True)


def aside(database: Database, gap: Gap, rng: random.Random) -> Note:
    """A note about the gap's word, and one of its choices, that settles nothing."""
    choice = rng.choice([choice for choice in gap.choices if choice.names] or gap.choices)
    # A value's name is a word of its choices' glosses: a definition says it twice, so an aside does.
    names = choice.gloss if gap.sort == "value" else choice.names
    texts = _told_apart(database, gap, wordings()["notes"][f"aside_{gap.sort}"])
    return Note(_filled(rng.choice(texts), gap, o=names), gap.target, False)


def remark(table: Table, rng: random.Random) -> Note:
    """A note about a table that no gap is about."""
    text = rng.choice(wordings()["notes"]["aside_table"])
    return Note(tidy(text.format(T=table.singular, Ts=table.plural)), ("table", table.name, ""), False)


def _filled(text: str, gap: Gap, **words: str) -> str:
    return tidy(text.format(w=gap.word, T=gap.singular, Ts=gap.plural, **words))


def _told_apart(database: Database, gap: Gap, texts: Sequence[str]) -> Sequence[str]:
    """The wordings that say which table they speak of, where the gap's word is said of more than one."""
    if sum(item.word == gap.word for item in (*database.heads, *database.terms, *database.values)) < 2:
        return texts
    return [text for text in texts if "{T" in text]


def other_gap(database: Database, sort: str, rng: random.Random, but: Collection[Gap], text: str = "") -> Gap | None:
    """A gap of a sort that has nothing to do with the others, nor with a request's text; None where there is none."""
    left = [gap for gap in _gaps(database, sort, rng) if unrelated(gap, but, text)]
    return rng.choice(left) if left else None


def unrelated(gap: Gap, others: Collection[Gap], text: str) -> bool:
    """Whether a note on a gap can settle nothing of a request with these gaps and this text."""
    return not gap.said_in(text) and not any(gap.near(other) for other in others)


def _gaps(database: Database, sort: str, rng: random.Random) -> list[Gap]:
    table = database.table
    match sort:
        case "head":
            return [heads.gap_of(table(head.table), head) for head in database.heads]
        case "term" | "value":
            items = database.terms if sort == "term" else database.values
            return [rows.part_of(table(item.table), item, rng)[0].gap for item in items]
        case "noun":
            return [tables.noun_part(database, noun).gap for noun in database.nouns]
        case "aggregate":
            return [tables.aggregate_part(database, item).gap for item in database.aggregates]
        case "order":
            return [presentation.order_part(table, "measure", rng).gap for table in database.tables]
        case "few":
            return [presentation.few_part(table).gap for table in database.tables]
        case "period":
            return [presentation.period_part(table, rng).gap for table in database.tables]
    raise ValueError(f"sort {sort!r} is none of {SORTS}")


def exchange(database: Database, gap: Gap, settled: Choice, other: Meant, rng: random.Random) -> Exchange:
    """The notes in which the twins of a gap differ."""
    definitions = settling(database, gap, settled, rng), settling(database, *other, rng)
    return Exchange(definitions, (aside(database, other[0], rng), aside(database, gap, rng)))


def fillers(
    database: Database, but: Collection[Gap], count: int, rng: random.Random, *, text: str = "", defined: bool = True
) -> list[Note]:
    """``count`` notes on different matters that have nothing to do with the gaps, nor with a request's text; asides,
    and definitions if wanted."""
    notes: list[Note] = []
    taken = {gap.target for gap in but}
    for _ in range(20 * count):
        if len(notes) >= count:
            break
        sort = rng.choice((*SORTS, "table"))
        if sort == "table":
            note = remark(rng.choice(database.tables), rng)
        else:
            gap = other_gap(database, sort, rng, but, text)
            if gap is None:
                continue
            defines = defined and rng.random() < 0.5
            note = settling(database, gap, rng.choice(gap.choices), rng) if defines else aside(database, gap, rng)
        if note.target not in taken:
            notes.append(note)
            taken.add(note.target)
    return notes


def twin_notes(
    database: Database,
    draft: Draft,
    settled: Sequence[Choice],
    others: Sequence[Meant],
    held: int | None,
    rng: random.Random,
) -> tuple[list[Note], list[Note], Database]:
    """The notes beside the clear and the ambiguous twin, 3 to 8 each, in the same places; and the excerpt of the
    database that request and notes speak of, which has three tables or more.

    ``settled`` is each gap's choice in the clear twin, ``others`` what the other notes of its sort are about; the
    gap at index ``held`` is settled in both.
    """
    shown = set(draft.tables)
    pairs: list[tuple[Note, Note]] = []
    for i, (gap, choice, other) in enumerate(zip(draft.gaps, settled, others, strict=True)):
        swapped = exchange(database, gap, choice, other, rng)
        shown |= {*gap.tables, *other[0].tables}
        both = (swapped.definitions, swapped.asides)
        pairs += [(beside_clear, beside_clear) for beside_clear, _ in both] if i == held else both
    left = [table.name for table in database.tables if table.name not in shown]
    seen = excerpt(database, shown | set(rng.sample(left, min(len(left), max(0, TABLES - len(shown))))))
    taken = [*draft.gaps, *(other for other, _ in others)]
    room = min(8 - len(pairs), rng.choice((1, 2, 2, 3, 3, 4)) if len(seen.tables) <= TABLES else 1)
    pairs += [(note, note) for note in fillers(seen, taken, room, rng, text=draft.text)]
    rng.shuffle(pairs)
    return [clear for clear, _ in pairs], [ambiguous for _, ambiguous in pairs], seen
