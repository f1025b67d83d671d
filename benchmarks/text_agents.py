"""Scripted agents on the published PACIFIC and Abg-CoQA: what asking and answering at the right time is worth there.

    python -m benchmarks.text_agents --data DIR

``DIR`` holds ``pacific`` and ``abg_coqa`` (default: ``$ACT_DATA_DIR``). The agents answer with gold texts, so that
what is compared is only when they ask; the word list is trained on the train split. One comparison for each id and
scope goes to ``benchmarks/results``: ``text_agents_*.json``. More agents can be named with ``--agent``.
"""

from __future__ import annotations

import os
import sys
import warnings
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from act_env.registration import ABG_COQA, PACIFIC  # noqa: E402
from agents import results, roster  # noqa: E402
from agents.cli import count_of, slug  # noqa: E402
from agents.evaluate import evaluate  # noqa: E402
from agents.progress import Bars  # noqa: E402
from benchmarks import common  # noqa: E402

PLAYED = {
    "pacific": (PACIFIC, "turn", "pacific"),
    "pacific_conversations": (PACIFIC, "conversation", "pacific"),
    "abg_coqa": (ABG_COQA, "turn", "abg_coqa"),
}
"""Per result: the id, the scope, and the data's folder."""
SCRIPTED = ("oracle", "always-ask", "never-ask", "generic-asker", "kitchen-sink", "coin", "word-list")


def main(argv: list[str] | None = None) -> None:
    parser = common.options("text_agents", __doc__)
    parser.add_argument("--data", type=Path, default=os.environ.get("ACT_DATA_DIR"), help="default: $ACT_DATA_DIR")
    parser.add_argument("--agent", action="append", default=[], help="another agent, as for `act-clarify eval`")
    parser.add_argument("--max-tasks", type=count_of, help="default: the whole test split")
    args = parser.parse_args(argv)
    if args.data is None:
        parser.error("give --data, the folder that holds pacific and abg_coqa, or set ACT_DATA_DIR")
    warnings.simplefilter("ignore", UserWarning)
    agents = (*SCRIPTED, *args.agent)
    with Bars() as bars:
        for name, (id, scope, folder) in PLAYED.items():
            where = {"source": "published", "path": args.data / folder}
            for agent in agents:
                with bars.stage(f"{agent} on {name}") as stage:
                    evaluate(
                        roster.find(agent, env_id=id, **where),
                        env_id=id,
                        split="test",
                        scope=scope,
                        max_tasks=args.max_tasks,
                        out=args.out / name / slug(agent),
                        progress=stage,
                        **where,
                    )
            tests = [("oracle", agent) for agent in agents[1:]]
            found = results.summarise(args.out / name, order=[slug(agent) for agent in agents], tests=tests)
            found.comparison["meta"]["command"] = common.command("text_agents", argv)
            path = args.results.with_name(f"text_agents_{name}.json")
            common.store(found, path)
            common.show(found, path)


if __name__ == "__main__":
    common.interruptible(main)
