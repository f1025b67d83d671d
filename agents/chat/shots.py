"""Conversations to show a model before the one it goes on with: of the train split, played by gold."""

from __future__ import annotations

import dataclasses
import hashlib

from act_env.conversation import ASSISTANT, Action, Episode, Task, Turn
from act_env.env import ClarifyEnv
from act_env.errors import ActClarifyError
from act_env.tasks import TaskSource
from agents.base import EpisodeView, Observation
from agents.scripted import Oracle

_STOPS = " .?!"
_OPEN = "This can mean more than one thing here, and the answers differ. I ask."


class TooFewConversations(ActClarifyError, ValueError):
    """The train split has fewer conversations of a kind than are to be shown."""


@dataclasses.dataclass(frozen=True)
class Shot:
    """A conversation as a model is shown it: what it saw first, then its replies and the user's, and before each of
    its own, the thought that leads to it ("" for the user's)."""

    observation: Observation
    replies: tuple[Turn, ...]
    thoughts: tuple[str, ...]


def draw(source: TaskSource, k: int, seed: int) -> tuple[Shot, ...]:
    """``k`` conversations drawn by ``seed``, half of them to clarify, mixed; no two of one group of requests, and of
    each kind one from every database before a second. Raises TooFewConversations."""
    wanted = {Action.ANSWER: k - k // 2, Action.CLARIFY: k // 2}
    for action, count in wanted.items():
        _check(source, k, count, action, len({t.group for t in source.tasks if t.gold_action is action}))
    env = ClarifyEnv(environment=source.tasks[0].environment, tasks=source)
    groups: set[tuple[str, str]] = set()
    drawn: dict[Action, list[Shot]] = {action: [] for action in wanted}
    for task in _shuffled(source, seed):
        mine = drawn[task.gold_action]
        if len(mine) == wanted[task.gold_action] or (task.home, task.group) in groups:
            continue
        if (shot := _played(env, task, seed)) is not None:
            mine.append(shot)
            groups.add((task.home, task.group))
    env.close()
    for action, count in wanted.items():
        _check(source, k, count, action, len(drawn[action]))
    chosen = [shot for shots in drawn.values() for shot in shots]
    return tuple(sorted(chosen, key=lambda shot: _hash(seed, "order", *shot.observation.values())))


def _check(source: TaskSource, k: int, count: int, action: Action, there: int) -> None:
    if there < count:
        raise TooFewConversations(
            f"{k} conversations asked for, {count} of them to {action.value}: the train split of {source.id!r} has "
            f"{there} of those; ask for fewer (k=0 shows none)"
        )


def _shuffled(source: TaskSource, seed: int) -> list[Task]:
    """The tasks in an order by hash, in rounds of which each has every database once."""
    ranked = sorted(source.tasks, key=lambda task: _hash(seed, task.id))
    seen: dict[tuple[str, Action], int] = {}
    rounds = []
    for place, task in enumerate(ranked):
        key = task.home, task.gold_action
        rounds.append((seen.get(key, 0), place, task))
        seen[key] = seen.get(key, 0) + 1
    return [task for *_, task in sorted(rounds, key=lambda entry: entry[:2])]


def _hash(*parts: object) -> bytes:
    return hashlib.sha256("\0".join(map(str, parts)).encode("utf-8", "surrogatepass")).digest()


def _played(env: ClarifyEnv, task: Task, seed: int) -> Shot | None:
    """The task as gold plays it; None where gold does not win."""
    observation, _ = env.reset(seed=seed, options={"task_id": task.id})
    first, intention, done, oracle = observation, env.intention, False, Oracle()
    info: dict = {}
    while not done:
        text = oracle.act_privileged([observation], [EpisodeView.of(env)])[0]
        observation, _, terminated, truncated, info = env.step(text)
        done = terminated or truncated
    episode: Episode = info["episode"]
    if episode.outcome is None or episode.outcome.score < 1:
        return None
    replies = episode.turns[len(task.history) + 1 :]
    return Shot(first, replies, tuple(_thought(task, intention, turn) for turn in replies))


def _thought(task: Task, intention: str, turn: Turn) -> str:
    if turn.role != ASSISTANT:
        return ""
    if turn.action is Action.CLARIFY:
        told = [reading.gloss.rstrip(_STOPS) for reading in task.readings if reading.prior > 0]
        return f"This can mean {', or '.join(told)}, and the answers differ. I ask." if len(told) > 1 else _OPEN
    meant = task.reading(intention).gloss.rstrip(_STOPS)
    if task.gold_action is Action.ANSWER:
        return f"There is one reading: {meant}. I answer."
    return f"Now it is settled: {meant}. I answer."
