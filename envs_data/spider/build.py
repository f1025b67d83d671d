"""Spider's kept questions and its tasks: drafts → executed readings → twins, a database at a time.

A draft becomes two tasks with the same request text. In the ambiguous one all its readings stand, beside
notes of the same sort about something else; in the clear one a note that settles the slot takes the
first one's place. All other notes, and their order, are the same in both.
"""

from __future__ import annotations

import dataclasses
import random
from collections import Counter
from collections.abc import Callable, Iterator

from act_env import actions
from act_env.conversation import Action, Option, Provenance, Reading, Result, Slot, Task
from act_env.errors import CutThroughTie, DataNotFound, MalformedRecord, SandboxError
from act_env.sql import grading
from act_env.sql.sandbox import Sandbox
from envs_data.ambigsql.spec import context_text
from envs_data.spider import kept as keeping
from envs_data.spider import notes, schema
from envs_data.spider.drafts import Choice, Draft, drafts, listing, wordings
from envs_data.spider.layout import Layout, Problem, Question
from envs_data.spider.store import VERSION, Kept, Rejected, Report

BUILDER = f"spider {VERSION}"
LICENCE = "CC BY-SA 4.0 (Spider)"
ENVIRONMENT = "ActClarify-AmbigSQL-v0"

Built = tuple[tuple[Task, ...], tuple[Kept, ...], Report]


def build(layout: Layout, split: str, progress: Callable[[str, int], None] = lambda database, questions: None) -> Built:
    """One split: its tasks, the questions kept, and the report on the rest.

    ``progress`` is called after each database, with its number of questions.
    """
    by_database: dict[str, list[Question]] = {}
    for question in layout.of_split(split):
        by_database.setdefault(question.database, []).append(question)
    kept: list[Kept] = []
    rejected: list[Rejected] = []
    tasks: list[Task] = []
    problems = list(layout.problems)
    dropped: Counter = Counter()
    for name, questions in sorted(by_database.items()):
        try:
            database = schema.load(layout, name)
        except (DataNotFound, MalformedRecord) as error:
            problems.append(Problem(name, str(error)))
            rejected += [Rejected(question.origin, keeping.NO_DATABASE) for question in questions]
        else:
            with Sandbox(database.path) as sandbox:
                verdicts = list(keeping.check(layout, database, questions, sandbox))
                mine = [verdict for verdict in verdicts if isinstance(verdict, Kept)]
                tasks += _tasks(mine, database, split, sandbox, dropped)
            kept += mine
            rejected += [verdict for verdict in verdicts if isinstance(verdict, Rejected)]
        progress(name, len(questions))
    report = Report(split, len(kept), tuple(rejected), dict(sorted(dropped.items())), tuple(problems))
    return tuple(tasks), tuple(kept), report


def _tasks(
    kept: list[Kept], database: schema.Database, split: str, sandbox: Sandbox, dropped: Counter
) -> Iterator[Task]:
    texts: set[str] = set()
    for item in kept:
        for draft in drafts(item, database):
            if isinstance(draft, str):
                dropped[draft] += 1
                continue
            text = draft.text.lower().rstrip("?. ")
            if text in texts:
                dropped[f"{draft.rule}: same text as another"] += 1
                continue
            twins = _twins(item, draft, database, split, sandbox)
            if isinstance(twins, str):
                dropped[f"{draft.rule}: {twins}"] += 1
                continue
            texts.add(text)
            yield from twins


def _results(draft: Draft, sandbox: Sandbox) -> list[Result] | str:
    """The readings' results, or why the draft is no task."""
    found: list[Result] = []
    for choice in draft.choices:
        try:
            result = sandbox.gold(choice.sql)
            if not grading.match(sandbox.gold(choice.check), result).ok:
                return "NULLs in the sort key"
        except CutThroughTie:
            return "tie at a cut"
        except SandboxError as error:
            return f"a reading does not run ({error.kind})"
        if keeping.is_empty(result):
            return "empty reading"
        if len(result.rows) > keeping.MAX_ROWS:
            return "reading with too many rows"
        if result.ranks is not None and len(set(result.ranks)) == 1 and draft.slot == "order":
            return "all rows tie"
        if any(grading.match(result, other).ok or grading.match(other, result).ok for other in found):
            return "readings agree"
        found.append(result)
    return found


def _slot(draft: Draft) -> Slot:
    options = []
    for choice in draft.choices:
        texts = list(wordings()["replies"][draft.sort])
        if draft.sort == "direction":
            texts += wordings()["replies"][f"direction_{choice.value}"]
        replies = tuple(_sentence(text.format(d=choice.gloss)) for text in texts)
        options.append(Option(choice.value, choice.gloss, choice.cues, replies))
    return Slot(draft.slot, draft.slot_cues, tuple(options))


def _sentence(text: str) -> str:
    return text[0].upper() + text[1:]


def _question(draft: Draft, slot: Slot, rng: random.Random) -> str | None:
    """A clarifying question that the question parser takes as one about the slot."""
    offers = [choice.gloss.replace(", from", " from") for choice in draft.choices]
    rng.shuffle(offers)
    choices = list(wordings()["questions"][draft.sort])
    rng.shuffle(choices)
    for wording in choices:
        question = wording.format(a=listing(offers, "or"))
        if actions.slots_asked(question, (slot,), draft.text) == (slot.name,):
            return question
    return None


def _twins(
    item: Kept, draft: Draft, database: schema.Database, split: str, sandbox: Sandbox
) -> tuple[Task, Task] | str:
    found = _results(draft, sandbox)
    if isinstance(found, str):
        return found
    rng = random.Random(f"{BUILDER}:{database.id}:{item.question.origin}:{draft.rule}")
    slot = _slot(draft)
    question = _question(draft, slot, rng)
    if question is None:
        return "no clarifying question is understood"
    same = rng.choice((1, 1, 2))
    settled: Choice = rng.choice(draft.choices)
    others = notes.others(draft, settled, database, rng, same)
    if not others:
        return "no other note of the sort"
    settle = notes.settling(draft, settled, rng)
    if settle in others:
        return "the settling note is another's too"
    shared = [*others[1:], *notes.fillers(draft, database, rng, rng.choice((2, 2, 3, 3, 4)))]
    rng.shuffle(shared)
    place = rng.randint(0, len(shared))
    readings = tuple(
        Reading(c.value, c.sql, c.gloss, {slot.name: c.value}, result, 1 / len(found))
        for c, result in zip(draft.choices, found, strict=True)
    )
    file, _, index = item.question.origin.partition(".json#")
    origin = f"{database.id}-{file.removesuffix('_spider')}{index}-{draft.rule}"
    schema_text = database.schema_text()

    def twin(label: str, note: str, left: tuple[Reading, ...]) -> Task:
        clear = label == "clear"
        return Task(
            id=f"{origin}-{label}",
            environment=ENVIRONMENT,
            split=split,
            database=database.id,
            context=context_text(schema_text, [*shared[:place], note, *shared[place:]]),
            request=draft.text,
            readings=left,
            slots=(slot,),
            gold_action=Action.ANSWER if clear else Action.CLARIFY,
            gold_question=question,
            kind=draft.kind,
            group=draft.group,
            provenance=Provenance("spider", LICENCE, BUILDER, draft.rule, item.question.origin),
            settled_by=note if clear else "",
        )

    meant = tuple(dataclasses.replace(r, prior=1.0) for r in readings if r.id == settled.value)
    return twin("clear", settle, meant), twin("ambiguous", others[0], readings)
