"""A folder of runs, one agent each, made into one comparison: the table, ``table.json`` and the report.

``eval`` writes a run per agent below its folder; ``summarise`` reads them all back, so that a table is
always made from episodes on disk and never from what happens to be in memory.
"""

from __future__ import annotations

import dataclasses
import functools
import json
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from pathlib import Path
from typing import Any

from act_env.conversation import Episode, Task
from act_env.errors import ActClarifyError, DataNotFound
from act_env.registration import CLUSTERS, in_scope
from act_env.tasks import TaskSource
from agents import metrics, records, report
from agents.charts import Curve
from agents.failures import AGENT_ERROR, broke_off
from agents.similarity import similarity
from agents.transcripts import Transcripts

TABLE, REPORT = "table.json", "report.html"


class NotComparable(ActClarifyError, ValueError):
    """The runs of a folder were played on different tasks or by different rules."""


@dataclasses.dataclass(frozen=True)
class Results:
    """A comparison with what it was made from: the episodes by agent (of its first run), the tasks by id."""

    comparison: dict[str, Any]
    episodes: Mapping[str, Sequence[Episode]]
    tasks: Mapping[str, Task]


def summarise(
    folder: Path,
    *,
    regrade: bool = False,
    order: Sequence[str] = (),
    tests: Sequence[tuple[str, str]] | None = None,
    source: TaskSource | None = None,
    encoder: Any = None,
) -> Results:
    """The comparison of every run below ``folder``.

    With ``regrade`` each episode is graded again from its transcript. ``order`` names runs' folders that
    come first, ``tests`` are as in ``metrics.compare``; without them both are as in the folder's
    ``table.json`` where there is one. Raises DataNotFound where there is no run, NotComparable where
    they differ in anything but their agents, or where the tasks have changed since.
    """
    runs = [run for run in runs_below(folder) if run.episodes]
    if not runs:
        raise DataNotFound(f"no played run in {str(folder)!r}: `act-clarify eval --out` writes them")
    earlier = _earlier(folder)
    runs.sort(key=_place(order, [agent["name"] for agent in earlier.get("agents", ())]))
    named = _named(folder, runs, {a["name"] for a in earlier.get("agents", ()) if a.get("runs", 1) > 1})
    if tests is None and set(named) == {agent["name"] for agent in earlier.get("agents", ())}:
        tests = list(dict.fromkeys((test["a"], test["b"]) for test in earlier["tests"]))
    return combine(named, regrade=regrade, tests=tests, source=source, encoder=encoder)


def combine(
    runs: Mapping[str, Sequence[records.Run]],
    *,
    regrade: bool = False,
    tests: Sequence[tuple[str, str]] | None = None,
    source: TaskSource | None = None,
    encoder: Any = None,
) -> Results:
    """The comparison of agents with their runs, one for each training seed; raises as ``summarise``.

    An ``encoder`` (``agents.similarity``) adds the figures of embedding similarity.
    """
    first, *others = (run for played in runs.values() for run in played)
    rules = _rules(first)
    for run in others:
        if found := records.differences(_rules(run), rules):
            raise NotComparable(
                f"{str(run.folder)!r} and {str(first.folder)!r} cannot stand in one table: {'; '.join(found)}"
            )
    source = in_scope(source or _source(first), rules.get("scope", "turn"))
    if source.content_hash != rules["content_hash"]:
        raise NotComparable(
            f"{str(first.folder)!r} was played on tasks with content hash {rules['content_hash'][:12]}; those of "
            f"{source.id!r} now have {source.content_hash[:12]}: play again, or give the data it was played on"
        )
    episodes = {
        name: [_regraded(run, source) if regrade else run.episodes for run in played] for name, played in runs.items()
    }
    comparison = metrics.compare(
        [metrics.Played(name, tuple(played)) for name, played in episodes.items()],
        source.tasks,
        tests=tests,
        cluster_unit=CLUSTERS.get(rules["environment"], "database"),
        meta=_meta({name: played[0] for name, played in runs.items()})
        | ({} if encoder is None else {"encoder": encoder.facts}),
        similarity=None if encoder is None else functools.partial(similarity, encoder),
    )
    return Results(
        comparison, {n: played[0] for n, played in episodes.items()}, {task.id: task for task in source.tasks}
    )


