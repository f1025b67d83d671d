"""The demo's settings, on the dev split: how strongly ACT holds the policy to where it began, and how fast SFT goes on.

    python -m benchmarks.demo_settings

One training seed: nano is tuned once, then taught by ACT with several β and by supervised tuning continued
with several rates for as many tokens; every model plays the whole dev split. The comparison goes to
``benchmarks/results/demo_settings.json``. What is done is kept in ``--out``: run again, it goes on where it
stopped.
"""

from __future__ import annotations

import argparse
import dataclasses
import shlex
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from agents import demo, records, results, teach  # noqa: E402
from agents.progress import Bars, quiet_libraries  # noqa: E402
from agents.tables import print_table  # noqa: E402

BETAS, RATES = (0.1, 0.4, 1.0), (5e-5, 1e-4)


def main(argv: list[str] | None = None) -> None:
    args = _arguments(argv)
    quiet_libraries()
    lesson = teach.Lesson(conversations=args.conversations, seed=args.seed, model=args.model)
    plan = demo.Demo(lesson=lesson, test_split="dev", max_tasks=args.max_tasks, scripted=())
    with Bars() as bars:
        tuned = teach.tune(lesson, args.out, bars)
        agents, tokens = {teach.SFT: str(tuned.path)}, 0
        for rate in RATES:
            agents[f"{teach.CONTINUED} {rate:g}"] = ""
        for beta in BETAS:
            bars.say(f"ACT with beta {beta:g}")
            mine = dataclasses.replace(lesson, act={**lesson.act, "beta": beta})
            contrasted = teach.contrast(mine, tuned.path, args.out / f"beta-{beta:g}", bars)
            agents[f"{teach.ACT} beta {beta:g}"] = str(contrasted.path)
            tokens = contrasted.tokens
        for rate in RATES:
            bars.say(f"SFT continued at {rate:g}, for the tokens of the last ACT")
            mine = dataclasses.replace(lesson, continued={**lesson.continued, "learning_rate": rate})
            continued = teach.tune_on(mine, tuned.path, tokens, args.out / f"rate-{rate:g}", bars)
            agents[f"{teach.CONTINUED} {rate:g}"] = str(continued.path)
        demo.evaluate(plan, args.out / "eval", agents, bars)
    tests = tuple((name, teach.SFT) for name in agents if name != teach.SFT)
    found = results.summarise(args.out / "eval", order=[demo.folder_of(name) for name in agents], tests=tests)
    found.comparison["meta"]["command"] = shlex.join(
        ["python", "-m", "benchmarks.demo_settings", *(sys.argv[1:] if argv is None else argv)]
    )
    records.write_json(args.results, {"comparison": found.comparison})
    print_table(found.comparison)
    print(f"Results: {args.results}")


def _arguments(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="nano")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--conversations", type=int, default=50)
    parser.add_argument("--max-tasks", type=int, help="default: the whole split")
    parser.add_argument("--out", type=Path, default=Path("runs/demo-settings"))
    parser.add_argument("--results", type=Path, default=ROOT / "benchmarks" / "results" / "demo_settings.json")
    return parser.parse_args(argv)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit("Stopped. What is done is kept; the same command goes on.")
