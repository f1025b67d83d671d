"""Judges a conversation: which action a state calls for, what a reply was, how an episode ended.

Functions over a frozen ``State``: the environments and the regrading of records share them.
"""

from __future__ import annotations

import dataclasses
import difflib
import functools
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from act_env import scoring
from act_env.conversation import ASSISTANT, USER, Action, Behaviour, Episode, Outcome, Part, Task, Turn
from act_env.judging import Judge, make_judge
from act_env.tasks import TaskSource
from act_env.users.base import Reply, ReplyKind, resolved_by

MAX_ACTION = 4096
"""Characters of an action; a longer one is a wrong answer, of which the record keeps one character
more than this, so that it is found too long again when it is regraded."""


def default_rounds(task: Task) -> int:
    """Replies an episode may take: 4, or two more than the slots in which the readings differ."""
    return max(4, len(scoring.differing_slots(reading.slots for reading in task.readings)) + 2)


class Case:
    """A request with what judging it needs, worked out once: its readings' golds, and which are the same result."""

    def __init__(self, task: Task, judge: Judge) -> None:
        self.task, self.judge = task, judge
        self.golds: dict[str, Any] = {reading.id: judge.gold(task, reading) for reading in task.readings}
        """Per reading: what an answer is compared with."""
        weights = [max(reading.prior, 0.0) for reading in task.readings]
        total = math.fsum(weights)
        if not task.readings or not (total > 0 and math.isfinite(total)):
            raise ValueError(f"task {task.id!r} needs readings with a positive prior, not {weights}")
        classes: list[Any] = []
        self.candidates: dict[str, scoring.Candidate] = {}
        for reading, weight in zip(task.readings, weights, strict=True):
            mine = self.golds[reading.id]
            number = next((i for i, other in enumerate(classes) if judge.same(mine, other)), None)
            if number is None:
                number = len(classes)
                classes.append(mine)
            self.candidates[reading.id] = scoring.Candidate(weight / total, number, dict(reading.slots))

    def draw(self, uniform: float) -> str:
        """The reading at ``uniform`` in [0, 1) of the prior's cumulative distribution."""
        reached = 0.0
        for name, candidate in self.candidates.items():
            reached += candidate.weight
            if uniform < reached and candidate.weight > 0:
                return name
        return next(name for name, candidate in reversed(self.candidates.items()) if candidate.weight > 0)

    def fitting(self, state: State) -> list[scoring.Candidate]:
        """The readings that fit what the dialogue has settled; of one result where any of them will do."""
        resolved = dict(state.resolved)
        fitting = [candidate for candidate in self.candidates.values() if scoring.fits(candidate.slots, resolved)]
        return scoring.as_one(fitting) if state.any_fits else fitting

    def is_open(self, state: State) -> bool:
        """Whether readings that still fit differ in result, so that CLARIFY is the right action."""
        return len(scoring.results_of(self.fitting(state))) > 1

    def grade(self, state: State, text: str) -> Answer:
        """Reads the answer in ``text`` and compares it with every reading's gold. The intended reading's is the right
        one; where any that fits will do, the closest of these."""
        if len(text) > MAX_ACTION:
            return Answer(error="too_long")
        judge, given = self.judge, self.judge.read(self.task, text)
        if given.value is None:
            return Answer(given.hedged, error=given.error)
        close = {name: judge.closeness(given.value, gold) for name, gold in self.golds.items()}
        matched = frozenset(
            self.candidates[name].result for name, closeness in close.items() if closeness > judge.epsilon
        )
        meant = state.intention
        if state.any_fits:
            resolved = dict(state.resolved)
            meant = max(
                (name for name, candidate in self.candidates.items() if scoring.fits(candidate.slots, resolved)),
                key=lambda name: (close[name], judge.credit(given.value, self.golds[name])),
            )
        match = float(close[meant] > judge.epsilon)
        overhedged = not match and judge.holds(given.value, list(self.golds.values()))
        f1 = None if judge.measure is None else close[meant]
        return Answer(given.hedged, overhedged, matched, match, given.value, given.error, f1, meant)


