"""Questions that ask the user nothing: rhetorical ones, courtesies, and those that their writer answers."""

from __future__ import annotations

import re

from act_env.phrases import AUXILIARY, LEAD, PERSON, WH, is_about_meaning

_RHETORICAL = re.compile(
    rf"""{LEAD}(?:
      why[ ]not | guess[ ]wh(?:o|at) | so[ ]what | what[ ]more.* | why[ ]bother\b.* | need[ ](?:i|we)\b.*
    | who[ ](?:cares|knows)\b.* | who[ ](?:does|would|is|ca)n't\b.* | why[ ](?:wouldn't|shouldn't)\b.*
    | (?:why|how|who)[ ](?:would|should|does|could|can)[ ]any(?:one|body)\b.*
    | who[ ](?:would|could)[ ](?:have|blame|believe)\b.* | what[ ](?:can|do)[ ]i[ ](?:say|do|know)
    | (?:how|what|where)[ ](?:should|would|could|can|am)[ ]i[ ](?:supposed[ ])?(?:to[ ])?know
    | (?:what|who|how|why|where)[ ](?:could|would|can|should)[ ](?:\w+[ ])?(?:possibly|ever)\b.*
    | what[ ](?:difference|choice|harm|good)[ ](?:do|does|did|would|could|is|was|has|had)[ ](?!you\b).*
    | (?:what[ ])?(?:does|did|would)[ ](?:it|this|that)[ ](?:really[ ]|even[ ])?matter\b.*
    | isn't[ ](?:it|that|this)[ ](?:\w+[ ])?(?:obvious|clear|true|funny|strange|odd|enough|sad|nice|great|wonderful)\b.*
    | (?:can|could|would)[ ]you[ ](?:believe|imagine)\b.* | did[ ]you[ ]know\b.*
    | how[ ](?:are[ ]you(?:[ ]doing)?(?:[ ]today)?|do[ ]you[ ]do)
    )\Z""",
    re.VERBOSE,
)
_COURTESY = re.compile(
    rf"""{LEAD}(?:
      right | correct | ok | okay | alright | really | ready | see | got[ ]it | isn't[ ]it | hm+ | huh | eh | yes | no
    | clear | is[ ](?:that|it)[ ]clear | understood | agreed | fair[ ]enough | you[ ](?:see|know|know[ ]what)
    | (?:make|makes)[ ]sense | sounds?[ ]good | deal | simple | easy | how[ ]about[ ]that
    | (?:does|did|do|will|would)[ ](?:this|that|it|these|those)[ ](?:help|answer|work|make[ ]sense|suit)\b.*
    | (?:is|was|are)[ ](?:this|that|it|there)[ ](?:what[ ]you|anything|something|helpful|ok\b|okay|all\b|enough).*
    | (?:do|would)[ ]you[ ](?:need|want|like)[ ](?:anything|something|any)[ ](?:else|more|further|other|help).*
    | (?:(?:do|would)[ ]you[ ](?:want|like)|want)[ ]to[ ](?:know|hear|learn|see|read)
      [ ](?:more|further|any|anything|something)\b(?!.*\bor\b).*
    | (?:(?:do|would)[ ]you[ ](?:want|like)[ ]me[ ]to|(?:shall|should)[ ]i)
      [ ](?:explain|elaborate|continue|go[ ]on|go[ ]into|say[ ]more|tell[ ]you[ ]more)\b(?!.*\bor\b).*
    | what[ ]else(?:[ ](?:would|do|can|could|may|should)[ ]{PERSON}\b.*)? | (?:anything|something)[ ](?:else|more)\b.*
    | (?:do[ ]you[ ]have[ ])?any[ ](?:other[ ]|more[ ]|further[ ])?questions?\b.*
    | (?:how[ ])?(?:can|may|could)[ ]i[ ](?:help|assist|be[ ]of)\b.* | need[ ](?:anything|something).*
    )\Z""",
    re.VERBOSE,
)
_ADDRESSED = re.compile(r"\b(?:you|your|yours|i|we|me|us|should|shall|or)\b")
_PREFACE = re.compile(
    rf"""
      (?:(?:(?:do[ ])?you[ ])?(?:want|wish)|would[ ]you[ ]like|curious)[ ]to[ ](?:know|hear)[ ].*
    | (?:do[ ])?you[ ]ask[ ]{WH}\b.*
    """,
    re.VERBOSE,
)
_INVERTED = re.compile(rf"({AUXILIARY}) ")
_IF_SO = re.compile(r"(?:then|if so|in that case) \w")
_REASON = re.compile(
    r"""
      thanks | thank[ ]you | please | both\b | (?:several|many|multiple|more[ ]than)[ ]\w
    | (?:i|we)[ ](?:have|see|found)\b | (?:it|that)[ ](?:depends|is[ ](?:unclear|ambiguous|not[ ]clear))\b
    | there[ ](?:is|are|was|were)[ ](?:both|two|three|four|several|many|multiple|more|different|some|a[ ]few|\d+)\b
    | (?:the|this|your|our)[ ](?:\w+[ ])?
      (?:tables?|passage|text|story|article|report|schema|database|data|notes|document|columns?|paragraphs?)
      [ ](?:\w+[ ])?(?:has|have|lists?|gives?|shows?|names?|mentions?|holds?|contains?|covers?|includes?|tells?)\b
    """,
    re.VERBOSE,
)


def is_idle(plain: str) -> bool:
    """Whether a question is put for form's sake: "Who knows?", "Does that help?"."""
    return bool(_RHETORICAL.match(plain) or _COURTESY.match(plain))


def is_answered(plain: str, following: str, *, short: bool) -> bool:
    """Whether the statement that follows a question answers it: "Who won? Marsh did.".

    One that gives the reason for a question to the user does not: "Which year? The table has two.". A
    question put without a verb (``short``) is to the user if a reason follows.
    """
    if _IF_SO.match(following):
        return True
    if _REASON.match(following) and (short or _ADDRESSED.search(plain)):
        return False
    inverted = _INVERTED.match(plain)
    if inverted and not is_about_meaning(plain) and re.match(rf"(?:yes|no)\b|\w+ {inverted[1]}\b", following):
        return True
    return bool(_PREFACE.match(plain)) or not _ADDRESSED.search(plain)
