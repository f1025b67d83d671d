"""Which slots a clarifying question asks about, and which of their options it offers."""

from __future__ import annotations

import dataclasses
import functools
import re
from collections.abc import Iterable, Sequence

from act_env.asking import asks, demands, is_choice
from act_env.conversation import Option, Slot
from act_env.text import relevance
from act_env.words import EMPTY, Sentence, joined, sentences_of, stem, stem_set, stems_of, words_of

MAX_SLOTS = 2
"""Slots that one question may get resolved."""

MAX_QUESTION_WORDS = 60
MAX_ALTERNATIVES = 8
MAX_FOREIGN = 5
"""A question with more words, or more commas, semicolons, bullets and "or"s, or with this many short
alternatives in a row of which most belong to no slot, lists everything there is rather than asks about
something; it gets nothing resolved."""

_PARROTED = 4
"""Words in a row that a question shares with the request: they repeat it and name nothing."""

_SEPARATOR = re.compile(r"([,;•|/\n?!]|[.](?!\w)|\bor\b|\band\b)")
_SHORT = 4


# The sets below hold stems, as a question's words are compared by them.

_KINDS = stem_set(
    "kind type sort form version definition notion measure measurement sense meaning variant flavour flavor category "
    "way of the your this that these those exact exactly specific particular column field value values do you mean by "
    "one ones"
)
_COMPARING = stem_set(
    "above below over under more less than greater smaller larger bigger higher lower fewer least most before after "
    "earlier later until since between from as on up per into them"
)
_ASKING = stem_set("which what how whether where when who whose")
_ADDRESS = stem_set("you your should shall would mean meant")
_DEMAND = stem_set("clarify specify explain define confirm disambiguate elaborate indicate choose pick rephrase")
_PARTICLES = stem_set(
    "the a an so then just only all is are be ok okay fine alright please first last top by per in at on from with for "
    "as of"
)
_POINTING = stem_set("which it its them they that those this these")
_RELATING = _POINTING | stem_set(
    "use go take pick choose prefer identify recognise recognize apply consider relevant interested both two mind "
    "refer call define correct right fit come"
)
_DEFINING = re.compile(
    r"""\b(?:
      counts?[ ]as | qualif\w+ | consider(?:ed)? | treat(?:ed)? | constitutes? | threshold | cutoff | cut[ ]off
    | criteri\w+ | definition | defined | determined | calculated | computed | measured | derived | regard(?:ed)?
    | makes?[ ](?:an?|the|it|them|\w+[ ]\w+\Z)
    )\b""",
    re.VERBOSE,
)
_CONFIRM = re.compile(
    r"""
      \b(?:do|did|would|are|were|have|so)[ ]you[ ](?:\w+[ ])?
      (?:mean|meant|want|like|prefer|need|in[ ]mind | (?:refer|ask|look|think|interest|talk)\w*)\b
    | \byou[ ](?:mean|meant|want|wanted)\b
    | \b(?:should|shall|can|may|do)[ ](?:i|we|it|they|these|this|the)\b
    | \b(?:is|are|was|were)[ ](?:it|that|this|they|these|those)\b
    | \bassum\w+ | \b(?:right|correct)\Z
    """,
    re.VERBOSE,
)
_QUANTITY = re.compile(r"(?:\w+ ){0,2}how (?:many|much)\b")

# A sentence's words with § in place of the slot's name and ¤ in place of an option's cue.

_MEANT = re.compile(
    r"""
      \b(?:by|with)[ ](?:\w+[ ])?§[ ](?:\w+[ ]){0,2}(?:do|did|are|would)[ ]you\b
    | \b(?:when|if)[ ]you[ ](?:\w+[ ]){1,3}§
    | (?:\A|\b(?:does|do|is|are|would|could|should)[ ](?:\w+[ ])?)§[ ](?:\w+[ ])?
      (?:means?|meant|refers?|stands?|supposed|defined|determined|calculated|measured)\b
    | \bwhat(?:[ ](?:is|are)|'s)[ ](?:an?[ ])(?:\w+[ ])?§
    | \b(?:is|are)[ ](?:an?|the|your)[ ](?:\w+[ ])?§[ ](?:\w+[ ])?(?:an?|one|any\w*|some\w*|those|that|when|if)\b
    | \b(?:is|are)[ ]§[ ](?:\w+[ ])?(?:those|ones|the[ ]ones|anything|about|when|if)\b
    | \b(?:definition|meaning|criteri\w+|threshold|cutoff)[ ](?:of|for|behind)[ ](?:\w+[ ]){0,2}§
    | \bin[ ](?:what|which)[ ](?:sense|way|respect|regard|role)\b.*§
    | §.*\bin[ ](?:what|which)[ ](?:sense|way|respect|role)\b
    | §[ ](?:\w+[ ])?(?:how|as[ ]what|by[ ]what|in[ ]what|in[ ]terms[ ]of[ ]what)\b
    | \b(?:give|tell)[ ](?:me|us)[ ](?:an?|your)[ ](?:\w+[ ])?§
    """,
    re.VERBOSE,
)
_ANY = r"(?:all|both|everything|either|any|anything|neither|none)\b"
_AGAINST_ALL = re.compile(
    rf"¤(?:[ ]\w+){{0,3}}[ ](?:or|and)[ ](?:\w+[ ]){{0,2}}{_ANY} | \b{_ANY}.*[ ]or[ ](?:\w+[ ])*¤", re.VERBOSE
)


