"""Whether a text asks the user something: rules over words, without a model.

They serve replies that hold SQL and replies in free text alike. Of the latter many an answer looks like a
question: what someone in a passage asked, a title, a noun clause ("what he did in the war"), a rhetorical
question, a refusal ("I don't know which"). ``tests/fixtures/actions`` holds cases of each.
"""

from __future__ import annotations

import itertools
import re

from act_env import quotations, rhetoric
from act_env.phrases import AUXILIARY, LEAD, PERSON, WH, is_about_meaning
from act_env.words import Sentence, plain_of, sentences_of

_FENCE = re.compile(r"```.*?(?:```|\Z)", re.DOTALL)
_BROKEN_SQL = re.compile(r"\s*(?:select\b.*\bfrom\b|with\s+\w+\s+as\s*\()", re.IGNORECASE | re.DOTALL)
# Their full stop ends no sentence.
_ABBREVIATED = re.compile(r"\b(Mr|Mrs|Ms|Dr|St|Prof|Jr|Sr|vs|[A-Z])\.(?=\s+\S)")

# The patterns below are for a sentence's words, in lower case, with single spaces between them.

_DIRECT = r"""(?:
      clarify | specify | confirm | elaborate | disambiguate | rephrase
    | be[ ](?:a[ ](?:bit|little)[ ])?more[ ](?:specific|precise)
    )"""
_TELL = r"(?:tell[ ]me|let[ ]me[ ]know|say|indicate|choose|pick|explain|state)"
# What tells "I don't know which one you mean" from "I don't know which one he meant".
_TO_YOU = r".{0,150}\b(?:you|your|meant|counts?|qualif\w+|refers?|to[ ]use|should[ ](?:i|we|be)|(?:i|we)[ ]should)\b"
_REQUEST = re.compile(
    rf"""
      \b(?:please | kindly | pls | (?:could|can|would|will)[ ]you | you[ ](?:to|must|have[ ]to|need[ ]to))
      [ ](?:(?:also|please|first|then)[ ]){{0,3}}
      (?:{_DIRECT}\b | {_TELL}[ ](?:me[ ])?(?:exactly[ ])?(?:{WH}|the|one|between|more)\b)
    | \A{LEAD}{_DIRECT}(?:\Z | [ ](?:your|yourself)\b | [ ]{WH}(?:{_TO_YOU} | (?:[ ]\w+){{0,2}}\Z))
    | \A{LEAD}(?:tell[ ]me|let[ ]me[ ]know)[ ](?:exactly[ ])?{WH}\b
    | \A{LEAD}{_TELL}[ ](?:exactly[ ])?{WH}\b{_TO_YOU}
    | \blet[ ]me[ ]know[ ](?:if|whether)[ ]you[ ](?:mean|meant|want|prefer)\b
      (?![ ](?:to[ ]\w+[ ])?(?:more|further|any|anything|something|other)\b)
    | (?:\b(?:i|we)[ ](?:\w+[ ]){{0,2}}(?:need|have|want|like) | \b(?:i|we)'d[ ](?:\w+[ ])?(?:need|have|like)
      | \A{LEAD}(?:just|need))
      [ ]to[ ](?:know|ask|check|understand|confirm)[ ](?:first[ ])?(?:you[ ])?(?:exactly[ ])?{WH}\b
    | \b(?:i|we)(?:'d)?[ ](?:would[ ])?need[ ]to[ ]know[ ](?:the|your|more)\b
    | (?:\b(?:unclear | unsure | uncertain | ambiguous | (?:not|isn't|aren't)[ ](?:clear|sure|certain)
      | without[ ]knowing | (?:don't|do[ ]not|can't|cannot)[ ](?:know|tell|say|determine))
      | \A{LEAD}(?:it|this|that)[ ]depends[ ]on)
      [ ](?:to[ ]me[ ])?(?:about[ ])?(?:exactly[ ])?{WH}{_TO_YOU}
    | \b(?:i|we|i'd|we'd|please)\b(?:[ ]\w+){{0,4}}[ ]clarification\b
    | \bclarification[ ](?:is[ ]|would[ ]be[ ])?(?:needed|required|necessary|helpful|please)\b
    """,
    re.VERBOSE,
)

_OF_WHAT = r"(?:(?:in|by|for|of|on|at|from|to|with|as[ ]of|about|under)[ ])?"
_NO_NOUN = rf"(?:{PERSON}|{AUXILIARY}|his|her|its|their|the|a|an|this|that|these|those|to)"
_NOUN = rf"(?!{_NO_NOUN}\b)[\w']+"
# Where a noun clause goes on with a verb instead: "which means", "which began".
_VERB = r"""(?:
      \w+ed | means? | includes? | covers? | starts? | remains? | seems? | makes? | gives? | takes? | comes? | goes
    | shows? | allows? | causes? | began | became | came | went | made | gave | took | led | ran | said | got | left
    | kept | held | meant | stood
    )"""
_WHAT = r"""(?:
      years? | quarters? | months? | weeks? | days? | dates? | times? | periods? | kinds? | types? | sorts? | ones?
    | parts? | places? | locations? | city | cities | country | countries | states? | regions? | company | companies
    | segments? | teams? | persons? | people | names? | characters? | numbers? | amounts? | units? | items? | products?
    | category | categories | versions? | events? | order | size | colou?r | level
    )"""
