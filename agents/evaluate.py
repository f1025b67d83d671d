"""Plays an agent through the environment: episodes first, written as they end; tables come from them.

An agent that raises or returns something else than text spoils one episode, and so does a simulated user that raises
UserSimulatorError: the episode is recorded with its error (``failures``) and no match, and the evaluation goes on.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import act_env
from act_env import users
from act_env.conversation import GRADER_VERSION, Episode, Task
from act_env.env import make_classifier
from act_env.env import regrade as regrade_episode
from act_env.errors import ActClarifyError
from act_env.registration import in_scope
from act_env.tasks import TaskSource
from agents import stamps
from agents.base import Agent, PrivilegedAgent, agent_name
from agents.failures import broke_off, comes_again
from agents.records import RUN, RunLog, RunMismatch, read_run, write_episodes, write_json
from agents.seats import Seats

ENVIRONMENT = "ActClarify-AmbigSQL-v0"

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
    folder as they end (``records``), and what it already holds of this run is not played again, but for episodes that
    ended by a failure which may not come again.

    A user with ``facts`` is part of a run's identity by them, and is one for all episodes; one with ``workers`` gets so
    many questions side by side. What an agent and a user that have ``usage`` (a mapping of counts) used is recorded.

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
    user = _shared(user)
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
    if hasattr(user, "facts"):
        identity["user_facts"] = dict(user.facts)
    facts = {
        "identity": identity,
        "loader": loader,
        "seeds": list(seeds),
        "tasks": [task.id for task in chosen],
        "left_out": [],
        "stamp": stamps.stamp(getattr(agent, "device", None)),
    }
    pairs = [(task, seed) for seed in dict.fromkeys(seeds) for task in chosen]
    seats = Seats(agent, env_id, source, settings, batch_size)
    began, finished, before = time.monotonic(), False, _usage(agent, user)
    log = RunLog(out, facts) if out is not None else None
    earlier = {(e.task_id, e.seed): e for e in log.episodes if not comes_again(e)} if log else {}
    try:
        played = _play(seats, pairs, earlier, log, progress)
        finished = not any(map(comes_again, played.values()))
    finally:
        seats.close()
        if log:
            log.close(
                finished=finished,
                seconds=time.monotonic() - began,
                left_out=sorted(seats.left_out),
                usage=_since(before, _usage(agent, user)),
            )
    return [played[task.id, seed] for task, seed in pairs if (task.id, seed) in played]


def _shared(user: Any) -> Any:
    """The user itself where it has facts, so that all environments share it; else as it was given."""
    made = users.make(user)
    return made if hasattr(made, "facts") else user


def _usage(agent: Any, user: Any) -> dict[str, dict[str, float]]:
    """What agent and user have used so far, as far as they tell."""
    return {
        role: dict(used)
        for role, who in (("agent", agent), ("user", user))
        if isinstance(used := getattr(who, "usage", None), Mapping) and used
    }


def _since(before: Mapping[str, Mapping[str, float]], after: Mapping[str, Mapping[str, float]]) -> dict[str, Any]:
    return {
        role: {name: count - before.get(role, {}).get(name, 0) for name, count in used.items()}
        for role, used in after.items()
    }


def _play(
    seats: Seats,
    pairs: Sequence[tuple[Task, int]],
    earlier: Mapping[tuple[str, int], Episode],
    log: RunLog | None,
    progress: Progress | None,
) -> dict[tuple[str, int], Episode]:
    played = {(t.id, s): earlier[t.id, s] for t, s in pairs if (t.id, s) in earlier}
    waiting = iter([(task, seed) for task, seed in pairs if (task.id, seed) not in played])
    if progress:
        progress(len(played), len(pairs))
    for ended in seats.play(waiting):
        if log:
            log.append(ended)
        played |= {(episode.task_id, episode.seed): episode for episode in ended}
        if progress:
            out = sum(task.id in seats.left_out for task, _ in pairs) if seats.left_out else 0
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
    if broke_off(episode):
        return episode  # it ended without a reply to grade
    return regrade_episode(task, source, episode, **rules)