@dataclasses.dataclass(frozen=True)
class Mention:
    """A cue found in a question: the words ``start`` to ``end``, of the slot itself or of one option."""

    start: int
    end: int
    slot: str
    option: str | None


def slots_asked(question: str, slots: Sequence[Slot], request: str = "") -> tuple[str, ...]:
    """The slots that a question asks about, by first mention; at most two.

    A question asks about a slot if it offers at least two of its options (by cue, gloss, or the words that
    tell them apart), offers one against all, asks to confirm one ("Do you mean net revenue?"), or names the
    slot while asking what is meant by it. Words that repeat four or more of the ``request`` in a row count
    for nothing, and so does a text that asks nothing, a question that only asks for the data ("What is the
    revenue?"), a generic one, and one that lists everything. A question about a slot with a ``topic`` is told by
    that instead (``act_env.text.relevance``).
    """
    return _slots_asked(question, tuple(slots), request)


@functools.lru_cache(maxsize=4096)
def _slots_asked(question: str, slots: tuple[Slot, ...], request: str) -> tuple[str, ...]:
    if not (asks(question) or is_choice(question)):
        return ()
    found = _Found.of(question, slots, request)
    if found.lists_everything(question):
        return ()
    asked = {}
    for slot in slots:
        mine = found.of_slot(slot)
        if slot.topic:
            if relevance.about(question, slot.topic, request):
                asked[slot.name] = 0
        elif mine and _asks_about(slot, mine, found):
            asked[slot.name] = min(m.start for m in mine)
    return tuple(sorted(asked, key=asked.__getitem__)[:MAX_SLOTS])


def options_offered(
    question: str, slot: Slot, slots: Sequence[Slot] = (), request: str = "", *, by_cue: bool = False
) -> tuple[str, ...]:
    """The values of ``slot`` that a question mentions, in the slot's order; the longest cue wins where
    cues overlap, those of the other ``slots`` included. ``by_cue`` leaves out those that only a word which tells them
    apart speaks for."""
    return _options_offered(question, slot, tuple(slots), request, by_cue)


@functools.lru_cache(maxsize=4096)
def _options_offered(question: str, slot: Slot, slots: tuple[Slot, ...], request: str, by_cue: bool) -> tuple[str, ...]:
    found = _Found.of(question, slots if slot in slots else (*slots, slot), request)
    sure = {m.option for m in found.cued if m.slot == slot.name} - {None}
    told = sure | {m.option for m in found.told if m.slot == slot.name}
    offered = told if len(sure) < 2 <= len(told) and not by_cue else sure
    return tuple(option.value for option in slot.options if option.value in offered)


def is_generic(question: str, request: str = "") -> bool:
    """Whether a question has no content of its own: it asks what is meant, or repeats the request."""
    known = {stem(word) for word in words_of(request)} | EMPTY
    return all(stem(word) in known for word in words_of(question))


