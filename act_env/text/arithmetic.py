"""The value of a derivation: the arithmetic that an annotator wrote beside a computed answer.

``(44.1-56.7)/56.7``, ``[(166+178)/2] - [(57+44)/2]``, ``$5,121 +$(-5,946)``, ``(1-6%)*(273/6%)``: numbers with
thousands separators, currency signs (without effect), percent signs (a hundredth) and scale words, the four
operators with their precedence, and brackets. Round brackets around one unsigned number are an accountant's
minus, ``-114 - (71)`` is -43, except right after a sign of that number: ``-(71)`` is -71.
"""

from __future__ import annotations

import math
import re
from typing import NoReturn

from act_env.errors import ActClarifyError
from act_env.text.numbers import EXPONENTS, LITERAL, MINUS

MOST_CHARACTERS, MOST_DEPTH = 1_000, 50

_TOKEN = re.compile(rf"({LITERAL})|((?:thousand|million|billion)(?=s?\b))s?|([-+*/%()\[\]{{}}])", re.IGNORECASE)
_IGNORED = re.compile(r"[\s$£€¥₹`]*")
_SIGNS = str.maketrans(dict.fromkeys(MINUS, "-") | {"×": "*", "·": "*", "÷": "/"})
_CLOSING = {"(": ")", "[": "]", "{": "}"}


class BadDerivation(ActClarifyError, ValueError):
    """A derivation without a value: prose, a comparison, malformed, too long or deep, or not finite."""


def count_of(derivation: str) -> int:
    """The number of items of a count's derivation, which are separated by "##". BadDerivation if there is none."""
    count = sum(bool(item.strip()) for item in derivation.split("##"))
    if not count:
        raise BadDerivation(f"derivation {derivation[:80]!r} lists nothing; a count's items are separated by '##'")
    return count


def evaluate(derivation: str) -> float:
    """The value of a derivation, or the number of its items where it is a list with "##". A percent sign is a
    hundredth, so that ``1.7%`` is 0.017. BadDerivation says why there is no value."""
    if "##" in derivation:
        return float(count_of(derivation))
    if len(derivation) > MOST_CHARACTERS:
        _fail(derivation, f"it has {len(derivation)} characters; at most {MOST_CHARACTERS} are read")
    parser = _Parser(derivation)
    value = parser.sum(0)
    if parser.place < len(parser.tokens):
        _fail(derivation, f"{parser.tokens[parser.place]!r} is where an operator or the end would be right")
    return value


def _fail(derivation: str, why: str) -> NoReturn:
    shown = derivation if len(derivation) <= 80 else derivation[:77] + "..."
    raise BadDerivation(f"derivation {shown!r} has no value: {why}")


class _Parser:
    """Recursive descent; each method reads from ``place`` on and returns a finite value."""

    def __init__(self, derivation: str):
        self.derivation = derivation
        self.tokens: list[str] = []
        self.place = 0
        text = derivation.translate(_SIGNS)
        at = _IGNORED.match(text).end()
        while at < len(text):
            if (match := _TOKEN.match(text, at)) is None:
                comparison = text[at] in "<>=≤≥≠"
                _fail(derivation, "a comparison has none" if comparison else f"{text[at]!r} is no arithmetic")
            self.tokens.append((match[1] or match[2] or match[3]).replace(",", "").lower())
            at = _IGNORED.match(text, match.end()).end()

    def peek(self, ahead: int = 0) -> str:
        place = self.place + ahead
        return self.tokens[place] if place < len(self.tokens) else ""

    def take(self) -> str:
        self.place += 1
        return self.tokens[self.place - 1]

    def finite(self, value: float) -> float:
        if not math.isfinite(value):
            _fail(self.derivation, "it is beyond what a float holds")
        return value

    def sum(self, depth: int) -> float:
        value = self.product(depth)
        while self.peek() in ("+", "-"):
            if self.take() == "+":
                value = self.finite(value + self.product(depth))
            else:
                value = self.finite(value - self.product(depth))
        return value

    def product(self, depth: int) -> float:
        value = self.signed(depth)
        while self.peek() in ("*", "/"):
            if self.take() == "*":
                value = self.finite(value * self.signed(depth))
            elif (divisor := self.signed(depth)) == 0:
                _fail(self.derivation, "it divides by zero")
            else:
                value = self.finite(value / divisor)
        return value

    def signed(self, depth: int) -> float:
        signs = ""
        while self.peek() in ("+", "-"):
            signs += self.take()
        value = self.scaled(depth, accounting=not signs)
        return -value if signs.count("-") % 2 else value

    def scaled(self, depth: int, *, accounting: bool) -> float:
        value = self.atom(depth, accounting)
        if self.peek().isalpha():
            value = self.finite(value * 10.0 ** EXPONENTS[self.take()])
        if self.peek() == "%":
            self.take()
            value /= 100
        return value

    def atom(self, depth: int, accounting: bool) -> float:
        token = self.peek()
        if token in _CLOSING:
            if depth == MOST_DEPTH:
                _fail(self.derivation, f"its brackets are more than {MOST_DEPTH} deep")
            self.take()
            first = self.place
            value = self.sum(depth + 1)
            if self.peek() != _CLOSING[token]:
                _fail(self.derivation, f"{self.peek() or 'the end'!r} is where {_CLOSING[token]!r} would be right")
            inside = self.tokens[first : self.place]
            self.take()
            alone = inside[0][0] in ".0123456789" and all(other == "%" or other.isalpha() for other in inside[1:])
            return -value if alone and token == "(" and accounting else value
        if not token or token[0] not in ".0123456789":
            _fail(self.derivation, f"{token or 'the end'!r} is where a number would be right")
        return self.finite(float(self.take()))
