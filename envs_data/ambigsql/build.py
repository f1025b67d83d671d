"""Builds the bundled AmbigSQL tasks: drafts → executed readings → twins → ``tasks_<split>.jsonl``.

    python -m envs_data.ambigsql.build            # writes the files that ship with the package
    python -m envs_data.ambigsql.build --check    # builds again and compares bytes

A draft becomes two tasks with the same request text. In the ambiguous one all its readings stand, beside a
note of the same sort about something else; in the clear one that note's place is taken by a note that
settles the slot. All other notes are the same in both.
"""

from __future__ import annotations

import argparse
import hashlib
import random
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from act_env.conversation import Action, Option, Provenance, Reading, Result, Slot, Task
from act_env.errors import CutThroughTie, ExecutionError
from act_env.sql import grading, sandbox
from act_env.tasks import write_tasks
from envs_data.ambigsql.notes import about, fillers, settling
from envs_data.ambigsql.patterns import Choice, Draft, drafts, naming, replies, tidy, wordings
from envs_data.ambigsql.spec import SPLITS, Database, context_text, schema_text
from envs_data.ambigsql.values import Rows
from envs_data.duck import bundled_database, bundled_names, database_path

BUILDER = "ambigsql-bundled 1"
KINDS = ("information", "population", "presentation")
TWINS_A_KIND = 20
"""Twins of one kind of one database: 10 databases, 3 kinds and 2 labels make 1,200 tasks."""
A_TARGET = 4
"""At most so many twins of a kind share what is open (one head, one term, one table's order)."""
ROWS = 60
"""A result longer than this is not what a person asks to be read out."""
FOLDER = Path(__file__).parent

_CUES = {
    "descending": ("descending", "highest first", "highest", "largest first", "largest", "from the highest",
                   "newest first", "newest", "latest first", "latest", "decreasing", "top down"),
    "ascending": ("ascending", "lowest first", "lowest", "smallest first", "smallest", "from the lowest",
                  "oldest first", "oldest", "earliest first", "earliest", "increasing", "bottom up"),
    "3": ("3", "three"), "5": ("5", "five"), "10": ("10", "ten"),
    "month": ("by month", "month", "months", "monthly"), "quarter": ("by quarter", "quarter", "quarters", "quarterly"),
    "year": ("by year", "year", "years", "yearly", "annually"),
}  # fmt: skip
_SLOT_CUES = {
    "order": ("order", "direction", "sort order", "sort", "sorted"),
    "few": ("how many", "few", "number of rows", "number", "rows"),
    "period": ("period", "time step", "interval", "granularity", "over time"),
}


def _cues(draft: Draft, choice: Choice) -> tuple[str, ...]:
    if draft.sort in ("order", "few", "period"):
        return _CUES[choice.value]
    cues = [choice.offer, choice.value.replace("_", " "), choice.gloss]
    if draft.sort == "head":
        # The words that no other option has: "net" of "net revenue".
        others = {word for other in draft.choices if other is not choice for word in other.offer.split()}
        cues += [word for word in choice.offer.split() if word not in others and word != draft.word]
    return tuple(dict.fromkeys(cues))


def slot_of(draft: Draft) -> Slot:
    """The draft's open slot, as questions and replies see it."""
    if draft.sort in ("head", "term"):
        name, cues = draft.word, (draft.word,)
        if draft.sort == "term":
            cues += (f"{draft.word} {draft.table.plural}", f"{draft.word} {draft.table.singular}")
    else:
        name, cues = draft.sort, _SLOT_CUES[draft.sort]
    options = tuple(Option(c.value, c.gloss, _cues(draft, c), replies(draft, c)) for c in draft.choices)
    return Slot(name, cues, options)


def gold_question(draft: Draft, rng: random.Random) -> str:
    names = naming(draft, rng)
    return tidy(rng.choice(wordings()["questions"][draft.sort]).format(**names))


def results(box: sandbox.Sandbox, draft: Draft) -> list[Result] | str:
    """The readings' results, or why the draft is no task."""
    found: list[Result] = []
    for choice in draft.choices:
        try:
            result = box.gold(choice.sql)
        except CutThroughTie:
            return "cut through a tie"
        except ExecutionError as error:
            raise ValueError(f"{choice.sql!r} does not run: {error}") from error
        if not result.rows or all(cell is None for row in result.rows for cell in row):
            return "empty"
        if len(result.rows) > ROWS:
            return "too long"
        if result.ranks is not None and len(set(result.ranks)) == 1 and len(result.rows) > 1:
            return "one tie"
        if any(grading.match(result, other).ok or grading.match(other, result).ok for other in found):
            return "readings agree"
        found.append(result)
    return found


