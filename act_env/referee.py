"""Judges a conversation: which action a state calls for, what a reply was, how an episode ended.

Functions over a frozen ``State``: the environments and the regrading of records share them.
"""

from __future__ import annotations

import dataclasses
import difflib
import functools
import math
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from act_env import actions, scoring
from act_env.conversation import ASSISTANT, USER, Action, Behaviour, Episode, Outcome, Result, Task, Turn
from act_env.errors import SandboxError
from act_env.tasks import TaskSource
from act_env.users.base import Reply, ReplyKind

MAX_ACTION = 4096
"""Characters of an action; a longer one is a wrong answer, of which the record keeps one character
more than this, so that it is found too long again when it is regraded."""


def default_rounds(task: Task) -> int:
    """Replies an episode may take: 4, or two more than the slots in which the readings differ."""
    return max(4, len(scoring.differing_slots(reading.slots for reading in task.readings)) + 2)


class Case:
    """A task with what judging it needs, worked out once: its readings' results, and which agree."""

    def __init__(self, task: Task, database: Callable[[str], Path] | None) -> None:
        from act_env.sql import grading

        self.task = task
        self._database = database
        self.results: dict[str, Result] = {
            reading.id: reading.result if reading.result is not None else self._sandbox().gold(reading.answer)
            for reading in task.readings
        }
        """Per reading: its result."""
        weights = [max(reading.prior, 0.0) for reading in task.readings]
        total = math.fsum(weights)
        if not task.readings or not (total > 0 and math.isfinite(total)):
            raise ValueError(f"task {task.id!r} needs readings with a positive prior, not {weights}")
        classes: list[Result] = []
        self.candidates: dict[str, scoring.Candidate] = {}
        for reading, weight in zip(task.readings, weights, strict=True):
            mine = self.results[reading.id]
            same = (
                i for i, other in enumerate(classes) if grading.match(mine, other).ok and grading.match(other, mine).ok
            )
            if (number := next(same, None)) is None:
                number = len(classes)
                classes.append(mine)
            self.candidates[reading.id] = scoring.Candidate(weight / total, number, dict(reading.slots))

    def _sandbox(self):
        from act_env.sql import sandbox

        if self._database is None:
            raise ValueError(f"task {self.task.id!r} is answered in SQL, but its source names no databases")
        return sandbox.shared(_path(self._database, self.task.database))

    def draw(self, uniform: float) -> str:
        """The reading at ``uniform`` in [0, 1) of the prior's cumulative distribution."""
        reached = 0.0
        for name, candidate in self.candidates.items():
            reached += candidate.weight
            if uniform < reached and candidate.weight > 0:
                return name
        return next(name for name, candidate in reversed(self.candidates.items()) if candidate.weight > 0)

    def fitting(self, resolved: Mapping[str, str]) -> list[scoring.Candidate]:
        """The readings that fit what the dialogue has settled."""
        return [candidate for candidate in self.candidates.values() if scoring.fits(candidate.slots, resolved)]

    def is_open(self, resolved: Mapping[str, str]) -> bool:
        """Whether readings that still fit differ in result, so that CLARIFY is the right action."""
        return len(scoring.results_of(self.fitting(resolved))) > 1

    def execute(self, statement: str) -> Result:
        return self._sandbox().execute(statement)


@functools.lru_cache(maxsize=256)
def _path(database: Callable[[str], Path], name: str) -> Path:
    """Asked of a source once: finding out whether a file must be built can take longer than a query."""
    return database(name)


@dataclasses.dataclass(frozen=True)
class State:
    """An episode so far. ``resolved`` holds (slot, value) pairs in the order they were settled."""

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

    @property
    def rounds(self) -> int:
        """Replies the agent has given."""
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

    def episode(self, task: Task, user: str) -> Episode:
        return Episode(
            task.id,
            task.environment,
            task.split,
            task.database,
            self.seed,
            user,
            self.intention,
            self.turns,
            self.outcome,
        )


@dataclasses.dataclass(frozen=True)
class Rules:
    """What an episode is played by; ``rounds`` is the most replies it may take."""

    reward: scoring.Reward
    cost: float
    rounds: int


@dataclasses.dataclass(frozen=True)
class Answer:
    """An answer, graded. ``matched`` are the classes of results it equals; ``error`` is its typed error."""

    hedged: bool = False
    overhedged: bool = False
    matched: frozenset[int] = frozenset()
    match: float = 0.0
    got: Result | None = None
    error: str | None = None