@dataclasses.dataclass(frozen=True)
class _Found:
    """A question's sentences with what was found in them: by cue, and by a word that tells a slot's options
    apart (``told``). What repeats the request is left out of both; ``known`` are the request's words."""

    sentences: tuple[Sentence, ...]
    cued: tuple[Mention, ...]
    told: tuple[Mention, ...]
    known: frozenset[str]

    @classmethod
    def of(cls, question: str, slots: Sequence[Slot], request: str) -> _Found:
        sentences = tuple(sentences_of(question))
        words = tuple(word for sentence in sentences for word in sentence.words)
        wanted = stems_of(request)
        repeated = _repeated(words, wanted)
        every = _mentions(words, joined(question), slots)
        taken = repeated | {i for m in every for i in range(m.start, m.end)}
        told = [
            Mention(i, i + 1, slot.name, option)
            for slot in slots
            for option, telling in _telling(slot).items()
            for i, word in enumerate(words)
            if word in telling and word not in wanted and i not in taken
        ]
        cued = [m for m in every if not repeated & set(range(m.start, m.end))]
        return cls(sentences, tuple(cued), tuple(told), frozenset(wanted))

    def of_slot(self, slot: Slot) -> list[Mention]:
        return [m for m in (*self.cued, *self.told) if m.slot == slot.name]

    def lists_everything(self, question: str) -> bool:
        alternatives = len(re.findall(r"[,;•|/]|\n\s*[-*\d]|\bor\b", question.lower()))
        words = sum(len(sentence.words) for sentence in self.sentences)
        if words > MAX_QUESTION_WORDS or alternatives > MAX_ALTERNATIVES:
            return True
        covered = {i for m in (*self.cued, *self.told) for i in range(m.start, m.end)}
        return any(
            len(row) >= MAX_FOREIGN and 2 * sum(not covered & set(part) for part in row) > len(row)
            for row in _rows_of_alternatives(question)
        )


def _rows_of_alternatives(question: str) -> list[list[range]]:
    """The runs of short parts between separators within a sentence, each as the positions of its words."""
    rows: list[list[range]] = [[]]
    at = 0
    for i, part in enumerate(_SEPARATOR.split(question.lower())):
        size = len(words_of(part))
        if part in (".", "?", "!") or (i % 2 == 0 and size > _SHORT):
            rows.append([])
        elif i % 2 == 0 and size:
            rows[-1].append(range(at, at + size))
        at += size
    return rows


def _asks_about(slot: Slot, mine: Sequence[Mention], found: _Found) -> bool:
    cued = [m for m in mine if m in found.cued]
    if len({m.option for m in cued} - {None}) > 1:
        return True
    before: Sentence | None = None
    for sentence in found.sentences:
        here = _within(sentence, mine)
        sure = [m for m in here if m in found.cued]
        if (
            _offers(sentence, here, mine, before)
            or _confirms(sentence, sure, slot, found.known)
            or _names(sentence, sure, found.known)
            or (_points_back(sentence) and before and any(m.option is None for m in _within(before, cued)))
        ):
            return True
        before = sentence if sentence.words else before
    return False


def _within(sentence: Sentence, mentions: Iterable[Mention]) -> list[Mention]:
    return [m for m in mentions if sentence.start <= m.start < sentence.end]


def _offers(sentence: Sentence, here: Sequence[Mention], mine: Sequence[Mention], before: Sentence | None) -> bool:
    """Whether a sentence, or two questions in a row, tell apart two options; or one and the slot's name, or
    one and all of them, as alternatives."""
    options = {m.option for m in here} - {None}
    if before is not None and before.marked and sentence.marked and options:
        options |= {m.option for m in _within(before, mine)} - {None}
    if len(options) > 1:
        return True
    if not options or not (sentence.marked or demands(sentence)) or _QUANTITY.match(sentence.plain):
        return False
    named = any(m.option is None for m in here)
    return (named and "or" in sentence.words) or bool(_AGAINST_ALL.search(_marked_up(sentence, here)))


def _confirms(sentence: Sentence, here: Sequence[Mention], slot: Slot, known: frozenset[str]) -> bool:
    """Whether a sentence asks to confirm an option, or consists of little but it and a question mark.

    A single word of the request confirms nothing: the "orders" of "purchase orders" are no order date.
    """
    if _QUANTITY.match(sentence.plain):
        return False
    small = _PARTICLES | known | {word for cue in slot.cues for word in _cue(cue)}
    for mention in here:
        at, end = mention.start - sentence.start, mention.end - sentence.start
        if mention.option is None or (end - at == 1 and sentence.words[at] in known):
            continue
        rest = {*sentence.words[:at], *sentence.words[end:]} - _cue_words(here, sentence)
        if (sentence.marked and rest <= small and not rest & _ASKING) or _CONFIRM.search(sentence.plain):
            return True
    return False


def _cue_words(here: Sequence[Mention], sentence: Sentence) -> set[str]:
    return {sentence.words[i - sentence.start] for m in here for i in range(m.start, m.end)}


