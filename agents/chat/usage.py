"""What calls took: how many, their tokens, their cost."""

from __future__ import annotations

import dataclasses
import math
import threading
from collections.abc import Mapping
from typing import Any

from agents.chat.calls import Completion
from agents.chat.errors import ChatError


@dataclasses.dataclass(frozen=True)
class Prices:
    """What a million tokens cost: of prompts, of replies, and of the prompts' part that the endpoint remembered
    (by default the same as the rest of them)."""

    prompt: float
    completion: float
    cached: float | None = None

    def __post_init__(self) -> None:
        for name, price in dataclasses.asdict(self).items():
            if price is not None and not (math.isfinite(price) and price >= 0):
                raise ValueError(f"the price {name} is {price!r}: it must be 0 or more, for a million tokens")

    @classmethod
    def of(cls, text: str) -> Prices:
        """From ``"2.5/10"`` or ``"2.5/10/1.25"``: prompt, completion, cached."""
        try:
            return cls(*map(float, text.split("/")))
        except (TypeError, ValueError) as error:
            raise ValueError(f"{text!r} are no prices: write PROMPT/COMPLETION or PROMPT/COMPLETION/CACHED") from error

    def cost(self, prompt: int, completion: int, cached: int = 0) -> float:
        remembered = self.prompt if self.cached is None else self.cached
        return ((prompt - cached) * self.prompt + cached * remembered + completion * self.completion) / 1e6


class Meter:
    """Counts calls; safe for threads.

    ``calls`` are requests that were answered, ``failed`` those that were not, ``tries`` what was sent for both,
    ``remembered`` replies that came from the cache and cost nothing, ``uncounted`` answers without a count of tokens.
    """

    def __init__(self, prices: Prices | None = None) -> None:
        self.prices = prices
        self._lock = threading.Lock()
        self._counts = dict.fromkeys(
            ("calls", "failed", "tries", "remembered", "uncounted", "prompt_tokens", "completion_tokens", "cached"), 0
        )

    def tried(self) -> None:
        with self._lock:
            self._counts["tries"] += 1

    def remembered(self) -> None:
        with self._lock:
            self._counts["remembered"] += 1

    def ended(self, result: Completion | ChatError) -> None:
        with self._lock:
            if isinstance(result, ChatError):
                self._counts["failed"] += 1
                return
            self._counts["calls"] += 1
            if result.prompt_tokens is None or result.completion_tokens is None:
                self._counts["uncounted"] += 1
            self._counts["prompt_tokens"] += result.prompt_tokens or 0
            self._counts["completion_tokens"] += result.completion_tokens or 0
            self._counts["cached"] += result.cached

    def read(self) -> dict[str, Any]:
        """The counts, with ``cost`` where prices are known and every answer was counted."""
        with self._lock:
            counts: dict[str, Any] = dict(self._counts)
        if self.prices is not None and not counts["uncounted"]:
            counts["cost"] = self.prices.cost(counts["prompt_tokens"], counts["completion_tokens"], counts["cached"])
        return counts


def sentence(usage: Mapping[str, Any]) -> str:
    """A usage in words; one that is not a Meter's, as it is."""
    if not usage.keys() >= Meter().read().keys():
        return ", ".join(f"{name}: {count}" for name, count in usage.items())
    text = f"{usage['calls']:,} calls"
    if usage["remembered"]:
        text += f" and {usage['remembered']:,} replies remembered"
    if usage["failed"]:
        text += f", {usage['failed']:,} failed"
    text += f"; tokens: {usage['prompt_tokens']:,} read ({usage['cached']:,} of them cached)"
    text += f", {usage['completion_tokens']:,} written"
    if usage["uncounted"]:
        text += f", {usage['uncounted']:,} calls not counted by the endpoint"
    return text + (f"; cost {usage['cost']:.4f}" if "cost" in usage else "")
