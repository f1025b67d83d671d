"""DROP F1 (Dua et al. 2019) of an answer in free text, with the scales of TAT-QA and PACIFIC.

The answer is cut into spans in several ways, and the best counts: whole; at semicolons and line breaks; there
and at commas, at "and" and "&", or at both; never inside a gold span that stands in it. Predicted and gold
spans are aligned one to one for the best sum of F1, which is divided by the larger number of spans. A pair's
F1 is over bags of words, in which a number is one element, equal by value (``numbers.agree``); a predicted
span without any number of a gold span that has some scores 0.

Where this deviates from DROP's script on purpose:

- A carrier phrase costs nothing. Where gold is one number with at most three words, and the predicted span
  of at most thirty words has all of these words and states that number alone, the pair scores 1: "It was
  $1,496.5 million.". Years and days of the month do not count beside an amount, nor amounts beside a year.
  Words for currencies and "approximately" are no words of a span with a number; currencies are not told apart.
- "Decreased by 12.6" is right by -12.6, where the answer has a word for falling and none for rising.
- "There are four." is right by 4, where it is the only number word, and there are no digits.
- Words are counted, not just present. Articles, case, punctuation, Markdown and "Answer:" do not count.
- Gold spans without a word are left out; where none is left, only an answer without words is right.
"""

from __future__ import annotations

import dataclasses
import functools
import re
from collections import Counter
from collections.abc import Iterator, Sequence

from act_env.text.numbers import EXPONENTS, SPELLED, Number, agree, find
from act_env.text.tokens import f1, plain, without_preamble, words_of

MOST_SPANS = 64
"""Predicted spans that are compared; more than that only count as superfluous."""
MOST_CARRIED, MOST_CARRYING = 3, 30
"""Words of a gold span, and of a predicted one, in the rule on carrier phrases."""

_HARD, _COMMA, _AND = r"\s*[;\n]\s*", r",\s+", r",?\s+(?:and|&)\s+"
_CUTS = [re.compile("|".join(parts)) for parts in ((_HARD,), (_HARD, _COMMA), (_HARD, _AND), (_HARD, _AND, _COMMA))]
_BULLET = re.compile(r"(?:[-•–]|\(?([0-9]{1,2})[.)]) ")
_FALL = re.compile(
    r"\b(?:decreas|declin|reduc|drop|lower|fell\b|fall|loss|lost\b|down\b|negative|minus\b|deficit|shr[aiu]nk)"
)
_RISE = re.compile(r"\b(?:increas|rose\b|ris(?:e|ing)|gr[eo]w|gain|higher|up\b|positive|improv)")
_CURRENCIES = {"dollar", "dollars", "usd", "us", "euro", "euros", "eur", "pound", "pounds", "pence", "gbp", "sterling"}
_CURRENCIES |= {"rmb", "renminbi", "yuan", "cny", "yen", "jpy", "rupee", "rupees", "inr"}
_DECORATION = _CURRENCIES | {"approximately", "approx", "about", "around", "roughly", "circa", "nearly"}


@dataclasses.dataclass(frozen=True)
class _Span:
    words: Counter[str]
    numbers: tuple[Number, ...]

    @property
    def size(self) -> int:
        return self.words.total() + len(self.numbers)


def drop_f1(answer: str, spans: Sequence[str], scale: str = "") -> float:
    """The F1 of an answer against the spans of an accepted one, in [0, 1]; ``scale`` is that of numbers in the
    spans that state none. ValueError where there is no such scale."""
    if scale not in EXPONENTS:
        raise ValueError(f"no scale {scale!r}; there are {', '.join(map(repr, EXPONENTS))}")
    text = _unlisted(plain(answer))
    texts = [plain(span) for span in spans]
    gold = [span for span in map(_read, texts) if span.size]
    if not gold:
        return float(not _read(text).size)
    fallen = bool(_FALL.search(text)) and not _RISE.search(text)
    return max(_aligned(pieces, gold, scale, fallen) for pieces in _ways(text, texts))


def _unlisted(text: str) -> str:
    """A text of several lines without the bullets of a list, or its numbers where these count from 1."""
    lines, number = text.split("\n"), 1
    for place, line in enumerate(lines):
        bullet = _BULLET.match(line)
        if bullet and len(lines) > 1 and (bullet[1] is None or int(bullet[1]) == number):
            lines[place] = line[bullet.end() :]
            number += bullet[1] is not None
    return "\n".join(lines)


def _ways(text: str, gold: Sequence[str]) -> Iterator[list[str]]:
    """The ways to cut a text into pieces, without those that repeat another."""
    kept = bytearray(len(text))
    for span in gold:
        if _CUTS[-1].search(span):
            for found in re.finditer(re.escape(span), text):
                kept[found.start() : found.end()] = b"\1" * len(span)
    seen: set[tuple[tuple[int, int], ...]] = set()
    yield [text]
    for cut in _CUTS:
        places = tuple(found.span() for found in cut.finditer(text) if not any(kept[found.start() : found.end()]))
        if places and places not in seen:
            seen.add(places)
            bounds = [0, *(place for pair in places for place in pair), len(text)]
            yield [text[start:end] for start, end in zip(bounds[::2], bounds[1::2], strict=True)]


@functools.lru_cache(maxsize=1024)
def _read(text: str) -> _Span:
    """The span that a plain text is."""
    text = without_preamble(text)
    numbers = tuple(find(text))
    bounds = [0, *(place for number in numbers for place in (number.start, number.end)), len(text)]
    words = words_of(" ".join(text[start:end] for start, end in zip(bounds[::2], bounds[1::2], strict=True)))
    return _Span(Counter(word for word in words if not numbers or word not in _DECORATION), numbers)


def _aligned(pieces: Sequence[str], gold: Sequence[_Span], scale: str, fallen: bool) -> float:
    pieces = [piece for piece in pieces if re.search(r"[^\W_]", piece)]
    got = [span for span in map(_read, pieces[:MOST_SPANS]) if span.size]
    scores = [[_pair_f1(span, right, scale, fallen) for right in gold] for span in got]
    if not scores:
        return 0.0
    if len(scores) == 1 or len(gold) == 1:
        total = max(map(max, scores))
    else:
        from scipy.optimize import linear_sum_assignment

        total = sum(scores[row][column] for row, column in zip(*linear_sum_assignment(scores, True), strict=True))
    return total / max(len(got) + len(pieces[MOST_SPANS:]), len(gold))


def _pair_f1(got: _Span, gold: _Span, scale: str, fallen: bool) -> float:
    same = functools.partial(agree, scale=scale, unsigned=fallen)
    short = gold.words.total() <= MOST_CARRIED and got.words.total() <= MOST_CARRYING
    if short and len(gold.numbers) == 1 and gold.words <= got.words:
        number = gold.numbers[0]
        groups = (got.numbers, [n for n in got.numbers if n.date], [n for n in got.numbers if not n.date])
        if any(group and all(same(other, number) for other in group) for group in groups):
            return 1.0
        if not got.numbers and not number.unit and _spelled(got) == {number.value}:
            return 1.0
    left = list(got.numbers)
    for number in gold.numbers:
        place = next((place for place, other in enumerate(left) if same(other, number)), None)
        if place is not None:
            del left[place]
    matched = len(got.numbers) - len(left)
    if gold.numbers and not matched:
        return 0.0
    return f1((got.words & gold.words).total() + matched, got.size, gold.size)


def _spelled(span: _Span) -> set[int]:
    """The values of a span's number words; "one" is mostly a pronoun."""
    return {SPELLED.index(word) for word in span.words if word in SPELLED and word != "one"}
