"""AmbigSQL over the bundled databases: a reconstruction, since the paper's corpus was never released."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

from act_env.errors import MalformedRecord
from act_env.tasks import TaskSource, read_tasks
from envs_data.manifest import read_manifest, sha256_of


def load(*, split: str = "train", path: str | Path | None = None) -> TaskSource:
    """The bundled tasks of one split ("train", "dev" or "test"); their databases are built on first use.

    Raises ValueError for another split, or for a ``path``: bundled tasks have none; MalformedRecord where the
    file of tasks is not the one that was built.
    """
    from envs_data.ambigsql.spec import SPLITS
    from envs_data.duck import database_path

    if path is not None:
        raise ValueError(f"the bundled source takes no path, got {str(path)!r}")
    if split not in SPLITS:
        raise ValueError(f"split {split!r} is none of {SPLITS}")
    with resources.as_file(resources.files(__name__)) as folder:
        file, part = folder / f"tasks_{split}.jsonl", read_manifest(folder).splits[split]
        if sha256_of(file) != part.sha256:
            raise MalformedRecord(f"{file.name} is not the file that its manifest speaks of: install the package anew")
        return TaskSource.of("bundled", read_tasks(file), database_path, hash=part.content_hash)
