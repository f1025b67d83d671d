"""Which columns refer to which, guessed by their names: nobody need declare keys."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence

from envs_data.own.text import noun_of, words

_SUFFIXES = ("id", "key", "no", "code", "nr", "uuid", "sk")
_FAMILIES = {
    "number": ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT"),
    "text": ("VARCHAR",),
    "uuid": ("UUID",),
}


@dataclasses.dataclass(frozen=True)
class Shape:
    """A table before anything is known of its values: ``columns`` as (name, DuckDB type)."""

    name: str
    columns: tuple[tuple[str, str], ...]


@dataclasses.dataclass(frozen=True)
class Link:
    """``table.column`` may refer to ``parent.key``."""

    table: str
    column: str
    parent: str
    key: str


def family(type_: str) -> str:
    """What may be compared with what: number, text, uuid, or "" for what is no key."""
    kind = type_.upper().split("(")[0]
    return next((name for name, kinds in _FAMILIES.items() if kind in kinds), "")


def is_identifier(name: str) -> bool:
    """Whether a name says that a column identifies something."""
    parts = words(name).split()
    return bool(parts) and (parts[-1] in (*_SUFFIXES, "ids", "guid", "pk", "fk") or parts == ["number"])


def key_column(shape: Shape) -> str | None:
    """The column whose name says that it identifies the table's rows."""
    noun = (noun_of(shape.name) or ("", ""))[0]
    wanted = [*_SUFFIXES, *(f"{noun} {suffix}" for suffix in _SUFFIXES), f"{noun} number"]
    squeezed = {wish.replace(" ", ""): rank for rank, wish in reversed(list(enumerate(wanted)))}
    found = [
        (squeezed[key], name)
        for name, type_ in shape.columns
        if family(type_) and (key := words(name).replace(" ", "")) in squeezed
    ]
    return min(found)[1] if found else None


def guess(shapes: Sequence[Shape]) -> list[Link]:
    """References that names suggest: ``customer_id``, ``billing_customer_id`` and ``customerid`` beside a table of
    customers whose key is ``id`` or ``customer_id``. At most one a column."""
    parents: dict[str, tuple[str, str, str]] = {}
    for shape in shapes:
        key, noun = key_column(shape), noun_of(shape.name)
        if key is None or noun is None:
            continue
        kind = family(dict(shape.columns)[key])
        names = {f"{noun[0]} {suffix}" for suffix in _SUFFIXES} | {words(key)} - set(_SUFFIXES)
        for name in names:
            parents.setdefault(name.replace(" ", ""), (shape.name, key, kind))
    return [link for shape in shapes for link in _of(shape, parents)]


def _of(shape: Shape, parents: dict[str, tuple[str, str, str]]) -> Iterable[Link]:
    own = key_column(shape)
    for name, type_ in shape.columns:
        parts = words(name).split()
        if not is_identifier(name) or not family(type_):
            continue
        for start in range(len(parts)):
            found = parents.get("".join(parts[start:]))
            if found and found[2] == family(type_) and (found[0], found[1]) != (shape.name, name):
                if not (name == own and found[0] == shape.name):
                    yield Link(shape.name, name, found[0], found[1])
                break
