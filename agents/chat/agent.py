"""A chat model as an agent."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from act_env import registration
from agents.base import Observation, Reply
from agents.chat import shots as conversations
from agents.chat import spec, styles
from agents.chat.calls import Chat, Completion, Request, Sampling, facts_of
from agents.chat.errors import ChatError
from agents.chat.shots import Shot

SHOTS = 10
"""Conversations that a model is shown by default, as in the paper."""


class ChatAgent:
    """Replies with what a chat model says to each observation, under a prompt style and after ``shots``.

    Where a call fails, ``act`` gives its ChatError in the place of the reply, and no other is lost. ``seed`` numbers
    the draws: the same agent replies the same to the same observation, as far as the endpoint does or its replies
    are remembered.
    """

    def __init__(
        self,
        chat: Chat,
        *,
        prompt: str = "direct",
        shots: Sequence[Shot] = (),
        sampling: Sampling | None = None,
        seed: int = 0,
        name: str | None = None,
    ) -> None:
        if prompt not in styles.STYLES:
            raise ValueError(f"prompt {prompt!r}: it must be one of {', '.join(styles.STYLES)}")
        self.chat, self.prompt, self.shots, self.seed = chat, prompt, tuple(shots), seed
        self.sampling = sampling or Sampling(max_tokens=styles.MAX_TOKENS[prompt])
        self.name = name or f"chat:{facts_of(chat)['model']}, {prompt}, k={len(self.shots)}"

    @property
    def facts(self) -> Mapping[str, Any]:
        # Without it a run could go on under other instructions or conversations.
        asked = [
            styles.messages({"context": context, "dialogue": "User: "}, self.prompt, self.shots)
            for context in ("", "Table:\n", "Passage:\n")
        ]
        digest = hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()
        return {
            **facts_of(self.chat),
            "prompt": self.prompt,
            "k": len(self.shots),
            "temperature": self.sampling.temperature,
            "top_p": self.sampling.top_p,
            "max_tokens": self.sampling.max_tokens,
            "seed": self.seed,
            "prompt_hash": digest[:12],
        }

    @property
    def usage(self) -> Mapping[str, Any]:
        return getattr(self.chat, "usage", {})

    def fits(self, observation: Observation) -> bool:
        fits = getattr(self.chat, "fits", None)
        return fits is None or fits(self._request(observation))

    def act(self, observations: Sequence[Observation]) -> list[str | Exception]:
        results = self.chat.complete([self._request(observation) for observation in observations])
        return [self._reply(result) for result in results]

    def _request(self, observation: Observation) -> Request:
        return Request(styles.messages(observation, self.prompt, self.shots), self.sampling, self.seed)

    def _reply(self, result: Completion | ChatError) -> str | Exception:
        if isinstance(result, ChatError):
            return result
        try:
            text = styles.reply_in(result.text, self.prompt, ended=result.ended)
        except ChatError as error:
            return error.with_traceback(None)
        return Reply(text, result.completion_tokens)


def from_environment(
    options: str = "",
    *,
    env_id: str = registration.AMBIGSQL,
    source: str = "bundled",
    path: str | Path | None = None,
    cache: str | Path | None = None,
    **defaults: Any,
) -> ChatAgent:
    """The agent that ``chat:OPTIONS`` names (``agents.chat.spec``), for the tasks of a source: its conversations are of
    their train split. ``defaults`` are options that the text does not give."""
    given = spec.parse(options, spec.AGENT, defaults)
    client = spec.client(given, cache)
    prompt = given.get("prompt", "direct")
    if prompt not in styles.STYLES:
        raise spec.BadOption(f"prompt={prompt}: it must be one of {', '.join(styles.STYLES)}")
    k, seed = given.get("k", SHOTS), given.get("seed", 0)
    shown: tuple[Shot, ...] = ()
    if k:
        tasks = registration.load_source(env_id, split="train", source=source, path=path)
        shown = conversations.draw(tasks, k, seed)
    sampling = spec.sampling(given, styles.MAX_TOKENS[prompt])
    return ChatAgent(client, prompt=prompt, shots=shown, sampling=sampling, seed=seed)
