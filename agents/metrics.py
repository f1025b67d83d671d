"""Figures of played episodes, and the table made of them.

``table`` and ``compare`` give plain JSON-able dicts of this shape::

    {"agents": [{"name": "act", "episodes": 600, "tasks": 200, "runs": 1, "errors": {"parse": 3},
                 "figures": {"trajectory_em": {"value": 0.61, "low": 0.52, "high": 0.69, "n": 600}, ...},
                 "behaviours": {"ambiguous": {"clarified": 80, ...}, "clear": {"answered": 90, ...}},
                 "spread": {"trajectory_em": {"values": [...], "sd": 0.02}},
                 "noise_floor": {"trajectory_em": 0.03}}],
     "tests": [{"a": "act", "b": "sft", "metric": "trajectory_em", "difference": 0.07, "p": 0.01,
                "p_holm": 0.03, "unit": "request group", "units": 100, "method": "exact"}],
     "meta": {"tasks": 200, "left_out": 0, "seeds": [0, 1, 2], "databases": 3, "groups": 100,
              "interval": {...}, "figures": {name: what it is}}}

A figure that does not apply (post-clarification where nothing was asked, a cost nobody recorded) has
value None and n 0, or is left out; ``low`` and ``high`` are None where no interval can be made.
``spread`` is over training seeds (runs of one agent), ``noise_floor`` over evaluation seeds: both are
empty where there is one. Every task weighs the same, however many seeds it was played with.

Episodes that ended because the simulated user failed are in no figure; ``errors`` counts them as ``user_error``.

A lucky guess counts in ``trajectory_em``, the paper's trajectory-level score; it earns nothing in
``trajectory_reward``.
"""

from __future__ import annotations

import dataclasses
import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from act_env.conversation import Episode, Task
from act_env.errors import ActClarifyError
from agents import stats
from agents.failures import USER_ERROR, broke_off
from agents.figures import FIGURES, FORCED, Figure, Seen, ratio

TESTED = ("trajectory_em", "trajectory_f1", "trajectory_reward", "action_macro_f1")
"""The figures that a comparison tests, where they were measured."""


WHERE_KNOWN = (
    "tokens",
    "seconds",
    "regret",
    *(f"{level}_{score}" for score in ("f1", "similarity") for level in ("trajectory", "turn", "post_clarification")),
)
"""The figures that are left out where no episode has them."""


class NothingToCompare(ActClarifyError, ValueError):
    """The agents given share no task."""


@dataclasses.dataclass(frozen=True)
class Played:
    """What one agent played: its episodes, one tuple for each training seed, and, where that was
    played too, its episodes after a forced gold question (``scripted.ForcedQuestion``)."""

    name: str
    runs: tuple[tuple[Episode, ...], ...]
    forced: tuple[Episode, ...] = ()

    def judged(self) -> tuple[Played, int]:
        """It without the episodes that ended because the simulated user failed, and how many these were."""
        runs, forced = (
            tuple(tuple(e for e in run if not broke_off(e, USER_ERROR)) for run in played)
            for played in (self.runs, (self.forced,))
        )
        lost = sum(map(len, self.runs)) - sum(map(len, runs))
        return dataclasses.replace(self, runs=runs, forced=forced[0]), lost


Similarity = Callable[[Sequence[str], Sequence[Sequence[str]]], Sequence[float]]
"""How similar each of some texts is to the most similar of its accepted ones, in [0, 1] (``agents.similarity``)."""


def _with_similarity(seen: list[Seen], similarity: Similarity | None) -> list[Seen]:
    if similarity is None:
        return seen
    pairs = {i: compared for i, s in enumerate(seen) if (compared := s.compared()) is not None}
    flat = [pair for compared in pairs.values() for pair in compared]
    values = iter(similarity([text for text, _ in flat], [accepted for _, accepted in flat]))
    measured = {i: (next(values), next(values)) for i in pairs}
    return [dataclasses.replace(s, similarity=measured.get(i)) for i, s in enumerate(seen)]


