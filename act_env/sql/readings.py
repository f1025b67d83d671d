"""Reads SQL as text: finds the statement in a reply, and ranks the rows of a reading's query.

``find_statement`` serves every reply and asks DuckDB's own parser; ``gold`` serves the builder's
statements and rewrites them with sqlglot, then checks the rewriting against the original's rows.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from act_env.conversation import Result
from act_env.errors import CutThroughTie, ExecutionError, ParseError, RowLimit, SandboxError
from act_env.sql.grading import match

if TYPE_CHECKING:
    from sqlglot import exp

REPLY_CHARS = 16_384
"""No statement is looked for beyond this many characters of a reply."""
_MAX_STARTS, _MAX_ENDS = 6, 10

_QUERY = "SELECT|WITH|FROM|VALUES|TABLE|PIVOT|UNPIVOT|EXPLAIN|DESCRIBE|DESC|SHOW|SUMMARIZE"
_COMMAND = (
    "INSERT|UPDATE|DELETE|MERGE|TRUNCATE|CREATE|DROP|ALTER|COMMENT|COPY|ATTACH|DETACH|USE|EXPORT|IMPORT|PRAGMA|CALL|SET|"
    "RESET|INSTALL|LOAD|CHECKPOINT|VACUUM|ANALYZE|BEGIN|START|COMMIT|ROLLBACK|PREPARE|EXECUTE|DEALLOCATE"
)
# A statement starts a text, a line or a sentence, or stands after a colon or a quotation mark.
_START = re.compile(rf"(?im)(?:^|[:.!?;`\"'“‘)*>])[ \t]*((?:\([ \t]*)*\b({_QUERY}|{_COMMAND})\b)")
# In the middle of a sentence only capitals tell SQL from English.
_SHOUTED = re.compile(r"(?<=\s)\(*\b(?P<word>SELECT|WITH)\b")
_FENCE = re.compile(r"```(?:[ \t]*\w*[ \t]*\r?\n|(?i:sql|duckdb)\b)?(.*?)(?:```|\Z)|(?<!`)`([^`]+)`(?!`)", re.DOTALL)
_END = re.compile(r";|\n|[.?!](?=\s|\Z)|\*\*|[\"'”’](?=[\s.?!]|\Z)")
# DuckDB's parser takes exponential time in nested WITHs, and cubic in brackets that never close.
_MAX_WITHS, _MAX_BRACKETS = 5, 200
_NOT_COLLAPSIBLE = ("\\", "$", "--", "/*")
_COLLAPSE = re.compile(r"('(?:[^']|'')*'|\"(?:[^\"]|\"\")*\")|\s+")


@functools.lru_cache(maxsize=8192)
def find_statement(text: str) -> str | None:
    """The SQL statement that a reply holds, or None: ``Do you mean gross or net?`` holds none.

    It may stand bare, in a code fence, or after words such as "Here you go:", and words may follow it.
    A command that the sandbox will refuse (``DROP TABLE t``) is found too, so that the refusal is what
    the reply gets. Where fences hold different statements, or several stand in a row, all are returned
    as one text, which the sandbox refuses as several: a reply is one answer.
    """
    fenced = [first or second for first, second in _FENCE.findall(text[:REPLY_CHARS])]
    found = [statement for part in fenced if (statement := _first(part, fenced=True))]
    if found:
        return ";\n".join(dict.fromkeys(found))
    return _first(text[:REPLY_CHARS], fenced=False)


def _first(text: str, fenced: bool) -> str | None:
    candidates = list(dict.fromkeys(_candidates(text, fenced)))
    if not candidates:
        return None
    from act_env.sql.sandbox import first_runnable

    found = first_runnable(candidates)
    return None if found is None else candidates[found][0]


def _candidates(text: str, fenced: bool) -> Iterator[tuple[str, bool]]:
    """Pieces of the text to try, longest first at each start, with whether SQL was clearly meant."""
    starts = {match.start(1) for match in _START.finditer(text)} | {m.start() for m in _SHOUTED.finditer(text)}
    for start in sorted(starts)[:_MAX_STARTS]:
        rest = text[start:]
        word = re.search(r"\w+", rest)
        shouted = word is not None and word.group().isupper()
        ends = sorted({len(rest)} | {match.start() for match in _END.finditer(rest)}, reverse=True)
        if len(ends) > _MAX_ENDS:
            ends = ends[: _MAX_ENDS // 2] + ends[-_MAX_ENDS // 2 :]
        for end in ends:
            piece = rest[:end].strip()
            closed = rest[end : end + 1] == ";" or piece.endswith(";")
            if (piece := piece.rstrip("; \t\r\n”’")) and _is_tame(piece):
                yield piece, fenced or shouted or closed


def _is_tame(piece: str) -> bool:
    withs = len(re.findall(r"(?i)\bwith\b", piece))
    return withs <= _MAX_WITHS and sum(map(piece.count, "([{")) <= _MAX_BRACKETS


def canonical(sql: str) -> str:
    """The statement without what cannot change its result: outer blanks, a last semicolon, and runs of
    blanks outside quotes. Left as it is where comments or escapes make quotes hard to tell."""
    sql = sql.strip()
    if any(mark in sql for mark in _NOT_COLLAPSIBLE):
        return sql
    return _COLLAPSE.sub(lambda match: match.group(1) or " ", sql).rstrip("; ")


# ---------------------------------------------------------------- gold results


def order_keys(sql: str) -> tuple[str, ...]:
    """The keys of the outermost ORDER BY, as SQL; empty where the statement orders nothing."""
    order = _parse(sql).args.get("order")
    return tuple(key.sql("duckdb") for key in order.expressions) if order else ()


def gold(execute: Callable[[str], Result], sql: str) -> Result:
    """The result of a reading's query, with ranks where its outermost query orders.

    The ranks are DuckDB's own ``dense_rank`` over the ORDER BY, so that collation and the place of
    NULLs are its. Raises CutThroughTie where a LIMIT or OFFSET, here or in a subquery, leaves rows
    out that tie with rows it keeps; a tie of rows that look the same cuts nothing.
    """
    result = execute(sql)
    tree = _parse(sql)
    for inner in _limited_subqueries(tree):
        try:
            rows = execute(inner.sql("duckdb"))
        except ExecutionError as error:
            raise CutThroughTie(
                "a LIMIT in a subquery that needs its outer row: what it cuts cannot be told"
            ) from error
        _ranked(execute, inner, rows)
    ranks = _ranked(execute, tree, result)
    return result if ranks is None else Result(result.columns, result.rows, ranks)


def _parse(sql: str) -> exp.Query:
    import sqlglot
    from sqlglot import exp

    try:
        tree = sqlglot.parse_one(sql, dialect="duckdb")
    except sqlglot.errors.SqlglotError as error:
        raise ParseError(f"no gold statement: sqlglot cannot read it: {str(error).splitlines()[0]}") from error
    while isinstance(tree, exp.Subquery) and not tree.args.get("order") and not tree.args.get("limit"):
        tree = tree.this
    if not isinstance(tree, exp.Query | exp.Values):
        raise ParseError(f"no gold statement: {type(tree).__name__} where a query is needed")
    return tree


def _limited_subqueries(tree: exp.Query) -> Iterator[exp.Query]:
    """Inner queries with a LIMIT, each made runnable by the WITH clauses that it can see."""
    from sqlglot import exp

    ctes = tree.args.get("with_") or tree.args.get("with")
    for query in list(tree.find_all(exp.Query)):
        if (
            query is tree
            or isinstance(query, exp.Subquery)
            or not (query.args.get("limit") or query.args.get("offset"))
        ):
            continue
        alone = query.copy()
        if ctes and not (alone.args.get("with_") or alone.args.get("with")):
            # Only the definitions before its own: one that holds this query would be read in a circle.
            inside = query.find_ancestor(exp.CTE)
            names = ctes.expressions
            seen = names[: next((i for i, cte in enumerate(names) if cte is inside), len(names))]
            for cte in seen:
                alone = alone.with_(cte.alias_or_name, as_=cte.this.copy(), copy=False)
        yield alone


def _ranked(execute: Callable[[str], Result], tree: exp.Query, result: Result) -> tuple[int, ...] | None:
    """The ranks of ``result``'s rows; None where nothing orders them. Raises CutThroughTie."""
    limit, offset = tree.args.get("limit"), tree.args.get("offset")
    order = tree.args.get("order")
    if not order and not limit and not offset:
        return None
    skipped = _number(offset.expression) if offset else 0
    if skipped is None:
        raise CutThroughTie("an OFFSET that is no number: what it leaves out cannot be told")
    count = len(result.rows)
    whole = _with_ranks(tree, result)
    try:
        rows = execute(whole.sql("duckdb")).rows
    except RowLimit:
        try:
            rows = execute(f"{whole.sql('duckdb')} LIMIT {skipped + count + 1}").rows
        except SandboxError as error:
            raise CutThroughTie("the rows behind this LIMIT are too many to tell whether it cuts a tie") from error
    width = len(result.columns)
    ranks = tuple(row[width] for row in rows)
    for cut in {skipped, skipped + count} - {0}:
        if cut < len(rows) and ranks[cut - 1] == ranks[cut]:
            tied = {repr(row[:width]) for row, rank in zip(rows, ranks, strict=True) if rank == ranks[cut]}
            if len(tied) > 1:
                raise CutThroughTie(f"rows {cut} and {cut + 1} tie in {_keys(order)}, and the query keeps one of them")
    kept = slice(skipped, skipped + count)
    places = {rank: place for place, rank in enumerate(dict.fromkeys(ranks[kept]))}
    dense = tuple(places[rank] for rank in ranks[kept])
    again = Result(result.columns, tuple(row[:width] for row in rows[kept]), dense)
    if not match(result, again, columns_fixed=True).ok:
        raise CutThroughTie(f"the rows are not settled by {_keys(order)}: the same query gave others")
    return dense if order else None


