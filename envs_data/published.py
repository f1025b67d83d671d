"""Reading the data sets that authors published as one JSON list: the file, its records, its splits.

A record that is not as it should be is left out and said by its id; it never takes the file with it.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import Any, TypeVar

from act_env.conversation import Task
from act_env.errors import DataNotFound, MalformedRecord
from act_env.tasks import TaskSource

SPLITS = ("train", "dev", "test")

Record = TypeVar("Record")


def find(path: str | Path | None, folder: str, names: Sequence[str]) -> Path:
    """The file at ``path``, or the first of ``names`` in the folder there; without a path, in ``folder`` below
    ``$ACT_DATA_DIR``. Raises DataNotFound saying what was looked for."""
    if path is None:
        root = os.environ.get("ACT_DATA_DIR")
        if not root:
            raise DataNotFound(f"give path=, the authors' {names[0]} or its folder, or set ACT_DATA_DIR")
        path = Path(root) / folder
    where = Path(path).expanduser()
    for found in (where, *(where / name for name in names), *(where / folder / name for name in names)):
        if found.is_file():
            return found
    raise DataNotFound(f"no data at {str(where)!r}: it should be the authors' file, or a folder with {names[0]}")


def read(
    path: Path, parse: Callable[[Any], Record], id_of: Callable[[Record], str]
) -> tuple[dict[str, Record], dict[str, str]]:
    """The records of a JSON list by id, and for each that was left out, by id, why.

    ``parse`` raises MalformedRecord, or one of KeyError, TypeError, ValueError, AttributeError. Raises MalformedRecord
    where the file is no JSON list at all.
    """
    try:
        forms = json.loads(path.read_text(encoding="utf-8"))
    except (UnicodeDecodeError, ValueError, RecursionError) as error:
        raise MalformedRecord(f"{path.name} is no JSON: {error}") from error
    if not isinstance(forms, list):
        raise MalformedRecord(f"{path.name} should hold a list of records, not {type(forms).__name__}")
    records: dict[str, Record] = {}
    left_out: dict[str, str] = {}
    for number, form in enumerate(forms):
        try:
            record = parse(form)
        except (MalformedRecord, KeyError, TypeError, ValueError, AttributeError) as error:
            why = f"no field {error}" if isinstance(error, KeyError) else str(error)
            left_out[_name(form, number)] = why
            continue
        if id_of(record) in records:
            left_out[f"{id_of(record)} (record {number})"] = "another record has this id"
            continue
        records[id_of(record)] = record
    return records, left_out


def _name(form: Any, number: int) -> str:
    """A malformed record's id, wherever it has one; else its place in the file."""
    if isinstance(form, Mapping):
        table = form.get("table")
        for name in (form.get("id"), table.get("uid") if isinstance(table, Mapping) else None):
            if isinstance(name, str) and name:
                return name
    return f"record {number}"


def text_of(value: Any, what: str, *, empty: bool = False) -> str:
    """A field that must be text; raises MalformedRecord naming it."""
    if not isinstance(value, str) or not (empty or value.strip()):
        raise MalformedRecord(f"{what} should be text, not {value!r:.80}")
    return " ".join(value.split()) if what != "story" else value.strip()


def by_hash(ids: Iterable[str]) -> list[str]:
    """Ids in an order that is theirs alone: neither the file's order nor other ids change it."""
    return sorted(ids, key=lambda name: hashlib.sha256(name.encode("utf-8", "surrogatepass")).digest())


def shares(ids: Sequence[str], parts: Mapping[str, float]) -> dict[str, str]:
    """Each id's split: ``parts`` are the splits' shares, cut from the ids in the order given."""
    splits, start, reached = {}, 0, 0.0
    for split, share in parts.items():
        reached += share
        end = round(reached * len(ids))
        splits |= dict.fromkeys(ids[start:end], split)
        start = end
    return splits


def check_split(split: str) -> None:
    if split not in SPLITS:
        raise ValueError(f"split {split!r} is none of {SPLITS}")


def sample(package: str, split: str, path: str | Path | None = None) -> Path:
    """The file of a package's bundled sample; raises ValueError for another split, or for a ``path``."""
    check_split(split)
    if path is not None:
        raise ValueError(f"the bundled source takes no path, got {str(path)!r}: source='published' does")
    with resources.as_file(resources.files(package)) as folder:
        return folder / "samples" / f"{split}.json"


def with_needless(tasks: Sequence[Task]) -> list[Task]:
    """The tasks, the clear ones with a question that need not be asked there: one that another task of the same
    dialogue asks, else of any. A learner's losing questions are so worded as the winning ones."""
    every = list(dict.fromkeys(task.gold_question for task in tasks if task.gold_question))
    near: dict[str, list[str]] = {}
    for task in tasks:
        if task.gold_question and task.gold_question not in near.setdefault(task.database, []):
            near[task.database].append(task.gold_question)

    def question(task: Task) -> str:
        pool = near.get(task.database) or every
        place = hashlib.sha256(task.id.encode("utf-8", "surrogatepass")).digest()
        return pool[int.from_bytes(place[:8], "big") % len(pool)] if pool else ""

    return [task if task.gold_question else dataclasses.replace(task, gold_question=question(task)) for task in tasks]


def source(name: str, tasks: Iterable[Task], left_out: Mapping[str, str]) -> TaskSource:
    """A task source that warns, once, of records that were left out."""
    if left_out:
        first, why = next(iter(left_out.items()))
        warnings.warn(f"{name}: {len(left_out)} records are left out, first {first!r}: {why}", stacklevel=4)
    return TaskSource.of(name, tasks, left_out=left_out)