@dataclasses.dataclass(frozen=True)
class State:
    """A request of an episode, as far as it has come. ``resolved`` holds (slot, value) pairs in the order they were
    settled. ``turns`` are the whole dialogue's: this request stands at ``start``, after those of ``ended``.
    ``any_fits``: the user has said that any reading that still fits will do. ``meant_first`` is the intention before
    the user changed its mind, where it did."""

    task_id: str
    seed: int
    intention: str
    turns: tuple[Turn, ...]
    resolved: tuple[tuple[str, str], ...] = ()
    actions_right: tuple[bool, ...] = ()
    questions: int = 0
    score: float = 0.0
    regret: float = 0.0
    outcome: Outcome | None = None
    start: int = 0
    ended: tuple[Part, ...] = ()
    any_fits: bool = False
    meant_first: str | None = None

    @classmethod
    def of(cls, case: Case, seed: int, intention: str) -> State:
        """An episode's first request, made after the task's history."""
        task = case.task
        return cls(task.id, seed, intention, (*task.history, Turn(USER, task.request)), start=len(task.history))

    @property
    def rounds(self) -> int:
        """Replies the agent has given to the request."""
        return len(self.actions_right)

    def with_costs(self, recorded: Turn) -> State:
        """The state with the tokens and seconds of a recorded reply on the agent's last one."""
        last = max(i for i, turn in enumerate(self.turns) if turn.role == ASSISTANT)
        turn = dataclasses.replace(self.turns[last], tokens=recorded.tokens, seconds=recorded.seconds)
        return dataclasses.replace(self, turns=(*self.turns[:last], turn, *self.turns[last + 1 :]))

    def abandoned(self) -> State:
        """The state with the outcome of an episode that stopped without an answer."""
        if self.outcome is not None:
            return self
        outcome = Outcome(self.actions_right, Behaviour.UNFINISHED, 0.0, self.score, self.questions, regret=self.regret)
        return dataclasses.replace(self, outcome=outcome)

    def parts(self) -> tuple[Part, ...]:
        """The requests that have ended, this one too if it has."""
        if self.outcome is None:
            return self.ended
        return (*self.ended, Part(self.task_id, self.intention, self.start, self.outcome, self.meant_first))

    def followed_by(self, case: Case, intention: str) -> State:
        """The state in which the next request has been made."""
        turns = (*self.turns, Turn(USER, case.task.request))
        return State(case.task.id, self.seed, intention, turns, start=len(self.turns), ended=self.parts())

    def episode(self, task: Task, user: str) -> Episode:
        """The episode's record; its outcome is None until all the requests of ``task`` have ended."""
        parts = self.parts()
        first = parts[0] if parts else self
        outcome = self.outcome
        if task.parts:
            outcome = _overall(parts) if len(parts) == len(task.parts) else None
        return Episode(
            task.id,
            task.environment,
            task.split,
            task.database,
            self.seed,
            user,
            first.intention,
            self.turns,
            outcome,
            first.meant_first,
        )


def _overall(parts: tuple[Part, ...]) -> Outcome:
    """The outcome of an episode of several requests: sums and means of theirs; behaviour and error are the last's."""
    outcomes = [part.outcome for part in parts]

    def mean(values: Iterable[float | None]) -> float | None:
        known = [value for value in values if value is not None]
        return math.fsum(known) / len(known) if known else None

    return Outcome(
        actions_right=tuple(right for outcome in outcomes for right in outcome.actions_right),
        behaviour=outcomes[-1].behaviour,
        match=mean(outcome.match for outcome in outcomes),
        score=mean(outcome.score for outcome in outcomes),
        questions=sum(outcome.questions for outcome in outcomes),
        regret=mean(outcome.regret for outcome in outcomes),
        error=outcomes[-1].error,
        truncated=outcomes[-1].truncated,
        f1=mean(outcome.f1 for outcome in outcomes),
        parts=parts,
    )


@dataclasses.dataclass(frozen=True)
class Rules:
    """What a request is played by; ``rounds`` is the most replies it may take."""

    reward: scoring.Reward
    cost: float
    rounds: int
    action_of: Callable[[str], Action]


@dataclasses.dataclass(frozen=True)
class Answer:
    """An answer, graded. ``matched`` are the classes of results it equals, ``got`` is its value as its judge reads
    it, ``error`` is its typed error, ``f1`` its closeness where answers are close rather than equal, ``meant`` the
    reading that it was compared with (None where it has no value)."""

    hedged: bool = False
    overhedged: bool = False
    matched: frozenset[int] = frozenset()
    match: float = 0.0
    got: Any = None
    error: str | None = None
    f1: float | None = None
    meant: str | None = None


