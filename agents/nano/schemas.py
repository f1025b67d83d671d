"""Random databases in the builder's own terms, for a base model that must read schemas it never saw."""

from __future__ import annotations

import dataclasses
import itertools
import random

from agents.nano import words as w
from envs_data.ambigsql.drafts import is_number
from envs_data.ambigsql.spec import Aggregate, Column, Condition, Database, Head, Noun, Shared, Table, Term, Value


class MakeBelieve:
    """Literals for requests over a database that has no rows (``drafts.Values``)."""

    def of(self, table: Table, column: Column, rng: random.Random):
        if column.values:
            return rng.choice(column.values)
        if column.role == "date":
            return _date(rng)
        if column.role == "name" or not is_number(column):
            return _proper(rng)
        return _number(rng, column.type == "INTEGER")


def _date(rng: random.Random) -> str:
    month, day = (1, 1) if rng.random() < 0.5 else (rng.randint(1, 12), rng.randint(1, 28))
    return f"{rng.randint(1960, 2026)}-{month:02d}-{day:02d}"


def _number(rng: random.Random, whole: bool) -> int | float:
    if rng.random() < 0.6:
        return rng.choice((1, 2, 3, 4, 5, 6, 8, 12, 15, 25)) * 10 ** rng.choice((0, 0, 1, 1, 2, 3, 4))
    if whole or rng.random() < 0.4:
        return rng.randint(1, 10 ** rng.randint(1, 5))
    return round(rng.uniform(0, 10 ** rng.randint(1, 4)), rng.choice((1, 2)))


def _proper(rng: random.Random) -> str:
    name = " ".join(w.word(rng).capitalize() for _ in range(rng.choice((1, 2, 2, 3))))
    if rng.random() < 0.06:
        name = name.replace("e", "é", 1)
    return name + (f" {rng.randint(1, 99)}" if rng.random() < 0.1 else "")


class _Names:
    """Names that stay distinct within a database, so that every mention has one meaning."""

    def __init__(self, rng: random.Random):
        self.rng, self.used = rng, set()

    def fresh(self, usual: list[str] | None = None, share: float = 0.35) -> str:
        while True:
            word = w.word(self.rng, usual, share)
            if word not in self.used and word.rstrip("s") not in self.used:
                self.used |= {word, word.rstrip("s")}
                return word

    def modifier(self, taken: set[str]) -> str:
        while (word := w.word(self.rng, w.MODIFIERS, 0.5)) in taken:
            continue
        taken.add(word)
        return word


def _spelled(phrase: str, role: str, rng: random.Random) -> tuple[str, str]:
    """(column name, phrase): now and then the two differ, as people's words do."""
    name = phrase.replace(" ", "_")
    draw = rng.random()
    words = phrase.split()
    if draw < 0.05 and len(words) == 2:
        return name, f"{words[0]} {w.word(rng)} {words[1]}"
    if draw < 0.09 and role == "measure" and len(words) == 1:
        return f"{name}_count", f"number of {w.plural(phrase)}"
    if draw < 0.15 and role == "date":
        return f"{words[0]}_on", phrase
    return name, phrase


def _column(phrase: str, role: str, type: str, rng: random.Random) -> Column:
    name, phrase = _spelled(phrase, role, rng)
    return Column(name, type, role, phrase)


def _values(rng: random.Random) -> tuple[str, ...]:
    style = rng.random()
    words = {w.word(rng) for _ in range(rng.randint(2, 5))}
    if style < 0.3:
        words = {word.capitalize() for word in words}
    elif style < 0.4:
        words = {f"{word} {w.word(rng)}" for word in sorted(words)}  # a set's order is another in every process
    elif style < 0.6:
        first, *rest = sorted(words)
        words = {*rest, *(" ".join(rng.sample((first, w.word(rng)), 2)) for _ in range(2))}
    return tuple(sorted(words))


