"""Which statements an agent may run, told by DuckDB's own parser and catalogue.

``Policy.check`` walks the syntax tree that DuckDB's ``json_serialize_sql`` gives for the very text that
is run. Table functions and kinds of node are allowed by list, and whatever is unknown is refused.
Scalar functions are allowed unless the catalogue says that they are not *consistent* (``random``,
``nextval``, ``now``, ``current_setting``): a result must not change from run to run, nor tell of the
machine. Locked settings and a read-only database stand behind this check; it is not the only wall.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

import duckdb

from act_env.errors import ExecutionError, ForbiddenStatement, ParseError, SeveralStatements

_TABLE_FUNCTIONS = frozenset({"unnest", "generate_series", "range", "generate_subscripts", "json_each", "json_tree"})
_NODES = frozenset(
    {
        "SELECT_NODE",
        "SET_OPERATION_NODE",
        "RECURSIVE_CTE_NODE",
        "CTE_NODE",
        "EMPTY",
        "EMPTY_FROM",
        "BASE_TABLE",
        "SUBQUERY",
        "JOIN",
        "TABLE_FUNCTION",
        "EXPRESSION_LIST",
        "PIVOT",
        "COLUMN_DATA_REF",
        "CTE",
    }
)
_NODE_SHAPES = re.compile(r"\w+_MODIFIER|\w+_TYPE_INFO|ORDER_\w+|ASCENDING|DESCENDING")
_SYSTEM_SCHEMAS = frozenset({"information_schema", "pg_catalog", "system", "temp"})
# What the catalogue of some version calls consistent although it reads the clock, a setting, the version
# or SQL held in a string.
_NOT_PLAIN = frozenset(
    {
        "current_localtime",
        "current_localtimestamp",
        "ago",
        "version",
        "get_block_size",
        "getenv",
        "current_setting",
        "getvariable",
        "json_serialize_plan",
        "json_execute_serialized_sql",
        "json_serialize_sql",
        "json_deserialize_sql",
    }
)
# Bare names that DuckDB reads as a function call where no column has that name.
_VALUE_NAMES = frozenset(
    {
        "current_date",
        "current_time",
        "current_timestamp",
        "localtime",
        "localtimestamp",
        "current_catalog",
        "current_schema",
        "current_role",
        "current_user",
        "session_user",
    }
)
_FILE_NAME = re.compile(r"[/\\:*?]|\.\w+$")


def kind_of(statement: duckdb.Statement) -> str:
    """DuckDB's name of a statement's kind, such as ``SELECT``; some kinds have none in its Python binding."""
    try:
        return statement.type.name.removesuffix("_STATEMENT")
    except ValueError:
        return "OTHER"


def nodes(tree: Any) -> Iterator[dict[str, Any]]:
    """Every JSON object of a syntax tree, in no particular order; a stack, since trees can be deep."""
    stack = [tree]
    while stack:
        item = stack.pop()
        if isinstance(item, dict):
            yield item
            stack.extend(item.values())
        elif isinstance(item, list):
            stack.extend(item)


def builtin_names(connection: duckdb.DuckDBPyConnection) -> tuple[frozenset[str], frozenset[str]]:
    """DuckDB's own functions that no statement may call, and its system views. The same for every
    database, and slow enough (0.1 s) that a worker asks once."""
    refused, tables, values = set(_NOT_PLAIN), set(), set()
    stabilities: dict[str, set[str | None]] = {}
    for name, kind, stability, schema in connection.execute(
        "SELECT function_name, function_type, stability, schema_name FROM duckdb_functions() WHERE internal"
    ).fetchall():
        if schema == "pg_catalog":
            refused.add(name.lower())
        stabilities.setdefault(name.lower(), set()).add(stability)
        (tables if "table" in kind else values).add(name.lower())
    # DuckDB 2.0.1 calls the date functions less than consistent, but for timestamps with a time zone alone: those
    # depend on the session's zone, which the worker sets.
    refused |= {
        name
        for name, found in stabilities.items()
        if "VOLATILE" in found or ("CONSISTENT" not in found and found != {None})
    }
    views = connection.execute("SELECT view_name FROM duckdb_views() WHERE internal").fetchall()
    return frozenset(refused | (tables - values - _TABLE_FUNCTIONS)), frozenset(view.lower() for (view,) in views)


class Policy:
    """The check for one database: its own tables, views, macros and columns are known by name."""

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        database: str,
        builtins: tuple[frozenset[str], frozenset[str]] | None = None,
    ):
        def names(query: str, *values: str) -> frozenset[str]:
            return frozenset(str(row[0]).lower() for row in connection.execute(query, values).fetchall())

        self._refused, self._system = builtins or builtin_names(connection)
        self._columns = names("SELECT column_name FROM duckdb_columns() WHERE database_name = ?", database)
        self._own = names(
            "SELECT table_name FROM duckdb_tables() WHERE database_name = $1"
            " UNION ALL SELECT view_name FROM duckdb_views() WHERE database_name = $1 AND NOT internal",
            database,
        )
        self._tainted = self._taint(
            connection.execute(
                "SELECT view_name, sql FROM duckdb_views() WHERE NOT internal UNION ALL"
                " SELECT function_name, macro_definition FROM duckdb_functions() WHERE NOT internal"
            ).fetchall()
        )

    def _taint(self, definitions: Iterable[tuple[str, str | None]]) -> frozenset[str]:
        """Views and macros of the database that reach what no statement may, however indirectly."""
        words = {
            name.lower(): set(re.findall(r"\w+", (sql or "").lower())) - {name.lower()} for name, sql in definitions
        }
        bad = self._refused | self._system
        tainted: set[str] = set()
        while found := {name for name, used in words.items() if name not in tainted and used & (bad | tainted)}:
            tainted |= found
        return frozenset(tainted)

    def check(self, connection: duckdb.DuckDBPyConnection, sql: str) -> duckdb.Statement:
        """The one statement that ``sql`` holds, ready to run.

        Raises ParseError, SeveralStatements, ForbiddenStatement, or ExecutionError for a parameter
        without a value.
        """
        statement = only_statement(connection, sql)
        kind = kind_of(statement)
        if kind == "MULTI":
            raise ForbiddenStatement("PIVOT must list its values, as in PIVOT t ON c IN ('a', 'b')")
        if kind != "SELECT":
            raise ForbiddenStatement(f"{kind} is not allowed: a statement must be a query (SELECT, WITH, VALUES, FROM)")
        for node in nodes(syntax_tree(connection, sql)):
            self._check_node(node)
        if statement.named_parameters:
            raise ExecutionError("a parameter (? or $1) has no value: write the value itself")
        return statement

    def _check_node(self, node: dict[str, Any]) -> None:
        kind = node.get("type")
        if "sample" in node:
            raise ForbiddenStatement("a sample is not allowed: its rows change from run to run")
        if node.get("class") in ("FUNCTION", "WINDOW"):
            self._check_function(node)
        elif node.get("class") == "COLUMN_REF":
            path = node.get("column_names", ())
            if len(path) == 1 and (name := path[0].lower()) in _VALUE_NAMES and name not in self._columns:
                raise ForbiddenStatement(f"{name} is not allowed: it changes from run to run")
        elif isinstance(kind, str) and "class" not in node:
            if kind not in _NODES and not _NODE_SHAPES.fullmatch(kind):
                raise ForbiddenStatement(f"{kind} is not allowed inside a query")
            if kind == "BASE_TABLE":
                self._check_table(node)
            elif kind == "TABLE_FUNCTION":
                name = str(node["function"].get("function_name", "")).lower()
                if name in self._tainted or name not in _TABLE_FUNCTIONS:
                    raise ForbiddenStatement(
                        f"the table function {name} is not allowed: query the tables of the schema"
                    )

    def _check_function(self, node: dict[str, Any]) -> None:
        name = str(node.get("function_name", "")).lower()
        clock = name == "age" and len(node.get("arguments", node.get("children", ()))) == 1
        if name in self._refused or name in self._tainted or clock:
            raise ForbiddenStatement(
                f"the function {name} is not allowed: it changes from run to run, or tells of the machine"
            )

    def _check_table(self, node: dict[str, Any]) -> None:
        name = str(node.get("table_name", "")).lower()
        above = {str(node.get(key, "")).lower() for key in ("schema_name", "catalog_name")}
        if above & _SYSTEM_SCHEMAS or (name in self._system and name not in self._own) or name in self._tainted:
            raise ForbiddenStatement(f"the system table {name} is not allowed: query the tables of the schema")
        if name not in self._own and _FILE_NAME.search(name):
            raise ForbiddenStatement("files are not allowed: query the tables of the schema")


def only_statement(connection: duckdb.DuckDBPyConnection, sql: str) -> duckdb.Statement:
    statements = connection.extract_statements(sql)
    if not statements:
        raise ParseError("there is no statement in the text")
    if len(statements) > 1:
        raise SeveralStatements(f"{len(statements)} statements where exactly one is allowed")
    return statements[0]


def syntax_tree(connection: duckdb.DuckDBPyConnection, sql: str) -> list[Any]:
    """The statements of a query's text as JSON; raises ParseError, or ForbiddenStatement for what has no tree."""
    (text,) = connection.execute(
        "SELECT json_serialize_sql(?, skip_null := true, skip_empty := true)", [sql]
    ).fetchone()
    try:
        form = json.loads(text)
    except RecursionError as error:
        raise ParseError("the statement is nested too deeply") from error
    if form.get("error"):
        message = str(form.get("error_message", "unknown"))
        raise (ParseError if form.get("error_type") == "parser" else ForbiddenStatement)(message)
    return form["statements"]