def advance(
    case: Case, state: State, text: str, rules: Rules, answer_user: Callable[[State, str], Reply]
) -> tuple[State, float]:
    """The state after the agent's reply ``text`` (and the user's, to a question), and its reward."""
    fitting = case.fitting(state)
    was_open = len(scoring.results_of(fitting)) > 1
    left = rules.rounds - state.rounds
    long = len(text) > MAX_ACTION
    text = text[: MAX_ACTION + 1]
    action = Action.ANSWER if long else rules.action_of(text)
    if action is Action.ANSWER:
        answer = case.grade(state, text)
        right = not was_open
        after = dataclasses.replace(
            state, turns=(*state.turns, Turn(ASSISTANT, text, action, right, error=answer.error))
        )
        matched = scoring.results_of(fitting) if state.any_fits and answer.match else answer.matched
        regret = scoring.regret_of_answer(fitting, matched, left, rules.cost) if case.task.all_known else 0.0
    else:
        answer = Answer()
        after, right, regret = _replied(case, state, text, answer_user(state, text), rules, fitting)
    after = dataclasses.replace(
        after,
        actions_right=(*state.actions_right, right),
        questions=state.questions + (action is Action.CLARIFY),
        regret=state.regret + regret,
    )
    truncated = action is Action.CLARIFY and left <= 1
    done = action is Action.ANSWER or truncated
    step = scoring.Step(
        case.task,
        after.turns,
        action,
        after.actions_right,
        answer.match,
        done,
        answer.got,
        case.golds[answer.meant or after.intention],
        case.judge.credit,
    )
    reward = float(rules.reward(step))
    if not math.isfinite(reward):
        raise ValueError(f"the reward of task {case.task.id!r} is {reward!r}; a reward is a finite number")
    after = dataclasses.replace(after, score=state.score + reward)
    if not done:
        return after, reward
    outcome = Outcome(
        actions_right=after.actions_right,
        behaviour=Behaviour.UNFINISHED if truncated else behaviour(answer, was_open, after),
        match=answer.match,
        score=after.score,
        questions=after.questions,
        regret=after.regret if case.task.all_known else None,
        error=answer.error,
        truncated=truncated,
        f1=(answer.f1 or 0.0) if case.judge.measure else None,
    )
    return dataclasses.replace(after, outcome=outcome), reward


def _replied(
    case: Case, state: State, text: str, reply: Reply, rules: Rules, fitting: Sequence[scoring.Candidate]
) -> tuple[State, bool, float]:
    """The state with the question ``text`` and the user's reply to it; whether the question was right; its regret.

    A question is right if it resolves an open slot, or asks about one that the user only half answers or leaves to the
    agent. What the user leaves unsaid is nothing that the agent gave up: to half an answer the regret is that of a
    whole one.
    """
    changed = reply.intention not in (None, state.intention)
    intention = reply.intention if changed else state.intention
    resolved = dict(state.resolved)
    told = {name: value for name, value in reply.slots_resolved.items() if changed or name not in resolved}
    partial = reply.kind is ReplyKind.PARTIAL
    wanted = set(scoring.open_slots(fitting))
    settling = tuple(told)
    if partial or reply.any_fits:
        asked = resolved_by(case.task, case.task.reading(intention), text)
        settling = (*told, *(name for name in asked if name in wanted and name not in told))
    right = not wanted.isdisjoint(settling)
    turns = (
        Turn(ASSISTANT, text, Action.CLARIFY, right, resolved=tuple(told)),
        Turn(
            USER,
            reply.text[:MAX_ACTION],
            intention=intention if changed else None,
            any_fits=reply.any_fits,
            partial=partial,
        ),
    )
    after = dataclasses.replace(
        state,
        turns=(*state.turns, *turns),
        resolved=tuple((resolved | told).items()),
        intention=intention,
        meant_first=state.meant_first or (state.intention if changed else None),
        any_fits=state.any_fits or reply.any_fits,
    )
    left = rules.rounds - state.rounds
    if not case.task.all_known:
        return after, right, 0.0
    return after, right, scoring.regret_of_question(fitting, settling, left, rules.cost, any_fits=reply.any_fits)


