"""PACIFIC's published layout (Deng et al., EMNLP 2022): a dialogue over a finance table and its paragraphs.

One dialogue (further fields are not read)::

    {"table": {"uid": "3ffd…", "table": [["", "2019", "2018"], ["Sales", "$1,496.5", "1,202.9"]]},
     "paragraphs": [{"order": 1, "text": "Sales by contract type: …"}],
     "questions": [{"uid": "593c…", "order": 1, "question": "What is the change in sales?", "answer": -12.6,
                    "derivation": "44.1-56.7", "answer_type": "arithmetic", "scale": "million", "req_clari": false,
                    "original_question": "What is the change in sales in 2019 from 2018?"}]}

Where ``req_clari`` is true, the answer is a clarifying question, and the next turn is the user's reply to it.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from act_env.conversation import SCALES, Accepted
from act_env.errors import MalformedRecord
from act_env.text import numbers
from act_env.text.arithmetic import BadDerivation, evaluate
from act_env.text.drop import drop_f1
from envs_data import published
from envs_data.published import text_of

FILES = ("validation.json", "train.json", "dev.json", "test.json")
ANSWER_TYPES = ("span", "multi-span", "arithmetic", "count", "question")


@dataclasses.dataclass(frozen=True)
class DialogueTurn:
    """One turn: what the user says, and what the assistant is to reply: a question where ``asks``, else ``answer``."""

    uid: str
    request: str
    complete: str
    """The request with all that the conversation has settled (``original_question``)."""
    asks: bool
    answer: Accepted
    kind: str
    derivation: str

    @property
    def accepted(self) -> tuple[Accepted, ...]:
        """The answers that are right: the annotator's, and the value of its derivation where they disagree."""
        values = worked_out(self)
        spans, scale = self.answer.spans, self.answer.scale
        if not values or any(drop_f1(scaled(value, scale), spans, scale) == 1.0 for value in values):
            return (self.answer,)
        return (self.answer, Accepted(values[:1], scale))

    @property
    def reply(self) -> str:
        """The gold reply as text: its spans, each number with its scale."""
        return "; ".join(scaled(span, self.answer.scale) for span in self.answer.spans)


@dataclasses.dataclass(frozen=True)
class Dialogue:
    uid: str
    table: tuple[tuple[str, ...], ...]
    paragraphs: tuple[str, ...]
    turns: tuple[DialogueTurn, ...]


def scaled(span: str, scale: str) -> str:
    """A span with its scale in words, where it is a number that does not say it."""
    number = numbers.parse(span) if scale else None
    if number is None or number.unit:
        return span
    return f"{span}%" if scale == "percent" else f"{span} {scale}"


def worked_out(turn: DialogueTurn) -> tuple[str, ...]:
    """What the derivation of a figure comes to in the answer's scale, the likeliest reading of it first, to four
    decimals; () where it has no value.

    Annotators wrote shares as fractions ("(44.1-56.7)/56.7", in percent), but rates as they stand ("4.6%-4.1%",
    "40.0-38.1"), and scales both in words and left to the table.
    """
    if turn.kind != "arithmetic":
        return ()
    try:
        value = evaluate(turn.derivation)
    except BadDerivation:
        return ()
    values = dict.fromkeys((value / 10.0 ** numbers.EXPONENTS[turn.answer.scale], value))
    return tuple(format(Decimal(repr(round(v, 4))), "f") for v in values)


def read_dialogues(path: Path) -> tuple[dict[str, Dialogue], dict[str, str]]:
    """The dialogues of a file by uid, and why others are left out."""
    return published.read(path, _dialogue, lambda dialogue: dialogue.uid)


def _dialogue(form: Any) -> Dialogue:
    rows = form["table"]["table"]
    if not isinstance(rows, list) or not rows or not all(isinstance(row, list) for row in rows):
        raise MalformedRecord("table should be a list of rows")
    table = tuple(tuple(text_of(cell, "a cell", empty=True) for cell in row) for row in rows)
    paragraphs = sorted(form["paragraphs"], key=lambda paragraph: paragraph["order"])
    forms = sorted(form["questions"], key=lambda question: question["order"])
    if not forms:
        raise MalformedRecord("the dialogue has no turns")
    turns = tuple(map(_turn, forms))
    for turn, reply in zip(turns, (*turns[1:], None), strict=True):
        if turn.asks and (reply is None or reply.asks):
            raise MalformedRecord(f"turn {turn.uid!r} asks a clarifying question that the next turn does not answer")
    return Dialogue(
        text_of(form["table"]["uid"], "table uid"),
        table,
        tuple(text_of(paragraph["text"], "a paragraph") for paragraph in paragraphs),
        turns,
    )


def _turn(form: Mapping[str, Any]) -> DialogueTurn:
    uid = text_of(form["uid"], "a turn's uid")
    asks, kind, scale = form["req_clari"], form["answer_type"], form["scale"]
    if not isinstance(asks, bool):
        raise MalformedRecord(f"turn {uid!r}: req_clari is {asks!r}")
    if kind not in ANSWER_TYPES or asks != (kind == "question"):
        raise MalformedRecord(f"turn {uid!r}: answer_type {kind!r} beside req_clari {asks}")
    if scale not in SCALES:
        raise MalformedRecord(f"turn {uid!r}: scale {scale!r} is none of {SCALES}")
    return DialogueTurn(
        uid,
        text_of(form["question"], f"question of turn {uid!r}"),
        text_of(form.get("original_question") or form["question"], f"original_question of turn {uid!r}"),
        asks,
        Accepted(_spans(form["answer"], uid), scale),
        kind,
        text_of(form.get("derivation", ""), f"derivation of turn {uid!r}", empty=True),
    )


def _spans(answer: Any, uid: str) -> tuple[str, ...]:
    values = answer if isinstance(answer, list) else [answer]
    spans = tuple(span for value in values if (span := _span(value)))
    if not spans:
        raise MalformedRecord(f"turn {uid!r}: answer {answer!r:.80} is no text and no number")
    return spans


def _span(value: Any) -> str:
    if isinstance(value, str):
        return " ".join(value.split())
    if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
        return format(Decimal(repr(value)), "f")
    return ""