def is_runnable(connection: duckdb.DuckDBPyConnection, text: str, strong: bool) -> bool:
    """Whether DuckDB parses ``text`` into statements that could be meant to run.

    English parses as SQL more often than one thinks: "Select net revenue" is ``SELECT net AS revenue``,
    "From region" is a query, "Use net" and "Analyze" are commands. So a SELECT must have a table where
    it names a column, no parameter may be left open, and the short forms count only where the text
    around them says that SQL was meant (``strong``: a code fence, a semicolon, an upper-case keyword).
    """
    try:
        statements = connection.extract_statements(text)
        kinds = [kind_of(statement) for statement in statements]
        if not kinds or any(statement.named_parameters for statement in statements):
            return False
        if set(kinds) != {"SELECT"}:
            return strong or set(kinds) <= _PLAIN_KINDS
        return all(_has_source(form["node"], strong, text) for form in syntax_tree(connection, text))
    except (duckdb.Error, ParseError, ForbiddenStatement, RuntimeError, ValueError):
        return False


_PLAIN_KINDS = frozenset(
    {
        "SELECT",
        "MULTI",
        "INSERT",
        "UPDATE",
        "DELETE",
        "MERGE_INTO",
        "CREATE",
        "DROP",
        "ALTER",
        "COPY",
        "ATTACH",
        "EXPORT",
        "PRAGMA",
    }
)


def _has_source(node: dict[str, Any], strong: bool, text: str) -> bool:
    if node.get("type") != "SELECT_NODE":
        return True
    if node.get("from_table", {}).get("type", "EMPTY") in ("EMPTY", "EMPTY_FROM"):
        # A column inside a subquery has that query's tables; only the outer level is looked at.
        items = [item for item in node.get("select_list", ()) if item.get("class") != "SUBQUERY"]
        return not any(inner.get("class") in ("COLUMN_REF", "STAR") for inner in _outer_nodes(items))
    short = node["from_table"].get("type") in ("BASE_TABLE", "SHOW_REF") and not re.search(r"(?i)\bselect\b", text)
    return strong or not (short and "where_clause" not in node and "modifiers" not in node)


def _outer_nodes(items: list[Any]) -> Iterator[dict[str, Any]]:
    stack: list[Any] = list(items)
    while stack:
        item = stack.pop()
        if isinstance(item, list):
            stack.extend(item)
        elif isinstance(item, dict) and item.get("class") not in ("SUBQUERY", "LAMBDA"):
            yield item
            stack.extend(item.values())
