"""Tables that a slice does not show, for its notes to speak of.

A request's ambiguous twin has a note that settles something else of the same sort. A single CSV file, or a slice
with one pair of dates, has nothing else: then notes speak of a table outside the schema, as a company's data
dictionary does. No request is about it, and no context shows it.
"""

from __future__ import annotations

import dataclasses
import hashlib
import random
from typing import Any

from act_env.conversation import Task
from envs_data.ambigsql import spec
from envs_data.own.text import vocabulary

PREFIX = "_elsewhere_"
"""Begins the names of these tables, which no real one has in a copy: SQL about them is never run."""


def extended(part: spec.Database) -> spec.Database:
    """The slice with what it lacks: beside each thing that can be misunderstood, another of its sort that has no column
    in common with it."""
    lacking = {
        "heads": _alone([{(h.table, name) for name in h.columns} for h in part.heads]),
        "terms": _alone([{(t.table, r.column) for r in t.readings} for t in part.terms]),
        "values": _alone([{(v.table, r.column) for r in v.readings} for v in part.values]),
        "nouns": _alone([set(noun.tables) for noun in part.nouns]),
        "aggregates": _alone([{(a.table, a.column), (a.rows, a.link)} for a in part.aggregates]),
    }
    form = _fitting(part)
    if form is None or not (len(part.tables) < 2 or any(lacking.values())):
        return part
    beside = _database(form)
    more = {sort: getattr(part, sort) + (getattr(beside, sort) if lacks else ()) for sort, lacks in lacking.items()}
    return dataclasses.replace(part, tables=part.tables + beside.tables, **more)


def _alone(items: list[set[Any]]) -> bool:
    """Whether one of them has nothing beside it that is of other columns."""
    return any(all(item & other for j, other in enumerate(items) if i != j) for i, item in enumerate(items))


def hidden(task: Task, part: spec.Database) -> Task:
    """The task with tables of the slice in place of these in its context's schema; twins show the same."""
    schema, _, notes = task.context.partition("\nNotes:\n")
    lines = schema.split("\n")
    strange = sum(line.startswith(PREFIX) for line in lines)
    if not strange:
        return task
    shown = {
        table.name for table in part.tables if any(line.startswith(f"{spec.ident(table.name)}(") for line in lines)
    }
    left = [table.name for table in part.tables if table.name not in shown]
    shown |= set(random.Random(task.request).sample(left, min(strange, len(left))))
    schema = spec.schema_text(spec.excerpt(part, shown))
    return dataclasses.replace(task, context=f"{schema}\nNotes:\n{notes}")


def _fitting(part: spec.Database) -> dict[str, Any] | None:
    """An entry of ``words.toml`` whose nouns the slice does not use, chosen by the slice's name."""
    used = {word for table in part.tables for noun in (table.singular, table.plural) for word in noun.split()}
    used |= {word for table in part.tables for column in table.columns for word in column.phrase.split()}
    free = [
        form
        for form in vocabulary()["elsewhere"]
        if not used & {form["singular"], form["plural"], *form["short"], *form["rows"]}
    ]
    return free[hashlib.sha256(part.name.encode()).digest()[0] % len(free)] if free else None


def _database(form: dict[str, Any]) -> spec.Database:
    name, rows = PREFIX + form["singular"], PREFIX + form["rows"][0]
    said = dict.fromkeys([*form["columns"], *(phrase for pair in form["values"].values() for phrase in pair)])
    columns = tuple(spec.Column(phrase, "VARCHAR", "other", phrase) for phrase in said)
    table = spec.Table(name, form["singular"], form["plural"], columns)
    link = spec.Column("link", "BIGINT", "other", "link", references=f"{name}.{columns[0].name}")
    noun, many = form["rows"]
    return spec.Database(
        name=PREFIX,
        title="",
        split="train",
        tables=(table, spec.Table(rows, noun, many, (link,))),
        heads=tuple(spec.Head(name, word, tuple(phrases)) for word, phrases in form["heads"].items()),
        terms=tuple(
            spec.Term(name, word, tuple(spec.Condition(*reading) for reading in readings))
            for word, readings in form["terms"].items()
        ),
        values=tuple(
            spec.Value(
                name,
                word,
                (f"{word} {form['plural']}", f"{form['plural']} with {word}"),
                tuple(spec.Condition(phrase, "=", word) for phrase in phrases),
            )
            for word, phrases in form["values"].items()
        ),
        nouns=(spec.Noun(*form["short"], (name,)),),
        aggregates=(spec.Aggregate(name, f"number of {many}", f"{noun} count", rows, "link"),),
    )
