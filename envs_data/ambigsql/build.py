"""Builds the bundled AmbigSQL tasks: drafts → executed readings → twins → ``tasks_<split>.jsonl``.

    python -m envs_data.ambigsql.build                      # audits, and writes the files that ship with the package
    python -m envs_data.ambigsql.build --check              # builds again and compares bytes
    python -m envs_data.ambigsql.build --database retail    # one database, to look at; writes nothing

A draft becomes two tasks with the same request text. In the ambiguous one all its readings stand, beside a
definition of something else of the same sort and an aside about what is open; in the clear one a definition
settles what is open, and the aside is about the other thing. All further notes are the same in both.
"""

from __future__ import annotations

import argparse
import dataclasses
import hashlib
import random
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from act_env.conversation import Action, Provenance, Reading, Result, Slot, Task
from act_env.errors import CutThroughTie, ExecutionError
from act_env.sql import grading, sandbox
from act_env.tasks import write_tasks
from envs_data.ambigsql import heads, rows, tables
from envs_data.ambigsql.drafts import SORTS, Choice, Draft, Values
from envs_data.ambigsql.notes import Meant, Note, other_gap, twin_notes, unrelated
from envs_data.ambigsql.patterns import KINDS, drafts
from envs_data.ambigsql.slots import question, slot_of
from envs_data.ambigsql.spec import SPLITS, Database, context_text, schema_text
from envs_data.ambigsql.values import Rows
from envs_data.duck import bundled_database, bundled_names, database_path
from envs_data.manifest import write_manifest

BUILDER = "ambigsql-bundled 2"
LICENCE = "Apache-2.0"
ENVIRONMENT = "ActClarify-AmbigSQL-v0"
TWINS_A_KIND = 14
"""Twins of one kind of one database: 24 databases, 8 kinds and 2 labels make 5,376 tasks."""
ROWS = 60
"""A result longer than this is not what a person asks to be read out."""
HALF = 1 / 3
"""The share of requests with two gaps whose ambiguous twin has one of them settled."""
FOLDER = Path(__file__).parent


def results(box: sandbox.Sandbox, draft: Draft) -> list[Result] | str:
    """The readings' results, or why the draft is no task."""
    found: list[Result] = []
    for filling in draft.fillings:
        try:
            result, *same = (box.gold(sql) for sql in (filling.sql, *filling.same))
        except CutThroughTie:
            return "cut through a tie"
        except ExecutionError as error:
            raise ValueError(f"{filling.sql!r} does not run: {error}") from error
        if all(cell is None for row in result.rows for cell in row) or result.rows == ((0,),):
            return "empty"
        if len(result.rows) > ROWS:
            return "too long"
        if result.ranks is not None and len(set(result.ranks)) == 1 and len(result.rows) > 1:
            return "one tie"
        if not all(grading.match(other, result).ok for other in same):
            return "hangs on rows without a match"
        if any(grading.match(result, other).ok or grading.match(other, result).ok for other in found):
            return "readings agree"
        found.append(result)
    return found


@dataclasses.dataclass(frozen=True)
class Case:
    """A draft that makes a task: its readings, which of them the clear twin means, the gap that is settled in both
    twins (if any), and the question that asks for what is left open."""

    draft: Draft
    slots: tuple[Slot, ...]
    readings: tuple[Reading, ...]
    meant: int
    held: int | None
    question: str

    @property
    def settled(self) -> tuple[Choice, ...]:
        values = self.draft.fillings[self.meant].values
        return tuple(gap.choice(value) for gap, value in zip(self.draft.gaps, values, strict=True))


