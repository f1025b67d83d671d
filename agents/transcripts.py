"""The conversations that a report shows: which ones, and what of them."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Mapping, Sequence
from typing import Any

from act_env.conversation import Action, Episode, Task

MATCHED = 1.0
"""The plain match from which an episode's answer counts as right in the transcripts."""


@dataclasses.dataclass(frozen=True)
class Transcripts:
    """What the report shows of the conversations: episodes by agent, their tasks, and the two agents
    that stand beside each other at first. At most ``limit`` tasks are shown, those where the two
    differ first, in turns over label and kind."""

    episodes: Mapping[str, Sequence[Episode]]
    tasks: Mapping[str, Task]
    pair: tuple[str, str] | None = None
    limit: int = 60


def _matched(episode: Episode) -> bool:
    return episode.outcome is not None and episode.outcome.match >= MATCHED


def choose(transcripts: Transcripts, pair: tuple[str, str]) -> list[str]:
    """The ids of the tasks to show: those where the pair's outcomes differ first, then in turns over
    (label, kind), in the tasks' own order."""
    first = [_by_task(transcripts.episodes[name]) for name in pair]
    rooms: dict[tuple[bool, str, str], list[str]] = {}
    for task_id, task in transcripts.tasks.items():
        if all(task_id in side for side in first):
            same = _matched(first[0][task_id]) == _matched(first[1][task_id])
            rooms.setdefault((same, task.gold_action.value, task.kind), []).append(task_id)
    chosen: list[str] = []
    for same in (False, True):
        queues = [ids for key, ids in sorted(rooms.items()) if key[0] is same]
        chosen += [i for turn in itertools.zip_longest(*queues) for i in turn if i is not None]
    return chosen[: transcripts.limit]


def _by_task(episodes: Sequence[Episode]) -> dict[str, Episode]:
    """Each task's episode of the lowest seed: for equal seeds, equal intentions."""
    found: dict[str, Episode] = {}
    for episode in sorted(episodes, key=lambda e: e.seed):
        found.setdefault(episode.task_id, episode)
    return found


def view(transcripts: Transcripts | None) -> dict[str, Any]:
    """What the template needs of them; raises ValueError where one of the pair has no episodes."""
    names = [name for name, episodes in transcripts.episodes.items() if episodes] if transcripts else []
    if transcripts is None or not names:
        return {"transcripts": [], "kinds": [], "transcript_agents": [], "pair": ("", ""), "transcripts_note": ""}
    pair = transcripts.pair or (names[0], names[-1])
    if missing := [name for name in pair if name not in names]:
        raise ValueError(f"no episodes of {missing[0]!r} to show; there are those of {names}")
    played = {name: _by_task(transcripts.episodes[name]) for name in names}
    chosen = choose(transcripts, pair)
    items = [
        _item(transcripts.tasks[i], {n: played[n][i] for n in names if i in played[n]}, names, pair) for i in chosen
    ]
    total = len({task_id for name in pair for task_id in played[name]})
    return {
        "transcripts": items,
        "kinds": sorted({item["kind"] for item in items}),
        "transcript_agents": names,
        "pair": pair,
        "transcripts_note": f"{len(items)} of {total} tasks, one seed each; those where {pair[0]} and {pair[1]} differ "
        "come first. Each agent meets the same user, who means the same.",
    }


def _item(task: Task, episodes: Mapping[str, Episode], names: Sequence[str], pair: tuple[str, str]) -> dict[str, Any]:
    episode = episodes[pair[0]]
    start = len(task.history) + 1
    return {
        "task_id": task.id,
        "database": task.database,
        "kind": task.kind,
        "label": "ambiguous" if task.gold_action is Action.CLARIFY else "clear",
        "request": task.request,
        "context": task.context,
        "seed": episode.seed,
        "meaning": task.reading(episode.intention).gloss,
        "readings": [
            {"gloss": r.gloss, "answer": r.answer, "intended": r.id == episode.intention} for r in task.readings
        ],
        "plays": [
            {
                "agent": name,
                "index": names.index(name),
                "shown": name in pair,
                "matched": _matched(played),
                "behaviour": played.outcome.behaviour.value if played.outcome else "unfinished",
                "error": played.outcome.error if played.outcome else None,
                "turns": played.turns[start if _opens_with_request(played, task) else 0 :],
            }
            for name, played in sorted(episodes.items(), key=lambda e: (e[0] not in pair, e[0] != pair[0]))
        ],
    }


def _opens_with_request(episode: Episode, task: Task) -> bool:
    """Whether the recorded turns begin with the task's history and request, shown once above."""
    start = len(task.history)
    return len(episode.turns) > start and episode.turns[start].text == task.request
