"""Numbers in text: where they stand, what they say, and when two of them agree.

A number may have thousands separators, decimals, a currency, a percent sign and a scale ("$1,496.5 million",
"8.1m", "12.6 (in thousands)"). It is negative by a minus right before it, or by an accountant's brackets:
"(1.9)", "$(1.9)", "(1.9)%". These brackets are none, but an aside: around a plain year, "(2019)"; with a
currency, percent sign or scale inside where words come before, "in 2019 ($5 million)"; after a number's
own word, "four (4)"; right after a word, "assets(1)". The "(1) ... (2) ..." of an enumeration is no number.
"""

from __future__ import annotations

import dataclasses
import itertools
import re
from decimal import Decimal

EXPONENTS = {"": 0, "percent": -2, "thousand": 3, "million": 6, "billion": 9, "trillion": 12}
"""Each scale as a power of ten."""
SPELLED = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
LITERAL = r"(?:[0-9]{1,3}(?:,[0-9]{3})+(?![0-9])|[0-9]+)(?:\.[0-9]+)?|\.[0-9]+"
MINUS = "-‐‑‒–−"
MOST_NUMBERS, MOST_CHARACTERS = 64, 24

_SHORT = {"k": "thousand", "m": "million", "mm": "million", "mn": "million", "mln": "million"}
_SHORT |= {"b": "billion", "bn": "billion", "tn": "trillion"}
_MONEY = r"(?:[a-z]{0,3}[$£€¥₹₩`]|(?:usd|eur|gbp|inr|rmb|cny|jpy|chf|cad|aud|sgd|hkd|nzd|au|us|rs\.?|fy)(?![a-z]))"
_PERCENT = r"(?:%|(?:per\s?cent(?:age\spoints?)?|pct)(?!\w))"
_SCALE = r"(?:thousand|million|billion|trillion)(?=s?(?!\w))"
_NUMBER = re.compile(
    rf"""(?<![\w.])
    (?P<head>(?:(?<![\w)%])[{MINUS}](?=\S)|\A[{MINUS}]\s|(?<![\w)%])−\s|\+|{_MONEY}\s{{0,2}}|\(\s?){{0,4}})
    (?P<digits>{LITERAL})(?P<short>k|mm|mn|mln|m|bn|b|tn)?[px]?(?!\w|\.[0-9])
    (?:\s?(?P<percent_in>{_PERCENT}))?
    (?:[\s-]?(?P<scale_in>{_SCALE}|mn|mln|bn)(?:s|(?!\w)))?
    (?P<close>\s?\))?
    (?:\s?(?P<percent_out>{_PERCENT}))?
    (?:[\s-]?\(?(?P<scale_out>{_SCALE})s?\)?)?""",
    re.IGNORECASE | re.VERBOSE,
)
_STATED = re.compile(r"\bin\s(?:\S{1,12}\s)?(thousand|million|billion)s\b", re.IGNORECASE)
_MONTH = r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
_MONTH += r"|nov(?:ember)?|dec(?:ember)?)\b\.?"
_MONTH_BEFORE = re.compile(rf"\b{_MONTH}\s\Z", re.IGNORECASE)
_MONTH_AFTER = re.compile(rf"\s(?:of\s)?{_MONTH}", re.IGNORECASE)
_YEAR = re.compile(r"(?:19|20)[0-9]{2}")


@dataclasses.dataclass(frozen=True)
class Number:
    """A number as a text states it.

    ``value`` has its sign, but neither scale nor percent applied. ``decimals`` and ``digits`` (leading zeros
    left out) are those shown. ``date``: it may be a year or the day of a month. ``start`` and ``end`` hold its
    decoration too.
    """

    value: Decimal
    scale: str | None
    percent: bool
    decimals: int
    digits: int
    date: bool
    start: int
    end: int

    @property
    def unit(self) -> str | None:
        """The key of ``EXPONENTS`` that the text states, if any."""
        return "percent" if self.percent else self.scale


