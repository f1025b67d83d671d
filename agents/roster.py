"""Agents by the name a person types: scripted ones, language models, endpoints, ``module:attribute``."""

from __future__ import annotations

import contextlib
import re
from pathlib import Path
from typing import Any

from act_env.errors import ActClarifyError
from agents import base, extras

MODELS = ("nano", "smollm2-135m")
LM, UNCERTAINTY, CHAT = "lm:", "uncertainty", "chat"
MAX_NEW_TOKENS = 96
"""What a local model may take for a reply by default."""


class TrainExtraMissing(ActClarifyError, ImportError):
    """What was asked for needs PyTorch and transformers, which the core does not install."""


TRAIN_EXTRA = {"torch", "transformers", "trl", "peft", "accelerate", "datasets", "safetensors"}


def needs_torch(wanted: str) -> contextlib.AbstractContextManager[None]:
    """Turns a missing package of the extra [train] into a TrainExtraMissing that says what wanted it."""
    return extras.needed(wanted, "train", TRAIN_EXTRA, TrainExtraMissing)


def find(
    spec: str,
    *,
    env_id: str,
    source: str = "bundled",
    path: str | Path | None = None,
    device: str = "cpu",
    max_new_tokens: int | None = None,
    temperature: float = 0.0,
    cache: str | Path | None = None,
) -> Any:
    """The agent that ``spec`` names.

    A built-in name or entry point (``agents.base``); ``nano``, ``smollm2-135m``, a model's folder, GGUF
    file or hub id, each with or without ``lm:`` before it; ``uncertainty`` or ``uncertainty:MODEL``; ``chat`` or
    ``chat:MODEL?name=value``, a model behind an endpoint (``agents.chat.spec``), whose replies are remembered in
    ``cache``; else ``module:attribute``. The word list is trained on the train split of the given source, and a chat
    model's conversations are drawn from it. Raises AgentNotFound, NotAnAgent, ModelNotFound or TrainExtraMissing, for
    an endpoint EndpointNotSet, EndpointExtraMissing, BadOption or TooFewConversations.
    """
    model = {"device": device, "max_new_tokens": max_new_tokens or MAX_NEW_TOKENS, "temperature": temperature}
    if spec == "word-list":
        return base.load_agent(spec, env_id=env_id, source=source, path=None if path is None else str(path))
    if (options := _chat_options(spec)) is not None:
        from agents.chat import agent as chat

        defaults = {"max_tokens": max_new_tokens, "temperature": temperature}
        return chat.from_environment(options, env_id=env_id, source=source, path=path, cache=cache, **defaults)
    if spec == UNCERTAINTY or spec.startswith(f"{UNCERTAINTY}:"):
        from agents.uncertainty import Uncertainty

        return Uncertainty(_language_model(spec.partition(":")[2] or MODELS[0], **model))
    if spec.startswith(LM):
        return _language_model(spec.removeprefix(LM), **model)
    if spec not in base.agent_names() and _names_a_model(spec):
        return _language_model(spec, **model)
    return base.load_agent(spec)


def find_user(spec: str, *, cache: str | Path | None = None) -> Any:
    """The user that ``spec`` names where it is a chat model (raises as ``find``), whose replies are remembered in
    ``cache``; else the name as it is, for ``act_env.users.make``."""
    if (options := _chat_options(spec)) is None:
        return spec
    from agents.chat import user as chat

    return chat.from_environment(options, cache=cache)


def _chat_options(spec: str) -> str | None:
    """What stands behind ``chat``: "" where nothing does, None where it is no chat model."""
    name = re.split("[:?]", spec, maxsplit=1)[0]
    return spec[len(name) :].removeprefix(":") if name == CHAT else None


def _names_a_model(spec: str) -> bool:
    path = Path(spec).expanduser()
    return spec in MODELS or path.is_dir() or path.suffix == ".gguf" or ("/" in spec and ":" not in spec)


def _language_model(name: str, **settings: Any) -> Any:
    with needs_torch(f"the model {name!r}"):
        from agents.lm import LMAgent
        from agents.progress import quiet_libraries

        quiet_libraries()
    return LMAgent.load(name, **settings)
