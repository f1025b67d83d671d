"""Whether a text asks the user something: rules over words, without a model."""

from __future__ import annotations

import re

from act_env.words import Sentence, sentences_of

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
    | what(?:[ ](?:does|do|is|are)|'s)\b.*\b(?:mean|meant|supposed)\b.*
    )""",
    re.VERBOSE,
)
# Two short alternatives and nothing else: "per month or per year".
_BARE = re.compile(
    r"(?!(?:i|we|it|here|yes|no|either)\b)[^\W\d]\w*(?:[ ][\w'-]+){0,3}[ ]or[ ]"
    r"(?!(?:more|less|fewer|later|earlier|above|below|before|after)\b)[^\W\d]\w*(?:[ ][\w'-]+){0,3}\Z"
)


def asks(text: str) -> bool:
    """Whether a text asks the user something: a question, or a request to clarify without its mark.

    Not counted are closing courtesies ("Does that help?"), tags of one word ("Right?"), questions that
    the writer answers at once ("The total? It is 42."), and code.
    """
    prose = _FENCE.sub("\n", text)
    if _BROKEN_SQL.match(prose):
        return False
    sentences = [sentence for sentence in sentences_of(prose) if sentence.words]
    for i, sentence in enumerate(sentences):
        if demands(sentence):
            return True
        if sentence.marked and not _RHETORICAL.match(sentence.plain):
            answered = i + 1 < len(sentences) and not sentences[i + 1].marked
            if not answered or _ADDRESSED.search(sentence.plain):
                return True
    return len(sentences) == 1 and bool(
        _UNMARKED.match(sentences[0].plain) or _BARE.match(" ".join(prose.lower().split()))
    )


def demands(sentence: Sentence) -> bool:
    """Whether a sentence asks to be told something, with or without a question mark."""
    return bool(_REQUEST.search(sentence.plain))