def twins(database: Database, draft: Draft, found: list[Result], number: int, rng: random.Random) -> Iterator[Task]:
    """The clear and the ambiguous task of one request text."""
    settled = rng.choice(draft.choices)
    settle, other = settling(database, draft, settled, rng), about(database, draft.sort, rng, draft.target)
    if other is None:
        return
    shared = fillers(database, draft, rng.choice((2, 3, 3, 4)), rng, beside=other)
    place = rng.randint(0, len(shared))
    slot, question = slot_of(draft), gold_question(draft, rng)
    readings = [
        Reading(c.value, c.sql, c.gloss, {slot.name: c.value}, r) for c, r in zip(draft.choices, found, strict=True)
    ]
    group = f"{database.name}:{draft.pattern}:" + "|".join(sorted(c.sql for c in draft.choices))
    for label, note in (("clear", settle), ("ambiguous", other)):
        clear = label == "clear"
        notes = [n.text for n in shared[:place]] + [note.text] + [n.text for n in shared[place:]]
        kept = [r for r in readings if not clear or r.id == settled.value]
        yield Task(
            id=_id(database.name, draft, number, label),
            environment="ActClarify-AmbigSQL-v0",
            split=database.split,
            database=database.name,
            context=context_text(schema_text(database), notes),
            request=draft.text,
            readings=tuple(_with_prior(r, 1 / len(kept)) for r in kept),
            slots=(slot,),
            gold_action=Action.ANSWER if clear else Action.CLARIFY,
            gold_question=question,
            kind=draft.kind,
            group=group,
            provenance=Provenance("bundled", "Apache-2.0", BUILDER, draft.pattern, f"{draft.sort}:{draft.word}"),
            settled_by=settle.text if clear else "",
        )


def _id(database: str, draft: Draft, number: int, label: str) -> str:
    """An id that does not tell the label: agents see it."""
    text = f"{database}:{draft.kind}:{number}:{label}:{draft.text}"
    return f"{database}-{draft.kind}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"


def _with_prior(reading: Reading, prior: float) -> Reading:
    return Reading(reading.id, reading.answer, reading.gloss, reading.slots, reading.result, prior)


def build_database(database: Database, box: sandbox.Sandbox, rejected: Counter) -> Iterator[Task]:
    """Twins of one database, ``TWINS_A_KIND`` of each kind where it has them; rejects are counted by reason."""
    for kind in KINDS:
        rng = random.Random(f"{BUILDER}:{database.name}:{kind}")
        made, texts, targets = 0, set(), Counter()
        for _ in range(400 * TWINS_A_KIND):
            if made == TWINS_A_KIND:
                break
            draft = drafts(database, kind, Rows(database.name), rng)
            if draft is None:
                continue
            reason = _unfit(draft, texts, targets, kind) or results(box, draft)
            if isinstance(reason, str):
                rejected[f"{kind}: {reason}"] += 1
                continue
            pair = list(twins(database, draft, reason, made, rng))
            if not pair:
                rejected[f"{kind}: no other note"] += 1
                continue
            yield from pair
            made += 1
            texts.add(draft.text.lower().rstrip("?."))
            targets[draft.target, draft.pattern] += 1
            targets[draft.target] += 1


def _unfit(draft: Draft, texts: set[str], targets: Counter, kind: str) -> str:
    if draft.text.lower().rstrip("?.") in texts:
        return "same text"
    if targets[draft.target, draft.pattern] >= (2 if kind == "presentation" else 1):
        return "same pattern and target"
    if targets[draft.target] >= (10 if kind == "presentation" else A_TARGET):
        return "target used up"
    return ""


def build() -> tuple[list[Task], Counter]:
    """All bundled tasks in a fixed order, and the counts of what was rejected."""
    tasks, rejected = [], Counter()
    for name in bundled_names():
        with sandbox.Sandbox(database_path(name)) as box:
            tasks += build_database(bundled_database(name), box, rejected)
    return tasks, rejected


def write(folder: Path, tasks: list[Task]) -> list[Path]:
    """One file a split."""
    paths = []
    for split in SPLITS:
        paths.append(folder / f"tasks_{split}.jsonl")
        write_tasks(paths[-1], [task for task in tasks if task.split == split])
    return paths


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser("envs_data.ambigsql.build", description=__doc__.partition("\n")[0])
    parser.add_argument("--out", type=Path, default=FOLDER, help="where to write (default: the package)")
    parser.add_argument("--check", action="store_true", help="write nothing; fail if the packaged files differ")
    options = parser.parse_args(argv)
    tasks, rejected = build()
    counts = Counter((task.split, task.kind, task.gold_action.value) for task in tasks)
    for key, count in sorted(counts.items()):
        print(f"{count:5d}  {' '.join(key)}")
    for reason, count in rejected.most_common():
        print(f"{count:5d}  rejected, {reason}")
    if not options.check:
        write(options.out, tasks)
        return 0
    with tempfile.TemporaryDirectory() as folder:
        stale = [p.name for p in write(Path(folder), tasks) if p.read_bytes() != (FOLDER / p.name).read_bytes()]
    print(f"differ, build them again: {stale}" if stale else "the packaged files are up to date")
    return 1 if stale else 0


if __name__ == "__main__":
    raise SystemExit(main())
