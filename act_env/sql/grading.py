"""Compares result sets.

Two results match when their rows are the same multiset, columns taken in some order, and, where the gold
result has ranks, when each tie group's rows stand where gold's do. Cells are compared by value:

- NULL equals NULL, NaN equals NaN, and neither equals anything else.
- Integers, decimals, floats and booleans are numbers: ``1``, ``1.00``, ``1e0`` and TRUE are equal. Integers and
  decimals are compared exactly, floats against any number within a relative 1e-6 or an absolute 1e-9.
- A date equals the timestamp at its midnight. Timestamps with a zone are compared as moments in UTC.
- Text equals text, character by character. It never equals a number or a date, whatever it spells: the
  type is part of an answer, and ``'10' < '9'``.
- Lists and structs are compared element by element, without a tolerance.

Names of columns do not count.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import math
from collections import Counter
from collections.abc import Hashable, Iterator, Sequence
from decimal import Decimal
from itertools import combinations
from typing import Any

from act_env.conversation import Result
from act_env.errors import ExecutionError, SandboxError

RELATIVE, ABSOLUTE = 1e-6, 1e-9
_SEARCH_STEPS = 1_000
_MIDNIGHT = dt.time()

RAN, COLUMNS, ROWS, OVERLAP = 0.1, 0.2, 0.1, 0.5
"""Partial credit of ``graded``: for running at all, for the number of columns, for the number of rows, and
(times the share of rows in common) for the rows. Together 0.9, so that only a match earns 1."""
PARSED = 0.05
"""Partial credit for a statement that parses and fails when it runs."""


@dataclasses.dataclass(frozen=True)
class Verdict:
    """Whether an answer matches, and why or why not, in words that tell no value."""

    ok: bool
    why: str

    def __bool__(self) -> bool:
        return self.ok


def match(got: Result, gold: Result, *, columns_fixed: bool = False) -> Verdict:
    """Whether ``got`` is right by ``gold``; ``columns_fixed`` where the request fixes the columns' order."""
    if len(got.columns) != len(gold.columns):
        extra = len(got.columns) - len(gold.columns)
        contained = extra > 0 and len(got.rows) == len(gold.rows) and _placed(got, gold) is not None
        note = f", and without {extra} of them the answer is right" if contained else ""
        return Verdict(False, f"{_count(got.columns, 'column')} where {len(gold.columns)} are right{note}")
    if len(got.rows) != len(gold.rows):
        return Verdict(False, f"{_count(got.rows, 'row')} where {len(gold.rows)} are right")
    if not gold.rows:
        return Verdict(True, "both are empty")
    if _placed(got, gold, ordered=gold.ranks is not None, fixed=columns_fixed) is not None:
        return Verdict(True, "the same rows in the right order" if gold.ranks is not None else "the same rows")
    if gold.ranks is not None and _placed(got, gold, fixed=columns_fixed) is not None:
        return Verdict(False, "the right rows in another order")
    if columns_fixed and _placed(got, gold, ordered=gold.ranks is not None) is not None:
        return Verdict(False, "the right rows with their columns in another order")
    return Verdict(False, "other values in the rows")


def holds(got: Result, parts: Sequence[Result]) -> bool:
    """Whether one answer holds the results of two differing readings (overhedging).

    Side by side: columns of ``got`` make one reading's result, other columns another's, and neither set
    holds the other (a reading that only adds columns to another hedges nothing). Or one below the
    other: rows of ``got`` are exactly two or more readings' rows together, with or without the rows
    they share twice, whatever columns (a label, say) stand beside. An answer that is one reading's
    result holds no second one.
    """
    plain = [dataclasses.replace(part, ranks=None) for part in parts]
    if any(match(got, part).ok for part in plain):
        return False
    distinct: list[Result] = []
    for part in plain:
        if not any(match(part, other).ok for other in distinct):
            distinct.append(part)
    places = [set(place) for part in distinct if (place := _placed(got, part)) is not None]
    if any(not (a <= b or b <= a) for a, b in combinations(places, 2)):
        return True
    groups = list(combinations(distinct, 2)) + ([tuple(distinct)] if len(distinct) > 2 else [])
    return any(_placed(got, union) is not None for group in groups for union in _unions(group))


