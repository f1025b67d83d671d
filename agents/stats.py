"""Uncertainty of figures that are functions of sums: intervals, paired tests, noise floor, pass@k.

Every figure of ``metrics.py`` is ``statistic(sums)``, where ``sums`` is a row vector of sums over tasks
(a mean is the sum of a value and of ones, an F1 three counts a class). So a bootstrap replicate is a
weighted sum of unit totals, and a permutation an exchange of unit totals: matrix products, no loops.
``statistic`` takes (..., k) sums and gives (...) values; nan where it is undefined.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Sequence

import numpy as np
from scipy import stats as scipy_stats
from scipy.special import gammaln

Statistic = Callable[[np.ndarray], np.ndarray]

RESAMPLES = 2000
FLIPS = 9999
EXACT_UNITS = 13
"""Up to 2**13 exchanges are enumerated; above, FLIPS are drawn."""
MIN_CLUSTERS = 8
"""With fewer clusters than this, sign flips over clusters cannot reach a p below 1/2**7: use groups."""


@dataclasses.dataclass(frozen=True)
class Interval:
    """A figure with its interval; ``low`` and ``high`` are nan where there is nothing to resample."""

    value: float
    low: float
    high: float


def wilson(hits: int, n: int, z: float = 1.96) -> Interval:
    """The share ``hits / n`` with its Wilson interval, at 95 % by default: never empty, not even at 0 or 1."""
    share = hits / n
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    # Rounding must not put a share of 0 or 1 outside its own interval.
    return Interval(share, min(max(0.0, middle - half), share), max(min(1.0, middle + half), share))


@dataclasses.dataclass(frozen=True)
class PairedTest:
    """A paired test: the difference a − b, its two-sided p, what was exchanged, how many, and how."""

    difference: float
    p: float
    unit: str
    units: int
    method: str


def unit_totals(rows: np.ndarray, labels: Sequence[str]) -> tuple[np.ndarray, tuple[str, ...]]:
    """Rows (n, k) summed by label: (units, k), and the labels in order."""
    names, index = np.unique(np.asarray(labels, dtype=str), return_inverse=True)
    totals = np.zeros((len(names), rows.shape[1]))
    np.add.at(totals, index, rows)
    return totals, tuple(names.tolist())


def bootstrap_weights(
    groups: Sequence[str], clusters: Sequence[str], *, resamples: int = RESAMPLES, seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """How often each group counts in each replicate of a two-stage bootstrap.

    Clusters are drawn with replacement, then as many groups within each drawn cluster as it has. The
    second stage is there for the few clusters (databases) that a test split has: drawing three clusters
    alone gives ten different samples and intervals that are too short.

    A group's name counts within its cluster only. Returns weights (resamples, groups) and the index of
    each row's group (n,).
    """
    pairs = list(zip(clusters, groups, strict=True))
    nested = sorted(set(pairs))
    place = {pair: i for i, pair in enumerate(nested)}
    index = np.array([place[pair] for pair in pairs], dtype=np.intp)
    cluster_of = np.array([cluster for cluster, _ in nested], dtype=object)
    cluster_names = sorted(set(clusters))
    rng = np.random.default_rng(seed)
    draws = rng.multinomial(len(cluster_names), np.full(len(cluster_names), 1 / len(cluster_names)), size=resamples)
    weights = np.zeros((resamples, len(nested)))
    for column, cluster in enumerate(cluster_names):
        members = np.flatnonzero(cluster_of == cluster)
        # d independent draws of m out of m groups are one draw of d·m.
        counts = rng.multinomial(draws[:, column] * len(members), np.full(len(members), 1 / len(members)))
        weights[:, members] = counts
    return weights, index


def interval(
    rows: np.ndarray, weights: np.ndarray, index: np.ndarray, statistic: Statistic, *, level: float = 0.95
) -> Interval:
    """The percentile interval of ``statistic`` over rows (tasks, k), with ``bootstrap_weights``' output."""
    value = float(statistic(rows.sum(axis=0)))
    totals = np.zeros((weights.shape[1], rows.shape[1]))
    np.add.at(totals, index, rows)
    if math.isnan(value) or len(totals) < 2:
        return Interval(value, math.nan, math.nan)
    replicates = statistic(weights @ totals)
    replicates = replicates[~np.isnan(replicates)]
    tail = (1 - level) / 2
    low, high = np.quantile(replicates, [tail, 1 - tail])
    # Rounding of the matrix product must not put a constant figure outside its own interval.
    return Interval(value, min(float(low), value), max(float(high), value))


