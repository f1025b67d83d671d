"""What a simulated user is, and how users are made from names."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from typing import Any, Protocol, runtime_checkable

import numpy as np

from act_env import scoring
from act_env.actions import slots_asked
from act_env.conversation import USER, Action, Reading, Task, Turn


class ReplyKind(StrEnum):
    """What a user's reply does for the agent.

    ``CHOICE``: says which of a slot's options is meant. ``YES_NO``: confirms or corrects the one
    option asked about. ``PARTIAL``: half answers what was asked well, and wants to be asked again.
    ``GENERIC``: restates the request. ``NEEDLESS``: nothing was open; it meant
    what it said. ``UNKNOWN``: was not in the user's mind. ``REFUSAL``: would not say.
    Only the first two resolve slots.
    """

    CHOICE = "choice"
    YES_NO = "yes_no"
    PARTIAL = "partial"
    GENERIC = "generic"
    NEEDLESS = "needless"
    UNKNOWN = "unknown"
    REFUSAL = "refusal"


class Trait(StrEnum):
    """What a user may do that others do not.

    ``VAGUE``: half answers the first question about an open slot. ``CHANGES_MIND``: once a request, means another
    reading than it said. ``IMPATIENT``: leaves what is open to the agent after a few questions. ``UNKNOWING``: leaves
    it to the agent when asked.
    """

    VAGUE = "vague"
    CHANGES_MIND = "changes_mind"
    IMPATIENT = "impatient"
    UNKNOWING = "unknowing"


@dataclasses.dataclass(frozen=True)
class Reply:
    """A user's answer to a question. ``slots_resolved`` maps each slot settled by it to its value.

    ``intention`` is the id of the reading that the user means from here on, where it has changed its mind; the reply
    then tells again every slot that was settled to another value. ``any_fits``: any reading that fits what was said
    will do.
    """

    text: str
    slots_resolved: Mapping[str, str]
    kind: ReplyKind
    intention: str | None = None
    any_fits: bool = False


@runtime_checkable
class User(Protocol):
    """Answers an agent's questions; ``name`` is the user's id in records and results.

    ``dialogue`` holds the turns before the question; ``rng`` is keyed by seed, task and round, so a
    user that draws only from it is deterministic. A user with a state of its own also has
    ``snapshot() -> Any`` (picklable) and ``restore(state)``. One that is somebody else in each episode has
    ``of_episode(rng) -> User``, and one that does what others do not says so in ``traits``.
    """

    name: str

    def reply(
        self, task: Task, intention: Reading, dialogue: Sequence[Turn], question: str, rng: np.random.Generator
    ) -> Reply: ...


def resolved_by(task: Task, intention: Reading, question: str) -> dict[str, str]:
    """The slots that a willing reply to ``question`` resolves, by the question parser that all users share."""
    asked = slots_asked(question, task.slots, task.request)
    return {name: intention.slots[name] for name in asked if name in intention.slots}


def open_slots(task: Task, settled: Mapping[str, str]) -> set[str]:
    """The slots in which the readings that fit what was said still differ; none in a clear task."""
    if task.gold_action is Action.ANSWER:
        return set()
    return set(
        scoring.differing_slots(reading.slots for reading in task.readings if scoring.fits(reading.slots, settled))
    )


def settled_in(dialogue: Sequence[Turn], intention: Reading) -> dict[str, str]:
    """The slots that a dialogue has settled, with their values: those of the reading that is meant now."""
    return {name: intention.slots[name] for turn in dialogue for name in turn.resolved if name in intention.slots}


def exchange(task: Task, dialogue: Sequence[Turn]) -> Sequence[Turn]:
    """The turns of a dialogue from the task's request on: without its history, or the requests before."""
    for start in range(len(dialogue) - 1, -1, -1):
        if dialogue[start].role == USER and dialogue[start].text == task.request:
            return dialogue[start:]
    return dialogue


