"""The command line, ``act-clarify``: evaluate, grade again, look around, build, play, train, and the demo.

Torch is imported only by commands that need it. An error of this project is one line and exit status
2; Ctrl-C says how to go on, and exits with 130.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import re
import secrets
import shlex
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from act_env.errors import ActClarifyError
from agents import cli_build, cli_guard
from agents.failures import AGENT_ERROR, USER_ERROR, comes_again
from agents.progress import Bars
from agents.tables import print_table, visible

if TYPE_CHECKING:
    from act_env.tasks import TaskSource
    from agents.results import Results

DEFAULT_ENV = "ActClarify-AmbigSQL-v0"
USAGE, INTERRUPTED = 2, 130
CHAT_CACHE = "chat-replies"
"""The folder below --out in which replies of endpoints are remembered."""
RESUMABLE = ("eval", "train", "demo", "nano")


class Usage(ActClarifyError, ValueError):
    """An argument that cannot be right, whatever else is given."""


def seeds_of(text: str) -> tuple[int, ...]:
    """``"0,1"`` or ``"0-4"`` or both, as seeds in order."""
    seeds: list[int] = []
    for part in text.split(","):
        found = re.fullmatch(r"\s*(\d+)(?:-(\d+))?\s*", part)
        if not found or (found[2] and int(found[2]) < int(found[1])):
            raise argparse.ArgumentTypeError(f"{part!r} is no seed: write them as 0,1,2 or 0-4")
        seeds += range(int(found[1]), int(found[2] or found[1]) + 1)
    return tuple(dict.fromkeys(seeds))


def count_of(text: str) -> int:
    """A whole number from 1 up."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no count: write a whole number from 1 up")
    return int(text)


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(
        prog="act-clarify",
        description="Agents that learn when to ask and when to answer.",
        epilog="`act-clarify COMMAND --help` tells more.",
    )
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")

    evaluate = _command(commands, "eval", _eval, "play agents over the tasks, print the table, write the report")
    evaluate.add_argument(
        "--agent",
        action="append",
        metavar="NAME",
        help="a name from `act-clarify list`, nano, a model's folder, GGUF file or hub id (also as lm:NAME), "
        "uncertainty:MODEL, chat:MODEL (an endpoint), or module:attribute of your own; may be given several times "
        "(default: the demo's scripted agents, and nano where torch is installed)",
    )
    _tasks(evaluate, split="test")
    evaluate.add_argument("--seeds", type=seeds_of, default=(0,), metavar="0,1", help="trial seeds (default: 0)")
    evaluate.add_argument("--max-tasks", type=count_of, metavar="N", help="play only N tasks of the split")
    evaluate.add_argument("--user", default="oracle", help="one of `act-clarify list`, or chat:MODEL (default: oracle)")
    _scoring(evaluate)
    _similarity(evaluate)
    evaluate.add_argument("--batch-size", type=count_of, default=64, metavar="N", help="episodes at once (default: 64)")
    evaluate.add_argument("--out", type=Path, default=Path("runs/eval"), help="where runs go (default: runs/eval)")
    _model(evaluate)

    regrade = _command(commands, "regrade", _regrade, "grade the episodes of a folder again, print the table")
    regrade.add_argument("folder", type=Path, help="what --out of eval, train or demo was")
    _similarity(regrade)

    look = _command(commands, "list", _list, "environments, sources, agents, models, and runs")
    look.add_argument(
        "folder", type=Path, nargs="?", default=Path("runs"), help="where to look for runs (default: runs)"
    )

    build = _command(commands, "build", cli_build.run, "make tasks over a database of your own, and a report on it")
    cli_build.add_arguments(build, count_of)

    play = _command(commands, "play", _play, "be the agent yourself, in this terminal")
    _tasks(play, split="test")
    play.add_argument("--seed", type=int, help="the episode's seed (default: a new one)")
    play.add_argument("--task", metavar="ID", help="play this task")
    play.add_argument("--user", default="oracle", help="the simulated user (default: oracle)")
    _scoring(play)
    play.add_argument("--save", type=Path, metavar="FILE", help="write the episode there as JSON")

    guard = _command(commands, "guard", _guard, "put a simulated user through the checks that every user must pass")
    guard.add_argument("--user", default="oracle", help="a user of `act-clarify list`, chat:MODEL, or module:attribute")
    _tasks(guard, split="dev")
    guard.add_argument("--max-tasks", type=count_of, metavar="N", help="only N tasks of the split")
    guard.add_argument("--seeds", type=seeds_of, default=(0,), metavar="0,1", help="what the user means (default: 0)")
    guard.add_argument("--out", type=Path, metavar="FILE", help="write what was found there as JSON")

    train = _command(commands, "train", _train, "teach a model: supervised tuning, then ACT")
    train.add_argument("method", nargs="?", choices=("sft", "act", "both"), default="both", help="default: both")
    _tasks(train, split="train")
    train.add_argument("--model", default="nano", help="what to start from (default: nano); for act, an SFT model")
    train.add_argument("--conversations", type=count_of, default=50, metavar="N", help="how many (default: 50)")
    train.add_argument("--seed", type=int, default=0, help="draws the conversations and all sampling (default: 0)")
    train.add_argument("--sft-epochs", type=float, metavar="N", help="default: as in the demo")
    train.add_argument("--act-epochs", type=float, metavar="N", help="default: as in the demo")
    train.add_argument("--out", type=Path, default=Path("runs/train"), help="where it goes (default: runs/train)")

    demo = _command(commands, "demo", _demo, "nano learns to ask: SFT, ACT, evaluation, report, in minutes on a CPU")
    demo.add_argument("--out", type=Path, default=Path("runs/demo"), help="where it goes (default: runs/demo)")
    demo.add_argument("--seed", type=int, default=0)
    demo.add_argument("--conversations", type=count_of, default=50, metavar="N", help="default: 50")
    demo.add_argument("--max-tasks", type=count_of, metavar="N", help="test tasks for each agent (default: 240)")
    demo.add_argument("--model", default="nano", help="what learns (default: nano)")

    nano = commands.add_parser("nano", help="train nano itself, by its recipe", add_help=False)
    nano.set_defaults(run=_nano)
    return top


