"""Judges SQL: an answer is the statement in a reply, compared by its result."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from pathlib import Path

from act_env import actions
from act_env.conversation import Action, Reading, Result, Task
from act_env.errors import SandboxError
from act_env.judging import Given


class SqlJudge:
    """Executes statements in the sandbox of a task's database. A result matches or it does not, whatever ``epsilon``
    is."""

    measure = None

    def __init__(self, database: Callable[[str], Path] | None, epsilon: float | None = None) -> None:
        self.epsilon = 0.5 if epsilon is None else epsilon
        self._database = database

    def action_of(self, text: str) -> Action:
        return actions.action_of(text)

    def read(self, task: Task, text: str) -> Given:
        statement = actions.statement_in(text)
        if statement is None:
            return Given(error="unreadable")
        hedged = actions.also_asks(text, statement)
        try:
            return Given(self._sandbox(task).execute(statement), hedged)
        except SandboxError as error:
            return Given(hedged=hedged, error=error.kind)

    def gold(self, task: Task, reading: Reading) -> Result:
        return reading.result if reading.result is not None else self._sandbox(task).gold(reading.answer)

    def meant(self, task: Task, text: str) -> Result | None:
        statement = actions.statement_in(text)
        if statement is None or self._database is None:
            return None
        sandbox = self._sandbox(task)
        try:
            result = sandbox.execute(statement)
        except SandboxError:
            return None  # what does not run agrees with nothing
        try:
            return sandbox.gold(statement)  # with ranks: two orders are two results
        except SandboxError:
            return result  # a LIMIT cuts a tie, and what it orders cannot be told

    def closeness(self, value: Result, gold: Result) -> float:
        from act_env.sql import grading

        return float(grading.match(value, gold).ok)

    def credit(self, value: Result, gold: Result) -> float:
        from act_env.sql import grading

        return grading.graded(value, gold)

    def same(self, one: Result, other: Result) -> bool:
        from act_env.sql import grading

        return grading.match(one, other).ok and grading.match(other, one).ok

    def holds(self, value: Result, golds: Sequence[Result]) -> bool:
        from act_env.sql import grading

        return grading.holds(value, list(golds))

    def _sandbox(self, task: Task):
        from act_env.sql import sandbox

        if self._database is None:
            raise ValueError(f"task {task.id!r} is answered in SQL, but its source names no databases")
        return sandbox.shared(_path(self._database, task.database))


@functools.lru_cache(maxsize=256)
def _path(database: Callable[[str], Path], name: str) -> Path:
    """Asked of a source once: finding out whether a file must be built can take longer than a query."""
    return database(name)
