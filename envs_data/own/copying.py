"""The copy of a source: one DuckDB file with at most so many rows a table, drawn by a seed.

Rows are drawn while they stream by, so that a table of any size fits. A table that others refer to is drawn
after them, the rows that they refer to first.
"""

from __future__ import annotations

import contextlib
import dataclasses
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb

from act_env.errors import MalformedRecord
from envs_data.ambigsql.spec import quoted
from envs_data.own.links import Link, Shape, family, guess
from envs_data.own.sources import Relation, Source, text
from envs_data.own.text import clean_names, plain

VIEW_SECONDS = 60.0
"""A view that takes longer is left out."""
_CASTS = {
    "TINYINT": "INTEGER", "UTINYINT": "INTEGER", "USMALLINT": "INTEGER", "UINTEGER": "BIGINT",
    "UBIGINT": "DOUBLE", "HUGEINT": "DOUBLE", "UHUGEINT": "DOUBLE", "BIGNUM": "DOUBLE",
    "TIMESTAMP WITH TIME ZONE": "TIMESTAMP", "TIMESTAMP_S": "TIMESTAMP", "TIMESTAMP_MS": "TIMESTAMP",
    "TIMESTAMP_NS": "TIMESTAMP", "TIME WITH TIME ZONE": "VARCHAR", "TIME_NS": "VARCHAR", "JSON": "VARCHAR",
    "ENUM": "VARCHAR", "BIT": "VARCHAR",
}  # fmt: skip
_KEPT = ("BOOLEAN", "SMALLINT", "INTEGER", "BIGINT", "FLOAT", "DOUBLE", "DECIMAL", "DATE", "TIMESTAMP", "TIME",
         "INTERVAL", "VARCHAR", "BLOB", "UUID")  # fmt: skip


@dataclasses.dataclass(frozen=True)
class Copied:
    """A table of the copy. ``found`` is its number of rows at the source, ``kept`` that here; ``key`` and
    ``references`` are those the source declares."""

    name: str
    origin: str
    view: bool
    found: int
    kept: int
    key: tuple[str, ...]
    references: tuple[Link, ...]
    renamed: int


@dataclasses.dataclass(frozen=True)
class LeftOut:
    what: str
    why: str


def copy(
    source: Source, target: Path, *, rows: int, seed: int, progress: Callable[[str], None] = lambda name: None
) -> tuple[list[Copied], list[LeftOut]]:
    """Writes the source's tables to ``target``, and says what was left out and why.

    Raises MalformedRecord for a table that cannot be read; a view costs only itself.
    """
    connection = source.connection
    connection.execute(f"ATTACH {text(target)} AS copy (BLOCK_SIZE 16384)")
    if source.kind in ("duckdb", "sqlite"):
        connection.execute("SET enable_external_access = false")
    with contextlib.suppress(duckdb.Error):
        connection.execute("SET TimeZone = 'UTC'")
    names = clean_names((relation.name for relation in source.relations), "unnamed")
    plans, left = [], []
    for relation, name in zip(source.relations, names, strict=True):
        try:
            with _limited(connection, relation):
                plans.append(_plan(connection, relation, name))
        except duckdb.Error as error:
            if not relation.view:
                raise MalformedRecord(
                    f"{relation.origin!r} of {source.name!r} cannot be read: {_why(error)}"
                ) from error
            left.append(LeftOut(plain(relation.origin), f"the view fails or takes too long: {_why(error)}"))
    left += [LeftOut(plain(plan.relation.origin), "no rows") for plan in plans if not plan.found]
    plans = [plan for plan in plans if plan.found]
    links = _links(plans)
    copied = []
    for plan in _children_first(plans, links):
        try:
            with _limited(connection, plan.relation):
                _draw(connection, plan, _referring(plan, plans, links), rows, seed)
        except duckdb.Error as error:
            connection.execute(f"DROP TABLE IF EXISTS copy.{quoted(plan.name)}")
            if not plan.relation.view:
                raise MalformedRecord(
                    f"{plan.relation.origin!r} of {source.name!r} cannot be copied: {_why(error)}"
                ) from error
            left.append(LeftOut(plain(plan.relation.origin), f"the view fails or takes too long: {_why(error)}"))
            continue
        copied.append(_copied(connection, plan, links))
        progress(plan.name)
    connection.execute("DETACH copy")
    order = {plan.name: index for index, plan in enumerate(plans)}
    return sorted(copied, key=lambda table: order[table.name]), left


@dataclasses.dataclass(frozen=True)
class _Plan:
    relation: Relation
    name: str
    found: int
    columns: tuple[tuple[str, str, str], ...]
    """As (name at the source, name in the copy, type in the copy)."""

    @property
    def select(self) -> str:
        return ", ".join(f"CAST({quoted(old)} AS {type_}) AS {quoted(new)}" for old, new, type_ in self.columns)


def _plan(connection: duckdb.DuckDBPyConnection, relation: Relation, name: str) -> _Plan:
    described = connection.execute(f"DESCRIBE SELECT * FROM {relation.sql}").fetchall()
    (found,) = connection.execute(f"SELECT count(*) FROM {relation.sql}").fetchone()
    made = clean_names((row[0] for row in described), "unnamed")
    columns = [(row[0], new, _type(row[1])) for row, new in zip(described, made, strict=True)]
    return _Plan(relation, name, found, tuple(c for c in columns if _readable(connection, relation, c)))


def _readable(connection: duckdb.DuckDBPyConnection, relation: Relation, column: tuple[str, str, str]) -> bool:
    """Whether a column can be cast to its type in the copy; one of an extension's own type may not."""
    if column[2] != "VARCHAR":
        return True
    try:
        connection.execute(f"SELECT CAST({quoted(column[0])} AS VARCHAR) FROM {relation.sql} LIMIT 0")
    except duckdb.Error:
        return False
    return True


