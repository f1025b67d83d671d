"""What a question is about, where that is told in people's own words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from act_env.text.relevance import about, content

YEAR = ("Which year are you asking about?", "2019")
EXPENSE = ("What kind of expense are you asking about?", "Amortization and depreciation expense.")
PERSON = ("Do you mean Williams?", "Yes.", "No, I mean Young.", "He did not go.", "Unknown.")
WHO = ('Who are you referring to with "he"?', "Rex.", "Tilly.")


@pytest.mark.parametrize(
    ("question", "topic", "request_", "expected"),
    [
        ("Which year are you asking about?", YEAR, "What are the fares?", True),
        ("For what period?", YEAR, "What are the fares?", True),
        ("As of which date?", YEAR, "What are the fares?", True),
        ("2019 or 2018?", YEAR, "What are the fares?", True),
        ("Which region are you asking about?", YEAR, "What are the fares?", False),
        ("What kind of expense?", EXPENSE, "What is the expense?", True),
        ("Do you mean depreciation or amortization?", EXPENSE, "What is the expense?", True),
        ("Which year are you asking about?", EXPENSE, "What is the expense?", False),
        ("What kind of revenue are you asking about?", EXPENSE, "What is the expense?", False),
        ("Do you mean Young?", PERSON, "Did he go?", True),
        ("Williams or Young?", PERSON, "Did he go?", True),
        ("Do you mean Venus Williams, Serena Williams or Caroline Wozniacki?", PERSON, "Did he go?", False),
        ("Who do you mean by 'he'?", PERSON, "Did he go?", True),
        ("Who do you mean by 'she'?", PERSON, "Did he go?", False),
        ("Who?", PERSON, "Did he go?", False),
        ("who are you referring to with he", WHO, "What was he like?", True),
        ("What do you mean?", WHO, "What was he like?", False),
        ("", YEAR, "", False),
        ("Which year?", (), "What are the fares?", False),
    ],
)
def test_about(question, topic, request_, expected):
    assert about(question, topic, request_) is expected


def test_a_time_that_only_a_reply_names_is_no_topic():
    assert not about("Which year?", ("What kind of payment due are you asking about?", "1 to 3 years."))


def test_small_words_say_nothing():
    assert content("What kind of one do you mean by it?") == frozenset()


@given(st.text(max_size=60), st.lists(st.text(max_size=40), max_size=4), st.text(max_size=40))
def test_any_text_is_about_something_or_not(question, topic, request_):
    assert isinstance(about(question, topic, request_), bool)
    if topic and topic[0].split():
        assert about(topic[0], topic, request_)