def _keys(order: Any) -> str:
    return order.sql("duckdb") if order else "no order at all"


def _number(node: Any) -> int | None:
    from sqlglot import exp

    return int(node.name) if isinstance(node, exp.Literal) and not node.is_string and node.name.isdigit() else None


def _with_ranks(tree: exp.Query, result: Result) -> exp.Query:
    """The query without LIMIT, its rows sorted by one more last column: the rank of their tie group."""
    from sqlglot import exp

    inner = tree.copy()
    order = inner.args.get("order")
    for part in ("order", "limit", "offset"):
        inner.set(part, None)
    names = [name.lower() for name in result.columns]
    # A set operation, DISTINCT or VALUES can only be ordered by its own columns: those are wrapped.
    plain = isinstance(inner, exp.Select) and not inner.args.get("distinct")
    width, keys = len(names), []
    for number, ordered in enumerate(order.expressions if order else ()):
        column = _output_column(ordered.this, names, inner if isinstance(inner, exp.Select) else None)
        if ordered.this.sql("duckdb").upper() == "ALL":
            keys.extend(f"c{i} {_direction(ordered)}" for i in range(width))
            continue
        if column is not None:
            keys.append(f"c{column} {_direction(ordered)}")
            continue
        if not plain:
            raise ParseError(
                f"no gold statement: it is ordered by {ordered.this.sql('duckdb')}, which it does not select"
            )
        inner = inner.select(exp.alias_(ordered.this.copy(), f"_key{number}"), copy=False)
        keys.append(f"c{len(names)} {_direction(ordered)}")
        names.append(f"_key{number}")
    columns = ", ".join(f"c{i}" for i in range(len(names)))
    rank = f"dense_rank() OVER (ORDER BY {', '.join(keys)})" if keys else "1"
    shown = ", ".join(f"c{i}" for i in range(width))
    import sqlglot

    frame = sqlglot.parse_one(
        f"SELECT {shown}, {rank} AS _rank FROM (SELECT 1) AS _rows({columns}) ORDER BY _rank", dialect="duckdb"
    )
    frame.find(exp.Subquery).set("this", inner)
    return frame


def _output_column(key: Any, names: list[str], select: exp.Select | None) -> int | None:
    """The place of the output column that an ORDER BY key names: by number, by name, or by being it."""
    from sqlglot import exp

    if (number := _number(key)) is not None:
        return number - 1
    if isinstance(key, exp.Column) and not key.table and key.name.lower() in names:
        return names.index(key.name.lower())
    if select is not None and not any(item.is_star for item in select.expressions):
        for place, item in enumerate(select.expressions):
            if item.unalias() == key:
                return place
    return None


def _direction(ordered: exp.Ordered) -> str:
    return ordered.sql("duckdb").removeprefix(ordered.this.sql("duckdb")).strip()
