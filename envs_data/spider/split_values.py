"""The values of a split's second column, made of the first's.

A value is drawn from a hash of where it stands (database, table, column, row), so that a split gives the same values
everywhere and always. ``splits.toml`` names the operations.
"""

from __future__ import annotations

import datetime
import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from envs_data.spider.splits import table_of_splits

LAST_YEAR = 2024
"""Years made here are not beyond it, unless the column's own are."""

_MOST_DECIMALS = 3
DATE = re.compile(r"(\d{4}-\d{2}-\d{2})(.*)", re.DOTALL)


class Draw:
    """Chance that hangs on nothing but ``where``: ``unit(i)`` is the i-th number in [0, 1)."""

    def __init__(self, where: str):
        self.where = where

    def unit(self, index: int = 0) -> float:
        digest = hashlib.blake2b(f"{self.where}|{index}".encode("utf-8", "surrogatepass"), digest_size=7)
        return int.from_bytes(digest.digest(), "big") / 2**56

    def between(self, low: float, high: float, index: int = 0) -> float:
        return low + (high - low) * self.unit(index)

    def one(self, options: Sequence[Any], index: int = 0) -> Any:
        return options[int(self.unit(index) * len(options))]


def labels(where: str, word: str, count: int) -> list[str]:
    """The values of a column about a column, row by row."""
    options = table_of_splits()["beside"][word]
    return [Draw(f"{where}|{row}").one(options) for row in range(count)]


def derived(where: str, values: Sequence[Any], form: Mapping[str, Any], inverse: bool = False) -> list[Any] | None:
    """The other half's values, row by row; None where the operation does not fit the values there are."""
    filled = [value for value in values if value is not None]
    if not filled:
        return None
    numeric_text = all(isinstance(value, str) and _whole(value) for value in filled)
    if numeric_text and {"scale", "add", "years"} & set(form):
        numbers = [None if value is None else int(value) for value in values]
        made = derived(where, numbers, form, inverse)
        # Text sorts as text: the columns have to sort as their numbers do.
        if made is None or not all(_sorts_as_text(column) for column in (numbers, made)):
            return None
        return [None if value is None else str(value) for value in made]
    name = next(name for name in form if name in OPERATIONS)
    if not _fits(name, filled):
        return None
    make = OPERATIONS[name](form[name], filled, inverse)
    keep = _rounder(filled)
    made = []
    for row, value in enumerate(values):
        new = None if value is None else keep(make(value, Draw(f"{where}|{row}")))
        if new is not None and form.get("within"):
            new = min(max(new, min(filled)), max(filled))
        made.append(new)
    return made


def _sorts_as_text(numbers: Sequence[int | None]) -> bool:
    found = {number for number in numbers if number is not None}
    return sorted(found) == sorted(found, key=str)


def _whole(value: str) -> bool:
    return re.fullmatch(r"\d{1,9}", value) is not None and (value == "0" or value[0] != "0")


def _fits(name: str, filled: Sequence[Any]) -> bool:
    texts = all(isinstance(value, str) for value in filled)
    numbers = all(isinstance(value, int | float) for value in filled)
    match name:
        case "days":
            return texts and all(map(_day, filled))
        case "years":
            return all(map(_day, filled)) if texts else numbers and all(1000 < value < 2200 for value in filled)
        case "scale" | "add":
            return numbers
        case "other":
            return len(set(filled)) > 1
        case "domain":
            return texts and all("@" in value for value in filled)
        case "digits":
            return texts and all(sum(map(str.isdigit, value)) >= 6 for value in filled)
    return texts and any(re.search(r"[^\W\d_]", value) for value in filled)


def _day(value: str) -> datetime.date | None:
    match = DATE.fullmatch(value)
    try:
        return datetime.date.fromisoformat(match[1]) if match else None
    except ValueError:
        return None


def _rounder(filled: Sequence[Any]) -> Callable[[Any], Any]:
    if all(isinstance(value, int) for value in filled):
        return lambda value: value if isinstance(value, str) else round(value)
    if all(isinstance(value, int | float) for value in filled):
        decimals = max(len(repr(float(value)).partition(".")[2].removesuffix("0")) for value in filled[:1000])
        if any("e" in repr(float(value)) for value in filled[:1000]):
            decimals = 0
        return lambda value: float(round(value, min(decimals, _MOST_DECIMALS)))
    return lambda value: value


