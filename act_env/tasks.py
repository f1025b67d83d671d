"""A source of tasks, and its JSON Lines form."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from act_env.conversation import Task, canonical_json, content_hash, task_from_json
from act_env.errors import DataNotFound, MalformedRecord


@dataclasses.dataclass(frozen=True)
class TaskSource:
    """What a loader returns: the tasks of one split, and where their databases are.

    ``database`` gives the path of a task's DuckDB file and builds the file on its first use; it is
    None for sources that execute no SQL. ``content_hash`` is over the tasks' canonical JSON. ``left_out`` says, by
    id, why a record of the source's data is none of its tasks.
    """

    id: str
    tasks: tuple[Task, ...]
    content_hash: str
    database: Callable[[str], Path] | None = None
    left_out: Mapping[str, str] = dataclasses.field(default_factory=dict)

    @classmethod
    def of(
        cls,
        id: str,
        tasks: Iterable[Task],
        database: Callable[[str], Path] | None = None,
        *,
        hash: str | None = None,
        left_out: Mapping[str, str] | None = None,
    ) -> TaskSource:
        """``hash`` is the tasks' content hash where it is known already; else it is computed."""
        tasks = tuple(tasks)
        return cls(id, tasks, content_hash(tasks) if hash is None else hash, database, dict(left_out or {}))

    def conversations(self) -> list[tuple[Task, ...]]:
        """The tasks, those that are turns of one dialogue together and in order."""
        held: dict[str, list[Task]] = {}
        for task in self.tasks:
            held.setdefault(task.conversation or task.id, []).append(task)
        return [tuple(turns) for turns in held.values()]

    def __deepcopy__(self, memo: dict[int, Any]) -> TaskSource:
        """Itself, since it is frozen: Gymnasium copies the arguments of an environment often."""
        return self


def whole(source: TaskSource) -> TaskSource:
    """The conversations of a source as one task each, which serves the requests of its turns in order.

    A turn that only answers a gold clarifying question is no request: it is the user's reply where the agent asked.
    The whole of a conversation has the fields of its first turn, but its own id, and no history before it. A source
    of whole conversations is returned as it is.
    """
    if any(task.parts for task in source.tasks):
        return source
    tasks = []
    for turns in source.conversations():
        parts = tuple(task for task in turns if not task.replies_to_question)
        name = turns[0].conversation or turns[0].id
        tasks.append(dataclasses.replace(parts[0], id=name, history=(), parts=parts))
    return dataclasses.replace(source, tasks=tuple(tasks))


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
