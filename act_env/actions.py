"""What a reply is: CLARIFY or ANSWER, and which slots a question asks about.

Rules over words, without a model, so that a reply is read the same way everywhere and whoever plays
the user. ``tests/fixtures/actions`` holds the cases.
"""

from __future__ import annotations

import dataclasses
import functools
import re
import unicodedata
from collections.abc import Sequence

from act_env.conversation import Action, Slot

MAX_SLOTS = 2
"""Slots that one question may get resolved."""

MAX_QUESTION_WORDS = 60
MAX_ALTERNATIVES = 8
"""A question with more words, or more commas, semicolons, bullets and "or"s, than these lists everything
there is rather than asks about something; it gets nothing resolved."""

_PARROTED = 4
"""Words in a row that a question shares with the request: they repeat it and name nothing."""

_MARKS = "?？؟"
_SENTENCE = re.compile(rf"(?:[^.!;\n{_MARKS}]|[.](?=\w))+[.!;\n{_MARKS}]*")
_QUESTION = re.compile(rf"[{_MARKS}][\W_]*\Z")
_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*")
_FENCE = re.compile(r"```.*?(?:```|\Z)", re.DOTALL)
_BROKEN_SQL = re.compile(r"\s*(?:select\b.*\bfrom\b|with\s+\w+\s+as\s*\()", re.IGNORECASE | re.DOTALL)

# The patterns below are for a sentence's words, in lower case, with single spaces between them.

_WH = r"(?:which|what|whether|how|where|when|who|whose)"
_LEAD = r"""(?:(?:
      so | sorry | sure | ok | okay | hm+ | hi | hello | well | and | but | just | thanks | thank[ ]you | great | first
    | then | also | before[ ]i[ ]\w+ | (?:just[ ])?(?:one|a|quick|a[ ]quick)[ ]question
    )[ ])*"""
_RHETORICAL = re.compile(
    rf"""{_LEAD}(?:
      why[ ]not | who[ ](?:knows|cares) | guess[ ]what | so[ ]what | what[ ](?:else|more.*)
    | right | correct | ok | okay | really | ready | see | got[ ]it | you[ ](?:see|know|know[ ]what) | isn't[ ]it
    | (?:make|makes)[ ]sense | sounds?[ ]good | deal | simple | easy | how[ ]about[ ]that
    | (?:does|did|do|will|would)[ ](?:this|that|it|these|those)[ ](?:help|answer|work|make[ ]sense|suit)\b.*
    | (?:is|was|are)[ ](?:this|that|it|there)[ ](?:what[ ]you|anything|something|helpful|ok\b|okay|all\b|enough).*
    | (?:do|would)[ ]you[ ](?:need|want|like)[ ](?:anything|something|any)[ ](?:else|more|further|other|help).*
    | (?:anything|something)[ ]else.* | any[ ](?:other|more|further)[ ]questions
    | (?:how[ ])?(?:can|may|could)[ ]i[ ](?:help|assist|be[ ]of)\b.* | need[ ](?:anything|something).*
    )\Z""",
    re.VERBOSE,
)
_ADDRESSED = re.compile(r"\b(?:you|your|yours|i|we|me|us|should|shall|or)\b")
_DIRECT = r"""(?:
      clarify | specify | confirm | elaborate | disambiguate | rephrase
    | be[ ](?:a[ ](?:bit|little)[ ])?more[ ](?:specific|precise)
    )"""
_TELL = r"(?:tell[ ]me|let[ ]me[ ]know|say|indicate|choose|pick|explain|state)"
_REQUEST = re.compile(
    rf"""
      \b(?:please | kindly | pls | (?:could|can|would|will)[ ]you | you[ ]to | must | have[ ]to)
      [ ](?:(?:also|please|first|then)[ ])*
      (?:{_DIRECT}\b | {_TELL}[ ](?:me[ ])?(?:exactly[ ])?(?:{_WH}|the|one|between|more)\b)
    | \A{_LEAD}(?:{_DIRECT}\b | {_TELL}[ ](?:exactly[ ])?{_WH}\b)
    | \blet[ ]me[ ]know[ ](?:if|whether)[ ]you[ ](?:mean|meant|want|prefer)\b
    | \bto[ ](?:know|ask|check|understand|confirm)[ ](?:first[ ])?(?:you[ ])?(?:exactly[ ])?{_WH}\b
    | \b(?:unclear | unsure | uncertain | ambiguous | (?:not|isn't|aren't)[ ](?:clear|sure|certain))
      [ ](?:to[ ]me[ ])?(?:about[ ])?{_WH}\b
    | \b(?:don't|do[ ]not|can't|cannot)[ ](?:know|tell)[ ]{_WH}\b
    | \bclarification\b
    """,
    re.VERBOSE,
)
_UNMARKED = re.compile(
    rf"""{_LEAD}(?:
      (?:do|did|are|were|would|should|shall|could|can)[ ](?:you|i|we|they|it|the|this|that|these)\b
    | (?:in[ ]|by[ ]|for[ ])?(?:which|what|how|whose)\b.*
      \b(?:do|did|would|should|are|shall|can|could)[ ](?:you|i|we|it|they|the)\b
    )""",
    re.VERBOSE,
)