def graded(got: Result | SandboxError, gold: Result) -> float:
    """Execution feedback in [0, 1]: 1 for a match and only then, else at most 0.9 by the parts that are
    right. An error earns 0, or ``PARSED`` where the statement failed only when it ran."""
    if isinstance(got, SandboxError):
        return PARSED if isinstance(got, ExecutionError) else 0.0
    if match(got, gold).ok:
        return 1.0
    score = RAN
    score += COLUMNS * (len(got.columns) == len(gold.columns)) + ROWS * (len(got.rows) == len(gold.rows))
    return score + OVERLAP * _overlap(got, gold)


# ---------------------------------------------------------------- cells and columns


def _count(items: Sequence[object], word: str) -> str:
    return f"{len(items)} {word}" + "s" * (len(items) != 1)


def _is_number(value: Any) -> bool:
    return isinstance(value, bool | int | float | Decimal) and value == value


def _code(value: Any) -> Hashable:
    """A key that two values share iff they are equal; floats without their tolerance."""
    match value:
        case None:
            return ("null",)
        case bool():
            return int(value)
        case float() | Decimal():
            return ("nan",) if value != value else value
        case dt.datetime():
            if value.tzinfo is not None:
                value = value.astimezone(dt.UTC).replace(tzinfo=None)
            return ("date", value.date()) if value.time() == _MIDNIGHT else ("moment", value)
        case dt.date():
            return ("date", value)
        case dt.time():
            return ("time", value.isoformat())
        case list() | tuple():
            return ("list", tuple(map(_code, value)))
        case dict():
            return ("struct", tuple(sorted((str(key), repr(_code(item))) for key, item in value.items())))
        case int() | str() | bytes() | dt.timedelta():
            return value
    return str(value)


def _near(low: Any, high: Any) -> bool:
    low, high = float(low), float(high)
    return low == high or (
        math.isfinite(low) and math.isfinite(high) and math.isclose(low, high, rel_tol=RELATIVE, abs_tol=ABSOLUTE)
    )


class _Column:
    """One column of a result: its cells' codes, and what equal columns have in common."""

    def __init__(self, values: Sequence[Any]):
        self.codes = [_code(value) for value in values]
        self.numbers = {value for value in values if _is_number(value)}
        self.floats = any(isinstance(value, float) for value in self.numbers)
        others = Counter(code for value, code in zip(values, self.codes, strict=True) if not _is_number(value))
        self.others = frozenset(others.items())


def _columns(result: Result) -> list[_Column]:
    return [_Column([row[place] for row in result.rows]) for place in range(len(result.columns))]


def _pair_codes(left: _Column, right: _Column) -> tuple[list[Hashable], list[Hashable]]:
    """Codes of two columns under which equal cells, tolerance included, have equal codes.

    Where a float takes part, the numbers of both columns are sorted and each joins its neighbour's
    cluster if it lies within the tolerance of it: symmetric, and free of rounding's edges.
    """
    if not (left.floats or right.floats):
        return left.codes, right.codes
    cluster: dict[Any, tuple[str, int]] = {}
    last, count = None, 0
    for value in sorted(left.numbers | right.numbers):
        count += last is None or not _near(last, value)
        cluster[value] = ("number", count)
        last = value
    first, second = ([cluster.get(c, c) if _is_number(c) else c for c in side.codes] for side in (left, right))
    return first, second


# ---------------------------------------------------------------- the search for columns


