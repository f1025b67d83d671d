"""The demo over several training seeds: is ACT better than supervised tuning continued?

    python -m benchmarks.demo_seeds                      # 5 seeds, the whole test split
    python -m benchmarks.demo_seeds --seeds 0-9 --out runs/ten

Every seed draws its own 50 conversations, tunes, trains ACT, continues tuning for as many tokens, and
plays the whole test split. The comparison goes to ``benchmarks/results/demo_seeds.json``: figures over
all seeds with intervals, the spread over seeds, and the paired test of each pair of agents. What is
done is kept in ``--out``: run again, it goes on where it stopped.
"""

from __future__ import annotations

import argparse
import dataclasses
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from agents import demo, records, results, teach  # noqa: E402
from agents.cli import count_of, seeds_of  # noqa: E402
from agents.progress import Bars, quiet_libraries  # noqa: E402
from benchmarks import common  # noqa: E402


def main(argv: list[str] | None = None) -> None:
    args = _arguments(argv)
    quiet_libraries()
    plan = demo.Demo(
        lesson=teach.Lesson(source=args.source, path=args.path, conversations=args.conversations, model=args.model),
        test_split=args.split,
        max_tasks=args.max_tasks,
    )
    histories: dict[str, tuple] = {}
    with Bars() as bars:
        demo.evaluate(plan, args.out / "all", {demo.NANO: args.model}, bars)
        for seed in args.seeds:
            bars.say(f"training seed {seed}")
            cell = args.out / f"seed-{seed}"
            mine = dataclasses.replace(plan, lesson=dataclasses.replace(plan.lesson, seed=seed), scripted=())
            trained = demo.learn(mine.lesson, cell, bars)
            demo.evaluate(mine, cell / "eval", {name: str(run.path) for name, run in trained.items()}, bars)
            if not histories:
                histories = {name: run.history for name, run in trained.items()}
    once = {name: [records.read_run(args.out / "all" / demo.folder_of(name))] for name in (*plan.scripted, demo.NANO)}
    taught = {
        name: [records.read_run(args.out / f"seed-{seed}" / "eval" / demo.folder_of(name)) for seed in args.seeds]
        for name in (teach.SFT, teach.CONTINUED, teach.ACT)
    }
    found = results.combine({**once, **taught}, tests=demo.TESTS)
    found.comparison["meta"] |= {
        "training_seeds": list(args.seeds),
        "lesson": {k: v for k, v in dataclasses.asdict(plan.lesson).items() if k not in ("seed", "path")},
        "command": common.command("demo_seeds", argv),
    }
    common.store(found, args.results)
    report = results.write(
        args.out,
        found,
        curves=teach.curves(histories),
        pair=(teach.SFT, teach.ACT),
        title=f"A small model learns when to ask: {len(args.seeds)} training seeds",
    )
    common.show(found, args.results, report)


def _arguments(argv: list[str] | None) -> argparse.Namespace:
    parser = common.options("demo_seeds", __doc__)
    parser.add_argument("--seeds", type=seeds_of, default=seeds_of("0-4"), help="training seeds (default: 0-4)")
    parser.add_argument("--source", default="bundled")
    parser.add_argument("--path")
    parser.add_argument("--split", default="test", help="what is evaluated on; settings are chosen on dev")
    parser.add_argument("--model", default="nano")
    parser.add_argument("--conversations", type=count_of, default=50)
    parser.add_argument("--max-tasks", type=count_of, help="default: the whole split")
    return parser.parse_args(argv)


if __name__ == "__main__":
    common.interruptible(main)