def case_of(draft: Draft, found: Sequence[Result], rng: random.Random) -> Case | str:
    """A case of a draft and its readings' results, or why there is none."""
    slots = tuple(slot_of(gap) for gap in draft.gaps)
    if len({slot.name for slot in slots}) < len(slots):
        return "two gaps of one name"
    if any(gap.leans(draft.text) for gap in draft.gaps):
        return "the text leans to one reading"
    readings = tuple(
        Reading(
            id="+".join(filling.values),
            answer=filling.sql,
            gloss="; ".join(draft.glosses(filling)),
            slots={slot.name: value for slot, value in zip(slots, filling.values, strict=True)},
            result=result,
        )
        for filling, result in zip(draft.fillings, found, strict=True)
    )
    held = rng.randrange(len(slots)) if len(slots) > 1 and rng.random() < HALF else None
    asked = question([gap for i, gap in enumerate(draft.gaps) if i != held], draft.text, slots, rng)
    if asked is None:
        return "no question is understood"
    return Case(draft, slots, readings, rng.randrange(len(readings)), held, asked)


def partners(database: Database, cases: Sequence[Case], rng: random.Random) -> list[list[Meant | None]]:
    """What else each case's notes are about, by gap: the gap of another case, settled as that one is.

    Every gap is another's partner once, as far as they have nothing to do with each other, so that over the twins of
    a kind the same definitions stand beside clear and ambiguous requests. None where the database has nothing else
    of the sort.
    """
    found: list[list[Meant | None]] = [[None] * len(case.draft.gaps) for case in cases]
    for sort in SORTS:
        mine = [(i, k) for i, case in enumerate(cases) for k, gap in enumerate(case.draft.gaps) if gap.sort == sort]
        rng.shuffle(mine)
        mine.sort(key=lambda at: cases[at[0]].draft.gaps[at[1]].target)
        counts = Counter(cases[i].draft.gaps[k].target for i, k in mine)
        shift = max(counts.values(), default=0)
        for place, (i, k) in enumerate(mine):
            j, m = mine[(place + shift) % len(mine)]
            own, other = cases[i].draft, cases[j].draft.gaps[m]
            if unrelated(other, own.gaps, own.text):
                found[i][k] = other, cases[j].settled[m]
            elif gap := other_gap(database, sort, rng, own.gaps, own.text):
                found[i][k] = gap, rng.choice(gap.choices)
    return found


def twins(
    database: Database, case: Case, others: Sequence[Meant], number: int, provenance: Provenance, rng: random.Random
) -> tuple[Task, Task]:
    """The clear and the ambiguous task of one request text."""
    draft, meant = case.draft, case.readings[case.meant]
    *beside, seen = twin_notes(database, draft, case.settled, others, case.held, rng)
    name = None if case.held is None else case.slots[case.held].name
    open_ones = [r for r in case.readings if name is None or r.slots[name] == meant.slots[name]]
    schema = schema_text(seen)
    group = f"{database.name}:{draft.pattern}:" + "|".join(sorted(filling.sql for filling in draft.fillings))

    def twin(label: str, written: Sequence[Note], kept: Sequence[Reading]) -> Task:
        settling = [n.text for n in written if n.defines and n.target in draft.targets]
        return Task(
            id=_id(database.name, draft, number, label),
            environment=ENVIRONMENT,
            split=database.split,
            database=database.name,
            context=context_text(schema, [note.text for note in written]),
            request=draft.text,
            readings=tuple(dataclasses.replace(reading, prior=1 / len(kept)) for reading in kept),
            slots=case.slots,
            gold_action=Action.ANSWER if label == "clear" else Action.CLARIFY,
            gold_question=case.question,
            kind=draft.kind,
            group=group,
            provenance=provenance,
            settled_by="; ".join(settling),
        )

    return twin("clear", beside[0], [meant]), twin("ambiguous", beside[1], open_ones)


def _id(database: str, draft: Draft, number: int, label: str) -> str:
    """An id that does not tell the label: agents see it."""
    text = f"{database}:{draft.kind}:{number}:{label}:{draft.text}"
    return f"{database}-{draft.kind}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"