def _type(type_: str) -> str:
    """The copy's type of a column; what no request asks about is kept as text."""
    kind = type_.upper().partition("(")[0].strip()
    if type_.endswith("]") or kind in ("STRUCT", "MAP", "UNION"):
        return "VARCHAR"
    if kind in _CASTS:
        return _CASTS[kind]
    return type_ if kind in _KEPT else "VARCHAR"


def _links(plans: list[_Plan]) -> list[Link]:
    """Declared references, and those that names suggest for other columns."""
    shapes = [Shape(p.name, tuple((new, type_) for _, new, type_ in p.columns)) for p in plans]
    declared = [link for plan in plans for link in _declared(plan, plans)]
    known = {(link.table, link.column) for link in declared}
    return declared + [link for link in guess(shapes) if (link.table, link.column) not in known]


def _declared(plan: _Plan, plans: list[_Plan]) -> Iterator[Link]:
    for column, (target, key) in plan.relation.references.items():
        parent = next((p for p in plans if p.relation.name.lower() == target.lower()), None)
        own = _new_name(plan, column)
        if parent is None or own is None:
            continue
        wanted = key or (parent.relation.key[0] if len(parent.relation.key) == 1 else "")
        if theirs := _new_name(parent, wanted):
            yield Link(plan.name, own, parent.name, theirs)


def _new_name(plan: _Plan, column: str) -> str | None:
    return next((new for old, new, _ in plan.columns if old.lower() == column.lower()), None)


def _children_first(plans: list[_Plan], links: list[Link]) -> list[_Plan]:
    """Every table after those that refer to it; a circle is cut where it is met."""
    by_name = {plan.name: plan for plan in plans}
    order: dict[str, _Plan] = {}
    seen: set[str] = set()
    stack = [(plan.name, False) for plan in reversed(plans)]
    while stack:
        name, done = stack.pop()
        if done:
            order.setdefault(name, by_name[name])
        elif name not in seen:
            seen.add(name)
            stack.append((name, True))
            stack += [(link.table, False) for link in links if link.parent == name and link.table not in seen]
    return list(order.values())


def _referring(plan: _Plan, plans: list[_Plan], links: list[Link]) -> list[Link]:
    """What refers to a table; views only where no table does, since they show what tables hold."""
    views = {other.name for other in plans if other.relation.view}
    found = [link for link in links if link.parent == plan.name]
    return [link for link in found if link.table not in views] or found


def _draw(connection: duckdb.DuckDBPyConnection, plan: _Plan, referring: list[Link], rows: int, seed: int) -> None:
    table, source = f"copy.{quoted(plan.name)}", plan.relation.sql
    types = {new: type_ for _, new, type_ in plan.columns}
    if plan.found <= rows:
        connection.execute(f"CREATE TABLE {table} AS SELECT {plan.select} FROM {source}")
        return
    tables = connection.execute("SELECT table_name FROM duckdb_tables() WHERE database_name = 'copy'").fetchall()
    there = {name for (name,) in tables}
    wanted = [
        f"SELECT {quoted(link.column)} AS key FROM copy.{quoted(link.table)}"
        for link in referring
        if link.table in there and link.key == referring[0].key and family(types[link.key])
    ]
    everything = f"SELECT {plan.select} FROM {source}"
    if not wanted:
        connection.execute(f"CREATE TABLE {table} AS SELECT * FROM ({everything}) {_sample(rows, seed)}")
        return
    keys = f"(SELECT key FROM ({' UNION ALL '.join(wanted)}) WHERE key IS NOT NULL)"
    cell = quoted(referring[0].key)
    inner = f"SELECT * FROM ({everything}) WHERE {cell} IN {keys}"
    connection.execute(f"CREATE TABLE {table} AS SELECT * FROM ({inner}) {_sample(rows, seed)}")
    (kept,) = connection.execute(f"SELECT count(*) FROM {table}").fetchone()
    if kept < rows:
        others = f"SELECT * FROM ({everything}) WHERE {cell} IS NULL OR {cell} NOT IN {keys}"
        connection.execute(f"INSERT INTO {table} SELECT * FROM ({others}) {_sample(rows - kept, seed)}")


def _sample(rows: int, seed: int) -> str:
    return f"USING SAMPLE reservoir({rows} ROWS) REPEATABLE ({seed})"


def _copied(connection: duckdb.DuckDBPyConnection, plan: _Plan, links: list[Link]) -> Copied:
    (kept,) = connection.execute(f"SELECT count(*) FROM copy.{quoted(plan.name)}").fetchone()
    key = tuple(new for column in plan.relation.key if (new := _new_name(plan, column)))
    declared = {new for column in plan.relation.references if (new := _new_name(plan, column))}
    return Copied(
        name=plan.name,
        origin=plain(plan.relation.origin),
        view=plan.relation.view,
        found=plan.found,
        kept=kept,
        key=key,
        references=tuple(link for link in links if link.table == plan.name and link.column in declared),
        renamed=sum(old != new for old, new, _ in plan.columns) + (plan.relation.name != plan.name),
    )


@contextlib.contextmanager
def _limited(connection: duckdb.DuckDBPyConnection, relation: Relation) -> Iterator[None]:
    """Interrupts a view that takes too long: it may be anybody's SQL."""
    if not relation.view:
        yield
        return
    timer = threading.Timer(VIEW_SECONDS, connection.interrupt)
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _why(error: Exception) -> str:
    return plain(str(error).partition("\n")[0])
