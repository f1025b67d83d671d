"""Random draws for the bundled databases that give the same values on every platform and Python."""

from __future__ import annotations

import datetime
import math
import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

T = TypeVar("T")
Row = dict[str, Any]


class Draw:
    """Everything rests on ``random.Random(str).random()``, whose stream Python guarantees; ``gauss``, ``choice``
    and ``sample`` carry no such promise."""

    def __init__(self, seed: str, kept: Iterable[str] = ()) -> None:
        self._unit = random.Random(seed).random
        self._kept = frozenset(kept)

    def unit(self) -> float:
        return self._unit()

    def normal(self, mean: float, deviation: float) -> float:
        """The sum of twelve uniform draws: near enough to a bell, and exact in floating point."""
        return mean + deviation * (math.fsum(self._unit() for _ in range(12)) - 6.0)

    def amount(self, median: float, sigma: float, step: float = 0.01) -> float:
        """Lognormal, rounded to a multiple of ``step`` and never below it; a coarse step makes ties."""
        return stepped(median * math.exp(self.normal(0.0, sigma)), step)

    def count(self, median: float, sigma: float, least: int = 0) -> int:
        """Lognormal and whole."""
        return max(least, round(median * math.exp(self.normal(0.0, sigma))))

    def between(self, low: int, high: int) -> int:
        """A whole number, both ends included."""
        return low + int(self._unit() * (high - low + 1))

    def factor(self, low: float, high: float) -> float:
        return low + self._unit() * (high - low)

    def chance(self, share: float) -> bool:
        return self._unit() < share

    def pick(self, options: Sequence[T], skew: float = 0.0) -> T:
        """One option; with ``skew`` the option of rank r has Zipf weight 1 / r ** skew."""
        weights = [1.0 / rank**skew for rank in range(1, len(options) + 1)]
        mark = self._unit() * math.fsum(weights)
        for option, weight in zip(options, weights, strict=True):
            mark -= weight
            if mark < 0:
                return option
        return options[-1]

    def day(self, first: str, last: str, lean: float = 1.0) -> datetime.date:
        """A day of the period; ``lean`` below 1 moves the mass to its end, above 1 to its start."""
        start, end = datetime.date.fromisoformat(first), datetime.date.fromisoformat(last)
        return start + datetime.timedelta(days=int((end - start).days * self._unit() ** lean))

    def later(self, day: datetime.date, least: int, most: int, lean: float = 1.0) -> datetime.date:
        """A day ``least`` to ``most`` days after ``day``; a negative number is before it."""
        return day + datetime.timedelta(days=least + int((most - least + 1) * self._unit() ** lean))

    def until(self, day: datetime.date, last: str, lean: float = 1.0) -> datetime.date:
        """A day from ``day`` to ``last``."""
        return self.later(day, 0, max(0, (datetime.date.fromisoformat(last) - day).days), lean)

    def within(self, first: str, last: str, *known: datetime.date, lean: float = 1.0) -> datetime.date:
        """A day of the period that is before none of the ``known`` days: no sale in a store not yet open."""
        return self.until(max(datetime.date.fromisoformat(first), *known), last, lean)

    def distinct(self, how_many: int, make: Callable[[], str]) -> list[str]:
        """Names drawn by ``make`` until there are ``how_many`` different ones, in the order they came."""
        found: dict[str, None] = {}
        for _ in range(how_many * 200):
            if len(found) == how_many:
                return list(found)
            found.setdefault(make())
        raise ValueError(f"only {len(found)} different names came of {how_many * 200} draws; {how_many} are needed")

    def shuffled(self, options: Sequence[T]) -> list[T]:
        return [option for _, option in sorted(((self._unit(), i), o) for i, o in enumerate(options))]

    def blank(self, rows: list[Row], **shares: float) -> None:
        """Empties a column in exactly its share of the rows (at least one), chosen at random; those to be kept are
        left, since a sum of two columns is the same however it is written only where nothing is missing."""
        for column, share in shares.items():
            chosen = self.shuffled(range(len(rows)))[: max(1, round(share * len(rows)))]
            for index in () if column in self._kept else chosen:
                rows[index][column] = None

    def record(
        self, rows: list[Row], column: str, key: str, sums: Mapping[Any, float], low: float, high: float, most: int
    ) -> None:
        """Fills ``column`` with a figure on record: what other rows add up to by ``key``, times a factor from ``low``
        to ``high``, and up to ``most`` from before the data."""
        for row in rows:
            row[column] = round(sums[row[key]] * self.factor(low, high)) + self.between(0, most)


def stepped(value: float, step: float) -> float:
    """``value`` as the nearest multiple of ``step`` (hundredths or coarser), at least one step."""
    return round(max(1, round(value / step)) * step, 2)


def listed(text: str) -> tuple[str, ...]:
    """The words of a "one|two" list."""
    return tuple(text.split("|"))
