"""What is asked of a chat model and what comes back, whoever runs the model.

Anything with ``complete(requests)`` can play an agent or a user: ``ChatClient`` (an endpoint), ``LocalChat`` (a
model in this process), or a stand-in of a test. It may also have ``model`` (its name), ``facts`` (what identifies
it), ``workers`` (how many calls it takes at once), ``usage``, ``fits(request)`` and ``close()``.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from typing import Any, Protocol, TypeAlias

from agents.chat.errors import ChatError

Message: TypeAlias = Mapping[str, str]
"""``{"role": "system" | "user" | "assistant", "content": ...}``."""

CAPS = ("max_tokens", "max_completion_tokens")


@dataclasses.dataclass(frozen=True)
class Sampling:
    """How a reply is drawn; what is None is left to the endpoint. ``cap`` is the name by which it takes
    ``max_tokens``, and ``seeded`` False keeps from it the ``seed`` that goes with a temperature above 0."""

    temperature: float | None = 0.0
    max_tokens: int | None = 256
    top_p: float | None = None
    cap: str = "max_tokens"
    seeded: bool = True

    def __post_init__(self) -> None:
        if self.temperature is not None and not (math.isfinite(self.temperature) and self.temperature >= 0):
            raise ValueError(f"temperature is {self.temperature}: it must be 0 (greedy) or more")
        if self.max_tokens is not None and self.max_tokens < 1:
            raise ValueError(f"max_tokens is {self.max_tokens}: it must be at least 1")
        if self.top_p is not None and not 0 < self.top_p <= 1:
            raise ValueError(f"top_p is {self.top_p}: it must be above 0 and at most 1")
        if self.cap not in CAPS:
            raise ValueError(f"cap is {self.cap!r}: it must be one of {', '.join(CAPS)}")


@dataclasses.dataclass(frozen=True)
class Request:
    """One call. ``draw`` numbers the draws of one request: the same number is the same reply."""

    messages: tuple[Message, ...]
    sampling: Sampling = Sampling()
    draw: int = 0

    def body(self, model: str) -> dict[str, Any]:
        """The fields of the endpoint's ``/chat/completions``. Lone surrogates, which are legal in an action and have
        no UTF-8 form, become ``?``."""
        sampling = self.sampling
        fields: dict[str, Any] = {
            "model": model,
            "messages": [{"role": m["role"], "content": _plain(m["content"])} for m in self.messages],
            "temperature": sampling.temperature,
            "top_p": sampling.top_p,
            sampling.cap: sampling.max_tokens,
        }
        if sampling.temperature != 0 and sampling.seeded:
            fields["seed"] = self.draw % 2**31
        return {name: value for name, value in fields.items() if value is not None}

    def key(self, model: str, host: str = "") -> str:
        """The sha256 by which a reply is remembered: of all that may change it."""
        form = {"host": host, "body": self.body(model), "draw": self.draw}
        return hashlib.sha256(json.dumps(form, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _plain(text: str) -> str:
    return text.encode("utf-8", "replace").decode("utf-8")


@dataclasses.dataclass(frozen=True)
class Completion:
    """A reply. ``cached`` of its prompt's tokens were remembered by the endpoint; counts are None where it gives
    none. ``ended`` is False where the reply was cut off at ``max_tokens``."""

    text: str
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    cached: int = 0
    ended: bool = True


class Chat(Protocol):
    """Completes requests: one completion or error for each, in their order."""

    def complete(self, requests: Sequence[Request]) -> list[Completion | ChatError]: ...


def facts_of(chat: Chat) -> dict[str, Any]:
    """What identifies a chat model in a run's record."""
    return {"model": getattr(chat, "model", type(chat).__qualname__), **getattr(chat, "facts", {})}
