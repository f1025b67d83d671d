"""What an agent sees of a task, in parts, and what the parts share."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from act_env.conversation import ASSISTANT, Task

_WORD = re.compile(r"[^\W_]+")
_NOTES = "\nNotes:\n"


def request_of(task: Task) -> str:
    """What was said before, and the request."""
    said = [turn.text for turn in task.history if turn.role != ASSISTANT]
    return "\n".join([*said, task.request])


def schema_of(task: Task) -> str:
    return task.context.partition(_NOTES)[0]


def notes_of(task: Task) -> str:
    return task.context.partition(_NOTES)[2]


def all_of(task: Task) -> str:
    return f"{task.context}\n{request_of(task)}"


PARTS = {"request": request_of, "schema": schema_of, "notes": notes_of, "all": all_of}


def words(text: str) -> list[str]:
    """Its words in lower case, without a plural's s, so that "stores" is "store"."""
    return [word.removesuffix("s") if len(word) > 3 else word for word in _WORD.findall(text.lower().replace("_", " "))]


OVERLAPS = (
    "words of the request",
    "notes",
    "request words in the schema",
    "request words in the notes",
    "times they stand in the notes",
    "notes with one of them",
    "most of them in one note",
    "schema words in the notes",
    "notes with a request word and a schema word",
    "request words in neither",
)


def overlaps(task: Task) -> list[float]:
    """How many words the request shares with the schema and the notes, counted in the ways of OVERLAPS."""
    asked, columns = set(words(request_of(task))), set(words(schema_of(task)))
    notes = [words(note) for note in notes_of(task).split("\n")]
    every = {word for note in notes for word in note}
    shared = [len(asked & set(note)) for note in notes]
    return [
        len(asked),
        len(notes),
        len(asked & columns),
        len(asked & every),
        sum(word in asked for note in notes for word in note),
        sum(count > 0 for count in shared),
        max(shared, default=0),
        len(columns & every),
        sum(bool(asked & set(note)) and bool((columns - asked) & set(note)) for note in notes),
        len(asked - columns - every),
    ]


def overlap_table(tasks: Sequence[Task]) -> np.ndarray:
    """(tasks, overlaps), as float."""
    return np.array([overlaps(task) for task in tasks], dtype=float)
