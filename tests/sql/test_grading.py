from __future__ import annotations

import math
import random
import time
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from act_env.conversation import Result
from act_env.errors import ExecutionError, ForbiddenStatement
from act_env.sql.grading import Verdict, graded, holds, match
from act_env.sql.sandbox import Sandbox

TEXT = (Path(__file__).parents[1] / "fixtures/sql/grading.txt").read_text(encoding="utf-8")
CASES = [
    dict(line.split(": ", 1) for line in block.splitlines()[1:]) | {"title": block.splitlines()[0]}
    for block in TEXT.split("\n\n# ")[1:]
]


def result(*rows: tuple, ranks: tuple[int, ...] | None = None) -> Result:
    return Result(tuple(f"c{i}" for i in range(len(rows[0]) if rows else 1)), rows, ranks)


@pytest.mark.parametrize("case", CASES, ids=[case["title"] for case in CASES])
def test_fixture(sandbox: Sandbox, case: dict[str, str]) -> None:
    gold, got = sandbox.gold(case["gold"]), sandbox.execute(case["got"])
    verdict = match(got, gold, columns_fixed=case.get("columns") == "fixed")
    assert verdict == Verdict(case["verdict"] == "match", case["why"])
    assert (graded(got, gold) == 1) == match(got, gold).ok
    if gold.ranks is None and got.columns == gold.columns:
        assert match(gold, got, columns_fixed=case.get("columns") == "fixed").ok == verdict.ok


def test_there_are_enough_cases() -> None:
    assert len(CASES) >= 50 and len({case["title"] for case in CASES}) == len(CASES)


# ---------------------------------------------------------------- overhedging

NORTH, SOUTH = result(("a", 1), ("b", 2)), result(("c", 3), ("d", 4))
GROSS, NET = result(("x", 10), ("y", 20)), result(("x", 7), ("y", 9))


@pytest.mark.parametrize(
    ("got", "parts", "expected"),
    [
        (result((10, 7)), [result((10,)), result((7,))], True),
        (result((10,), (7,)), [result((10,)), result((7,))], True),
        (result(("gross", 10), ("net", 7)), [result((10,)), result((7,))], True),
        (result(("x", 10, 7), ("y", 20, 9)), [GROSS, NET], True),
        (result(("a", 1), ("b", 2), ("c", 3), ("d", 4)), [NORTH, SOUTH], True),
        (result(("a", 1), ("b", 2), ("b", 2), ("e", 5)), [NORTH, result(("b", 2), ("e", 5))], True),
        (result(("a", 1), ("b", 2), ("e", 5)), [NORTH, result(("b", 2), ("e", 5))], True),
        (result((1,), (2,), (3,)), [result((1,)), result((2,)), result((3,))], True),
        (GROSS, [GROSS, NET], False),
        (result((10, 10)), [result((10,)), result((10,))], False),
        (result((99,)), [result((10,)), result((7,))], False),
        (result((10, 5)), [result((10,)), result((7,))], False),
        # A reading that lists more columns than another is no hedge, nor is all of a table.
        (result(("a", 1, 0), ("b", 2, 0)), [result(("a",), ("b",)), NORTH], False),
        (result(("a", 1), ("b", 2), ("c", 3), ("d", 4), ("z", 9)), [NORTH, SOUTH], False),
        (result(("a", 1), ("b", 2)), [], False),
        # An order is not hedged by columns or rows.
        (NORTH, [result(*NORTH.rows, ranks=(0, 1)), result(*NORTH.rows[::-1], ranks=(0, 1))], False),
    ],
)
def test_holds(got: Result, parts: list[Result], expected: bool) -> None:
    assert holds(got, parts) is expected
    assert holds(got, parts[::-1]) is expected


# ---------------------------------------------------------------- partial credit


def test_graded_rises_with_what_is_right() -> None:
    gold = result(("a", 1), ("b", 2), ("c", 3), ranks=(0, 1, 2))
    rising = [
        ForbiddenStatement("no"),
        ExecutionError("no"),
        result((9,)),
        result(("z", 9), ("y", 8)),
        result(("z", 9), ("y", 8), ("x", 7)),
        result(("a", 1), ("y", 8), ("x", 7)),
        result(("a", 1), ("b", 2), ("x", 7)),
        result(("c", 3), ("b", 2), ("a", 1)),
        result(("a", 1), ("b", 2), ("c", 3)),
    ]
    scores = [graded(got, gold) for got in rising]
    assert scores == sorted(set(scores)) and scores[0] == 0 and scores[-1] == 1 and scores[-2] <= 0.9


