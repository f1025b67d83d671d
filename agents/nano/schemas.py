"""Random databases in the builder's own terms, for a base model that must read schemas it never saw."""

from __future__ import annotations

import random

from agents.nano import words as w
from envs_data.ambigsql.patterns import is_number
from envs_data.ambigsql.spec import Column, Condition, Database, Head, Table, Term


class MakeBelieve:
    """Literals for requests over a database that has no rows (``patterns.Values``)."""

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
    return tuple(sorted(words))


def _table(names: _Names, earlier: list[Table], rng: random.Random) -> tuple[Table, list[Head], list[Term]]:
    noun = names.fresh(w.ENTITIES, 0.45)
    name = noun if rng.random() < 0.85 else w.plural(noun)
    columns = [Column(f"{noun}_id", "INTEGER", "key", f"{noun} id")]
    if rng.random() < 0.85:
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
        kind = rng.choices(("measure", "date", "other"), (7, 2, 1))[0]
        usual = {"measure": w.MEASURES, "date": w.DATES, "other": w.TEXTS}[kind]
        word = names.fresh(usual, 0.5)
        type = {"measure": rng.choice(("DOUBLE", "INTEGER")), "date": "DATE", "other": "VARCHAR"}[kind]
        group = [_column(f"{names.modifier(taken)} {word}", kind, type, rng) for _ in range(rng.choice((2, 2, 2, 3)))]
        columns += group
        heads.append(Head(name, word, tuple(c.name for c in group)))
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


def random_database(rng: random.Random) -> Database:
    names, tables, heads, terms = _Names(rng), [], [], []
    names.used |= {"name", "id", "few", "top", "over", "time", "total", "average"}
    for _ in range(rng.choice((1, 2, 2, 3))):
        table, more_heads, more_terms = _table(names, tables, rng)
        tables.append(table)
        heads += more_heads
        terms += more_terms
    rng.shuffle(tables)
    return Database("random", "A random database", "train", tuple(tables), tuple(heads), tuple(terms))
