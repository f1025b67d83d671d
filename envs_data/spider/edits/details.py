"""The edit of a list of columns into "the details" of what they belong to."""

from __future__ import annotations

import re

from envs_data.spider.edits.words import stem, stems, tidy
from envs_data.spider.schema import singular

_NO_NOUN = frozenset(["ones", "those", "it", "them", "each", "one", "that", "number", "id", "name"])
_LIST = re.compile(
    r"^(?P<verb>what (?:is|are|were|was)"
    r"|(?:please )?(?:show|list|find|give|return|display|select|get|report|provide|tell)(?: (?:me|us))?)"
    r"(?P<all> all)?(?: the| each)? (?P<items>.+?) (?P<of>of|for|about) (?P<rest>.+)$",
    re.IGNORECASE,
)
_SPLIT = re.compile(r"\s*,\s*(?:and\s+)?|\s+and\s+(?:also\s+)?|\s+as well as\s+", re.IGNORECASE)
_SUBJECT_END = re.compile(
    r"[.?!,:;\"'“‘(]|\b(?:of|for|in|with|who|whom|that|which|whose|where|from|by|on|at|to|and|or|having|is|are|was|were)\b",
    re.IGNORECASE,
)
_POINTS_BACK = re.compile(r"\b(?:it|its|this|both|respectively|corresponding|each of)\b", re.IGNORECASE)


def list_to_details(
    text: str, columns: list[str], table: str, word: str = "details", *, any_noun: bool = False
) -> tuple[str, str] | None:
    """The question with its list of columns, and nothing else, turned into "the details", and what it calls a row.

    ``columns`` are the phrases of the columns that the gold SQL selects, in order; ``table`` is the phrase
    of the table they belong to, which what follows the list has to be about. With ``any_noun`` it may have another
    name, which is returned, in the singular; else the name returned is empty.
    """
    match = _LIST.match(text)
    if match is None:
        return None
    items = _SPLIT.split(match["items"])
    if len(items) != len(columns) or not (2 <= len(items) <= 5) or _POINTS_BACK.search(match["rest"]):
        return None
    for item, column in zip(items, columns, strict=True):
        said, meant = stems(item), stems(column)
        if not said or not said & meant or len(said - meant - stems(table)) > 0:
            return None
    rest = re.sub(r"^(?:(?:all|each|every|any|those) )?(?:of )?(?:the )?", "", match["rest"], flags=re.IGNORECASE)
    end = _SUBJECT_END.search(rest)
    words = re.findall(r"[^\W_]+", rest[: end.start()] if end else rest)
    noun = ""
    if stem(table.split()[-1]) not in map(stem, words):
        if not any_noun or not 1 <= len(words) <= 2 or not all(word.isalpha() and word.islower() for word in words):
            return None
        if (
            words[-1] in _NO_NOUN
            or (end and end.group().lower() in ("of", "for", "'", "‘"))
            or stems(words[-1]) & stems(" ".join(columns))
        ):
            return None
        noun = singular(words[-1])
    link = "about" if word == "information" else match["of"]
    be = "is" if word == "information" else "are"
    verb = re.sub(r"\b(is|are|was|were)$", be, match["verb"])
    return tidy(f"{verb}{match['all'] or ''} the {word} {link} {match['rest']}"), noun
