"""Conversations to learn from: which ones, how gold plays them, and their token ids.

One conversation is one task, or one dialogue with all its turns. A task's gold play asks while readings
that fit the dialogue differ in result, then answers with the intended reading; the user's replies are the
environment's own. Every gold play is executed to its end here, so a task on which gold itself does not win
is found before it is trained on.
"""

from __future__ import annotations

import dataclasses
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeAlias

from act_env.conversation import ASSISTANT, Action, Task, Turn
from act_env.env import ClarifyEnv, Snapshot
from act_env.errors import ActClarifyError
from act_env.tasks import TaskSource
from agents import prompts
from agents.base import EpisodeView
from agents.lm import Completion, seed_of
from agents.scripted import Oracle


class GoldFails(ActClarifyError, ValueError):
    """A task's own questions and answer do not earn the full reward: the task, or the user, is broken."""


Conversation: TypeAlias = tuple[Task, ...]
"""A conversation to learn from: the tasks that are its turns, in order."""

Think: TypeAlias = Callable[[Sequence[Sequence[int]]], list[tuple[int, ...]]]
"""The thoughts that a model has after prompts, as ids (``agents.lm.Thinker``)."""


@dataclasses.dataclass(frozen=True)
class Trajectory:
    """What follows a prompt: the agent's replies and the user's between them, as token ids.

    ``own`` is True on the tokens that the agent wrote: the only ones that any loss counts. ``turns``
    are the messages themselves.
    """

    ids: tuple[int, ...] = ()
    own: tuple[bool, ...] = ()
    turns: tuple[Turn, ...] = ()

    @classmethod
    def of(
        cls, tokenizer: Any, turns: Iterable[Turn], *, prompt: Sequence[int] = (), think: Think | None = None
    ) -> Trajectory:
        """The trajectory of given texts; it begins with a reply of the agent. ``think`` gives the thought that
        each of its replies begins with, after ``prompt`` and what came before."""
        trajectory = cls()
        for turn in turns:
            if turn.role == ASSISTANT:
                thought = () if think is None else think([(*prompt, *trajectory.ids)])[0]
                trajectory = trajectory.reply((*thought, *prompts.reply_ids(tokenizer, turn.text)), turn)
            else:
                trajectory = trajectory.user(tokenizer, turn, ended=True)
        return trajectory

    def reply(self, ids: Sequence[int], turn: Turn) -> Trajectory:
        """With one more reply of the agent, of exactly these ids."""
        return Trajectory((*self.ids, *ids), (*self.own, *[True] * len(ids)), (*self.turns, turn))

    def sampled(self, completion: Completion, turn: Turn) -> Trajectory:
        return self.reply(completion.ids, turn)

    def user(self, tokenizer: Any, turn: Turn, *, ended: bool) -> Trajectory:
        """With the user's reply, up to where the agent writes again. ``ended``: see ``user_turn_ids``."""
        ids = prompts.user_turn_ids(tokenizer, turn.text, ended=ended)
        return Trajectory((*self.ids, *ids), (*self.own, *[False] * len(ids)), (*self.turns, turn))

    def first_reply(self) -> Trajectory:
        """The first reply alone."""
        end = self.own.index(False) if False in self.own else len(self.own)
        return Trajectory(self.ids[:end], self.own[:end], self.turns[:1])


@dataclasses.dataclass(frozen=True)
class GoldTurn:
    """One system turn of a gold play: the environment's state before it, its prompt, its right action,
    and the gold trajectory from here to the end."""

    state: Snapshot
    prompt: tuple[int, ...]
    action: Action
    gold: Trajectory


@dataclasses.dataclass(frozen=True)
class GoldPlay:
    """A task played by gold under one intention: one system turn, or 1 + its questions."""

    task: Task
    intention: str
    turns: tuple[GoldTurn, ...]


def open_env(source: TaskSource, *, user: Any = "oracle", max_rounds: int | None = None) -> ClarifyEnv:
    """The environment of a source's tasks under the reward ``act``."""
    return ClarifyEnv(
        environment=source.tasks[0].environment, tasks=source, reward="act", user=user, max_rounds=max_rounds
    )


