"""Words for random schemas: far more than any database holds, so that copying is learnt, not recalled."""

from __future__ import annotations

import random
import tomllib
from functools import cache
from importlib import resources

_USUAL = tomllib.loads(resources.files("agents.nano").joinpath("words.toml").read_text("utf-8"))
MEASURES: list[str] = _USUAL["measures"]
MODIFIERS: list[str] = _USUAL["modifiers"]
DATES: list[str] = _USUAL["dates"]
TEXTS: list[str] = _USUAL["texts"]
ENTITIES: list[str] = _USUAL["entities"]
ADJECTIVES: list[str] = _USUAL["adjectives"]
CATEGORIES: list[str] = _USUAL["categories"]
_ONSETS: list[str] = _USUAL["onsets"]
_NUCLEI: list[str] = _USUAL["nuclei"]
_CODAS: list[str] = _USUAL["codas"]


@cache
def english() -> tuple[str, ...]:
    """About 18,000 common English words (package ``wordfreq``, extra ``nano``)."""
    import wordfreq

    words = wordfreq.top_n_list("en", 40_000)
    return tuple(w for w in words if w.isascii() and w.isalpha() and 3 <= len(w) <= 10)[200:20_000]


def made_up(rng: random.Random) -> str:
    syllables = rng.choice((1, 2, 2, 3))
    return "".join(rng.choice(_ONSETS) + rng.choice(_NUCLEI) + rng.choice(_CODAS) for _ in range(syllables))


def word(rng: random.Random, usual: list[str] | None = None, share: float = 0.35) -> str:
    """A word: from the usual ones with probability ``share``, else any English or made-up one."""
    if usual and rng.random() < share:
        return rng.choice(usual)
    return rng.choice(english()) if rng.random() < 0.96 else made_up(rng)


def plural(noun: str) -> str:
    if noun.endswith(("s", "x", "z", "ch", "sh")):
        return noun + "es"
    if noun.endswith("y") and noun[-2:-1] not in "aeiou":
        return noun[:-1] + "ies"
    return noun + "s"
