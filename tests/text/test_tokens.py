from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from act_env.text.tokens import LIMIT, plain, token_f1, without_preamble, words_of

LINES = (Path(__file__).parents[1] / "fixtures/text/tokens.txt").read_text(encoding="utf-8").splitlines()
CASES = [line.split(" | ") for line in LINES if line and not line.startswith("#")]


@pytest.mark.parametrize("case", CASES, ids=[" | ".join(case[1:3]) for case in CASES])
def test_fixture(case: list[str]) -> None:
    score, accepted, answer, _ = case
    assert f"{token_f1(answer, accepted.split(' ~ ')):.2f}" == score


def test_there_are_enough_cases() -> None:
    assert len(CASES) >= 30 and len({tuple(case[1:3]) for case in CASES}) == len(CASES)


def test_nothing_is_accepted() -> None:
    assert token_f1("", []) == token_f1("Wales", []) == 0


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("  A\u00a0 b \r\n\n c ", "a b\nc"),
        ("**Bold** and *this* and `code`", "bold and this and code"),
        ("ＡＢＣ ﬁ", "abc fi"),
        ("x" * (LIMIT + 1), "x" * LIMIT),
        ("a" + "\u0301" * 1000, "\u00e1" + "\u0301" * 15),
        ("\ufdfa" * LIMIT, plain("\ufdfa" * LIMIT)[:LIMIT]),
    ],
)
def test_plain(text: str, expected: str) -> None:
    assert plain(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("assistant: 5", "5"),
        ("assistant: the answer is: 5", "5"),
        ("final answer: 5", "5"),
        ("so the answer is 5", "5"),
        ("a: 5", "5"),
        ("answers: 5", "answers: 5"),
        ("the answer isolates 5", "the answer isolates 5"),
        ("5. the answer is 6", "5. the answer is 6"),
    ],
)
def test_without_preamble(text: str, expected: str) -> None:
    assert without_preamble(text) == expected


def test_words_of() -> None:
    assert words_of("the u.s. don't sell 1,234.5 of a-b/c_d, e.g. 2.5kg.") == (
        ["us", "dont", "sell", "1234.5", "of", "b", "c", "d", "eg", "2.5kg"]
    )


PIECES = st.sampled_from(
    ["yes", "no", " ", ".", "not ", "unknown", "the ", "İ", "\u0300", "\ufdfa", "1,5", "it is ", "\n"]
)
TEXTS = st.text() | st.lists(PIECES, max_size=20).map("".join)


@given(TEXTS, st.lists(TEXTS, max_size=4))
def test_any_text_has_a_score(answer: str, accepted: list[str]) -> None:
    assert 0 <= token_f1(answer, accepted) <= 1


@given(TEXTS, st.lists(TEXTS, max_size=4))
def test_an_accepted_answer_is_right(answer: str, accepted: list[str]) -> None:
    assert token_f1(answer, [*accepted, answer]) == 1


@given(TEXTS, st.lists(TEXTS, min_size=1, max_size=4))
def test_the_best_accepted_answer_counts(answer: str, accepted: list[str]) -> None:
    assert token_f1(answer, accepted) == max(token_f1(answer, [gold]) for gold in accepted)
