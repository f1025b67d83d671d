"""The options behind ``chat``: ``MODEL``, ``MODEL?prompt=cot&k=5``, or ``?k=5`` for the environment's model.

``temperature`` and ``top_p`` take ``none`` (left to the endpoint), ``max_tokens`` too; ``max_completion_tokens`` is the
name that reasoning models have for it; ``seeded=no`` keeps the seed from endpoints that take none; ``workers``,
``timeout`` and ``retries`` are the client's; ``prices`` are those of a million tokens (``2.5/10`` or ``2.5/10/1.25``).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote_plus

from act_env.errors import ActClarifyError
from agents.chat.calls import CAPS, Sampling
from agents.chat.client import ChatClient
from agents.chat.endpoint import CACHE
from agents.chat.usage import Prices


class BadOption(ActClarifyError, ValueError):
    """An option of ``chat:`` that there is not, or whose value it cannot have."""


def _count(text: str) -> int:
    if not text.isdecimal():
        raise ValueError("a whole number from 0 up")
    return int(text)


def _or_none(read: Callable[[str], Any]) -> Callable[[str], Any]:
    return lambda text: None if text == "none" else read(text)


def _yes(text: str) -> bool:
    if text not in ("yes", "no"):
        raise ValueError("yes or no")
    return text == "yes"


_BOTH: Mapping[str, Callable[[str], Any]] = {
    "temperature": _or_none(float),
    "top_p": _or_none(float),
    "max_tokens": _or_none(_count),
    "max_completion_tokens": _count,
    "seeded": _yes,
    "workers": _count,
    "timeout": float,
    "retries": _count,
    "prices": Prices.of,
}
AGENT: Mapping[str, Callable[[str], Any]] = {"prompt": str, "k": _count, "seed": _count, **_BOTH}
USER: Mapping[str, Callable[[str], Any]] = _BOTH


def parse(text: str, known: Mapping[str, Callable[[str], Any]], defaults: Mapping[str, Any] | None = None) -> dict:
    """The options of a text, with the ``model`` where it names one. Raises BadOption."""
    model, _, rest = text.partition("?")
    given = {name: value for name, value in (defaults or {}).items() if value is not None}
    for part in filter(None, rest.split("&")):
        name, equals, value = part.partition("=")
        if not equals or name not in known:
            raise BadOption(
                f"no option {name!r} of chat; there are {', '.join(known)}, written as ?name=value&name=value"
            )
        if name in CAPS:
            given = {key: other for key, other in given.items() if key not in CAPS}
        try:
            given[name] = known[name](unquote_plus(value))
        except ValueError as error:
            raise BadOption(f"{name}={value}: {error}") from error
    return given | {"model": model or None}


def client(given: Mapping[str, Any], cache: str | Path | None = None) -> ChatClient:
    """The client of parsed options; replies are remembered in ``cache``, else where ``ACT_CLARIFY_CACHE`` says."""
    names = ("workers", "timeout", "retries", "prices")
    settings = {name: given[name] for name in names if name in given}
    try:
        return ChatClient(given["model"], cache=cache or os.environ.get(CACHE) or None, **settings)
    except ActClarifyError:
        raise
    except ValueError as error:
        raise BadOption(str(error)) from error


def sampling(given: Mapping[str, Any], max_tokens: int, temperature: float | None = 0.0) -> Sampling:
    """The sampling of parsed options, with these defaults."""
    cap = next((name for name in CAPS if name in given), CAPS[0])
    try:
        return Sampling(
            temperature=given.get("temperature", temperature),
            max_tokens=given.get(cap, max_tokens),
            top_p=given.get("top_p"),
            cap=cap,
            seeded=given.get("seeded", True),
        )
    except ValueError as error:
        raise BadOption(str(error)) from error
