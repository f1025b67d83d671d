"""The edit of "average" into "typical", which may be a mean, a median or the most common value."""

from __future__ import annotations

import re

from envs_data.spider.edits.words import tidy

_ANY = re.compile(r"\b(?:averag\w*|mean|means|avg|typical\w*|median|usual\w*)\b", re.IGNORECASE)
_THAN_ALONE = re.compile(r"\bthan (?:the )?average(?=[.?!]?\s*$| for (?:each|every)\b)", re.IGNORECASE)
_ADJECTIVE = re.compile(
    r"(?P<before>\b(?!on\b|calculate\b)[\w'’]+,? )(?:averaged?|mean|avg)(?P<after>,? (?:and |or )?)"
    r"(?!(?:of|or|and|for|in|is|are|was|as|across|among|to|who|whom|that|which|whose|what|how|where|also)\b)(?!\d)(?=[\w%(])",
    re.IGNORECASE,
)
_UNFIT = re.compile(r"\b(?:averages|rounded?|nearest|most common|frequent)\b", re.IGNORECASE)


def average_to_typical(text: str) -> str | None:
    """The question asking for a typical value: "the average age" -> "the typical age"."""
    if _UNFIT.search(text):
        return None
    edited = _THAN_ALONE.sub("than is @", text)
    edited = _ADJECTIVE.sub(lambda m: f"{_article(m['before'])}@{m['after']}", edited)
    if "@" in text or "@" not in edited or _ANY.search(edited):
        return None
    return tidy(edited.replace("@", "typical"))


def _article(before: str) -> str:
    return {"an ": "a ", "An ": "A "}.get(before, before)
