"""Whether a user's reply gives the answer away: a statement, or a value of it that nobody had said.

A value counts as said where it stands in the request, the context, the dialogue, the question, or the options' own
wording. Texts are also read backwards and, where they hold such, out of base64.
"""

from __future__ import annotations

import base64
import binascii
import dataclasses
import re
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from act_env.actions import statement_in
from act_env.conversation import Accepted, Result, Task, Turn
from act_env.text.numbers import LITERAL, SPELLED, Number, agree, find, parse
from act_env.words import EMPTY, stem, words_of

_SMALL = EMPTY | {"yes", "no", "not", "none", "unknown", "never"}
_NUMBER_WORDS = {word: str(number) for number, word in enumerate(SPELLED) if word != "one"}
_LITERAL = re.compile(LITERAL)
_ENCODED = re.compile(r"[A-Za-z0-9+/]{12,}={0,2}")


@dataclasses.dataclass(frozen=True)
class Secret:
    """A value of the right answer: a number with its scale, or words."""

    shown: str
    words: tuple[str, ...]
    number: Number | None = None
    scale: str = ""


def secrets_of(gold: Any) -> list[Secret]:
    """The values of a result's cells or of accepted answers; those that say nothing (yes, no, true, one letter) are
    none."""
    if isinstance(gold, Result):
        cells = {str(cell): "" for row in gold.rows for cell in row if cell is not None and not isinstance(cell, bool)}
    else:
        accepted: Iterable[Accepted] = gold
        cells = {span: a.scale for a in accepted for span in a.spans}
    found = []
    for shown, scale in cells.items():
        number, words = parse(shown), tuple(words_of(shown))
        if number is not None:
            found.append(Secret(shown, (), number, scale))
        elif len("".join(words)) > 1 and not {stem(word) for word in words} <= _SMALL:
            found.append(Secret(shown, words))
    return found


class Public:
    """What may be said, since it was: texts, as their words and numbers."""

    def __init__(self, texts: Iterable[str]) -> None:
        self._words, self._numbers = "", set()
        self.add(*texts)

    @classmethod
    def of(cls, task: Task, dialogue: Sequence[Turn] = ()) -> Public:
        options = [option for slot in task.slots for option in slot.options]
        texts = [text for o in options for text in (o.gloss, o.verbatim, *o.cues, *o.replies)]
        cues = [cue for slot in task.slots for cue in (*slot.cues, *slot.topic[:1])]
        return cls([task.context, task.request, task.settled_by, *cues, *texts, *(turn.text for turn in dialogue)])

    def add(self, *texts: str) -> None:
        for text in texts:
            self._words += f" {' '.join(words_of(text))} "
            self._numbers |= _values(text)

    def with_(self, *texts: str) -> Public:
        """These and more."""
        copy = Public(())
        copy._words, copy._numbers = self._words, set(self._numbers)
        copy.add(*texts)
        return copy

    def has_words(self, words: Sequence[str]) -> bool:
        return f" {' '.join(words)} " in self._words

    def has_number(self, value: Decimal) -> bool:
        return abs(value) in self._numbers


def _values(text: str) -> set[Decimal]:
    digits = {Decimal(found.replace(",", "")) for found in _LITERAL.findall(text)}
    return digits | {Decimal(_NUMBER_WORDS[word]) for word in words_of(text) if word in _NUMBER_WORDS}


def leaked(text: str, secrets: Sequence[Secret], public: Public) -> str:
    """What a text gives away, in words; empty where it gives nothing away."""
    statement = statement_in(text)
    if statement is not None and not public.has_words(words_of(statement)):
        return f"holds the statement {statement!r:.120}"
    for form, how in ((text, ""), (text[::-1], ", backwards"), *((t, ", in base64") for t in _decoded(text))):
        said = public.with_(text) if how == ", backwards" else public
        if how and (statement := statement_in(form)) is not None and not said.has_words(words_of(statement)):
            return f"holds the statement {statement!r:.120}{how}"
        if (shown := _value_in(form, secrets, said)) is not None:
            return f"says {shown!r:.80}, a value of the answer{how}"
    return ""


def _value_in(text: str, secrets: Sequence[Secret], public: Public) -> str | None:
    tokens = words_of(text)
    words = f" {' '.join(tokens)} "
    numbers = [*find(text), *(find(_NUMBER_WORDS[word])[0] for word in tokens if word in _NUMBER_WORDS)]
    numbers = [number for number in numbers if not public.has_number(number.value)]
    for secret in secrets:
        if secret.number is None:
            if f" {' '.join(secret.words)} " in words and not public.has_words(secret.words):
                return secret.shown
        elif any(agree(number, secret.number, secret.scale, unsigned=True) for number in numbers):
            return secret.shown
    return None


def invented(text: str, public: Public) -> str:
    """The first number that a text states and nobody had said; empty where there is none."""
    for number in find(text):
        if not public.has_number(number.value):
            return text[number.start : number.end]
    return ""


def _decoded(text: str) -> list[str]:
    found = []
    for piece in _ENCODED.findall(text):
        try:
            found.append(base64.b64decode(piece, validate=True).decode("utf-8"))
        except (binascii.Error, UnicodeDecodeError):
            continue  # just a long word
    return found
