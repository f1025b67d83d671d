"""SQLite's SQL as DuckDB's: sqlglot's own translation, and the rewrites that it leaves open.

Each rewrite is a function over the tree, named in REWRITES; a test runs both engines on what comes out.
No rewrite has to be right for every statement, since a question is kept only where the two engines agree;
but each says what SQLite does, so that agreement is no accident.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping

import sqlglot
from sqlglot import exp

from act_env.errors import ParseError

TEXT, INTEGER, REAL = "text", "integer", "real"
NUMBERS = (INTEGER, REAL)

Schema = Mapping[str, Mapping[str, str]]
"""Table -> column -> DuckDB type, names in lower case."""

_KINDS = {"VARCHAR": TEXT, "BIGINT": INTEGER, "DOUBLE": REAL}
_COMPARISONS = (exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE)


@dataclasses.dataclass(frozen=True)
class Scope:
    """What a statement's names mean, against one database's schema."""

    schema: Schema

    def sources(self, select: exp.Select) -> Iterator[tuple[str, exp.Expression]]:
        """(alias, table or subquery) of FROM and every JOIN."""
        clauses = [select.args.get("from_") or select.args.get("from"), *(select.args.get("joins") or [])]
        for clause in clauses:
            if clause is not None:
                yield clause.this.alias_or_name.lower(), clause.this

    def source_kind(self, source: exp.Expression, column: str) -> str | None:
        """The kind of a source's column: "" if it has one of unknown kind, None if it has none."""
        if isinstance(source, exp.Table):
            type_ = self.schema.get(source.name.lower(), {}).get(column)
            return None if type_ is None else _KINDS.get(type_, "")
        inner = source.unnest() if isinstance(source, exp.Subquery) else source
        inner = inner.left if isinstance(inner, exp.SetOperation) else inner
        if not isinstance(inner, exp.Select):
            return None
        for projection in inner.expressions:
            if projection.alias_or_name.lower() == column:
                return self.kind(projection) or ""
            if projection.is_star:
                for _, deeper in self.sources(inner):
                    if (kind := self.source_kind(deeper, column)) is not None:
                        return kind
        return None

    def column_kind(self, column: exp.Column) -> str | None:
        """A column's kind as the nearest SELECT around it sees it, or None where no source has it."""
        name, select = column.name.lower(), column.find_ancestor(exp.Select)
        while select is not None:
            for alias, source in self.sources(select):
                if column.table and column.table.lower() != alias:
                    continue
                if (kind := self.source_kind(source, name)) is not None:
                    return kind
            if not column.table:
                for projection in select.expressions:
                    if isinstance(projection, exp.Alias) and projection.alias.lower() == name:
                        return self.kind(projection) or ""
            select = select.find_ancestor(exp.Select)
        return None

    def kind(self, node: exp.Expression | None) -> str | None:
        """text, integer, real, or None where it is not known."""
        match node:
            case exp.Alias() | exp.Paren() | exp.Neg() | exp.Min() | exp.Max() | exp.AnyValue() | exp.ArgMax():
                return self.kind(node.this)
            case exp.Column():
                return self.column_kind(node) or None
            case exp.Literal():
                return TEXT if node.is_string else INTEGER if node.is_int else REAL
            case exp.Count() | exp.Length():
                return INTEGER
            case exp.Avg():
                return REAL
            case exp.Sum() | exp.Abs():
                return self.kind(node.this)
            case exp.Add() | exp.Sub() | exp.Mul() | exp.Div() | exp.Mod():
                kinds = {self.kind(node.left), self.kind(node.right)}
                return INTEGER if kinds == {INTEGER} else REAL if kinds <= {*NUMBERS} else None
            case exp.Subquery() | exp.Select():
                inner = node.unnest() if isinstance(node, exp.Subquery) else node
                if isinstance(inner, exp.Select) and len(inner.expressions) == 1:
                    return self.kind(inner.expressions[0])
            case exp.Upper() | exp.Lower() | exp.Substring() | exp.TimeToStr() | exp.DPipe() | exp.Trim():
                return TEXT
        return None


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return "_" not in text


