"""Plays an agent through the environment: episodes first, written as they end; tables come from them.

Environments step in lockstep, and one whose episode ends takes the next task at once, so that an agent
always gets full batches. An agent that raises or returns something else than text spoils one episode,
which is recorded with the error ``agent_error: …`` and no match; the evaluation goes on.
"""

from __future__ import annotations

import dataclasses
import hashlib
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import gymnasium

import act_env
from act_env.conversation import ASSISTANT, GRADER_VERSION, Action, Behaviour, Episode, Outcome, Task, Turn
from act_env.env import make_classifier
from act_env.env import regrade as regrade_episode
from act_env.errors import ActClarifyError
from act_env.registration import in_scope
from act_env.tasks import TaskSource
from agents import stamps
from agents.base import Agent, EpisodeView, Observation, PrivilegedAgent, agent_name, replies
from agents.records import RUN, RunLog, RunMismatch, read_run, write_episodes, write_json

ENVIRONMENT = "ActClarify-AmbigSQL-v0"
AGENT_ERROR = "agent_error"

Progress = Callable[[int, int], None]


class UnknownTask(ActClarifyError, KeyError):
    """A task id that the source does not have."""

    def __str__(self) -> str:
        return str(self.args[0])


def evaluate(
    agent: Agent | PrivilegedAgent,
    *,
    env_id: str = ENVIRONMENT,
    source: str | TaskSource = "bundled",
    split: str = "test",
    path: str | Path | None = None,
    seeds: Sequence[int] = (0,),
    tasks: Sequence[str] | None = None,
    max_tasks: int | None = None,
    batch_size: int = 64,
    out: str | Path | None = None,
    progress: Progress | None = None,
    name: str | None = None,
    user: Any = "oracle",
    reward: str = "act",
    clarify_cost: float = 0.1,
    max_rounds: int | None = None,
    scope: str = "turn",
    epsilon: float | None = None,
    classifier: Any = None,
) -> list[Episode]:
    """Plays every task once with every seed; returns the episodes by seed and in the tasks' order.

    ``tasks`` are task ids (default: all of the split), ``max_tasks`` a fixed subset of them, request
    groups whole as far as it goes; a bigger one holds the smaller. ``name`` replaces the agent's own.
    ``progress(done, total)`` is called after every batch. With ``out``, episodes are written to that
    folder as they end (``records``), and what it already holds of this run is not played again.

    ``classifier`` reads actions in place of the rules, as in ``ClarifyEnv``.

    Raises UnknownTask, RunMismatch (``out`` holds another run), ValueError (no seeds, a bad setting);
    a KeyboardInterrupt leaves a run that can be resumed.
    """
    if not seeds or batch_size < 1 or (max_tasks is not None and max_tasks < 1):
        raise ValueError(f"needs a seed and sizes of at least 1: {seeds=}, {batch_size=}, {max_tasks=}")
    if not isinstance(source, TaskSource):
        loader = {"source": source, "path": None if path is None else str(path)}
        source = act_env.load_source(env_id, split=split, source=source, path=path)
    else:
        loader = {"source": None, "path": None}
    source = in_scope(source, scope)
    chosen = choose_tasks(source, tasks, max_tasks)
    settings = {
        "user": user,
        "reward": reward,
        "clarify_cost": clarify_cost,
        "max_rounds": max_rounds,
        "scope": scope,
        "epsilon": epsilon,
        "classifier": classifier,
    }
    identity = {
        **settings,
        "classifier": _named(classifier),
        "user": user if isinstance(user, str) else user.name,
        "environment": env_id,
        "source": source.id,
        "split": split,
        "content_hash": source.content_hash,
        "grader": GRADER_VERSION,
        "agent": {"name": name or agent_name(agent), "facts": dict(getattr(agent, "facts", {}))},
    }
    facts = {
        "identity": identity,
        "loader": loader,
        "seeds": list(seeds),
        "tasks": [task.id for task in chosen],
        "left_out": [],
        "stamp": stamps.stamp(getattr(agent, "device", None)),
    }
    pairs = [(task, seed) for seed in dict.fromkeys(seeds) for task in chosen]
    table = _Table(agent, env_id, source, settings, batch_size)
    began, finished = time.monotonic(), False
    log = RunLog(out, facts) if out is not None else None
    earlier = {(e.task_id, e.seed): e for e in log.episodes} if log else {}
    try:
        played = _play(table, pairs, earlier, log, progress)
        finished = True
    finally:
        table.close()
        if log:
            log.close(finished=finished, seconds=time.monotonic() - began, left_out=sorted(table.left_out))
    return [played[task.id, seed] for task, seed in pairs if (task.id, seed) in played]


