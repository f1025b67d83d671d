"""A run on disk: ``run.json`` says what was played, ``episodes.jsonl`` holds one episode a line.

Lines are appended whole and synced before the next batch is played, so that a run that was interrupted,
by Ctrl-C or by a power cut, goes on where it stopped. ``run.json``::

    {"format": 1,
     "identity": {"environment", "source", "split", "content_hash", "user", "scope", "reward", "clarify_cost",
                  "max_rounds", "epsilon", "classifier", "grader", "forced_question", "agent": {"name", "facts"},
                  "user_facts"},               # of a user that has facts
     "loader": {"source", "path"},          # what act_env.load_source needs; source is null if given as an object
     "seeds": [...], "tasks": [...],        # every task id played, or to be played, in order
     "left_out": [...],                     # task ids that do not fit the agent
     "finished": true,                      # false as long as an episode is to be played again
     "usage": {"agent": {...}, "user": {...}},   # of those that count what they use (agents.chat.usage)
     "stamp": {"version", "git_commit", "device", "cpu", "python", "command", "started", "seconds"}}

Runs whose identities differ are never mixed in one folder.
"""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from act_env.conversation import Episode, episode_from_json, to_json
from act_env.errors import ActClarifyError, DataNotFound, MalformedRecord
from agents.failures import comes_again

RUN, EPISODES = "run.json", "episodes.jsonl"
FORMAT = 1


class RunMismatch(ActClarifyError, ValueError):
    """A folder holds another run than the one asked for; the message names each difference."""


@dataclasses.dataclass(frozen=True)
class Run:
    """A run as read back: its facts (``run.json``) and its episodes by task and seed."""

    folder: Path
    facts: Mapping[str, Any]
    episodes: tuple[Episode, ...]

    @property
    def name(self) -> str:
        """The agent's name."""
        return self.facts["identity"]["agent"]["name"]

    @property
    def finished(self) -> bool:
        return bool(self.facts.get("finished"))


