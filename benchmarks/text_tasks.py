"""PACIFIC and Abg-CoQA as they are read, judged and asked about here, on the authors' files.

    python -m benchmarks.text_tasks --data DIR

``DIR`` holds ``pacific`` and ``abg_coqa`` (default: ``$ACT_DATA_DIR``). Measured are what is read, the oracle's
score, the rules for actions on every gold reply, the user's sense of what a question is about, the share of other
readings' answers that fail for each ε, and how many tokens a prompt takes. The figures go to
``benchmarks/results/text_tasks.json``.
"""

from __future__ import annotations

import argparse
import dataclasses
import itertools
import os
import sys
import warnings
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402
from rich.console import Console  # noqa: E402
from rich.table import Table  # noqa: E402

import act_env  # noqa: E402
from act_env.actions import slots_asked  # noqa: E402
from act_env.conversation import ASSISTANT, GRADER_VERSION, Action, Task  # noqa: E402
from act_env.judging import Judge, make_judge  # noqa: E402
from act_env.registration import ABG_COQA, PACIFIC, SCOPES  # noqa: E402
from act_env.text.relevance import content  # noqa: E402
from agents import records, stats  # noqa: E402
from agents.evaluate import evaluate  # noqa: E402
from agents.progress import Bars  # noqa: E402
from agents.scripted import Oracle  # noqa: E402
from benchmarks import common  # noqa: E402
from envs_data import abg_coqa, published  # noqa: E402
from envs_data.abg_coqa.layout import FILES  # noqa: E402

FOLDERS = {PACIFIC: "pacific", ABG_COQA: "abg_coqa"}
EPSILONS = (0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)


def load(id: str, data: Path, scope: str = "turn") -> dict[str, act_env.tasks.TaskSource]:
    where = data / FOLDERS[id]
    return {s: act_env.load_source(id, split=s, source="published", path=where, scope=scope) for s in published.SPLITS}


def share(hits: Iterable[bool]) -> dict[str, Any]:
    found = list(hits)
    return {**dataclasses.asdict(stats.wilson(sum(found), len(found))), "n": len(found)} if found else {"n": 0}


def counts(sources: dict[str, act_env.tasks.TaskSource]) -> dict[str, Any]:
    rows = {
        split: {
            "conversations": len({task.database for task in source.tasks}),
            "tasks": len(source.tasks),
            "to clarify": sum(task.gold_action is Action.CLARIFY for task in source.tasks),
        }
        for split, source in sources.items()
    }
    total = {key: sum(row[key] for row in rows.values()) for key in next(iter(rows.values()))}
    left_out = {name: why for source in sources.values() for name, why in source.left_out.items()}
    single = sorted(task.id for source in sources.values() for task in source.tasks if task.kind == "single reply")
    return {"splits": rows, "all": total, "left out": left_out, "a single reply": single}


def oracle(source: act_env.tasks.TaskSource, scope: str) -> dict[str, Any]:
    """How many episodes the oracle plays, and the scores of those below the full reward, by id."""
    episodes = evaluate(Oracle(), env_id=source.tasks[0].environment, source=source, scope=scope)
    short = {e.task_id: e.outcome.score for e in episodes if e.outcome.score < 1 - 1e-9}
    return {"episodes": len(episodes), "short of the maximum": short}


def gold_replies(tasks: Sequence[Task]) -> Iterator[tuple[str, Action]]:
    """Every distinct gold reply of the tasks, in their histories too, with its action."""
    seen = {}
    for task in tasks:
        if task.gold_action is Action.CLARIFY:
            seen[task.gold_question, Action.CLARIFY, task.id] = None
        for number, reading in enumerate(task.readings):
            for accepted in reading.accepted[:1] if task.environment == PACIFIC else reading.accepted:
                text = reading.answer if task.environment == PACIFIC else accepted.spans[0]
                seen[text, Action.ANSWER, f"{task.id} {number}"] = None
        if task.environment == ABG_COQA:
            said = [turn for turn in task.history if turn.role == ASSISTANT]
            seen |= {(turn.text, Action.ANSWER, f"{task.id} history {i}"): None for i, turn in enumerate(said)}
    for text, action, _ in seen:
        yield text, action


def actions(judge: Judge, replies: Sequence[tuple[str, Action]]) -> dict[str, Any]:
    """Accuracy of the rules on gold replies, by their action, and the misses."""
    found = [(text, action, judge.action_of(text)) for text, action in replies]
    rows = {action.value: share(got is gold for _, gold, got in found if gold is action) for action in Action}
    misses = [{"text": text, "gold": gold.value} for text, gold, got in found if got is not gold]
    return {"all": share(got is gold for _, gold, got in found), **rows, "misses": misses}


def relevance(tasks: Sequence[Task]) -> dict[str, Any]:
    """Whether a task's own clarifying question is taken for one about it, and others' for one about something else.

    Questions that say the same in the words that count ("Which year are you asking about?", "Which period …?") are
    no others of each other, and are counted apart.
    """
    asking = [task for task in tasks if task.gold_action is Action.CLARIFY]

    def about(task: Task, question: str) -> bool:
        return bool(slots_asked(question, task.slots, task.request))

    others: dict[str, list[bool]] = {"same conversation": [], "another conversation": []}
    alike = 0
    for mine, other in itertools.permutations(asking, 2):
        if content(mine.gold_question) == content(other.gold_question):
            alike += 1
            continue
        where = "same conversation" if mine.database == other.database else "another conversation"
        others[where].append(not about(mine, other.gold_question))
    return {
        "own": share(about(task, task.gold_question) for task in asking),
        "others": share(itertools.chain(*others.values())),
        **{f"others, {where}": share(hits) for where, hits in others.items()},
        "alike": alike,
    }


