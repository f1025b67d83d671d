"""Your own database: ``act-clarify build PATH`` makes a folder of tasks, ``load`` reads it.

``gym.make("ActClarify-AmbigSQL-v0", source="own", path="FOLDER")``, or ``source="FOLDER"`` alone, plays them.
"""

from __future__ import annotations

from pathlib import Path

from act_env.errors import DataNotFound
from act_env.tasks import TaskSource


def load(*, split: str = "train", path: str | Path | None = None) -> TaskSource:
    """The tasks of one split of a folder that ``act-clarify build`` made.

    Raises ValueError for another split, DataNotFound where there is no such folder, MalformedRecord where it
    was changed since, or made by another version.
    """
    from envs_data.ambigsql.spec import SPLITS
    from envs_data.own import store

    if split not in SPLITS:
        raise ValueError(f"split {split!r} is none of {SPLITS}")
    if path is None:
        raise DataNotFound("the source 'own' needs a path: the folder that `act-clarify build` made")
    return store.load(Path(path), split)
