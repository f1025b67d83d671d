"""The base model's recipe: a small Llama that writes SQL for clear requests and has never asked a question.

    python -m agents.nano.train --out runs/nano --steps 4000

Random schemas (``schemas``), requests from the builder's patterns (``corpus``), a share of them over the
bundled databases of the train split. Loss on thoughts, replies and, a little, what users say (``batches``).
Muon for the hidden matrices, AdamW for the rest; a constant rate that falls linearly over the last part of the
steps. Interrupt it at any time: the same
command goes on from the last checkpoint. ``--finish N`` makes the next N steps the last ones.
"""

from __future__ import annotations

import argparse
import dataclasses
import itertools
import json
import random
import time
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import torch
from torch.utils.data import DataLoader, IterableDataset
from transformers import AutoTokenizer, GenerationConfig, LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from agents.nano.batches import Batch, Row, collate, encode
from agents.nano.corpus import Bundle, bundle, random_bundle
from agents.nano.tokenizer import train_tokenizer
from agents.nano.words import english
from agents.progress import Bars
from envs_data.ambigsql.spec import excerpt
from envs_data.ambigsql.values import Rows
from envs_data.duck import bundled_database, bundled_names


@dataclasses.dataclass(frozen=True)
class NanoConfig:
    """The recipe's settings; each is a command line option."""

    out: Path = Path("runs/nano")
    steps: int = 4000
    """Optimiser steps in all."""
    finish: int = 0
    """If positive: this many more steps after the last checkpoint, the rate falling all the while."""
    seed: int = 0
    layers: int = 5
    width: int = 256
    heads: int = 4
    bundles: int = 8
    """Bundles a step, of eight requests each."""
    seen_share: float = 0.12
    """Share of bundles over the train split's databases instead of random schemas."""
    rate: float = 2e-3
    warmup: int = 100
    fall: float = 0.25
    """Share of the steps over which the rate falls to zero."""
    start: Path | None = None
    """Folder of a checkpoint whose weights and tokenizer the run begins with; default: from scratch."""
    bf16: bool = True
    """Autocast to bfloat16: several times faster where the processor has AMX, slower where it is emulated."""
    compile: bool = False
    save_every: int = 250
    threads: int = 1


PREFIX_ROOM, BRANCH_ROOM, BRANCHES = 480, 120, 8


def make_bundle(seed: str, seen_share: float) -> Bundle:
    """A bundle over a database of the train split with probability ``seen_share``, else a random schema."""
    rng = random.Random(seed)
    if rng.random() < seen_share:
        name = rng.choice(bundled_names("train"))
        tables = [table.name for table in _spec(name).tables]
        shown = excerpt(_spec(name), rng.sample(tables, min(len(tables), rng.choice((2, 3, 3, 4)))))
        return bundle(shown, Rows(name), rng, BRANCHES)
    return random_bundle(seed, BRANCHES)


_spec = cache(bundled_database)


class Steps(IterableDataset):
    """One batch a step, each determined by (seed, step) alone; bundles beyond the rooms are left out."""

    def __init__(self, config: NanoConfig, tokenizer: PreTrainedTokenizerFast, first: int, last: int):
        self.config, self.tokenizer, self.first, self.last = config, tokenizer, first, last

    def rows(self, step: int) -> Iterator[Row]:
        for draw in itertools.count():
            made = make_bundle(f"nano:{self.config.seed}:{step}:{draw}", self.config.seen_share)
            prefix, branches, weights = encode(self.tokenizer, made)
            fits = [len(branch) <= BRANCH_ROOM for branch in branches]
            if len(prefix) <= PREFIX_ROOM and any(fits):
                yield (
                    prefix,
                    list(itertools.compress(branches, fits)),
                    list(itertools.compress(weights, fits)),
                )

    def __iter__(self) -> Iterator[Batch]:
        for step in range(self.first, self.last):
            rows = list(itertools.islice(self.rows(step), self.config.bundles))
            yield collate(rows, self.tokenizer.pad_token_id, BRANCHES)


def make_tokenizer(seed: int) -> PreTrainedTokenizerFast:
    def texts() -> Iterator[str]:
        for number in range(3000):
            made = random_bundle(f"tokenizer:{seed}:{number}")
            yield made.context
            for example in made.examples:
                yield from (*example.messages, example.said, example.thought, example.reply)
        yield from english()

    return train_tokenizer(texts())


def make_model(config: NanoConfig, tokenizer: PreTrainedTokenizerFast) -> LlamaForCausalLM:
    torch.manual_seed(config.seed)
    return LlamaForCausalLM(
        LlamaConfig(
            vocab_size=len(tokenizer),
            hidden_size=config.width,
            intermediate_size=config.width * 8 // 3 // 32 * 32,
            num_hidden_layers=config.layers,
            num_attention_heads=config.heads,
            num_key_value_heads=config.heads,
            max_position_embeddings=1024,
            tie_word_embeddings=True,
            pad_token_id=tokenizer.pad_token_id,
            bos_token_id=None,
            eos_token_id=tokenizer.eos_token_id,
        )
    )


def optimizers(model: LlamaForCausalLM, rate: float) -> list[torch.optim.Optimizer]:
    hidden = [p for name, p in model.named_parameters() if p.ndim == 2 and "embed" not in name]
    ids = {id(p) for p in hidden}
    rest = [p for p in model.parameters() if id(p) not in ids]
    return [
        torch.optim.Muon(hidden, lr=rate, weight_decay=0.01, adjust_lr_fn="match_rms_adamw"),
        torch.optim.AdamW(rest, lr=rate, betas=(0.9, 0.98), weight_decay=0.0),
    ]


