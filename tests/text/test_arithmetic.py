from __future__ import annotations

import contextlib
import json
import math
import os
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from act_env.errors import ActClarifyError
from act_env.text.arithmetic import BadDerivation, count_of, evaluate

LINES = (Path(__file__).parents[1] / "fixtures/text/derivations.txt").read_text(encoding="utf-8").splitlines()
CASES = [line.split(" | ", 1) for line in LINES if line and not line.startswith("#")]
PACIFIC = Path(os.environ.get("ACT_DATA_DIR", "/nowhere")) / "pacific" / "validation.json"
FACTORS = {"": 1, "percent": 0.01, "thousand": 1e3, "million": 1e6, "billion": 1e9}


@pytest.mark.parametrize(("expected", "derivation"), CASES, ids=[case[1] or "empty" for case in CASES])
def test_fixture(expected: str, derivation: str) -> None:
    if expected.startswith("error: "):
        with pytest.raises(BadDerivation, match=re.escape(expected.removeprefix("error: "))) as caught:
            evaluate(derivation)
        assert isinstance(caught.value, ActClarifyError) and isinstance(caught.value, ValueError)
    else:
        assert evaluate(derivation) == pytest.approx(float(expected), abs=1e-7)


def test_there_are_enough_cases() -> None:
    assert len(CASES) >= 30 and len({case[1] for case in CASES}) == len(CASES)


@pytest.mark.parametrize(
    ("derivation", "why"),
    [
        ("1" * 1001, "it has 1001 characters; at most 1000 are read"),
        ("1" * 1000, "beyond what a float holds"),
        ("1" + "0" * 200 + "*1" + "0" * 200, "beyond what a float holds"),
        ("(" * 400 + "1" + ")" * 400, "more than 50 deep"),
        ("(" * 1000, "more than 50 deep"),
        ("-" * 1000, "'the end' is where a number would be right"),
    ],
)
def test_limits(derivation: str, why: str) -> None:
    with pytest.raises(BadDerivation, match=re.escape(why)) as caught:
        evaluate(derivation)
    assert len(str(caught.value)) < 200


def test_depth_at_the_limit() -> None:
    assert evaluate("[" * 50 + "1" + "]" * 50) == 1


def test_count_of() -> None:
    assert count_of("2019") == 1 and count_of("a## b##") == 2
    with pytest.raises(BadDerivation, match="lists nothing"):
        count_of(" ")


@given(st.text() | st.text("0123456789.,+-*/()[]{}$%#> ", max_size=60))
def test_any_text_has_a_finite_value_or_an_error(derivation: str) -> None:
    with contextlib.suppress(BadDerivation):
        assert math.isfinite(evaluate(derivation))


numbers = st.integers(0, 10**6).map(str) | st.decimals(0, 1000, places=2).map(str)
expressions = st.recursive(
    numbers,
    lambda inner: (
        st.tuples(inner, st.sampled_from("+-*/"), inner).map(lambda parts: f"({' '.join(parts)})")
        | st.tuples(inner, st.sampled_from("+-*/"), inner).map("".join)
        | inner.map(lambda part: f"-({part}+0)")
    ),
    max_leaves=12,
)


@given(expressions)
def test_agrees_with_python(expression: str) -> None:
    try:
        expected = eval(re.sub(r"(?<![\d.])(\d+)(?![\d.])", r"\1.0", expression))
    except ZeroDivisionError:
        with pytest.raises(BadDerivation, match="divides by zero"):
            evaluate(expression)
        return
    assert evaluate(expression) == expected


@given(st.integers(0, 10**9), st.integers(1, 10**9))
def test_separators_and_currency_change_nothing(a: int, b: int) -> None:
    assert evaluate(f"(${a:,} - ${b:,}) / ${b:,}") == evaluate(f"({a}-{b})/{b}")


@pytest.mark.data
@pytest.mark.skipif(not PACIFIC.is_file(), reason="no pacific/validation.json under ACT_DATA_DIR")
def test_derivations_of_pacific_have_the_answers_value() -> None:
    dialogues = json.loads(PACIFIC.read_text(encoding="utf-8"))
    turns = [turn for dialogue in dialogues for turn in dialogue["questions"]]
    seen = 0
    for turn in turns:
        if turn["answer_type"] == "count":
            assert count_of(turn["derivation"]) == int(turn["answer"]), turn["uid"]
        elif turn["answer_type"] == "arithmetic":
            value = evaluate(turn["derivation"])
            readings = (value, value / FACTORS[turn["scale"]])
            assert any(abs(reading - turn["answer"]) <= 0.005 + 1e-9 * abs(reading) for reading in readings), turn[
                "uid"
            ]
            seen += 1
    assert seen > 500
