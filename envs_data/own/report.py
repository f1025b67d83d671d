"""What a build writes beside its tasks: ``build.json``, the page ``report.html`` and the card ``README.md``.

Everything from the database reaches the page through Jinja's escaping and ``text.plain``; the page's own style is
the only one that its policy lets in, by hash, and it runs no script.
"""

from __future__ import annotations

import base64
import hashlib
import json
import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import sqlglot
from jinja2 import Environment, PackageLoader, StrictUndefined

from act_env.conversation import Action, Task, content_hash
from act_env.sql.content import database_hash
from act_env.tasks import write_tasks
from envs_data.ambigsql.spec import SPLITS, Database
from envs_data.own import store
from envs_data.own.build import LICENCE, Built
from envs_data.own.text import plain

SAMPLES = 3
"""Pairs of twins shown of each kind."""
_LONG = 4_000


def write(folder: Path, made: Built) -> None:
    """Writes every file of a build but the copy itself."""
    for split in SPLITS:
        write_tasks(folder / store.tasks_file(split), made.of_split(split))
    facts = describe(made, database_hash(folder / store.DATABASE))
    page = {**facts, "slices": [_slice(part) for part in made.slices], "pairs": [*_pairs(made)], "samples": SAMPLES}
    (folder / store.REPORT).write_text(_rendered("report.html.j2", page), encoding="utf-8", newline="\n")
    (folder / store.CARD).write_text(_rendered("card.md.j2", facts, escape=False), encoding="utf-8", newline="\n")
    text = json.dumps(facts, indent=1, ensure_ascii=False, sort_keys=True)
    (folder / store.BUILD).write_text(text + "\n", encoding="utf-8", newline="\n")


def describe(made: Built, copy_hash: str) -> dict[str, Any]:
    """What ``build.json`` holds; no path of the machine is in it."""
    return {
        "made_by": store.MARK,
        "version": store.VERSION,
        "name": made.name,
        "licence": LICENCE,
        "source": {"kind": made.kind, "file": made.file, "content_hash": copy_hash},
        "settings": {
            "rows": made.settings.rows,
            "seed": made.settings.seed,
            "slices": made.settings.slices,
            "twins": made.settings.twins,
        },
        "content_hash": content_hash(made.tasks),
        "splits": {split: _counted(made.of_split(split)) for split in SPLITS},
        "tables": [*_tables(made)],
        "left_out": [{"what": plain(item.what), "why": item.why} for item in made.left_out],
        "rejected": {plain(reason): count for reason, count in made.rejected.items()},
        "questions": None if made.asked is None else _asked(made),
        "made_with": {"duckdb": duckdb.__version__, "sqlglot": sqlglot.__version__},
    }


def _counted(tasks: list[Task]) -> dict[str, Any]:
    kinds = Counter(task.kind for task in tasks)
    return {
        "tasks": len(tasks),
        "ambiguous": sum(task.gold_action is Action.CLARIFY for task in tasks),
        "groups": len({task.group for task in tasks}),
        "kinds": dict(sorted(kinds.items())),
        "content_hash": content_hash(tasks),
    }


def _tables(made: Built) -> Iterator[dict[str, Any]]:
    used = {table.name for part in made.slices for table in part.tables}
    for table in made.tables:
        yield {
            "name": plain(table.name),
            "noun": table.noun[1] if table.noun else "",
            "rows": table.found,
            "kept": table.rows,
            "view": table.view,
            "in_tasks": table.name in used,
            "columns": [
                {
                    "name": plain(column.name),
                    "type": plain(column.type, 30),
                    "role": column.role,
                    "said": column.phrase,
                    "refers_to": plain(column.link.parent) if column.link else "",
                    "guessed": column.guessed,
                }
                for column in table.columns
            ],
            "empty_columns": [plain(name) for name in table.empty],
            "text_made_typed": table.retyped,
        }


