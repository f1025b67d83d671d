"""The geometry of the report's charts: numbers in, positions out; the templates draw them as inline SVG.

A chart is plain data, so that Jinja's escaping stays the only way by which text reaches the page.
Positions of line charts are in SVG user units; those of bars and intervals are percentages of a row.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Mapping, Sequence

from act_env.conversation import Behaviour

WIDTH, HEIGHT = 360, 230
LEFT, RIGHT, TOP, BOTTOM = 46, 12, 12, 38
MAX_POINTS = 240
"""A series longer than this is thinned evenly: more points than pixels only make the file larger."""

BEHAVIOUR_ORDER = (
    Behaviour.CLARIFIED,
    Behaviour.ANSWERED,
    Behaviour.OVERASKED,
    Behaviour.ASSUMPTION,
    Behaviour.HEDGED,
    Behaviour.OVERHEDGED,
    Behaviour.WRONG,
    Behaviour.UNREADABLE,
    Behaviour.UNFINISHED,
)


@dataclasses.dataclass(frozen=True)
class Series:
    """One line: its label and its (x, y) points. Points that are not finite are left out."""

    label: str
    points: tuple[tuple[float, float], ...]


@dataclasses.dataclass(frozen=True)
class Curve:
    """One chart of lines over the same axes."""

    title: str
    x_label: str
    y_label: str
    series: tuple[Series, ...]


@dataclasses.dataclass(frozen=True)
class Line:
    label: str
    path: str
    last: tuple[float, float]
    final: str
    index: int


@dataclasses.dataclass(frozen=True)
class LineChart:
    title: str
    x_label: str
    y_label: str
    x_ticks: tuple[tuple[float, str], ...]
    y_ticks: tuple[tuple[float, str], ...]
    lines: tuple[Line, ...]
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = WIDTH - RIGHT
    top: int = TOP
    bottom: int = HEIGHT - BOTTOM


def ticks(low: float, high: float, about: int = 5) -> tuple[float, ...]:
    """Round values that cover [low, high], ``about`` of them, in steps of 1, 2 or 5 times a power of ten."""
    if not (math.isfinite(low) and math.isfinite(high)):
        raise ValueError(f"ticks need finite limits, not {low!r} and {high!r}")
    if high <= low:
        high = low + (abs(low) or 1.0)
    raw = (high - low) / max(1, about - 1)
    if not math.isfinite(raw) or raw <= 0:
        return (low, high)
    power = 10.0 ** math.floor(math.log10(raw))
    step = next((power * k for k in (1, 2, 5) if power * k >= raw * 0.999), power * 10)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return tuple(round(i * step, 12) for i in range(first, last + 1))


def number(value: float) -> str:
    """A short form for axes: at most three significant digits, thousands as k."""
    if abs(value) >= 10_000:
        return f"{value / 1000:g}k"
    return f"{value:.3g}"


def line_chart(curve: Curve) -> LineChart | None:
    """Positions of a curve's lines, or None where it holds no finite point."""
    series = [(s.label, pts) for s in curve.series if (pts := [p for p in s.points if all(map(math.isfinite, p))])]
    if not series:
        return None
    xs = [x for _, points in series for x, _ in points]
    ys = [y for _, points in series for _, y in points]
    x_ticks, y_ticks = ticks(min(xs), max(xs)), ticks(min(ys), max(ys))
    x_low, x_high, y_low, y_high = min(xs), max(max(xs), min(xs) + 1e-9), y_ticks[0], y_ticks[-1]

    def at(x: float, y: float) -> tuple[float, float]:
        return (
            round(LEFT + (x - x_low) / (x_high - x_low) * (WIDTH - LEFT - RIGHT), 1),
            round(HEIGHT - BOTTOM - (y - y_low) / (y_high - y_low) * (HEIGHT - TOP - BOTTOM), 1),
        )

    lines = []
    for index, (label, points) in enumerate(series):
        kept = _thinned(points)
        path = "M" + "L".join(f"{x:g} {y:g}" for x, y in (at(*p) for p in kept))
        lines.append(Line(label, path, at(*kept[-1]), number(kept[-1][1]), index % 6))
    return LineChart(
        curve.title,
        curve.x_label,
        curve.y_label,
        tuple((at(t, y_low)[0], number(t)) for t in x_ticks if x_low <= t <= x_high),
        tuple((at(x_low, t)[1], number(t)) for t in y_ticks),
        tuple(lines),
    )


def _thinned(points: Sequence[tuple[float, float]]) -> Sequence[tuple[float, float]]:
    if len(points) <= MAX_POINTS:
        return points
    stride = (len(points) - 1) / (MAX_POINTS - 1)
    return [points[round(i * stride)] for i in range(MAX_POINTS)]


def moving_average(points: Iterable[tuple[float, float]], window: int) -> tuple[tuple[float, float], ...]:
    """The mean of the last ``window`` values at each point (fewer at the start)."""
    kept: list[tuple[float, float]] = []
    recent: list[float] = []
    for x, y in points:
        recent = [*recent[-(window - 1) :], y] if window > 1 else [y]
        kept.append((x, sum(recent) / len(recent)))
    return tuple(kept)


@dataclasses.dataclass(frozen=True)
class Segment:
    behaviour: str
    count: int
    share: float
    x: float
    width: float


def behaviour_bar(counts: Mapping[str, float]) -> tuple[Segment, ...]:
    """The segments of one agent's bar in a fixed order, good behaviours first; positions in percent.

    ``counts`` may hold counts or shares; a behaviour it does not name has none. Raises ValueError on
    a name that is no behaviour.
    """
    if unknown := set(counts) - {b.value for b in BEHAVIOUR_ORDER}:
        raise ValueError(f"no behaviour is called {sorted(unknown)[0]!r}; there are {[b.value for b in Behaviour]}")
    total = sum(counts.values())
    segments, x = [], 0.0
    for behaviour in BEHAVIOUR_ORDER:
        if not (count := counts.get(behaviour.value, 0)):
            continue
        share = count / total
        segments.append(Segment(behaviour.value, count, share, round(x, 3), round(share * 100, 3)))
        x += share * 100
    return tuple(segments)


@dataclasses.dataclass(frozen=True)
class Interval:
    """A value with its interval on an axis from 0 to 100 percent, clipped to it."""

    label: str
    text: str
    x: float
    low: float
    high: float


def interval(label: str, text: str, value: float, low: float | None, high: float | None) -> Interval:
    def place(v: float) -> float:
        return round(min(1.0, max(0.0, v)) * 100, 2)

    return Interval(
        label, text, place(value), place(value if low is None else low), place(value if high is None else high)
    )
