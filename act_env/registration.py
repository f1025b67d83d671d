"""The ids this package registers, and the dotted names of what loads their tasks.

Loaders are strings that are resolved when an environment is made, so that nothing here imports the
packages that make tasks. A loader is ``load(*, split, path=None) -> TaskSource``.
"""

from __future__ import annotations

import functools
import importlib
import os
from pathlib import Path
from typing import Any

import gymnasium

from act_env.errors import LoaderNotFound
from act_env.tasks import TaskSource, whole

AMBIGSQL = "ActClarify-AmbigSQL-v0"
PACIFIC = "ActClarify-PACIFIC-v0"
ABG_COQA = "ActClarify-AbgCoQA-v0"

LOADERS: dict[str, dict[str, str]] = {
    AMBIGSQL: {
        "bundled": "envs_data.ambigsql:load",
        "spider": "envs_data.spider:load",
        "own": "envs_data.own:load",
    },
    PACIFIC: {"bundled": "envs_data.pacific:load", "published": "envs_data.pacific:load_published"},
    ABG_COQA: {"bundled": "envs_data.abg_coqa:load", "published": "envs_data.abg_coqa:load_published"},
}
"""Per id: the name of a source, and the dotted name of its loader."""

BUILD = "build.json"
"""What tells a folder made by ``act-clarify build`` from another."""

SCOPES: dict[str, tuple[str, ...]] = {
    AMBIGSQL: ("turn",),
    PACIFIC: ("turn", "conversation"),
    ABG_COQA: ("turn",),
}
"""Per id: the scopes an episode of it may have."""

CLUSTERS: dict[str, str] = {AMBIGSQL: "database", PACIFIC: "dialogue", ABG_COQA: "story"}
"""Per id: what a task's ``database`` is, within which tasks are alike."""

JUDGES: dict[str, str] = {
    AMBIGSQL: "act_env.sql.judge:SqlJudge",
    PACIFIC: "act_env.text.judge:drop_judge",
    ABG_COQA: "act_env.text.judge:token_judge",
}
"""Per id: the dotted name of what judges its answers (``act_env.judging.MakeJudge``)."""


def resolve(name: str) -> Any:
    """The object that ``module:attribute`` names; raises LoaderNotFound saying which half is missing."""
    module_name, colon, attribute = name.partition(":")
    if not (module_name and colon and attribute):
        raise LoaderNotFound(f"{name!r} is no dotted name of the form 'module:attribute'")
    try:
        module = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{module_name}.".startswith(f"{error.name}."):
            raise
        raise LoaderNotFound(f"cannot load {name!r}: the package {error.name!r} is not installed") from error
    try:
        return functools.reduce(getattr, attribute.split("."), module)
    except AttributeError as error:
        raise LoaderNotFound(f"cannot load {name!r}: the module {module_name!r} has no {attribute!r}") from error


def loaders_of(id: str) -> dict[str, str]:
    """The loaders of an id, with or without ``act_env:`` before it; raises ValueError naming the ids."""
    name = id.rpartition(":")[2]
    if name not in LOADERS:
        raise ValueError(f"no environment {id!r} here; there are {', '.join(sorted(LOADERS))}")
    return LOADERS[name]


@functools.lru_cache(maxsize=32)
def _load(loader: str, split: str, path: str | None) -> TaskSource:
    source = resolve(loader)(split=split, path=path)
    if not isinstance(source, TaskSource):
        raise TypeError(f"{loader!r} returned {type(source).__name__}; a loader returns act_env.tasks.TaskSource")
    if not source.tasks:
        raise ValueError(f"{loader!r} has no tasks in split {split!r}")
    return source


def load_source(
    id: str,
    *,
    split: str = "train",
    source: str = "bundled",
    path: str | Path | None = None,
    scope: str = "turn",
) -> TaskSource:
    """The tasks of one split of an id, one for each episode of a ``scope``.

    ``source`` is a name the id knows, ``module:attribute``, or a folder that ``act-clarify build`` made, which is
    short for "own" with that path.

    A source is loaded once per process. Raises ValueError for an unknown id, source, split or scope,
    LoaderNotFound where the loader is not installed, DataNotFound where its data is absent.
    """
    known = loaders_of(id)
    check_scope(id, scope)
    if source not in known and ":" not in source:
        if path is not None or "own" not in known or not (Path(source).expanduser() / BUILD).is_file():
            raise ValueError(
                f"no source {source!r} for {id}; there are {', '.join(known)}, or give a folder made by "
                "`act-clarify build`, or 'module:attribute'"
            )
        source, path = "own", source
    where = None if path is None else os.path.abspath(os.path.expanduser(path))
    loaded = _load(known.get(source, source), split, where)
    return in_scope(loaded, scope)


def check_scope(id: str, scope: str) -> None:
    """Raises ValueError, naming those there are, for a scope that an id does not have."""
    scopes = SCOPES.get(id.rpartition(":")[2], ("turn",))
    if scope not in scopes:
        raise ValueError(f"no scope {scope!r} for {id}; there is {', '.join(map(repr, scopes))}")


def in_scope(source: TaskSource, scope: str) -> TaskSource:
    """A source with one task for each episode of a scope: its turns, or its conversations whole."""
    return whole(source) if scope == "conversation" else source


def task_ids(
    id: str,
    *,
    split: str = "train",
    source: str = "bundled",
    path: str | Path | None = None,
    scope: str = "turn",
) -> tuple[str, ...]:
    """Every task id of a split, in the source's order, so that a loop can visit each task once."""
    return tuple(task.id for task in load_source(id, split=split, source=source, path=path, scope=scope).tasks)


def register_ids() -> None:
    """Registers every id with Gymnasium, once. No ``max_episode_steps``: episodes count their own rounds."""
    for id in LOADERS:
        if id not in gymnasium.registry:
            gymnasium.register(
                id,
                entry_point="act_env.env:ClarifyEnv",
                vector_entry_point="act_env.vector:ClarifyVectorEnv",
                kwargs={"environment": id},
            )
