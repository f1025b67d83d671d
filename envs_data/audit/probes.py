"""The probes, their accuracy on unseen databases, and when it fails a corpus."""

from __future__ import annotations

import dataclasses
import zlib
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from act_env.conversation import Action, Task
from envs_data.audit.parts import PARTS, overlap_table

FOLDS = {"bag of words": 6, "overlap": 6, "transformer": 3}
EVERY = "all kinds"
LIMITS = {("bag of words", "all"): (0.60, 0.60), ("overlap", "all"): (0.65, 0.60)}
LIMIT = (0.55, 0.55)
"""What a probe's accuracy over all kinds may be, and what the lower end of a kind's 95 % interval may be."""
PROBES = ("bag of words", "overlap", "transformer")
_RESAMPLES = 2000

Predict = Callable[[Sequence[Task], Sequence[Task]], np.ndarray]
"""(tasks to learn from, tasks to tell) → whether each of the latter is told to be ambiguous."""


@dataclasses.dataclass(frozen=True)
class Finding:
    """A probe's accuracy on one part, over one kind or all of them; ``low`` and ``high`` are a 95 % bootstrap
    interval over databases."""

    probe: str
    part: str
    kind: str
    accuracy: float
    low: float
    high: float
    tasks: int
    limit: float | None

    @property
    def fails(self) -> bool:
        """Whether it is above its limit: the accuracy itself for all kinds together, the interval for one."""
        if self.limit is None:
            return False
        return (self.accuracy if self.kind == EVERY else self.low) > self.limit


def ambiguous(tasks: Sequence[Task]) -> np.ndarray:
    return np.array([task.gold_action is Action.CLARIFY for task in tasks])


def bag_of_words(part: str) -> Predict:
    """Logistic regression on one and two words in a row, weighted by rarity."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    text = PARTS[part]

    def predict(known: Sequence[Task], unseen: Sequence[Task]) -> np.ndarray:
        vectors = TfidfVectorizer(
            ngram_range=(1, 2), min_df=2, sublinear_tf=True, token_pattern=r"(?u)[^\W_]+|[?:,|]", max_features=60_000
        )
        model = make_pipeline(vectors, LogisticRegression(C=4.0, max_iter=1000))
        model.fit([text(task) for task in known], ambiguous(known))
        return model.predict([text(task) for task in unseen])

    return predict


def overlap(part: str) -> Predict:
    """Boosted trees on how many words the request shares with schema and notes."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    def predict(known: Sequence[Task], unseen: Sequence[Task]) -> np.ndarray:
        model = HistGradientBoostingClassifier(max_iter=150, learning_rate=0.06, max_leaf_nodes=15, random_state=0)
        model.fit(overlap_table(known), ambiguous(known))
        return model.predict(overlap_table(unseen))

    return predict


def transformer(part: str) -> Predict:
    """A small transformer, trained from nothing."""
    from envs_data.audit.transformer import predictor

    return predictor(PARTS[part])


def folds(tasks: Sequence[Task], count: int = 6) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """(known, unseen) indices, by database: each is unseen once. The names' checksums deal them out."""
    home = {task.home for task in tasks}
    dealt = sorted(home, key=lambda name: (zlib.crc32(name.encode()), name))
    turn = {name: i % count for i, name in enumerate(dealt)}
    which = np.array([turn[task.home] for task in tasks])
    for fold in range(min(count, len(home))):
        yield np.flatnonzero(which != fold), np.flatnonzero(which == fold)


def audit(
    tasks: Sequence[Task],
    *,
    probes: Sequence[str] = PROBES[:2],
    parts: Sequence[str] = tuple(PARTS),
    done: Callable[[str], None] = lambda what: None,
) -> list[Finding]:
    """Every probe on every part, by kind and for all kinds together; ``done`` is called after each fold.

    The overlap probe looks at all parts at once. Needs scikit-learn, and torch for the transformer; raises
    ValueError where the tasks are of fewer than two databases, since then none is unseen.
    """
    tasks = list(tasks)
    if len({task.database for task in tasks}) < 2:
        raise ValueError("an audit needs tasks of two databases or more: one to learn from, one that is unseen")
    make = {"bag of words": bag_of_words, "overlap": overlap, "transformer": transformer}
    found: list[Finding] = []
    for probe in probes:
        for part in parts if probe != "overlap" else ("all",):
            predict = make[probe](part)
            told = np.zeros(len(tasks), dtype=bool)
            for known, unseen in folds(tasks, FOLDS[probe]):
                told[unseen] = predict([tasks[i] for i in known], [tasks[i] for i in unseen])
                done(f"{probe}, {part}")
            found += _findings(probe, part, tasks, told == ambiguous(tasks))
    return found


def steps(probes: Sequence[str], parts: Sequence[str]) -> int:
    """How often ``audit`` calls ``done``, at most."""
    return sum(FOLDS[probe] * (1 if probe == "overlap" else len(parts)) for probe in probes)


def _findings(probe: str, part: str, tasks: Sequence[Task], right: np.ndarray) -> Iterator[Finding]:
    pooled, of_a_kind = LIMITS.get((probe, part), LIMIT)
    gated = probe != "transformer" or part == "request"
    kinds = np.array([task.kind for task in tasks])
    homes = np.array([task.home for task in tasks])
    for kind in (EVERY, *sorted(set(kinds))):
        mine = np.ones(len(tasks), dtype=bool) if kind == EVERY else kinds == kind
        low, high = interval(right[mine], homes[mine])
        limit = (pooled if kind == EVERY else of_a_kind) if gated else None
        yield Finding(probe, part, kind, float(right[mine].mean()), low, high, int(mine.sum()), limit)


def interval(right: np.ndarray, clusters: np.ndarray) -> tuple[float, float]:
    """A 95 % percentile interval of the mean, resampling clusters."""
    _, which = np.unique(clusters, return_inverse=True)
    hits, sizes = np.bincount(which, right), np.bincount(which)
    drawn = np.random.default_rng(0).integers(len(sizes), size=(_RESAMPLES, len(sizes)))
    means = hits[drawn].sum(1) / sizes[drawn].sum(1)
    low, high = np.quantile(means, (0.025, 0.975))
    return float(low), float(high)


def failures(findings: Sequence[Finding]) -> list[Finding]:
    """The findings that fail a corpus."""
    return [finding for finding in findings if finding.fails]
