"""Words that columns or tables share: heads ("date" of order date and ship date), nouns ("orders" of purchase
orders and sales orders), and figures that are kept in a column and can be worked out from another table."""

from __future__ import annotations

from collections.abc import Sequence

from envs_data.ambigsql.spec import Aggregate, Head, Noun, Shared
from envs_data.own.links import Link, is_identifier
from envs_data.own.profile import ColumnProfile, TableProfile
from envs_data.own.text import listed, plural, singular


def heads(table: TableProfile) -> tuple[Head, ...]:
    """Words that end, or begin, the names of two to four columns of one sort."""
    groups: dict[tuple[str, str], list[ColumnProfile]] = {}
    for column in table.columns:
        sort, parts = _sort(column), column.phrase.split()
        if not sort or len(parts) < 2:
            continue
        groups.setdefault((parts[-1], sort), []).append(column)
        if len(parts) == 2 and parts[1] in listed("modifier"):
            groups.setdefault((parts[0], sort), []).append(column)
    taken = {word for other in table.columns for word in (other.phrase,)} | set(table.noun or ())
    found = []
    for (word, _), columns in groups.items():
        usable = len(word) > 2 and word.isalpha() and word not in listed("no_head") and word not in listed("modifier")
        if usable and 2 <= len(columns) <= 4 and word not in taken and singular(word) not in taken:
            found.append(Head(table.name, word, tuple(column.name for column in columns)))
    return tuple(found)


def _sort(column: ColumnProfile) -> str:
    """What may be asked of a column: columns of different sorts share no head."""
    if not column.phrase or is_identifier(column.name):
        return ""
    if column.role in ("measure", "date", "category"):
        return column.role
    return "text" if column.kind == "VARCHAR" and column.role in ("other", "name") and column.distinct > 1 else ""


def nouns(tables: Sequence[TableProfile]) -> tuple[Noun, ...]:
    """Nouns that two or three tables share: "orders" of purchase orders and sales orders. Beside them, for notes to
    speak of, those that are short for a single table's: "lines" of invoice lines."""
    groups: dict[str, list[TableProfile]] = {}
    for table in tables:
        parts = table.noun[0].split() if table.noun else []
        if len(parts) > 1:
            groups.setdefault(parts[-1], []).append(table)
    taken = {table.noun[0] for table in tables if table.noun}
    found = []
    for word, members in groups.items():
        if len(members) <= 3 and word not in taken and len(word) > 2 and word.isalpha():
            found.append(Noun(word, plural(word), tuple(t.name for t in members), _shared(members)))
    return tuple(found)


def _shared(tables: Sequence[TableProfile]) -> tuple[Shared, ...]:
    """The columns that all the tables have, by their words."""
    found = []
    for column in tables[0].columns:
        same = [
            next((c for c in table.columns if c.phrase == column.phrase and c.role == column.role), None)
            for table in tables
        ]
        if column.phrase and column.role in ("measure", "date", "category") and all(same):
            found.append(Shared(column.phrase, tuple(c.name for c in same if c)))
    return tuple(found)


def aggregates(tables: Sequence[TableProfile]) -> tuple[Aggregate, ...]:
    """Columns such as order_count or total_amount beside a table whose rows they seem to be made of."""
    by_name = {table.name: table for table in tables}
    found: dict[tuple[str, str], Aggregate] = {}
    for rows in tables:
        for link in rows.links:
            table = by_name.get(link.parent)
            if table is None or rows.noun is None or table.name == rows.name:
                continue
            for column in table.with_role("measure"):
                made = _counted(table, column, rows, link) or _summed(table, column, rows, link)
                if made and column.numeric:
                    found.setdefault((table.name, column.name), made)
    return tuple(found.values())


def _counted(table: TableProfile, column: ColumnProfile, rows: TableProfile, link: Link) -> Aggregate | None:
    """order_count beside the orders, or the purchase orders, of a customer."""
    said, noun = _stems(column), rows.noun[0].split()
    rest = [word for word in said if word not in listed("count")]
    if not rest or len(rest) == len(said) or noun[-len(rest) :] != rest:
        return None
    return Aggregate(table.name, f"number of {plural(' '.join(rest))}", column.name, rows.name, link.column)


def _summed(table: TableProfile, column: ColumnProfile, rows: TableProfile, link: Link) -> Aggregate | None:
    """total_amount beside the amounts of a customer's orders."""
    said = _stems(column)
    rest = [word for word in said if word not in listed("total")]
    if not rest or len(rest) == len(said):
        return None
    for measure in rows.with_role("measure"):
        if measure.numeric and _stems(measure)[-len(rest) :] == rest:
            # Not the column's own words, which would be about the column alone.
            phrase = f"{'overall' if 'overall' not in said else 'summed'} {' '.join(rest)}"
            return Aggregate(table.name, phrase, column.name, rows.name, link.column, measure.name)
    return None


def _stems(column: ColumnProfile) -> list[str]:
    return [singular(word) for word in column.phrase.split() if word != "of"]
