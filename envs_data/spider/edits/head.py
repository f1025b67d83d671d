"""The edit of a column's name into the noun that it shares with others: "first name" into "name"."""

from __future__ import annotations

import re
from collections.abc import Sequence

from envs_data.spider.edits.words import tidy

_SEVERAL = re.compile(r"^what are (?:all )?(?:the )?$", re.IGNORECASE)
_RESOLVED = re.compile(r"\b(?:full names?|initials?)\b", re.IGNORECASE)


def name_to_head(text: str, modifiers: Sequence[str], head: str, all_modifiers: Sequence[str]) -> str | None:
    """The question with the modifiers of one or two columns dropped: "the first and last name" -> "the name".

    ``modifiers`` are those the gold SQL shows ("first", "last"); ``all_modifiers`` those of every column that
    shares the ``head``, none of which may stay in the text.
    """
    noun = rf"(?P<head>{re.escape(head)}s?)"
    if len(modifiers) == 1:
        pattern = rf"\b{_words(modifiers[0])} {noun}\b"
    else:
        one, two = (_words(modifier) for modifier in modifiers)
        link = rf"(?: {head}s?)?,? (?:and|&)(?: the| their)? "
        pair = rf"(?:{one}{link}{two}|{two}{link}{one})"
        full = rf"|full {noun.replace('P<head>', 'P<full>')}" if head == "name" else ""
        pattern = rf"\b(?:{pair} {noun}{full})\b"
    found = list(re.finditer(pattern, text, re.IGNORECASE))
    if len(found) != 1:
        return None
    (match,) = found
    word = (match["head"] or match.group("full")).lower()
    if _SEVERAL.search(text[: match.start()]):
        word = f"{head}s"
    edited = tidy(text[: match.start()] + word + text[match.end() :])
    left = re.compile(rf"\b(?:{'|'.join(_words(m) for m in all_modifiers)})\b", re.IGNORECASE)
    if (
        left.search(edited)
        or _RESOLVED.search(edited)
        or len(re.findall(rf"\b{re.escape(head)}s?\b", edited, re.I)) != 1
    ):
        return None
    return edited


def _words(modifier: str) -> str:
    return r"[\s_-]?".join(map(re.escape, modifier.split()))
