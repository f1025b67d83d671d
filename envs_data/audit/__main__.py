"""``python -m envs_data.audit``: the audit's table, its JSON, and an exit code that says whether it passed."""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from act_env.conversation import Task, content_hash
from act_env.errors import ActClarifyError
from act_env.registration import AMBIGSQL, load_source
from envs_data.audit.parts import PARTS
from envs_data.audit.probes import PROBES, Finding, audit, failures, steps

SPLITS = ("train", "dev", "test")


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser("python -m envs_data.audit", description=__doc__.partition(": ")[2])
    parser.add_argument("--environment", default=AMBIGSQL, help="the id whose tasks are audited (default: %(default)s)")
    parser.add_argument("--source", default="bundled", help="as in gym.make (default: %(default)s)")
    parser.add_argument("--path", help="where a source's files are")
    parser.add_argument("--transformer", action="store_true", help="also train the transformer probe (minutes)")
    parser.add_argument("--part", choices=tuple(PARTS), action="append", help="only this part (may be repeated)")
    parser.add_argument("--out", type=Path, help="where to write the findings as JSON")
    options = parser.parse_args(argv)
    probes = PROBES if options.transformer else PROBES[:2]
    try:
        tasks = load_all(options.environment, options.source, options.path)
        findings = with_progress(tasks, probes, options.part or tuple(PARTS))
    except (ActClarifyError, ValueError) as error:
        print(error, file=sys.stderr)
        return 2
    show(findings)
    if options.out:
        write(options.out, tasks, findings, argv)
    failed = failures(findings)
    print(verdict(failed))
    return 1 if failed else 0


def load_all(environment: str, source: str, path: str | None) -> list[Task]:
    return [task for split in SPLITS for task in load_source(environment, split=split, source=source, path=path).tasks]


def with_progress(tasks: Sequence[Task], probes: Sequence[str], parts: Sequence[str]) -> list[Finding]:
    with Progress(console=Console(file=sys.stderr), transient=True) as bar:
        step = bar.add_task("audit", total=steps(probes, parts))
        return audit(
            tasks,
            probes=probes,
            parts=parts,
            done=lambda what: bar.update(step, advance=1, description=f"audit: {what}"),
        )


def verdict(failed: Sequence[Finding]) -> str:
    if not failed:
        return "audit passed"
    worst = ", ".join(f"{f.probe} on {f.part}, {f.kind} ({f.accuracy:.3f} > {f.limit})" for f in failed)
    return f"audit failed: {worst}"


def show(findings: Sequence[Finding]) -> None:
    """A row a kind, a column a probe and part; what fails is marked."""
    table = Table(title="Accuracy at telling ambiguous from clear on unseen databases (chance .500)")
    keys = list(dict.fromkeys((finding.probe, finding.part) for finding in findings))
    table.add_column("")
    for probe, part in keys:
        table.add_column(f"{probe}\n{part}", justify="right")
    cells = {
        (f.kind, f.probe, f.part): f"{f.accuracy:.3f}{'!' if f.fails else ''}\n{f.low:.2f}–{f.high:.2f}"
        for f in findings
    }
    for kind in dict.fromkeys(finding.kind for finding in findings):
        table.add_row(kind, *(cells[kind, probe, part] for probe, part in keys))
    Console().print(table)


def write(path: Path, tasks: Sequence[Task], findings: Sequence[Finding], argv: list[str] | None) -> None:
    words = sys.argv[1:] if argv is None else argv
    form = {
        "command": " ".join(["python -m envs_data.audit", *words]),
        "tasks": len(tasks),
        "content_hash": content_hash(tasks),
        "findings": [dataclasses.asdict(finding) for finding in findings],
    }
    path.write_text(json.dumps(form, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    raise SystemExit(main())