def _command(
    commands, name: str, run: Callable[[argparse.Namespace], int | None], text: str
) -> argparse.ArgumentParser:
    command = commands.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".")
    command.set_defaults(run=run)
    return command


def _tasks(command: argparse.ArgumentParser, *, split: str) -> None:
    command.add_argument("--env", default=DEFAULT_ENV, metavar="ID", help=f"default: {DEFAULT_ENV}")
    command.add_argument(
        "--source",
        default="bundled",
        help="bundled, spider, published, a folder made by `act-clarify build`, or module:attribute (default: bundled)",
    )
    command.add_argument("--path", type=Path, help="where the source's files are")
    command.add_argument("--split", default=split, help=f"default: {split}")


def _scoring(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--scope", default="turn", help="turn: one request an episode; conversation: a whole dialogue (default: turn)"
    )
    command.add_argument(
        "--epsilon", type=float, metavar="E", help="the F1 above which an answer in text matches (default: the id's)"
    )
    command.add_argument(
        "--classifier", metavar="MODULE:ATTRIBUTE", help="what tells questions from answers in place of the rules"
    )


def _similarity(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--similarity",
        nargs="?",
        const="",
        metavar="ENCODER",
        help="also measure answers in text by embedding similarity, with a sentence encoder's folder or name "
        "(without one: all-MiniLM-L6-v2)",
    )


def encoder_of(name: str | None) -> Any:
    """The sentence encoder that ``--similarity`` names; None where it was not given."""
    if name is None:
        return None
    from agents import similarity

    return similarity.load(name or similarity.DEFAULT)


def _model(command: argparse.ArgumentParser) -> None:
    command.add_argument("--device", default="cpu", help="where language models run (default: cpu)")
    command.add_argument(
        "--max-new-tokens",
        type=count_of,
        metavar="N",
        help="default: 96; a chat model: 256, or 1024 where it thinks first",
    )
    command.add_argument("--temperature", type=float, default=0.0, help="0, the default, is greedy")


def source_of(args: argparse.Namespace) -> TaskSource:
    """The tasks that the arguments name; what is wrong with them is one line."""
    import act_env

    try:
        scope = getattr(args, "scope", "turn")
        return act_env.load_source(args.env, split=args.split, source=args.source, path=args.path, scope=scope)
    except ActClarifyError:
        raise
    except ValueError as error:
        raise Usage(str(error)) from error


def check_user(name: str) -> None:
    """Raises Usage where no simulated user goes by that name."""
    from act_env import users

    try:
        users.make(name)
    except ValueError as error:
        raise Usage(str(error)) from error