def _play(
    table: _Table,
    pairs: Sequence[tuple[Task, int]],
    earlier: Mapping[tuple[str, int], Episode],
    log: RunLog | None,
    progress: Progress | None,
) -> dict[tuple[str, int], Episode]:
    played = {(t.id, s): earlier[t.id, s] for t, s in pairs if (t.id, s) in earlier}
    waiting = iter([(task, seed) for task, seed in pairs if (task.id, seed) not in played])
    if progress:
        progress(len(played), len(pairs))
    for ended in table.play(waiting):
        if log:
            log.append(ended)
        played |= {(episode.task_id, episode.seed): episode for episode in ended}
        if progress:
            out = sum(task.id in table.left_out for task, _ in pairs) if table.left_out else 0
            progress(len(played) + out, len(pairs))
    return played


def choose_tasks(source: TaskSource, ids: Sequence[str] | None, most: int | None) -> tuple[Task, ...]:
    """The source's tasks with these ids, at most ``most`` of them, in the source's order. Which ones
    depends on the groups' names alone, so that every machine and agent gets the same."""
    tasks = source.tasks
    if ids is not None:
        known = {task.id for task in tasks}
        if missing := [task_id for task_id in ids if task_id not in known]:
            raise UnknownTask(f"no task {missing[0]!r} in source {source.id!r} ({len(missing)} ids are unknown)")
        tasks = tuple(task for task in tasks if task.id in set(ids))
    if most is None or most >= len(tasks):
        return tasks
    drawn = sorted(tasks, key=lambda t: (hashlib.sha256(f"{t.home}\0{t.group}".encode()).digest(), t.id))
    kept = {task.id for task in islice(drawn, most)}
    return tuple(task for task in tasks if task.id in kept)


@dataclasses.dataclass
class _Seat:
    """One environment and what is being played in it."""

    env: Any
    seed: int = 0
    observation: Observation | None = None
    costs: list[tuple[int | None, float]] = dataclasses.field(default_factory=list)


class _Table:
    """The environments, all at the same request of the agent."""

    def __init__(self, agent: Any, env_id: str, source: TaskSource, settings: Mapping[str, Any], seats: int):
        self.agent = agent
        self.source = source
        self.left_out: set[str] = set()
        self._seats = seats
        self._make = lambda: gymnasium.make(env_id, tasks=source, disable_env_checker=True, **settings).unwrapped
        self._fits = getattr(agent, "fits", None)
        self._envs: list[Any] = []

    def close(self) -> None:
        for env in self._envs:
            env.close()

    def play(self, waiting: Iterator[tuple[Task, int]]) -> Iterator[list[Episode]]:
        """Plays what is waiting; yields the episodes that ended, batch by batch."""
        seats: list[_Seat] = []
        while self._sit(seats, waiting):
            texts, seconds = self._ask(seats)
            ended, going = [], []
            for seat, text in zip(seats, texts, strict=True):
                episode = self._step(seat, text, seconds)
                (going if episode is None else ended).append(seat if episode is None else (seat, episode))
            yield [episode for _, episode in ended]
            seats = going + [_Seat(seat.env) for seat, _ in ended]

    def _sit(self, seats: list[_Seat], waiting: Iterator[tuple[Task, int]]) -> bool:
        """Gives every free seat a task and drops those that get none; False where nothing is left to play."""
        free = [seat for seat in seats if seat.observation is None]
        taken = [seat for seat in seats if seat.observation is not None]
        while len(taken) < self._seats:
            nxt = next(waiting, None)
            if nxt is None:
                break
            task, seed = nxt
            if task.id in self.left_out:
                continue
            seat = free.pop() if free else self._new_seat()
            seat.seed, seat.costs = seed, []
            observation, _ = seat.env.reset(seed=seed, options={"task_id": task.id})
            if self._fits is not None and not self._fits(observation):
                self.left_out.add(task.id)
                free.append(seat)
                continue
            seat.observation = observation
            taken.append(seat)
        seats[:] = taken
        return bool(taken)

    def _new_seat(self) -> _Seat:
        env = self._make()
        if self._envs:
            env.share_cases(self._envs[0])
        self._envs.append(env)
        return _Seat(env)

    def _ask(self, seats: Sequence[_Seat]) -> tuple[list[Any], float]:
        """The agent's replies, an exception in the place of each that is missing, and seconds a reply."""
        began = time.perf_counter()
        try:
            texts: list[Any] = self._replies(seats)
        except Exception as error:
            texts = [error] if len(seats) == 1 else [self._alone(seat) for seat in seats]
        return texts, (time.perf_counter() - began) / len(seats)

    def _alone(self, seat: _Seat) -> Any:
        # One bad observation must not spoil the batch it came in, so each is tried by itself.
        try:
            return self._replies([seat])[0]
        except Exception as error:
            return error

    def _replies(self, seats: Sequence[_Seat]) -> list[Any]:
        observations = [seat.observation for seat in seats]
        given = replies(self.agent, observations, lambda: [EpisodeView.of(seat.env) for seat in seats])
        if not isinstance(given, list | tuple) or len(given) != len(seats):
            size = f" of {len(given)}" if isinstance(given, list | tuple) else ""
            raise TypeError(f"act must return a list of {len(seats)} texts, got {type(given).__name__}{size}")
        return list(given)

    def _step(self, seat: _Seat, text: Any, seconds: float) -> Episode | None:
        """Hands one reply to the environment; the episode, if it ended."""
        if not isinstance(text, str):
            error = text if isinstance(text, Exception) else TypeError(f"a reply is a str, got {type(text).__name__}")
            return _failed(seat.env.episode, error, seat.costs)
        seat.costs.append((getattr(text, "tokens", None), seconds))
        seat.observation, _, terminated, truncated, info = seat.env.step(str(text))
        if terminated or truncated:
            return _with_costs(info["episode"], seat.costs)
        return None


