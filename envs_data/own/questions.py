"""A user's own questions with SQL: read, checked on the copy, and edited into tasks by Spider's rules."""

from __future__ import annotations

import csv
import dataclasses
import hashlib
import io
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb
import sqlglot
from sqlglot import exp

from act_env.conversation import Provenance, Result, Task
from act_env.errors import CutThroughTie, DataNotFound, MalformedRecord, ParseError, SandboxError
from act_env.sql import grading
from act_env.sql.sandbox import Sandbox
from envs_data.ambigsql import spec
from envs_data.ambigsql.spec import quoted
from envs_data.own import slices
from envs_data.own.profile import ColumnProfile, TableProfile
from envs_data.own.slices import Words
from envs_data.own.text import noun_of, plain
from envs_data.spider import build as spider_build
from envs_data.spider import kept as keeping
from envs_data.spider import schema, transpile
from envs_data.spider.layout import Question as SpiderQuestion
from envs_data.spider.store import Kept

DIALECTS = ("duckdb", "sqlite", "postgres", "mysql", "snowflake", "bigquery", "tsql")
_RIGHT = "a JSON list, JSON Lines or CSV with the fields question and sql is right"
_POINTS = (0.1, 0.25, 0.5, 0.75, 0.9)
_HIDDEN = "details: the context does not show every column"
_TOO_WIDE = "uses more tables and columns than a context holds"


@dataclasses.dataclass(frozen=True)
class Question:
    """``origin`` is the file's name and the place in it."""

    origin: str
    text: str
    sql: str


@dataclasses.dataclass(frozen=True)
class Asked:
    """What became of the questions: how many there were, how many were kept, why others were not, why drafts of
    tasks were dropped, and the tasks."""

    count: int
    kept: int
    rejected: dict[str, int]
    first: dict[str, str]
    """Per reason, the first question rejected for it, and what DuckDB said."""
    dropped: dict[str, int]
    tasks: tuple[Task, ...]


def check_dialect(name: str) -> str:
    """The dialect; raises MalformedRecord naming those there are."""
    if name.lower() not in DIALECTS:
        raise MalformedRecord(f"no dialect {name!r}; there are {', '.join(DIALECTS)}")
    return name.lower()


def read_questions(path: Path) -> tuple[Question, ...]:
    """Raises DataNotFound, or MalformedRecord naming the file and the record."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise DataNotFound(f"no questions at {str(path)!r}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise MalformedRecord(f"{path.name!r} is not UTF-8 text: {error}") from error
    found = [
        Question(f"{plain(path.name, 40)}#{number}", *_fields(record, f"{path.name!r}, record {number}"))
        for number, record in enumerate(_records(path, text), 1)
    ]
    if not found:
        raise MalformedRecord(f"{path.name!r} holds no question: {_RIGHT}")
    return tuple(found)


def _records(path: Path, text: str) -> Sequence[Any]:
    if path.suffix.lower() in (".csv", ".tsv"):
        dialect = "excel-tab" if path.suffix.lower() == ".tsv" else "excel"
        try:
            return list(csv.DictReader(io.StringIO(text, newline=""), dialect=dialect))
        except csv.Error as error:
            raise MalformedRecord(f"{path.name!r} cannot be read as CSV: {error}") from error
    try:
        if text.lstrip().startswith("["):
            return json.loads(text)
        return [json.loads(line) for line in text.splitlines() if line.strip()]
    except ValueError as error:
        raise MalformedRecord(f"{path.name!r} cannot be read: {error}; {_RIGHT}") from error


def _fields(record: Any, where: str) -> tuple[str, str]:
    if not isinstance(record, dict):
        raise MalformedRecord(f"{where} is a {type(record).__name__}: {_RIGHT}")
    found = {str(key).strip().lower(): value for key, value in record.items()}
    question, sql = found.get("question"), found.get("sql", found.get("query"))
    for name, value in (("question", question), ("sql", sql)):
        if not isinstance(value, str) or not value.strip():
            raise MalformedRecord(f"{where}: {name} should be a text, not {value!r:.60}")
    return plain(question, 500), sql.strip().rstrip(";").rstrip()


@dataclasses.dataclass(frozen=True)
class _Database(schema.Database):
    """A slice as Spider's rules want it; its context is that of other tasks."""

    slice: spec.Database | None = None

    def schema_text(self) -> str:
        return spec.schema_text(self.slice)


