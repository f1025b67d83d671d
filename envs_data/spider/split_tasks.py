"""A pair of schema twins as tasks: the schemas, the notes, the readings and what is asked and replied.

``split_twins`` says which pairs there are, and what the patterns mean.
"""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Callable, Sequence

from act_env import actions
from act_env.conversation import Action, Option, Reading, Result, Slot, Task
from envs_data.ambigsql.spec import context_text
from envs_data.spider import edits
from envs_data.spider.drafts import Query, relaxed
from envs_data.spider.schema import Database
from envs_data.spider.split_drafts import Place, Statement
from envs_data.spider.splits import Splittable, singulars, table_of_splits
from envs_data.spider.store import Kept
from envs_data.spider.variants import Bench, Change

LEAST_NOTES = 3

_ORDINARY = frozenset(("list", "order", "total", "actual", "short", "long", "issue", "day", "home", "book", "stock"))
"""Halves that a question may hold without offering them."""

Make = Callable[..., Task]
"""Makes a task of the fields that are a twin's own: what build.py adds is the same for all of them."""


@dataclasses.dataclass(frozen=True)
class Named:
    """A kept question, the split column it names, and the halves' readings: SQL and result, by half."""

    item: Kept
    change: Change
    statement: Statement
    readings: tuple[tuple[str, str, Result], ...]

    @property
    def part(self) -> Splittable:
        return self.change.splittable

    @property
    def place(self) -> Place:
        return place_of(self.change)


def place_of(change: Change) -> Place:
    return change.table.lower(), change.column.lower()


def unclosed(change: Change) -> Change:
    """The change as a split alone, with nothing beside."""
    return dataclasses.replace(change, beside="")


def chance(*parts: object) -> random.Random:
    return random.Random("split twins:" + ":".join(map(str, parts)))