def _table(names: _Names, earlier: list[Table], rng: random.Random) -> tuple[Table, list[Head], list[Term]]:
    noun = names.fresh(w.ENTITIES, 0.45)
    name = noun if rng.random() < 0.85 else w.plural(noun)
    columns = [Column(f"{noun}_id", "INTEGER", "key", f"{noun} id")]
    if rng.random() < 0.7:
        phrase = "name" if rng.random() < 0.75 else names.fresh(w.TEXTS)
        columns.append(Column(phrase, "VARCHAR", "name", phrase))
    for other in rng.sample(earlier, min(len(earlier), rng.choice((0, 1, 1, 2)))):
        key = other.columns[0].name
        columns.append(Column(key, "INTEGER", "reference", other.singular, f"{other.name}.{key}"))
    for _ in range(rng.choice((1, 1, 2))):
        phrase = names.fresh(w.CATEGORIES, 0.5)
        columns.append(Column(phrase, "VARCHAR", "category", phrase, values=_values(rng)))
    heads = []
    taken: set[str] = set()
    for _ in range(rng.choice((1, 2, 2, 3))):
        kind = rng.choices(("measure", "date", "category", "other"), (7, 2, 1, 1))[0]
        usual = {"measure": w.MEASURES, "date": w.DATES, "category": w.CATEGORIES, "other": w.TEXTS}[kind]
        word = names.fresh(usual, 0.5)
        type = {"measure": rng.choice(("DOUBLE", "INTEGER")), "date": "DATE"}.get(kind, "VARCHAR")
        group = [_column(f"{names.modifier(taken)} {word}", kind, type, rng) for _ in range(rng.choice((2, 2, 2, 3)))]
        if kind == "category":
            stored = _values(rng)
            group = [dataclasses.replace(column, values=stored) for column in group]
        columns += group
        adds = kind == "measure" and len(group) == 2 and rng.random() < 0.4
        heads.append(Head(name, word, tuple(c.name for c in group), adds))
    for _ in range(rng.choice((0, 1, 1, 2))):
        word = names.fresh(w.MEASURES, 0.5)
        phrase = word if rng.random() < 0.4 else f"{names.modifier(taken)} {word}"
        columns.append(_column(phrase, "measure", rng.choice(("DOUBLE", "INTEGER")), rng))
    if rng.random() < 0.3:
        phrase = f"{names.modifier(taken)} {names.fresh(w.DATES, 0.7)}"
        columns.append(_column(phrase, "date", "DATE", rng))
    if len({c.name for c in columns}) < len(columns):
        return _table(names, earlier, rng)
    if rng.random() < 0.3:
        rest = columns[1:]
        rng.shuffle(rest)
        columns = columns[:1] + rest
    table = Table(name, noun, w.plural(noun), tuple(columns))
    return table, heads, _terms(table, names, rng)


def _terms(table: Table, names: _Names, rng: random.Random) -> list[Term]:
    ranked = [c for c in table.columns if c.role in ("measure", "date")]
    terms = []
    for _ in range(rng.choice((1, 1, 2, 2))):
        readings = []
        for column in rng.sample(ranked, min(len(ranked), rng.choice((2, 2, 3)))):
            op = rng.choice((">", ">=", "<", "<=", ">", "<"))
            readings.append(Condition(column.name, op, MakeBelieve().of(table, column, rng)))
        categories = table.with_role("category")
        if categories and readings and rng.random() < 0.2:
            column = rng.choice(categories)
            value = rng.choice(column.values)
            gloss = rng.choice(("", f"the {value} {column.phrase}", f"{column.phrase} {value}"))
            readings[-1] = Condition(column.name, "=", value, gloss)
        if len(readings) > 1:
            terms.append(Term(table.name, names.fresh(w.ADJECTIVES, 0.6), tuple(readings)))
    return terms


def _named_twice(table: Table, rng: random.Random) -> list[Value]:
    """Names that rows of a table carry in two ways: in two columns, or as a word of two stored values."""
    found: dict[str, list[tuple[Condition, ...]]] = {}
    categories = table.with_role("category")
    for one, two in itertools.combinations(categories, 2):
        for stored in one.values:
            if stored in two.values:
                found.setdefault(stored, []).append(tuple(Condition(c.name, "=", stored) for c in (one, two)))
    for column in categories:
        for word in sorted({word for value in column.values for word in value.split()}):
            with_it = [value for value in column.values if word in value.split()]
            if len(with_it) == 2:
                found.setdefault(word, []).append(tuple(Condition(column.name, "=", value) for value in with_it))
    words = [word for word, readings in found.items() if len(readings) == 1]
    return [
        Value(table.name, word, _said(word, table.plural, rng), found[word][0])
        for word in rng.sample(words, min(len(words), 3))
    ]


def _said(word: str, plural: str, rng: random.Random) -> tuple[str, ...]:
    wordings = (f"{word} {plural}", f"{plural} of {word}", f"{plural} for {word}", f"{plural} with {word}",
                f"{plural} under {word}", f"{plural} marked {word}")  # fmt: skip
    return (wordings[0], *rng.sample(wordings[1:], 2))


