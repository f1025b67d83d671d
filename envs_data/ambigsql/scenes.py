"""One table of one database, with the seeded choices that its requests need."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import product

from envs_data.ambigsql.drafts import (
    Draft,
    Filling,
    Gap,
    Values,
    adds_up,
    casual,
    is_number,
    spoken,
    tidy,
    where,
    wordings,
)
from envs_data.ambigsql.spec import Column, Database, Table, ident

Mention = Mapping[str, str]
"""Placeholders of a wording, and how a gap, open or filled, is put in their place."""


@dataclasses.dataclass(frozen=True)
class Frame:
    """A pattern's wording with everything said but its gaps."""

    wording: str
    fill: Mapping[str, str]
    noise: int

    def text(self, *mentions: Mention) -> str:
        fill = dict(self.fill)
        for mention in mentions:
            fill |= mention
        return casual(tidy(self.wording.format(**fill)), random.Random(self.noise))


@dataclasses.dataclass(frozen=True)
class Part:
    """A gap with its mentions: ``open`` as the request leaves it, ``whole`` by choice."""

    gap: Gap
    open: Mention
    whole: Mapping[str, Mention]


def draft(
    kind: str, pattern: str, frame: Frame, parts: Sequence[Part], sql: Callable[..., str | tuple[str, ...]]
) -> Draft:
    """``sql`` takes a choice's value of each part; where it gives several statements, all mean the same."""
    fillings = []
    for values in product(*([choice.value for choice in part.gap.choices] for part in parts)):
        statements = sql(*values)
        first, *same = (statements,) if isinstance(statements, str) else statements
        whole = frame.text(*(part.whole[value] for part, value in zip(parts, values, strict=True)))
        fillings.append(Filling(values, whole, first, tuple(same)))
    gaps = tuple(part.gap for part in parts)
    return Draft(pattern, kind, frame.text(*(part.open for part in parts)), gaps, tuple(fillings))


class Scene:
    def __init__(self, database: Database, table: Table, values: Values, rng: random.Random):
        self.database, self.table, self.values, self.rng = database, table, values, rng
        self.source = ident(table.name)

    def frame(self, pattern: str, **fill: str) -> Frame:
        """A wording of a pattern of ``wordings.toml``, filled but for its gaps."""
        names = {"T": self.table.singular, "Ts": self.table.plural, "f": "", "dir": "", "by": ""}
        wording = self.rng.choice(wordings()["requests"][pattern]["wordings"])
        return Frame(wording, {**names, **fill}, self.rng.getrandbits(32))

    def pick(self, columns: Iterable[Column]) -> Column | None:
        columns = list(columns)
        return self.rng.choice(columns) if columns else None

    def category(self, but: Iterable[str] = ()) -> Column | None:
        return self.pick(column for column in self.table.with_role("category") if column.name not in but)

    def measures(self, but: Iterable[str] = ()) -> list[Column]:
        """The columns that can be summed or compared, without figures that other tables add up to."""
        kept = {item.column for item in self.database.aggregates if item.table == self.table.name}
        return [c for c in self.table.with_role("measure") if is_number(c) and c.name not in {*but, *kept}]

    def summable(self, but: Iterable[str] = ()) -> list[Column]:
        return [column for column in self.measures(but) if adds_up(column)]

    def wanted(self) -> list[Column]:
        """The measures of which much is the top: none of costs, delays or losses."""
        unwanted = set(wordings()["parts"]["unwanted"])
        return [column for column in self.measures() if not unwanted & set(column.phrase.split())]

    def sortable(self) -> list[Column]:
        return self.measures() + list(self.table.with_role("date"))

    def filter(self, share: float = 0.4, but: Iterable[str] = (), *, amid: bool = False) -> tuple[str, str]:
        """A filter on a category as (words, SQL), both empty where none is drawn; ``amid`` where more of what is
        asked for follows, which would be read as part of a clause."""
        column = self.category(but)
        if column is None or self.rng.random() >= share:
            return "", ""
        value = self.values.of(self.table, column, self.rng)
        if value is None:
            return "", ""
        key = "filters_after_a_list" if amid else "filters"
        words = self.rng.choice(wordings()["parts"][key]).format(k=column.phrase, v=value)
        return words, where(column, "=", value)

    def extreme(self) -> tuple[str, str]:
        """A superlative and its direction."""
        down = self.rng.random() < 0.7
        return self.rng.choice(wordings()["parts"]["most" if down else "least"]), "DESC" if down else "ASC"

    def beyond(self, columns: Sequence[Column]) -> tuple[str, str, object] | None:
        """A comparison with a value of one of the columns: words, operator, value."""
        value = self.values.of(self.table, self.rng.choice(columns), self.rng)
        if value is None:
            return None
        op = self.rng.choice((">", "<", ">=", "<="))
        parts = wordings()["parts"]["compare_date" if columns[0].role == "date" else "compare"]
        return self.rng.choice(parts[op]).format(v=spoken(value)), op, value

    def year(self, columns: Sequence[Column]) -> str | None:
        """A year in which something of the date columns falls."""
        value = self.values.of(self.table, self.rng.choice(columns), self.rng)
        return None if value is None else str(value)[:4]

    def parents(self) -> list[tuple[Column, Table, str]]:
        """The references to labelled other tables: (column, table, the table's key)."""
        found = []
        for column in self.table.columns:
            if column.references:
                name, _, key = column.references.rpartition(".")
                parent = self.database.table(name)
                if parent.label is not None and parent.name != self.table.name:
                    found.append((column, parent, key))
        return found
