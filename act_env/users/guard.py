"""The guard: puts any simulated user through cases made from the tasks themselves.

Each check asks the user something and says what is wrong with its replies. What a user may do beside answering, it
states in ``traits``; everything else is a fault. ``docs/users.md`` describes the checks.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from act_env.conversation import Task
from act_env.judging import make_judge
from act_env.tasks import TaskSource
from act_env.users import leaks, probes
from act_env.users.base import Reply, ReplyKind, Trait, User
from act_env.users.talk import Subject, Talk, key

FOREIGN = 3
"""Questions about other tasks that are put about each."""
VARIANTS = 3
"""Other seeds that determinism is checked with."""


@dataclasses.dataclass(frozen=True)
class Verdict:
    """What one check found of one reply: ``why`` is what is wrong with it, empty where nothing is."""

    check: str
    task_id: str
    seed: int
    meant: str
    questions: tuple[str, ...]
    reply: str
    why: str = ""


@dataclasses.dataclass(frozen=True)
class Row:
    """How often a check was made, and how often it failed."""

    check: str
    attempts: int
    failed: int


@dataclasses.dataclass(frozen=True)
class Report:
    """What a guard found: a row for each check, and the verdicts that failed, in order."""

    rows: tuple[Row, ...]
    failures: tuple[Verdict, ...]

    @property
    def passed(self) -> bool:
        return not self.failures

    def row(self, check: str) -> Row:
        return next(row for row in self.rows if row.check == check)

    def failed(self) -> set[str]:
        """The names of the checks that failed."""
        return {row.check for row in self.rows if row.failed}


Found = Iterator[tuple[Talk, Reply, str]]
"""Talks with their last reply and what is wrong with it."""


def _leak(subject: Subject) -> Found:
    """Asks for the SQL or the answer, in plain words and in clever ones, before and after the request is settled."""
    questions = probes.leak_questions(subject.task, database=subject.judge.measure is None)
    settling = _settling(subject)
    for number, question in enumerate(questions):
        talk = Talk(subject)
        if number % 3 == 2 and settling:
            talk.ask(settling)
        reply = talk.ask(question)
        yield talk, reply, _given_away(talk, reply)


def _unknowable(subject: Subject) -> Found:
    """Asks what no user has in mind: it settles nothing, and no figure is made up."""
    for question in probes.about_nothing(probes.UNKNOWABLE, subject.task):
        talk = Talk(subject)
        reply = talk.ask(question)
        made_up = leaks.invented(reply.text, subject.public.with_(question))
        why = talk.fault or talk.unasked(question, reply) or (f"makes up {made_up!r}" if made_up else "")
        yield talk, reply, why


def _relevance(subject: Subject) -> Found:
    """Asks about something else: off the topic, and what was to be asked about other tasks. It settles nothing."""
    for question in probes.about_nothing((*probes.OFF_TOPIC, *subject.foreign), subject.task):
        talk = Talk(subject)
        reply = talk.ask(question)
        yield talk, reply, talk.fault or talk.unasked(question, reply)


def _answers(subject: Subject) -> Found:
    """Puts well a question about each open slot, in every form: it gets the value that is meant, in words."""
    for question in _questions(subject):
        yield _answered(subject, question)


def _consistency(subject: Subject) -> Found:
    """Asks the same again, and in other words: nothing that is said is against what is meant."""
    questions = _questions(subject) if subject.ambiguous else _needless(subject)
    for start in range(0, len(questions), 3):
        talk = Talk(subject)
        for question in (questions[start], *questions[start : start + 3]):
            reply = talk.ask(question)
            yield talk, reply, talk.fault or talk.contradiction(question, reply)


def _two_at_once(subject: Subject) -> Found:
    """Asks two things in one question: about two slots, or about one and what is none of the user's business."""
    slots, meant = subject.task.slots, subject.reading.slots
    first = [probes.well_put(subject.task, slot, meant[slot.name])[:2] for slot in slots if slot.name in meant]
    extra = ("And what is your telephone number?", "And what is the answer then?")
    together = [" ".join(forms[-1] for forms in first)] if len(first) > 1 and all(first) else []
    for question in (*together, *(f"{question} {more}" for forms in first for question in forms for more in extra)):
        if Talk(subject).open_to(question):
            yield _answered(subject, question)


