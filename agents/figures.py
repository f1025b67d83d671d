"""The figures of an episode: what each is, what it takes from one episode, and how sums become its value.

The names follow the paper where it has one (its section on evaluation): action recognition is by the
first reply, ``turn_em`` is its turn-level and ``trajectory_em`` its trajectory-level score.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping

import numpy as np

from act_env.conversation import ASSISTANT, Action, Episode, Task, Turn
from act_env.errors import MalformedRecord
from act_env.scoring import fits
from act_env.users.base import settled_in
from agents.stats import Statistic


def played_turns(task: Task, episode: Episode) -> tuple[Turn, ...]:
    """An episode's turns without the gold history that it may begin with."""
    history = tuple((turn.role, turn.text) for turn in task.history)
    begins = tuple((turn.role, turn.text) for turn in episode.turns[: len(history)])
    return episode.turns[len(history) :] if history and begins == history else episode.turns


@dataclasses.dataclass(frozen=True)
class Seen:
    """An episode, as the figures look at it: ``replies`` are the agent's turns. ``similarity`` is that of the first
    reply with gold's, and of the final answer with the intended reading's, where an encoder has measured them."""

    task: Task
    episode: Episode
    replies: tuple[Turn, ...]
    similarity: tuple[float, float] | None = None

    @classmethod
    def of(cls, task: Task, episode: Episode) -> Seen:
        """Raises MalformedRecord for an episode that has no outcome."""
        if episode.outcome is None:
            raise MalformedRecord(f"episode of task {episode.task_id!r}, seed {episode.seed}: no outcome")
        return cls(task, episode, tuple(t for t in played_turns(task, episode) if t.role == ASSISTANT))

    @classmethod
    def all_of(cls, task: Task, episode: Episode) -> list[Seen]:
        """An episode once for each request that it served. Raises MalformedRecord as ``of``."""
        if not (task.parts and episode.outcome and episode.outcome.parts):
            return [cls.of(task, episode)]
        requests = {request.id: request for request in task.parts}
        return [
            cls.of(
                requests[part.task_id],
                dataclasses.replace(episode, intention=part.intention, turns=turns, outcome=part.outcome),
            )
            for part, turns in episode.exchanges()
        ]

    @property
    def ambiguous(self) -> bool:
        return self.task.gold_action is Action.CLARIFY

    @property
    def first(self) -> Action | None:
        """The first reply's action: None where the agent gave none."""
        return self.replies[0].action if self.replies else None

    @property
    def asked(self) -> bool:
        return self.first is Action.CLARIFY

    @property
    def match(self) -> float:
        return self.episode.outcome.match

    @property
    def f1(self) -> float | None:
        """The final answer's F1; None where answers match or do not."""
        return self.episode.outcome.f1

    def compared(self) -> tuple[tuple[str, list[str]], tuple[str, list[str]]] | None:
        """What similarity compares: the first reply with gold's, the final answer with the intended reading's, or
        with those that fit, where any will do. None where answers are not text."""
        meant = [self.task.reading(self.episode.intention)]
        turns = played_turns(self.task, self.episode)
        if any(turn.any_fits for turn in turns):
            settled = settled_in(turns, meant[0])
            meant = [reading for reading in self.task.readings if fits(reading.slots, settled)]
        gold = [" ".join(accepted.spans) for reading in meant for accepted in reading.accepted]
        if not gold:
            return None
        first = self.replies[0].text if self.replies else ""
        last = self.replies[-1] if self.replies else None
        answer = last.text if last is not None and last.action is Action.ANSWER else ""
        return (first, [self.task.gold_question] if self.ambiguous else gold), (answer, gold)

    @property
    def rewarded(self) -> bool:
        return self.match >= 1 and all(self.episode.outcome.actions_right)

    def right_turn(self, answer: float) -> float:
        """The first reply against gold: what its ``answer`` is worth, or 1 for a question that settles something."""
        if self.ambiguous:
            return float(self.asked and self.replies[0].right is True)
        return answer if self.first is Action.ANSWER else 0.0

    def cost(self, field: str) -> float | None:
        known = [getattr(turn, field) for turn in self.replies]
        return None if not known or None in known else float(sum(known))


def _counts(seen: Seen) -> tuple[float, ...]:
    row = []
    for action in (Action.CLARIFY, Action.ANSWER):
        gold, said = seen.task.gold_action is action, seen.first is action
        row += [gold and said, said, gold]
    return tuple(map(float, row))


def ratio(sums: np.ndarray) -> np.ndarray:
    return np.divide(sums[..., 0], sums[..., 1], out=np.full(sums.shape[:-1], np.nan), where=sums[..., 1] > 0)