def find(text: str) -> list[Number]:
    """The first ``MOST_NUMBERS`` numbers of a text, in order.

    Those of more than ``MOST_CHARACTERS`` characters, and those inside a word or a version ("Q4", "1.2.3"),
    are none. A number word, "zero" to "twelve", is one where it is the whole text.
    """
    stated = _STATED.search(text)
    word = re.search(r"\w", text)
    first = word.start() if word else 0
    listed = "(1)" in text and "(2)" in text
    found = []
    for match in itertools.islice(_NUMBER.finditer(text), MOST_NUMBERS):
        enumerates = listed and match["close"] == ")" and match["digits"].isdigit() and match["head"] in ("", "(")
        if not enumerates and len(match["digits"]) <= MOST_CHARACTERS:
            found.append(_read(match, text, first, stated[1].lower() if stated else None))
    if not found and (spelled := text.strip(" .!\"'*\n").lower()) in SPELLED:
        found.append(Number(Decimal(SPELLED.index(spelled)), None, False, 0, 1, False, 0, len(text)))
    return found


def parse(text: str) -> Number | None:
    """The number that a text is, if it is one and nothing else but punctuation."""
    found = find(text)
    if len(found) != 1 or re.search(r"\w", text[: found[0].start] + text[found[0].end :]):
        return None
    return found[0]


def _read(match: re.Match[str], text: str, first: int, stated: str | None) -> Number:
    head, digits = match["head"], match["digits"].replace(",", "")
    short, scale = (match["short"] or "").lower(), match["scale_in"] or match["scale_out"]
    scale = _SHORT.get(short) or (_SHORT.get(scale.lower(), scale.lower()) if scale else None)
    percent = bool(match["percent_in"] or match["percent_out"])
    whole, _, fraction = digits.partition(".")
    year = _YEAR.fullmatch(match["digits"]) and not (scale or percent) and head.strip("( ").lower() in ("", "fy")
    day = whole == digits and len(digits) <= 2 and not (scale or percent)
    near = text[max(0, match.start() - 12) : match.start()]
    date = bool(year or (day and (_MONTH_BEFORE.search(near) or _MONTH_AFTER.match(text, match.end()))))
    value = Decimal(digits)
    outside, opened, inside = head.partition("(")
    if any(sign in head for sign in MINUS):
        value = -value
    elif opened and match["close"] and not year:
        decorated = inside.strip() or short or match["percent_in"] or match["scale_in"]
        spelled = value in range(len(SPELLED)) and near.rstrip().lower().endswith(SPELLED[int(value)])
        if outside or not (spelled or (decorated and match.start() > first)):
            value = -value
    if not (scale or percent or date):
        scale = stated
    shown = len((whole + fraction).lstrip("0"))
    return Number(value, scale, percent, len(fraction), shown, date, match.start(), match.end())


def agree(got: Number, gold: Number, scale: str = "", *, unsigned: bool = False) -> bool:
    """Whether ``got`` states the value of ``gold``, whose scale is its own or else ``scale``.

    A stated scale counts; a number without one is read in gold's scale, or as a fraction of a percent (0.2222
    by 22.22 percent), or, from 1,000 on, as written out in full (1,496,500,000 by 1,496.5 million). Gold holds
    to its last decimal, or to the hundredth if that is finer. A number with fewer decimals is right if it is
    gold correctly rounded and shows three digits or more. ``unsigned``: a positive number may stand for a
    negative gold, because words say so.
    """
    exponent = EXPONENTS[gold.unit or scale]
    if got.unit is not None:
        shifts = {EXPONENTS[got.unit] - exponent}
    else:
        shifts = {0, -exponent} if exponent < 0 or abs(got.value) >= 1000 else {0}
    for shift in shifts:
        value = got.value.scaleb(shift)
        tolerance = Decimal(5).scaleb(-1 - max(2, gold.decimals))
        if got.digits >= 3:
            tolerance = max(tolerance, Decimal(5).scaleb(shift - got.decimals - 1))
        if abs(value - gold.value) <= tolerance:
            return True
        if unsigned and gold.value < 0 < value and abs(value + gold.value) <= tolerance:
            return True
    return False
