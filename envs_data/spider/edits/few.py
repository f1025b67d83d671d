"""The edit of how many rows a list is cut to: "the top 3" into "the top few"."""

from __future__ import annotations

import re

from envs_data.spider.edits.words import number, tidy

_UNIT = r"(?! (?:years?|days?|hours?|minutes?|stars?|points?|dollars?|letters?|digits?|times?)\b)"


def number_to_few(text: str, limit: int) -> str | None:
    """The question asking for the top few: "the top 3 cities" -> "the top few cities"."""
    found = list(re.finditer(rf"\b(?P<top>top) {number(str(limit))}{_UNIT}", text, re.IGNORECASE))
    if len(found) != 1:
        return None
    (match,) = found
    if re.match(r"(?:most|least|fewest|highly|highest|lowest|\w+est)\b", text[match.end() :].strip().lower()):
        return None  # "the top few largest areas"
    return tidy(f"{text[: match.start()]}{match['top']} few{text[match.end() :]}")
