"""Edits of questions that ask for an order: which end comes first, and by what it sorts, left open."""

from __future__ import annotations

import re

from envs_data.spider.edits.words import tidy

_DIR = r"(?:ascending|descending|increasing|decreasing|ascendingly|descendingly)"
_SORTING = r"sorted|ordered|arranged|ranked|sort|order|arrange|rank|sorting|ordering"
_SORTED = rf"(?:{_SORTING}|listed|list)"
_END = r"(?=\s*[.?!]?\s*$)"
_ENDPOINT = (
    r"(?:the )?(?:larg\w+|great\w*|most|most recent|old\w*|high\w*|big\w*|long\w*|new\w*|latest"
    r"|small\w*|least|young\w*|low\w*|short\w*|earliest|fewest)"
)
_SPAN = rf"from {_ENDPOINT} to {_ENDPOINT}"

_HINT = re.compile(
    rf"""\b(?:
      {_DIR} | (?:in|de)creas\w* | (?:a|de)scend\w* | alphabet\w* | lexic\w* | chronolog\w* | revers\w*
    | numerical(?:ly)?
    | highest | lowest | largest | smallest | biggest | greatest | oldest | youngest | newest | latest | earliest
    | (?:most|least|fewest|more|fewer)(?![ ]than) | recent | top | bottom | best | worst | maximum | minimum
    | first(?![ ](?:name|and[ ]last|,[ ]middle|year|line)) | last(?![ ](?:name|year|update|line))
    | (?:starting|beginning|ending)[ ]\w+
    | from[ ](?:the[ ])?(?:high|low|large|small|old|young|great|big|long|short|new|late|early)\w*
    )\b""",
    re.IGNORECASE | re.VERBOSE,
)
_BY = re.compile(rf"\b{_SORTED}\b[^.?!]*?\b(?:by|using|based on|in (?:the )?order of)\b", re.IGNORECASE)
_IN_ORDER = re.compile(r"\b(?:in|by) (?:the |an )?order (?:of|by)\b", re.IGNORECASE)
_ONE_KEY = re.compile(r"\b(?:by|order of|using)\s+([^.?!]*)$", re.IGNORECASE)

_DIRECTION_EDITS = tuple(
    (re.compile(pattern, re.IGNORECASE), replacement)
    for pattern, replacement in (
        # "in descending order of age" -> "in order of age"; "sorted in descending order of age" too
        (rf"\b(in|by) (?:an? |the )?{_DIR} orders? of\b", r"\1 order of"),
        # "in ascending order by their heights" -> "ordered by their heights"
        (rf"\b{_SORTED} in (?:an? |the )?{_DIR} order by\b", "sorted by"),
        (rf"\bin (?:an? |the )?{_DIR} order by\b", "ordered by"),
        # "sorted descending by price", "ordered by descending price" -> "sorted by price"
        (rf"\b({_SORTED}) (?:in )?{_DIR} by\b", r"\1 by"),
        (rf"\b({_SORTED}\b[^.?!]*? by (?:the |their )?){_DIR} ", r"\1"),
        # "sorted by price in descending order", "sorted by price, descending"
        (
            rf"(\b{_SORTED}\b[^.?!]*? by [^.?!]*?),? \(?(?:in |with )?(?:an? |the )?{_DIR}(?: orders?)?\)?"
            r"(?=\s*[.?!,]|\s*$|,? and )",
            r"\1",
        ),
        (rf"(\b{_SORTED}\b[^.?!]*? by [^.?!]*?),? \(?{_SPAN}\)?{_END}", r"\1"),
        # "statuses of cities, ascending by frequency"
        (rf"(?<!sorted)(?<!ordered)(?<!in), {_DIR} by\b", ", ordered by"),
    )
)

_DROPPED_KEY = re.compile(
    rf"""[,]?\s+(?:and\s+)?
      (?: (?:{_SORTED}\s+)?(?:in|by)\s+(?:an?\s+|the\s+)?(?:{_DIR}\s+)?(?:alphabetic(?:al)?\s+)?order\s+(?:of|by)
        | (?:sorted|ordered|arranged)\s+(?:(?:in\s+)?{_DIR}\s+|alphabetically\s+)?by
      )\s+(?P<key>[^.?!;]+?)\s*(?P<end>[.?!]?)\s*$""",
    re.IGNORECASE | re.VERBOSE,
)
_ALPHABETICAL = re.compile(
    rf"[,]?\s+(?:and\s+)?(?:(?:sorted|ordered|arranged|listed)\s+)?(?:(?:in|by)\s+(?:an?\s+|the\s+)?(?:{_DIR}\s+)?"
    r"(?:alphabetic(?:al)?|lexicographical)\s+order|alphabetically)\s*(?P<end>[.?!]?)\s*$",
    re.IGNORECASE,
)
_UNITS = r"(?:hours|minutes|seconds|millions?|billions?|dollars|euros|usd)"
_MORE_THAN_A_KEY = re.compile(
    r",|\b(?:who|that|which|with|whose|where|from|have|has|had|and|or|more|less|for|per|during|between|than|not"
    rf"|in (?!{_UNITS}\b))",
    re.IGNORECASE,
)


def has_direction(text: str) -> bool:
    """Whether something in a question says or hints which end of a list comes first."""
    return _HINT.search(text) is not None


def orders_by(text: str) -> bool:
    """Whether a question asks for an order by something it names."""
    return _BY.search(text) is not None or _IN_ORDER.search(text) is not None


def is_chronological(text: str) -> bool:
    """Whether "in order of" is said, which for dates means the earliest first."""
    return _IN_ORDER.search(text) is not None or "order of" in text.lower()


def drop_direction(text: str) -> str | None:
    """The question without the direction of its order: "sorted by age descending" -> "sorted by age"."""
    for pattern, replacement in _DIRECTION_EDITS:
        edited, count = pattern.subn(replacement, text)
        if count == 1:
            edited = tidy(edited)
            return None if has_direction(edited) or not orders_by(edited) else edited
    return None


def names_two_keys(text: str) -> bool:
    """Whether a question orders by two things: "by title and credits"."""
    match = _ONE_KEY.search(text)
    return match is not None and re.search(r"\band\b|\bthen\b|,", match.group(1)) is not None


def drop_sort_key(text: str, how: str = "sorted") -> str | None:
    """The question asking for a sorted (or ranked) list, but not by what: "ordered by age." -> "in sorted order."."""
    match = _DROPPED_KEY.search(text) or _ALPHABETICAL.search(text)
    if match is None:
        return None
    key = match.groupdict().get("key") or ""
    if len(key.split()) > 7 or _MORE_THAN_A_KEY.search(_undirected(key)):
        return None
    edited = tidy(f"{text[: match.start()]} in {how} order{match['end']}")
    if re.search(rf"\b(?:{_SORTING})\b", edited.replace(f"in {how} order", ""), re.IGNORECASE):
        return None
    return None if has_direction(edited) else edited


def _undirected(key: str) -> str:
    key = re.sub(_SPAN, "", key, flags=re.IGNORECASE)
    return re.sub(rf"\(?\b(?:in (?:an? |the )?)?{_DIR}(?: order)?\)?", "", key, flags=re.IGNORECASE)