def paired_test(
    a: np.ndarray,
    b: np.ndarray,
    statistic: Statistic,
    *,
    clusters: Sequence[str],
    groups: Sequence[str],
    cluster_unit: str = "database",
    group_unit: str = "request group",
    flips: int = FLIPS,
    seed: int = 0,
) -> PairedTest:
    """The permutation test of ``statistic(a) − statistic(b)`` under exchange of the agents, unit by unit.

    ``a`` and ``b`` are (tasks, k), row by row of the same task, averaged over seeds. For a mean this is
    the sign-flip test of the per-task differences. Units are clusters where there are at least
    MIN_CLUSTERS, else groups. Exact where at most EXACT_UNITS units differ, else ``flips`` are drawn.
    """
    if a.shape != b.shape:
        raise ValueError(f"the agents' rows differ in shape: {a.shape} and {b.shape}")
    by_cluster = len(set(clusters)) >= MIN_CLUSTERS
    labels, unit = (clusters, cluster_unit) if by_cluster else (groups, group_unit)
    totals_a, names = unit_totals(a, labels)
    totals_b, _ = unit_totals(b, labels)
    mean, half = (totals_a + totals_b).sum(axis=0) / 2, (totals_a - totals_b) / 2

    def difference(signs: np.ndarray) -> np.ndarray:
        swing = signs @ half
        return statistic(mean + swing) - statistic(mean - swing)

    observed = float(difference(np.ones(len(half))))
    # A unit in which the agents are equal is the same either way: it only doubles every count.
    half = half[np.any(half != 0, axis=1)]
    n = len(half)
    if math.isnan(observed):
        return PairedTest(math.nan, math.nan, unit, len(names), "undefined")
    if n <= EXACT_UNITS:
        signs = 1.0 - 2.0 * ((np.arange(2**n)[:, None] >> np.arange(n)) & 1)
        extreme = np.abs(difference(signs)) >= abs(observed) - 1e-12
        return PairedTest(observed, float(extreme.mean()), unit, len(names), "exact")
    signs = np.random.default_rng(seed).choice([-1.0, 1.0], size=(flips, n))
    extreme = int((np.abs(difference(signs)) >= abs(observed) - 1e-12).sum())
    return PairedTest(observed, (extreme + 1) / (flips + 1), unit, len(names), f"{flips} random flips")


def holm(p_values: Sequence[float]) -> list[float]:
    """Holm's step-down adjustment of a family of p values; nan stays nan and is not counted."""
    adjusted = list(p_values)
    order = sorted((p, i) for i, p in enumerate(p_values) if not math.isnan(p))
    floor = 0.0
    for rank, (p, i) in enumerate(order):
        floor = max(floor, min(1.0, (len(order) - rank) * p))
        adjusted[i] = floor
    return adjusted


def noise_floor(by_seed: Sequence[float], *, level: float = 0.95) -> float:
    """The difference that the same agent, evaluated twice with this many seeds, stays within: t·s·√(2/n)
    of the per-seed values. nan for fewer than two."""
    values = np.asarray([value for value in by_seed if not math.isnan(value)], dtype=float)
    if len(values) < 2:
        return math.nan
    t = scipy_stats.t.ppf((1 + level) / 2, len(values) - 1)
    return float(t * values.std(ddof=1) * math.sqrt(2 / len(values)))


def pass_at_k(n: np.ndarray, c: np.ndarray, k: int) -> np.ndarray:
    """pass@k = 1 − C(n−c, k)/C(n, k): the chance that one of k trials drawn from n succeeds, unbiased.

    ``n`` trials and ``c`` successes a task; raises ValueError unless every n ≥ k > 1.
    """
    return 1 - _choose_ratio(np.asarray(n) - np.asarray(c), np.asarray(n), k)


def pass_hat_k(n: np.ndarray, c: np.ndarray, k: int) -> np.ndarray:
    """pass^k = C(c, k)/C(n, k): the chance that all of k trials drawn from n succeed, unbiased."""
    return _choose_ratio(np.asarray(c), np.asarray(n), k)


def _choose_ratio(m: np.ndarray, n: np.ndarray, k: int) -> np.ndarray:
    if k < 2 or np.any(n < k):
        raise ValueError(f"pass@k and pass^k need n >= k > 1, got k = {k} and n down to {int(np.min(n))}")
    if np.any(m < 0) or np.any(m > n):
        raise ValueError("more successes than trials, or fewer than none")
    safe = np.maximum(m, k)
    log_ratio = gammaln(safe + 1) - gammaln(safe - k + 1) - gammaln(n + 1) + gammaln(n - k + 1)
    return np.where(m < k, 0.0, np.exp(log_ratio))
