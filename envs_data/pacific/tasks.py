"""Dialogues as tasks: one for each turn, after the gold history.

A turn to clarify has the one reading that the dialogue tells, selected by the user's reply, and beside it a reading
of prior 0 that stands for whatever else the request may mean: the source does not say what that is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from act_env.conversation import (
    ASSISTANT,
    USER,
    Action,
    Option,
    Provenance,
    Reading,
    Slot,
    Task,
    Turn,
)
from envs_data.pacific.layout import Dialogue, DialogueTurn

OTHER = "something else"
_ASKED = re.compile(
    r"\b(?:which|what)\s+(?:(?:kind|type|sort)\s+of\s+)?(.+?)\s+(?:are|do|did|is)\s+you\b", re.IGNORECASE
)


def context_of(dialogue: Dialogue) -> str:
    """The table, a row a line and its header first, then the paragraphs."""
    rows = "\n".join("| " + " | ".join(cell or " " for cell in row) + " |" for row in dialogue.table)
    text = "\n".join(dialogue.paragraphs)
    return f"Table:\n{rows}" + (f"\nText:\n{text}" if text else "")


def tasks_of(dialogue: Dialogue, environment: str, split: str, provenance: Provenance) -> Iterator[Task]:
    """The tasks of a dialogue's turns, in order."""
    context, history = context_of(dialogue), ()
    for number, turn in enumerate(dialogue.turns):
        after = dialogue.turns[number + 1] if turn.asks else None
        readings, slots = _clear(turn) if after is None else _ambiguous(turn, after, f"turn {number + 1}")
        action = Action.CLARIFY if turn.asks else Action.ANSWER
        yield Task(
            id=turn.uid,
            environment=environment,
            split=split,
            database=dialogue.uid,
            context=context,
            request=turn.request,
            readings=readings,
            slots=slots,
            gold_action=action,
            gold_question=turn.reply if turn.asks else "",
            kind=(after or turn).kind,
            group=turn.uid,
            provenance=provenance,
            history=history,
            conversation=dialogue.uid,
        )
        history = (*history, Turn(USER, turn.request), Turn(ASSISTANT, turn.reply, action))


def _clear(turn: DialogueTurn) -> tuple[tuple[Reading, ...], tuple[Slot, ...]]:
    return (Reading("meant", turn.reply, turn.complete, {}, accepted=turn.accepted),), ()


def _ambiguous(turn: DialogueTurn, after: DialogueTurn, name: str) -> tuple[tuple[Reading, ...], tuple[Slot, ...]]:
    gloss = after.request.rstrip(" .!")
    found = _ASKED.search(turn.reply)
    slot = Slot(
        name,
        (found[1] if found else "one",),
        (
            Option("meant", gloss, (gloss,), (), after.request),
            Option("other", OTHER, (OTHER,), ()),
        ),
        (turn.reply, after.request),
    )
    meant = Reading("meant", after.reply, after.complete, {name: "meant"}, accepted=after.accepted)
    return (meant, Reading("other", "", OTHER, {name: "other"}, prior=0.0)), (slot,)