def check_out(folder: Path) -> None:
    """Makes the folder that results go to; raises Usage where that cannot be."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Usage(f"--out {str(folder)!r} cannot be made: {error.strerror}") from error


def slug(name: str) -> str:
    """A folder's name for an agent's."""
    return re.sub(r"[^\w.-]+", "-", name, flags=re.ASCII).strip("-.")[:60] or "agent"


def _eval(args: argparse.Namespace) -> None:
    from agents import results, roster
    from agents.evaluate import evaluate

    source = source_of(args)
    check_user(args.user)
    check_out(args.out)
    encoder = encoder_of(args.similarity)
    specs = args.agent or default_agents()
    user = roster.find_user(args.user, cache=args.out / CHAT_CACHE)
    with Bars() as bars:
        for spec in specs:
            agent = roster.find(
                spec,
                env_id=args.env,
                source=args.source,
                path=args.path,
                device=args.device,
                max_new_tokens=args.max_new_tokens,
                temperature=args.temperature,
                cache=args.out / CHAT_CACHE,
            )
            with bars.stage(f"{spec} on {source.id}, {args.split}") as stage:
                evaluate(
                    agent,
                    env_id=args.env,
                    source=args.source,
                    path=args.path,
                    split=args.split,
                    seeds=args.seeds,
                    max_tasks=args.max_tasks,
                    batch_size=args.batch_size,
                    user=user,
                    scope=args.scope,
                    epsilon=args.epsilon,
                    classifier=args.classifier,
                    out=args.out / slug(spec),
                    progress=stage,
                )
    tell_usage([args.out / slug(spec) for spec in specs])
    show(args.out, results.summarise(args.out, order=[slug(spec) for spec in specs], encoder=encoder))


def tell_usage(folders: Sequence[Path]) -> None:
    """One line for each run and role of which calls were counted, interrupted plays included."""
    from agents import records
    from agents.chat.usage import sentence

    for facts in map(records.read_facts, folders):
        for role, used in facts.get("usage", {}).items():
            if not any(used.values()):
                continue
            name = facts["identity"]["agent"]["name"] if role == "agent" else facts["identity"]["user"]
            print(f"act-clarify: {visible(name)} as {role}: {sentence(used)}", file=sys.stderr)


def default_agents() -> list[str]:
    """Who plays where nobody is named."""
    from agents.demo import NANO, SCRIPTED

    return [*SCRIPTED, *([NANO] if importlib.util.find_spec("torch") else [])]


def show(folder: Path, found: Results, **settings: Any) -> None:
    """Writes the table and the report of results, prints the table and where both are."""
    from agents import results

    page = results.write(folder, found, **settings)
    print_table(found.comparison)
    for who, kind in (("", AGENT_ERROR), ("the user of ", USER_ERROR)):
        for name, (count, first) in results.failures(found, kind).items():
            line = f"act-clarify: {who}{visible(name)} failed in {count} episodes, first: {visible(first)}"
            print(line, file=sys.stderr)
    if again := sum(comes_again(episode) for episodes in found.episodes.values() for episode in episodes):
        print(f"act-clarify: {again} episodes failed for now: the same command plays them again", file=sys.stderr)
    print(f"Table: {folder / results.TABLE}\nReport: {page}")


def _regrade(args: argparse.Namespace) -> None:
    from agents import results

    print_table(results.summarise(args.folder, regrade=True, encoder=encoder_of(args.similarity)).comparison)


def _list(args: argparse.Namespace) -> None:
    from act_env import registration
    from act_env.users import base as users
    from agents import base, results, roster

    console = Console()
    table = Table(show_header=False, box=None, pad_edge=False)
    for id, loaders in sorted(registration.LOADERS.items()):
        table.add_row("environment", id)
        for name in loaders:
            table.add_row("  source", name)
    for name in users.NAMES:
        table.add_row("user", name)
    for name in base.agent_names():
        table.add_row("agent", name)
    for name in roster.MODELS:
        table.add_row("model", name)
    console.print(table)
    if not args.folder.is_dir():
        console.print(Text(f"No runs at {args.folder}.", style="dim"))
        return
    runs = Table("Run", "Agent", "Environment", "Split", "Episodes", "State", pad_edge=False)
    for run in results.runs_below(args.folder):
        identity = run.facts["identity"]
        cells = (run.folder, run.name, f"{identity['environment']} {identity['source']}", identity["split"])
        state = "finished" if run.finished else "can go on"
        runs.add_row(*(Text(visible(cell)) for cell in (*cells, len(run.episodes), state)))
    console.print(runs)


def _play(args: argparse.Namespace) -> None:
    import gymnasium

    from agents.play import play

    source = source_of(args)
    if args.task is not None and args.task not in {task.id for task in source.tasks}:
        raise Usage(
            f"no task {args.task!r} in {source.id!r}, split {args.split!r}; the first is {source.tasks[0].id!r}"
        )
    check_user(args.user)
    seed = secrets.randbelow(2**31) if args.seed is None else args.seed
    env = gymnasium.make(
        args.env,
        split=args.split,
        source=args.source,
        path=args.path,
        user=args.user,
        scope=args.scope,
        epsilon=args.epsilon,
        classifier=args.classifier,
    )
    try:
        play(env, seed=seed, task_id=args.task, save=args.save)
    finally:
        env.close()


def _guard(args: argparse.Namespace) -> int:
    from act_env import users
    from agents import roster

    source = source_of(args)
    if args.out is not None:
        check_out(args.out.parent)
    check_user(args.user)
    cache = None if args.out is None else args.out.parent / CHAT_CACHE
    return cli_guard.run(args, users.make(roster.find_user(args.user, cache=cache)), source)


def _train(args: argparse.Namespace) -> None:
    from agents import roster

    source = source_of(args)
    if args.conversations > (most := len(source.conversations())):
        raise Usage(f"--conversations {args.conversations}: {source.id!r}, {args.split!r} has {most}")
    check_out(args.out)
    with roster.needs_torch("training"):
        from agents import teach
        from agents.progress import quiet_libraries

        quiet_libraries()
        settings = {"sft": args.sft_epochs, "act": args.act_epochs}
        lesson = teach.Lesson(
            env_id=args.env,
            source=args.source,
            path=None if args.path is None else str(args.path),
            split=args.split,
            conversations=args.conversations,
            seed=args.seed,
            model=args.model,
            **{name: {"num_train_epochs": epochs} for name, epochs in settings.items() if epochs is not None},
        )
        trained = {}
        with Bars() as bars:
            if args.method in ("sft", "both"):
                trained[teach.SFT] = teach.tune(lesson, args.out, bars)
            if args.method in ("act", "both"):
                start = trained[teach.SFT].path if trained else args.model
                trained[teach.ACT] = teach.contrast(lesson, start, args.out, bars)
    for name, run in trained.items():
        print(f"{name}: {run.path} ({run.tokens:,} tokens)")
    named = " ".join(f"--agent {shlex.quote(str(run.path))}" for run in trained.values())
    where = "" if args.path is None else f" --path {shlex.quote(str(args.path))}"
    if args.env != DEFAULT_ENV:
        where = f" --env {shlex.quote(args.env)}{where}"
    print(f"Measure with:\n  act-clarify eval {named} --source {shlex.quote(args.source)}{where}")


def _demo(args: argparse.Namespace) -> None:
    from agents import results, roster

    check_out(args.out)
    with roster.needs_torch("the demo"):
        from agents import demo, teach
        from agents.progress import quiet_libraries

        quiet_libraries()
        lesson = teach.Lesson(conversations=args.conversations, seed=args.seed, model=args.model)
        plan = demo.Demo(lesson=lesson, max_tasks=args.max_tasks or demo.TEST_TASKS)
        with Bars() as bars:
            found, report = demo.run(plan, args.out, bars)
    print_table(found.comparison)
    print(f"Table: {args.out / results.TABLE}\nReport: {report}")


def _nano(args: argparse.Namespace) -> None:
    from agents import roster

    with roster.needs_torch("training nano"):
        from agents.nano import train as recipe

        recipe.main(args.rest)


def main(argv: Sequence[str] | None = None) -> int:
    """Runs a command line and returns its exit status."""
    words = list(sys.argv[1:] if argv is None else argv)
    if os.getcwd() not in sys.path and "" not in sys.path:
        # Last, so that nothing in the working directory takes the place of an installed module.
        sys.path.append(os.getcwd())
    # nano's recipe parses its own arguments.
    own = words[:1] if words[:1] == ["nano"] else words
    args = parser().parse_args(own)
    args.rest = words[len(own) :]
    try:
        return args.run(args) or 0
    except ActClarifyError as error:
        line = " ".join(visible(error).split())
        print(f"act-clarify: {line}", file=sys.stderr)
        return USAGE
    except KeyboardInterrupt:
        again = shlex.join(["act-clarify", *words])
        goes_on = " What is done is kept; go on with:\n  " + again if args.command in RESUMABLE else ""
        print(f"\nStopped.{goes_on}", file=sys.stderr)
        return INTERRUPTED


if __name__ == "__main__":
    sys.exit(main())