# A question in short: "Which one", "What year", "The third what".
_SHORT = re.compile(
    rf"""{LEAD}{_OF_WHAT}(?:
      who | whom | what | when | where | why | how | which | whose[ ]{_NOUN}
    | which(?:[ ](?!{_VERB}\b){_NOUN}){{0,2}}(?:[ ]of[ ](?:the|these|those|them|your)(?:[ ]{_NOUN}){{0,2}})?
    | what[ ](?:{_NOUN}[ ])?{_WHAT}(?:[ ]of(?:[ ]{_NOUN}){{1,2}})?
    | how[ ](?:many|much|long|often|old|far|big|large|high)
    | (?:the|a|an)[ ]\w+[ ](?:what|which)
    )\Z""",
    re.VERBOSE,
)
_UNMARKED = re.compile(
    rf"""{LEAD}(?:
      (?:do|did|are|were|can|could|would|should|shall)[ ](?:you|i|we|they)\b
    | (?:do|does|did)[ ](?:it|this|that|these|those|the[ ]\w+)[ ](?:\w+[ ]){{0,3}}(?:mean|count|include|refer|qualify)\b
    | (?:would|should|shall)[ ](?:it|this|that|these|the)\b
    | {_OF_WHAT}(?:which|what|how|who|whom|whose|when|where)[ ](?:(?!{PERSON}\b)[\w']+[ ]){{0,8}}
      (?:(?:do|did|are|were)[ ](?:you|i|we|they)|(?:would|should|shall|can|could)[ ](?:{PERSON}|the|this|that|these))\b
    | what(?:[ ](?:does|do|is|are)|'s)\b.*\b(?:mean|meant|supposed)\b
    | (?:what|who|where)(?:[ ](?:is|are|was|were)|'s)[ ](?:it|he|she|they|this|that|{quotations.STAND_IN})\Z
    | you[ ]meant?\b
    | (?!(?:{PERSON}|if|as)\b)(?:(?!asked\b|said\b)[\w']+[ ]){{0,4}}
      (?:(?:are|were)[ ]you[ ](?:asking|referring|talking|looking|interested)|(?:do|did)[ ]you[ ](?:mean|want|prefer))\b
    )""",
    re.VERBOSE,
)
# "Should the value fall, a loss is recognised": an auxiliary first, and a clause after the comma.
_CONDITION = re.compile(rf"{LEAD}(?:(?:should|could)[ ](?!(?:i|we)\b)|were[ ])", re.VERBOSE)
_CLAUSE_AFTER = re.compile(r",(?!\s*(?:or|and)\b)")
# Two short alternatives and nothing else: "per month or per year".
_CHOICE = re.compile(
    r"(?!(?:i|we|it|here|yes|no|either)\b)[^\W\d]\w*(?:[ ][\w'-]+){0,3}[ ]or[ ]"
    r"(?!(?:more|less|fewer|later|earlier|above|below|before|after)\b)[^\W\d]\w*(?:[ ][\w'-]+){0,3}\Z"
)
_PART_OF_CLAUSE = re.compile(rf"\b(?:{PERSON}|{AUXILIARY})\b")


def asks(text: str) -> bool:
    """Whether a text asks the user something: a question, or a request to clarify without its mark.

    Not counted are closing courtesies ("Does that help?"), tags of one word ("Right?"), rhetorical questions
    and those that the writer answers at once ("The total? It is 42."), what is quoted, titles, and code. A
    text that is a quotation and nothing else asks only where it asks how a request is meant ("Which date?").
    """
    prose = _FENCE.sub("\n", text)
    if _BROKEN_SQL.match(prose):
        return False
    quoted = quotations.alone(prose)
    if quoted is not None:
        return _is_about_request(plain_of(quoted)) and _asks(quotations.stood_in(quoted))
    if quotations.is_title(prose) or quotations.is_to_another(prose):
        return False
    return _asks(quotations.stood_in(prose))


def demands(sentence: Sentence) -> bool:
    """Whether a sentence asks to be told something, with or without a question mark."""
    return bool(_REQUEST.search(sentence.plain))


def is_choice(text: str) -> bool:
    """Whether a text is two short alternatives and nothing else, such as "net or gross revenue".

    Of a reply that should hold SQL that is a question; in free text it is an answer ("bread or cheese").
    """
    prose = _FENCE.sub("\n", text)
    return not _BROKEN_SQL.match(prose) and bool(_CHOICE.match(" ".join(prose.lower().split())))


def _asks(prose: str) -> bool:
    prose = _ABBREVIATED.sub(r"\1", prose)
    sentences = [sentence for sentence in sentences_of(prose) if sentence.words]
    for sentence, following in itertools.zip_longest(sentences, sentences[1:]):
        if demands(sentence) or (sentence.marked and _asks_marked(sentence.plain, following)):
            return True
    return bool(sentences) and not sentences[-1].marked and _asks_unmarked(sentences[-1].plain, len(sentences), prose)


def _asks_marked(plain: str, following: Sentence | None) -> bool:
    if rhetoric.is_idle(plain) or quotations.is_spoken(plain):
        return False
    if following is None or following.marked:
        return True
    return not (
        quotations.names_speaker(following.plain)
        or rhetoric.is_answered(plain, following.plain, short=bool(_SHORT.match(plain)))
    )


def _asks_unmarked(last: str, count: int, prose: str) -> bool:
    """Whether the last of ``count`` sentences is a question without its mark."""
    if rhetoric.is_idle(last) or (_CONDITION.match(last) and _CLAUSE_AFTER.search(prose)):
        return False
    if count > 1:
        return bool(_UNMARKED.match(last)) and is_about_meaning(last)
    if _SHORT.match(last):
        return " " in last or not prose.isupper()
    return bool(_UNMARKED.match(last))


def _is_about_request(plain: str) -> bool:
    """Whether a question can only be the writer's own: it asks how a request is meant, in full or in short."""
    return (
        is_about_meaning(plain)
        or bool(_REQUEST.search(plain))
        or (" " in plain and bool(_SHORT.match(plain)))
        or (" or " in plain and not _PART_OF_CLAUSE.search(plain))
    )
