"""The base model's card figures: execution match on clear requests, by why they are clear; and what it notes down.

    python -m agents.nano.evaluate [MODEL] [--out card.json]

``note``: the corpus' clear tasks, whose open word a note settles. ``whole``: the request spells everything
out. ``partial``: one word of the column's name, and no other column has it. The last two are drawn from the
same patterns over the same databases, and are no tasks of the corpus. ``open_ambiguous`` and ``open_clear``: the
share of the corpus' ambiguous and clear tasks whose thought says that nothing settles the request.
"""

from __future__ import annotations

import argparse
import json
import random
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from act_env.conversation import Action, Result, Task
from act_env.errors import SandboxError
from act_env.sql import grading, sandbox
from agents import models, prompts, stats
from agents.evaluate import choose_tasks
from agents.lm import LMAgent, Thinker
from agents.nano.corpus import fits_alone, says_open
from agents.progress import Bars
from envs_data import ambigsql
from envs_data.ambigsql.build import results
from envs_data.ambigsql.notes import fillers
from envs_data.ambigsql.patterns import KINDS, drafts
from envs_data.ambigsql.spec import SPLITS, context_text, schema_text
from envs_data.ambigsql.values import Rows
from envs_data.duck import bundled_database, bundled_names, database_path

MOST = 600
WAYS = ("note", "partial", "whole")
Case = tuple[str, str, str, str, Result]
"""(way, database, context, request, gold result)."""


def spelled_out(name: str, ways: tuple[str, ...], count: int) -> Iterator[Case]:
    """``count`` requests a way of one database that no note has to settle."""
    database = bundled_database(name)
    rng = random.Random(f"nano card:{name}")
    left = dict.fromkeys(ways, count)
    with sandbox.Sandbox(database_path(name)) as box:
        for _ in range(4000):
            if not any(left.values()):
                return
            draft = drafts(database, rng.choice(KINDS), Rows(name), rng)
            if draft is None or isinstance(found := results(box, draft), str):
                continue
            number = rng.randrange(len(draft.fillings))
            filling = draft.fillings[number]
            choice = draft.gaps[0].choice(filling.values[0])
            word = fits_alone(database, draft.gaps[0], choice) if len(draft.gaps) == 1 else None
            way = "partial" if word and left.get("partial") else "whole"
            if not left.get(way):
                continue
            text = filling.whole.replace(choice.gloss, word, 1) if way == "partial" else filling.whole
            notes = [note.text for note in fillers(database, draft.gaps, 4, rng)]
            left[way] -= 1
            yield way, name, context_text(schema_text(database), notes), text, found[number]


def chosen(split: str) -> tuple[Task, ...]:
    """The corpus' tasks that are looked at: at most ``MOST`` of a split, request groups whole as far as it goes."""
    return choose_tasks(ambigsql.load(split=split), None, MOST)


def cases(split: str, count: int) -> list[Case]:
    noted = [
        ("note", task.database, task.context, task.request, task.readings[0].result)
        for task in chosen(split)
        if task.gold_action is Action.ANSWER
    ]
    drawn = [case for name in bundled_names(split) for case in spelled_out(name, ("partial", "whole"), count)]
    return noted + drawn


def matches(case: Case, sql: str) -> bool:
    _, database, _, _, gold = case
    try:
        return grading.match(sandbox.shared(database_path(database)).execute(sql), gold).ok
    except SandboxError:
        return False


def observed(context: str, request: str) -> dict[str, Any]:
    """The observation of a request that nothing was said about yet."""
    return {"context": context, "dialogue": f"User: {request}", "turn": 0}


def noted_open(agent: LMAgent, split: str) -> dict[str, list[bool]]:
    """Whether each of a split's tasks is noted as open, by its label."""
    tasks = chosen(split)
    think = Thinker(agent.model, agent.tokenizer)
    prompts_of = [prompts.encode(agent.tokenizer, observed(task.context, task.request)) for task in tasks]
    found: dict[str, list[bool]] = {"open_ambiguous": [], "open_clear": []}
    for task, ids in zip(tasks, think(prompts_of), strict=True):
        text = agent.tokenizer.decode(ids)
        key = "open_clear" if task.gold_action is Action.ANSWER else "open_ambiguous"
        found[key].append(says_open(text))
    return found


def evaluate(model: str, count: int = 8) -> dict[str, dict[str, dict[str, float]]]:
    """split → way → {"match", "low", "high", "n"}; intervals are 95 % Wilson intervals over requests."""
    net, tokenizer = models.load(model)
    agent = LMAgent(net, tokenizer, batch_size=64)
    table: dict[str, dict[str, dict[str, float]]] = {}
    with Bars() as bars:
        for split in SPLITS:
            found = cases(split, count)
            with bars.stage(f"clear requests, {split}", len(found)):
                texts = agent.act([observed(context, text) for _, _, context, text, _ in found])
            hits = defaultdict(list)
            for case, sql in zip(found, texts, strict=True):
                for way in (case[0], "all"):
                    hits[way].append(matches(case, sql))
            hits |= noted_open(agent, split)
            table[split] = {way: wilson(sum(h), len(h)) for way, h in sorted(hits.items())}
    return table


def wilson(hits: int, n: int) -> dict[str, float]:
    made = stats.wilson(hits, n)
    return {"match": round(made.value, 3), "low": round(made.low, 3), "high": round(made.high, 3), "n": n}


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser("agents.nano.evaluate", description=__doc__.partition("\n")[0])
    parser.add_argument("model", nargs="?", default="nano", help="nano, or a model's path")
    parser.add_argument("--out", type=Path, help="where to write the figures as JSON")
    options = parser.parse_args(argv)
    table = evaluate(options.model)
    for split, ways in table.items():
        for way, figure in ways.items():
            print(
                f"{split:6} {way:8} {figure['match']:.3f}  [{figure['low']:.3f}, {figure['high']:.3f}]  n={figure['n']}"
            )
    if options.out:
        options.out.write_text(json.dumps(table, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
