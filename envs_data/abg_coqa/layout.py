"""Abg-CoQA's published layout (Guo et al., AKBC 2021): a question about a story, after some turns of a conversation.

One record (further fields are not read)::

    {"id": "3pxx…|9|2", "story": "…", "ambiguity": "ambiguous",
     "history_turns": [{"turn_id": 8, "question": "Which way was fastest?", "answer": "the shore"}],
     "target_turn": {"turn_id": 9, "question": "What did they remove?", "answer": "dense brush-wood."},
     "clarification_turn": {"question": "Do you mean before heading for the path?",
                            "answers": [{"clr_ans": "Yes.", "org_ans": "Rope.", "org_ans_2": "ropes"},
                                        {"clr_ans": "No, I mean after.", "org_ans": "The brush-wood."}]}}
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from act_env.errors import MalformedRecord
from envs_data import published
from envs_data.published import text_of

FILES = ("coqa_abg_val_open.json", "coqa_abg_val.json", "coqa_abg_train.json", "coqa_abg_test.json")


@dataclasses.dataclass(frozen=True)
class Meaning:
    """A user's reply to the clarifying question, and the answers that people then gave, the first one first."""

    reply: str
    answers: tuple[str, ...]


@dataclasses.dataclass(frozen=True)
class Record:
    """A question after its conversation. ``question`` and ``meanings`` are empty where it is clear; ``second`` is
    another person's clarifying question."""

    id: str
    story_id: str
    story: str
    history: tuple[tuple[str, str], ...]
    request: str
    answer: str
    question: str = ""
    meanings: tuple[Meaning, ...] = ()
    second: str = ""


def read_records(path: Path) -> tuple[dict[str, Record], dict[str, str]]:
    """The records of a file by id, and why others are left out."""
    return published.read(path, _record, lambda record: record.id)


def _record(form: Any) -> Record:
    id = text_of(form["id"], "id")
    target, label = form["target_turn"], form["ambiguity"]
    if label not in ("ambiguous", "non_ambiguous"):
        raise MalformedRecord(f"ambiguity {label!r} is neither 'ambiguous' nor 'non_ambiguous'")
    record = Record(
        id,
        id.partition("|")[0],
        text_of(form["story"], "story"),
        tuple(
            (text_of(turn["question"], "a history question"), text_of(turn["answer"], "a history answer"))
            for turn in form["history_turns"]
        ),
        text_of(target["question"], "the question"),
        text_of(target["answer"], "the answer"),
    )
    if label == "non_ambiguous":
        return record
    asked, second = form["clarification_turn"], form.get("clarification_turn_2") or {}
    meanings = tuple(map(_meaning, asked["answers"]))
    if not meanings:
        raise MalformedRecord("the clarifying question has no replies")
    return dataclasses.replace(
        record,
        question=text_of(asked["question"], "the clarifying question"),
        meanings=meanings,
        second=text_of(second.get("question", ""), "the second clarifying question", empty=True),
    )


def _meaning(form: Mapping[str, Any]) -> Meaning:
    answers = [form["org_ans"], *(form.get(name) for name in ("org_ans_2", "org_ans_3"))]
    told = [text_of(answer, "an answer") for answer in answers if answer is not None and str(answer).strip()]
    if not told:
        raise MalformedRecord("a reply has no answer")
    return Meaning(text_of(form["clr_ans"], "a reply"), tuple(dict.fromkeys(told)))
