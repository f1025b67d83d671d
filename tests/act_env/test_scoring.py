"""Values and regret of the priced reward, as properties over random readings."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from act_env import scoring
from act_env.scoring import Candidate

SLOTS = ("a", "b", "c")


@st.composite
def candidates(draw) -> list[Candidate]:
    """Two to five readings over three slots of up to three values, some slots left unfixed."""
    made = []
    for _ in range(draw(st.integers(2, 5))):
        slots = {name: draw(st.sampled_from("xyz")) for name in SLOTS if draw(st.integers(0, 4))}
        made.append(Candidate(draw(st.floats(0.01, 1.0)), draw(st.integers(0, 2)), slots))
    return made


COSTS = st.floats(0.0, 1.0)
ROUNDS = st.integers(1, 4)
ASKED = st.sets(st.sampled_from(SLOTS), max_size=2).map(tuple)


def test_values_of_two_even_readings():
    two = [Candidate(0.5, 0, {"a": "x"}), Candidate(0.5, 1, {"a": "y"})]
    assert scoring.answer_value(two) == 0.5
    assert scoring.best_value(two, 4, 0.1) == pytest.approx(0.9)
    assert scoring.best_value(two, 1, 0.1) == 0.5
    assert scoring.best_value(two, 4, 0.6) == 0.5
    assert scoring.best_value(two, 0, 0.1) == 0.0
    assert scoring.question_value(two, (), 4, 0.1) == pytest.approx(0.8)
    assert scoring.open_slots(two) == ("a",)


def test_two_slots_are_settled_by_one_question():
    four = [Candidate(0.25, 2 * i + j, {"a": "xy"[i], "b": "xy"[j]}) for i in range(2) for j in range(2)]
    assert scoring.best_value(four, 4, 0.1) == pytest.approx(0.9)
    assert scoring.question_value(four, ("a",), 4, 0.1) == pytest.approx(0.8)


def test_a_slot_that_no_result_depends_on_is_not_open():
    same = [Candidate(0.5, 0, {"a": "x"}), Candidate(0.5, 0, {"a": "y"})]
    assert scoring.open_slots(same) == ()
    mixed = [Candidate(0.25, i, {"a": "xy"[i], "b": "xy"[j]}) for i in range(2) for j in range(2)]
    assert scoring.open_slots(mixed) == ("a",)


def test_slots_that_only_settle_together_are_open():
    parity = [Candidate(0.25, i ^ j, {"a": "xy"[i], "b": "xy"[j]}) for i in range(2) for j in range(2)]
    assert scoring.open_slots(parity) == ("a", "b")
    assert scoring.best_value(parity, 4, 0.1) == pytest.approx(0.9)


@settings(max_examples=80, deadline=None)
@given(candidates())
def test_a_state_whose_results_differ_has_an_open_slot(readings):
    differing = scoring.differing_slots(reading.slots for reading in readings)
    if len(scoring.results_of(readings)) > 1 and differing:
        assert scoring.open_slots(readings)
    assert set(scoring.open_slots(readings)) <= set(differing)


@settings(max_examples=80, deadline=None)
@given(candidates(), ASKED, ROUNDS, COSTS, st.integers(0, 3))
def test_regret_is_never_negative_and_bounded(readings, asked, rounds, cost, result):
    matched = frozenset({result})
    best = scoring.best_value(readings, rounds, cost)
    assert scoring.answer_value(readings) - 1e-9 <= best <= 1.0 + 1e-9
    assert scoring.question_value(readings, asked, rounds, cost) <= best + 1e-9
    assert scoring.answer_value(readings, matched) <= best + 1e-9
    assert scoring.regret_of_question(readings, asked, rounds, cost) >= 0.0
    assert 0.0 <= scoring.regret_of_answer(readings, matched, rounds, cost) <= 1.0 + 1e-9


@settings(max_examples=60, deadline=None)
@given(candidates(), ASKED, ROUNDS, COSTS)
def test_expected_regret_is_best_value_minus_expected_return(readings, asked, rounds, cost):
    """Ask once, then answer with the most probable result: the sum of regrets is unbiased for V* − J."""
    total = math.fsum(reading.weight for reading in readings)
    expected_return = expected_regret = 0.0
    for meant in readings:
        told = {name: meant.slots[name] for name in asked if name in meant.slots}
        left = [reading for reading in readings if scoring.fits(reading.slots, told)]
        masses = {r.result: sum(o.weight for o in left if o.result == r.result) for r in left}
        answer = max(masses, key=lambda result: (masses[result], result))
        regret = scoring.regret_of_question(readings, asked, rounds, cost)
        if rounds > 1:
            regret += scoring.regret_of_answer(left, frozenset({answer}), rounds - 1, cost)
            expected_return += meant.weight / total * scoring.answer_value(left, frozenset({answer}))
        expected_regret += meant.weight / total * regret
    best = scoring.best_value(readings, rounds, cost)
    assert expected_regret == pytest.approx(best - (expected_return - cost), abs=1e-6)


def test_rewards_by_name():
    with pytest.raises(ValueError, match="'act', 'priced', 'graded'"):
        scoring.make_reward("none", 0.1)
    for cost in (-1.0, float("nan"), float("inf")):
        with pytest.raises(ValueError, match="clarify_cost"):
            scoring.make_reward("priced", cost)
    assert scoring.make_reward(scoring.act, 0.1) is scoring.act
