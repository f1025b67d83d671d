"""Schema twins: one request beside a schema where a column it names is split in two, and beside one where it is not.

Each pair has two columns: one that the request names, and a decoy that it has nothing to do with. One of them is
split and left open, the other is closed; which one, decides whether the request is ambiguous, and nothing else does::

    pattern       ambiguous                            clear
    split         named split, decoy as it was         named as it was, decoy split
    split_rename  named split, decoy renamed           named renamed, decoy split
    split_note    both split, a note settles decoy's   both split, a note settles the named one's

In ``split_note`` the split that no note settles has an aside that settles nothing. In the others a closed column has a
column about it beside it ("price_source"), so that request and schema share as many words in both twins; not where
the decoy has the named column's noun itself, in a table that the request does not speak of. Over a database a column
is a decoy about as often as it is named, so that neither schema nor notes tell without the request.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

import sqlglot
from sqlglot import exp

from act_env.conversation import Result, Task
from act_env.errors import CutThroughTie, SandboxError
from act_env.sql import grading
from act_env.sql.sandbox import Sandbox
from envs_data.spider import kept as keeping
from envs_data.spider import split_drafts, splits, transpile, variants
from envs_data.spider.drafts import relaxed
from envs_data.spider.schema import Column, Database, Table
from envs_data.spider.sense import contradiction
from envs_data.spider.split_drafts import Place, Statement
from envs_data.spider.split_tasks import Make, Named, Pair, chance, place_of
from envs_data.spider.splits import singulars, table_of_splits
from envs_data.spider.store import Kept
from envs_data.spider.variants import Change

PATTERNS = ("split", "split_rename", "split_note")
MOST_OF_ONE_STATEMENT = 2
"""Pairs whose gold SQL is the same: a question has many paraphrases."""

MOST_OF_ONE_COLUMN = 12
"""Pairs whose request names the same column: else most would be about names."""

NAMES = ("name", "first name", "last name")
_MOST_NAMES = 3
"""Pairs about other columns for one about names, where a database has so many."""

_FEW_NAMES = 3
"""Pairs about names that any database may have."""

_LEAST_ROWS = 3


def twins(kept: Sequence[Kept], database: Database, make: Make, dropped: Counter) -> Iterator[Task]:
    """The pairs of one database; ``dropped`` counts what was not to be had, by reason."""
    statements = [(item, Statement(_tree(item.sql), database)) for item in kept]
    changes = _changes(database, split_drafts.keys(statement for _, statement in statements))
    if len(changes) < 2 or database.path.stat().st_size > variants.MOST_BYTES:
        return
    with variants.bench(database, changes) as bench, Sandbox(bench.path) as sandbox:
        named = [found for item, one in statements for found in _named(item, one, changes, sandbox, dropped)]
        pairs = _pairs(named, changes, database, dropped)
        patterns = _patterns(len(pairs), database)
        for (question, decoy), pattern in zip(pairs, patterns, strict=True):
            pair = Pair(question, decoy, pattern, bench, database).tasks(make)
            if isinstance(pair, str):
                dropped[f"split: {pair}"] += 1
            else:
                yield from pair


def _tree(sql: str) -> exp.Expression:
    tree = sqlglot.parse_one(sql, dialect="duckdb")
    for node in list(tree.find_all(exp.IgnoreNulls)):
        # What ANY_VALUE does anyway; MIN and MAX, which may take its place, do not take the words.
        node.replace(node.this)
    return tree


def _changes(database: Database, keys: frozenset[Place]) -> tuple[Change, ...]:
    """One split for each column that has any: which, and which half keeps the values, is drawn."""
    columns = [
        (table, column)
        for table in database.tables
        for column in table.columns
        if table.rows >= _LEAST_ROWS and (table.name.lower(), column.name.lower()) not in keys
    ]
    return variants.fitting(database, (_options(database, table, column) for table, column in columns))


def _options(database: Database, table: Table, column: Column) -> list[Change]:
    rng = chance(database.id, table.name, column.name)
    parts = list(splits.splits_of(table, column))
    rng.shuffle(parts)
    taken = {other.name.lower() for other in table.columns if other is not column}
    found = []
    for part in parts:
        halves, beside = rng.sample(part.split.halves, 2), rng.choice(sorted(table_of_splits()["beside"]))
        change = Change(table.name, column.name, tuple(halves), beside)
        if not taken & {name.lower() for name in change.names()}:
            found.append(change)
    return found


def _named(
    item: Kept, statement: Statement, changes: Sequence[Change], sandbox: Sandbox, dropped: Counter
) -> Iterator[Named]:
    """What a question names of the columns that can be split, with readings that run and differ."""
    mine = [change for change in changes if place_of(change) in statement.used]
    if not mine or not statement.simple or len(item.question.text) > 300:
        return
    for change in mine:
        why = contradiction(item.question.text, statement.tree, statement.database)
        why = why or split_drafts.refusal(item.question.text, change.splittable, statement)
        if why is None:
            found = _readings(statement, change, sandbox)
            if not isinstance(found, str):
                yield Named(item, change, statement, found)
                continue
            why = found
        dropped[f"split: {why}"] += 1


def _readings(statement: Statement, change: Change, sandbox: Sandbox) -> tuple[tuple[str, str, Result], ...] | str:
    made: list[tuple[str, str, Result]] = []
    for half in sorted(change.halves):
        tree = statement.exchanged(place_of(change), change.splittable.name(half))
        sql = relaxed(tree)
        others = transpile.extremes(tree) or ()
        try:
            result = sandbox.gold(sql)
            checks = [sandbox.gold(text) for text in (tree.sql("duckdb"), *map(transpile.render, others))]
        except CutThroughTie:
            return "tie at a cut"
        except SandboxError as error:
            return f"a reading does not run ({error.kind})"
        if not all(grading.match(check, result).ok for check in checks):
            return "a reading hangs on NULLs or on a choice among rows"
        if keeping.is_empty(result) or result.rows == ((0,),):
            return "empty reading"
        if len(result.rows) > keeping.MAX_ROWS:
            return "reading with too many rows"
        if any(grading.match(result, other).ok or grading.match(other, result).ok for _, _, other in made):
            return "readings agree"
        made.append((half, sql, result))
    return tuple(made)


def _pairs(
    named: Sequence[Named], changes: Sequence[Change], database: Database, dropped: Counter
) -> list[tuple[Named, Change]]:
    """Questions with their decoys: few of one statement, and each column about as often in either part."""
    rng = chance(database.id, "pairs")
    balance: Counter[Place] = Counter()
    statements: Counter[str] = Counter()
    columns: Counter[Place] = Counter()
    found = []
    by_text: dict[str, list[Named]] = {}
    for one in named:
        by_text.setdefault(one.item.question.text.lower().rstrip("?. "), []).append(one)
    order = list(by_text)
    rng.shuffle(order)
    # Requests that name nothing but names come last, when it is known how many others there are.
    order.sort(key=lambda text: all(_is_name(one) for one in by_text[text]))
    names = 0
    for text in order:
        options = [(one, decoys) for one in by_text[text] if (decoys := _decoys(one, changes, database))]
        if not options:
            dropped["split: no decoy"] += 1
            continue
        options = [(one, decoys) for one, decoys in options if statements[one.item.sql] < MOST_OF_ONE_STATEMENT]
        options = [(one, decoys) for one, decoys in options if columns[one.place] < MOST_OF_ONE_COLUMN]
        if names >= max(_FEW_NAMES, (len(found) - names) / _MOST_NAMES):
            options = [(one, decoys) for one, decoys in options if not _is_name(one)]
        if not options:
            dropped["split: enough of this statement or column"] += 1
            continue
        rng.shuffle(options)
        one, decoys = min(options, key=lambda option: balance[option[0].place])
        rng.shuffle(decoys)
        decoy = max(decoys, key=lambda change: balance[place_of(change)])
        balance[one.place] += 1
        balance[place_of(decoy)] -= 1
        statements[one.item.sql] += 1
        columns[one.place] += 1
        found.append((one, decoy))
        names += _is_name(one)
    rng.shuffle(found)
    return found


def _is_name(one: Named) -> bool:
    return one.part.split.head in NAMES


def _decoys(one: Named, changes: Sequence[Change], database: Database) -> list[Change]:
    """Columns that the question has nothing to do with. One that has its noun is of a table it does not speak of."""
    said = set(singulars(one.item.question.text))
    found = []
    for change in changes:
        part, place = change.splittable, place_of(change)
        if place in one.statement.used or set(part.split.halves) & said:
            continue
        noun, table = singulars(part.noun), singulars(database.table(change.table).phrase)
        elsewhere = place[0] not in one.statement.tables and table[-1] not in said
        if noun[-1] not in said or elsewhere:
            found.append(change)
    return found


def _patterns(count: int, database: Database) -> list[str]:
    rng = chance(database.id, "patterns")
    found = [pattern for _ in range(count // len(PATTERNS) + 1) for pattern in rng.sample(PATTERNS, len(PATTERNS))]
    return found[:count]
