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
from envs_data.ambigsql.spec import Database, Table


@dataclasses.dataclass(frozen=True)
class Note:
    """``target`` is what it is about; ``defines`` says whether it settles that."""

    text: str
    target: Target
    defines: bool


@dataclasses.dataclass(frozen=True)
class Exchange:
    """The notes in which a gap's twins differ, as (beside the clear one, beside the ambiguous one); ``other`` is what
    the second definition is of, ``meant`` what it says."""

    other: Gap
    meant: Choice
    definitions: tuple[Note, Note]
    asides: tuple[Note, Note]


def settling(database: Database, gap: Gap, choice: Choice, rng: random.Random) -> Note:
    """A note under which the gap stands for just this choice."""
    sort = f"order_{choice.value}" if gap.sort == "order" else gap.sort
    texts = _told_apart(database, gap, wordings()["notes"][sort])
    return Note(_filled(rng.choice(texts), gap, d=choice.gloss), gap.target, True)


def aside(database: Database, gap: Gap, rng: random.Random) -> Note:
    """A note about the gap's word, and one of its choices, that settles nothing."""
    choice = rng.choice(gap.choices)
    # A value's name is a word of its choices' glosses: a definition says it twice, so an aside does.
    names = choice.gloss if gap.sort == "value" else choice.names or gap.plural
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


def other_gap(database: Database, sort: str, rng: random.Random, but: Collection[Target]) -> Gap | None:
    """A gap of a sort about none of the targets; None where the database has nothing else."""
    return _drawn(_gaps(database, sort, rng), rng, but)


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


def _drawn(gaps: Sequence[Gap], rng: random.Random, but: Collection[Target]) -> Gap | None:
    left = [gap for gap in gaps if gap.target not in but]
    return rng.choice(left) if left else None


def exchange(
    database: Database, gap: Gap, settled: Choice, rng: random.Random, but: Collection[Target] = ()
) -> Exchange | None:
    """The notes in which the twins of a gap differ; None where nothing else of its sort can be spoken of."""
    other = other_gap(database, gap.sort, rng, {gap.target, *but})
    if other is None:
        return None
    meant = rng.choice(other.choices)
    definitions = settling(database, gap, settled, rng), settling(database, other, meant, rng)
    return Exchange(other, meant, definitions, (aside(database, other, rng), aside(database, gap, rng)))


def fillers(
    database: Database, but: Collection[Target], count: int, rng: random.Random, *, defined: bool = True
) -> list[Note]:
    """``count`` notes on different matters, none of them among the targets; asides, and definitions if wanted."""
    notes: list[Note] = []
    taken = set(but)
    for _ in range(20 * count):
        if len(notes) >= count:
            break
        sort = rng.choice((*SORTS, "table"))
        if sort == "table":
            note = remark(rng.choice(database.tables), rng)
        else:
            gap = other_gap(database, sort, rng, taken)
            if gap is None:
                continue
            defines = defined and rng.random() < 0.5
            note = settling(database, gap, rng.choice(gap.choices), rng) if defines else aside(database, gap, rng)
        if note.target not in taken:
            notes.append(note)
            taken.add(note.target)
    return notes


def twin_notes(
    database: Database, draft: Draft, settled: Sequence[Choice], held: int | None, rng: random.Random
) -> tuple[list[Note], list[Note]] | None:
    """The notes beside the clear and the ambiguous twin, 3 to 8 each, in the same places.

    ``settled`` is each gap's choice in the clear twin; the gap at index ``held`` is settled in both. None where
    the database has too little to speak of.
    """
    taken: set[Target] = set(draft.targets)
    pairs: list[tuple[Note, Note]] = []
    for i, (gap, choice) in enumerate(zip(draft.gaps, settled, strict=True)):
        swapped = exchange(database, gap, choice, rng, taken)
        if swapped is None:
            return None
        taken.add(swapped.other.target)
        both = (swapped.definitions, swapped.asides)
        pairs += [(beside_clear, beside_clear) for beside_clear, _ in both] if i == held else both
    spare = 8 - len(pairs)
    extra = fillers(database, taken, min(spare, rng.choice((1, 2, 2, 3, 3, 4))), rng)
    pairs += [(note, note) for note in extra]
    if len(pairs) < 3:
        return None
    rng.shuffle(pairs)
    return [clear for clear, _ in pairs], [ambiguous for _, ambiguous in pairs]
