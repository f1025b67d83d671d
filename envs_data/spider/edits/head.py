"""The edit of a column's name into the noun that it shares with others: "selling price" into "price"."""

from __future__ import annotations

import re
from collections.abc import Sequence

from envs_data.spider.edits.words import tidy

_SEVERAL = re.compile(r"^what are (?:all )?(?:the )?$", re.IGNORECASE)


def name_to_head(text: str, modifier: str, head: str, all_modifiers: Sequence[str]) -> str | None:
    """The question with the modifier of one column dropped: "the selling price" -> "the price".

    ``modifier`` is that of the column the gold SQL shows ("selling"); ``all_modifiers`` those of every column that
    shares the ``head``, none of which may stay in the text.
    """
    pattern = rf"\b{_words(modifier)} (?P<head>{re.escape(head)}s?)\b"
    found = list(re.finditer(pattern, text, re.IGNORECASE))
    if len(found) != 1:
        return None
    (match,) = found
    word = match["head"].lower()
    if _SEVERAL.search(text[: match.start()]):
        word = f"{head}s"
    edited = tidy(text[: match.start()] + word + text[match.end() :])
    left = re.compile(rf"\b(?:{'|'.join(_words(m) for m in all_modifiers)})\b", re.IGNORECASE)
    if left.search(edited) or len(re.findall(rf"\b{re.escape(head)}s?\b", edited, re.I)) != 1:
        return None
    return edited


def _words(modifier: str) -> str:
    return r"[\s_-]?".join(map(re.escape, modifier.split()))