def build_database(
    database: Database,
    box: sandbox.Sandbox,
    rejected: Counter,
    *,
    values: Values | None = None,
    twins_a_kind: int = TWINS_A_KIND,
    kinds: Sequence[str] = KINDS,
    source: str = "bundled",
    licence: str = LICENCE,
    builder: str = BUILDER,
    seed: str = "",
) -> Iterator[Task]:
    """Twins of one database, ``twins_a_kind`` of each kind where it has so many; rejects are counted by reason.

    ``values`` is where literals come from (the bundled rows by default). The database's name, kind, builder and
    seed determine everything.
    """
    values = values or Rows(database.name)
    for kind in kinds:
        rng = random.Random(f"{builder}:{database.name}:{kind}{seed}")
        cases = _cases(database, kind, box, values, twins_a_kind, rng, rejected)
        for number, (case, others) in enumerate(zip(cases, partners(database, cases, rng), strict=True)):
            if None in others:
                rejected[f"{kind}: nothing else of the sort"] += 1
                continue
            origin = "+".join(f"{gap.sort}:{gap.word}" for gap in case.draft.gaps)
            provenance = Provenance(source, licence, builder, case.draft.pattern, origin)
            yield from twins(database, case, others, number, provenance, rng)


def _cases(
    database: Database,
    kind: str,
    box: sandbox.Sandbox,
    values: Values,
    wanted: int,
    rng: random.Random,
    rejected: Counter,
) -> list[Case]:
    taken = _Taken(wanted, _variety(database, kind))
    cases: list[Case] = []
    for _ in range(150 * wanted):
        if len(cases) == wanted:
            break
        draft = drafts(database, kind, values, rng)
        if draft is None:
            continue
        made: Case | list[Result] | str = taken.refuses(draft) or results(box, draft)
        if not isinstance(made, str):
            made = case_of(draft, made, rng)
        if isinstance(made, str):
            rejected[f"{kind}: {made}"] += 1
        else:
            cases.append(made)
            taken.add(draft)
    return cases


def _variety(database: Database, kind: str) -> int:
    """How many different things a kind's requests of a database can be about."""
    return {"information": len(heads.asked(database)), "column": len(heads.asked(database)),
            "population": len(rows.crisp_terms(database)), "value": len(rows.names(database)),
            "table": len(tables.asked(database)), "aggregate": len(database.aggregates),
            "presentation": 3 * len(database.tables)}.get(kind, 4 * len(database.tables))  # fmt: skip