def _placed(got: Result, gold: Result, *, ordered: bool = False, fixed: bool = False) -> tuple[int, ...] | None:
    """For each column of gold a column of ``got``, none twice, so that the rows are the same multiset.

    With ``ordered``, row i of ``got`` must also lie in the tie group of gold's row i. Columns are tried
    rarest first, and a choice is kept only while the rows built so far agree; None also where
    ``_SEARCH_STEPS`` choices found nothing, which takes many columns of the same values.
    """
    if len(got.rows) != len(gold.rows) or len(got.columns) < len(gold.columns):
        return None
    mine, right = _columns(got), _columns(gold)
    ranks = list(gold.ranks) if ordered and gold.ranks is not None else [0] * len(gold.rows)
    options: list[list[tuple[int, list[Hashable], list[Hashable]]]] = []
    for place, column in enumerate(right):
        fitting = []
        for other in [place] if fixed else range(len(mine)):
            if mine[other].others == column.others:
                a, b = _pair_codes(mine[other], column)
                if Counter(zip(ranks, a, strict=True)) == Counter(zip(ranks, b, strict=True)):
                    fitting.append((other, a, b))
        if not fitting:
            return None
        options.append(fitting)
    order = sorted(range(len(options)), key=lambda place: len(options[place]))
    contents = [tuple(column.codes) for column in mine]
    steps = 0

    def search(depth: int, rows: list[int], gold_rows: list[int], used: frozenset[int]) -> dict[int, int] | None:
        nonlocal steps
        if depth == len(order):
            return {}
        place = order[depth]
        tried: set[tuple[Hashable, ...]] = set()
        for other, a, b in options[place]:
            if other in used or steps >= _SEARCH_STEPS or contents[other] in tried:
                continue
            steps += 1
            tried.add(contents[other])  # a column just like it would fail in the same way
            ids: dict[tuple[int, Hashable], int] = {}
            new = [ids.setdefault(pair, len(ids)) for pair in zip(rows, a, strict=True)]
            new_gold = [ids.setdefault(pair, len(ids)) for pair in zip(gold_rows, b, strict=True)]
            if Counter(new) == Counter(new_gold):
                rest = search(depth + 1, new, new_gold, used | {other})
                if rest is not None:
                    return rest | {place: other}
        return None

    found = search(0, ranks, ranks, frozenset())
    return None if found is None else tuple(found[place] for place in range(len(right)))


def _unions(parts: Sequence[Result]) -> Iterator[Result]:
    """The rows of all parts below one another: every one of them, and each only once."""
    if len({len(part.columns) for part in parts}) != 1:
        return
    rows = tuple(row for part in parts for row in part.rows)
    once = tuple({tuple(map(_code, row)): row for row in rows}.values())
    for union in dict.fromkeys((len(rows), len(once))):
        whole = Result(parts[0].columns, rows if union == len(rows) else once)
        if not any(match(whole, part).ok for part in parts):
            yield whole


def _overlap(got: Result, gold: Result) -> float:
    """The share of rows in common, in [0, 1], over the columns of both that fit each other best."""
    if not got.rows or not gold.rows or not got.columns:
        return 0.0
    mine, right = _columns(got), _columns(gold)
    pairs = []
    for place, column in enumerate(right):
        for other, candidate in enumerate(mine):
            a, b = _pair_codes(candidate, column)
            if common := (Counter(a) & Counter(b)).total():
                pairs.append((-common, abs(place - other), place, other, a, b))
    rows, gold_rows = [0] * len(got.rows), [0] * len(gold.rows)
    taken: set[tuple[str, int]] = set()
    for *_, place, other, a, b in sorted(pairs, key=lambda pair: pair[:4]):
        if ("gold", place) in taken or ("got", other) in taken:
            continue
        taken |= {("gold", place), ("got", other)}
        ids: dict[tuple[int, Hashable], int] = {}
        rows = [ids.setdefault(pair, len(ids)) for pair in zip(rows, a, strict=True)]
        gold_rows = [ids.setdefault(pair, len(ids)) for pair in zip(gold_rows, b, strict=True)]
    if not taken:
        return 0.0
    common = (Counter(rows) & Counter(gold_rows)).total()
    width = len(taken) / 2 / max(len(mine), len(right))
    return width * common / max(len(rows), len(gold_rows))