def differences(ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> list[str]:
    """What differs between two identities, as ``key: theirs here, ours asked for``."""
    return [
        f"{key}: {theirs.get(key)!r} there, {ours.get(key)!r} asked for"
        for key in sorted({*ours, *theirs})
        if ours.get(key) != theirs.get(key)
    ]


def _dump(value: Any, **layout: Any) -> str:
    # ASCII only: model output may hold lone surrogates, which UTF-8 cannot carry.
    return json.dumps(value, sort_keys=True, ensure_ascii=True, **layout)


def write_json(path: Path, value: Any) -> None:
    """A JSON file, there whole or not at all."""
    draft = path.with_name(path.name + ".new")
    with draft.open("w", encoding="ascii", newline="\n") as file:
        file.write(_dump(value, indent=1) + "\n")
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def read_facts(folder: Path) -> dict[str, Any]:
    """A folder's ``run.json``; raises DataNotFound or MalformedRecord."""
    path = Path(folder) / RUN
    if not path.is_file():
        raise DataNotFound(f"no run at {str(folder)!r}: it has no {RUN}")
    try:
        facts = json.loads(path.read_text(encoding="utf-8"))
        if facts["format"] != FORMAT:
            raise MalformedRecord(f"{path}: format {facts['format']!r}, this version reads {FORMAT}")
        if not isinstance(facts["identity"]["agent"]["name"], str):
            raise MalformedRecord(f"{path}: the agent's name is not a string")
        return facts
    except (json.JSONDecodeError, KeyError, TypeError) as error:
        raise MalformedRecord(f"{path}: {type(error).__name__}: {error}") from error


def _episodes(path: Path) -> Iterator[Episode]:
    if not path.exists():
        return
    with path.open(encoding="utf-8", newline="\n") as lines:
        for number, line in enumerate(lines, 1):
            if not line.endswith("\n"):
                return  # cut off while it was written: that episode is played again
            try:
                form = json.loads(line)
            except json.JSONDecodeError as error:
                raise MalformedRecord(f"{path}, line {number}: {error}") from error
            yield episode_from_json(form)


def read_run(folder: Path | str) -> Run:
    """A run's facts and episodes, sorted by seed and by the order of its tasks; the first line of a task and seed
    counts that is not to be played again, else the last. Raises DataNotFound or MalformedRecord."""
    folder = Path(folder)
    facts = read_facts(folder)
    place = {task_id: index for index, task_id in enumerate(facts.get("tasks", ()))}
    kept: dict[tuple[str, int], Episode] = {}
    for episode in _episodes(folder / EPISODES):
        key = episode.task_id, episode.seed
        if key not in kept or comes_again(kept[key]):
            kept[key] = episode
    order = sorted(kept.values(), key=lambda e: (e.seed, place.get(e.task_id, len(place)), e.task_id))
    return Run(folder, facts, tuple(order))


def list_runs(root: Path | str) -> list[Run]:
    """Every readable run at or below ``root``, by folder. A folder whose run cannot be read raises."""
    root = Path(root)
    if not root.is_dir():
        raise DataNotFound(f"no folder {str(root)!r}")
    return [read_run(path.parent) for path in sorted(root.rglob(RUN))]


def _line(episode: Episode) -> str:
    return _dump(to_json(episode), separators=(",", ":")) + "\n"


def write_episodes(folder: Path, episodes: Iterable[Episode]) -> None:
    """Replaces a run's episodes, all or none."""
    draft = folder / (EPISODES + ".new")
    with draft.open("w", encoding="ascii", newline="\n") as file:
        file.writelines(map(_line, episodes))
        file.flush()
        os.fsync(file.fileno())
    draft.replace(folder / EPISODES)


class RunLog:
    """Writes a run, or goes on with one: ``done`` holds the (task id, seed) pairs already played.

    Raises RunMismatch where the folder holds a run of another identity.
    """

    def __init__(self, folder: Path | str, facts: Mapping[str, Any]):
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.facts = dict(facts) | {"format": FORMAT, "finished": False}
        self.episodes: tuple[Episode, ...] = ()
        if (self.folder / RUN).exists():
            self._join(read_run(self.folder))
        elif (self.folder / EPISODES).exists():
            raise RunMismatch(f"{str(self.folder)!r} holds {EPISODES} without {RUN}: give another folder")
        write_json(self.folder / RUN, self.facts)
        self._file = (self.folder / EPISODES).open("ab")
        self._drop_cut_line()

    def _join(self, earlier: Run) -> None:
        if found := differences(self.facts["identity"], earlier.facts["identity"]):
            raise RunMismatch(f"{str(self.folder)!r} holds another run ({'; '.join(found)}): give another folder")
        for key in ("seeds", "tasks", "left_out"):
            self.facts[key] = list(dict.fromkeys([*earlier.facts.get(key, ()), *self.facts.get(key, ())]))
        self.facts["stamp"] = dict(self.facts["stamp"])
        self.facts["stamp"]["started"] = earlier.facts["stamp"].get("started")
        self.facts["stamp"]["seconds"] = earlier.facts["stamp"].get("seconds", 0.0)
        if "usage" in earlier.facts:
            self.facts["usage"] = earlier.facts["usage"]
        self.episodes = earlier.episodes

    @property
    def done(self) -> frozenset[tuple[str, int]]:
        return frozenset((e.task_id, e.seed) for e in self.episodes if not comes_again(e))

    def _drop_cut_line(self) -> None:
        path = self.folder / EPISODES
        data = path.read_bytes()
        whole = data.rfind(b"\n") + 1
        if whole < len(data):
            self._file.truncate(whole)

    def append(self, episodes: Iterable[Episode]) -> None:
        """Adds episodes; they are on the disk when this returns."""
        data = "".join(map(_line, episodes))
        if data:
            self._file.write(data.encode("ascii"))
            self._file.flush()
            os.fsync(self._file.fileno())

    def close(
        self,
        *,
        finished: bool,
        seconds: float,
        left_out: Iterable[str] = (),
        usage: Mapping[str, Mapping[str, float]] | None = None,
    ) -> None:
        self._file.close()
        self.facts["finished"] = finished
        self.facts["left_out"] = list(dict.fromkeys([*self.facts.get("left_out", ()), *left_out]))
        self.facts["stamp"] = self.facts["stamp"] | {"seconds": self.facts["stamp"].get("seconds", 0.0) + seconds}
        for role, used in (usage or {}).items():
            before = self.facts.setdefault("usage", {}).get(role, {})
            self.facts["usage"][role] = {
                name: before.get(name, 0) + used.get(name, 0) for name in dict.fromkeys((*before, *used))
            }
        write_json(self.folder / RUN, self.facts)