def epsilons(judge: Judge, tasks: Sequence[Task]) -> dict[str, Any]:
    """For each ε the share of answers of another reading (in PACIFIC: of another turn, of the same type) that fail,
    and of a reading's own answers that pass when each is judged by the others."""
    other, own = [], []
    ambiguous = [task for task in tasks if task.gold_action is Action.CLARIFY]
    for task in ambiguous:
        known = [reading for reading in task.readings if reading.accepted]
        for mine, theirs in itertools.permutations(known, 2):
            other += [judge.closeness(accepted.spans[0], theirs.accepted) for accepted in mine.accepted]
        for reading in known:
            for accepted in reading.accepted:
                rest = tuple(each for each in reading.accepted if each != accepted)
                own += [judge.closeness(accepted.spans[0], rest)] if rest and not task.conversation else []
        for turn in (turn for turn in tasks if task.conversation and turn.conversation == task.conversation):
            answer = turn.readings[0]
            if turn.kind == task.kind and answer.accepted != known[0].accepted:
                other.append(judge.closeness(answer.answer, known[0].accepted))
    return {
        "default": judge.epsilon,
        "another reading's answers that fail": {str(e): share(value <= e for value in other) for e in EPSILONS},
        "own answers that pass": {str(e): share(value > e for value in own) for e in EPSILONS} if own else {},
    }


def second_question(records_: Iterable[abg_coqa.Record], by_id: dict[str, Task]) -> dict[str, Any]:
    """How often another person's clarifying question, which no rule has seen, is taken for one about the task."""
    asked = [(record.second, by_id[record.id]) for record in records_ if record.second and record.id in by_id]
    return share(bool(slots_asked(question, task.slots, task.request)) for question, task in asked)


def prompts(tasks: Sequence[Task], models: Sequence[str]) -> dict[str, Any]:
    """Tokens that a prompt takes uncut, by tokenizer: median, 99th percentile and most."""
    from agents import models as loading
    from agents import prompts as room
    from agents.base import first_observation

    found = {}
    for name in models:
        _, tokenizer = loading.load(name)
        tokens = [len(room.uncut(tokenizer, first_observation(task))) for task in tasks]
        median, high = np.percentile(tokens, [50, 99]).round().astype(int).tolist()
        found[name] = {"median": median, "99th percentile": high, "most": max(tokens)}
    return found


def measure(id: str, data: Path, models: Sequence[str], stage: Any) -> dict[str, Any]:
    sources = load(id, data)
    tasks = [task for source in sources.values() for task in source.tasks]
    judge = make_judge(id)
    found: dict[str, Any] = {"counts": counts(sources)}
    found["oracle"] = {
        scope: {split: oracle(source, scope) for split, source in load(id, data, scope).items()} for scope in SCOPES[id]
    }
    replies = list(gold_replies(tasks))
    if id == ABG_COQA:
        read, _ = abg_coqa.read_published(published.find(data / FOLDERS[id], FOLDERS[id], FILES))
        replies += [(record.second, Action.CLARIFY) for record in read.values() if record.second]
    stage(1, 4, "actions")
    found["actions"] = actions(judge, replies)
    stage(2, 4, "relevance")
    found["relevance"] = relevance(tasks)
    if id == ABG_COQA:
        found["relevance"]["another person's question"] = second_question(read.values(), {t.id: t for t in tasks})
    found["epsilon"] = epsilons(judge, tasks)
    stage(3, 4, "prompts")
    found["prompts"] = prompts(tasks, models)
    stage(4, 4, "")
    return found


def show(found: dict[str, Any]) -> None:
    for id, part in found.items():
        table = Table("", "share", "of", title=id, title_justify="left", pad_edge=False, header_style="bold")
        rows = {f"actions, {k}": v for k, v in part["actions"].items() if k != "misses"}
        rows |= {f"relevance, {k}": v for k, v in part["relevance"].items() if isinstance(v, dict)}
        for name, cell in rows.items():
            table.add_row(name, f"{100 * cell['value']:.2f}" if cell["n"] else "–", str(cell["n"]))
        Console().print(table)
        print({scope: {s: len(o["short of the maximum"]) for s, o in v.items()} for scope, v in part["oracle"].items()})
        print(part["counts"]["all"], "left out:", part["counts"]["left out"])


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=os.environ.get("ACT_DATA_DIR"), help="default: $ACT_DATA_DIR")
    parser.add_argument("--model", action="append", help="whose tokens are counted (default: nano)")
    parser.add_argument("--results", type=Path, default=common.RESULTS / "text_tasks.json")
    args = parser.parse_args(argv)
    if args.data is None:
        parser.error("give --data, the folder that holds pacific and abg_coqa, or set ACT_DATA_DIR")
    warnings.simplefilter("ignore", UserWarning)  # what is left out is in the result
    found = {}
    with Bars() as bars:
        for id in FOLDERS:
            with bars.stage(id, 4) as stage:
                found[id] = measure(id, args.data, args.model or ["nano"], stage)
    meta = {"command": common.command("text_tasks", argv), "grader": GRADER_VERSION}
    args.results.parent.mkdir(parents=True, exist_ok=True)
    records.write_json(args.results, {"meta": meta, "ids": found})
    show(found)
    print(f"In percent. Results: {args.results}")


if __name__ == "__main__":
    common.interruptible(main)
