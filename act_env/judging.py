"""What judges answers: one judge for each kind of answer, behind one interface.

A judge knows how a reply's action is read, what a reading's gold is, what an answer is, and how close the
two are. ``act_env.registration`` names the judge of each id, so that neither the environment nor an agent
asks what kind of task it has before it.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

from act_env.conversation import Action, Reading, Task


@dataclasses.dataclass(frozen=True)
class Given:
    """An answer as a judge reads it: its value (None where it cannot be read), whether it asks as well, and the
    kind of error it met."""

    value: Any = None
    hedged: bool = False
    error: str | None = None


class Judge(Protocol):
    """``measure`` names the score of ``closeness`` (``drop_f1``, ``token_f1``), or is None where an answer matches
    or does not; an answer matches whose closeness is above ``epsilon``."""

    measure: str | None
    epsilon: float

    def action_of(self, text: str) -> Action:
        """The action that a reply implies."""

    def read(self, task: Task, text: str) -> Given:
        """The answer that a reply gives."""

    def gold(self, task: Task, reading: Reading) -> Any:
        """What an answer is compared with under a reading."""

    def meant(self, task: Task, text: str) -> Any:
        """What a reply would be as gold, to compare replies with each other; None where it gives no answer."""

    def closeness(self, value: Any, gold: Any) -> float:
        """How close an answer comes to a gold, in [0, 1]."""

    def credit(self, value: Any, gold: Any) -> float:
        """Partial credit of the reward ``graded``, in [0, 1], 1 only for a match."""

    def same(self, one: Any, other: Any) -> bool:
        """Whether two golds are the same result."""

    def holds(self, value: Any, golds: Sequence[Any]) -> bool:
        """Whether an answer holds two golds that differ."""


MakeJudge = Callable[[Callable[[str], Path] | None, float | None], Judge]
"""What makes a judge: of a source's databases (None where it has none), and ε (None for the id's default)."""


def make_judge(environment: str, database: Callable[[str], Path] | None = None, epsilon: float | None = None) -> Judge:
    """The judge of an id; an id that is not registered here is answered in SQL. Raises ValueError for an ε outside
    [0, 1)."""
    from act_env.registration import AMBIGSQL, JUDGES, resolve

    if epsilon is not None and not (math.isfinite(epsilon) and 0 <= epsilon < 1):
        raise ValueError(f"epsilon is {epsilon!r}; it must be at least 0 and below 1, or None for the id's default")
    return resolve(JUDGES.get(environment, JUDGES[AMBIGSQL]))(database, epsilon)
