"""Names and values of a stranger's database: made harmless where they are shown, and words where they can be said.

Nothing that comes out of here holds a line break, a control character or one that reorders a line, so no name
or value can forge a part of a context. What a person could not say aloud is never a word of a request.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterable
from functools import cache
from importlib import resources
from typing import Any

from envs_data.spider import schema

MAX_NAME = 60
_UNSEEN = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
_ASIDE = " _-./&%#()'$€"
_PREFIX = re.compile(r"^(tbl|dim|fact|fct|stg|raw|src|vw|view|tb)\s+")
_VALUE = re.compile(r"[^\W_][\w .&'’+/()-]{0,39}")
_SHORT = re.compile(r"[^\W_][\w .&'+/-]{0,19}")
_IRREGULAR = {"children": "child", "men": "man", "women": "woman", "feet": "foot", "teeth": "tooth", "mice": "mouse"}
_PLURALS = {one: many for many, one in _IRREGULAR.items()}
_ALREADY = frozenset(("bus", "gas", "lens", "canvas", "atlas", "business"))


@cache
def vocabulary() -> dict[str, Any]:
    """The tables of ``words.toml``."""
    return tomllib.loads((resources.files("envs_data.own") / "words.toml").read_text("utf-8"))


@cache
def listed(name: str) -> frozenset[str]:
    """One list of ``words.toml``."""
    return frozenset(vocabulary()[name])


def plain(text: object, limit: int = 200) -> str:
    """Any value on one line, without characters that are unseen or reorder it, cut at ``limit``."""
    shown = "".join(" " if unicodedata.category(char) in _UNSEEN else char for char in str(text)[: 4 * limit])
    shown = " ".join(shown.split())
    return shown if len(shown) <= limit else shown[: limit - 1] + "…"


def clean_names(names: Iterable[str], fallback: str) -> list[str]:
    """Names for the copy: harmless, at most 60 characters, and different however case is folded."""
    found: list[str] = []
    taken: set[str] = set()
    for name in names:
        stem = plain(name, MAX_NAME).rstrip("…") or fallback
        made, number = stem, 2
        while made.casefold() in taken:
            made, number = f"{stem[: MAX_NAME - 4]}_{number}", number + 1
        taken.add(made.casefold())
        found.append(made)
    return found


def words(name: str) -> str:
    """An identifier in words: "UnitPrice" and "unit_price" -> "unit price"."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", name)
    return " ".join("".join(c if unicodedata.category(c)[0] in "LNM" else " " for c in spaced).lower().split())


def phrase_of(name: str) -> str:
    """A name in words, or "" where a person could not say it: hostile, very long, or no words at all."""
    phrase = words(name)
    parts = phrase.split()
    sayable = (
        all(unicodedata.category(char)[0] in "LNM" or char in _ASIDE for char in name)
        and sum(unicodedata.category(char)[0] == "L" for char in phrase) >= 2
        and len(phrase) <= 40
        and len(parts) <= 5
        and not (len(parts) > 2 and listed("verb") & {parts[0], parts[1]})
    )
    return phrase if sayable else ""


def noun_of(name: str) -> tuple[str, str] | None:
    """A table's name as (singular, plural), None where it cannot be said: "dim_customers" -> customer, customers."""
    phrase = _PREFIX.sub("", phrase_of(name))
    parts = phrase.split()
    numbers = [part for part in parts if part.isdigit()]
    parts = numbers + [part for part in parts if not part.isdigit()]
    if not parts or len(parts) > 4 or parts == numbers:
        return None
    *head, last = parts
    one = singular(last)
    return " ".join([*head, one]), " ".join([*head, plural(one)])


def singular(word: str) -> str:
    return word if word in _ALREADY else _IRREGULAR.get(word) or schema.singular(word)


def plural(word: str) -> str:
    return _PLURALS.get(word) or schema.plural(word)


def is_short(value: Any) -> bool:
    """Whether a value can stand among a category's values in a context."""
    return is_sayable(value) and _SHORT.fullmatch(value) is not None


def is_sayable(value: Any) -> bool:
    """Whether a person could say a value in a request."""
    if not isinstance(value, str) or not _VALUE.fullmatch(value) or value != plain(value):
        return False
    first = words(value).split()[:1]
    lettered = any(char.isalpha() for char in value)
    return lettered and bool(first) and not (first[0] in listed("verb") and len(value.split()) > 2)


def slug(name: str, limit: int = 40) -> str:
    """A name for ids and files: ASCII letters, digits, '_' and '-'."""
    ascii_ = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return re.sub(r"[^A-Za-z0-9]+", "_", ascii_).strip("_").lower()[:limit].strip("_") or "data"
