"""The cache of what a split gave: one folder per content and builder version, written whole or not at all."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import json
import os
import shutil
import tempfile
from collections import Counter
from importlib import metadata
from pathlib import Path
from typing import Any

from act_env.conversation import Result, Task, canonical_json, decode_value
from act_env.tasks import read_tasks, write_tasks
from envs_data.duck import cache_dir
from envs_data.spider.layout import Layout, Problem, Question, content_key
from envs_data.spider.sqlite_to_duck import make_folder

VERSION = "3"
"""Of what the builder makes from the same data: part of the cache's key and of every task's provenance."""

AGREES, ONLY_TIES, DIFFERS = "agree", "differ only in ties at a cut", "differ or fail"
"""How SQLite and DuckDB answer one question's gold SQL, whatever becomes of the question."""

TASKS, KEPT, REPORT = "tasks.jsonl", "kept.jsonl", "report.json"


@dataclasses.dataclass(frozen=True)
class Kept:
    """A question, its SQL in DuckDB's dialect, and that SQL's result with ranks where it orders."""

    question: Question
    sql: str
    result: Result


@dataclasses.dataclass(frozen=True)
class Rejected:
    """A question that is not kept, by its origin (``file#index``); ``agreement`` is AGREES, ONLY_TIES or DIFFERS."""

    origin: str
    reason: str
    detail: str = ""
    agreement: str = DIFFERS


@dataclasses.dataclass(frozen=True)
class Report:
    """What became of a split's questions: how many were kept, which were not and why, which drafts of tasks
    were dropped, by reason, and what could not be read at all. ``agreement`` counts, for each of Spider's files,
    on how many of its questions of this split SQLite and DuckDB agree; those kept do."""

    split: str
    kept: int
    rejected: tuple[Rejected, ...]
    dropped: dict[str, int]
    problems: tuple[Problem, ...]
    agreement: dict[str, dict[str, int]] = dataclasses.field(default_factory=dict)

    def reasons(self) -> Counter:
        return Counter(item.reason for item in self.rejected)


def folder_of(layout: Layout, split: str) -> Path:
    """Where a split's result is or will be kept: other content, another builder or engine is another folder."""
    databases = {question.database for question in layout.of_split(split)}
    stamps = [VERSION, _code(), split, *(f"{name} {metadata.version(name)}" for name in ("duckdb", "sqlglot"))]
    return cache_dir() / "spider" / "tasks" / f"{split}-{content_key(layout, databases, *stamps)[:24]}"


@functools.cache
def _code() -> str:
    """A hash of this package's own text, so that a changed rule or wording never meets an older result."""
    home = Path(__file__).parent
    files = [path for path in home.rglob("*") if path.suffix in (".py", ".toml")]
    digest = hashlib.sha256()
    for path in sorted(files):
        digest.update(path.relative_to(home).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def write(folder: Path, tasks: tuple[Task, ...], kept: tuple[Kept, ...], report: Report) -> None:
    """Three files, moved into place together; where another process was faster, its files stay."""
    make_folder(folder.parent)
    draft = Path(tempfile.mkdtemp(dir=folder.parent, prefix=".partial-"))
    try:
        write_tasks(draft / TASKS, tasks)
        with (draft / KEPT).open("w", encoding="utf-8", newline="\n") as lines:
            lines.writelines(canonical_json(item) + "\n" for item in kept)
        (draft / REPORT).write_text(canonical_json(report) + "\n", encoding="utf-8")
        try:
            os.rename(draft, folder)
        except OSError:
            if not (folder / REPORT).is_file():
                raise
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def tasks(folder: Path) -> tuple[Task, ...]:
    return tuple(read_tasks(folder / TASKS))


def report(folder: Path) -> Report:
    form = json.loads((folder / REPORT).read_text(encoding="utf-8"))
    form["rejected"] = tuple(Rejected(**item) for item in form["rejected"])
    form["problems"] = tuple(Problem(**item) for item in form["problems"])
    return Report(**form)


def kept(folder: Path) -> tuple[Kept, ...]:
    with (folder / KEPT).open(encoding="utf-8") as lines:
        return tuple(_kept(json.loads(line)) for line in lines)


def _kept(form: dict[str, Any]) -> Kept:
    result = form["result"]
    rows = tuple(tuple(map(decode_value, row)) for row in result["rows"])
    ranks = None if result.get("ranks") is None else tuple(result["ranks"])
    return Kept(Question(**form["question"]), form["sql"], Result(tuple(result["columns"]), rows, ranks))
