"""The manifest beside a corpus' task files: its version, and each split's counts and hashes, so that loading it need
not hash every task again."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from act_env.conversation import Task, content_hash
from act_env.errors import DataNotFound, MalformedRecord

NAME = "manifest.json"


@dataclasses.dataclass(frozen=True)
class Part:
    """One split: ``content_hash`` is over the tasks' canonical JSON, ``sha256`` over the file's bytes."""

    tasks: int
    content_hash: str
    sha256: str


@dataclasses.dataclass(frozen=True)
class Manifest:
    builder: str
    licence: str
    splits: Mapping[str, Part]


def sha256_of(path: Path) -> str:
    """sha256 (hex) of a file's bytes; raises DataNotFound."""
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except FileNotFoundError as error:
        raise DataNotFound(f"no task file at {str(path)!r}") from error


def write_manifest(folder: Path, builder: str, licence: str, splits: Mapping[str, tuple[Path, Sequence[Task]]]) -> Path:
    """Writes the manifest of task files that are there already."""
    parts = {split: Part(len(tasks), content_hash(tasks), sha256_of(path)) for split, (path, tasks) in splits.items()}
    path = folder / NAME
    text = json.dumps(dataclasses.asdict(Manifest(builder, licence, parts)), indent=1, sort_keys=True)
    path.write_text(text + "\n", encoding="utf-8", newline="\n")
    return path


def read_manifest(folder: Path) -> Manifest:
    """Raises DataNotFound where there is none, MalformedRecord where it is not as written."""
    path = folder / NAME
    if not path.is_file():
        raise DataNotFound(f"no {NAME} in {str(folder)!r}")
    try:
        form = json.loads(path.read_text(encoding="utf-8"))
        splits = {split: Part(**part) for split, part in form["splits"].items()}
        return Manifest(form["builder"], form["licence"], splits)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise MalformedRecord(f"{NAME}: {type(error).__name__}: {error}") from error