def action_of(text: str) -> Action:
    """The action that a reply implies: one that holds a runnable statement is ANSWER, even if it also
    asks; else one that asks the user something is CLARIFY; any other is an (unreadable) ANSWER."""
    if statement_in(text) is not None:
        return Action.ANSWER
    return Action.CLARIFY if asks(text) else Action.ANSWER


def statement_in(text: str) -> str | None:
    """The runnable SQL statement that a reply holds, or None."""
    from act_env.sql import readings

    return readings.find_statement(text)


def also_asks(text: str, statement: str) -> bool:
    """Whether a reply asks something beside the ``statement`` it holds."""
    before, found, after = text.partition(statement.strip().rstrip(";").rstrip())
    return asks(f"{before}\n{after}" if found else text)


def asks(text: str) -> bool:
    """Whether a text asks the user something: a question, or a request to clarify without its mark.

    Not counted are closing courtesies ("Does that help?"), tags of one word ("Right?"), questions that
    the writer answers at once ("The total? It is 42."), and code.
    """
    prose = _FENCE.sub("\n", text)
    if _BROKEN_SQL.match(prose):
        return False
    sentences = [(_plain(sentence), bool(_QUESTION.search(sentence))) for sentence in _SENTENCE.findall(prose)]
    sentences = [(plain, marked) for plain, marked in sentences if plain]
    for i, (plain, marked) in enumerate(sentences):
        if _REQUEST.search(plain):
            return True
        if marked and not _RHETORICAL.match(plain):
            answered = i + 1 < len(sentences) and not sentences[i + 1][1]
            if not answered or _ADDRESSED.search(plain):
                return True
        if not marked and len(sentences) == 1 and _UNMARKED.match(plain):
            return True
    return False


def _words(text: str) -> list[str]:
    text = unicodedata.normalize("NFKC", text).lower().replace("’", "'").replace("_", " ")
    return _WORD.findall(text)


def _plain(text: str) -> str:
    return " ".join(_words(text))


# Which slots a question asks about. The words below are stems, as those of a question are made.


@functools.lru_cache(maxsize=65536)
def _stem(word: str) -> str:
    """A word without its plural, its ending -ed or -ing, and its last e: equal for what cues should match."""
    word = word.removesuffix("'s")
    if len(word) > 4 and word.endswith("ies"):
        word = word[:-3] + "y"
    elif len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        word = word[:-1]
    for ending in ("ing", "ed"):
        if len(word) > len(ending) + 3 and word.endswith(ending):
            word = word[: -len(ending)]
            break
    return word.removesuffix("e") if len(word) > 3 else word


def _stems(text: str) -> frozenset[str]:
    return frozenset(map(_stem, text.split()))


_EMPTY = _stems(
    """
    a an the and or of to for in on at by with about is are was were be it this that these those i we you your me my us
    do does did can could will would should shall please kindly sorry so just exactly more bit not sure what which
    how why who when where mean meant meaning clarify clarification specify explain elaborate rephrase repeat say again
    tell know need want like understand understood ask asking asked asks question request precise precisely specific
    detail details information unclear ambiguous help look looking if have give get think thing something anything else
    quite clear clearer any some there here one
    """
)
_KINDS = _stems(
    "kind type sort form version definition notion measure measurement sense meaning variant flavour flavor category "
    "way of the your this that these those exact exactly specific particular column field value values do you mean by "
    "one ones"
)
_ASKING = _stems("which what how whether where when who whose")
_ADDRESS = _stems("you your should shall would mean meant")
_DEMAND = _stems("clarify specify explain define confirm disambiguate elaborate indicate choose pick rephrase")
_DEFINING = re.compile(
    r"""\b(?:
      counts?[ ]as | qualif\w+ | consider(?:ed)? | treat(?:ed)? | constitutes? | threshold | cutoff | cut[ ]off
    | makes?[ ](?:an?|the|it|them|\w+[ ]\w+\Z)
    )\b""",
    re.VERBOSE,
)
_ARTICLES = _stems("the a an so then just only all")
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


