"""Agents by the name a person types: scripted ones, language models, ``module:attribute``."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from act_env.errors import ActClarifyError
from agents import base

MODELS = ("nano", "smollm2-135m")
LM, UNCERTAINTY = "lm:", "uncertainty"


class TrainExtraMissing(ActClarifyError, ImportError):
    """What was asked for needs PyTorch and transformers, which the core does not install."""


TRAIN_EXTRA = {"torch", "transformers", "trl", "peft", "accelerate", "datasets", "safetensors"}


@contextlib.contextmanager
def needs_torch(wanted: str) -> Iterator[None]:
    """Turns a missing package of the extra [train] into a TrainExtraMissing that says what wanted it."""
    try:
        yield
    except ModuleNotFoundError as error:
        if error.name is None or error.name.split(".")[0] not in TRAIN_EXTRA:
            raise
        raise TrainExtraMissing(
            f"{wanted} needs the package {error.name!r}: pip install 'act-clarify[train]'"
        ) from error


def find(
    spec: str,
    *,
    env_id: str,
    source: str = "bundled",
    path: str | Path | None = None,
    device: str = "cpu",
    max_new_tokens: int = 96,
    temperature: float = 0.0,
) -> Any:
    """The agent that ``spec`` names.

    A built-in name or entry point (``agents.base``); ``nano``, ``smollm2-135m``, a model's folder, GGUF
    file or hub id, each with or without ``lm:`` before it; ``uncertainty`` or ``uncertainty:MODEL``; else
    ``module:attribute``. The word list is trained on the train split of the given source. Raises
    AgentNotFound, NotAnAgent, ModelNotFound or TrainExtraMissing.
    """
    model = {"device": device, "max_new_tokens": max_new_tokens, "temperature": temperature}
    if spec == "word-list":
        return base.load_agent(spec, env_id=env_id, source=source, path=None if path is None else str(path))
    if spec == UNCERTAINTY or spec.startswith(f"{UNCERTAINTY}:"):
        from agents.uncertainty import Uncertainty

        return Uncertainty(_language_model(spec.partition(":")[2] or MODELS[0], **model))
    if spec.startswith(LM):
        return _language_model(spec.removeprefix(LM), **model)
    if spec not in base.agent_names() and _names_a_model(spec):
        return _language_model(spec, **model)
    return base.load_agent(spec)


def _names_a_model(spec: str) -> bool:
    path = Path(spec).expanduser()
    return spec in MODELS or path.is_dir() or path.suffix == ".gguf" or ("/" in spec and ":" not in spec)


def _language_model(name: str, **settings: Any) -> Any:
    with needs_torch(f"the model {name!r}"):
        from agents.lm import LMAgent
        from agents.progress import quiet_libraries

        quiet_libraries()
    return LMAgent.load(name, **settings)
