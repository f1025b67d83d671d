"""What docs/make.py puts into docs/corpus.md: the audit's table, acceptance from reading, counts and samples."""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from act_env.conversation import Action, Task
from agents.stats import wilson
from envs_data import ambigsql
from envs_data.ambigsql.patterns import KINDS
from envs_data.ambigsql.spec import SPLITS

VERDICTS = ("usable", "weak", "reject")
EXAMPLES = {
    "information": "which column is asked for",
    "column": "which column decides, counts or sorts",
    "population": "which rows an adjective picks",
    "value": "in which way rows carry a name",
    "table": "which of two tables a noun is about",
    "aggregate": "whether a figure is taken from record or counted anew",
    "presentation": "in which order, how many, by which period",
    "double": "two of these at once",
}


def audit_table(path: Path) -> str:
    """Probe and part by kind: accuracy with its interval, in percent."""
    form = json.loads(path.read_text(encoding="utf-8"))
    findings = form["findings"]
    kinds = list(dict.fromkeys(finding["kind"] for finding in findings))
    head = f"| probe | reads | {' | '.join(kinds)} |\n|---|---|{'---:|' * len(kinds)}\n"
    rows = []
    for probe, part in dict.fromkeys((f["probe"], f["part"]) for f in findings):
        mine = {f["kind"]: f for f in findings if (f["probe"], f["part"]) == (probe, part)}
        cells = [f"{100 * f['accuracy']:.1f} [{100 * f['low']:.0f}, {100 * f['high']:.0f}]" for f in mine.values()]
        rows.append(f"| {probe} | {part} | {' | '.join(cells)} |\n")
    return f"`{form['command']}`, {form['tasks']:,} tasks:\n\n{head}{''.join(rows)}"


def reading_table(folder: Path) -> str:
    """How many of the pairs that were read by eye are usable, by kind, with Wilson intervals."""
    lines = ["| read | pairs | usable | weak | reject |\n|---|---:|---:|---:|---:|\n"]
    for path in sorted(folder.glob("*.tsv")):
        with path.open(encoding="utf-8", newline="") as rows:
            counts = Counter(row["verdict"] for row in csv.DictReader(rows, delimiter="\t", quoting=csv.QUOTE_NONE))
        total = counts.total()
        usable = wilson(counts["usable"], total)
        share = f"{100 * usable.value:.0f} % [{100 * usable.low:.0f}, {100 * usable.high:.0f}]"
        lines.append(
            f"| {path.stem.replace('_', ', ')} | {total} | {share} | {counts['weak']} | {counts['reject']} |\n"
        )
    return "".join(lines)


def counts_table() -> str:
    """Tasks of the bundled corpus by kind and split."""
    by_split = {split: Counter(task.kind for task in ambigsql.load(split=split).tasks) for split in SPLITS}
    lines = [f"| kind | what is open | {' | '.join(SPLITS)} |\n|---|---|{'---:|' * len(SPLITS)}\n"]
    for kind in KINDS:
        cells = " | ".join(str(by_split[split][kind]) for split in SPLITS)
        lines.append(f"| {kind} | {EXAMPLES[kind]} | {cells} |\n")
    total = " | ".join(f"{by_split[split].total():,}" for split in SPLITS)
    return "".join([*lines, f"| all | half of them ambiguous | {total} |\n"])


def samples() -> str:
    """One pair of twins of each kind, of the train split: the first by id."""
    tasks = ambigsql.load(split="train").tasks
    pairs = list(zip(tasks[::2], tasks[1::2], strict=True))
    return "\n".join(_sample(min((p for p in pairs if p[0].kind == kind), key=lambda p: p[0].id)) for kind in KINDS)


def _sample(pair: Sequence[Task]) -> str:
    clear, ambiguous = sorted(pair, key=lambda task: task.gold_action is Action.CLARIFY)
    notes = [task.context.partition("\nNotes:\n")[2].split("\n") for task in (clear, ambiguous)]
    lines = [
        f"**{clear.kind}** ({clear.database}): “{clear.request}”\n\n",
        "| beside it, clear | beside it, ambiguous |\n|---|---|\n",
    ]
    for left, right in zip(*notes, strict=True):
        lines.append(f"| {left.removeprefix('- ')} | {'the same' if left == right else right.removeprefix('- ')} |\n")
    lines.append(f"\nThe user, asked “{ambiguous.gold_question}”, may mean\n\n")
    for reading in ambiguous.readings:
        here = " (what the clear one means)" if reading.id == clear.readings[0].id else ""
        lines.append(f"- {reading.gloss}{here}: `{reading.answer}`\n")
    return "".join(lines)
