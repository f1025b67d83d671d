"""The folder that a build writes, and reading it back.

build.json          what was built of what, by which version, with counts and hashes; written last
database.duckdb     the copy that the tasks are about
tasks_<split>.jsonl the tasks
report.html         what was found, with samples
README.md           the data set's card
"""

from __future__ import annotations

import contextlib
import functools
import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from act_env.conversation import content_hash
from act_env.errors import ActClarifyError, DataNotFound, MalformedRecord
from act_env.tasks import TaskSource, read_tasks
from envs_data.ambigsql.spec import SPLITS

MARK = "act-clarify build"
VERSION = "1"
"""Of what the builder makes of the same source; a folder of another version must be built again."""
BUILD, DATABASE, REPORT, CARD = "build.json", "database.duckdb", "report.html", "README.md"


class FolderTaken(ActClarifyError, FileExistsError):
    """The folder to write to holds something else."""


def tasks_file(split: str) -> str:
    return f"tasks_{split}.jsonl"


FILES = (DATABASE, *map(tasks_file, SPLITS), REPORT, CARD, BUILD)


def is_build(folder: str | os.PathLike[str]) -> bool:
    """Whether a folder holds a build of this project, of any version."""
    try:
        return _read(Path(folder)).get("made_by") == MARK
    except ActClarifyError:
        return False


def check_free(folder: Path, force: bool) -> None:
    """Raises FolderTaken unless the folder is absent, empty, or a build; with ``force`` it may be any folder."""
    if not folder.exists() or is_build(folder):
        return
    if not folder.is_dir():
        raise FolderTaken(f"{str(folder)!r} is a file: name a folder to write to")
    if any(folder.iterdir()) and not force:
        raise FolderTaken(
            f"{str(folder)!r} holds something else than a build: name another folder, or give --force to write into it"
        )


@contextlib.contextmanager
def written(folder: Path) -> Iterator[Path]:
    """A folder to write a build's files to, which are moved to ``folder`` at the end, or nothing is.

    Other files in ``folder`` stay as they are. Raises DataNotFound where nothing can be written.
    """
    above = next(parent for parent in folder.absolute().parents if parent.exists())
    try:
        scratch = Path(tempfile.mkdtemp(prefix=".act-clarify-", dir=above))
    except OSError as error:
        raise DataNotFound(f"cannot write beside {str(folder)!r}: {error.strerror}") from error
    try:
        yield scratch
        folder.mkdir(parents=True, exist_ok=True)
        # Without build.json a folder is no build: it goes first and comes last.
        (folder / BUILD).unlink(missing_ok=True)
        for name in FILES:
            os.replace(scratch / name, folder / name)
    except ActClarifyError:
        raise
    except OSError as error:
        raise DataNotFound(f"cannot write to {str(folder)!r}: {error}") from error
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _read(folder: Path) -> Mapping[str, Any]:
    path = folder / BUILD
    if not path.is_file():
        raise DataNotFound(f"{str(folder)!r} is no folder made by act-clarify build: it has no {BUILD}")
    try:
        form = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise MalformedRecord(f"{BUILD} of {folder.name!r} cannot be read: {error}") from error
    if not isinstance(form, dict):
        raise MalformedRecord(f"{BUILD} of {folder.name!r} should hold an object, not a {type(form).__name__}")
    return form


def load(folder: Path, split: str) -> TaskSource:
    """One split of a build; raises DataNotFound, or MalformedRecord where the folder is not as it was built."""
    form = _read(folder)
    if form.get("made_by") != MARK or form.get("version") != VERSION:
        raise MalformedRecord(
            f"{folder.name!r} was built by {form.get('made_by')!r}, version {form.get('version')!r}; "
            f"version {VERSION!r} is right: build it again"
        )
    tasks = tuple(read_tasks(folder / tasks_file(split)))
    try:
        name, expected = str(form["name"]), form["splits"][split]["content_hash"]
    except (KeyError, TypeError) as error:
        raise MalformedRecord(f"{BUILD} of {folder.name!r} lacks {error}: build it again") from error
    if content_hash(tasks) != expected:
        raise MalformedRecord(f"{tasks_file(split)} of {folder.name!r} is not what was built: build it again")
    return TaskSource.of(f"own-{name}", tasks, functools.partial(database_file, str(folder.absolute())))


def database_file(folder: str, database: str) -> Path:
    """The DuckDB file of a build; all its tasks share one. Raises DataNotFound."""
    path = Path(folder) / DATABASE
    if not path.is_file():
        raise DataNotFound(f"no {DATABASE} in {folder!r}: build it again")
    return path