def behaviour(answer: Answer, was_open: bool, state: State) -> Behaviour:
    """How an answered episode dealt with its request; ``was_open`` is the state before the answer."""
    if answer.hedged:
        return Behaviour.HEDGED
    if answer.error is not None:
        return Behaviour.UNREADABLE
    if answer.overhedged:
        return Behaviour.OVERHEDGED
    if was_open or not answer.match:
        return Behaviour.ASSUMPTION if answer.matched else Behaviour.WRONG
    if not all(state.actions_right):
        return Behaviour.OVERASKED
    return Behaviour.CLARIFIED if state.questions else Behaviour.ANSWERED


def regrade(
    task: Task,
    source: TaskSource,
    episode: Episode,
    *,
    reward: str | scoring.Reward = "act",
    clarify_cost: float = 0.1,
    max_rounds: int | None = None,
    epsilon: float | None = None,
    action_of: Callable[[str], Action] | None = None,
) -> Episode:
    """Grades a recorded episode again from the agent's texts, without agent or user.

    The user's side is taken from the record: its texts, the slots that each question got resolved, and where it
    changed its mind, half answered or let any reading do.
    The agent's actions, their rightness, errors and outcome are found anew; its tokens and seconds
    stay. A request whose last reply would now get an answer from the user, of which the record has
    none, ends unfinished; so do the requests of a record that broke off before them.
    """
    judge = make_judge(task.environment, source.database, epsilon)
    make = functools.partial(
        Rules, scoring.make_reward(reward, clarify_cost), clarify_cost, action_of=action_of or judge.action_of
    )
    state: State | None = None
    for request, intention, recorded in _recorded_parts(task, episode):
        case = Case(request, judge)
        if intention not in case.golds:
            raise ValueError(f"task {request.id!r} has no reading {intention!r}{close_to(intention, case.golds)}")
        state = State.of(case, episode.seed, intention) if state is None else state.followed_by(case, intention)
        rules = make(rounds=default_rounds(request) if max_rounds is None else max_rounds)
        state = _replayed(case, state, recorded, rules).abandoned()
    return state.episode(task, episode.user)


def _recorded_parts(task: Task, episode: Episode) -> Iterator[tuple[Task, str, Sequence[Turn]]]:
    """Each request served, the intention it began with, and the turns recorded after it."""
    if not task.parts:
        yield task, episode.meant_first or episode.intention, episode.turns[len(task.history) + 1 :]
        return
    for request, (part, turns) in zip(task.parts, episode.exchanges(), strict=False):
        yield request, part.meant_first or part.intention, turns[1:]


def _replayed(case: Case, state: State, recorded: Sequence[Turn], rules: Rules) -> State:
    """A request's state after the replies recorded to it, judged anew."""
    for i, turn in enumerate(recorded):
        if turn.role != ASSISTANT or state.outcome is not None:
            continue
        replied = i + 1 < len(recorded) and recorded[i + 1].role == USER
        said = recorded[i + 1] if replied else Turn(USER, "")
        if said.intention is not None and said.intention not in case.golds:
            raise ValueError(
                f"task {case.task.id!r} has no reading {said.intention!r}{close_to(said.intention, case.golds)}"
            )
        meant = case.task.reading(said.intention or state.intention).slots
        resolved = {name: meant[name] for name in turn.resolved if name in meant} if replied else {}
        kind = ReplyKind.CHOICE if resolved else ReplyKind.PARTIAL if said.partial else ReplyKind.REFUSAL
        reply = Reply(said.text, resolved, kind, said.intention, said.any_fits)
        state, _ = advance(case, state, turn.text, rules, lambda *_, reply=reply: reply)
        state = state.with_costs(turn)
        if state.turns[-1].role == USER and not replied:
            return dataclasses.replace(state, turns=state.turns[:-1])
    return state


def close_to(name: object, known: Iterable[str]) -> str:
    """The end of an error about a name that is not there: the ``known`` ones like it, if any."""
    close = difflib.get_close_matches(str(name), list(known), n=3, cutoff=0.4)
    return f"; close ones are {', '.join(map(repr, close))}" if close else ""
