"""What every training run shares: its folder, its history, progress, and how it is interrupted and resumed.

A run's folder::

    run.json             what the run is: its settings and data; another run is refused there
    history.jsonl        one JSON object an update step: step, loss, tokens, seconds, the trainer's own figures
    checkpoints/         the last two, until the run is finished
    model/               the trained model and its tokenizer
    done.json            written last

Calling the same run again returns its result; an interrupted one goes on from its last checkpoint.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import shutil
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import field
from pathlib import Path
from typing import Any, TypeAlias

from transformers import PreTrainedModel, Trainer, TrainerCallback
from transformers.trainer_callback import PrinterCallback, ProgressCallback

from act_env.errors import ActClarifyError
from agents import models

Progress: TypeAlias = Callable[[int, int | None, str], None]
"""Told (steps done, steps in all, a note) after every update step."""

STATE = "run_state.json"
"""In a checkpoint, written last: the counters that a run resumes with, and the sign that it is whole."""


class RunMismatch(ActClarifyError, ValueError):
    """The folder holds a run with other settings, data or starting weights."""


@dataclasses.dataclass
class RunDefaults:
    """Settings of transformers' TrainingArguments that every run here begins with: float32, one log a step, no
    reporting to anyone. A config names this class before its base."""

    lr_scheduler_type: str = field(default="cosine", metadata={"help": "How the learning rate falls."})
    warmup_steps: float = field(default=0.05, metadata={"help": "Steps (below 1: share of all) of warm-up."})
    bf16: bool | None = field(default=False, metadata={"help": "bfloat16, for GPUs that have it."})
    logging_steps: float = field(default=1, metadata={"help": "Steps between two records of the history."})
    save_strategy: str = field(default="epoch", metadata={"help": "When to write a checkpoint."})
    save_total_limit: int | None = field(default=2, metadata={"help": "Checkpoints kept while running."})
    report_to: str | None = field(default="none", metadata={"help": "Where else to report."})
    disable_tqdm: bool | None = field(default=True, metadata={"help": "No bar of transformers' own."})
    dataloader_pin_memory: bool = field(default=False, metadata={"help": "Pin memory for a GPU."})


@dataclasses.dataclass(frozen=True)
class Trained:
    """A finished run: the folder of its model, its history, and the model itself."""

    path: Path
    history: tuple[dict[str, Any], ...]
    model: PreTrainedModel

    @property
    def tokens(self) -> int:
        """Tokens that were trained on."""
        return int(self.history[-1]["tokens"]) if self.history else 0


@dataclasses.dataclass
class Counters:
    """What a trainer counts over a whole run, across interruptions."""

    tokens: int = 0
    seconds: float = 0.0
    extra: dict[str, float] = dataclasses.field(default_factory=dict)

    def add(self, **amounts: float) -> None:
        for name, amount in amounts.items():
            self.extra[name] = self.extra.get(name, 0) + amount


def finished(out_dir: Path, identity: Mapping[str, Any], model: Any) -> Trained | None:
    """What a finished run left in ``out_dir``, or None if there is still something to do there.

    ``model`` is what the run began with: an adapter is put on it. Raises RunMismatch if the folder
    holds another run.
    """
    _check(out_dir / "run.json", identity)
    if not (out_dir / "done.json").is_file():
        return None
    folder = out_dir / "model"
    if (folder / "adapter_config.json").is_file():
        from peft import PeftModel

        trained = PeftModel.from_pretrained(model, folder).eval()
    else:
        trained, _ = models.load(folder, device=str(model.device))
    return Trained(folder, tuple(read_history(out_dir / "history.jsonl")), trained)


def run(
    trainer: Trainer,
    tokenizer: Any,
    counters: Counters,
    identity: Mapping[str, Any],
    out_dir: Path,
    progress: Progress | None,
) -> Trained:
    """Runs a trainer to its end in ``out_dir``, from its last checkpoint there if it has one.

    A first Ctrl-C (SIGINT) ends the current step, saves, and raises KeyboardInterrupt; a second one acts
    at once. Raises RunMismatch if the folder holds another run.
    """
    out_dir.mkdir(parents=True, exist_ok=True)
    _check(out_dir / "run.json", identity)
    lines, folder = out_dir / "history.jsonl", out_dir / "model"
    checkpoint = last_checkpoint(Path(trainer.args.output_dir))
    step = 0
    if checkpoint is not None:
        restored = json.loads((checkpoint / STATE).read_text(encoding="utf-8"))
        step = int(restored["step"])
        for name, value in restored["counters"].items():
            setattr(counters, name, value)
    if trainer.is_world_process_zero():
        _write(out_dir / "run.json", identity)
        _cut(lines, step)
    with models.no_bars(), _interruptible() as interrupted:
        trainer.remove_callback(PrinterCallback)
        trainer.remove_callback(ProgressCallback)
        trainer.add_callback(_Keeper(counters, lines, interrupted, progress))
        trainer.train(resume_from_checkpoint=None if checkpoint is None else str(checkpoint))
        if interrupted:
            raise KeyboardInterrupt(f"stopped after step {trainer.state.global_step}; the same call resumes {out_dir}")
        trainer.model.eval()
        if trainer.is_world_process_zero():
            trainer.model.save_pretrained(folder)
            tokenizer.save_pretrained(folder)
            _write(out_dir / "done.json", {"steps": trainer.state.global_step})
            shutil.rmtree(trainer.args.output_dir, ignore_errors=True)
    return Trained(folder, tuple(read_history(lines)), trainer.model)


def read_history(path: Path) -> list[dict[str, Any]]:
    """The records of a history file, in order; an unfinished last line is left out."""
    if not path.is_file():
        return []
    whole = path.read_text(encoding="utf-8").split("\n")[:-1]
    return [json.loads(line) for line in whole]


def last_checkpoint(folder: Path) -> Path | None:
    """The newest checkpoint that was written to its end."""
    whole = [path.parent for path in folder.glob(f"checkpoint-*/{STATE}")]
    return max(whole, key=lambda path: int(path.name.rpartition("-")[2]), default=None)


class _Keeper(TrainerCallback):
    """Writes history and counters, reports progress, and stops a run that was interrupted."""

    def __init__(self, counters: Counters, lines: Path, interrupted: list[int], progress: Progress | None) -> None:
        self.counters, self.lines, self.interrupted, self.progress = counters, lines, interrupted, progress
        self.before, self.began = counters.seconds, time.monotonic()
        self.note = ""

    def on_step_end(self, args, state, control, **kwargs):
        self.counters.seconds = self.before + time.monotonic() - self.began
        if self.progress is not None:
            self.progress(state.global_step, state.max_steps, self.note)
        if self.interrupted:
            control.should_save = control.should_training_stop = True
        return control

    def on_log(self, args, state, control, logs=None, **kwargs):
        logs = dict(logs or {})
        if "loss" not in logs or not state.is_world_process_zero:
            return
        record = {"step": state.global_step, **logs, **self.counters.extra}
        record |= {"tokens": self.counters.tokens, "seconds": round(self.counters.seconds, 3)}
        self.note = f"loss {logs['loss']:.3f}"
        with self.lines.open("a", encoding="utf-8", newline="\n") as file:
            file.write(json.dumps(record) + "\n")

    def on_save(self, args, state, control, **kwargs):
        if not state.is_world_process_zero:
            return
        form = {"step": state.global_step, "counters": dataclasses.asdict(self.counters)}
        _write(Path(args.output_dir) / f"checkpoint-{state.global_step}" / STATE, form)


@contextlib.contextmanager
def _interruptible() -> Iterator[list[int]]:
    """A list that is empty until SIGINT comes; the second SIGINT acts as it did before."""
    received: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        yield received
        return
    former = signal.getsignal(signal.SIGINT)

    def note(number: int, frame: Any) -> None:
        received.append(number)
        signal.signal(signal.SIGINT, former)

    signal.signal(signal.SIGINT, note)
    try:
        yield received
    finally:
        signal.signal(signal.SIGINT, former)


def _check(path: Path, identity: Mapping[str, Any]) -> None:
    if not path.is_file():
        return
    found, identity = json.loads(path.read_text(encoding="utf-8")), json.loads(json.dumps(identity))
    if found != identity:
        names = sorted(key for key in {*found, *identity} if found.get(key) != identity.get(key))
        raise RunMismatch(
            f"{str(path.parent)!r} holds a run that differs in {', '.join(names)}: give another folder, or remove it"
        )


def _cut(path: Path, step: int) -> None:
    """Drops what was logged after ``step``, which a resumed run logs again."""
    kept = [record for record in read_history(path) if record["step"] <= step]
    _write_text(path, "".join(json.dumps(record) + "\n" for record in kept))


def _write(path: Path, form: Mapping[str, Any]) -> None:
    _write_text(path, json.dumps(form, indent=1, sort_keys=True) + "\n")


def _write_text(path: Path, text: str) -> None:
    """The whole file or none of it."""
    part = path.with_name(path.name + ".part")
    part.write_text(text, encoding="utf-8", newline="\n")
    os.replace(part, path)


_NOT_IDENTITY = {
    "output_dir", "logging_dir", "run_name", "disable_tqdm", "log_level", "hub_token", "push_to_hub_token",
    "save_steps", "save_strategy", "save_total_limit", "logging_nan_inf_filter",
}  # fmt: skip


def identity_of(config: Any, **what: Any) -> dict[str, Any]:
    """A run's identity: the settings that change its result, and ``what`` else does (data, weights)."""
    settings = {key: value for key, value in config.to_dict().items() if key not in _NOT_IDENTITY}
    return {**json.loads(json.dumps(settings, default=str)), **what}