@dataclasses.dataclass(frozen=True)
class Mention:
    """A cue found in a question: the words ``start`` to ``end``, of the slot itself or of one option."""

    start: int
    end: int
    slot: str
    option: str | None


def slots_asked(question: str, slots: Sequence[Slot], request: str = "") -> tuple[str, ...]:
    """The slots that a question asks about, by first mention; at most two.

    A question asks about a slot if it offers at least two of its options (by cue or gloss), asks to confirm one
    ("Do you mean net revenue?"), or names the slot while asking what is meant by it. Words that repeat
    four or more of the ``request`` in a row count for nothing, and so does a question that only asks
    for the data ("What is the revenue?"), a generic one, and one that lists everything.
    """
    sentences = _sentences(question)
    words = tuple(word for sentence in sentences for word in sentence.words)
    alternatives = len(re.findall(r"[,;•|/]|\n\s*[-*\d]|\bor\b", question.lower()))
    if len(words) > MAX_QUESTION_WORDS or alternatives > MAX_ALTERNATIVES:
        return ()
    known = tuple(map(_stem, _words(request)))
    repeated = _repeated(words, known)
    mentions = [m for m in _mentions(words, slots) if not repeated & set(range(m.start, m.end))]
    asked: dict[str, int] = {}
    for slot in slots:
        mine = [m for m in mentions if m.slot == slot.name]
        options = {m.option for m in mine} - {None}
        if (
            len(options) > 1
            or (options and any(_confirms(sentence, mine) for sentence in sentences))
            or any(_names(sentence, slot, mine, frozenset(known)) for sentence in sentences)
        ):
            asked[slot.name] = min(m.start for m in mine)
    return tuple(sorted(asked, key=asked.__getitem__)[:MAX_SLOTS])


def options_offered(question: str, slot: Slot, slots: Sequence[Slot] = ()) -> tuple[str, ...]:
    """The values of ``slot`` that a question mentions, in the slot's order; the longest cue wins where
    cues overlap, those of the other ``slots`` included."""
    words = tuple(map(_stem, _words(question)))
    everything = tuple(slots) if slot in slots else (*slots, slot)
    found = {m.option for m in _mentions(words, everything) if m.slot == slot.name}
    return tuple(option.value for option in slot.options if option.value in found)


def is_generic(question: str, request: str = "") -> bool:
    """Whether a question has no content of its own: it asks what is meant, or repeats the request."""
    known = {_stem(word) for word in _words(request)} | _EMPTY
    return all(_stem(word) in known for word in _words(question))


@dataclasses.dataclass(frozen=True)
class _Sentence:
    """A sentence of a question: the position of its first word, its stems, its plain words, and whether
    a question mark ends it."""

    start: int
    words: tuple[str, ...]
    plain: str
    marked: bool

    def mentions(self, found: Sequence[Mention]) -> list[Mention]:
        return [m for m in found if self.start <= m.start < self.start + len(self.words)]


def _sentences(text: str) -> list[_Sentence]:
    sentences, start = [], 0
    for part in _SENTENCE.findall(text):
        words = tuple(map(_stem, _words(part)))
        sentences.append(_Sentence(start, words, _plain(part), bool(_QUESTION.search(part))))
        start += len(words)
    return sentences


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
    return tuple(map(_stem, _words(text)))


def _mentions(words: tuple[str, ...], slots: Sequence[Slot]) -> list[Mention]:
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
                    if words[i : i + size] == cue
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


def _confirms(sentence: _Sentence, found: Sequence[Mention]) -> bool:
    """Whether a sentence asks to confirm an option, or consists of it and a question mark."""
    for mention in sentence.mentions(found):
        if mention.option is not None:
            at = mention.start - sentence.start
            rest = {*sentence.words[:at], *sentence.words[at + mention.end - mention.start :]}
            if (sentence.marked and rest <= _ARTICLES) or _CONFIRM.search(sentence.plain):
                return True
    return False


def _names(sentence: _Sentence, slot: Slot, found: Sequence[Mention], known: frozenset[str]) -> bool:
    """Whether a sentence asks what is meant by a slot it names; ``known`` are the request's words."""
    named = [m for m in sentence.mentions(found) if m.option is None]
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
    if _DEMAND & set(words[: max(covered)]):
        return True
    return sentence.marked and len(covered) == len(words) and not set(words) <= known