class _Sheet:
    """One agent's episodes as arrays: rows of every figure, by episode, and means of them by task."""

    def __init__(
        self,
        runs: Sequence[Sequence[Episode]],
        place: Mapping[str, int],
        tasks: Sequence[Task],
        similarity: Similarity | None = None,
    ):
        seen = []
        for run, episodes in enumerate(runs):
            for episode in episodes:
                if episode.task_id in place:
                    seen += [(run, s) for s in Seen.all_of(tasks[place[episode.task_id]], episode)]
        self.seen = _with_similarity([s for _, s in seen], similarity)
        self.run = np.array([run for run, _ in seen], dtype=np.intp)
        self.seed = np.array([s.episode.seed for s in self.seen], dtype=object)
        self.task = np.array([place[s.episode.task_id] for s in self.seen], dtype=np.intp)
        self.size = len(tasks)

    def rows(self, figure: Figure) -> tuple[np.ndarray, np.ndarray]:
        """The figure's rows (episodes, k), and where it applies (episodes,)."""
        found = [figure.row(s) for s in self.seen]
        width = next((len(row) for row in found if row is not None), 2)
        applies = np.array([row is not None for row in found], dtype=bool)
        return np.array([row or (0.0,) * width for row in found], dtype=float).reshape(-1, width), applies

    def by_task(self, rows: np.ndarray, chosen: np.ndarray | None = None) -> np.ndarray:
        """Means over each task's episodes: (tasks, k)."""
        index = self.task if chosen is None else self.task[chosen]
        rows = rows if chosen is None else rows[chosen]
        totals = np.zeros((self.size, rows.shape[1]))
        np.add.at(totals, index, rows)
        counts = np.bincount(index, minlength=self.size)
        return totals / np.maximum(counts, 1)[:, None]

    def trials(self, k: int) -> tuple[np.ndarray, np.ndarray, int]:
        """Rows (value, 1) of pass@k and of pass^k by task, averaged over runs, and how many tasks have
        k trials in a run."""
        at, hat = np.zeros((self.size, 2)), np.zeros((self.size, 2))
        won = np.array([s.rewarded for s in self.seen], dtype=float)
        for run in np.unique(self.run):
            mine = self.run == run
            n = np.bincount(self.task[mine], minlength=self.size)
            c = np.rint(np.bincount(self.task[mine], weights=won[mine], minlength=self.size))
            enough = n >= k
            if enough.any():
                at[enough] += np.stack([stats.pass_at_k(n[enough], c[enough], k), np.ones(enough.sum())], axis=1)
                hat[enough] += np.stack([stats.pass_hat_k(n[enough], c[enough], k), np.ones(enough.sum())], axis=1)
        weight = np.maximum(at[:, 1], 1)[:, None]
        return at / weight, hat / weight, int((at[:, 1] > 0).sum())


def _number(value: float) -> float | None:
    return None if math.isnan(value) else float(value)


def _agent(
    entry: Played, sheet: _Sheet, forced: _Sheet, boot: tuple[np.ndarray, np.ndarray], lost: int
) -> dict[str, Any]:
    figures: dict[str, Any] = {}
    spread: dict[str, Any] = {}
    floor: dict[str, float] = {}

    def put(name: str, rows: np.ndarray, n: int, statistic: stats.Statistic) -> None:
        found = stats.interval(rows, *boot, statistic)
        figures[name] = {k: _number(getattr(found, k)) for k in ("value", "low", "high")} | {"n": n}

    runs, seeds = np.unique(sheet.run), sorted(set(sheet.seed.tolist()))
    for name, figure in FIGURES.items():
        rows, applies = sheet.rows(figure)
        if name in WHERE_KNOWN and not applies.any():
            continue
        put(name, sheet.by_task(rows), int(applies.sum()), figure.statistic)

        def values(part: np.ndarray, rows: np.ndarray = rows, figure: Figure = figure) -> float:
            return float(figure.statistic(sheet.by_task(rows, part).sum(axis=0)))

        if len(runs) > 1:
            each = [values(sheet.run == run) for run in runs]
            spread[name] = {"values": [_number(v) for v in each], "sd": _number(float(np.std(each, ddof=1)))}
        if len(seeds) > 1:
            found = stats.noise_floor([values(sheet.seed == seed) for seed in seeds])
            if not math.isnan(found):
                floor[name] = found
    if forced.seen:
        rows, applies = forced.rows(FORCED)
        put("post_clarification_em_forced", forced.by_task(rows), int(applies.sum()), FORCED.statistic)
    trials = int(np.bincount(sheet.task[sheet.run == runs[0]], minlength=1).max()) if len(runs) else 0
    for k in sorted({k for k in (2, 4, 8, trials) if 1 < k <= trials}):
        at, hat, n = sheet.trials(k)
        put(f"pass_at_{k}", at, n, ratio)
        put(f"pass_hat_{k}", hat, n, ratio)
    behaviours = {"ambiguous": Counter(), "clear": Counter()}
    for s in sheet.seen:
        behaviours["ambiguous" if s.ambiguous else "clear"][s.episode.outcome.behaviour.value] += 1
    errors = Counter(s.episode.outcome.error.partition(":")[0] for s in sheet.seen if s.episode.outcome.error)
    errors += Counter({USER_ERROR: lost})
    return {
        "name": entry.name,
        "episodes": len(sheet.seen),
        "tasks": len(set(sheet.task.tolist())),
        "runs": len(runs),
        "errors": dict(sorted(errors.items())),
        "figures": figures,
        "behaviours": {label: dict(sorted(counts.items())) for label, counts in behaviours.items()},
        "spread": spread,
        "noise_floor": floor,
    }


