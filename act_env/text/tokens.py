"""Token F1 of an answer in free text, as SQuAD and CoQA score it, with three conventions of its own:

- Hyphens and slashes separate words ("brush- wood" is "brush-wood"); a full stop or comma inside a number,
  and a full stop or apostrophe inside a word, do not.
- Where the accepted answer is just "yes" or "no" and the answer leads with either word, that word decides:
  "No, Williams didn't go" is right by "No". "Yes and no" leads with neither.
- Where the accepted answer is "unknown", any short way to say so is right: "I don't know", "the passage does
  not say". One that goes on to guess is not.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence

LIMIT = 4096
"""Characters of a text that count; the rest is not read."""

_ARTICLES = frozenset({"a", "an", "the"})
_MARKS_RUN = re.compile(r"([^\w\s\x00-\x7f]{16})[^\w\s\x00-\x7f]+")
_EMPHASIS = re.compile(r"\*\*+|__+|`+")
_PREAMBLE = re.compile(
    r"(?:(?:assistant|system|agent|bot|(?:final |short )?answer|a) ?:\s*"
    r"|(?:(?:so|thus|hence|therefore),? )?(?:the |my )?(?:final |correct )?answer (?:is|was|would be)\b ?:?\s*){1,3}"
)
_JOINT = re.compile(r"(?<=\w)['’](?=\w)|(?<=[^\W\d_])\.(?=[^\W\d_])|(?<=\d),(?=\d{3})")
_WORD = re.compile(r"[^\W_]+(?:(?<=\d)\.\d[^\W_]*)*")

_UNKNOWN = re.compile(
    r"(?:(?:in|from|based on) (?:passage|text|story|article|context) )?"
    r"(?:(?:im|it|its|that|this|answer|passage|text|story|article|author|context|paragraph|there|theres|i|we|they) )?"
    r"(?:(?:is|was|are|were|am|does|did|do|has|have|can|could) )?"
    r"(?:unkn?own?|unanswerable|unclear|unspecified|unstated|no (?:answer|information|info|mention|idea|way to know)"
    r"|(?:not|never|cannot|isnt|wasnt|arent|doesnt|didnt|dont|cant|couldnt|hasnt) (?:(?:be|been|explicitly|clearly) )*"
    r"(?:say|said|stated?|mention(?:ed)?|tell|told|specif(?:y|ied)|given?|known?|clear|determined?|answer(?:ed)?"
    r"|provided?|indicated?|infer(?:red)?|sure|certain|described?|discussed?|explain(?:ed)?|listed|enough information))"
    r"(?: (?:in|by|from|about|here|exactly|whether|why|how|what|which|who|where|when|if|anything|based|of|to|for|on"
    r"|as|within|according)(?: .*)?)?"
)
_GUESS = frozenset(
    {"but", "however", "probably", "perhaps", "maybe", "likely", "possibly", "guess", "although", "though"}
)
_UNKNOWN_WORDS = 15


def plain(text: str) -> str:
    """A text as it is scored: its first ``LIMIT`` characters in NFKC and lower case, without Markdown's emphasis,
    with single spaces, and a line break only between lines that are not blank."""
    shorter = _MARKS_RUN.sub(r"\1", text[:LIMIT])  # ordering a long run of combining marks takes quadratic time
    folded = unicodedata.normalize("NFKC", shorter)[:LIMIT].lower()
    lines = _EMPHASIS.sub("", folded).replace("*", " ").splitlines()
    return "\n".join(line for line in (" ".join(line.split()) for line in lines) if line)


def without_preamble(text: str) -> str:
    """A plain text without "assistant:", "answer:" or "the answer is" before it."""
    found = _PREAMBLE.match(text)
    return text[found.end() :] if found else text


def words_of(text: str) -> list[str]:
    """The words of a plain text, without articles and punctuation."""
    return [word for word in _WORD.findall(_JOINT.sub("", text)) if word not in _ARTICLES]


def f1(common: int, got: int, gold: int) -> float:
    """The harmonic mean of precision and recall, from three sizes of bags; 1 where both bags are empty."""
    return 2 * common / (got + gold) if got + gold else 1.0


def _lead(words: Sequence[str]) -> str:
    """The "yes" or "no" that decides an answer, or ""."""
    if not words or words[0] not in ("yes", "no") or {"yes", "no"} & set(words[1:3]) - {words[0]}:
        return ""
    return words[0]


def _unknown(words: Sequence[str]) -> bool:
    fits = 0 < len(words) <= _UNKNOWN_WORDS and _GUESS.isdisjoint(words)
    return fits and _UNKNOWN.fullmatch(" ".join(words)) is not None


def token_f1(answer: str, accepted: Sequence[str]) -> float:
    """The best F1 over the accepted answers, in [0, 1]; 0 where there is none."""
    got = words_of(without_preamble(plain(answer)))
    return max((_token_f1(got, words_of(without_preamble(plain(gold)))) for gold in accepted), default=0.0)


def _token_f1(got: Sequence[str], gold: Sequence[str]) -> float:
    unknown = _unknown(got)
    if unknown and _unknown(gold):
        return 1.0
    if len(gold) == 1 and gold[0] in ("yes", "no") and _lead(got) and not unknown:
        return float(_lead(got) == gold[0])
    return f1((Counter(got) & Counter(gold)).total(), len(got), len(gold))
