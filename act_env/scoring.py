"""Rewards, the value of asking, and regret.

The value functions are those of the ``priced`` reward (match minus a cost per question) over the
readings that still fit a dialogue: exact, by recursion over the slots that questions may resolve.
"""

from __future__ import annotations

import dataclasses
import functools
import itertools
import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeAlias

from act_env.conversation import Action, Task, Turn


@dataclasses.dataclass(frozen=True)
class Step:
    """What a reward sees: one reply of the agent, judged.

    ``turns`` are all turns so far, the user's reply included; ``actions_right`` has one entry per
    reply of the agent to the request. ``match`` is 1.0 for an answer that matches the intended reading's ``gold``
    (where the user has said that any will do, that of the fitting reading which the answer comes closest to),
    else 0.0; ``got`` is the answer itself, as the judge read it (in SQL, its result), None for a question or an
    answer that cannot be read. ``credit`` compares the two for partial credit.
    """

    task: Task
    turns: tuple[Turn, ...]
    action: Action
    actions_right: tuple[bool, ...]
    match: float
    done: bool
    got: Any
    gold: Any
    credit: Callable[[Any, Any], float]


Reward: TypeAlias = Callable[[Step], float]


def act(step: Step) -> float:
    """1 at the end of an episode of right actions whose answer matches: the paper's H, with its scenario A."""
    return float(step.done and step.match == 1.0 and all(step.actions_right))


def priced(step: Step, cost: float) -> float:
    """Match, minus ``cost`` for a question."""
    return step.match - (cost if step.action is Action.CLARIFY else 0.0)


def graded(step: Step) -> float:
    """Execution feedback for an answer: partial credit below 1, and 1 only for a match."""
    if step.match == 1.0 or step.got is None:
        return step.match
    return step.credit(step.got, step.gold)


REWARDS = ("act", "priced", "graded")


def make_reward(reward: str | Reward, clarify_cost: float) -> Reward:
    """The reward of a name, or the callable given. ValueError names those there are."""
    if not (math.isfinite(clarify_cost) and clarify_cost >= 0):
        raise ValueError(f"clarify_cost is {clarify_cost!r}; it must be a number of at least 0")
    if callable(reward):
        return reward
    named: dict[str, Reward] = {"act": act, "priced": functools.partial(priced, cost=clarify_cost), "graded": graded}
    if reward not in named:
        raise ValueError(f"no reward {reward!r}; there are {', '.join(map(repr, REWARDS))}, or give a callable")
    return named[reward]


@dataclasses.dataclass(frozen=True)
class Candidate:
    """A reading as the value functions see it: its weight, the class of readings whose result it
    shares, and the slot values it fixes."""

    weight: float
    result: int
    slots: Mapping[str, str]


def fits(slots: Mapping[str, str], resolved: Mapping[str, str]) -> bool:
    """Whether a reading fits what is settled: it contradicts none of it."""
    return all(slots.get(name, value) == value for name, value in resolved.items())


def results_of(candidates: Sequence[Candidate]) -> frozenset[int]:
    return frozenset(candidate.result for candidate in candidates)


def as_one(candidates: Sequence[Candidate]) -> list[Candidate]:
    """The readings as they stand once the user has said that any of them will do: all of one result."""
    return [dataclasses.replace(candidate, result=candidates[0].result) for candidate in candidates]


def differing_slots(readings: Iterable[Mapping[str, str]]) -> tuple[str, ...]:
    """The slots that readings, each given by the slot values it fixes, fix to different values."""
    values: dict[str, set[str]] = defaultdict(set)
    for slots in readings:
        for name, value in slots.items():
            values[name].add(value)
    return tuple(name for name, found in values.items() if len(found) > 1)


def open_slots(candidates: Sequence[Candidate]) -> tuple[str, ...]:
    """The slots that are worth asking about: an answer would rule a result out, or two candidates that
    fit each other in all else differ in result. Never empty while results and some slot differ."""
    everything = results_of(candidates)
    if len(everything) < 2:
        return ()
    differing = differing_slots(candidate.slots for candidate in candidates)
    return tuple(name for name in differing if _decides(candidates, name, everything)) or differing


def _decides(candidates: Sequence[Candidate], name: str, everything: frozenset[int]) -> bool:
    for candidate in (candidate for candidate in candidates if name in candidate.slots):
        told = {name: candidate.slots[name]}
        rest = {key: value for key, value in candidate.slots.items() if key != name}
        if results_of([other for other in candidates if fits(other.slots, told)]) != everything:
            return True
        others = [other for other in candidates if fits(other.slots, rest) and not fits(other.slots, told)]
        if any(other.result != candidate.result for other in others):
            return True
    return False


def answer_value(candidates: Sequence[Candidate], matched: frozenset[int] | None = None) -> float:
    """The probability that an answer is right: one with the most probable result, or one that
    matches the results ``matched``."""
    mass: dict[int, float] = defaultdict(float)
    for candidate in candidates:
        mass[candidate.result] += candidate.weight
    total = math.fsum(mass.values())
    hit = max(mass.values()) if matched is None else math.fsum(mass[result] for result in matched & mass.keys())
    return hit / total


_Memo: TypeAlias = dict[tuple[frozenset[int], int], float]


def question_value(
    candidates: Sequence[Candidate], asked: Sequence[str], rounds: int, cost: float, memo: _Memo | None = None
) -> float:
    """The expected value of a question that resolves the slots ``asked``, with ``rounds`` replies left
    before it, when everything after it is done in the best way."""
    memo = {} if memo is None else memo
    branches: dict[tuple[tuple[str, str], ...], float] = defaultdict(float)
    for candidate in candidates:
        told = tuple((name, candidate.slots[name]) for name in asked if name in candidate.slots)
        branches[told] += candidate.weight
    total = math.fsum(branches.values())
    after = 0.0
    for told, weight in branches.items():
        left = [candidate for candidate in candidates if fits(candidate.slots, dict(told))]
        after += weight / total * best_value(left, rounds - 1, cost, memo)
    return after - cost


def best_value(candidates: Sequence[Candidate], rounds: int, cost: float, memo: _Memo | None = None) -> float:
    """V*: the best expected value with ``rounds`` replies left; a question may resolve two slots.

    ``memo`` is for the recursion: it holds values of subsets of one call's candidates.
    """
    if rounds < 1:
        return 0.0
    now = answer_value(candidates)
    if rounds == 1 or now >= 1.0 - cost:
        return now
    memo = {} if memo is None else memo
    key = (frozenset(map(id, candidates)), rounds)
    if key not in memo:
        slots = differing_slots(candidate.slots for candidate in candidates)
        questions = [*itertools.combinations(slots, 1), *itertools.combinations(slots, 2)]
        memo[key] = max([now, *(question_value(candidates, asked, rounds, cost, memo) for asked in questions)])
    return memo[key]


def regret_of_question(
    candidates: Sequence[Candidate], asked: Sequence[str], rounds: int, cost: float, *, any_fits: bool = False
) -> float:
    """V* minus the value of asking for ``asked``, or, with ``any_fits``, of asking what gets any reading that fits
    allowed; never negative."""
    after = as_one(candidates) if any_fits else candidates
    return max(0.0, best_value(candidates, rounds, cost) - question_value(after, asked, rounds, cost))


def regret_of_answer(candidates: Sequence[Candidate], matched: frozenset[int], rounds: int, cost: float) -> float:
    """V* minus the mass of the readings that the answer matches; never negative."""
    return max(0.0, best_value(candidates, rounds, cost) - answer_value(candidates, matched))
