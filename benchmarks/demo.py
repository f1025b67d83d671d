"""The table that the README shows: what ``act-clarify demo`` gives, as a result file.

    python -m benchmarks.demo            # into runs/demo, which `make demo` uses too
    python docs/make.py                  # puts the table into the README

The comparison goes to ``benchmarks/results/demo.json``.
"""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from agents import demo  # noqa: E402
from agents.progress import Bars, quiet_libraries  # noqa: E402
from benchmarks import common  # noqa: E402


def main(argv: list[str] | None = None) -> None:
    args = common.options("demo", __doc__).parse_args(argv)
    quiet_libraries()
    with Bars() as bars:
        found, report = demo.run(demo.Demo(), args.out, bars)
    found.comparison["meta"]["command"] = common.command("demo", [])
    common.store(found, args.results)
    common.show(found, args.results, report)


if __name__ == "__main__":
    common.interruptible(main)
