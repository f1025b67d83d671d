"""Spider's published layout: question files, ``tables.json``, one SQLite file a database.

One record of ``dev.json`` (further fields, such as the parsed ``sql``, are not read)::

    {"db_id": "concert_singer", "question": "How many singers do we have?", "query": "SELECT count(*) FROM singer"}
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from act_env.errors import DataNotFound, MalformedRecord

QUESTION_FILES = ("train_spider.json", "dev.json")
SPLITS = ("train", "dev", "test")
DEV_SHARE = 0.15
"""Share of the databases of ``train_spider.json`` that make the dev split."""

_DATABASE_ID = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}")


@dataclasses.dataclass(frozen=True)
class Question:
    """One person's question with its gold SQL (SQLite dialect); ``origin`` is ``file#index``."""

    origin: str
    database: str
    text: str
    query: str


@dataclasses.dataclass(frozen=True)
class Problem:
    """What could not be read, and why: a record (``file#index``) or a database (its id)."""

    where: str
    why: str


@dataclasses.dataclass(frozen=True)
class Dictionary:
    """What tables.json says of one database, names in lower case: which table a column refers to, and the
    words people use for tables and columns."""

    references: Mapping[tuple[str, str], str] = dataclasses.field(default_factory=dict)
    tables: Mapping[str, str] = dataclasses.field(default_factory=dict)
    columns: Mapping[tuple[str, str], str] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True)
class Layout:
    """What lies under ``root``: the questions of both files, tables.json, the problems met."""

    root: Path
    questions: tuple[Question, ...]
    dictionaries: Mapping[str, Dictionary]
    problems: tuple[Problem, ...]
    test_databases: frozenset[str]

    def sqlite_path(self, database: str) -> Path:
        return sqlite_path(self.root, database)

    def split_of(self, database: str) -> str:
        """test for the databases of dev.json; of the others a fixed share, by hash of the id, is dev."""
        if database in self.test_databases:
            return "test"
        point = int.from_bytes(hashlib.sha256(f"spider/{database}".encode()).digest()[:8], "big") / 2**64
        return "dev" if point < DEV_SHARE else "train"

    def of_split(self, split: str) -> tuple[Question, ...]:
        if split not in SPLITS:
            raise ValueError(f"no split {split!r}; there are {', '.join(SPLITS)}")
        return tuple(question for question in self.questions if self.split_of(question.database) == split)


def sqlite_path(root: Path, database: str) -> Path:
    """Where a database's SQLite file should be under Spider's folder; raises MalformedRecord for a strange id."""
    if not _DATABASE_ID.fullmatch(database):
        raise MalformedRecord(f"database id {database!r} is not a plain name of letters, digits, '_', '.', '-'")
    return root / "database" / database / f"{database}.sqlite"


def find_root(path: str | Path | None) -> Path:
    """The folder given, or ``$ACT_DATA_DIR/spider``; raises DataNotFound, which says what should be there."""
    if path is None:
        base = os.environ.get("ACT_DATA_DIR")
        if not base:
            raise DataNotFound(
                "Spider needs a path: pass path=, or set ACT_DATA_DIR to the folder that holds spider/ "
                "(train_spider.json, dev.json, tables.json, database/<db_id>/<db_id>.sqlite)"
            )
        path = Path(base) / "spider"
    root = Path(path).expanduser()
    if not (root / "database").is_dir() or not any((root / name).is_file() for name in QUESTION_FILES):
        raise DataNotFound(
            f"{str(root)!r} is not Spider's layout: it should hold database/ and {' or '.join(QUESTION_FILES)}"
        )
    return root


def read_layout(path: str | Path | None = None) -> Layout:
    """Both question files and tables.json. A malformed record is a Problem, a malformed file is an error."""
    root = find_root(path)
    questions: list[Question] = []
    problems: list[Problem] = []
    test: set[str] = set()
    for name in QUESTION_FILES:
        if not (root / name).is_file():
            problems.append(Problem(name, "no such file"))
            continue
        for index, record in enumerate(_records(root / name)):
            question = _question(f"{name}#{index}", record)
            if isinstance(question, Problem):
                problems.append(question)
                continue
            questions.append(question)
            if name == "dev.json":
                test.add(question.database)
    dictionaries = _dictionaries(root / "tables.json", problems)
    return Layout(root, tuple(questions), dictionaries, tuple(problems), frozenset(test))


def _records(path: Path) -> list[Any]:
    try:
        records = json.loads(path.read_text(encoding="utf-8"))
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise MalformedRecord(f"{path.name} is not JSON: {error}") from error
    if not isinstance(records, list):
        raise MalformedRecord(f"{path.name} should hold a list of records, not a {type(records).__name__}")
    return records


def _question(origin: str, record: Any) -> Question | Problem:
    if not isinstance(record, dict):
        return Problem(origin, f"a record should be an object, not a {type(record).__name__}")
    for field in ("db_id", "question", "query"):
        if not isinstance(record.get(field), str) or not record[field].strip():
            return Problem(origin, f"field {field!r} should be a non-empty text, not {record.get(field)!r:.60}")
    if not _DATABASE_ID.fullmatch(record["db_id"]):
        return Problem(origin, f"database id {record['db_id']!r:.60} is not a plain name")
    return Question(origin, record["db_id"], " ".join(record["question"].split()), record["query"].strip())


def _dictionaries(path: Path, problems: list[Problem]) -> dict[str, Dictionary]:
    """Words and keys by database. They serve the context's text, so a bad record costs only its own database's."""
    if not path.is_file():
        problems.append(Problem(path.name, "no such file"))
        return {}
    found = {}
    for index, record in enumerate(_records(path)):
        try:
            tables = [name.lower() for name in record["table_names_original"]]
            columns = [(tables[t], name.lower()) for t, name in record["column_names_original"] if t >= 0]
            star = len(record["column_names_original"]) - len(columns)
            found[record["db_id"]] = Dictionary(
                {columns[a - star]: columns[b - star][0] for a, b in record["foreign_keys"]},
                {table: _phrase(words) for table, words in zip(tables, record["table_names"], strict=True)},
                {
                    column: _phrase(words)
                    for column, (_, words) in zip(columns, record["column_names"][star:], strict=True)
                },
            )
        except (AttributeError, KeyError, IndexError, TypeError, ValueError) as error:
            problems.append(Problem(f"{path.name}#{index}", f"{type(error).__name__}: {error}"))
    return found


def _phrase(words: object) -> str:
    """A name in people's words, on one line: it ends up in notes."""
    return " ".join("".join(c if c.isprintable() else " " for c in str(words)).lower().split())[:60]


def content_key(layout: Layout, databases: Iterable[str], *stamps: str) -> str:
    """sha256 (hex) over the questions and SQLite files of some databases, and what else a result hangs on."""
    digest = hashlib.sha256("\0".join(stamps).encode())
    for question in layout.questions:
        digest.update(repr(dataclasses.astuple(question)).encode("utf-8", "surrogatepass"))
    for database in sorted(set(databases)):
        digest.update(f"{database}\0{file_hash(layout.sqlite_path(database))}\0".encode())
        digest.update(repr(layout.dictionaries.get(database)).encode("utf-8", "surrogatepass"))
    return digest.hexdigest()


def file_hash(path: Path) -> str:
    """sha256 (hex) of a file's bytes; empty where there is no file."""
    if not path.is_file():
        return ""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
