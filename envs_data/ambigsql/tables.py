"""Requests that leave open which table is meant: a noun that two tables fit (table), and a figure that is on
record in one table and that the rows of another add up to (aggregate)."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Sequence

from envs_data.ambigsql.drafts import Choice, Draft, Gap, Values, adds_up, is_number, listing, literal, where
from envs_data.ambigsql.scenes import Part, Scene, draft
from envs_data.ambigsql.spec import Aggregate, Column, Database, Noun, Table, ident

NOUN = ("count", "list_all", "total", "average", "each", "count_beyond", "count_in_year", "count_per_year",
        "count_per", "average_by")  # fmt: skip
AGGREGATE = ("each", "lookup", "first_by", "extreme", "total", "average", "total_by")
RECORDED, COUNTED = "recorded", "counted"
BOTH = "both"


def asked(database: Database) -> list[Noun]:
    """The nouns that leave something open."""
    return [noun for noun in database.nouns if noun.asked and len(noun.tables) > 1]


def noun_part(database: Database, noun: Noun) -> Part:
    tables = [database.table(name) for name in noun.tables]
    choices = [Choice(table.name, table.plural, table.plural, table.plural) for table in tables]
    whole = {table.name: {"T": table.singular, "Ts": table.plural} for table in tables}
    if len(tables) > 1:
        choices.append(Choice(BOTH, f"{' and '.join(t.plural for t in tables)} together", "both together"))
        whole[BOTH] = {
            "T": listing([table.singular for table in tables]),
            "Ts": " and ".join(table.plural for table in tables),
        }
    gap = Gap("noun", "", noun.plural, noun.singular, noun.plural, tuple(choices), noun.tables, frozenset())
    return Part(gap, {"T": noun.singular, "Ts": noun.plural}, whole)


@dataclasses.dataclass(frozen=True)
class _Rows:
    """The rows that a choice of a noun stands for: what stands after FROM, and the names that their label, figure
    and category have there."""

    source: str
    label: str
    figure: str
    kind: str


def _rows_of(tables: Sequence[Table], figures: Sequence[Column], kinds: Sequence[Column], labelled: bool) -> _Rows:
    if len(tables) == 1:
        label = ident(tables[0].label.name) if labelled else ""
        figure, kind = (ident(columns[0].name) if columns else "" for columns in (figures, kinds))
        return _Rows(ident(tables[0].name), label, figure, kind)
    selects = []
    for i, table in enumerate(tables):
        shown = [f"{ident(table.label.name)} AS name"] if labelled else []
        shown += [
            f"{ident(columns[i].name)} AS {name}" for columns, name in ((figures, "figure"), (kinds, "kind")) if columns
        ]
        selects.append(f"SELECT {', '.join(shown) or '1'} FROM {ident(table.name)}")
    return _Rows(f"({' UNION ALL '.join(selects)})", "name", "figure", "kind")


def noun_draft(database: Database, noun: Noun, pattern: str, values: Values, rng: random.Random) -> Draft | None:
    """A request about a noun of two tables; None where the pattern fits nothing that they share."""
    tables = [database.table(name) for name in noun.tables]
    scene = Scene(database, tables[0], values, rng)
    labelled = pattern in ("list_all", "each")
    if labelled and any(table.label is None for table in tables):
        return None
    figured = pattern not in ("count", "list_all")
    figures = _shared(noun, tables, _ROLES.get(pattern, ("measure",)), rng) if figured else None
    kinds = _shared(noun, tables, ("category",), rng) if pattern == "average_by" else None
    if (figured and figures is None) or (pattern == "average_by" and kinds is None):
        return None
    phrase, columns = figures or ("", [])
    if pattern == "total" and not all(map(adds_up, columns)):
        return None
    if pattern in ("count_in_year", "count_per_year") and not all(table.happens for table in tables):
        return None
    k_phrase, k_columns = kinds or ("", [])
    fill = {"c": phrase, "k": k_phrase or phrase, "by": f", going by {phrase}"}
    select, condition, tail = "COUNT(*)", "", ""
    match pattern:
        case "list_all":
            select = "{label}"
        case "total" | "average":
            select = f"{'SUM' if pattern == 'total' else 'AVG'}({{figure}})"
        case "each":
            select = "{label}, {figure}"
        case "count_beyond":
            i = rng.randrange(len(tables))
            said = Scene(database, tables[i], values, rng).beyond([columns[i]])
            if said is None:
                return None
            fill["cmp"], op, value = said
            condition = f" WHERE {{figure}} {op} {literal(value)}"
        case "count_in_year":
            i = rng.randrange(len(tables))
            year = Scene(database, tables[i], values, rng).year([columns[i]])
            if year is None:
                return None
            fill["y"], condition = year, f" WHERE year({{figure}}) = {year}"
        case "count_per_year":
            select, tail = "year({figure}), COUNT(*)", " GROUP BY 1"
        case "count_per":
            select, tail = "{figure}, COUNT(*)", " GROUP BY {figure}"
        case "average_by":
            select, tail = "{kind}, AVG({figure})", " GROUP BY {kind}"
    template = f"SELECT {select} FROM {{source}}{condition}{tail}"

    def sql(choice: str) -> str:
        chosen = [i for i, table in enumerate(tables) if choice in (table.name, BOTH)]
        rows = _rows_of(
            [tables[i] for i in chosen], [columns[i] for i in chosen if columns],
            [k_columns[i] for i in chosen if k_columns], labelled,
        )  # fmt: skip
        return template.format_map(dataclasses.asdict(rows))

    return draft("table", pattern, scene.frame(pattern, **fill), [noun_part(database, noun)], sql)


_ROLES = {
    "each": ("measure", "date", "category"),
    "count_in_year": ("date",),
    "count_per_year": ("date",),
    "count_per": ("category",),
}
"""The roles that a noun's shared column may have, by pattern; a measure for all others."""