def rate_at(config: NanoConfig, step: int, last: int) -> float:
    """The share of the full rate at a step: a short rise, a plateau, a linear fall to zero."""
    falling = config.finish or max(1, int(config.fall * last))
    return min(1.0, (step + 1) / config.warmup, (last - step) / falling)


def _cut(curve: Path, step: int) -> None:
    """Drops what a run that stopped wrote of steps beyond its last checkpoint."""
    if curve.is_file():
        kept = [line for line in curve.read_text("utf-8").splitlines() if json.loads(line)["step"] <= step]
        curve.write_text("".join(line + "\n" for line in kept), encoding="utf-8")


def _save(state: dict, path: Path) -> None:
    torch.save(state, path.with_suffix(".part"))
    path.with_suffix(".part").replace(path)


def train(config: NanoConfig) -> Path:
    """Runs the recipe; returns the folder of the finished checkpoint (float16 safetensors and tokenizer)."""
    torch.set_num_threads(config.threads)
    config.out.mkdir(parents=True, exist_ok=True)
    tokenizer_folder, saved = config.out / "tokenizer", config.out / "state.pt"
    if not tokenizer_folder.is_dir():
        begun = AutoTokenizer.from_pretrained(config.start) if config.start else make_tokenizer(config.seed)
        begun.save_pretrained(tokenizer_folder)
    tokenizer = AutoTokenizer.from_pretrained(tokenizer_folder)
    model = make_model(config, tokenizer)
    if config.start:
        model.load_state_dict(LlamaForCausalLM.from_pretrained(config.start, dtype=torch.float32).state_dict())
    opts = optimizers(model, config.rate)
    first, seconds = 0, 0.0
    if saved.is_file():
        state = torch.load(saved, weights_only=True)
        model.load_state_dict(state["model"])
        for opt, form in zip(opts, state["optimizers"], strict=True):
            opt.load_state_dict(form)
        first, seconds = state["step"], state["seconds"]
    last = first + config.finish if config.finish else config.steps
    curve = config.out / "curve.jsonl"
    _cut(curve, first)
    model.set_attn_implementation("bundle")
    forward = torch.compile(model.model, dynamic=True) if config.compile else model.model
    batches = DataLoader(Steps(config, tokenizer, first, last), batch_size=None, num_workers=1, prefetch_factor=8)

    def checkpoint(step: int) -> None:
        forms = [opt.state_dict() for opt in opts]
        _save({"model": model.state_dict(), "optimizers": forms, "step": step, "seconds": seconds}, saved)

    with Bars() as bars, bars.stage("nano", last) as stage, curve.open("a", encoding="utf-8") as lines:
        since, losses = time.monotonic(), []
        for step, batch in enumerate(batches, first):
            for opt in opts:
                for group in opt.param_groups:
                    group["lr"] = config.rate * rate_at(config, step, last)
            with torch.autocast("cpu", dtype=torch.bfloat16, enabled=config.bf16):
                hidden = forward(
                    input_ids=batch.input_ids, position_ids=batch.position_ids, layout=batch.layout
                ).last_hidden_state
                own = batch.target != -100
                each = torch.nn.functional.cross_entropy(
                    model.lm_head(hidden[own]).float(), batch.target[own], reduction="none"
                )
                loss = (each * batch.weight[own]).sum() / batch.weight[own].sum()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            for opt in opts:
                opt.step()
                opt.zero_grad(set_to_none=True)
            losses.append(loss.item())
            done = step + 1
            if done % 25 == 0 or done == last:
                now = time.monotonic()
                seconds, since = seconds + now - since, now
                record = {"step": done, "loss": round(sum(losses) / len(losses), 4), "seconds": round(seconds)}
                lines.write(json.dumps(record) + "\n")
                lines.flush()
                stage(done, last, f"loss {record['loss']:.3f}")
                losses.clear()
            if done % config.save_every == 0 or done == last:
                checkpoint(done)
    return export(model, tokenizer, config.out / "checkpoint")


def export(model: LlamaForCausalLM, tokenizer: PreTrainedTokenizerFast, folder: Path) -> Path:
    """The checkpoint as it ships: float16 safetensors, config, tokenizer."""
    copy = LlamaForCausalLM(model.config)
    copy.load_state_dict(model.state_dict())
    copy.generation_config = GenerationConfig(
        do_sample=False, eos_token_id=tokenizer.eos_token_id, pad_token_id=tokenizer.pad_token_id
    )
    copy.set_attn_implementation("sdpa")
    copy.half().save_pretrained(folder)
    for where in ("is_local", "local_files_only"):  # how it was loaded is nobody's business who loads it
        tokenizer.init_kwargs.pop(where, None)
    tokenizer.save_pretrained(folder)
    return folder


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser("agents.nano.train", description=__doc__.partition("\n")[0])
    for field in dataclasses.fields(NanoConfig):
        flag = "--" + field.name.replace("_", "-")
        if isinstance(field.default, bool):
            parser.add_argument(flag, action=argparse.BooleanOptionalAction, default=field.default)
        else:
            kind = Path if field.name in ("out", "start") else type(field.default)
            parser.add_argument(flag, type=kind, default=field.default)
    print(train(NanoConfig(**vars(parser.parse_args(argv)))))


if __name__ == "__main__":
    main()