def grade(case: Case, intention: str, text: str) -> Answer:
    """Executes the statement in ``text`` and compares its result with every reading's."""
    from act_env.sql import grading

    if len(text) > MAX_ACTION:
        return Answer(error="too_long")
    statement = actions.statement_in(text)
    if statement is None:
        return Answer(error="unreadable")
    hedged = actions.also_asks(text, statement)
    try:
        got = case.execute(statement)
    except SandboxError as error:
        return Answer(hedged, error=error.kind)
    matched = frozenset(
        case.candidates[name].result for name, result in case.results.items() if grading.match(got, result).ok
    )
    match = float(grading.match(got, case.results[intention]).ok)
    overhedged = not match and grading.holds(got, list(case.results.values()))
    return Answer(hedged, overhedged, matched, match, got)


def advance(
    case: Case, state: State, text: str, rules: Rules, answer_user: Callable[[State, str], Reply]
) -> tuple[State, float]:
    """The state after the agent's reply ``text`` (and the user's, to a question), and its reward."""
    resolved = dict(state.resolved)
    fitting = case.fitting(resolved)
    was_open = len(scoring.results_of(fitting)) > 1
    left = rules.rounds - state.rounds
    long = len(text) > MAX_ACTION
    text = text[: MAX_ACTION + 1]
    action = Action.ANSWER if long else actions.action_of(text)
    if action is Action.ANSWER:
        answer = grade(case, state.intention, text)
        right = not was_open
        turn = Turn(ASSISTANT, text, action, right, error=answer.error)
        told: tuple[Turn, ...] = ()
        regret = scoring.regret_of_answer(fitting, answer.matched, left, rules.cost)
    else:
        answer = Answer()
        reply = answer_user(state, text)
        new = {name: value for name, value in reply.slots_resolved.items() if name not in resolved}
        right = was_open and any(name in new for name in scoring.open_slots(fitting))
        turn = Turn(ASSISTANT, text, action, right, resolved=tuple(new))
        told = (Turn(USER, reply.text[:MAX_ACTION]),)
        resolved |= new
        regret = scoring.regret_of_question(fitting, tuple(new), left, rules.cost)
    after = dataclasses.replace(
        state,
        turns=(*state.turns, turn, *told),
        resolved=tuple(resolved.items()),
        actions_right=(*state.actions_right, right),
        questions=state.questions + (action is Action.CLARIFY),
        regret=state.regret + regret,
    )
    truncated = action is Action.CLARIFY and left <= 1
    done = action is Action.ANSWER or truncated
    gold = case.results[state.intention]
    step = scoring.Step(case.task, after.turns, action, after.actions_right, answer.match, done, answer.got, gold)
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
        regret=after.regret,
        error=answer.error,
        truncated=truncated,
    )
    return dataclasses.replace(after, outcome=outcome), reward


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
) -> Episode:
    """Grades a recorded episode again from the agent's texts, without agent or user.

    The user's side is taken from the record: its texts, and the slots that each question got resolved.
    The agent's actions, their rightness, errors and outcome are found anew; its tokens and seconds
    stay. An episode whose last reply would now get an answer from the user, of which the record has
    none, ends unfinished.
    """
    case = Case(task, source.database)
    if episode.intention not in case.results:
        raise ValueError(
            f"task {task.id!r} has no reading {episode.intention!r}{close_to(episode.intention, case.results)}"
        )
    meant = task.reading(episode.intention).slots
    rounds = default_rounds(task) if max_rounds is None else max_rounds
    rules = Rules(scoring.make_reward(reward, clarify_cost), clarify_cost, rounds)
    recorded = episode.turns[len(task.history) + 1 :]
    state = State(task.id, episode.seed, episode.intention, (*task.history, Turn(USER, task.request)))
    for i, turn in enumerate(recorded):
        if turn.role != ASSISTANT or state.outcome is not None:
            continue
        replied = i + 1 < len(recorded) and recorded[i + 1].role == USER
        text = recorded[i + 1].text if replied else ""
        resolved = {name: meant[name] for name in turn.resolved if name in meant} if replied else {}
        reply = Reply(text, resolved, ReplyKind.CHOICE if resolved else ReplyKind.REFUSAL)
        state, _ = advance(case, state, turn.text, rules, lambda *_, reply=reply: reply)
        state = state.with_costs(turn)
        if state.turns[-1].role == USER and not replied:
            state = dataclasses.replace(state, turns=state.turns[:-1])
            break
    return state.abandoned().episode(task, episode.user)


def close_to(name: object, known: Iterable[str]) -> str:
    """The end of an error about a name that is not there: the ``known`` ones like it, if any."""
    close = difflib.get_close_matches(str(name), list(known), n=3, cutoff=0.4)
    return f"; close ones are {', '.join(map(repr, close))}" if close else ""