def _text_of(node: exp.Expression) -> exp.Expression:
    if isinstance(node, exp.Literal):
        return exp.Literal.string(node.this)
    if isinstance(node, exp.Neg) and isinstance(node.this, exp.Literal):
        return exp.Literal.string("-" + node.this.this)
    return exp.cast(node.copy(), "VARCHAR")


def _number_of(node: exp.Expression) -> exp.Expression:
    if isinstance(node, exp.Literal) and node.is_string and _is_number(node.this):
        return exp.Literal.number(node.this.strip())
    return exp.TryCast(this=node.copy(), to=exp.DataType.build("DOUBLE"))


def _literal(node: exp.Expression | None) -> bool:
    return isinstance(node, exp.Literal) or (isinstance(node, exp.Neg) and isinstance(node.this, exp.Literal))


# ---------------------------------------------------------------- rewrites


def strings_in_double_quotes(tree: exp.Expression, scope: Scope) -> None:
    """SQLite reads "x" as the text 'x' where no column in scope has that name."""
    for column in list(tree.find_all(exp.Column)):
        if column.args.get("table") or not isinstance(column.this, exp.Identifier) or not column.this.quoted:
            continue
        if scope.column_kind(column) is None:
            column.replace(exp.Literal.string(column.name))


def like_without_case(tree: exp.Expression, scope: Scope) -> None:
    """SQLite's LIKE ignores case, and takes numbers."""
    for like in list(tree.find_all(exp.Like)):
        new = exp.ILike(**{key: value.copy() if isinstance(value, exp.Expression) else value
                           for key, value in like.args.items()})  # fmt: skip
        if scope.kind(like.this) in NUMBERS:
            new.set("this", exp.cast(new.this, "VARCHAR"))
        like.replace(new)


def compared_types(tree: exp.Expression, scope: Scope) -> None:
    """SQLite's affinities: a column's type decides how the literal beside it is read."""
    for node in list(tree.find_all(*_COMPARISONS, exp.Between, exp.In)):
        if isinstance(node, exp.Between):
            sides = [("this", node.this), ("low", node.args["low"]), ("high", node.args["high"])]
        elif isinstance(node, exp.In):
            _in_types(node, scope)
            continue
        else:
            sides = [("this", node.this), ("expression", node.expression)]
        kinds = {scope.kind(side) for _, side in sides}
        if TEXT not in kinds or not kinds & set(NUMBERS):
            continue
        columns = {scope.kind(side) for _, side in sides if not _literal(side)}
        if columns == {TEXT}:
            for key, side in sides:
                if scope.kind(side) in NUMBERS:
                    node.set(key, _text_of(side))
        else:
            for key, side in sides:
                if scope.kind(side) == TEXT:
                    node.set(key, _number_of(side))


def _in_types(node: exp.In, scope: Scope) -> None:
    kind = scope.kind(node.this)
    if node.expressions:
        wanted = [scope.kind(item) for item in node.expressions]
        if kind == TEXT and any(item in NUMBERS for item in wanted):
            node.set("expressions", [_text_of(item) if _literal(item) else item for item in node.expressions])
        elif kind in NUMBERS and TEXT in wanted:
            node.set("expressions", [_number_of(item) if _literal(item) else item for item in node.expressions])
        return
    inner = node.args.get("query")
    other = scope.kind(inner) if inner is not None else None
    if kind == TEXT and other in NUMBERS:
        node.set("this", _number_of(node.this))
    elif kind in NUMBERS and other == TEXT:
        select = inner.unnest() if isinstance(inner, exp.Subquery) else inner
        projection = select.expressions[0]
        select.set("expressions", [_number_of(projection.unalias())])


