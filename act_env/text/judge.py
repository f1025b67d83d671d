"""Judges answers in text: by an F1 with the accepted answers, a match where it is above ε."""

from __future__ import annotations

import dataclasses
import itertools
import re
from collections.abc import Callable, Sequence
from pathlib import Path

from act_env.asking import asks
from act_env.conversation import Accepted, Action, Reading, Task
from act_env.judging import Given
from act_env.text.arithmetic import BadDerivation, evaluate
from act_env.text.drop import drop_f1
from act_env.text.tokens import token_f1
from act_env.words import stems_of, words_of

_ARTICLES = frozenset(("a", "an", "the"))
_OPERATION = re.compile(r"\d\W*[-+*/×÷−]\W*\d")

Gold = tuple[Accepted, ...]
Score = Callable[[str, Gold], float]
DROP_EPSILON, TOKEN_EPSILON = 0.9, 0.5
"""ε by default. The first is the paper's; above the second are at most 5 % of another reading's answers
(``benchmarks/results/text_tasks.json``)."""


@dataclasses.dataclass(frozen=True)
class TextJudge:
    """Judges a reply as a whole: what asks the user something is a question, anything else an answer.

    ``score`` compares a text with a reading's accepted answers; the best of them counts.
    """

    measure: str
    score: Score
    epsilon: float

    def action_of(self, text: str) -> Action:
        return Action.CLARIFY if asks(text) else Action.ANSWER

    def read(self, task: Task, text: str) -> Given:
        text = text.strip()
        return Given(text) if words_of(text) else Given(error="unreadable")

    def gold(self, task: Task, reading: Reading) -> Gold:
        return reading.accepted

    def meant(self, task: Task, text: str) -> Gold | None:
        return (Accepted((text.strip(),)),) if words_of(text) and not asks(text) else None

    def closeness(self, value: str, gold: Gold) -> float:
        return self.score(value, gold) if gold else 0.0

    def credit(self, value: str, gold: Gold) -> float:
        """F1; below 1 for what is no match."""
        return min(self.closeness(value, gold), 0.99)

    def same(self, one: Gold, other: Gold) -> bool:
        """Whether the first answer of each is accepted as the other's."""
        if not (one and other):
            return one == other
        return all(
            self.closeness("; ".join(mine[0].spans), theirs) > self.epsilon
            for mine, theirs in ((one, other), (other, one))
        )

    def holds(self, value: str, golds: Sequence[Gold]) -> bool:
        """Whether an answer has all words of an answer of two golds, neither of which has all of the other's."""
        said = _said(value)
        held = [{words for a in gold if (words := _said(" ".join(a.spans))) and words <= said} for gold in golds]
        return any(
            not one <= other and not other <= one
            for mine, theirs in itertools.combinations(held, 2)
            for one in mine
            for other in theirs
        )


def _said(text: str) -> frozenset[str]:
    return frozenset(stems_of(text)) - _ARTICLES


def _worked_out(text: str) -> tuple[str, ...]:
    """What an answer that gives its working comes to: "56.7 - 44.1", or "56.7 - 44.1 = 12.6 million"."""
    _, equals, result = text.rpartition("=")
    if equals:
        return (result,)
    try:
        return (format(evaluate(text), ".6f"),) if _OPERATION.search(text) else ()
    except BadDerivation:
        return ()


def drop_judge(database: Callable[[str], Path] | None = None, epsilon: float | None = None) -> TextJudge:
    """Judges by DROP F1 (``act_env.text.drop``)."""

    def score(text: str, gold: Gold) -> float:
        given = (text, *_worked_out(text))
        return max(drop_f1(answer, accepted.spans, accepted.scale) for accepted in gold for answer in given)

    return TextJudge("drop_f1", score, DROP_EPSILON if epsilon is None else epsilon)


def token_judge(database: Callable[[str], Path] | None = None, epsilon: float | None = None) -> TextJudge:
    """Judges by token F1 (``act_env.text.tokens``)."""

    def score(text: str, gold: Gold) -> float:
        return token_f1(text, [" ".join(accepted.spans) for accepted in gold])

    return TextJudge("token_f1", score, TOKEN_EPSILON if epsilon is None else epsilon)