def _asked(made: Built) -> dict[str, Any]:
    asked = made.asked
    return {
        "read": asked.count,
        "kept": asked.kept,
        "tasks": len(asked.tasks),
        "rejected": asked.rejected,
        "first_rejected": asked.first,
        "drafts_dropped": asked.dropped,
    }


def _slice(part: Database) -> dict[str, Any]:
    """The words of a slice that leave something open, as a person would explain them."""
    heads = [(h.word, [part.table(h.table).column(c).phrase for c in h.columns], h.table) for h in part.heads]
    rows = [
        (i.word, [f"{part.table(i.table).column(r.column).phrase} {r.op} {r.value}" for r in i.readings], i.table)
        for i in (*part.terms, *part.values)
    ]
    nouns = [(n.plural, [part.table(name).plural for name in n.tables], "") for n in part.nouns]
    figures = [
        (a.phrase, [part.table(a.table).column(a.column).phrase, f"from {part.table(a.rows).plural}"], a.table)
        for a in part.aggregates
    ]
    return {
        "name": part.name,
        "tables": [table.name for table in part.tables],
        "words": [
            {"sort": sort, "word": word, "table": table, "means": means}
            for sort, found in (("columns", heads), ("rows", rows), ("tables", nouns), ("figures", figures))
            for word, means, table in found
        ],
    }


def _pairs(made: Built) -> Iterator[dict[str, Any]]:
    """Some twins of each kind, drawn by the seed."""
    by_kind: dict[str, list[tuple[Task, Task]]] = {}
    last: dict[tuple[str, str], Task] = {}
    for task in made.tasks:
        key = (task.database, task.request)
        if (twin := last.pop(key, None)) is None:
            last[key] = task
        else:
            by_kind.setdefault(task.kind, []).append((twin, task))
    for kind, pairs in sorted(by_kind.items()):
        rng = random.Random(f"{made.settings.seed}:{kind}")
        for pair in rng.sample(pairs, min(SAMPLES, len(pairs))):
            clear, ambiguous = sorted(pair, key=lambda task: task.gold_action is Action.CLARIFY)
            yield {
                "kind": kind,
                "split": clear.split,
                "pattern": clear.provenance.pattern,
                "request": clear.request,
                "question": ambiguous.gold_question,
                "schema": clear.context.partition("\nNotes:\n")[0][:_LONG],
                "notes": [*_notes(clear, ambiguous)],
                "readings": [
                    {"gloss": r.gloss, "sql": r.answer[:_LONG], "meant": r.id == clear.readings[0].id}
                    for r in ambiguous.readings
                ],
            }


def _notes(clear: Task, ambiguous: Task) -> Iterator[tuple[str, str]]:
    """The notes of both twins, place by place; the second is "" where both have the same."""
    left, right = (task.context.partition("\nNotes:\n")[2].split("\n") for task in (clear, ambiguous))
    for one, other in zip(left, right, strict=True):
        yield one.removeprefix("- "), "" if one == other else other.removeprefix("- ")


def _rendered(name: str, facts: dict[str, Any], *, escape: bool = True) -> str:
    templates = Environment(
        loader=PackageLoader("envs_data.own", "templates"),
        autoescape=escape,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    templates.filters["plain"] = lambda value: plain(value, _LONG)
    templates.filters["cell"] = _cell
    css = templates.get_template("report.css.j2").render()
    digest = base64.b64encode(hashlib.sha256(css.encode()).digest()).decode()
    return templates.get_template(name).render({**facts, "css": _own(css), "style_hash": f"'sha256-{digest}'"})


def _own(css: str) -> Any:
    """Our own style, which must not be escaped; it holds nothing from outside."""
    from markupsafe import Markup

    return Markup(css)


def _cell(value: object) -> str:
    """A name from the database inside Markdown: as code, which nothing in it can end."""
    shown = plain(value, 80).replace("`", "'").replace("|", "¦")
    return f"`{shown}`"
