"""Edits of a limit that people name into a word for it: "older than 30" into "old", "more than 5" into "many".

A rule looks at how the number stands in the sentence. The word that takes its place says that there is a
limit, and not which.
"""

from __future__ import annotations

import re

from envs_data.spider.edits.words import number, stems, tidy
from envs_data.spider.schema import plural

_ABOVE = (
    r"(?:(?:strictly |equal to or )?(?:more|greater|higher|larger|bigger|longer|older|heavier|taller|later) than"
    r"(?: or equals? to)?|above(?: or equal to)?|over|exceeding|at least|no less than|not less than|>=?)"
)
_BELOW = (
    r"(?:(?:strictly |equal to or )?(?:less|lower|smaller|shorter|younger|fewer|lighter|earlier) than"
    r"(?: or equals? to)?|below|under|at most|no more than|not more than|<=?)"
)
_UNIT = (
    r"(?: ?%| percent| dollars?| usd| years? old| years? of age| years?| meters?| metres?| kilometers?| km| miles?"
    r"| feet| hours?| minutes?| seconds?| millions?| billions?| pounds?| lbs| kg| euros?)?"
    r"(?: in (?:length|height|weight))?"
)
_BE = r"(?P<be>is|are|was|were)"
_HAS = r"(?P<has>with|has|have|having|had)"
_STOP = frozenset((
    "a", "an", "the", "of", "for", "in", "with", "who", "whom", "that", "which", "whose", "where", "when", "from",
    "by", "on", "at", "to", "and", "or", "having", "is", "are", "was", "were", "do", "does", "did", "have", "has",
    "had", "each", "per", "than", "as", "also", "under", "over", "given", "their", "his", "her", "its", "there",
))  # fmt: skip
_WORD = rf"(?!(?:{'|'.join(sorted(_STOP))})\b)[\w'-]+"
_OTHER_SIDE = (
    r"(?! (?:or|and|but) (?:also )?(?:is |are )?"
    r"(?:more|greater|higher|larger|less|lower|smaller|above|below|after|before|under|over)\b)"
)
"""What must not follow: "above 900 or below 600" has two limits, of which one would stay."""
_NO_QUANTITY = frozenset(("latitude", "longitude", "lat", "long", "id", "code", "height", "elevation", "number"))

ADJECTIVES = {
    "age": ("old", "young"),
    "long": ("long", "short"),
    "large": ("large", "small"),
    "high": ("high", "low"),
}
"""Kind of column -> what people call much and little of it."""

_LONG = frozenset(("length", "distance", "duration", "span", "running"))
_LARGE = frozenset(("size", "area", "population", "capacity", "budget", "enrollment", "acreage", "endowment", "fleet"))


def kind_of(column: str) -> str:
    """Which of ADJECTIVES fit a column, by the words for it."""
    words = set(column.split())
    if "age" in words or "ages" in words:
        return "age"
    if words & _LONG:
        return "long"
    return "large" if words & _LARGE and not words & {"average", "percentage", "percent", "density"} else "high"


def column_limit(text: str, value: str, above: bool, column: str) -> tuple[str, str] | None:
    """The question with a word for a limit on a column, and that word: "a price above 100" -> "a high price"."""
    if _NO_QUANTITY & set(column.split()):
        return None
    kind = kind_of(column)
    word = ADJECTIVES[kind][0 if above else 1]
    limit = rf"{_ABOVE if above else _BELOW} (?:\$ ?)?{number(value)}{_UNIT}{_OTHER_SIDE}"
    said = stems(column)
    if kind == "age":
        return _finish(_age(text, limit, word, above, number(value)), word, value)
    noun = rf"(?P<k>(?:{_WORD} ){{0,2}}{_WORD})(?: of| that is| that are| which is)?"
    edited = _sub(rf"\b{_HAS} (?:an? |the |their )?{noun} {limit}", text, lambda m: _noun(m, word, said))
    if edited is None:
        edited = _sub(rf"\b(?P<before>[\w'-]+ )?(?P<k>{_WORD}) {_BE} {limit}", text, lambda m: _be(m, word, said))
    return _finish(edited, word, value)


def _age(text: str, limit: str, word: str, above: bool, value: str) -> str | None:
    side = _ABOVE if above else _BELOW
    who = r"(?P<noun>[\w'\"”-]+) "
    comparing = rf"(?:{limit}|(?:aged? )?{side} (?:the )?age (?:of )?{value}{_OTHER_SIDE}|aged? {side} {value})"
    for pattern in (
        rf"{who}(?:whose|with|of|having|that have|who have|at)(?: an?| the)? ages? (?:(?:is|are) )?{limit}",
        rf"{who}(?:who|that) (?:is|are|was|were) {comparing}",
        rf"{who}{comparing}",
    ):
        if (edited := _sub(pattern, text, lambda m: _who(m, word))) is not None:
            return edited
    return None


