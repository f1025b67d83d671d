"""Splits within one database: by request group, so that twins and paraphrases with the same SQL stay together."""

from __future__ import annotations

import dataclasses
import hashlib
from collections import Counter
from collections.abc import Sequence

from act_env.conversation import Task
from envs_data.ambigsql.spec import SPLITS

SHARES = {"train": 0.6, "dev": 0.2, "test": 0.2}


def split(tasks: Sequence[Task]) -> list[Task]:
    """The tasks with their splits: each group goes where its kind, and the whole, lack the most tasks.

    Groups come in an order that only hashes determine. Every split has a group where there are three.
    """
    sizes = Counter(task.group for task in tasks)
    kinds = {task.group: task.kind for task in reversed(tasks)}
    of_kind = Counter(task.kind for task in tasks)
    placed: dict[str, str] = {}
    filled: Counter = Counter()
    for group in sorted(sizes, key=lambda group: hashlib.sha256(group.encode()).digest()):
        kind = kinds[group]

        def lacking(name: str, kind: str = kind) -> float:
            share = SHARES[name]
            return share * (of_kind[kind] + len(tasks)) - filled[name, kind] - filled[name]

        place = max(SPLITS, key=lacking)
        placed[group] = place
        filled.update({(place, kind): sizes[group], place: sizes[group]})
    _fill(placed, sizes)
    return [dataclasses.replace(task, split=placed[task.group]) for task in tasks]


def _fill(placed: dict[str, str], sizes: Counter) -> None:
    """Gives a split without a group the smallest one of the split that has the most."""
    for name in SPLITS:
        if name in placed.values():
            continue
        held = Counter(placed.values())
        richest = max(SPLITS, key=lambda other: held[other])
        if held[richest] > 1:
            placed[min((g for g in placed if placed[g] == richest), key=lambda g: (sizes[g], g))] = name
