"""What every benchmark here does alike: its options, its result file, and its end."""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from agents import records, results
from agents.tables import print_table

RESULTS = Path(__file__).resolve().parent / "results"


def options(name: str, doc: str) -> argparse.ArgumentParser:
    """A parser with ``--out``, where runs are kept and gone on with, and ``--results``, the file that is committed."""
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("runs") / name.replace("_", "-"))
    parser.add_argument("--results", type=Path, default=RESULTS / f"{name}.json")
    return parser


def command(name: str, argv: Sequence[str] | None) -> str:
    """The command line of a benchmark, as its result file names it; without ``argv`` that of this process."""
    return shlex.join(["python", "-m", f"benchmarks.{name}", *(sys.argv[1:] if argv is None else argv)])


def store(found: results.Results, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    records.write_json(path, {"comparison": found.comparison})


def show(found: results.Results, path: Path, report: Path | None = None) -> None:
    print_table(found.comparison)
    print(f"Results: {path}" + (f"\nReport: {report}" if report else ""))


def interruptible(main: Callable[[], None]) -> None:
    """Runs ``main``; Ctrl-C ends it with a word on how to go on."""
    try:
        main()
    except KeyboardInterrupt:
        sys.exit("Stopped. What is done is kept; the same command goes on.")
