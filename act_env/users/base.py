"""What a simulated user is, and how users are made from names."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any, Protocol, runtime_checkable

import numpy as np

from act_env.actions import slots_asked
from act_env.conversation import Reading, Task, Turn


class ReplyKind(StrEnum):
    """What a user's reply does for the agent.

    ``CHOICE``: says which of a slot's options is meant. ``YES_NO``: confirms or corrects the one
    option asked about. ``GENERIC``: restates the request. ``NEEDLESS``: nothing was open; it meant
    what it said. ``UNKNOWN``: was not in the user's mind. ``REFUSAL``: would not say.
    Only the first two resolve slots.
    """

    CHOICE = "choice"
    YES_NO = "yes_no"
    GENERIC = "generic"
    NEEDLESS = "needless"
    UNKNOWN = "unknown"
    REFUSAL = "refusal"


@dataclasses.dataclass(frozen=True)
class Reply:
    """A user's answer to a question. ``slots_resolved`` maps each slot settled by it to its value."""

    text: str
    slots_resolved: Mapping[str, str]
    kind: ReplyKind


@runtime_checkable
class User(Protocol):
    """Answers an agent's questions; ``name`` is the user's id in records and results.

    ``dialogue`` holds the turns before the question; ``rng`` is keyed by seed, task and round, so a
    user that draws only from it is deterministic. A user with a state of its own also has
    ``snapshot() -> Any`` (picklable) and ``restore(state)``.
    """

    name: str

    def reply(
        self, task: Task, intention: Reading, dialogue: Sequence[Turn], question: str, rng: np.random.Generator
    ) -> Reply: ...


def resolved_by(task: Task, intention: Reading, question: str) -> dict[str, str]:
    """The slots that a willing reply to ``question`` resolves, by the question parser that all users share."""
    asked = slots_asked(question, task.slots, task.request)
    return {name: intention.slots[name] for name in asked if name in intention.slots}


def make(user: str | User, **arguments: Any) -> User:
    """A user from its name (``oracle``, ``human``), from ``module:attribute``, or as it is.

    What a dotted name gives is called with ``arguments`` if it is a class or factory. Raises
    ValueError naming the users there are, LoaderNotFound, or TypeError for what is no user.
    """
    from act_env.registration import resolve

    if isinstance(user, str):
        if user not in NAMES and ":" not in user:
            raise ValueError(f"no user {user!r}; there are {', '.join(NAMES)}, or give 'module:attribute'")
        made = resolve(NAMES.get(user, user))
        ready = not isinstance(made, type) and hasattr(made, "reply")
        user = made if ready else made(**arguments)
    if not isinstance(user, User):
        raise TypeError(f"{user!r} is no user: it needs a name and reply(task, intention, dialogue, question, rng)")
    return user


NAMES = {"oracle": "act_env.users.oracle:OracleUser", "human": "act_env.users.human:HumanUser"}
"""The users that have a name of their own."""