def _who(match: re.Match, word: str) -> str | None:
    noun = match["noun"].lower()
    if re.search(r"\bages?$", match.string[: match.start("noun")].rstrip(), re.IGNORECASE):
        return None
    if noun in ("is", "are", "was", "were"):
        return f"{match['noun']} {word}"
    if noun in _STOP or noun in ("age", "ages", "aged", "whose"):
        return None
    several = noun in ("people", "men", "women") or re.search(r"(?<!s)s[\"”]?$", noun)
    return f"{match['noun']} who {'are' if several else 'is'} {word}"


def _be(match: re.Match, word: str, said: frozenset[str]) -> str | None:
    if (match["before"] or "").strip().lower() in ("with", "has", "have", "having") or not stems(match["k"]) & said:
        return None
    return f"{match['before'] or ''}{match['k']} {match['be']} {word}"


def _noun(match: re.Match, word: str, said: frozenset[str]) -> str | None:
    noun = match["k"]
    if not stems(noun) & said or noun.lower().split()[0] in ("more", "less", "at", "greater", "higher", "total"):
        return None
    many = noun.lower().endswith("s") and not noun.lower().endswith("ss")
    return f"{match['has']} {'' if many else 'a '}{word} {noun}"


_PLURAL = re.compile(r"(?:[^s]s|people|staff|personnel)$", re.IGNORECASE)
_TIMES = {"1": r"(?:once|one time)", "2": r"(?:twice|two times|2 times)"}


def count_limit(text: str, value: str, above: bool) -> tuple[str, str] | None:
    """The question with "many" or "few" for a limit on a number of things: "more than 5 cars" -> "many cars"."""
    word = "many" if above else "few"
    side = (
        r"(?:more than|over|at least|no less than|not less than|greater than|>=?)"
        if above
        else r"(?:less than|fewer than|under|at most|no more than|not more than|<=?)"
    )
    times = _sub(
        rf"\b{side} {_TIMES.get(value, number(value) + ' times')}{_OTHER_SIDE}", text, lambda m: f"{word} times"
    )
    if times is not None:
        return _finish(times, word, value) if above else None
    after = "more|above" if above else "fewer|less"
    what = r"(?P<what>(?:[\w'-]+)(?: [\w'-]+){0,2})"
    number_of = (
        rf"(?:a |the )?numbers? of {what} (?:is |are )?(?:{_ABOVE if above else _BELOW}) {number(value)}{_OTHER_SIDE}"
    )
    edited = _sub(rf"\b(?P<has>with|has|have|having) {number_of}", text, lambda m: f"{m['has']} {word} {m['what']}")
    if edited is None:
        edited = _sub(
            rf"\b(?:{side} {number(value)}|{number(value)} or (?:{after})) {what}",
            text,
            lambda m: _things(m, word, value),
        )
    return _finish(edited, word, value)


def _things(match: re.Match, word: str, value: str) -> str | None:
    """ "more than one pet" -> "many pets": the counted noun becomes, or is, a plural."""
    words = match["what"].split()
    size = next((i for i, w in enumerate(words) if w.lower() in _STOP), len(words))
    noun = words[:size]
    if not noun or {w.lower() for w in noun} & {"total", "number", "year", "years", "percent", "time", "times", "days",
                                                "million", "billion", "dollars", "average"}:  # fmt: skip
        return None
    if value == "1" and not _PLURAL.search(noun[0]) and _PLURAL.search(noun[-1]):
        return None  # "one train starts": a verb, most likely
    if not any(_PLURAL.search(word) for word in noun):
        alone = size < len(words) or re.match(r"\s*(?:[.?!,]|$)", match.string[match.end() :])
        if value != "1" or not alone or len(noun) > 2 or noun[-1].endswith("ed"):
            return None
        if len(noun) == 2 and not re.search(r"\b(?:has|have|had|with)\s*$", match.string[: match.start()]):
            return None  # "does more than one train start" again
        noun[-1] = plural(noun[-1])
    if re.match(r" (?:or|and) (?:more|less|fewer)\b", match.string[match.end() :]):
        return None
    return " ".join([word, *noun, *words[size:]])


def year_limit(text: str, value: str, above: bool) -> tuple[str, str] | None:
    """The question with "in recent years" for "after 2010", or "in the early years" for "before 1980"."""
    word = "recent years" if above else "early years"
    side = r"(?:after|since|later than)" if above else r"(?:before|prior to|earlier than)"
    phrase = "in recent years" if above else "in the early years"

    def replaced(match: re.Match) -> str | None:
        if match["before"].lower() in ("year", "years", "is", "was", "are", "were", "date", "in", "time", "or", "and"):
            return None
        return f"{match['before']} {phrase}"

    return _finish(
        _sub(
            rf"\b(?P<before>[\w'-]+),? {side} (?:the )?(?:years? (?:of )?)?{number(value)}{_OTHER_SIDE}", text, replaced
        ),
        word,
        value,
    )


def _sub(pattern: str, text: str, replaced) -> str | None:
    found = list(re.finditer(pattern, text, re.IGNORECASE))
    if len(found) != 1 or (new := replaced(found[0])) is None:
        return None
    return text[: found[0].start()] + new + text[found[0].end() :]


def _finish(edited: str | None, word: str, value: str) -> tuple[str, str] | None:
    if edited is None or re.search(number(value), edited, re.IGNORECASE):
        return None
    return tidy(edited), word
