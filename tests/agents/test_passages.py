"""Cutting a long passage: what goes, what stays, and what is never touched."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from act_env.conversation import ASSISTANT, USER, Turn, render_dialogue
from agents import passages

pytest.importorskip("torch")

from agents import prompts
from tests.support_model import tiny_tokenizer

FILLER = "The weather on the coast stayed grey and mild that week."
STORY = " ".join(
    [*[FILLER] * 20, "Ada lost her hat before lunch.", *[FILLER] * 20, "Bo lost his knife after lunch.", *[FILLER] * 20]
)
TABLE = "| | 2021 | 2020 |\n| Fares | $1,204.5 | $988.0 |"


def observed(context: str, *texts: str) -> dict:
    turns = [Turn(ASSISTANT if i % 2 else USER, text) for i, text in enumerate(texts)]
    return {"context": context, "dialogue": render_dialogue(turns), "turn": 0}


DIALOGUE = ("Who went?", "Ada and Bo", "What did they lose?", "a hat and a knife", "Who lost the knife after lunch?")


@pytest.mark.parametrize(
    ("context", "kind"),
    [("Passage:\nA story.", "passage"), (f"Table:\n{TABLE}", "table"), ("Tables:\nstore(id integer)", "database")],
)
def test_what_a_context_is(context, kind):
    assert passages.kind_of(context) == kind


def test_sentences_that_share_least_with_the_end_of_the_dialogue_go_first():
    shown = passages.shortened(observed(f"Passage:\n{STORY}", *DIALOGUE), lambda text: len(text) < 300)
    assert shown.startswith("Passage:\n") and len(shown) < 300
    assert "Bo lost his knife after lunch." in shown and "Ada lost her hat before lunch." in shown
    assert shown.count(passages.GAP) == 3


def test_a_table_and_its_header_stay_whole():
    context = f"Table:\n{TABLE}\nText:\n{STORY}"
    shown = passages.shortened(observed(context, *DIALOGUE), lambda text: len(text) < 200)
    assert shown.startswith(f"Table:\n{TABLE}\nText:\n")
    assert passages.shortened(observed(context, *DIALOGUE), lambda text: len(text) < 20) is None


@given(st.text(max_size=400), st.integers(0, 400))
def test_what_is_shown_fits_or_there_is_none(passage, room):
    observation = observed(f"Passage:\n{passage}", *DIALOGUE)
    shown = passages.shortened(observation, lambda text: len(text) <= room)
    assert shown is None or (len(shown) <= room and shown.startswith("Passage:\n"))


def test_a_prompt_keeps_the_whole_dialogue_and_leaves_room_for_replies():
    tokenizer = tiny_tokenizer([STORY, *DIALOGUE])
    tokenizer.model_max_length = 512
    try:
        observation = observed(f"Passage:\n{STORY * 3}", *DIALOGUE)
        ids = prompts.encode(tokenizer, observation)
        assert len(ids) <= prompts.PASSAGE_SHARE * 512 < len(prompts.uncut(tokenizer, observation))
        text = tokenizer.decode(ids)
        assert all(message in text for message in DIALOGUE)
        with pytest.raises(prompts.PromptTooLong):
            prompts.encode(tokenizer, observed("Tables:\n" + "t(a integer)\n" * 400, *DIALOGUE))
        short = observed("Passage:\nAda went.", *DIALOGUE)
        assert prompts.encode(tokenizer, short) == prompts.uncut(tokenizer, short)
    finally:
        tokenizer.model_max_length = 1024


def test_each_kind_of_context_has_an_instruction_of_its_own():
    said = {
        prompts.messages(observed(context, "What is it?"), "instruct")[0]["content"].partition("\n\n")[0]
        for context in ("Passage:\nA.", f"Table:\n{TABLE}", "Tables:\nt(a integer)")
    }
    assert said == set(prompts.INSTRUCTIONS.values())
