"""The rules on every gold reply of PACIFIC and Abg-CoQA: the bundled samples, and the published files if here."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from act_env.asking import asks

ENVS_DATA = Path(__file__).parents[2] / "envs_data"
SCALES = {"": "", "percent": "%"}

Replies = Iterator[tuple[bool, str]]
"""Replies with whether each is a clarifying question."""


def pacific(dialogues: list[dict[str, Any]]) -> Replies:
    for turn in (turn for dialogue in dialogues for turn in dialogue["questions"]):
        answer = turn["answer"]
        text = "; ".join(map(str, answer)) if isinstance(answer, list) else str(answer)
        scale = turn.get("scale") or ""
        yield bool(turn["req_clari"]), text + SCALES.get(scale, f" {scale}")


def abg_coqa(records: list[dict[str, Any]]) -> Replies:
    for record in records:
        for turn in (record["target_turn"], *record["history_turns"]):
            yield False, turn["answer"]
        for clarification in (record.get("clarification_turn"), record.get("clarification_turn_2")):
            if clarification:
                yield True, clarification["question"]
                for branch in clarification["answers"]:
                    yield from ((False, text) for name, text in branch.items() if name.startswith("org_ans") and text)


DATA_SETS = {
    "pacific": (pacific, "validation.json", 0.99, 0.99),
    "abg_coqa": (abg_coqa, "coqa_abg_val_open.json", 0.97, 0.95),
}
"""Each with its reader, its published file, and the accuracy it must reach over all replies and over each action's."""


def check(read: Callable[[list[dict[str, Any]]], Replies], path: Path, overall: float, each: float) -> Counter[bool]:
    """Asserts the accuracies on a file's replies; gives how many there are of each kind."""
    replies = list(read(json.loads(path.read_text(encoding="utf-8"))))
    missed = [(question, text) for question, text in replies if asks(text) is not question]
    of_kind, missed_of_kind = Counter(q for q, _ in replies), Counter(q for q, _ in missed)
    assert set(of_kind) == {True, False}
    assert 1 - len(missed) / len(replies) >= overall, missed
    for kind in of_kind:
        assert 1 - missed_of_kind[kind] / of_kind[kind] >= each, missed
    return of_kind


@pytest.mark.data
@pytest.mark.parametrize(("name", "questions", "answers"), [("pacific", 320, 1662), ("abg_coqa", 136, 2048)])
def test_every_published_reply_is_read_as_what_it_is(name: str, questions: int, answers: int):
    read, file, overall, each = DATA_SETS[name]
    path = Path(os.environ.get("ACT_DATA_DIR") or "/nowhere") / name / file
    if not path.is_file():
        pytest.skip(f"no {name}/{file} under ACT_DATA_DIR")
    assert check(read, path, overall, each) == {True: questions, False: answers}


@pytest.mark.parametrize("name", DATA_SETS)
def test_every_reply_of_a_bundled_sample_is_read_as_what_it_is(name: str):
    read, _, overall, each = DATA_SETS[name]
    paths = sorted((ENVS_DATA / name / "samples").glob("*.json"))
    if not paths:
        pytest.skip(f"{name} has no bundled sample")
    for path in paths:
        check(read, path, overall, each)
