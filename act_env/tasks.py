"""A source of tasks, and its JSON Lines form."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from act_env.conversation import Task, canonical_json, content_hash, task_from_json
from act_env.errors import DataNotFound, MalformedRecord


@dataclasses.dataclass(frozen=True)
class TaskSource:
    """What a loader returns: the tasks of one split, and where their databases are.

    ``database`` gives the path of a task's DuckDB file and builds the file on its first use; it is
    None for sources that execute no SQL. ``content_hash`` is over the tasks' canonical JSON.
    """

    id: str
    tasks: tuple[Task, ...]
    content_hash: str
    database: Callable[[str], Path] | None = None

    @classmethod
    def of(
        cls,
        id: str,
        tasks: Iterable[Task],
        database: Callable[[str], Path] | None = None,
        *,
        hash: str | None = None,
    ) -> TaskSource:
        """``hash`` is the tasks' content hash where it is known already; else it is computed."""
        tasks = tuple(tasks)
        return cls(id, tasks, content_hash(tasks) if hash is None else hash, database)

    def __deepcopy__(self, memo: dict[int, Any]) -> TaskSource:
        """Itself, since it is frozen: Gymnasium copies the arguments of an environment often."""
        return self


def read_tasks(path: Path) -> Iterator[Task]:
    """The tasks of a JSON Lines file; raises DataNotFound, or MalformedRecord with the line's number."""
    if not path.is_file():
        raise DataNotFound(f"no task file at {str(path)!r}")
    with path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            try:
                form = json.loads(line)
            except json.JSONDecodeError as error:
                raise MalformedRecord(f"{path.name}, line {number}: {error}") from error
            yield task_from_json(form)


def write_tasks(path: Path, tasks: Iterable[Task]) -> None:
    """One canonical JSON object a line: building twice gives the same bytes."""
    with path.open("w", encoding="utf-8", newline="\n") as lines:
        for task in tasks:
            lines.write(canonical_json(task) + "\n")