def _f1s(sums: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """F1 and support of each action, (..., 2): as in scikit-learn, 0 where there is gold or prediction
    but no hit; an action that neither gold nor the agent has is not averaged (nan)."""
    counts = sums.reshape(*sums.shape[:-1], 2, 3)
    size = counts[..., 1] + counts[..., 2]
    f1 = np.divide(2 * counts[..., 0], size, out=np.full(size.shape, np.nan), where=size > 0)
    return f1, counts[..., 2]


def _macro_f1(sums: np.ndarray) -> np.ndarray:
    f1, _ = _f1s(sums)
    known = ~np.isnan(f1)
    total = np.stack([np.where(known, f1, 0).sum(axis=-1), known.sum(axis=-1)], axis=-1)
    return ratio(total)


def _weighted_f1(sums: np.ndarray) -> np.ndarray:
    f1, support = _f1s(sums)
    return ratio(np.stack([(np.nan_to_num(f1) * support).sum(axis=-1), support.sum(axis=-1)], axis=-1))


@dataclasses.dataclass(frozen=True)
class Figure:
    """What a figure is, what it takes from an episode (a row to be summed, or None where it does not
    apply), and the statistic of the sums."""

    meaning: str
    row: Callable[[Seen], tuple[float, ...] | None]
    statistic: Statistic = ratio


def _mean(meaning: str, value: Callable[[Seen], float | None]) -> Figure:
    def row(seen: Seen) -> tuple[float, ...] | None:
        found = value(seen)
        return None if found is None else (float(found), 1.0)

    return Figure(meaning, row)


FIGURES: Mapping[str, Figure] = {
    "trajectory_em": _mean("the final answer matches the intended reading; lucky guesses count", lambda s: s.match),
    "trajectory_reward": _mean(
        "the final answer matches and every action was right for its state: lucky guesses earn nothing",
        lambda s: s.rewarded,
    ),
    "turn_em": _mean(
        "the first reply against gold: the matching answer, or a question that settles something open",
        lambda s: s.right_turn(s.match),
    ),
    "trajectory_f1": _mean("F1 of the final answer with the intended reading's", lambda s: s.f1),
    "turn_f1": _mean(
        "the first reply against gold: its F1 as an answer, or 1 for a question that settles something open",
        lambda s: None if s.f1 is None else s.right_turn(s.f1),
    ),
    "trajectory_similarity": _mean(
        "embedding similarity of the final answer with the intended reading's",
        lambda s: None if s.similarity is None else s.similarity[1],
    ),
    "turn_similarity": _mean(
        "embedding similarity of the first reply with gold's, be it a question or an answer",
        lambda s: None if s.similarity is None else s.similarity[0],
    ),
    "post_clarification_similarity": _mean(
        "embedding similarity of the final answer on the ambiguous requests where the agent asked first (n of them)",
        lambda s: s.similarity[1] if s.similarity is not None and s.ambiguous and s.asked else None,
    ),
    "post_clarification_f1": _mean(
        "F1 of the final answer on the ambiguous requests where the agent asked first (n of them)",
        lambda s: s.f1 if s.ambiguous and s.asked else None,
    ),
    "action_accuracy": _mean("the first reply's action is the gold one", lambda s: s.first is s.task.gold_action),
    "action_macro_f1": Figure("F1 of asking and of answering by the first reply, averaged", _counts, _macro_f1),
    "action_weighted_f1": Figure("the same, weighted by how often each is gold", _counts, _weighted_f1),
    "action_right": _mean(
        "share of all replies whose action was right for the state they met",
        lambda s: sum(s.episode.outcome.actions_right) / max(1, len(s.episode.outcome.actions_right)),
    ),
    "over_asking": _mean(
        "of clear requests, those met with a question first", lambda s: None if s.ambiguous else s.asked
    ),
    "under_asking": _mean(
        "of ambiguous requests, those answered at once",
        lambda s: s.first is Action.ANSWER if s.ambiguous else None,
    ),
    "post_clarification_em": _mean(
        "match on the ambiguous requests where the agent asked first (n of them)",
        lambda s: s.match if s.ambiguous and s.asked else None,
    ),
    "post_clarification_em_all": _mean(
        "match over all ambiguous requests, 0 where the agent did not ask first",
        lambda s: (s.match if s.asked else 0.0) if s.ambiguous else None,
    ),
    "questions": _mean("questions an episode", lambda s: s.episode.outcome.questions),
    "regret": _mean(
        "what was given up against the best policy, of the priced reward", lambda s: s.episode.outcome.regret
    ),
    "score": _mean("the environment's own reward", lambda s: s.episode.outcome.score),
    "tokens": _mean("tokens generated an episode", lambda s: s.cost("tokens")),
    "seconds": _mean("seconds of the agent an episode", lambda s: s.cost("seconds")),
}

FORCED = _mean(
    "match over ambiguous requests after the gold question was asked for the agent",
    lambda s: s.match if s.ambiguous else None,
)
