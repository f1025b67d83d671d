"""Judging answers in text: what asks, what is an answer, what matches, what hedges."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from act_env.conversation import Accepted, Action
from act_env.judging import make_judge
from act_env.registration import ABG_COQA, PACIFIC
from act_env.text.judge import drop_judge, token_judge

MILLION = (Accepted(("-12.6",), "million"),)
ROPE = (Accepted(("Rope.",)), Accepted(("the ropes",)))
BRUSH = (Accepted(("the dense brush-wood",)),)
any_text = st.text(st.characters(exclude_categories=()), max_size=80)


def read(judge, text: str):
    return judge.read(None, text).value


@pytest.mark.parametrize(
    ("text", "action"),
    [
        ("Which year are you asking about?", Action.CLARIFY),
        ("-12.6 million", Action.ANSWER),
        ("I cannot answer that.", Action.ANSWER),
        ("SELECT 1", Action.ANSWER),
        ("", Action.ANSWER),
    ],
)
def test_what_a_reply_is(text, action):
    assert token_judge().action_of(text) is action


@pytest.mark.parametrize(
    ("text", "matches"),
    [
        ("-12.6 million", True),
        ("It fell by $12.6 million.", True),
        ("44.1 - 56.7", True),
        ("44.1 - 56.7 = -12.6 million", True),
        ("12.6 million", False),
        ("-12.6 thousand", False),
        ("44.1 + 56.7", False),
        ("2018-2019", False),
        ("a" * 4096, False),
        ("1" + "-1" * 2000, False),
    ],
)
def test_figures_match_by_value_however_they_are_given(text, matches):
    judge = drop_judge()
    assert (judge.closeness(read(judge, text), MILLION) > judge.epsilon) is matches


def test_the_best_of_the_accepted_answers_counts():
    judge = token_judge()
    assert judge.closeness("ropes", ROPE) == 1.0
    assert judge.closeness("ropes", BRUSH) == 0.0
    assert judge.closeness("anything", ()) == 0.0


def test_readings_are_the_same_where_their_first_answers_are_accepted_both_ways():
    judge = token_judge()
    assert judge.same(ROPE, ROPE) and judge.same((), ())
    assert not judge.same(ROPE, BRUSH) and not judge.same(ROPE, ()) and not judge.same((), BRUSH)
    assert not judge.same(ROPE, (*BRUSH, *ROPE))


def test_an_answer_that_holds_two_readings_is_told():
    judge = token_judge()
    assert judge.holds("They took off the ropes, then the dense brush-wood.", [ROPE, BRUSH])
    assert not judge.holds("They took off the ropes.", [ROPE, BRUSH])
    assert not judge.holds("the old mill", [(Accepted(("mill",)),), (Accepted(("the old mill",)),)])


def test_what_cannot_be_read_is_no_answer():
    for text in ("", "   ", "?!", "…"):
        given_ = token_judge().read(None, text)
        assert given_.value is None and given_.error == "unreadable"
    assert token_judge().meant(None, "Which one?") is None
    assert token_judge().meant(None, "the rope") == (Accepted(("the rope",)),)


def test_partial_credit_is_below_a_match():
    judge = token_judge()
    assert judge.credit("the rope", ROPE) < 1.0


@pytest.mark.parametrize("epsilon", [-0.1, 1.0, float("nan"), float("inf")])
def test_an_epsilon_outside_its_range_is_refused(epsilon):
    with pytest.raises(ValueError, match="epsilon"):
        make_judge(PACIFIC, None, epsilon)


def test_epsilon_is_an_argument():
    assert make_judge(PACIFIC).epsilon == 0.9 and make_judge(ABG_COQA).epsilon == 0.5
    assert make_judge(ABG_COQA, None, 0.2).epsilon == 0.2


@given(any_text, st.sampled_from([MILLION, ROPE, BRUSH]))
def test_any_text_has_a_closeness(text, gold):
    for judge in (drop_judge(), token_judge()):
        assert judge.action_of(text) in Action
        value = read(judge, text)
        if value is not None:
            assert 0.0 <= judge.closeness(value, gold) <= 1.0
            assert isinstance(judge.holds(value, [ROPE, BRUSH]), bool)
