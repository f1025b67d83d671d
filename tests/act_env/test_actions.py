"""Reply text to action, and the slots a question asks about, from the fixture files."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from act_env import actions
from act_env.conversation import Action, Option, Slot
from tests.support import LOANS, ORDER, REVENUE

FIXTURES = Path(__file__).parents[1] / "fixtures" / "actions"


def _slot(name: str, *options: str) -> Slot:
    return Slot(name, (name,), tuple(Option(o.replace(" ", "_"), f"the {o}", (o,), (f"The {o}.",)) for o in options))


SLOTS = (
    REVENUE,
    ORDER,
    LOANS,
    _slot("price", "list price", "sale price"),
    _slot("date", "order date", "ship date"),
    _slot("name", "first name", "full name"),
    Slot(
        "few",
        ("how many", "few", "number of rows", "number", "rows"),
        tuple(Option(n, n, cues, (f"{n}.",)) for n, cues in (("3", ("3", "three")), ("5", ("5", "five")))),
    ),
    Slot("large", ("large", "large stores", "large store"), _slot("large", "floor area above 800", "staff").options),
)


def _lines(name: str) -> list[str]:
    text = (FIXTURES / name).read_text(encoding="utf-8")
    return [line for line in text.splitlines() if line.strip() and not line.startswith("#")]


def _action_cases() -> list[tuple[str, str]]:
    cases = [line.partition("|")[::2] for line in _lines("action_of.txt")]
    return [(action.strip(), text.strip().replace("\\n", "\n")) for action, text in cases]


def _slot_cases() -> list[tuple[str, tuple[str, ...], str]]:
    cases, request = [], ""
    for line in _lines("slots_asked.txt"):
        if line.startswith(">"):
            request = line[1:].strip()
            continue
        expected, _, question = line.partition("|")
        names = () if expected.strip() == "-" else tuple(expected.strip().split(","))
        cases.append((request, names, question.strip().replace("\\n", "\n")))
    return cases


def test_there_are_enough_cases():
    assert len(_action_cases()) >= 60
    assert len(_slot_cases()) >= 60


@pytest.mark.parametrize(("expected", "text"), _action_cases())
def test_action_of(expected: str, text: str):
    assert actions.action_of(text) is Action[expected]


@pytest.mark.parametrize(("request_text", "expected", "question"), _slot_cases())
def test_slots_asked(request_text: str, expected: tuple[str, ...], question: str):
    assert actions.slots_asked(question, SLOTS, request_text) == expected


@pytest.mark.parametrize(
    ("text", "statement", "expected"),
    [
        ("SELECT 1 FROM sale", "SELECT 1 FROM sale", False),
        ("SELECT 1 FROM sale;\nOr did you mean gross?", "SELECT 1 FROM sale", True),
        ("Did you mean gross? SELECT 1 FROM sale", "SELECT 1 FROM sale", True),
        ("SELECT name FROM t WHERE name = 'which?'", "SELECT name FROM t WHERE name = 'which?'", False),
        ("SELECT 1 FROM sale\n\nDoes that help?", "SELECT 1 FROM sale", False),
        ("```sql\nSELECT 1 FROM sale\n```\nPlease tell me which revenue you mean.", "SELECT 1 FROM sale", True),
    ],
)
def test_also_asks(text: str, statement: str, expected: bool):
    assert actions.also_asks(text, statement) is expected


def test_options_offered_and_generic_questions():
    assert actions.options_offered("Is it gross or net revenue?", REVENUE) == ("net", "gross")
    assert actions.options_offered("Order date?", SLOTS[4], SLOTS) == ("order_date",)
    assert actions.options_offered("Which one?", REVENUE) == ()
    assert actions.is_generic("What do you mean?")
    assert actions.is_generic("What do you mean by total revenue?", "The total revenue?")
    assert not actions.is_generic("Which currency?")


def test_a_cue_of_two_slots_counts_for_both():
    one, two = _slot("one", "red", "blue"), _slot("two", "blue", "green")
    assert actions.slots_asked("Red, blue or green?", (one, two)) == ("one", "two")


@given(st.text(max_size=300))
def test_any_text_has_an_action_and_at_most_two_slots(text: str):
    assert actions.action_of(text) in Action
    assert len(actions.slots_asked(text, SLOTS, "What's the revenue?")) <= 2
    assert actions.is_generic(text) in (True, False)