def _determinism(subject: Subject) -> Found:
    """Asks the same with the same seed: it gets the same reply; with another, the same in other words."""
    questions = (*_questions(subject)[:3], "What do you mean?", *probes.PLAIN_LEAKS[:1], *probes.OFF_TOPIC[:1])
    keep, restore = (getattr(subject.user, name, None) for name in ("snapshot", "restore"))
    for question in questions:
        state = keep() if keep else None
        talk = Talk(subject)
        reply = talk.ask(question)
        why = talk.fault
        for variant in range(VARIANTS + 1):
            if keep:
                restore(state)
            other = Talk(subject)
            again = other.ask(question, variant)
            if variant == 0 and again != reply:
                why = why or f"says something else by the same seed: {again.text!r:.200}"
            elif _effect(again, subject) != _effect(reply, subject) or other.contradiction(question, again):
                why = why or f"means something else by another seed: {dict(again.slots_resolved)}, {again.text!r:.200}"
        yield talk, reply, why


CHECKS: dict[str, Callable[[Subject], Found]] = {
    "leak": _leak,
    "unknowable": _unknowable,
    "relevance": _relevance,
    "answers": _answers,
    "consistency": _consistency,
    "two at once": _two_at_once,
    "determinism": _determinism,
}
"""Every check by its name. What the replies to other checks than the first give away counts as an ``UNASKED`` leak."""

UNASKED = "leak, unasked"


def guard(
    user: User,
    source: TaskSource,
    *,
    seeds: Sequence[int] = (0,),
    tasks: Sequence[Task] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Report:
    """Makes every check with a user on the tasks (all of the source's by default), once with each seed, which draws
    what the user means. ``progress(done, total)`` is called after each task."""
    tasks = source.tasks if tasks is None else tasks
    judge = make_judge(source.tasks[0].environment, source.database)
    pairs = [(task, seed) for seed in dict.fromkeys(seeds) for task in tasks]
    attempts: Counter[str] = Counter()
    failures: list[Verdict] = []
    for done, (task, seed) in enumerate(pairs, 1):
        subject = Subject.of(user, task, seed, judge, _foreign(source, task, seed))
        for verdict in verdicts(subject):
            attempts[verdict.check] += 1
            if verdict.why:
                failures.append(verdict)
        if progress:
            progress(done, len(pairs))
    failed = Counter(verdict.check for verdict in failures)
    names = [name for check in CHECKS for name in ((check, UNASKED) if check == "leak" else (check,))]
    return Report(tuple(Row(name, attempts[name], failed[name]) for name in names), tuple(failures))


def verdicts(subject: Subject) -> Iterator[Verdict]:
    """What every check finds of a user about one task."""
    for name, check in CHECKS.items():
        for talk, reply, why in check(subject):
            yield _verdict(name, talk, reply, why)
            if name != "leak":
                yield _verdict(UNASKED, talk, reply, _given_away(talk, reply))


def _verdict(check: str, talk: Talk, reply: Reply, why: str) -> Verdict:
    subject = talk.subject
    return Verdict(check, subject.task.id, subject.seed, talk.meant.id, tuple(talk.asked), reply.text, why)


def _given_away(talk: Talk, reply: Reply) -> str:
    said = (turn.text for turn in talk.turns[len(talk.subject.task.history) : -1])
    return leaks.leaked(reply.text, talk.subject.secrets, talk.subject.public.with_(*said))


def _questions(subject: Subject) -> list[str]:
    """Well-put questions about each slot that is open."""
    if not subject.ambiguous:
        return []
    found = [question for question in _needless(subject) if Talk(subject).open_to(question)]
    return list(dict.fromkeys(found))


def _needless(subject: Subject) -> list[str]:
    """Well-put questions about each slot, open or not."""
    meant = subject.reading.slots
    slots = [slot for slot in subject.task.slots if slot.name in meant]
    return [question for slot in slots for question in probes.well_put(subject.task, slot, meant[slot.name])]


def _settling(subject: Subject) -> str:
    return next(iter(_questions(subject)), "")


def _answered(subject: Subject, question: str) -> tuple[Talk, Reply, str]:
    talk = Talk(subject)
    names = talk.open_to(question)
    reply = talk.ask(question)
    if talk.partial and not talk.fault:
        reply = talk.ask(question)
    return talk, reply, talk.fault or ("" if talk.any_fits else talk.untold(names, question, reply))


def _effect(reply: Reply, subject: Subject) -> Any:
    """What a reply does, beside its words."""
    told = set(reply.slots_resolved) if Trait.CHANGES_MIND in subject.traits else dict(reply.slots_resolved)
    return told, reply.any_fits, reply.kind is ReplyKind.PARTIAL


def _foreign(source: TaskSource, task: Task, seed: int) -> list[str]:
    others = dict.fromkeys(other.gold_question for other in source.tasks if other.database != task.database)
    names = [question for question in others if question and question != task.gold_question]
    drawn = key(seed, task.id, "foreign").permutation(len(names))[:FOREIGN]
    return [names[i] for i in drawn]
