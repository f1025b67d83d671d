"""The table that the README shows: what ``act-clarify demo`` gives, as a result file.

    python -m benchmarks.demo            # into runs/demo, which `make demo` uses too
    python docs/make.py                  # puts the table into the README

The comparison goes to ``benchmarks/results/demo.json``.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from agents import demo, records  # noqa: E402
from agents.progress import Bars, quiet_libraries  # noqa: E402
from agents.tables import print_table  # noqa: E402

RESULTS = ROOT / "benchmarks" / "results" / "demo.json"


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("runs/demo"))
    parser.add_argument("--results", type=Path, default=RESULTS)
    args = parser.parse_args(argv)
    quiet_libraries()
    with Bars() as bars:
        found, report = demo.run(demo.Demo(), args.out, bars)
    found.comparison["meta"]["command"] = "python -m benchmarks.demo"
    args.results.parent.mkdir(parents=True, exist_ok=True)
    records.write_json(args.results, {"comparison": found.comparison})
    print_table(found.comparison)
    print(f"Results: {args.results}\nReport: {report}")


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit("Stopped. What is done is kept; the same command goes on.")
