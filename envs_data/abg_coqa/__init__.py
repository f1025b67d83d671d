"""Abg-CoQA: questions about stories, some of which are ambiguous (Guo et al., AKBC 2021).

A record is a question about a passage after a few turns of a conversation, and a task. An ambiguous one has a
clarifying question; the replies to it are its readings, each with answers of its own, and the seed draws which one
the user means. Answers are judged by token F1 (``act_env.text.tokens``). A record with a single reply counts as
ambiguous, its other reading not known.

The source ``"bundled"`` is a sample written for this project; ``"published"`` reads the authors' file, from the
``path`` of the file or its folder.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping
from pathlib import Path

from act_env.conversation import Provenance, Task
from act_env.registration import ABG_COQA
from act_env.tasks import TaskSource
from envs_data import published
from envs_data.abg_coqa.layout import FILES, Record, read_records
from envs_data.abg_coqa.tasks import task_of

PARTS = {"train": 0.5, "dev": 0.1, "test": 0.4}
"""The splits' shares of the stories of one published file."""
BUILDER = "abg-coqa 1"


def load(*, split: str = "train", path: str | Path | None = None) -> TaskSource:
    """The bundled sample's tasks of one split. Raises ValueError for another split, or for a ``path``."""
    records, left_out = read_records(published.sample(__name__, split, path))
    return _source("bundled", records.values(), split, Provenance("act-clarify", "Apache-2.0", BUILDER), left_out)


def load_published(*, split: str = "train", path: str | Path | None = None) -> TaskSource:
    """The tasks of one split of the authors' file at ``path`` (or in its folder, or below ``$ACT_DATA_DIR``).

    Splits are by story; those with an ambiguous question and those without are dealt out apart, so that each split
    has the file's own ratio of labels. Raises ValueError for another split, DataNotFound, MalformedRecord.
    """
    published.check_split(split)
    records, left_out = read_published(published.find(path, "abg_coqa", FILES))
    splits = split_stories(records.values())
    chosen = [record for record in records.values() if splits[record.story_id] == split]
    return _source("published", chosen, split, Provenance("Abg-CoQA", "MIT", BUILDER), left_out)


def split_stories(records: Iterable[Record]) -> dict[str, str]:
    """Each story's split."""
    ambiguous: dict[str, bool] = {}
    for record in records:
        ambiguous[record.story_id] = ambiguous.get(record.story_id, False) or bool(record.meanings)
    splits = {}
    for label in (True, False):
        splits |= published.shares(published.by_hash(s for s, found in ambiguous.items() if found is label), PARTS)
    return splits


@functools.lru_cache(maxsize=4)
def read_published(file: Path) -> tuple[dict[str, Record], dict[str, str]]:
    return read_records(file)


def _source(
    name: str, records: Iterable[Record], split: str, provenance: Provenance, left_out: Mapping[str, str]
) -> TaskSource:
    tasks: list[Task] = []
    left_out = dict(left_out)
    for record in records:
        try:
            tasks.append(task_of(record, ABG_COQA, split, provenance))
        except ValueError as error:
            left_out[record.id] = str(error)
    return published.source(name, tasks, left_out)
