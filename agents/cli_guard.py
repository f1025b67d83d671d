"""``act-clarify guard``: puts a simulated user through the checks that every user must pass."""

from __future__ import annotations

import argparse
import dataclasses
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from agents import stamps, stats
from agents.progress import Bars
from agents.tables import visible

if TYPE_CHECKING:
    from act_env.tasks import TaskSource
    from act_env.users import User
    from act_env.users.guard import Report

FAILED = 1
"""The exit status where a check failed; a wrong command line has the parser's."""
SHOWN = 5
"""Failing cases of a check that are printed; ``--out`` has them all."""


def run(args: argparse.Namespace, user: User, source: TaskSource) -> int:
    """Makes the checks, prints the table and the cases that failed, and gives the exit status."""
    from act_env.users.guard import guard
    from agents.evaluate import choose_tasks
    from agents.records import write_json

    tasks = choose_tasks(source, None, args.max_tasks)
    with Bars() as bars, bars.stage(f"{visible(user.name)} on {source.id}, {args.split}") as stage:
        report = guard(user, source, seeds=args.seeds, tasks=tasks, progress=stage)
    _show(report, title=f"{user.name} on {args.env} {source.id}, {args.split}: {len(tasks)} tasks")
    if args.out is not None:
        facts = {
            "user": user.name,
            "environment": args.env,
            "source": source.id,
            "split": args.split,
            "content_hash": source.content_hash,
            "seeds": list(args.seeds),
            "tasks": len(tasks),
            "stamp": stamps.stamp(),
        }
        write_json(args.out, facts | form_of(report))
        print(f"Written to {args.out}")
    return 0 if report.passed else FAILED


def form_of(report: Report) -> dict[str, Any]:
    """A report as JSON types: each check's attempts, failures and rate with its Wilson interval, and what failed."""
    checks = {}
    for row in report.rows:
        rate = stats.wilson(row.failed, row.attempts) if row.attempts else None
        checks[row.check] = {
            "attempts": row.attempts,
            "failed": row.failed,
            "rate": None if rate is None else dataclasses.asdict(rate),
        }
    return {
        "passed": report.passed,
        "checks": checks,
        "failures": [dataclasses.asdict(verdict) for verdict in report.failures],
    }


def _show(report: Report, title: str) -> None:
    table = Table(title=Text(visible(title)), title_justify="left", pad_edge=False)
    table.add_column("Check")
    for name in ("Attempts", "Failed", "Rate", "95 % interval"):
        table.add_column(name, justify="right")
    for row in report.rows:
        cells = ["–", "–"]
        if row.attempts:
            rate = stats.wilson(row.failed, row.attempts)
            cells = [f"{rate.value:.2%}", f"{rate.low:.2%} to {rate.high:.2%}"]
        table.add_row(row.check, f"{row.attempts:,}", f"{row.failed:,}", *cells, style="bold" if row.failed else "")
    console = Console()
    console.print(table)
    for row in report.rows:
        failed = [verdict for verdict in report.failures if verdict.check == row.check]
        for verdict in failed[:SHOWN]:
            asked = "".join(f"\n  asked: {question}" for question in verdict.questions)
            where = f"task {verdict.task_id}, seed {verdict.seed}, means {verdict.meant}"
            text = f"\n{row.check}: {verdict.why}\n  {where}{asked}\n  said: {verdict.reply}"
            console.print(Text(visible(text)), soft_wrap=True)
        if len(failed) > SHOWN:
            console.print(f"{row.check}: {len(failed) - SHOWN} more", markup=False)
