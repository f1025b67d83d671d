"""Scripted agents with oracle texts: their questions and answers are the task's own, so that what is
compared is only *when* they ask.

They are privileged, but none knows the intention: an answer is the most probable reading among those
that fit what the user has said so far, the first listed where several are as probable. All of them
decide on the first turn alone, except the oracle.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from itertools import combinations

from act_env.conversation import ASSISTANT, Action, Reading, Slot, Task
from act_env.scoring import fits
from agents.base import Agent, EpisodeView, Observation, PrivilegedAgent, agent_name, replies

GENERIC = "Could you clarify what you mean?"


def fitting(view: EpisodeView) -> tuple[Reading, ...]:
    """The readings that fit the dialogue: the intention, as it is now, is looked at only for the slots that the user
    has settled."""
    intended = view.task.reading(view.intention).slots
    settled = {name for turn in view.turns if turn.role == ASSISTANT for name in turn.resolved}
    told = {name: intended[name] for name in settled if name in intended}
    return tuple(reading for reading in view.task.readings if fits(reading.slots, told))


def differ(readings: Sequence[Reading], view: EpisodeView) -> bool:
    """Whether two of the readings give different results."""
    golds = [view.judge.gold(view.task, reading) for reading in readings]
    return not all(view.judge.same(one, other) for one, other in combinations(golds, 2))


def best_answer(view: EpisodeView) -> str:
    """The answer of the most probable fitting reading."""
    return max(fitting(view), key=lambda reading: reading.prior).answer


def slot_question(slots: Sequence[Slot]) -> str:
    """A question that names each slot and offers its options."""
    parts = [f"which {slot.cues[0]}: {', '.join(o.cues[0] for o in slot.options)}" for slot in slots]
    return f"Do you mean, {'; and '.join(parts)}?"


def gold_question(task: Task) -> str:
    """The task's own question; for a task that has none, one about its first slot."""
    if task.gold_question:
        return task.gold_question
    return slot_question(task.slots[:1]) if task.slots else GENERIC


def asked_before(view: EpisodeView) -> bool:
    return any(turn.action is Action.CLARIFY for turn in view.turns)


class Scripted:
    """Asks on the first turn where ``decide`` says so, and answers from then on."""

    name: str

    def decide(self, observations: Sequence[Observation], episodes: Sequence[EpisodeView]) -> list[bool]:
        raise NotImplementedError

    def question(self, view: EpisodeView) -> str:
        return gold_question(view.task)

    def act_privileged(self, observations: Sequence[Observation], episodes: Sequence[EpisodeView]) -> list[str]:
        asks = iter(self._decisions(observations, episodes))
        return [
            self.question(view) if observation["turn"] == 0 and next(asks) else best_answer(view)
            for observation, view in zip(observations, episodes, strict=True)
        ]

    def _decisions(self, observations: Sequence[Observation], episodes: Sequence[EpisodeView]) -> list[bool]:
        first = [(o, v) for o, v in zip(observations, episodes, strict=True) if o["turn"] == 0]
        return self.decide([o for o, _ in first], [v for _, v in first]) if first else []


class AlwaysAsk(Scripted):
    """Asks the gold question once, whatever the request, then answers."""

    name = "always-ask"

    def decide(self, observations, episodes):
        return [True] * len(observations)


class NeverAsk(Scripted):
    """Answers at once."""

    name = "never-ask"

    def decide(self, observations, episodes):
        return [False] * len(observations)


class GenericAsker(AlwaysAsk):
    """Asks what is meant without naming anything, then answers."""

    name = "generic-asker"

    def question(self, view: EpisodeView) -> str:
        return GENERIC


class KitchenSink(AlwaysAsk):
    """Asks about everything at once, then answers."""

    name = "kitchen-sink"

    def question(self, view: EpisodeView) -> str:
        asked = slot_question(view.task.slots).removesuffix("?") if view.task.slots else "Do you mean"
        return f"{asked}; and which columns, which rows, in which order, how many, and over which period?"


class Coin(Scripted):
    """Asks with probability ``p``: a coin that falls the same way for the same seed and observation."""

    name = "coin"

    def __init__(self, seed: int = 0, p: float = 0.5):
        if not 0 <= p <= 1:
            raise ValueError(f"p is a probability, got {p!r}")
        self.seed, self.p = seed, p
        self.facts = {"seed": seed, "p": p}

    def decide(self, observations, episodes):
        return [self._toss(observation) < self.p for observation in observations]

    def _toss(self, observation: Observation) -> float:
        text = "\0".join((str(self.seed), observation["context"], observation["dialogue"]))
        return int.from_bytes(hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()[:8]) / 2**64


class Oracle:
    """Asks while readings that fit the dialogue differ in result, the gold question first, and again what was half
    answered, and answers otherwise, or once any of them will do: the maximum that any agent can reach."""

    name = "oracle"

    def act_privileged(self, observations: Sequence[Observation], episodes: Sequence[EpisodeView]) -> list[str]:
        return [self._reply(view) for view in episodes]

    def _reply(self, view: EpisodeView) -> str:
        readings = fitting(view)
        if any(turn.any_fits for turn in view.turns) or not differ(readings, view):
            return best_answer(view)
        if not asked_before(view):
            return gold_question(view.task)
        if view.turns[-1].partial:
            return view.turns[-2].text
        still_open = [slot for slot in view.task.slots if len({r.slots.get(slot.name) for r in readings}) > 1]
        return slot_question(still_open[:2]) if still_open else gold_question(view.task)


class ForcedQuestion:
    """Another agent, for which the gold question of every ambiguous request is asked on the first turn.

    What remains is the skill to use the user's reply (the post-clarification score of all agents on
    the same conversations).
    """

    def __init__(self, agent: Agent | PrivilegedAgent):
        self.agent = agent
        self.name = f"{agent_name(agent)} (forced question)"
        self.facts = getattr(agent, "facts", {})
        for optional in ("device", "fits"):
            if hasattr(agent, optional):
                setattr(self, optional, getattr(agent, optional))

    def act_privileged(self, observations: Sequence[Observation], episodes: Sequence[EpisodeView]) -> list[str]:
        forced = [
            o["turn"] == 0 and v.task.gold_action is Action.CLARIFY for o, v in zip(observations, episodes, strict=True)
        ]
        left = [i for i, held in enumerate(forced) if not held]
        given = iter(
            replies(self.agent, [observations[i] for i in left], lambda: [episodes[i] for i in left]) if left else []
        )
        return [gold_question(v.task) if held else next(given) for v, held in zip(episodes, forced, strict=True)]