def check_reply(
    task: Task, intention: Reading, settled: Mapping[str, str], question: str, reply: Reply, user: str
) -> None:
    """Raises ValueError where a reply does what no reply may: resolve a slot that was not asked about, or to a value
    that is not meant; change to a reading that is not there, or without taking back what it said; half answer and
    resolve; let any reading do where not all are known."""
    told, who = dict(reply.slots_resolved), f"user {user!r}"
    meant, may = intention, {}
    if reply.intention is not None:
        meant = next((r for r in task.readings if r.id == reply.intention and r.prior > 0), None)
        if meant is None:
            known = [r.id for r in task.readings if r.prior > 0]
            raise ValueError(f"{who} now means {reply.intention!r}; task {task.id!r} has the readings {known}")
        may = {name: meant.slots[name] for name in settled if name in meant.slots}
    may |= resolved_by(task, meant, question)
    if not told.items() <= may.items():
        raise ValueError(f"{who} resolves {told}, but the question {question!r:.200} can resolve {may}")
    if not scoring.fits(meant.slots, {**settled, **told}):
        raise ValueError(f"{who} now means {meant.id!r}, but has not taken back {dict(settled)}: it tells {told}")
    if reply.kind is ReplyKind.PARTIAL and told:
        raise ValueError(f"{who} half answers, and yet resolves {told}")
    if reply.any_fits and not all(r.prior > 0 for r in task.readings if scoring.fits(r.slots, {**settled, **told})):
        raise ValueError(f"{who} lets any reading do, but what task {task.id!r} may mean is not all known")


def of_episode(user: User, rng: Callable[[], np.random.Generator]) -> User:
    """Who a user is in one episode; ``rng`` makes a generator keyed by the episode's seed and task."""
    draw = getattr(user, "of_episode", None)
    return user if draw is None else draw(rng())


def options_of(name: str) -> tuple[str, str] | None:
    """The name and the options of a user that takes some (``chat``, ``chat:MODEL``, ``chat?workers=2``); else None."""
    bare = re.split("[:?]", name, maxsplit=1)[0]
    return (bare, name[len(bare) :].removeprefix(":")) if bare in WITH_OPTIONS else None


def make(user: str | User, **arguments: Any) -> User:
    """A user from its name (``oracle``, ``human``, ``persona:terse``, ``personas``, ``chat:MODEL``), from
    ``module:attribute``, or as it is.

    What a dotted name gives is called with ``arguments`` if it is a class or factory. Raises
    ValueError naming the users there are, LoaderNotFound, or TypeError for what is no user.
    """
    from act_env.registration import resolve

    if isinstance(user, str) and (found := options_of(user)):
        user = resolve(WITH_OPTIONS[found[0]])(found[1], **arguments)
    if isinstance(user, str):
        if user not in NAMES and (":" not in user or user.startswith(PERSONA)):
            known = ", ".join((*NAMES, *WITH_OPTIONS))
            raise ValueError(f"no user {user!r}; there are {known}, or give 'module:attribute'")
        made = resolve(NAMES.get(user, user))
        ready = not isinstance(made, type) and hasattr(made, "reply")
        user = made if ready else made(**arguments)
    if not isinstance(user, User):
        raise TypeError(f"{user!r} is no user: it needs a name and reply(task, intention, dialogue, question, rng)")
    return user


PERSONA = "persona:"
"""What the names of personas begin with."""

NAMES = {
    "oracle": "act_env.users.oracle:OracleUser",
    "human": "act_env.users.human:HumanUser",
    "persona:terse": "act_env.users.personas:TERSE",
    "persona:verbose": "act_env.users.personas:VERBOSE",
    "persona:typos": "act_env.users.personas:TYPOS",
    "persona:vague": "act_env.users.personas:VAGUE",
    "persona:mind-changer": "act_env.users.personas:MIND_CHANGER",
    "persona:impatient": "act_env.users.personas:IMPATIENT",
    "persona:unknowing": "act_env.users.personas:UNKNOWING",
    "personas": "act_env.users.personas:Personas",
}
"""The users that have a name of their own."""

WITH_OPTIONS = {"chat": "agents.chat.user:from_environment"}
"""Users whose name may be followed by options, and what makes them of these."""
