"""Whether a question is about what a request leaves open, where that is told in people's own words.

A question is about a topic if half of what it says, small words left out, stands in the topic's texts: the
clarifying question that people asked there, their replies and what they were then told. A single word that is not
the question's must be half of one of the others as well.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence

from act_env.words import EMPTY, stem, stem_set, stems_of, words_of

SHARE = 0.5
"""The share of a question's words that must be the topic's."""


_ASKING = stem_set(
    """
    as kind type sort form one refer talk interested regard regarding concern before after other else than besides yes
    no when where who whose whom mr mrs not
    """
)
_PRONOUNS = stem_set("he she it they him her his their its this that these those there then one ones")
_SMALL = EMPTY | _ASKING | _PRONOUNS
_TIMES = stem_set("year years period date quarter month time fiscal")
_A_TIME = "year"


def about(question: str, topic: Sequence[str], request: str = "") -> bool:
    """Whether a question is about a topic. Words for a time (year, period, quarter) are one word; a question that
    says nothing of its own is about the topic if it asks the topic's first text word for word, or takes up a
    pronoun of the request ("Who do you mean by *he*?")."""
    if not topic:
        return False
    words = words_of(question)
    if words == words_of(topic[0]):
        return True
    said = content(question)
    if not said:
        pointed = {stem(word) for word in words} & _PRONOUNS & set(stems_of(request))
        return len(words) > 1 and bool(pointed)
    asked, told = _words(tuple(topic))
    if len(said) == 1 and not said & asked:
        return any(said & text and len(text) * SHARE <= 1 for text in told)
    return len(said & asked.union(*told)) >= SHARE * len(said)


def content(text: str) -> frozenset[str]:
    """The stems of a text that say something."""
    return frozenset(_A_TIME if word in _TIMES else word for word in stems_of(text)) - _SMALL


@functools.lru_cache(maxsize=4096)
def _words(topic: tuple[str, ...]) -> tuple[frozenset[str], tuple[frozenset[str], ...]]:
    """What the topic's question says, and what each of its other texts does; a time that only those name is no
    topic unless the question asks for one."""
    return content(topic[0]), tuple(content(text) - {_A_TIME} for text in topic[1:])
