"""PACIFIC: questions about finance tables, some of which need to be clarified (Deng et al., EMNLP 2022).

A dialogue is about the table and the text of a company's report. Answers are spans of either, lists of them,
counts, and figures worked out, with their scale; they are judged by DROP F1 (``act_env.text.drop``). A turn is a
task, after the gold history of its dialogue; in the scope ``"conversation"`` a dialogue is one.

The source ``"bundled"`` is a sample written for this project; ``"published"`` reads the authors' file, from the
``path`` of the file or its folder. What a request to clarify may mean is known only as far as the dialogue goes on:
there is one reading, and another stands for all the rest. So regret is not known there, and agents that answer
with gold texts (``never-ask``) are right by their source, not by their skill.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping
from pathlib import Path

from act_env.conversation import Provenance
from act_env.registration import PACIFIC
from act_env.tasks import TaskSource
from envs_data import published
from envs_data.pacific.layout import FILES, Dialogue, read_dialogues
from envs_data.pacific.tasks import tasks_of

PARTS = {"train": 130 / 277, "dev": 27 / 277, "test": 120 / 277}
"""The splits' shares of the dialogues of one published file: 130, 27 and 120 of the validation file's 277."""
BUILDER = "pacific 1"


def load(*, split: str = "train", path: str | Path | None = None) -> TaskSource:
    """The bundled sample's tasks of one split. Raises ValueError for another split, or for a ``path``."""
    dialogues, left_out = read_dialogues(published.sample(__name__, split, path))
    return _source("bundled", dialogues.values(), split, Provenance("act-clarify", "Apache-2.0", BUILDER), left_out)


def load_published(*, split: str = "train", path: str | Path | None = None) -> TaskSource:
    """The tasks of one split of the authors' file at ``path`` (or in its folder, or below ``$ACT_DATA_DIR``).

    Splits are by dialogue, in an order by hash. Raises ValueError for another split, DataNotFound, MalformedRecord.
    """
    published.check_split(split)
    dialogues, left_out = read_published(published.find(path, "pacific", FILES))
    splits = published.shares(published.by_hash(dialogues), PARTS)
    chosen = [dialogue for uid, dialogue in dialogues.items() if splits[uid] == split]
    return _source("published", chosen, split, Provenance("PACIFIC", "MIT", BUILDER), left_out)


@functools.lru_cache(maxsize=4)
def read_published(file: Path) -> tuple[dict[str, Dialogue], dict[str, str]]:
    return read_dialogues(file)


def _source(
    name: str, dialogues: Iterable[Dialogue], split: str, provenance: Provenance, left_out: Mapping[str, str]
) -> TaskSource:
    tasks = [task for dialogue in dialogues for task in tasks_of(dialogue, PACIFIC, split, provenance)]
    return published.source(name, published.with_needless(tasks), left_out)
