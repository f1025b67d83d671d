"""``act-clarify build``: tasks over the user's own database, in one command."""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table
from rich.text import Text

from act_env.errors import ActClarifyError
from agents.progress import Bars
from agents.tables import visible

if TYPE_CHECKING:
    from envs_data.own.build import Built

FAILED = 1
"""The exit status where a source gives no build; a wrong command line has the parser's."""


def add_arguments(command: argparse.ArgumentParser, count_of: Callable[[str], int]) -> None:
    command.add_argument(
        "path", type=Path, help="a DuckDB, SQLite, Parquet or CSV file, or a folder of CSV and Parquet files"
    )
    command.add_argument(
        "--questions",
        type=Path,
        metavar="FILE",
        help="questions with SQL, as JSON, JSON Lines or CSV with the fields question and sql",
    )
    command.add_argument(
        "--dialect", default="duckdb", help="of the questions' SQL: duckdb (default), sqlite, postgres, mysql, ..."
    )
    command.add_argument("--out", type=Path, metavar="FOLDER", help="where it goes (default: NAME-tasks)")
    command.add_argument("--seed", type=int, default=0, help="draws rows and requests (default: 0)")
    command.add_argument(
        "--rows", type=count_of, default=50_000, metavar="N", help="rows of a table that are kept (default: 50000)"
    )
    command.add_argument(
        "--slices", type=count_of, default=12, metavar="N", help="parts of a large database (default: 12)"
    )
    command.add_argument(
        "--twins", type=count_of, metavar="N", help="pairs of each kind and slice (default: as fits the database)"
    )
    command.add_argument("--force", action="store_true", help="write into a folder that holds something else")


def run(args: argparse.Namespace) -> int:
    """Builds, prints what came out and what to do next; an error of this project is one line."""
    try:
        built, folder = _build(args)
    except ActClarifyError as error:
        print(f"act-clarify: {' '.join(visible(error).split())}", file=sys.stderr)
        return FAILED
    _show(built, folder)
    return 0


def _build(args: argparse.Namespace) -> tuple[Built, Path]:
    from envs_data.own import build, questions
    from envs_data.own.text import slug

    seed = args.seed & 0x7FFFFFFF
    settings = build.Settings(args.rows, seed, args.slices, args.twins or 0, questions.check_dialect(args.dialect))
    asked = questions.read_questions(args.questions) if args.questions else ()
    folder = args.out or Path(f"{slug(args.path.resolve().name.partition('.')[0])}-tasks")
    with Bars() as bars, ExitStack() as stages:
        current = {}

        def progress(what: str, done: int, of: int) -> None:
            if what not in current:
                stages.close()
                current[what] = stages.enter_context(bars.stage(what))
            current[what](done, of)

        return build.build(args.path, folder, settings, questions=asked, force=args.force, progress=progress), folder


def _show(built: Built, folder: Path) -> None:
    from envs_data.ambigsql.spec import SPLITS
    from envs_data.own import store

    kinds = sorted({task.kind for task in built.tasks})
    table = Table(
        "Kind", *SPLITS, title=Text(f"Tasks over {visible(built.file)}"), title_justify="left", pad_edge=False
    )
    for kind in kinds:
        table.add_row(kind, *(str(sum(task.kind == kind for task in built.of_split(split))) for split in SPLITS))
    table.add_row("all", *(str(len(built.of_split(split))) for split in SPLITS), style="bold")
    Console().print(table)
    if built.asked is not None:
        print(f"Questions: {built.asked.kept} of {built.asked.count} kept, {len(built.asked.tasks)} tasks of them")
    for item in built.left_out[:5]:
        print(f"Left out: {visible(item.what)}: {visible(item.why)}")
    if len(built.left_out) > 5:
        print(f"Left out: {len(built.left_out) - 5} more, see the report")
    name = shlex.quote(str(folder))
    print(f"Report: {folder / store.REPORT}")
    print("Next:")
    for words in ("play --source {}", "eval --source {}", "train --source {} --out runs/own"):
        print(f"  act-clarify {words.format(name)}")
