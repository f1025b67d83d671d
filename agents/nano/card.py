"""Ships a finished run of the recipe: copies its checkpoint into the package, with a card made from its figures.

    python -m agents.nano.card runs/nano

The card holds what the recipe was given, its seconds, its curve, and the execution match on clear requests
of seen and unseen databases (``evaluate``).
"""

from __future__ import annotations

import argparse
import json
import shutil
from importlib import resources
from pathlib import Path
from typing import Any

from agents.nano.evaluate import evaluate
from envs_data.duck import bundled_names

TEXT = """# nano

A Llama of {million:.1f} million parameters ({layers} layers, {width} wide, {vocabulary} byte-level BPE pieces, 1,024
positions), trained from scratch to write DuckDB SQL for **clear** requests. It has never seen a clarifying question.
The first line of whatever it writes is a thought, which nobody is told: what the request is about and what that stands
for here ("revenue of stores: net revenue"). Beside SQL it can say that the notes leave something open, and what it
could be ("No note defines the revenue of stores: net revenue or gross revenue."), where a request or a rule among the
notes wants to be told so; the user may then say what is meant.
Float16 safetensors, cast to float32 on load. Apache-2.0.

It is the base from which learners start on a CPU, and no assistant to put before people.

## Data

Requests from the patterns of the AmbigSQL builder (`envs_data/ambigsql/wordings.toml`), each clear because it spells
everything out, because a note of the data dictionary settles it, because only one column fits its word, because
the user adds what is meant, or because it says what to do where nothing settles it ("If the notes don't say which,
tell me.", `agents/nano/requests.toml`); and questions about the dictionary itself. Only beside such a proviso has it
seen a request that nothing settles ("revenue of stores: open"); no request of the environments has one. {examples:,}
requests over random schemas with words from `wordfreq` (CC BY-SA 4.0; only the list of words is used) and, in
{seen:.0%} of them, over the train databases ({databases}). Databases of the dev and test splits are unseen; the
patterns that word their requests are the same.

## Recipe

`act-clarify nano` (`agents/nano/train.py`): {steps:,} steps of 64 requests, eight to a schema; loss on thoughts,
replies and, a little, what users say; Muon and AdamW; seed {seed}; {hours:.1f} hours on {threads} CPU threads.
{remarks}

| step | {steps_row} |
|---|{rule}|
| loss per token, weighted | {losses} |

## Execution match on clear requests

| databases | a note settles it | one word, one column | spelled out | all |
|---|---|---|---|---|
{rows}

95 % Wilson intervals; n in brackets. "A note settles it" are the corpus' clear tasks.

## What it notes down

Share of the corpus' tasks of which its thought says "open":

| databases | ambiguous tasks | clear tasks |
|---|---|---|
{open_rows}

Made by `python -m agents.nano.card`.
"""
ROWS = (("train", "seen"), ("dev", "unseen, dev"), ("test", "unseen, test"))


def curve_points(records: list[dict[str, Any]], count: int = 9) -> list[dict[str, Any]]:
    """Evenly spaced records, the last among them."""
    step = max(1, len(records) // count)
    return records[::-1][::step][::-1]


def cell(figure: dict[str, float] | None) -> str:
    return f"{figure['match']:.3f} ({figure['low']:.2f} to {figure['high']:.2f}; {figure['n']})" if figure else "–"


def card(run: Path, figures: dict[str, Any], facts: dict[str, Any]) -> str:
    records = [json.loads(line) for line in (run / "curve.jsonl").read_text("utf-8").splitlines()]
    points = curve_points(records)
    ways = ("note", "partial", "whole", "all")
    config = json.loads((run / "checkpoint" / "config.json").read_text("utf-8"))
    size = (run / "checkpoint" / "model.safetensors").stat().st_size
    return TEXT.format(
        million=size / 2e6,
        layers=config["num_hidden_layers"],
        width=config["hidden_size"],
        vocabulary=config["vocab_size"],
        examples=records[-1]["step"] * 64,
        databases=", ".join(bundled_names("train")),
        steps=records[-1]["step"],
        hours=records[-1]["seconds"] / 3600,
        steps_row=" | ".join(str(point["step"]) for point in points),
        rule="|".join("---" for _ in points),
        losses=" | ".join(f"{point['loss']:.3f}" for point in points),
        rows="\n".join(
            f"| {name} | " + " | ".join(cell(figures[split].get(way)) for way in ways) + " |" for split, name in ROWS
        ),
        open_rows="\n".join(
            f"| {name} | {cell(figures[split].get('open_ambiguous'))} | {cell(figures[split].get('open_clear'))} |"
            for split, name in ROWS
        ),
        **facts,
    )


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser("agents.nano.card", description=__doc__.partition("\n")[0])
    parser.add_argument("run", type=Path, help="the recipe's --out")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--seen-share", type=float, default=0.12)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--remarks", default="", help="what a reader should know of this run")
    options = parser.parse_args(argv)
    figures = evaluate(str(options.run / "checkpoint"))
    facts = {
        "seed": options.seed,
        "seen": options.seen_share,
        "threads": options.threads,
        "remarks": options.remarks,
    }
    text = card(options.run, figures, facts)
    with resources.as_file(resources.files("agents.nano")) as package:
        target = Path(package) / "checkpoint"
        shutil.copytree(options.run / "checkpoint", target, dirs_exist_ok=True)
        (target / "README.md").write_text(text, encoding="utf-8")
        (target / "figures.json").write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
        shutil.copy(options.run / "curve.jsonl", target / "curve.jsonl")
    print(text)


if __name__ == "__main__":
    main()
