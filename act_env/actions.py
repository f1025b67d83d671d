"""What a reply is: CLARIFY or ANSWER, and which slots a question asks about.

Rules over words, without a model, so that a reply is read the same way everywhere and whoever plays
the user. ``tests/fixtures/actions`` holds the cases.
"""

from __future__ import annotations

from act_env.asking import asks, is_choice
from act_env.conversation import Action
from act_env.questions import MAX_SLOTS, is_generic, options_offered, slots_asked

__all__ = [
    "MAX_SLOTS",
    "action_of",
    "also_asks",
    "asks",
    "is_generic",
    "options_offered",
    "slots_asked",
    "statement_in",
]


def action_of(text: str) -> Action:
    """The action that a reply implies: one that holds a runnable statement is ANSWER, even if it also
    asks; else one that asks the user something, or is a bare choice, is CLARIFY; any other is an
    (unreadable) ANSWER."""
    if statement_in(text) is not None:
        return Action.ANSWER
    return Action.CLARIFY if asks(text) or is_choice(text) else Action.ANSWER


def statement_in(text: str) -> str | None:
    """The runnable SQL statement that a reply holds, or None."""
    from act_env.sql import readings

    return readings.find_statement(text)


def also_asks(text: str, statement: str) -> bool:
    """Whether a reply asks something beside the ``statement`` it holds."""
    before, found, after = text.partition(statement.strip().rstrip(";").rstrip())
    beside = f"{before}\n{after}" if found else text
    return asks(beside) or is_choice(beside)