def ask(
    questions: Sequence[Question],
    name: str,
    tables: Sequence[TableProfile],
    words: Words,
    path: Path,
    dialect: str,
) -> Asked:
    """The tasks that the questions give, each over a slice that holds what its SQL uses."""
    rejected, dropped, first = Counter(), Counter(), {}
    groups: dict[tuple[Any, ...], list[Kept]] = {}
    tasks: list[Task] = []
    with Sandbox(path) as sandbox, duckdb.connect(str(path), read_only=True, config={"threads": 1}) as connection:
        for question in questions:
            verdict = _check(question, sandbox, tables, dialect)
            if isinstance(verdict, Kept):
                groups.setdefault(_used(verdict.sql, tables), []).append(verdict)
            else:
                reason, detail = verdict
                rejected[reason] += 1
                first.setdefault(reason, f"{question.origin}: {detail}" if detail else question.origin)
        for number, ((used, needed), kept) in enumerate(groups.items(), 1):
            subject, *also = [table for table in tables if table.name in used]
            part = slices.around(f"{name}-asked-{number}", subject, tables, words, also, needed)
            if len(used) > slices.MAX_TABLES or not slices.fits(part):
                rejected[_TOO_WIDE] += len(kept)
                first.setdefault(_TOO_WIDE, kept[0].question.origin)
                continue
            database = _database(connection, path, part, tables)
            made = [_own(task, name) for task in spider_build._tasks(kept, database, "train", sandbox, dropped)]
            shown = [task for task in made if _shown(task, part, tables)]
            dropped.update({_HIDDEN: (len(made) - len(shown)) // 2} if len(shown) < len(made) else {})
            tasks += shown
    count = len(questions) - sum(rejected.values())
    return Asked(len(questions), count, dict(rejected), first, dict(dropped.most_common()), tuple(tasks))


def _check(
    question: Question, sandbox: Sandbox, tables: Sequence[TableProfile], dialect: str
) -> Kept | tuple[str, str]:
    """The question with its result; or why its SQL does not determine one, in the words that Spider's are told."""
    try:
        sql = _duckdb_sql(question.sql, dialect, tables)
        tree = sqlglot.parse_one(sql, dialect="duckdb")
    except (ParseError, sqlglot.errors.SqlglotError) as error:
        return "its SQL is not one readable SELECT", plain(error)
    try:
        result = sandbox.gold(sql)
        others = [sandbox.gold(transpile.render(other)) for other in transpile.extremes(tree) or ()]
    except CutThroughTie as error:
        return keeping.TIE, plain(error)
    except SandboxError as error:
        return keeping.FAILS, plain(error)
    if len(result.rows) > keeping.MAX_ROWS:
        return keeping.TOO_MANY, ""
    if _is_empty(result):
        return keeping.EMPTY, ""
    if not all(grading.match(other, result, columns_fixed=True).ok for other in others):
        return keeping.UNSETTLED, ""
    if not _used(sql, tables)[0]:
        return "it uses no table", ""
    return Kept(SpiderQuestion(question.origin, "", question.text, question.sql), sql, result)


def _is_empty(result: Result) -> bool:
    return all(cell is None for row in result.rows for cell in row)


def _duckdb_sql(sql: str, dialect: str, tables: Sequence[TableProfile]) -> str:
    if dialect == "duckdb":
        return sql
    if dialect == "sqlite":
        types = {t.name.lower(): {c.name.lower(): c.kind for c in t.columns} for t in tables}
        return transpile.transpile(sql, types)
    return sqlglot.transpile(sql, read=dialect, write="duckdb")[0]


def _used(sql: str, tables: Sequence[TableProfile]) -> tuple[frozenset[str], frozenset[tuple[str, str]]]:
    """The tables that a statement uses, and (table, column) that it may name."""
    tree = sqlglot.parse_one(sql, dialect="duckdb")
    named = {table.name.lower() for table in tree.find_all(exp.Table)}
    columns = {column.name.lower() for column in tree.find_all(exp.Column)}
    used = [table for table in tables if table.name.lower() in named]
    needed = {(table.name, c.name) for table in used for c in table.columns if c.name.lower() in columns}
    return frozenset(table.name for table in used), frozenset(needed)


def _shown(task: Task, part: spec.Database, tables: Sequence[TableProfile]) -> bool:
    """Whether the context shows all that the readings do: a star also selects the columns left out of the slice."""
    if task.slots[0].name != "details":
        return True
    known = {table.name: len(table.columns) + len(table.empty) for table in tables}
    whole = {table.name.lower() for table in part.tables if len(table.columns) == known[table.name]}
    trees = [sqlglot.parse_one(reading.answer, dialect="duckdb") for reading in task.readings]
    return {table.name.lower() for tree in trees for table in tree.find_all(exp.Table)} <= whole


def _database(
    connection: duckdb.DuckDBPyConnection, path: Path, part: spec.Database, tables: Sequence[TableProfile]
) -> _Database:
    by_name = {table.name: table for table in tables}
    made = []
    for table in part.tables:
        known = by_name[table.name]
        columns = tuple(_column(connection, known, column) for column in table.columns)
        phrase = (known.noun or noun_of(known.name) or slices.FALLBACK)[1]
        made.append(schema.Table(table.name, phrase, columns, known.rows, tuple(_facts(known, table))))
    return _Database(part.name, path, tuple(made), slice=part)


def _column(connection: duckdb.DuckDBPyConnection, table: TableProfile, column: spec.Column) -> schema.Column:
    known = table.column(column.name)
    points: tuple[float, ...] = ()
    if known.role == "measure" and known.numeric:
        (found,) = connection.execute(
            f"SELECT quantile_disc(CAST({quoted(known.name)} AS DOUBLE), {list(_POINTS)}) FROM {quoted(table.name)}"
        ).fetchone()
        points = tuple(found)
    return schema.Column(
        name=column.name,
        type="number" if known.numeric else known.kind.lower(),
        phrase=column.phrase,
        flavour=_flavour(known),
        target=(column.references or "").rpartition(".")[0] or None,
        values=column.values,
        quantiles=points,
    )


def _flavour(column: ColumnProfile) -> str:
    if not column.phrase:
        return schema.OTHER
    flavours: Mapping[str, str] = {"measure": schema.NUMBER, "date": schema.DATE, "category": schema.TEXT}
    if column.role in ("name", "other"):
        return schema.TEXT if column.kind == "VARCHAR" else schema.OTHER
    return flavours.get(column.role, schema.OTHER)


def _facts(known: TableProfile, table: spec.Table) -> list[str]:
    """True sentences about the values; none says how to answer a request."""
    facts = [f"{spec.ident(table.name)} holds {known.rows} rows"]
    for shown in table.columns:
        column = known.column(shown.name)
        if not column.phrase or column.role in ("key", "reference"):
            continue
        said = f"{column.phrase} of {table.singular}"
        if column.filled < known.rows:
            missing = known.rows - column.filled
            facts.append(f"{said} is missing in {missing} row{'s' * (missing != 1)}")
        if column.numeric and column.distinct > 1:
            facts.append(f"{said} lies between {float(column.low):.10g} and {float(column.high):.10g}")
        elif column.kind == "VARCHAR" and column.filled > column.distinct > 4:
            facts.append(f"{said} takes {column.distinct} different values")
    return facts


def _own(task: Task, name: str) -> Task:
    """Spider's task as one of the owner's; its id does not tell the label, since agents see it."""
    from envs_data.own.build import BUILDER, LICENCE

    digest = hashlib.sha256(f"{task.id}:{task.request}".encode()).hexdigest()[:10]
    return dataclasses.replace(
        task,
        id=f"{name}-asked-{digest}",
        database=name,
        group=task.group.partition(":")[2],
        provenance=Provenance("own", LICENCE, BUILDER, task.provenance.pattern, task.provenance.origin),
    )