def test_graded_sees_the_rows_in_an_answer_with_extra_columns() -> None:
    gold = result(("a",), ("b",))
    assert graded(result((1, "a"), (2, "b")), gold) > graded(result((1, "x"), (2, "y")), gold)


# ---------------------------------------------------------------- properties

cells = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 3),
    st.sampled_from([0.5, 1.0, -0.0, math.nan, math.inf, 1e300, 1 / 3]),
    st.sampled_from([Decimal("0.5"), Decimal("1.00"), Decimal("-2")]),
    st.dates(),
    st.datetimes(),
    st.text(max_size=2),
    st.binary(max_size=1),
    st.lists(st.integers(0, 1), max_size=2),
    st.dictionaries(st.sampled_from("ab"), st.integers(0, 1), max_size=2),
)


@st.composite
def results(draw: st.DrawFn, ranked: bool | None = None) -> Result:
    width = draw(st.integers(1, 3))
    rows = draw(st.lists(st.tuples(*[cells] * width), max_size=5))
    ranks = None
    if ranked if ranked is not None else draw(st.booleans()):
        steps = draw(st.lists(st.integers(0, 1), min_size=len(rows), max_size=len(rows)))
        ranks = tuple(sum(steps[1 : i + 1]) for i in range(len(rows)))
    return Result(tuple("abc"[:width]), tuple(rows), ranks)


@given(results())
@settings(deadline=None)
def test_every_result_matches_itself(one: Result) -> None:
    assert match(one, one).ok and graded(one, one) == 1.0


@given(results(ranked=False), st.randoms(use_true_random=False))
@settings(deadline=None)
def test_shuffled_rows_and_columns_match(one: Result, rng: random.Random) -> None:
    rows = rng.sample(one.rows, len(one.rows))
    places = rng.sample(range(len(one.columns)), len(one.columns))
    other = Result(one.columns, tuple(tuple(row[place] for place in places) for row in rows))
    assert match(other, one).ok and match(one, other).ok


@given(results(ranked=False), results(ranked=False))
@settings(deadline=None)
def test_symmetric_where_nothing_orders(one: Result, other: Result) -> None:
    assert match(one, other).ok == match(other, one).ok
    assert (graded(one, other) == 1) == match(one, other).ok
    assert 0 <= graded(one, other) <= 1


@given(results(ranked=True), st.randoms(use_true_random=False))
@settings(deadline=None)
def test_rows_move_only_inside_their_tie_group(gold: Result, rng: random.Random) -> None:
    order = sorted(range(len(gold.rows)), key=lambda place: (gold.ranks[place], rng.random()))
    assert match(Result(gold.columns, tuple(gold.rows[place] for place in order)), gold).ok


@given(results(), results())
@settings(deadline=None, max_examples=50)
def test_holds_no_second_reading_in_one(one: Result, other: Result) -> None:
    assert not holds(one, [one, other])


def test_a_wide_result_of_equal_columns_is_compared_in_time() -> None:
    rng = random.Random(0)
    rows = [tuple(rng.choice([0, 1]) for _ in range(60)) for _ in range(200)]
    places = rng.sample(range(60), 60)
    start = time.monotonic()
    assert match(result(*[tuple(row[place] for place in places) for row in rows]), result(*rows)).ok
    # Every column a permutation of the same values, and no right answer: the worst case for the search.
    wide = [tuple((i * (j + 1)) % 31 for j in range(30)) for i in range(31)]
    other = [tuple((i * (j + 1) + j) % 31 for j in range(30)) for i in range(31)]
    match(result(*wide), result(*other))
    assert time.monotonic() - start < 10


def test_long_results_are_compared_in_time() -> None:
    rng = random.Random(0)
    rows = [(rng.random(), rng.randrange(100), str(i)) for i in range(10_000)]
    start = time.monotonic()
    assert match(result(*rng.sample(rows, len(rows))), result(*rows)).ok
    assert time.monotonic() - start < 5