def _with_costs(episode: Episode, costs: Sequence[tuple[int | None, float]]) -> Episode:
    """The episode with tokens and seconds in the last assistant turns, one for each reply given."""
    turns, left = list(episode.turns), list(costs)
    for i in range(len(turns) - 1, -1, -1):
        if left and turns[i].role == ASSISTANT:
            tokens, seconds = left.pop()
            turns[i] = dataclasses.replace(turns[i], tokens=tokens, seconds=round(seconds, 6))
    return dataclasses.replace(episode, turns=tuple(turns))


def _failed(episode: Episode, error: Exception, costs: Sequence[tuple[int | None, float]]) -> Episode:
    """An episode that ended because the agent gave no text: one wrong action, no match."""
    kind = f"{AGENT_ERROR}: {type(error).__name__}: {error}"[:500]
    episode = _with_costs(episode, costs)
    said = [turn for turn in episode.turns if turn.role == ASSISTANT]
    given = said[len(said) - len(costs) :]
    outcome = Outcome(
        actions_right=(*(turn.right is True for turn in given), False),
        behaviour=Behaviour.UNFINISHED,
        match=0.0,
        score=0.0,
        questions=sum(turn.action is Action.CLARIFY for turn in given),
        error=kind,
    )
    turns = (*episode.turns, Turn(ASSISTANT, "", right=False, error=kind))
    return dataclasses.replace(episode, turns=turns, outcome=outcome)


def _named(classifier: Any) -> str | None:
    """How a run's identity names what read its actions."""
    return classifier if classifier is None or isinstance(classifier, str) else agent_name(classifier)


def regrade(
    folder: str | Path, *, source: TaskSource | None = None, write: bool = False, classifier: Any = None
) -> list[Episode]:
    """A run's episodes graded again from their texts, without agent and user.

    ``source`` is needed where the run was played on a source given as an object, and ``classifier`` where an object
    read its actions. With ``write`` the
    episodes and the grader's version in the folder are replaced. Raises RunMismatch where the tasks are
    no longer those that were played.
    """
    run = read_run(folder)
    identity, loader = run.facts["identity"], run.facts["loader"]
    if source is None:
        if loader["source"] is None:
            raise RunMismatch(f"{str(folder)!r} was played on tasks given as an object: pass that source again")
        source = act_env.load_source(identity["environment"], split=identity["split"], **loader)
    source = in_scope(source, identity["scope"])
    if source.content_hash != identity["content_hash"]:
        raise RunMismatch(
            f"{str(folder)!r} was played on tasks of content hash {identity['content_hash']}; those of source "
            f"{source.id!r} now have {source.content_hash}"
        )
    by_id = {task.id: task for task in source.tasks}
    rules = {key: identity.get(key) for key in ("reward", "clarify_cost", "max_rounds", "epsilon")}
    rules["action_of"] = make_classifier(identity.get("classifier") if classifier is None else classifier)
    graded = [_regraded(by_id[episode.task_id], source, episode, rules) for episode in run.episodes]
    if write:
        write_episodes(run.folder, graded)
        stamped = {**run.facts, "identity": {**identity, "grader": GRADER_VERSION}}
        write_json(run.folder / RUN, stamped)
    return graded


def _regraded(task: Task, source: TaskSource, episode: Episode, rules: Mapping[str, Any]) -> Episode:
    if episode.outcome is not None and (episode.outcome.error or "").startswith(AGENT_ERROR):
        return episode  # it ended without a reply to grade
    return regrade_episode(task, source, episode, **rules)
