"""``python -m envs_data.spider PATH``: what is kept, rejected and made of Spider's files."""

from __future__ import annotations

import argparse
import sys
from collections import Counter

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from act_env.errors import ActClarifyError
from envs_data import spider
from envs_data.spider.layout import SPLITS
from envs_data.spider.store import AGREES, DIFFERS, ONLY_TIES, Report


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser("python -m envs_data.spider", description=__doc__.partition(": ")[2])
    parser.add_argument("path", nargs="?", help="Spider's folder (default: $ACT_DATA_DIR/spider)")
    parser.add_argument("--split", choices=SPLITS, action="append", help="only this split (may be repeated)")
    parser.add_argument("--drafts", action="store_true", help="also count the drafts of tasks that were dropped")
    options = parser.parse_args(argv)
    splits = tuple(options.split or SPLITS)
    try:
        reports = {split: spider.load_report(split=split, path=options.path) for split in splits}
        sources = {split: spider.load(split=split, path=options.path) for split in splits}
    except ActClarifyError as error:
        print(error, file=sys.stderr)
        return 1
    console = Console()
    questions = {split: Counter({"kept": report.kept, **report.reasons()}) for split, report in reports.items()}
    _print(console, "Questions", questions)
    _print_agreement(console, list(reports.values()))
    tasks = {
        split: Counter(f"{t.kind}, {t.provenance.pattern}, {_label(t)}" for t in source.tasks)
        for split, source in sources.items()
    }
    _print(console, "Tasks", tasks)
    if options.drafts:
        _print(console, "Drafts dropped", {split: Counter(report.dropped) for split, report in reports.items()})
    for problem in dict.fromkeys(problem for report in reports.values() for problem in report.problems):
        console.print(f"not read: {problem.where}: {problem.why}", markup=False, highlight=False)
    return 0


def _print_agreement(console: Console, reports: list[Report]) -> None:
    """A row for each of Spider's files: all its gold SQL, before any question is rejected."""
    table = Table(title="Gold SQL in SQLite and DuckDB", title_justify="left")
    for head in ("", AGREES, ONLY_TIES, DIFFERS, "share that agrees"):
        table.add_column(head, justify="left" if not head else "right", no_wrap=not head)
    for file in sorted({file for report in reports for file in report.agreement}):
        count = sum((Counter(report.agreement.get(file, {})) for report in reports), Counter())
        cells = (str(count[how]) for how in (AGREES, ONLY_TIES, DIFFERS))
        table.add_row(escape(file), *cells, f"{count[AGREES] / count.total():.1%}")
    console.print(table)


def _label(task) -> str:
    return "ambiguous" if task.gold_action.value == "clarify" else "clear"


def _print(console: Console, title: str, counts: dict[str, Counter]) -> None:
    table = Table(title=title, title_justify="left")
    table.add_column("")
    for split in counts:
        table.add_column(split, justify="right")
    total = sum(counts.values(), Counter())
    for row, _ in sorted(total.items(), key=lambda pair: (-pair[1], pair[0])):
        table.add_row(escape(row), *(str(count[row]) for count in counts.values()))
    table.add_row("total", *(str(count.total()) for count in counts.values()), style="bold")
    console.print(table)


if __name__ == "__main__":
    raise SystemExit(main())
