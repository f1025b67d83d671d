"""The edit of how many rows a list is cut to: "the top 3" into "the top few"."""

from __future__ import annotations

import re

from envs_data.spider.edits.words import number, tidy

_UNIT = r"(?! (?:years?|days?|hours?|minutes?|stars?|points?|dollars?|letters?|digits?|times?)\b)"
_COUNTED = re.compile(r"\b(?:top|first|last|highest|lowest|most|least|fewest|\w+est)\b", re.IGNORECASE)


def before_superlative(before: str | None, after: str) -> bool:
    """Whether "few" would stand ill: "the top few largest ages", "the few most students"."""
    top = (before or "").strip().lower() in ("top", "highest", "lowest")
    most = re.match(r"(?:most|least|fewest|highest|largest|greatest) (?:number|amount)\b|(?:most|fewest) \w+s\b", after)
    return most is not None or (top and re.match(r"(?:most|highly|least|fewest|\w+est)\b", after) is not None)


def number_to_few(text: str, limit: int) -> str | None:
    """The question asking for a few rows: "the top 3 cities" -> "the top few cities"."""
    found = list(re.finditer(rf"(?P<before>\b\w+ )?{number(str(limit))}{_UNIT}", text, re.IGNORECASE))
    if len(found) != 1 or not _COUNTED.search(text):
        return None
    (match,) = found
    after = text[match.end() :].strip().lower()
    if before_superlative(match["before"], after):
        return None
    before = (match["before"] or "").strip()
    word = before.lower()
    if word in ("the", "top", "first", "last", "which", "what", "those", "these", "highest", "lowest"):
        few = f"{before} few"
    elif word in ("with", "of", "for", "by", "out", "in", "show", "list", "find", "give", "return"):
        superlative = re.match(r" (?:most|least|fewest|highest|lowest|\w+est)\b", text[match.end() :])
        few = f"{before} {'the' if superlative else 'a'} few"
    else:
        return None
    return tidy(f"{text[: match.start()]}{few}{text[match.end() :]}")