def runs_below(folder: Path) -> list[records.Run]:
    """Every evaluation at or below ``folder``, by folder; what training leaves there is passed over."""
    if not folder.is_dir():
        raise DataNotFound(f"no folder {str(folder)!r}")
    return [records.read_run(path.parent) for path in sorted(folder.rglob(records.EPISODES))]


def write(
    folder: Path,
    results: Results,
    *,
    curves: Iterable[Curve] = (),
    pair: tuple[str, str] | None = None,
    title: str = "When to ask, when to answer",
) -> Path:
    """Writes ``table.json`` and ``report.html`` into the folder; returns the report's path."""
    folder.mkdir(parents=True, exist_ok=True)
    records.write_json(folder / TABLE, results.comparison)
    transcripts = Transcripts(results.episodes, results.tasks, pair)
    return report.write_report(
        folder / REPORT, results.comparison, transcripts=transcripts, curves=curves, title=title, marked=pair or ()
    )


def failures(results: Results, kind: str = AGENT_ERROR) -> dict[str, tuple[int, str]]:
    """By agent, how many episodes ended because the agent itself failed (or, of ``kind`` USER_ERROR, because its
    user did), and how the first did."""
    found = {}
    for name, episodes in results.episodes.items():
        errors = [e.outcome.error for e in episodes if broke_off(e, kind)]
        if errors:
            found[name] = (len(errors), errors[0].partition(": ")[2])
    return found


def _rules(run: records.Run) -> dict[str, Any]:
    return {key: value for key, value in run.facts["identity"].items() if key != "agent"}


def _source(run: records.Run) -> TaskSource:
    import act_env

    loader = run.facts.get("loader") or {}
    if not loader.get("source"):
        raise DataNotFound(f"{str(run.folder)!r} was played on tasks given as an object: pass them as source")
    identity = run.facts["identity"]
    return act_env.load_source(
        identity["environment"], split=identity["split"], source=loader["source"], path=loader.get("path")
    )


def _regraded(run: records.Run, source: TaskSource) -> tuple[Episode, ...]:
    from agents.evaluate import regrade

    return tuple(regrade(run.folder, source=source))


def _named(folder: Path, runs: Sequence[records.Run], several: Set[str]) -> dict[str, list[records.Run]]:
    """Runs by their agent's name: together where the name is one of ``several``, else told apart by folder."""
    names = [run.name for run in runs]
    named: dict[str, list[records.Run]] = {}
    for name, run in zip(names, runs, strict=True):
        alone = names.count(name) == 1 or name in several
        named.setdefault(name if alone else f"{name} ({run.folder.relative_to(folder)})", []).append(run)
    return named


def _meta(runs: Mapping[str, records.Run]) -> dict[str, Any]:
    first = next(iter(runs.values()))
    kept = ("version", "git_commit", "device", "cpu", "python")
    stamp = first.facts["stamp"]
    return {
        **_rules(first),
        "agents": {name: run.facts["identity"]["agent"].get("facts") or {} for name, run in runs.items()},
        "left_out_by_agent": {name: len(run.facts.get("left_out") or ()) for name, run in runs.items()},
        "unfinished": [name for name, run in runs.items() if not run.finished],
        **{key: stamp[key] for key in kept if stamp.get(key) is not None},
    }


def _earlier(folder: Path) -> dict[str, Any]:
    """The folder's table as it was written before, {} where there is none."""
    path = folder / TABLE
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


def _place(folders: Sequence[str], names: Sequence[str]) -> Callable[[records.Run], tuple[int, int, str, str]]:
    """A sort key: by folder as asked for, else by name as in the table before, else by when it started."""

    def key(run: records.Run) -> tuple[int, int, str, str]:
        named = names.index(run.name) if run.name in names else len(names)
        asked = folders.index(run.folder.name) if run.folder.name in folders else len(folders)
        return asked, named, str(run.facts["stamp"].get("started")), run.folder.name

    return key
