"""What docs/make.py puts into docs/text_tasks.md: what is read, how well it is judged, and the bundled samples."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import act_env
from act_env.conversation import Action
from act_env.registration import ABG_COQA, PACIFIC
from envs_data.published import SPLITS

SHORT = {PACIFIC: "PACIFIC", ABG_COQA: "Abg-CoQA"}


def _row(*cells: Any) -> str:
    return f"| {' | '.join(map(str, cells))} |\n"


def _share(cell: dict[str, Any] | None) -> str:
    if not cell or not cell["n"]:
        return "–"
    return f"{100 * cell['value']:.1f} [{100 * cell['low']:.1f}, {100 * cell['high']:.1f}] of {cell['n']:,}"


def measured(path: Path) -> str:
    """The rules and the user on the authors' files, with Wilson intervals."""
    form = json.loads(path.read_text(encoding="utf-8"))
    ids = form["ids"]
    head = _row("", *(SHORT[id] for id in ids)) + "|---|" + "---:|" * len(ids) + "\n"
    rows = {
        "action of a gold reply, all": lambda part: _share(part["actions"]["all"]),
        "… of a clarifying question": lambda part: _share(part["actions"]["clarify"]),
        "… of an answer": lambda part: _share(part["actions"]["answer"]),
        "own question taken for one about the request": lambda part: _share(part["relevance"]["own"]),
        "other questions taken for something else": lambda part: _share(part["relevance"]["others"]),
        "… those of the same dialogue or story": lambda p: _share(p["relevance"]["others, same conversation"]),
        "another person's question taken for one about it": lambda p: _share(
            p["relevance"].get("another person's question")
        ),
        "ε": lambda part: part["epsilon"]["default"],
        "another reading's answers that fail at ε": lambda part: _share(
            part["epsilon"]["another reading's answers that fail"][str(part["epsilon"]["default"])]
        ),
        "a person's answer that passes by the others'": lambda part: _share(
            part["epsilon"]["own answers that pass"].get(str(part["epsilon"]["default"]))
        ),
        **{
            f"tokens of {name}'s that a prompt takes uncut, median and most": lambda part, name=name: (
                f"{part['prompts'][name]['median']:,} and {part['prompts'][name]['most']:,}"
            )
            for name in next(iter(ids.values()))["prompts"]
        },
        "episodes that the oracle plays below the maximum": lambda part: sum(
            len(split["short of the maximum"]) for scope in part["oracle"].values() for split in scope.values()
        ),
    }
    table = "".join(_row(name, *(cell(part) for part in ids.values())) for name, cell in rows.items())
    return f"`{form['meta']['command']}`, in percent, with 95 % Wilson intervals:\n\n{head}{table}"


def counts(path: Path) -> str:
    """Conversations, tasks and those to clarify, by source and split."""
    ids = json.loads(path.read_text(encoding="utf-8"))["ids"]
    lines = [_row("", *SPLITS), "|---|" + "---:|" * len(SPLITS) + "\n"]
    for id, part in ids.items():
        found = part["counts"]["splits"]
        cells = (f"{found[s]['conversations']} · {found[s]['tasks']} · {found[s]['to clarify']}" for s in SPLITS)
        lines.append(_row(f"{SHORT[id]}, published", *cells))
        lines.append(_row(f"{SHORT[id]}, bundled", *(_bundled(id, split) for split in SPLITS)))
    return "".join(lines)


def _bundled(id: str, split: str) -> str:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        tasks = act_env.load_source(id, split=split).tasks
    clarify = sum(task.gold_action is Action.CLARIFY for task in tasks)
    return f"{len({task.database for task in tasks})} · {len(tasks)} · {clarify}"