def _scale(span: Sequence[float], filled: Sequence[Any], inverse: bool) -> Callable[[Any, Draw], Any]:
    return lambda value, draw: value / draw.between(*span) if inverse else value * draw.between(*span)


def _add(span: Sequence[float], filled: Sequence[Any], inverse: bool) -> Callable[[Any, Draw], Any]:
    least = 0 if min(filled) >= 0 else min(filled)
    sign = -1 if inverse else 1
    return lambda value, draw: max(least, value + sign * draw.between(*span))


def _years(span: Sequence[float], filled: Sequence[Any], inverse: bool) -> Callable[[Any, Draw], Any]:
    sign = -1 if inverse else 1
    if isinstance(filled[0], str):
        return _days([365 * edge for edge in span], filled, inverse)
    last = max(LAST_YEAR, *filled)
    return lambda value, draw: min(last, value + sign * round(draw.between(*span)))


def _days(span: Sequence[float], filled: Sequence[Any], inverse: bool) -> Callable[[Any, Draw], Any]:
    sign = -1 if inverse else 1

    def later(value: str, draw: Draw) -> str:
        day = _day(value) + datetime.timedelta(days=sign * round(draw.between(*span)))
        return day.isoformat() + DATE.fullmatch(value)[2]

    return later


def _other(share: float, filled: Sequence[Any], inverse: bool) -> Callable[[Any, Draw], Any]:
    def other(value: Any, draw: Draw) -> Any:
        if draw.unit() >= share:
            return value
        return next((found for i in range(1, 6) if (found := draw.one(filled, i)) != value), value)

    return other


def _mix(share: float, filled: Sequence[Any], inverse: bool) -> Callable[[Any, Draw], Any]:
    def mixed(value: str, draw: Draw) -> str:
        if draw.unit() >= share or not value.strip():
            return value
        rest = value.split(" ")
        for i in range(1, 6):
            first = str(draw.one(filled, i)).split(" ")[0].rstrip(",;:")
            if first.lower() not in value.lower() and len(first) > 1:
                return " ".join([first, *rest[1:]])
        return value

    return mixed


def _words(count: int, filled: Sequence[Any], inverse: bool) -> Callable[[Any, Draw], Any]:
    return lambda value, draw: " ".join(value.split()[:count])


def _initial(_: bool, filled: Sequence[Any], inverse: bool) -> Callable[[Any, Draw], Any]:
    def short(value: str, draw: Draw) -> str:
        first, *rest = value.split() or [""]
        return " ".join([f"{first[:1]}.", *rest]) if rest else value

    return short


def _ahead(options: Sequence[str], filled: Sequence[Any], inverse: bool) -> Callable[[Any, Draw], Any]:
    return lambda value, draw: f"{draw.one(options)} {value}"


def _behind(options: Sequence[str], filled: Sequence[Any], inverse: bool) -> Callable[[Any, Draw], Any]:
    return lambda value, draw: f"{value} {draw.one(options)}"


def _domain(options: Sequence[str], filled: Sequence[Any], inverse: bool) -> Callable[[Any, Draw], Any]:
    return lambda value, draw: f"{value.partition('@')[0]}@{draw.one(options)}"


def _digits(count: int, filled: Sequence[Any], inverse: bool) -> Callable[[Any, Draw], Any]:
    def redialled(value: str, draw: Draw) -> str:
        places = [i for i, char in enumerate(value) if char.isdigit()][-count:]
        chars = list(value)
        for i in places:
            chars[i] = str(int(draw.unit(i) * 10))
        return "".join(chars)

    return redialled


Make = Callable[[Any, Draw], Any]
"""Makes the other half's value of one half's."""

OPERATIONS: dict[str, Callable[[Any, Sequence[Any], bool], Make]] = {
    "scale": _scale,
    "add": _add,
    "years": _years,
    "days": _days,
    "other": _other,
    "mix": _mix,
    "words": _words,
    "initial": _initial,
    "ahead": _ahead,
    "behind": _behind,
    "domain": _domain,
    "digits": _digits,
}