def _shared(
    noun: Noun, tables: Sequence[Table], roles: Sequence[str], rng: random.Random
) -> tuple[str, list[Column]] | None:
    """One of the things that all tables have, of one of the roles: its phrase, and the column of each table."""
    found = []
    for shared in noun.shared:
        columns = [table.column(name) for table, name in zip(tables, shared.columns, strict=True)]
        if columns[0].role in roles and (columns[0].role != "measure" or all(map(is_number, columns))):
            found.append((shared.phrase, columns))
    return rng.choice(found) if found else None


def aggregate_part(database: Database, item: Aggregate) -> Part:
    table, rows = database.table(item.table), database.table(item.rows)
    kept = table.column(item.column).phrase
    counted = f"a count of the {rows.plural}"
    if item.measure:
        counted = f"the sum of {rows.column(item.measure).phrase} over the {rows.plural}"
    choices = (
        Choice(RECORDED, f"the {kept} on record", f"the {kept} on record", kept),
        Choice(COUNTED, counted, counted, rows.plural),
    )
    gap = Gap.of("aggregate", table, item.phrase, choices, (item.column,))
    gap = dataclasses.replace(gap, tables=(table.name, rows.name))
    whole = {RECORDED: {"c": f"{kept} on record"}, COUNTED: {"c": f"{item.phrase} as {counted}"}}
    return Part(gap, {"c": item.phrase}, whole)


def aggregate_draft(
    database: Database, item: Aggregate, pattern: str, values: Values, rng: random.Random
) -> Draft | None:
    """A request for a figure; None where the pattern does not fit its table.

    The counted reading joins the rows; that a table's row without any of them has a zero must change nothing."""
    table, rows = database.table(item.table), database.table(item.rows)
    scene = Scene(database, table, values, rng)
    t, r, kept, link = ident(table.name), ident(rows.name), ident(item.column), ident(item.link)
    key = ident((rows.column(item.link).references or "").rpartition(".")[2])
    what = f"SUM({r}.{ident(item.measure)})" if item.measure else "COUNT(*)"
    join = f"{r} JOIN {t} ON {r}.{link} = {t}.{key}"
    single = f"SELECT {what} AS figure FROM {r} GROUP BY {link}"
    # What a table's row without any of the rows would count as.
    outer = f"{t} LEFT JOIN {r} ON {r}.{link} = {t}.{key}"
    whatever = f"COALESCE(SUM({r}.{ident(item.measure)}), 0)" if item.measure else f"COUNT({r}.{link})"
    all_single = f"SELECT {whatever} AS figure FROM {outer} GROUP BY {t}.{key}"
    label, words, condition = table.label, "", ""
    name = f"{t}.{ident(label.name)}" if label else ""
    match pattern:
        case "each" if label:
            words, condition = scene.filter(0.8, amid=True)
            recorded = f"SELECT {ident(label.name)}, {kept} FROM {t}{condition}"
            on = condition.replace(" WHERE ", f" WHERE {t}.", 1)
            counted = (
                f"SELECT {name}, {what} FROM {join}{on} GROUP BY {name}",
                f"SELECT {name}, {whatever} FROM {outer}{on} GROUP BY {name}",
            )
            fill = {"f": words}
        case "lookup" if label:
            value = values.of(table, label, rng)
            if value is None:
                return None
            fill = {"v": str(value)}
            recorded = f"SELECT {kept} FROM {t}{where(label, '=', value)}"
            counted = f"SELECT {what} FROM {join}{where(label, '=', value).replace(' WHERE ', f' WHERE {t}.', 1)}"
        case "first_by" if label:
            most, way = scene.extreme()
            fill = {"most": most}
            recorded = f"SELECT {ident(label.name)} FROM {t} ORDER BY {kept} {way} LIMIT 1"
            counted = (
                f"SELECT {name} FROM {join} GROUP BY {name} ORDER BY {what} {way} LIMIT 1",
                f"SELECT {name} FROM {outer} GROUP BY {name} ORDER BY {whatever} {way} LIMIT 1",
            )
        case "extreme":
            most, way = scene.extreme()
            function = "MAX" if way == "DESC" else "MIN"
            fill = {"most": most}
            recorded = f"SELECT {function}({kept}) FROM {t}"
            counted = tuple(f"SELECT {function}(figure) FROM ({inner})" for inner in (single, all_single))
        case "total":
            fill = {}
            recorded, counted = f"SELECT SUM({kept}) FROM {t}", f"SELECT {what} FROM {r}"
        case "average":
            fill = {}
            recorded = f"SELECT AVG({kept}) FROM {t}"
            counted = tuple(f"SELECT AVG(figure) FROM ({inner})" for inner in (single, all_single))
        case "total_by" if k := scene.category():
            fill = {"k": k.phrase}
            group = ident(k.name)
            recorded = f"SELECT {group}, SUM({kept}) FROM {t} GROUP BY {group}"
            counted = f"SELECT {t}.{group}, {what} FROM {join} GROUP BY {t}.{group}"
        case _:
            return None
    by_choice: dict[str, str | Sequence[str]] = {RECORDED: recorded, COUNTED: counted}
    frame, part = scene.frame(pattern, **fill), aggregate_part(database, item)
    return draft("aggregate", pattern, frame, [part], by_choice.__getitem__)
