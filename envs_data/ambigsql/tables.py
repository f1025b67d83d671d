"""Requests that leave open which table is meant: a noun that two tables fit (table), and a figure that is on
record in one table and that the rows of another add up to (aggregate)."""

from __future__ import annotations

import random
from collections.abc import Sequence

from envs_data.ambigsql.drafts import Choice, Draft, Gap, Values, adds_up, is_number, where
from envs_data.ambigsql.scenes import Part, Scene, draft
from envs_data.ambigsql.spec import Aggregate, Column, Database, Noun, Shared, Table, ident

NOUN = ("count", "list_all", "total", "average", "extreme", "each", "first_by", "count_beyond", "count_in_year",
        "count_per_year", "count_per", "average_by")  # fmt: skip
AGGREGATE = ("each", "lookup", "first_by", "extreme", "total", "average", "count_beyond", "total_by")
RECORDED, COUNTED = "recorded", "counted"


def noun_part(database: Database, noun: Noun) -> Part:
    tables = [database.table(name) for name in noun.tables]
    choices = tuple(Choice(table.name, table.plural, table.plural, table.plural) for table in tables)
    gap = Gap("noun", "", noun.plural, noun.singular, noun.plural, choices)
    whole = {table.name: {"T": table.singular, "Ts": table.plural} for table in tables}
    return Part(gap, {"T": noun.singular, "Ts": noun.plural}, whole)


def noun_draft(database: Database, noun: Noun, pattern: str, values: Values, rng: random.Random) -> Draft | None:
    """A request about a noun; None where the pattern fits nothing that its tables share, or the noun has one table."""
    if len(noun.tables) < 2:
        return None
    tables = {name: database.table(name) for name in noun.tables}
    scene = Scene(database, next(iter(tables.values())), values, rng)
    labels = {name: table.label for name, table in tables.items()}
    shared = rng.choice(noun.shared) if noun.shared else None
    columns = _columns(tables, shared)
    role = next(iter(columns.values())).role if columns else ""
    numeric = role == "measure" and all(map(is_number, columns.values()))
    measured = pattern in ("total", "average", "extreme", "first_by", "count_beyond", "average_by")
    if pattern == "total" and not all(map(adds_up, columns.values())):
        return None
    if (measured and not numeric) or (pattern in ("list_all", "each", "first_by") and None in labels.values()):
        return None
    fill: dict[str, str] = {"c": shared.phrase} if shared else {}
    c = {name: ident(column.name) for name, column in columns.items()}
    label = {name: ident(column.name) if column else "" for name, column in labels.items()}
    match pattern:
        case "count":
            sql = lambda name: f"SELECT COUNT(*) FROM {ident(name)}"
        case "list_all":
            sql = lambda name: f"SELECT {label[name]} FROM {ident(name)}"
        case "total" | "average":
            function = "SUM" if pattern == "total" else "AVG"
            sql = lambda name: f"SELECT {function}({c[name]}) FROM {ident(name)}"
        case "extreme":
            fill["most"], way = scene.extreme("measure")
            function = "MAX" if way == "DESC" else "MIN"
            sql = lambda name: f"SELECT {function}({c[name]}) FROM {ident(name)}"
        case "each" if shared:
            sql = lambda name: f"SELECT {label[name]}, {c[name]} FROM {ident(name)}"
        case "first_by":
            fill["most"], way = scene.extreme("measure")
            sql = lambda name: f"SELECT {label[name]} FROM {ident(name)} ORDER BY {c[name]} {way} LIMIT 1"
        case "count_beyond":
            name = rng.choice(noun.tables)
            said = Scene(database, tables[name], values, rng).beyond([columns[name]])
            if said is None:
                return None
            fill["cmp"], op, value = said
            sql = lambda name: f"SELECT COUNT(*) FROM {ident(name)}{where(columns[name], op, value)}"
        case "count_in_year" if role == "date":
            name = rng.choice(noun.tables)
            year = Scene(database, tables[name], values, rng).year([columns[name]])
            if year is None:
                return None
            fill |= {"y": year, "by": f", going by {shared.phrase}"}
            sql = lambda name: f"SELECT COUNT(*) FROM {ident(name)} WHERE year({c[name]}) = {year}"
        case "count_per_year" if role == "date":
            fill["by"] = f", going by {shared.phrase}"
            sql = lambda name: f"SELECT year({c[name]}), COUNT(*) FROM {ident(name)} GROUP BY 1"
        case "count_per" if role == "category":
            fill["k"] = shared.phrase
            sql = lambda name: f"SELECT {c[name]}, COUNT(*) FROM {ident(name)} GROUP BY {c[name]}"
        case "average_by":
            by = [s for s in noun.shared if _columns(tables, s)[noun.tables[0]].role == "category"]
            if not by:
                return None
            other = rng.choice(by)
            k = {name: ident(column.name) for name, column in _columns(tables, other).items()}
            fill["k"] = other.phrase
            sql = lambda name: f"SELECT {k[name]}, AVG({c[name]}) FROM {ident(name)} GROUP BY {k[name]}"
        case _:
            return None
    return draft("table", pattern, scene.frame(pattern, **fill), [noun_part(database, noun)], sql)


def _columns(tables: dict[str, Table], shared: Shared | None) -> dict[str, Column]:
    if shared is None:
        return {}
    return {name: table.column(column) for (name, table), column in zip(tables.items(), shared.columns, strict=True)}


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
    gap = Gap("aggregate", table.name, item.phrase, table.singular, table.plural, choices)
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
            words, condition = scene.filter(0.8)
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
            most, way = scene.extreme("measure")
            fill = {"most": most}
            recorded = f"SELECT {ident(label.name)} FROM {t} ORDER BY {kept} {way} LIMIT 1"
            counted = (
                f"SELECT {name} FROM {join} GROUP BY {name} ORDER BY {what} {way} LIMIT 1",
                f"SELECT {name} FROM {outer} GROUP BY {name} ORDER BY {whatever} {way} LIMIT 1",
            )
        case "extreme":
            most, way = scene.extreme("measure")
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
        case "count_beyond":
            said = scene.beyond([table.column(item.column)])
            if said is None:
                return None
            cmp, op, value = said
            fill = {"cmp": cmp}
            recorded = f"SELECT COUNT(*) FROM {t}{where(item.column, op, value)}"
            counted = tuple(
                f"SELECT COUNT(*) FROM ({inner}){where('figure', op, value)}" for inner in (single, all_single)
            )
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