def set_operation_types(tree: exp.Expression, scope: Scope) -> None:
    """A column that is text on one side of a set operation and a number on the other becomes text."""
    for node in list(tree.find_all(exp.SetOperation)):
        left, right = node.left.unnest(), node.right.unnest()
        if not isinstance(left, exp.Select) or not isinstance(right, exp.Select):
            continue
        for mine, theirs in zip(list(left.expressions), list(right.expressions), strict=False):
            kinds = scope.kind(mine), scope.kind(theirs)
            if TEXT in kinds and set(kinds) & set(NUMBERS):
                for side, kind in ((mine, kinds[0]), (theirs, kinds[1])):
                    if kind in NUMBERS:
                        side.replace(exp.alias_(_text_of(side.unalias()), side.alias_or_name or None))


def arithmetic_on_text(tree: exp.Expression, scope: Scope) -> None:
    """SUM, AVG and arithmetic read a text as the number it begins with, or 0."""

    def number(node: exp.Expression) -> exp.Expression:
        return exp.Coalesce(this=_number_of(node), expressions=[exp.Literal.number(0)])

    for node in list(tree.find_all(exp.Sum, exp.Avg)):
        if scope.kind(node.this) == TEXT:
            null = exp.Is(this=node.this.copy(), expression=exp.Null())
            node.set("this", exp.If(this=exp.Not(this=null), true=number(node.this)))
    for node in list(tree.find_all(exp.Add, exp.Sub, exp.Mul, exp.Div)):
        for key in ("this", "expression"):
            if scope.kind(node.args[key]) == TEXT:
                node.set(key, number(node.args[key]))


def integer_division(tree: exp.Expression, scope: Scope) -> None:
    """SQLite divides integers without a remainder."""
    for node in list(tree.find_all(exp.Div)):
        if scope.kind(node.left) == INTEGER and scope.kind(node.right) == INTEGER:
            node.replace(exp.IntDiv(this=node.left.copy(), expression=node.right.copy()))


def loose_group_by(tree: exp.Expression, scope: Scope) -> None:
    """A bare column beside aggregates: any value of its group, or the row of the one MAX or MIN."""
    for select in list(tree.find_all(exp.Select)):
        groups = select.args["group"].expressions if select.args.get("group") else []
        parts = [*select.expressions, *(select.args[k] for k in ("having", "order") if select.args.get(k))]
        aggregates = [node for part in parts for node in _own(part, exp.AggFunc)]
        if not groups and not any(_own(part, exp.AggFunc) for part in select.expressions):
            continue
        extremes = [node for node in aggregates if isinstance(node, exp.Max | exp.Min)]
        key = extremes[0] if len(aggregates) == 1 == len(extremes) else None
        aliases = {item.alias.lower() for item in select.expressions if isinstance(item, exp.Alias)}
        for part in parts:
            for column in _own(part, exp.Column):
                if column.find_ancestor(exp.AggFunc, exp.Select) is not select or _grouped(column, groups):
                    continue
                if part.key in ("order", "having") and not column.table and column.name.lower() in aliases:
                    continue
                _aggregate(column, key)


def _own(part: exp.Expression, kind: type[exp.Expression]) -> list:
    """Nodes of a kind below ``part``, but not inside a subquery."""
    home = part if isinstance(part, exp.Select) else part.find_ancestor(exp.Select)
    return [node for node in part.find_all(kind) if node is not home and node.find_ancestor(exp.Select) is home]


def _grouped(column: exp.Column, groups: list[exp.Expression]) -> bool:
    return any(
        isinstance(group, exp.Column)
        and group.name.lower() == column.name.lower()
        and (not group.table or not column.table or group.table.lower() == column.table.lower())
        for group in groups
    ) or any(group == column for group in groups)


def _aggregate(column: exp.Column, key: exp.Expression | None) -> None:
    if isinstance(column.this, exp.Star):
        return
    if key is None:
        new: exp.Expression = exp.AnyValue(this=column.copy())
    else:
        make = exp.ArgMax if isinstance(key, exp.Max) else exp.ArgMin
        new = make(this=column.copy(), expression=key.this.copy())
    named = isinstance(column.parent, exp.Select)
    column.replace(exp.alias_(new, column.name, quoted=column.this.quoted) if named else new)


