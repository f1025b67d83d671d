"""Supervised fine-tuning on the agent's turns of gold conversations.

One row is one conversation: its first prompt and all that follows, with the loss on the agent's own
tokens alone, the clarifying questions and the final answer alike. The schema, the notes and the user's
replies are read and never learnt. For a model that thinks first one row is one of its turns, since it is not
shown its earlier thoughts; before gold's words stand its own thoughts.

"SFT continued" is this trainer again, on the tuned model, with ``token_budget`` set to what another
method spent more.
"""

from __future__ import annotations

import copy
import dataclasses
import math
from collections.abc import Sequence
from dataclasses import field
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from datasets import Dataset
from transformers import Trainer, TrainerCallback, TrainingArguments

from act_env.conversation import Task, content_hash
from act_env.tasks import TaskSource
from agents import models
from agents.conversations import open_env, play_all
from agents.lm import Thinker, fingerprint
from agents.training import Counters, Progress, RunDefaults, Trained, finished, identity_of, run


@dataclasses.dataclass
class SFTConfig(RunDefaults, TrainingArguments):
    """Settings of supervised fine-tuning: float32, one log a step, no reporting to anyone."""

    learning_rate: float = field(default=3e-4, metadata={"help": "Initial learning rate."})
    num_train_epochs: float = field(default=8, metadata={"help": "Passes over the conversations."})
    per_device_train_batch_size: int = field(default=8, metadata={"help": "Conversations a step."})
    token_budget: int | None = field(
        default=None,
        metadata={"help": "Tokens to train on, prompts included, in place of a number of epochs."},
    )
    user: str = field(default="oracle", metadata={"help": "The simulated user whose replies stand in the data."})

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.token_budget is not None and self.token_budget < 1:
            raise ValueError(f"token_budget is {self.token_budget}: it must be at least 1, or None")


def train_sft(
    model: Any,
    tokenizer: Any,
    source: TaskSource,
    conversations: Sequence[Task],
    config: SFTConfig | None = None,
    out_dir: str | Path = "runs/sft",
    progress: Progress | None = None,
) -> Trained:
    """Tunes ``model`` in place on the gold play of ``conversations``; see ``agents.training`` for the folder.

    Conversations that do not fit the model are left out, and counted in the history (``left_out``).
    """
    out_dir = Path(out_dir)
    config = with_folder(config or SFTConfig(), out_dir)
    identity = identity_of(config, method="sft", data=content_hash(conversations), start=fingerprint(model))
    if (done := finished(out_dir, identity, model)) is not None:
        return done
    env = open_env(source, user=config.user)
    room = models.room(model, tokenizer)
    think = Thinker(model, tokenizer)
    plays, left_out = play_all(env, conversations, tokenizer, seed=config.seed, room=room, think=think)
    if not plays:
        raise ValueError(f"none of {len(conversations)} conversations fits the model's {room} positions")
    learnt = (
        [(play.turns[0].prompt, play.turns[0].gold) for play in plays]
        if think.end is None
        else [(turn.prompt, turn.gold.first_reply()) for play in plays for turn in play.turns]
    )
    rows = [{"ids": [*prompt, *gold.ids], "own": [False] * len(prompt) + list(gold.own)} for prompt, gold in learnt]
    if config.token_budget is not None:
        config.num_train_epochs = math.ceil(config.token_budget / sum(len(row["ids"]) for row in rows))
    counters = Counters(extra={"left_out": len(left_out)})
    trainer = _SFTTrainer(
        model=model,
        args=config,
        train_dataset=Dataset.from_list(rows),
        processing_class=tokenizer,
        data_collator=_Collator(tokenizer.pad_token_id),
    )
    trainer.counters = counters
    if config.token_budget is not None:
        trainer.add_callback(_Budget(counters, config.token_budget))
    return run(trainer, tokenizer, counters, identity, out_dir, progress)


def with_folder(config: Any, out_dir: Path) -> Any:
    """The config with its checkpoints in the run's folder; the caller's own stays as it is."""
    config = copy.deepcopy(config)
    config.output_dir = str(out_dir / "checkpoints")
    config.save_only_model = False
    return config


class _Collator:
    """Rows padded on their left, so that what is learnt stands at the end of every one."""

    def __init__(self, pad: int) -> None:
        self.pad = pad

    def __call__(self, rows: Sequence[dict[str, list]]) -> dict[str, torch.Tensor]:
        width = max(len(row["ids"]) for row in rows)
        ids = torch.tensor([[self.pad] * (width - len(row["ids"])) + row["ids"] for row in rows])
        present = torch.tensor([[0] * (width - len(row["ids"])) + [1] * len(row["ids"]) for row in rows])
        own = torch.tensor([[False] * (width - len(row["own"])) + row["own"] for row in rows])
        return {"input_ids": ids, "attention_mask": present, "labels": ids.masked_fill(~own, -100)}


class _SFTTrainer(Trainer):
    """Cross-entropy over the labelled tokens of a batch; logits only from where the first of them stands."""

    counters: Counters

    def _set_signature_columns_if_needed(self) -> None:
        self._signature_columns = ["ids", "own"]

    def compute_loss(self, model, inputs, return_outputs=False, num_items_in_batch=None):
        labels, present = inputs["labels"], inputs["attention_mask"]
        if model.training:
            self.counters.tokens += int(present.sum())
        learnt = (labels != -100).any(0).nonzero()
        keep = labels.shape[1] - int(learnt[0]) + 1
        outputs = model(
            input_ids=inputs["input_ids"],
            attention_mask=present,
            position_ids=(present.cumsum(1) - 1).clamp(min=0),
            use_cache=False,
            logits_to_keep=keep,
        )
        labels = labels[:, -keep + 1 :]
        total = F.cross_entropy(
            outputs.logits[:, :-1].float().flatten(0, 1), labels.flatten(), ignore_index=-100, reduction="sum"
        )
        count = (labels != -100).sum() if num_items_in_batch is None else num_items_in_batch
        loss = total / count
        return (loss, outputs) if return_outputs else loss


class _Budget(TrainerCallback):
    """Ends training once the tokens trained on reach the budget."""

    def __init__(self, counters: Counters, budget: int) -> None:
        self.counters, self.budget = counters, budget

    def on_step_end(self, args, state, control, **kwargs):
        if self.counters.tokens >= self.budget:
            control.should_training_stop = True
        return control