@dataclasses.dataclass(frozen=True)
class Pair:
    named: Named
    decoy: Change
    pattern: str
    bench: Bench
    original: Database

    def tasks(self, make: Make) -> tuple[Task, Task] | str:
        """The clear task and the ambiguous one, or why there are none."""
        named, question = self.named, self.named.item.question
        rng = chance(self.original.id, question.origin, named.change)
        slot = self._slot()
        asked = self._question(slot, rng)
        if asked is None:
            return "no clarifying question is understood"
        settled = named.change.halves[0] if self.pattern != "split_note" else rng.choice(named.change.halves)
        shared = self._fillers(rng)
        if len(shared) < LEAST_NOTES:
            return "too few facts for notes"
        ours, theirs, note = self._notes(settled, rng)
        places = sorted(rng.sample(range(len(shared) + len(ours)), len(ours)))
        clear, ambiguous = self._databases()
        file, _, index = question.origin.partition(".json#")
        origin = f"{self.original.id}-{file.removesuffix('_spider')}{index}-{slot.name}"
        ends = rng.sample("ab", 2)

        def twin(database: Database, notes: Sequence[str], readings: tuple[Reading, ...], action: Action) -> Task:
            is_clear = action is Action.ANSWER
            lines = list(shared)
            for place, line in zip(places, notes, strict=True):
                lines.insert(place, line)
            return make(
                id=f"{origin}-split-{ends[is_clear]}",
                database=database.id,
                context=context_text(database.schema_text(), lines),
                request=question.text,
                readings=readings,
                slots=(slot,),
                gold_action=action,
                gold_question=asked,
                kind="column",
                group=Query(named.statement.tree, self.original).group,
                pattern=self.pattern,
                origin=question.origin,
                settled_by=note if is_clear else "",
            )

        return (
            twin(clear, ours, (self._meant(slot, settled),), Action.ANSWER),
            twin(ambiguous, theirs, self._open(slot), Action.CLARIFY),
        )

    def _databases(self) -> tuple[Database, Database]:
        """The clear twin's and the ambiguous one's."""
        named, decoy = self.named.change, self.decoy
        if self.pattern == "split_note":
            both = self._variant(unclosed(named), unclosed(decoy))
            return both, both
        return self._variant(self._closed(named), unclosed(decoy)), self._variant(unclosed(named), self._closed(decoy))

    def _variant(self, *changes: Change) -> Database:
        return self.bench.database(self.original, *(c for c in changes if c.halves or c.beside))

    def _closed(self, change: Change) -> Change:
        """The column as one, under its old name or one half's."""
        nouns = [singulars(part.noun)[-1] for part in (self.named.part, self.decoy.splittable)]
        beside = "" if nouns[0] == nouns[1] else change.beside
        return dataclasses.replace(change, halves=change.halves[: self.pattern == "split_rename"], beside=beside)

    # Readings and what is said of them.

    def _value(self, half: str) -> str:
        return "_".join(self.named.part.phrase(half).split())

    def _open(self, slot: Slot) -> tuple[Reading, ...]:
        return tuple(
            Reading(self._value(half), sql, self._gloss(half), {slot.name: self._value(half)}, result, 0.5)
            for half, sql, result in self.named.readings
        )

    def _meant(self, slot: Slot, settled: str) -> Reading:
        """The clear twin's reading: as it was, under the column's new name, or the half that the note settles."""
        reading = next(reading for reading in self._open(slot) if reading.id == self._value(settled))
        if self.pattern == "split":
            noun = f"the {self.named.part.noun}"
            sql = relaxed(self.named.statement.tree)
            columns = self.named.item.result.columns
            result = dataclasses.replace(reading.result, columns=columns)
            return dataclasses.replace(reading, answer=sql, gloss=noun, result=result, prior=1.0)
        return dataclasses.replace(reading, prior=1.0)

    def _gloss(self, half: str) -> str:
        return f"the {self.named.part.phrase(half)}"

    def _slot(self) -> Slot:
        noun, halves = self.named.part.noun, sorted(self.named.change.halves)
        pairs = [(a, b) for a in halves for b in halves if a != b]
        both = [cue for a, b in pairs for cue in (f"{a} or {b} {noun}", f"{a} or the {b} {noun}", f"{a} or {b}")]
        both += [f"{a} {noun} or {b} {noun}" for a, b in pairs]
        options = []
        for half in halves:
            phrase = self.named.part.phrase(half)
            own = [phrase, f"{half} one", *([] if half in _ORDINARY else [half])]
            replies = table_of_splits()["replies"]["column"]
            said = tuple(_sentence(reply.format(d=self._gloss(half))) for reply in replies)
            options.append(Option(self._value(half), self._gloss(half), (*own, *both), said))
        cues = (noun, f"{noun} column", "column", f"kind of {noun}", f"sort of {noun}", f"type of {noun}")
        return Slot("_".join(noun.split()), cues, tuple(options))

    def _question(self, slot: Slot, rng: random.Random) -> str | None:
        offers = [self._gloss(half) for half in self.named.change.halves]
        rng.shuffle(offers)
        wordings = list(table_of_splits()["questions"]["column"])
        rng.shuffle(wordings)
        for wording in wordings:
            question = wording.format(a=" or ".join(offers), k=self.named.part.noun)
            if actions.slots_asked(question, (slot,), self.named.item.question.text) == (slot.name,):
                return question
        return None

    # Notes.

    def _notes(self, settled: str, rng: random.Random) -> tuple[list[str], list[str], str]:
        """The notes that only the clear twin has, those that only the ambiguous one has, and what settles it.

        Both have a definition and an aside, in the same places and words: what they are about is exchanged.
        """
        if self.pattern != "split_note":
            return [], [], ""
        wordings = table_of_splits()["notes"]
        defining, beside = rng.choice(wordings["settling"]), rng.randrange(len(wordings["aside"]))
        settling = self._define(defining, self.named.change, settled)
        other = self._define(defining, self.decoy, rng.choice(self.decoy.halves))
        own, plain = self._aside(beside, self.named.change), self._aside(beside, self.decoy)
        if rng.random() < 0.5:
            return [settling, plain], [other, own], settling
        return [plain, settling], [own, other], settling

    def _words(self, change: Change) -> dict[str, str]:
        table = self.original.table(change.table)
        return {"T": table.one, "Ts": table.plural, "k": change.splittable.noun}

    def _define(self, wording: str, change: Change, half: str) -> str:
        return _filled(wording, h=change.splittable.phrase(half), **self._words(change))

    def _aside(self, index: int, change: Change) -> str:
        count, rows = self.bench.same[change], self.original.table(change.table).rows
        wording = table_of_splits()["notes"]["aside" if count else "aside_never"][index]
        first, second = (change.splittable.phrase(half) for half in sorted(change.halves))
        return _filled(wording, i=first, j=second, m=str(count), n=str(rows), **self._words(change))

    def _fillers(self, rng: random.Random) -> list[str]:
        """Plain facts, the same for both twins: about neither column, some about what the request speaks of."""
        places = {place_of(self.named.change), place_of(self.decoy)}
        own, other = [], []
        for table in self.original.tables:
            phrases = [c.phrase for c in table.columns if (table.name.lower(), c.name.lower()) in places]
            facts = [fact for fact in table.facts if not any(fact.startswith(f"{phrase} of ") for phrase in phrases)]
            (own if table.name.lower() in self.named.statement.tables else other).extend(facts)
        count = rng.choice((3, 3, 4, 4, 5))
        found = rng.sample(own, min(len(own), rng.choice((1, 1, 2))))
        pool = [fact for fact in own + other if fact not in found]
        found += rng.sample(pool, min(count - len(found), len(pool)))
        rng.shuffle(found)
        return found


def _filled(wording: str, **words: str) -> str:
    return edits.articles(wording.format(**words))


def _sentence(text: str) -> str:
    return text[0].upper() + text[1:]
