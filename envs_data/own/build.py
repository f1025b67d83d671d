"""Builds tasks over a user's own database: copy → profile → slices → verified twins → a folder.

Everything is determined by the source's rows and the settings: building twice gives the same task bytes.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path

import duckdb

from act_env.conversation import Result, Task
from act_env.errors import ActClarifyError, CutThroughTie, RowLimit, SandboxError
from act_env.sql.sandbox import Limits, Sandbox
from envs_data.ambigsql import build as core
from envs_data.ambigsql.patterns import KINDS
from envs_data.ambigsql.spec import SPLITS, Database
from envs_data.own import copying, elsewhere, profile, slices, sources, store
from envs_data.own.copying import LeftOut
from envs_data.own.literals import Cells
from envs_data.own.profile import TableProfile
from envs_data.own.questions import Asked, Question, ask
from envs_data.own.splits import split
from envs_data.own.text import slug

BUILDER = f"ambigsql-own {store.VERSION}"
LICENCE = "the owner's"
_RESULT_ROWS = 200
"""More rows than any request's result may have."""


class NothingToAsk(ActClarifyError, ValueError):
    """A database of which no request can be misunderstood."""


@dataclasses.dataclass(frozen=True)
class Settings:
    """``rows`` is the most that a table of the copy may have, ``slices`` the most parts that tasks are built over,
    ``twins`` the pairs of each kind of each slice (0: so many that a small and a large database give about
    as many tasks)."""

    rows: int = 50_000
    seed: int = 0
    slices: int = 12
    twins: int = 0
    dialect: str = "duckdb"


@dataclasses.dataclass(frozen=True)
class Built:
    """What a build found and made. ``kind`` is the source's; ``name`` is the build's, ``file`` the source's own."""

    name: str
    file: str
    kind: str
    settings: Settings
    tables: tuple[TableProfile, ...]
    left_out: tuple[LeftOut, ...]
    slices: tuple[Database, ...]
    tasks: tuple[Task, ...]
    rejected: dict[str, int]
    asked: Asked | None

    def of_split(self, split: str) -> list[Task]:
        return [task for task in self.tasks if task.split == split]


Progress = Callable[[str, int, int], None]
"""Called with what is being done, how much of it is done, and how much there is."""


class Box(Sandbox):
    """A sandbox for statements over data that nobody has seen: one that fails has an empty result, and is counted.

    Results are cut short, since none that is long makes a task."""

    def __init__(self, path: Path):
        super().__init__(path, Limits(rows=_RESULT_ROWS))
        self.failures: Counter = Counter()

    def gold(self, sql: str) -> Result:
        if elsewhere.PREFIX in sql:
            return Result((), ())
        try:
            return super().gold(sql)
        except CutThroughTie:
            raise
        except RowLimit:
            return Result(("",), ((None,), *((row,) for row in range(core.ROWS))))
        except SandboxError as error:
            self.failures[f"a reading does not run ({error.kind.replace('_', ' ')})"] += 1
            return Result((), ())


def build(
    path: Path,
    out: Path,
    settings: Settings | None = None,
    *,
    questions: Sequence[Question] = (),
    force: bool = False,
    progress: Progress = lambda what, done, of: None,
) -> Built:
    """Builds ``path`` into the folder ``out``, complete or not at all; the source is only read.

    Raises DataNotFound or MalformedRecord for what cannot be read, FolderTaken where ``out`` holds something
    else, NothingToAsk where no task comes out.
    """
    from envs_data.own import report

    settings = settings or Settings()
    if path.is_dir() and out.absolute().resolve().is_relative_to(path.resolve()):
        raise store.FolderTaken(f"{str(out)!r} lies in the source, which is only read: name a folder elsewhere")
    sources.kind_of(path)
    store.check_free(out, force)
    with store.written(out) as scratch:
        made = _make(path, scratch, settings, questions, progress)
        report.write(scratch, made)
    return made


