"""Spider: people's own questions over some 160 databases, as tasks, from the published files.

``load(split="test", path="…/spider")`` reads ``train_spider.json``, ``dev.json``, ``tables.json`` and
``database/<db_id>/<db_id>.sqlite``. Without a path the folder is ``$ACT_DATA_DIR/spider``. The first load
of a split converts its databases and runs every question in SQLite and in DuckDB (a few minutes);
later loads read the result from the cache (``$ACT_CLARIFY_CACHE``, or the user's cache folder).
``python -m envs_data.spider PATH`` prints what was kept, rejected and made, and how far both engines agree.

Splits are by database: the databases of ``dev.json`` are the test split, a fixed share of the others dev.
"""

from __future__ import annotations

import functools
from pathlib import Path

from act_env.errors import DataNotFound
from act_env.tasks import TaskSource
from envs_data.spider import store
from envs_data.spider.layout import Layout, read_layout, sqlite_path
from envs_data.spider.store import Kept, Rejected, Report

__all__ = ["Kept", "Rejected", "Report", "load", "load_questions", "load_report"]


def load(*, split: str, path: str | Path | None = None) -> TaskSource:
    """The tasks of one split, clear and ambiguous twins in equal number; each database is converted when needed.

    Raises DataNotFound where the files are not of Spider's layout or no database of the split can be read,
    MalformedRecord where a whole file is broken. A broken record or database costs only itself, and is
    in ``load_report``.
    """
    layout, folder = _built(split, path)
    return TaskSource.of(f"spider-{split}", store.tasks(folder), functools.partial(database_file, str(layout.root)))


def load_questions(*, split: str, path: str | Path | None = None) -> tuple[Kept, ...]:
    """People's unedited questions that DuckDB answers as SQLite does, with SQL and result."""
    return store.kept(_built(split, path)[1])


def load_report(*, split: str, path: str | Path | None = None) -> Report:
    """What was kept, rejected and could not be read of one split."""
    return store.report(_built(split, path)[1])


def database_file(root: str, database: str) -> Path:
    """The DuckDB file of a database under Spider's folder ``root``, or of a variant of one (``name+changes``).

    Raises DataNotFound or MalformedRecord.
    """
    from envs_data.spider import variants
    from envs_data.spider.sqlite_to_duck import converted

    name, _, changes = database.partition("+")
    original = converted(sqlite_path(Path(root), name))
    return variants.variant(original, database) if changes else original


def _built(split: str, path: str | Path | None) -> tuple[Layout, Path]:
    layout = read_layout(path)
    folder = store.folder_of(layout, split)
    if not (folder / store.REPORT).is_file():
        _build(layout, split, folder)
    return layout, folder


def _build(layout: Layout, split: str, folder: Path) -> None:
    from rich.console import Console
    from rich.progress import Progress

    from envs_data.spider.build import build
    from envs_data.spider.kept import NO_DATABASE

    console = Console(stderr=True)
    questions = layout.of_split(split)
    with Progress(console=console, transient=True) as bar:
        step = bar.add_task(f"Spider, {split}: {len(questions)} questions in SQLite and DuckDB", total=len(questions))
        tasks, kept, report = build(layout, split, lambda database, count: bar.advance(step, count))
    if not kept and all(item.reason == NO_DATABASE for item in report.rejected):
        raise DataNotFound(f"no database of split {split!r} under {str(layout.root / 'database')!r} can be read")
    store.write(folder, tasks, kept, report)
    console.print(
        f"Spider, {split}: {len(kept)} questions kept, {len(report.rejected)} not, {len(tasks)} tasks, "
        f"{len(report.problems)} problems (python -m envs_data.spider shows them)",
        highlight=False,
    )