def compare(
    entries: Sequence[Played],
    tasks: Iterable[Task],
    *,
    tests: Sequence[tuple[str, str]] | None = None,
    cluster_unit: str = "database",
    meta: Mapping[str, Any] | None = None,
    resamples: int = stats.RESAMPLES,
    seed: int = 0,
    similarity: Similarity | None = None,
) -> dict[str, Any]:
    """The comparison of agents over the tasks that all of them played; see the module's docstring.

    ``tests`` are pairs of names, a − b; by default the last agent against each of the others. Holm's
    adjustment is over the tests of one metric. Raises NothingToCompare, MalformedRecord (an episode
    without outcome), KeyError (a test of a name that is not there).
    """
    if not entries:
        raise NothingToCompare("no agent to compare")
    judged = [entry.judged() for entry in entries]
    entries, lost = [entry for entry, _ in judged], [number for _, number in judged]
    every = {task.id: task for task in tasks}
    played = [{episode.task_id for run in entry.runs for episode in run} for entry in entries]
    common = sorted(set(every).intersection(*played))
    if not common:
        why = f"; {sum(lost)} episodes ended because the simulated user failed" if any(lost) else ""
        raise NothingToCompare(f"no task was played by all of {', '.join(repr(e.name) for e in entries)}{why}")
    chosen = [every[task_id] for task_id in common]
    place = {task_id: i for i, task_id in enumerate(common)}
    clusters, groups = [task.home for task in chosen], [task.group for task in chosen]
    boot = stats.bootstrap_weights(groups, clusters, resamples=resamples, seed=seed)
    sheets = {entry.name: _Sheet(entry.runs, place, chosen, similarity) for entry in entries}
    agents = [
        _agent(e, sheets[e.name], _Sheet([e.forced], place, chosen), boot, gone)
        for e, gone in zip(entries, lost, strict=True)
    ]
    if tests is None:
        tests = [(entries[-1].name, entry.name) for entry in entries[:-1]]
    return {
        "agents": agents,
        "tests": [
            row
            for metric in TESTED
            if any(metric in agent["figures"] for agent in agents)
            for row in _tests(metric, tests, sheets, clusters, groups, cluster_unit, seed)
        ],
        "meta": {
            **(meta or {}),
            "tasks": len(common),
            "left_out": len(set().union(*played) & set(every)) - len(common),
            "seeds": sorted({s.episode.seed for sheet in sheets.values() for s in sheet.seen}),
            "databases": len(set(clusters)),
            "groups": len(set(zip(clusters, groups, strict=True))),
            "interval": {
                "level": 0.95,
                "resamples": resamples,
                "unit": f"{cluster_unit}, then request group",
                "method": "percentile bootstrap",
            },
            "figures": {name: figure.meaning for name, figure in FIGURES.items()}
            | {
                "post_clarification_em_forced": FORCED.meaning,
                "pass_at_k": "chance that one of k trials earns the trajectory reward",
                "pass_hat_k": "chance that all of k trials earn it",
            },
        },
    }


def _tests(
    metric: str,
    pairs: Sequence[tuple[str, str]],
    sheets: Mapping[str, _Sheet],
    clusters: Sequence[str],
    groups: Sequence[str],
    cluster_unit: str,
    seed: int,
) -> list[dict[str, Any]]:
    figure = FIGURES[metric]
    rows = {name: sheets[name].by_task(sheets[name].rows(figure)[0]) for name in {n for pair in pairs for n in pair}}
    found = [
        stats.paired_test(
            rows[a], rows[b], figure.statistic, clusters=clusters, groups=groups, cluster_unit=cluster_unit, seed=seed
        )
        for a, b in pairs
    ]
    adjusted = stats.holm([test.p for test in found])
    return [
        {
            "a": a,
            "b": b,
            "metric": metric,
            "difference": _number(test.difference),
            "p": _number(test.p),
            "p_holm": _number(p_holm),
            "unit": test.unit,
            "units": test.units,
            "method": test.method,
        }
        for (a, b), test, p_holm in zip(pairs, found, adjusted, strict=True)
    ]


def table(
    episodes: Sequence[Episode],
    tasks: Iterable[Task],
    *,
    name: str = "agent",
    forced: Sequence[Episode] = (),
    **settings: Any,
) -> dict[str, Any]:
    """One agent's figures, as a comparison of one; ``settings`` as in ``compare``."""
    return compare([Played(name, (tuple(episodes),), tuple(forced))], tasks, **settings)
