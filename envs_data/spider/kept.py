"""Which questions are kept: those whose gold SQL DuckDB answers exactly as SQLite does, and well-determined."""

from __future__ import annotations

import dataclasses
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing

from act_env.conversation import Result
from act_env.errors import CutThroughTie, ParseError, SandboxError
from act_env.sql import grading
from act_env.sql.sandbox import Limits, Sandbox
from envs_data.spider import sqlite_to_duck, transpile
from envs_data.spider.layout import Layout, Question
from envs_data.spider.schema import Database
from envs_data.spider.store import AGREES, DIFFERS, ONLY_TIES, Kept, Rejected

MAX_ROWS = 50
_SECONDS = 5.0
_ALL_ROWS = 500_000
_ROOMY = Limits(seconds=20.0, memory_mb=1024, rows=_ALL_ROWS, bytes=400_000_000)
"""For comparing whole results, which no task and no episode ever holds."""

NO_DATABASE = "database missing or broken"
UNREADABLE = "gold SQL is not one readable SELECT"
SQLITE_FAILS = "gold SQL fails in SQLite"
FAILS = "fails in DuckDB"
DISAGREES = "DuckDB and SQLite disagree"
EMPTY = "empty result"
TOO_MANY = f"more than {MAX_ROWS} rows"
TIE = "tie at a cut"
UNSETTLED = "result hangs on a choice among rows"


class Oracle:
    """SQLite's own answers: the rows as stored, and with unordered scans reversed.

    SQLite's ``reverse_unordered_selects`` shows what a result hangs on besides the data: bare columns
    of a loose GROUP BY, a LIMIT without an order, the first of several equal maxima.
    """

    def __init__(self, layout: Layout, database: str):
        path = layout.sqlite_path(database)
        self._forward, self._backward = sqlite_to_duck.open_sqlite(path), sqlite_to_duck.open_sqlite(path)
        self._backward.execute("PRAGMA reverse_unordered_selects = ON")

    def rows(self, query: str) -> Result:
        """All rows; more than any comparison takes are an sqlite3.OperationalError."""
        return self._run(self._forward, query)

    def reversed_rows(self, query: str) -> Result:
        return self._run(self._backward, query)

    @staticmethod
    def _run(connection: sqlite3.Connection, query: str) -> Result:
        sqlite_to_duck.restrict(connection, _SECONDS)
        cursor = connection.execute(query)
        rows = cursor.fetchmany(_ALL_ROWS + 1)
        if len(rows) > _ALL_ROWS:
            raise sqlite3.OperationalError(f"more than {_ALL_ROWS} rows")
        return Result(tuple(item[0] for item in cursor.description or ()), tuple(rows))

    def close(self) -> None:
        self._forward.close()
        self._backward.close()


def is_empty(result: Result) -> bool:
    return all(cell is None for row in result.rows for cell in row)


def check(layout: Layout, database: Database, questions: Iterable[Question], sandbox: Sandbox) -> Iterator[Kept | Rejected]:  # fmt: skip  # noqa: E501
    """Each question of one database: kept, or rejected with its reason. Equal SQL is looked at once."""
    seen: dict[str, Kept | Rejected] = {}
    types = database.types
    with closing(Oracle(layout, database.id)) as oracle, Sandbox(database.path, _ROOMY) as roomy:
        for question in questions:
            if question.query not in seen:
                found = _check(question, oracle, sandbox, types)
                if isinstance(found, Rejected):
                    found = dataclasses.replace(found, agreement=agreement(question.query, oracle, roomy, types))
                seen[question.query] = found
            verdict = seen[question.query]
            if isinstance(verdict, Kept):
                yield dataclasses.replace(verdict, question=question)
            else:
                yield dataclasses.replace(verdict, origin=question.origin)


def _check(question: Question, oracle: Oracle, sandbox: Sandbox, types: transpile.Schema) -> Kept | Rejected:
    def no(reason: str, detail: object = "") -> Rejected:
        return Rejected(question.origin, reason, str(detail)[:300])

    try:
        tree = transpile.rewrite(question.query, types)
        sql = transpile.render(tree)
    except ParseError as error:
        return no(UNREADABLE, error)
    try:
        theirs = oracle.rows(question.query)
        if len(theirs.rows) > MAX_ROWS:
            return no(TOO_MANY)
        if is_empty(theirs):
            return no(EMPTY)
        backwards = oracle.reversed_rows(question.query)
    except sqlite3.Error as error:
        return no(SQLITE_FAILS, error)
    try:
        ours = sandbox.gold(sql)
        others = [sandbox.gold(transpile.render(other)) for other in transpile.extremes(tree) or ()]
    except CutThroughTie as error:
        return no(TIE, error)
    except SandboxError as error:
        return no(FAILS, error)
    if not (verdict := grading.match(theirs, ours, columns_fixed=True)).ok:
        return no(DISAGREES if grading.match(backwards, theirs).ok else UNSETTLED, verdict.why)
    for other in (backwards, *others):
        if not (verdict := grading.match(other, ours, columns_fixed=True)).ok:
            return no(UNSETTLED, verdict.why)
    return Kept(question, sql, ours)


def agreement(query: str, oracle: Oracle, roomy: Sandbox, types: transpile.Schema) -> str:
    """Whether both engines answer a statement alike, however many rows that are, none included: AGREES, ONLY_TIES
    where they differ and a LIMIT cuts through a tie, else DIFFERS. Order counts by the sort key, where the
    sandbox can tell it."""
    try:
        sql = transpile.transpile(query, types)
        theirs, ours = oracle.rows(query), roomy.execute(sql)
    except (ParseError, SandboxError, sqlite3.Error):
        return DIFFERS
    try:
        ours = roomy.gold(sql)
    except CutThroughTie:
        return AGREES if grading.match(theirs, ours, columns_fixed=True).ok else ONLY_TIES
    except SandboxError:
        pass
    return AGREES if grading.match(theirs, ours, columns_fixed=True).ok else DIFFERS
