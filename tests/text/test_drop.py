from __future__ import annotations

import itertools
import json
import os
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from act_env.text.drop import drop_f1
from act_env.text.numbers import parse

LINES = (Path(__file__).parents[1] / "fixtures/text/drop.txt").read_text(encoding="utf-8").splitlines()
CASES = [line.split(" | ") for line in LINES if line and not line.startswith("#")]
PACIFIC = Path(os.environ.get("ACT_DATA_DIR", "/nowhere")) / "pacific" / "validation.json"


@pytest.mark.parametrize("case", CASES, ids=[" | ".join(case[1:4]) for case in CASES])
def test_fixture(case: list[str]) -> None:
    score, scale, gold, answer, _ = case
    got = drop_f1(answer.replace("\\n", "\n"), gold.split(" ~ "), scale.strip())
    assert f"{got:.2f}" == score


def test_there_are_enough_cases() -> None:
    assert len(CASES) >= 80 and len({tuple(case[1:4]) for case in CASES}) == len(CASES)


def test_no_gold() -> None:
    assert drop_f1("", []) == drop_f1("...", ["", "the"]) == 1
    assert drop_f1("something", []) == drop_f1("something", ["?"]) == 0


def test_unknown_scale() -> None:
    with pytest.raises(ValueError, match="no scale 'dozen'; there are '', 'percent'"):
        drop_f1("1", ["1"], "dozen")


def test_many_spans_are_superfluous() -> None:
    assert drop_f1("; ".join(f"word{i}" for i in range(200)), ["word0", "word1"]) == pytest.approx(2 / 200)


def test_a_long_text_is_scored_by_its_words() -> None:
    assert drop_f1("and so it goes " * 20 + "592", ["592"]) < 0.1


SCALES = st.sampled_from(["", "percent", "thousand", "million", "billion"])
NUMERIC = ["-", "(", ")", "$", "%", "5", "1,234", ".5", "2019", "million", "k", "May ", "four", "(1)", "(2)", "−"]
OTHER = [
    " and ",
    ", ",
    "; ",
    "\n",
    " ",
    "fell ",
    "the",
    "answer is",
    "*",
    "`",
    "in millions",
    "US",
    "\ufdfa",
    "\u0300",
    "İ",
]
PIECES = st.sampled_from(NUMERIC + OTHER)
TEXTS = st.text() | st.lists(PIECES, max_size=30).map("".join)


@given(TEXTS, st.lists(TEXTS, max_size=4), SCALES)
def test_any_text_has_a_score(answer: str, spans: list[str], scale: str) -> None:
    assert 0 <= drop_f1(answer, spans, scale) <= 1


@given(st.lists(TEXTS, max_size=4), st.sampled_from([1, 10, 300]), SCALES)
def test_a_long_text_has_a_score(pieces: list[str], times: int, scale: str) -> None:
    assert 0 <= drop_f1("".join(pieces) * times, pieces, scale) <= 1


words = st.sampled_from(
    ["net", "sales", "cash and cash", "R&D, total", "of", "2018", "Q4", "$5", "(1.9)", "-3%", "7.25"]
)
spans = st.lists(words, min_size=1, max_size=4).map(" ".join)
distinct = st.lists(spans, min_size=1, max_size=4, unique=True)


@given(distinct, SCALES)
def test_gold_is_right_by_itself(gold: list[str], scale: str) -> None:
    assert drop_f1("; ".join(gold), gold, scale) == 1
    assert drop_f1("Answer:\n" + "\n".join(gold), gold, scale) == 1


@given(distinct, distinct, SCALES, st.randoms(use_true_random=False))
def test_the_order_of_spans_is_free(gold: list[str], got: list[str], scale: str, random: object) -> None:
    others = [random.sample(spans, len(spans)) for spans in (gold, got)]
    score = drop_f1("; ".join(got), gold, scale)
    assert drop_f1("; ".join(got), others[0], scale) == pytest.approx(score)
    assert drop_f1("\n".join(others[1]), gold, scale) == pytest.approx(drop_f1("\n".join(got), gold, scale))


@given(st.decimals(-(10**9), 10**9, places=2), SCALES, SCALES)
def test_a_number_is_right_in_its_own_scale_only(value: object, scale: str, other: str) -> None:
    exact = drop_f1(f"{value:,} {other}", [str(value)], scale)
    assert exact == (other in ("", scale) or abs(value) * 10**9 < 0.005)


def _rendered(span: str, scale: str) -> str:
    number = parse(span)
    if number is None or number.unit or not scale:
        return span
    return f"{span}%" if scale == "percent" else f"{span} {scale}"


@pytest.mark.data
@pytest.mark.skipif(not PACIFIC.is_file(), reason="no pacific/validation.json under ACT_DATA_DIR")
def test_every_gold_answer_of_pacific_is_right_by_itself() -> None:
    dialogues = json.loads(PACIFIC.read_text(encoding="utf-8"))
    turns = [turn for dialogue in dialogues for turn in dialogue["questions"] if turn["answer_type"] != "question"]
    assert turns
    for turn in turns:
        answer, scale = turn["answer"], turn["scale"]
        gold = [str(span) for span in (answer if isinstance(answer, list) else [answer])]
        rendered = [_rendered(span, scale) for span in gold]
        for text in ("; ".join(gold), "; ".join(rendered), "; ".join(rendered[::-1]), "\n".join(rendered)):
            assert drop_f1(text, gold, scale) == pytest.approx(1), turn["uid"]


@pytest.mark.data
@pytest.mark.skipif(not PACIFIC.is_file(), reason="no pacific/validation.json under ACT_DATA_DIR")
def test_other_answers_of_a_dialogue_are_mostly_wrong() -> None:
    high = total = 0
    for dialogue in json.loads(PACIFIC.read_text(encoding="utf-8")):
        turns = [turn for turn in dialogue["questions"] if turn["answer_type"] != "question"]
        texts = [re.sub(r"^\['?|'?\]$", "", str(turn["answer"])) for turn in turns]
        for (i, turn), (j, text) in itertools.product(enumerate(turns), enumerate(texts)):
            answer = turn["answer"] if isinstance(turn["answer"], list) else [str(turn["answer"])]
            if i != j and texts[i] != text:
                total += 1
                high += drop_f1(text, answer, turn["scale"]) > 0.8
    assert total > 1_000 and high / total < 0.005