class _Taken:
    """What the twins made so far use up, so that they differ in what they are about and in how they ask."""

    def __init__(self, wanted: int, variety: int):
        self._texts, self._counts = set(), Counter()
        self._a_target = 1 + -(-5 * wanted // (3 * max(variety, 1)))
        self._a_pattern = 1 + self._a_target // 4

    def refuses(self, draft: Draft) -> str:
        """Why a draft is too like the others; empty where it is not."""
        if _plain(draft.text) in self._texts:
            return "same text"
        if self._counts[draft.targets, draft.pattern] >= self._a_pattern:
            return "same pattern and target"
        return "target used up" if self._counts[draft.targets] >= self._a_target else ""

    def add(self, draft: Draft) -> None:
        self._texts.add(_plain(draft.text))
        self._counts.update([(draft.targets, draft.pattern), draft.targets])


def _plain(text: str) -> str:
    return text.lower().rstrip("?.")


def _built(name: str) -> tuple[list[Task], Counter]:
    rejected: Counter = Counter()
    with sandbox.Sandbox(database_path(name)) as box:
        return list(build_database(bundled_database(name), box, rejected)), rejected


def build(
    names: Sequence[str] | None = None, *, workers: int = 2, done: Callable[[str], None] = lambda name: None
) -> tuple[list[Task], Counter]:
    """The bundled tasks in a fixed order, and the counts of what was rejected; ``done`` is called a database."""
    tasks: list[Task] = []
    rejected: Counter = Counter()
    chosen = bundled_names() if names is None else names
    with ProcessPoolExecutor(workers) as pool:
        for name, (made, refused) in zip(chosen, pool.map(_built, chosen), strict=True):
            tasks += made
            rejected += refused
            done(name)
    return tasks, rejected


def write(folder: Path, tasks: list[Task]) -> list[Path]:
    """One file a split, and the manifest."""
    splits = {}
    for split in SPLITS:
        path, mine = folder / f"tasks_{split}.jsonl", [task for task in tasks if task.split == split]
        write_tasks(path, mine)
        splits[split] = path, mine
    return [*(path for path, _ in splits.values()), write_manifest(folder, BUILDER, LICENCE, splits)]


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser("envs_data.ambigsql.build", description=__doc__.partition("\n")[0])
    parser.add_argument("--out", type=Path, default=FOLDER, help="where to write (default: the package)")
    parser.add_argument("--check", action="store_true", help="write nothing; fail if the packaged files differ")
    parser.add_argument("--database", action="append", help="build only this one, show samples, write nothing")
    parser.add_argument("--no-audit", action="store_true", help="write the files whatever the audit for shortcuts says")
    parser.add_argument("--samples", type=int, default=0, help="how many tasks of each kind to show")
    options = parser.parse_args(argv)
    tasks, rejected = _with_progress(options.database)
    counts = Counter((task.split, task.kind, task.gold_action.value) for task in tasks)
    for key, count in sorted(counts.items()):
        print(f"{count:5d}  {' '.join(key)}")
    for reason, count in rejected.most_common():
        print(f"{count:5d}  rejected, {reason}")
    _show(tasks, options.samples)
    if options.database:
        return 0
    if not options.check:
        if not options.no_audit and not _passes(tasks):
            return 1
        write(options.out, tasks)
        return 0
    with tempfile.TemporaryDirectory() as folder:
        stale = [p.name for p in write(Path(folder), tasks) if p.read_bytes() != (FOLDER / p.name).read_bytes()]
    print(f"differ, build them again: {stale}" if stale else "the packaged files are up to date")
    return 1 if stale else 0


def _passes(tasks: Sequence[Task]) -> bool:
    """Whether the audit for shortcuts passes; shows it."""
    from envs_data.audit.__main__ import show, verdict, with_progress
    from envs_data.audit.parts import PARTS
    from envs_data.audit.probes import PROBES, failures

    findings = with_progress(tasks, PROBES[:2], tuple(PARTS))
    show(findings)
    print(verdict(failed := failures(findings)))
    return not failed


def _with_progress(names: Sequence[str] | None) -> tuple[list[Task], Counter]:
    from rich.console import Console
    from rich.progress import Progress

    names = bundled_names() if names is None else names
    with Progress(console=Console(file=sys.stderr), transient=True) as bar:
        step = bar.add_task("AmbigSQL", total=len(names))
        return build(names, done=lambda name: bar.update(step, advance=1, description=f"AmbigSQL: {name}"))


def _show(tasks: Sequence[Task], samples: int) -> None:
    for kind in KINDS:
        pairs = [pair for pair in zip(tasks[::2], tasks[1::2], strict=True) if pair[0].kind == kind]
        for clear, ambiguous in random.Random(0).sample(pairs, min(samples, len(pairs))):
            print(f"\n[{kind}, {clear.provenance.pattern}] {clear.request}")
            for left, right in zip(
                *(t.context.partition("Notes:\n")[2].split("\n") for t in (clear, ambiguous)), strict=True
            ):
                print(f"    {left}" if left == right else f"    {left}   <->   {right}")
            print(f"  {ambiguous.gold_question}")
            for reading in ambiguous.readings:
                print(f"  {'*' if reading.id == clear.readings[0].id else ' '} {reading.gloss}: {reading.answer}")


if __name__ == "__main__":
    raise SystemExit(main())