def distinct_then_order(tree: exp.Expression, scope: Scope) -> None:
    """SELECT DISTINCT a … ORDER BY b: a group for each a, ordered by a b of its own."""
    for select in list(tree.find_all(exp.Select)):
        order = select.args.get("order")
        if not select.args.get("distinct") or order is None or select.args.get("group"):
            continue
        shown = [item.unalias() for item in select.expressions]
        names = {item.alias_or_name.lower() for item in select.expressions}
        foreign = [c for c in _own(order, exp.Column) if c not in shown and c.name.lower() not in names]
        if not foreign or any(item.is_star for item in shown) or any(_own(order, exp.AggFunc)):
            continue
        for column in foreign:
            column.replace(exp.AnyValue(this=column.copy()))
        select.set("distinct", None)
        select.set("group", exp.Group(expressions=[item.copy() for item in shown]))


REWRITES: tuple[Callable[[exp.Expression, Scope], None], ...] = (
    strings_in_double_quotes,
    like_without_case,
    set_operation_types,
    compared_types,
    arithmetic_on_text,
    integer_division,
    distinct_then_order,
    loose_group_by,
)


def parse(query: str) -> exp.Expression:
    """One SQLite query as a tree; raises ParseError for anything but one SELECT or set operation."""
    try:
        trees = sqlglot.parse(query, dialect="sqlite")
    except (sqlglot.errors.SqlglotError, RecursionError) as error:
        raise ParseError(f"not SQLite's SQL: {query[:200]!r}") from error
    trees = [tree for tree in trees if tree is not None and not isinstance(tree, exp.Semicolon)]
    if len(trees) != 1 or not isinstance(trees[0], exp.Select | exp.SetOperation):
        raise ParseError(f"one SELECT is wanted, not {query[:200]!r}")
    return trees[0]


def rewrite(query: str, schema: Schema) -> exp.Expression:
    """The tree of a SQLite query with DuckDB's meaning; ``render`` gives its text. Raises ParseError."""
    tree, scope = parse(query), Scope(schema)
    for step in REWRITES:
        step(tree, scope)
    return tree


def extremes(tree: exp.Expression) -> tuple[exp.Expression, exp.Expression] | None:
    """The statement with each choice among a group's rows made one way, and the opposite way; None without any.

    Where both give the same result, the choice that SQLite and ANY_VALUE or ARG_MAX leave open changes nothing.
    """
    if tree.find(exp.AnyValue, exp.ArgMax, exp.ArgMin) is None:
        return None
    return _extreme(tree, exp.Min, "HASH({})"), _extreme(tree, exp.Max, "18446744073709551615 - HASH({})")


def _extreme(tree: exp.Expression, pick: type[exp.Expression], tie: str) -> exp.Expression:
    tree = tree.copy()
    for node in list(tree.find_all(exp.AnyValue)):
        node.replace(pick(this=node.this.copy()))
    for node in tree.find_all(exp.ArgMax, exp.ArgMin):
        key, shown = node.expression.sql("duckdb"), node.this.sql("duckdb")
        ranked = f"CASE WHEN NOT {key} IS NULL THEN ROW({key}, {tie.format(shown)}) END"
        node.set("expression", sqlglot.parse_one(ranked, dialect="duckdb"))
    return tree


def render(tree: exp.Expression) -> str:
    """DuckDB's text of a tree; raises ParseError where DuckDB has no such construct."""
    try:
        return tree.sql(dialect="duckdb")
    except (sqlglot.errors.SqlglotError, RecursionError) as error:
        raise ParseError(f"DuckDB has no form for {type(tree).__name__}: {error}") from error


def transpile(query: str, schema: Schema) -> str:
    """One SQLite query as DuckDB's SQL for a database of this schema; raises ParseError."""
    return render(rewrite(query, schema))
