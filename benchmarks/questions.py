"""How well the rules tell what a clarifying question asks about, on wordings that are not the builder's.

    python -m benchmarks.questions

``tests/fixtures/actions/questions.tsv`` holds questions as people and language models put them, each with the
slots it asks about. The rules were tuned on the part "tune" alone; the other part, of other databases, is what
they are measured by. Figures per part and kind go to ``benchmarks/results/questions.json``.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from rich.console import Console  # noqa: E402
from rich.table import Table  # noqa: E402

from act_env.actions import action_of, slots_asked  # noqa: E402
from act_env.conversation import GRADER_VERSION, Action, Option, Slot  # noqa: E402
from agents import records, stats  # noqa: E402
from benchmarks import common  # noqa: E402

QUESTIONS = ROOT / "tests" / "fixtures" / "actions" / "questions.tsv"
TUNED, HELD_OUT = "tune", "held-out"
ALL = "all"
FIGURES = {
    "precision": "Slot precision",
    "recall": "Slot recall",
    "silent": "Nothing asked, none found",
    "exact": "Slots exact",
    "action": "Action",
}


@dataclasses.dataclass(frozen=True)
class Item:
    """A question with what it asks: ``asked`` are slots' names, none for a question that names no slot."""

    part: str
    database: str
    kind: str
    action: Action
    request: str
    slots: tuple[Slot, ...]
    question: str
    asked: frozenset[str]


def read(path: Path = QUESTIONS) -> tuple[Item, ...]:
    lines = path.read_text(encoding="utf-8").splitlines()
    return tuple(_item(line.split("\t")) for line in lines if line and not line.startswith("#"))


def _item(fields: Sequence[str]) -> Item:
    part, database, kind, action, request, slots, question, asked = fields
    return Item(
        part,
        database,
        kind,
        Action[action],
        request,
        tuple(
            Slot(name, tuple(cues), tuple(Option(value, gloss, tuple(words), ()) for value, gloss, words in options))
            for name, cues, options in json.loads(slots)
        ),
        question.replace("\\n", "\n"),
        frozenset(() if asked == "-" else asked.split(",")),
    )


def found(item: Item) -> frozenset[str]:
    """The slots that the rules take an item's question to ask about."""
    return frozenset(slots_asked(item.question, item.slots, item.request))


def figures(items: Iterable[Item], find: Callable[[Item], frozenset[str]] = found) -> dict[str, dict[str, Any]]:
    """Each figure of FIGURES as value, low, high and n; one without cases is left out.

    ``precision`` and ``recall`` are over slots, ``silent`` over the questions that ask about no slot,
    ``exact`` and ``action`` over all questions.
    """
    counts = {name: [0, 0] for name in FIGURES}

    def count(name: str, hits: int, n: int) -> None:
        counts[name][0] += hits
        counts[name][1] += n

    for item in items:
        got = find(item)
        count("precision", len(got & item.asked), len(got))
        count("recall", len(got & item.asked), len(item.asked))
        count("silent", not (got or item.asked), not item.asked)
        count("exact", got == item.asked, 1)
        count("action", action_of(item.question) is item.action, 1)
    made = {name: (stats.wilson(hits, n), n) for name, (hits, n) in counts.items() if n}
    return {name: {**dataclasses.asdict(interval), "n": n} for name, (interval, n) in made.items()}


def measure(items: Sequence[Item]) -> dict[str, dict[str, dict[str, dict[str, Any]]]]:
    """part → kind, or "all" → figure."""
    table = {}
    for part in (TUNED, HELD_OUT):
        mine = [item for item in items if item.part == part]
        kinds = dict.fromkeys(item.kind for item in mine)
        table[part] = {kind: figures(item for item in mine if item.kind == kind) for kind in kinds} | {
            ALL: figures(mine)
        }
    return table


def show(table: dict[str, Any], console: Console | None = None) -> None:
    for part, kinds in table.items():
        shown = Table("Kind", title=f"Part: {part}", title_justify="left", pad_edge=False, header_style="bold")
        for label in FIGURES.values():
            shown.add_column(label, justify="right")
        for kind, row in kinds.items():
            shown.add_row(kind, *(_cell(row.get(name)) for name in FIGURES))
        (console or Console()).print(shown)


def _cell(figure: dict[str, Any] | None) -> str:
    if figure is None:
        return "–"
    return f"{100 * figure['value']:.1f}\n[{100 * figure['low']:.0f}, {100 * figure['high']:.0f}] of {figure['n']}"


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--results", type=Path, default=common.RESULTS / "questions.json")
    args = parser.parse_args(argv)
    items = read()
    table = measure(items)
    meta = {
        "command": common.command("questions", argv),
        "grader": GRADER_VERSION,
        "questions": len(items),
        "databases": len({item.database for item in items}),
        "interval": {"method": "Wilson", "level": 0.95},
    }
    args.results.parent.mkdir(parents=True, exist_ok=True)
    records.write_json(args.results, {"meta": meta, "parts": table})
    show(table)
    print(f"In percent, in brackets the 95 % Wilson interval. Results: {args.results}")


if __name__ == "__main__":
    common.interruptible(main)