def _names(sentence: Sentence, here: Sequence[Mention], known: frozenset[str]) -> bool:
    """Whether a sentence asks what is meant by a slot it names; ``known`` are the request's words."""
    named = [m for m in here if m.option is None]
    if not named:
        return False
    words = sentence.words
    covered = {i - sentence.start for m in named for i in range(m.start, m.end)}
    for mention in named:
        for word in reversed(words[: mention.start - sentence.start]):
            if word in ("which", "what"):
                return True
            if word not in _KINDS:
                break
    # "How many" asks for data, unless it is the slot's own cue.
    asking = any(
        word in _ASKING and (words[i + 1 : i + 2] not in (("many",), ("much",)) or i in covered)
        for i, word in enumerate(words)
    )
    if asking and (_ADDRESS & set(words) or _DEFINING.search(sentence.plain) or len(named) > 1):
        return True
    if _DEMAND & set(words[: max(covered)]) or _MEANT.search(_marked_up(sentence, here)):
        return True
    return sentence.marked and len(covered) == len(words) and not set(words) <= known


def _points_back(sentence: Sentence) -> bool:
    """Whether a sentence asks about what the one before has named: "Which one should I use?"."""
    words = set(sentence.words)
    return (
        (sentence.marked or demands(sentence))
        and bool(words & _ASKING and words & _POINTING)
        and words <= EMPTY | _RELATING
    )


def _marked_up(sentence: Sentence, here: Sequence[Mention]) -> str:
    """A sentence's words with § in place of the slot's name and ¤ in place of an option's cue."""
    words: list[str] = sentence.plain.split(" ")
    for mention in sorted(here, key=lambda m: m.start, reverse=True):
        at, end = mention.start - sentence.start, mention.end - sentence.start
        words[at:end] = ["§" if mention.option is None else "¤"]
    return " ".join(words)


def _repeated(words: Sequence[str], request: tuple[str, ...]) -> set[int]:
    """The positions of words that repeat the request: runs of four, or the whole of a shorter one."""
    size = min(_PARROTED, len(request))
    if size == 0:
        return set()
    runs = {request[i : i + size] for i in range(len(request) - size + 1)}
    if size < _PARROTED and tuple(words) != request:
        return set()
    return {i + j for i in range(len(words) - size + 1) if tuple(words[i : i + size]) in runs for j in range(size)}


@functools.lru_cache(maxsize=4096)
def _cue(text: str) -> tuple[str, ...]:
    return stems_of(text)


@functools.lru_cache(maxsize=1024)
def _telling(slot: Slot) -> dict[str, frozenset[str]]:
    """For each option the words of its cues and gloss that belong to no other option and say something."""

    def of(option: Option) -> set[str]:
        return {word for cue in (*option.cues, option.gloss) for word in _cue(cue)}

    common = {word for cue in slot.cues for word in _cue(cue)} | EMPTY | _KINDS | _COMPARING
    return {
        option.value: frozenset(
            word
            for word in of(option) - common - {word for other in slot.options if other != option for word in of(other)}
            if not word[0].isdigit()
        )
        for option in slot.options
    }


def _mentions(words: tuple[str, ...], within: Sequence[bool], slots: Sequence[Slot]) -> list[Mention]:
    """The cues found, longest first where they overlap; a cue that two owners share counts for both."""
    found = []
    for slot in slots:
        owners = [(slot.name, None, slot.cues), *((slot.name, o.value, (*o.cues, o.gloss)) for o in slot.options)]
        for name, option, cues in owners:
            for cue in {_cue(cue) for cue in cues} - {()}:
                size = len(cue)
                found += [
                    Mention(i, i + size, name, option)
                    for i in range(len(words) - size + 1)
                    if words[i : i + size] == cue and not _cuts(i, i + size, within)
                ]
    found.sort(key=lambda m: (m.start - m.end, m.start))
    taken: dict[int, tuple[int, int]] = {}
    kept = []
    for mention in found:
        span = (mention.start, mention.end)
        if all(taken.get(i, span) == span for i in range(*span)):
            taken.update(dict.fromkeys(range(*span), span))
            kept.append(mention)
    return sorted(kept, key=lambda m: m.start)


def _cuts(start: int, end: int, within: Sequence[bool]) -> bool:
    """Whether the words ``start`` to ``end`` are the end of one identifier, or the start of one, and more."""
    before, after = within[start], end < len(within) and within[end]
    return (before or after) and not all(within[start + 1 : end])
