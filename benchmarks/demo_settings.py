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
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from agents import demo, results, teach  # noqa: E402
from agents.cli import count_of  # noqa: E402
from agents.progress import Bars, quiet_libraries  # noqa: E402
from benchmarks import common  # noqa: E402

BETAS, RATES = (0.1, 0.4, 1.0), (5e-5, 1e-4)


def main(argv: list[str] | None = None) -> None:
    args = _arguments(argv)
    quiet_libraries()
    lesson = teach.Lesson(conversations=args.conversations, seed=args.seed, model=args.model)
    plan = demo.Demo(lesson=lesson, test_split="dev", max_tasks=args.max_tasks, scripted=())
    with Bars() as bars:
        tuned = teach.tune(lesson, args.out, bars)
        acts, continued, tokens = {}, {}, 0
        for beta in BETAS:
            bars.say(f"ACT with beta {beta:g}")
            mine = dataclasses.replace(lesson, act={**lesson.act, "beta": beta})
            trained = teach.contrast(mine, tuned.path, args.out / f"beta-{beta:g}", bars)
            acts[f"{teach.ACT} beta {beta:g}"] = str(trained.path)
            tokens = trained.tokens
        for rate in RATES:
            bars.say(f"SFT continued at {rate:g}, for the tokens of the last ACT")
            mine = dataclasses.replace(lesson, continued={**lesson.continued, "learning_rate": rate})
            trained = teach.tune_on(mine, tuned.path, tokens, args.out / f"rate-{rate:g}", bars)
            continued[f"{teach.CONTINUED} {rate:g}"] = str(trained.path)
        agents = {teach.SFT: str(tuned.path), **continued, **acts}
        demo.evaluate(plan, args.out / "eval", agents, bars)
    tests = tuple((name, teach.SFT) for name in (*continued, *acts))
    found = results.summarise(args.out / "eval", order=[demo.folder_of(name) for name in agents], tests=tests)
    found.comparison["meta"]["command"] = common.command("demo_settings", argv)
    common.store(found, args.results)
    common.show(found, args.results)


def _arguments(argv: list[str] | None) -> argparse.Namespace:
    parser = common.options("demo_settings", __doc__)
    parser.add_argument("--model", default="nano")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--conversations", type=count_of, default=50)
    parser.add_argument("--max-tasks", type=count_of, help="default: the whole split")
    return parser.parse_args(argv)


if __name__ == "__main__":
    common.interruptible(main)
