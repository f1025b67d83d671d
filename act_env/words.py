"""The words and sentences of a text, as the rules on replies and questions see them."""

from __future__ import annotations

import dataclasses
import functools
import re
import unicodedata

_MARKS = "?？؟"
_SENTENCE = re.compile(rf"(?:[^.!;\n{_MARKS}]|[.](?=\w))+[.!;\n{_MARKS}]*")
_QUESTION = re.compile(rf"[{_MARKS}][\W_]*\Z")
_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*")
_SPELLED = {"u": "you", "ur": "your", "pls": "please", "plz": "please", "wich": "which", "whats": "what's"}
_IRREGULAR = {"bought": "buy", "paid": "pay", "shot": "shoot", "sold": "sell", "spent": "spend", "sent": "send"}


@dataclasses.dataclass(frozen=True)
class Sentence:
    """A sentence: the position of its first word in the text, its stems, its words in lower case with single
    spaces between them, and whether a question mark ends it."""

    start: int
    words: tuple[str, ...]
    plain: str
    marked: bool

    @property
    def end(self) -> int:
        return self.start + len(self.words)


def words_of(text: str) -> list[str]:
    return [word for word, _ in _tokens(text)]


def plain_of(text: str) -> str:
    return " ".join(words_of(text))


def stems_of(text: str) -> tuple[str, ...]:
    """The stems of a text's words, in order."""
    return tuple(map(stem, words_of(text)))


def joined(text: str) -> tuple[bool, ...]:
    """For each word, whether it goes on with the identifier of the word before: the "revenue" of net_revenue."""
    return tuple(within for _, within in _tokens(text))


def sentences_of(text: str) -> list[Sentence]:
    """The sentences in order, those without a word included; a sentence's words are those of the text."""
    sentences, start = [], 0
    for part in _SENTENCE.findall(text):
        words = words_of(part)
        stems = tuple(map(stem, words))
        sentences.append(Sentence(start, stems, " ".join(words), bool(_QUESTION.search(part))))
        start += len(words)
    return sentences


def _tokens(text: str) -> list[tuple[str, bool]]:
    text = unicodedata.normalize("NFKC", text).lower().replace("’", "'")
    tokens, end = [], 0
    for match in _WORD.finditer(text):
        between = text[end : match.start()]
        tokens.append((_SPELLED.get(match[0], match[0]), bool(tokens and between and not between.strip("_"))))
        end = match.end()
    return tokens


@functools.lru_cache(maxsize=65536)
def stem(word: str) -> str:
    """A word without its plural, its ending -ed or -ing, and its last e or y: equal for what cues should match."""
    word = word.removesuffix("'s")
    word = _IRREGULAR.get(word, word)
    if len(word) > 4 and word.endswith("ies"):
        word = word[:-3] + "y"
    elif len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        word = word[:-1]
    for ending in ("ing", "ed"):
        if len(word) > 5 and len(word) > len(ending) + 2 and word.endswith(ending):
            word = word[: -len(ending)]
            break
    if len(word) > 5:
        word = word.removesuffix("y")
    return word.removesuffix("e") if len(word) > 3 else word


def stem_set(text: str) -> frozenset[str]:
    """The stems of a list of words."""
    return frozenset(map(stem, text.split()))


EMPTY = stem_set(
    """
    a an the and or of to for in on at by with about is are was were be it this that these those i we you your me my us
    do does did can could will would should shall please kindly sorry so just exactly more bit not sure what which
    how why who when where mean meant meaning clarify clarification specify explain elaborate rephrase repeat say again
    tell know need want like understand understood ask asking asked asks question request precise precisely specific
    detail details information unclear ambiguous help look looking if have give get think thing something anything else
    quite clear clearer any some there here one
    """
)
"""The stems of words that say nothing of what a question is about."""