def _make(path: Path, scratch: Path, settings: Settings, questions: Sequence[Question], progress: Progress) -> Built:
    database = scratch / store.DATABASE
    staging = scratch / "staging"
    staging.mkdir()
    with sources.opened(path, staging) as source:
        count, copied = len(source.relations), []

        def done(name: str) -> None:
            copied.append(name)
            progress("copying tables", len(copied), count)

        progress("copying tables", 0, count)
        tables, left = copying.copy(source, database, rows=settings.rows, seed=settings.seed, progress=done)
    progress("looking at columns", 0, len(tables))
    profiles = profile.profile(database, tables)
    name = slug(path.resolve().name.partition(".")[0])
    with duckdb.connect(str(database), read_only=True, config={"threads": 1}) as connection:
        words = slices.Words.of(connection, profiles)
        parts = slices.slices(name, profiles, words, limit=settings.slices)
        tasks, rejected = [], Counter()
        with Box(database) as box:
            cells, seen = Cells(connection), set()
            for done_, part in enumerate(parts):
                progress("making tasks", done_, len(parts))
                tasks += _authored(name, part, box, cells, settings, len(parts), seen, rejected)
            progress("making tasks", len(parts), len(parts))
            asked = None
            if questions:
                asked = ask(questions, name, profiles, words, database, settings.dialect)
                tasks += _unseen(asked.tasks, seen, rejected)
            rejected.update(box.failures)
    tasks = split(tasks)
    if len({task.group for task in tasks}) < len(SPLITS):
        raise NothingToAsk(_nothing(source.name, profiles, left, rejected))
    return Built(
        name, source.name, source.kind, settings, tuple(profiles), tuple(left), tuple(parts), tuple(tasks),
        dict(rejected.most_common()), asked,
    )  # fmt: skip


def _authored(
    name: str,
    part: Database,
    box: Box,
    cells: Cells,
    settings: Settings,
    count: int,
    seen: set[str],
    rejected: Counter,
) -> list[Task]:
    """A slice's twins whose text no earlier slice has."""
    whole = elsewhere.extended(part)
    made = core.build_database(
        whole,
        box,
        rejected,
        values=cells,
        twins_a_kind=settings.twins or max(8, min(30, 60 // count)),
        kinds=_kinds(part, whole),
        source="own",
        licence=LICENCE,
        builder=BUILDER,
        seed=str(settings.seed),
    )
    # A slice is no database of its own: the same SQL is in one split whatever slice it came from.
    own = (
        dataclasses.replace(elsewhere.hidden(task, part), database=name, group=task.group.removeprefix(f"{part.name}:"))
        for task in made
    )
    return list(_unseen(list(own), seen, rejected))


def _kinds(part: Database, whole: Database) -> list[str]:
    """The kinds of which a slice has something, so that no draft is drawn for the others."""
    rows = bool(part.terms or part.values)
    able = {
        "information": bool(part.heads),
        "column": bool(part.heads),
        "population": bool(part.terms),
        "value": bool(part.values),
        "table": any(len(noun.tables) > 1 for noun in part.nouns),
        "aggregate": bool(part.aggregates),
        "presentation": len(whole.tables) > 1,
        "double": bool(part.heads) or rows,
    }
    return [kind for kind in KINDS if able.get(kind, True)]


def _unseen(tasks: Collection[Task], seen: set[str], rejected: Counter) -> Iterator[Task]:
    """Those tasks whose text is new, noting the texts: twins share theirs and follow each other."""
    texts: dict[str, list[Task]] = {}
    for task in tasks:
        texts.setdefault(task.request.lower().rstrip("?. "), []).append(task)
    for text, same in texts.items():
        if text in seen:
            rejected["same text in another slice"] += 1
            continue
        seen.add(text)
        yield from (task for task in same if task.group == same[0].group)


def _nothing(name: str, tables: Sequence[TableProfile], left: Sequence[LeftOut], rejected: Counter) -> str:
    if not tables:
        return f"{name!r} gives no tasks: its tables are empty or unreadable ({left[0].what}: {left[0].why})"
    why = f"; most drafts failed with: {rejected.most_common(1)[0][0]}" if rejected else ""
    return (
        f"{name!r} gives no tasks: none of its tables ({len(tables)}) has columns that a request could confuse (two "
        f"dates, two figures, names with a figure to sort by) and rows enough to tell the readings apart{why}"
    )