def play_gold(
    env: ClarifyEnv, task: Task, tokenizer: Any, *, seed: int, room: int | None = None, think: Think | None = None
) -> GoldPlay:
    """Plays a task by gold. The intention, of which ``GoldPlay`` keeps the first where the user changes its mind, and
    the user's words are those of ``seed``.

    ``room`` is how many positions the whole conversation may take; ``think`` gives the thoughts before gold's
    replies. Raises GoldFails, or PromptTooLong.
    """
    observation, _ = env.reset(seed=seed_of(seed, "gold", task.id) % 2**32, options={"task_id": task.id})
    intention = env.intention
    oracle, states, done = Oracle(), [], False
    while not done:
        states.append((env.snapshot(), tuple(prompts.encode(tokenizer, observation, room=room))))
        text = oracle.act_privileged([observation], [EpisodeView.of(env)])[0]
        if any(reading.answer == text for reading in task.readings):
            text = task.reading(env.intention).answer
        observation, _, terminated, truncated, info = env.step(text)
        done = terminated or truncated
    outcome = info["outcome"]
    if outcome.score < 1:
        said = [turn.text for turn in info["episode"].turns if turn.role == ASSISTANT]
        raise GoldFails(
            f"task {task.id!r}, intention {intention!r}: gold scores {outcome.score:g} instead of 1, by replying {said}"
        )
    return GoldPlay(task, intention, _gold_turns(tokenizer, states, info["episode"].turns, room, think))


def _gold_turns(
    tokenizer: Any, states: list, turns: tuple[Turn, ...], room: int | None, think: Think | None
) -> tuple[GoldTurn, ...]:
    replies = 2 * len(states) - 1
    said = turns[len(turns) - replies :]
    gold = []
    for number, (state, prompt) in enumerate(states):
        trajectory = Trajectory.of(tokenizer, said[2 * number :], prompt=prompt, think=think)
        if room is not None and len(prompt) + len(trajectory.ids) > room:
            raise prompts.PromptTooLong(len(prompt) + len(trajectory.ids), room)
        action = said[2 * number].action
        if action is None:
            raise GoldFails(f"the environment named no action for the reply {said[2 * number].text!r}")
        gold.append(GoldTurn(state, prompt, action, trajectory))
    return tuple(gold)


def play_all(
    env: ClarifyEnv,
    tasks: Iterable[Task],
    tokenizer: Any,
    *,
    seed: int,
    room: int | None = None,
    think: Think | None = None,
) -> tuple[list[GoldPlay], list[str]]:
    """The gold plays of the tasks that fit, and the ids of those that are too long for the model."""
    plays, left_out = [], []
    for task in tasks:
        try:
            plays.append(play_gold(env, task, tokenizer, seed=seed, room=room, think=think))
        except prompts.PromptTooLong:
            left_out.append(task.id)
    return plays, left_out


def conversations(source: TaskSource, n: int, seed: int) -> tuple[Task, ...]:
    """The tasks of ``n`` conversations drawn by ``seed``, stratified by label and kind; of two sizes the smaller is a
    prefix.

    A conversation is a task, or all tasks that are turns of one dialogue. Twins (the same request in the same group)
    stay together. Within a stratum databases have their share, and a second request of a group comes only after
    every group of that database had one. Only the last twins of a draw may be split, where ``n`` falls between them.
    Raises ValueError if there are fewer than ``n`` conversations.
    """
    held = source.conversations()
    if not 1 <= n <= len(held):
        raise ValueError(f"{n} conversations asked for; {source.id!r} has 1 to {len(held)}")
    twins: dict[tuple[str, str], list[Conversation]] = defaultdict(list)
    for turns in held:
        twins[turns[0].group, turns[0].request].append(turns)
    strata: dict[Any, dict[str, list[list[Conversation]]]] = defaultdict(lambda: defaultdict(list))
    for _, unit in sorted(twins.items(), key=lambda item: seed_of(seed, *item[0])):
        unit.sort(key=lambda turns: turns[0].id)
        tasks = [task for turns in unit for task in turns]
        labels = tuple(sorted({task.gold_action.value for task in tasks}))
        strata[labels, min(task.kind for task in tasks)][tasks[0].home].append(unit)
    drawn = _proportionally(
        {
            stratum: _proportionally({name: _new_groups_first(units) for name, units in databases.items()}, seed)
            for stratum, databases in strata.items()
        },
        seed,
    )
    chosen = [turns for unit in drawn for turns in unit][:n]
    return tuple(task for turns in chosen for task in turns)


def _new_groups_first(units: list[list[Conversation]]) -> list[list[Conversation]]:
    seen: Counter[str] = Counter()
    rounds = []
    for unit in units:
        group = unit[0][0].group
        rounds.append(seen[group])
        seen[group] += 1
    return [unit for _, unit in sorted(zip(rounds, units, strict=True), key=lambda pair: pair[0])]


def _proportionally(classes: Mapping[Any, Sequence[Any]], seed: int) -> list[Any]:
    """All members in an order of which every prefix holds each class about in proportion: the i-th of a
    class's N members stands at (i + offset) / N, with an offset in (0, 1) of the class's own."""
    places = []
    for name, members in classes.items():
        offset = (seed_of(seed, "offset", name) % 10_000 + 0.5) / 10_000
        places += [((i + offset) / len(members), str(name), member) for i, member in enumerate(members)]
    return [member for *_, member in sorted(places, key=lambda place: place[:2])]
