"""A language model in this process in the place of an endpoint."""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from agents import lm, models, prompts
from agents.chat.calls import Completion, Request
from agents.chat.errors import ChatBadRequest, ChatError, ChatMalformed

DEFAULT_TOKENS = 256
"""``max_tokens`` of a request that names none."""


class LocalChat:
    """Completes requests with a model and its tokenizer, those of equal sampling in batches.

    A prompt that is too long is that request's ChatBadRequest, an empty reply its ChatMalformed. The same request
    and draw give the same reply.
    """

    workers = 1

    def __init__(self, model: Any, tokenizer: Any, *, name: str = "language-model", batch_size: int = 64) -> None:
        self.weights, self.tokenizer, self.model, self.batch_size = model, tokenizer, name, batch_size
        self._fingerprint: str | None = None

    @classmethod
    def of(cls, agent: lm.LMAgent) -> LocalChat:
        """The chat of an agent's model."""
        return cls(agent.model, agent.tokenizer, name=agent.name, batch_size=agent.batch_size)

    @classmethod
    def load(cls, model: str, *, device: str = "cpu", **settings: Any) -> LocalChat:
        """The chat of a model by its name (see ``agents.models``)."""
        return cls(*models.load(model, device=device), **{"name": model, **settings})

    @property
    def facts(self) -> dict[str, Any]:
        if self._fingerprint is None:
            self._fingerprint = lm.fingerprint(self.weights)
        return {"model": self.model, "weights": self._fingerprint}

    def fits(self, request: Request) -> bool:
        return len(self._encode(request)) <= self._space(request)

    def complete(self, requests: Sequence[Request]) -> list[Completion | ChatError]:
        results: dict[int, Completion | ChatError] = {}
        groups: dict[lm.Sampling, list[tuple[int, list[int]]]] = defaultdict(list)
        for place, request in enumerate(requests):
            ids = self._encode(request)
            if len(ids) > self._space(request):
                results[place] = ChatBadRequest(
                    f"the prompt takes {len(ids)} tokens, and there is room for {self._space(request)}"
                )
            else:
                groups[self._sampling(request)].append((place, ids))
        for sampling, rows in groups.items():
            seeds = [lm.seed_of(requests[place].key(self.model)) for place, _ in rows]
            drawn = lm.generate(
                self.weights,
                self.tokenizer,
                [ids for _, ids in rows],
                sampling,
                seeds=seeds,
                batch_size=self.batch_size,
            )
            for (place, ids), completion in zip(rows, drawn, strict=True):
                results[place] = _told(completion, len(ids))
        return [results[place] for place in range(len(requests))]

    def _encode(self, request: Request) -> list[int]:
        return prompts.chat_ids(self.tokenizer, request.messages)

    def _space(self, request: Request) -> int:
        return models.room(self.weights, self.tokenizer) - self._sampling(request).max_new_tokens

    @staticmethod
    def _sampling(request: Request) -> lm.Sampling:
        given = request.sampling
        settings = {"max_new_tokens": given.max_tokens, "temperature": given.temperature, "top_p": given.top_p}
        return dataclasses.replace(
            lm.Sampling(DEFAULT_TOKENS), **{name: value for name, value in settings.items() if value is not None}
        )


def _told(completion: lm.Completion, prompt: int) -> Completion | ChatError:
    if not completion.text.strip():
        return ChatMalformed("the answer is empty")
    return Completion(completion.text, prompt, len(completion.ids), ended=completion.ended)