def _add_noun(tables: list[Table], names: _Names, rng: random.Random) -> Noun | None:
    """A noun that two of the tables fit, which get columns in common; or a synonym of one. Changes ``tables``."""
    if len(tables) < 2 or rng.random() < 0.3:
        word = names.fresh(w.ENTITIES, 0.5)
        return Noun(word, w.plural(word), (rng.choice(tables).name,)) if rng.random() < 0.7 else None
    pair = rng.sample(range(len(tables)), 2)
    shared = []
    for _ in range(rng.choice((1, 2, 2, 3))):
        kind = rng.choices(("measure", "date", "category"), (5, 2, 2))[0]
        usual = {"measure": w.MEASURES, "date": w.DATES, "category": w.CATEGORIES}[kind]
        word, type = names.fresh(usual, 0.5), {"measure": "DOUBLE", "date": "DATE", "category": "VARCHAR"}[kind]
        added = []
        for i in pair:
            phrase = word if rng.random() < 0.5 else f"{w.word(rng, w.MODIFIERS, 0.5)} {word}"
            column = Column(phrase.replace(" ", "_"), type, kind, phrase)
            added.append(dataclasses.replace(column, values=_values(rng)) if kind == "category" else column)
            tables[i] = dataclasses.replace(tables[i], columns=(*tables[i].columns, added[-1]))
        shared.append(Shared(word, tuple(column.name for column in added)))
    if rng.random() < 0.4:
        # As "orders" of sales orders and purchase orders.
        word = names.fresh(w.ENTITIES, 0.5)
        for i in pair:
            singular = f"{names.modifier(set())} {word}"
            if singular not in {table.singular for table in tables}:
                tables[i] = dataclasses.replace(tables[i], singular=singular, plural=w.plural(singular))
    else:
        word = names.fresh(w.ENTITIES, 0.5)
    return Noun(word, w.plural(word), tuple(tables[i].name for i in pair), tuple(shared))


def _add_aggregates(tables: list[Table], names: _Names, rng: random.Random) -> list[Aggregate]:
    """Figures on record beside the rows that add up to them. Changes ``tables``."""
    found = []
    for rows in list(tables):
        for link in rows.with_role("reference"):
            if rng.random() < 0.4:
                continue
            name = (link.references or "").rpartition(".")[0]
            i = next(i for i, table in enumerate(tables) if table.name == name)
            measures = [c for c in rows.with_role("measure") if is_number(c)]
            measure = rng.choice(measures) if measures and rng.random() < 0.4 else None
            phrase, kept = f"number of {rows.plural}", f"{rows.singular} {rng.choice(('count', 'total', 'number'))}"
            if measure:
                m = measure.phrase
                phrase, kept = rng.choice(((f"total {m}", f"{m} sum"), (f"{m} so far", f"{m} total")))
            if rng.random() < 0.3:
                kept = f"{w.word(rng, w.MODIFIERS, 0.5)} {kept}"
            column = Column(kept.replace(" ", "_"), "INTEGER", "measure", kept)
            if column.name in {c.name for c in tables[i].columns}:
                continue
            tables[i] = dataclasses.replace(tables[i], columns=(*tables[i].columns, column))
            found.append(Aggregate(name, phrase, column.name, rows.name, link.name, measure.name if measure else None))
    return found


def random_database(rng: random.Random) -> Database:
    names, tables, heads, terms = _Names(rng), [], [], []
    names.used |= {"name", "id", "few", "top", "over", "time", "total", "average"}
    for _ in range(rng.choice((1, 2, 2, 3, 3))):
        table, more_heads, more_terms = _table(names, tables, rng)
        tables.append(table)
        heads += more_heads
        terms += more_terms
    nouns = [noun for _ in range(rng.choice((0, 1, 2))) if (noun := _add_noun(tables, names, rng))]
    aggregates = _add_aggregates(tables, names, rng)
    values = [value for table in tables for value in _named_twice(table, rng)]
    rng.shuffle(tables)
    if any(len({c.name for c in table.columns}) < len(table.columns) for table in tables):
        return random_database(rng)
    return Database(
        "random",
        "A random database",
        "train",
        tuple(tables),
        tuple(heads),
        tuple(terms),
        tuple(values),
        tuple(nouns),
        tuple(aggregates),
    )
