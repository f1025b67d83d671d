"""Which replies in free text ask the user something, from the fixture file, and what no text may do."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from act_env import asking
from act_env.conversation import Action

FIXTURE = Path(__file__).parents[1] / "fixtures" / "actions" / "free_text.txt"


def _cases() -> list[tuple[str, str]]:
    lines = FIXTURE.read_text(encoding="utf-8").splitlines()
    cases = [line.partition("|")[::2] for line in lines if line.strip() and not line.startswith("#")]
    return [(action.strip(), text.strip().replace("\\n", "\n")) for action, text in cases]


CASES = _cases()
ANSWERS = st.sampled_from([text for action, text in CASES if Action[action] is Action.ANSWER])
QUESTIONS = st.sampled_from([text for action, text in CASES if Action[action] is Action.CLARIFY])


def test_there_are_enough_cases_of_both_actions_and_none_twice():
    assert len(CASES) == len(set(CASES)) >= 200
    assert min(sum(Action[action] is one for action, _ in CASES) for one in Action) >= 80


@pytest.mark.parametrize(("expected", "text"), CASES)
def test_asks(expected: str, text: str):
    assert asking.asks(text) is (Action[expected] is Action.CLARIFY)


@pytest.mark.parametrize("text", ["net or gross revenue", "per month or per year", "bread or cheese"])
def test_a_bare_choice_is_no_question_in_free_text(text: str):
    assert asking.is_choice(text) and not asking.asks(text)


@pytest.mark.parametrize("text", ["42 or 43", "either bread or cheese", "a, b or c", "He ate bread or cheese.", ""])
def test_no_bare_choice(text: str):
    assert not asking.is_choice(text)


@given(QUESTIONS, st.sampled_from(["He asked, {}", "{} she said.", "The captain cried: {}", "the words {}"]))
def test_what_is_quoted_in_an_answer_asks_nothing(text: str, frame: str):
    assert not asking.asks(frame.format(f"“{text.translate(dict.fromkeys(map(ord, '“”')))}”"))


@given(QUESTIONS)
def test_blanks_around_a_question_do_not_matter(text: str):
    assert asking.asks(f" \n {text}\n") and asking.asks(text.replace(" ", "  "))


@given(ANSWERS, ANSWERS)
def test_a_list_of_answers_without_a_mark_is_an_answer(one: str, other: str):
    for text in (one, other):
        if "?" in text:
            return
    assert not asking.asks(f"{one}; {other}")


@given(st.text(max_size=300) | st.text(alphabet="'\"“”‘’?(). aA,\n", max_size=60))
def test_any_text_asks_or_does_not(text: str):
    assert asking.asks(text) in (True, False)
    assert asking.is_choice(text) in (True, False)


@pytest.mark.parametrize(
    "piece",
    ["just a question ", "please ", "?’", '" ?', "'a", "unclear which ", "or a ", "Mr. ", "https://?", "(?)", ", my "],
)
def test_a_long_text_is_read_in_time_that_grows_with_it(piece: str):
    """Without a clock: what backtracks would not end."""
    assert asking.asks(piece * 20_000) in (True, False)
