"""Spider's kept questions and its tasks: drafts → executed readings → twins, a database at a time.

A draft becomes two tasks with the same request text. In the clear one a note settles the slot; in the
ambiguous one all its readings stand. Two notes differ between them (``notes.Exchange``); all others, and
every note's place, are the same in both.
"""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import random
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from act_env import actions
from act_env.conversation import Action, Option, Provenance, Reading, Result, Slot, Task
from act_env.errors import CutThroughTie, DataNotFound, MalformedRecord, SandboxError
from act_env.sql import grading
from act_env.sql.sandbox import Sandbox
from envs_data.ambigsql.spec import context_text
from envs_data.spider import kept as keeping
from envs_data.spider import notes, schema, split_twins
from envs_data.spider.drafts import Choice, Draft, drafts, listing, wordings
from envs_data.spider.layout import Layout, Problem, Question
from envs_data.spider.store import AGREES, VERSION, Kept, Rejected, Report

BUILDER = f"spider {VERSION}"
LICENCE = "CC BY-SA 4.0 (Spider)"
ENVIRONMENT = "ActClarify-AmbigSQL-v0"
MAX_READINGS = 3

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
            make = functools.partial(_split_task, split)
            tasks += split_twins.twins(mine, database, make, dropped)
            kept += mine
            rejected += [verdict for verdict in verdicts if isinstance(verdict, Rejected)]
        progress(name, len(questions))
    report = Report(
        split, len(kept), tuple(rejected), dict(sorted(dropped.items())), tuple(problems), _agreement(kept, rejected)
    )
    return tuple(tasks), tuple(kept), report


def _agreement(kept: list[Kept], rejected: list[Rejected]) -> dict[str, dict[str, int]]:
    """File -> how SQLite and DuckDB answer its questions -> how many."""
    counts: dict[str, Counter] = {}
    for origin, how in [(k.question.origin, AGREES) for k in kept] + [(r.origin, r.agreement) for r in rejected]:
        counts.setdefault(origin.partition("#")[0], Counter())[how] += 1
    return {file: dict(sorted(count.items())) for file, count in sorted(counts.items())}


def _split_task(split: str, *, pattern: str, origin: str, **fields: Any) -> Task:
    provenance = Provenance("spider", LICENCE, BUILDER, pattern, origin)
    return Task(environment=ENVIRONMENT, split=split, provenance=provenance, **fields)


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


def _results(draft: Draft, sandbox: Sandbox) -> list[tuple[Choice, Result]] | str:
    """The readings with their results, or why the draft is no task."""
    found: list[tuple[Choice, Result]] = []
    for choice in draft.choices:
        if len(found) == MAX_READINGS:
            break
        result = _result(draft, choice, sandbox)
        if not isinstance(result, str) and any(
            grading.match(result, other).ok or grading.match(other, result).ok for _, other in found
        ):
            result = "readings agree"
        if not isinstance(result, str):
            found.append((choice, result))
        elif not choice.optional:
            return result
    return found if len(found) > 1 else "readings agree"


def _result(draft: Draft, choice: Choice, sandbox: Sandbox) -> Result | str:
    try:
        result = sandbox.gold(choice.sql)
        if not all(grading.match(sandbox.gold(sql), result).ok for sql in (choice.check, *choice.checks)):
            return "a reading is not determined"
        ((taken, every),) = sandbox.execute(choice.among or "SELECT 1, 1").rows
    except CutThroughTie:
        return "tie at a cut"
    except SandboxError as error:
        return f"a reading does not run ({error.kind})"
    if keeping.is_empty(result):
        return "empty reading"
    if not 0 < taken <= every - choice.left:
        return "a reading takes nothing or nearly everything"
    if len(result.rows) > keeping.MAX_ROWS:
        return "reading with too many rows"
    if result.ranks is not None and len(set(result.ranks)) == 1 and draft.slot == "order":
        return "all rows tie"
    return result


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
        question = wording.format(a=listing(offers, "or"), w=draft.slot_cues[0])
        if actions.slots_asked(question, (slot,), draft.text) == (slot.name,):
            return question
    return None


def _unlabelled(origin: str, label: str) -> str:
    """The end of a twin's id, which agents see: it tells nothing."""
    return hashlib.sha256(f"{origin}:{label}".encode()).hexdigest()[:6]


def _twins(
    item: Kept, draft: Draft, database: schema.Database, split: str, sandbox: Sandbox
) -> tuple[Task, Task] | str:
    found = _results(draft, sandbox)
    if isinstance(found, str):
        return found
    draft = dataclasses.replace(draft, choices=tuple(choice for choice, _ in found))
    rng = random.Random(f"{BUILDER}:{database.id}:{item.question.origin}:{draft.rule}")
    slot = _slot(draft)
    question = _question(draft, slot, rng)
    if question is None:
        return "no clarifying question is understood"
    settled: Choice = rng.choice(draft.choices)
    pair = notes.exchange(draft, settled, database, rng)
    if pair is None:
        return "no other note of the sort"
    shared = [*pair.more, *notes.fillers(draft, database, rng, rng.choice((1, 2, 2, 3, 3, 4, 5)))]
    rng.shuffle(shared)
    define, tell = rng.sample(range(len(shared) + 2), 2)
    readings = tuple(
        Reading(c.value, c.sql, c.gloss, {slot.name: c.value}, result, 1 / len(found)) for c, result in found
    )
    file, _, index = item.question.origin.partition(".json#")
    origin = f"{database.id}-{file.removesuffix('_spider')}{index}-{draft.rule}"
    schema_text = database.schema_text()

    def twin(label: str, definition: str, aside: str, left: tuple[Reading, ...]) -> Task:
        clear = label == "clear"
        beside = shared.copy()
        for place, note in sorted(((define, definition), (tell, aside))):
            beside.insert(place, note)
        return Task(
            id=f"{origin}-{_unlabelled(origin, label)}",
            environment=ENVIRONMENT,
            split=split,
            database=database.id,
            context=context_text(schema_text, beside),
            request=draft.text,
            readings=left,
            slots=(slot,),
            gold_action=Action.ANSWER if clear else Action.CLARIFY,
            gold_question=question,
            kind=draft.kind,
            group=draft.group,
            provenance=Provenance("spider", LICENCE, BUILDER, draft.rule, item.question.origin),
            settled_by=definition if clear else "",
        )

    meant = tuple(dataclasses.replace(r, prior=1.0) for r in readings if r.id == settled.value)
    return (
        twin("clear", pair.settles, pair.aside, meant),
        twin("ambiguous", pair.other, pair.own_aside, readings),
    )
