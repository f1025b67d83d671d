"""What a reply repeats rather than says: quoted speech, what someone in a passage asks, titles, links."""

from __future__ import annotations

import re

from act_env.phrases import AUXILIARY, WH, is_about_meaning
from act_env.words import plain_of, words_of

STAND_IN = "quoted"

_QUOTED = re.compile(
    r"""
      "[^"]*" | “[^“”]*” | „[^„“”]*[“”] | «[^«»]*» | 「[^「」]*」 | `[^`\n]*`
    | (?<!\w)['‘](?=\S)(?:[^'‘’\n]|(?<=\w)['’](?=\w))*['’](?!\w)
    """,
    re.VERBOSE,
)
_OPENED = re.compile(r"""\s*["“„'‘«「]([^"“”„«»「」]*)\Z""")
_CLOSED = re.compile(r"""([^"“”„«»「」]*[?？])["”’»」]\s*\Z""")
_LINK = re.compile(r"\b(?:https?://|www\.)\S*[\w/=&]", re.IGNORECASE)
_DOUBT = re.compile(r"[(\[]\s?[?？]{1,3}\s?[)\]]")
_ASKED_WITHIN = re.compile(r"""[?？][.!…)\]]*["”’»」][.!…)\]]*\Z""")
_ASKING = re.compile(
    rf"\W{{0,9}}(?:{WH}\s)?(?:is|are|was|were|do|does|did|should|shall|would|could|can)\b", re.IGNORECASE
)

_TITLE_WORD = re.compile(r"\b[^\W\d_]+(?:['’][^\W\d_]+)*")
_LOWER_IN_TITLES = re.compile(r"(?:an?|the|of|in|on|at|to|for|by|from|with|and|or|but|nor|as|vs)\Z")
_UPPER_IN_TITLES = re.compile(
    rf"(?:{WH}|why|{AUXILIARY}|i|me|my|we|us|our|you|your|he|his|him|she|her|they|them|their|it|this|that|there|not|s|re)\Z"
)

# "Captain, can't you see the rocks?": nobody addresses a user so.
_VOCATIVE = re.compile(
    rf"""
      \W{{0,9}}(?:
        Mr|Mrs|Ms|Miss|Dr|Doctor|Captain|Sir|Madam|Father|Mother|Dad|Daddy|Papa|Mum|Mom|Mama|Uncle|Aunt|Granny
      | Grandpa|Grandma|Boys|Girls|Children|Darling
      )\b[^,?!]{{0,20}},\s?(?:{WH}|{AUXILIARY}|ca)(?:n[’']t)?\b
    | [^.?!]*,\s?(?:my\s\w+|sir|madam|ma[’']am|captain|doctor|mom|mum|dad|mama|papa)[?？]\W{{0,9}}\Z
    """,
    re.IGNORECASE | re.VERBOSE,
)
# An assistant has no belongings but its work, and asks nobody to remember it.
_SPOKEN = re.compile(
    r"""
      \b(?:do|did|wo|would|ca|could|have|are|were|should)n't[ ]you\b(?!(?:[ ]\w+)?[ ](?:want|prefer|need|rather)\b)
    | \bmy[ ](?!(?:\w+[ ])?(?:answers?|reply|quer(?:y|ies)|list|table|results?|understanding|assumption|guess|default
      |question|summary|reading)\b)
    | \b(?:remember|love|marry|forgive|believe|hear|hate|kill|hurt|leave|follow|trust|miss|blame|know|forget)[ ]me\b
    | \b(?:come|go|stay|dance|play|live|walk|run|travel)[ ](?:\w+[ ])?with[ ](?:me|us)\b
    """,
    re.VERBOSE,
)
_SPEECH = r"(?:asked|wondered|inquired|cried|exclaimed|shouted|whispered|said)\b"
_REPORTED = re.compile(
    rf"""(?:(?:and|but|then|when|as)[ ])?(?!(?:you|i|we|this|that|{WH}|{AUXILIARY})\b)(?:(?:the|a|his|her)[ ])?
      (?!(?:user|customer|question)\b)\w+[ ](?:\w+ly[ ])?(?:{_SPEECH}|wanted[ ]to[ ]know\b)
      (?![ ](?:for|about)\b)(?!.*[ ](?:what|who|whom|which)\Z)""",
    re.VERBOSE,
)
_SPEAKER = re.compile(rf"(?:(?:the|a|his|her)[ ])?\w+[ ](?:\w+ly[ ])?{_SPEECH}", re.VERBOSE)


def alone(text: str) -> str | None:
    """What stands between the quotation marks of a text that is a quotation and nothing else; else None.

    A mark that is opened and never closed, or closed and never opened, holds the whole text.
    """
    found = _QUOTED.search(text)
    if found is None:
        found = _OPENED.match(text) or _CLOSED.match(text)
        return found and found[1]
    outside = f"{text[: found.start()]} {text[found.end() :]}"
    return None if words_of(outside) or re.search("[?？]", outside) else found[0][1:-1]


def stood_in(text: str) -> str:
    """A text with one word in place of each quotation and link, and without doubts such as "(?)".

    The mark of a question that ends in a quotation may stand within it, and is kept.
    """
    said = _DOUBT.sub(" ", _LINK.sub(STAND_IN, _QUOTED.sub(STAND_IN, text)))
    return f"{said}?" if _ASKED_WITHIN.search(text.rstrip()) and _ASKING.match(said) else said


def is_title(text: str) -> bool:
    """Whether a question is spelt as the title of a work: "Who's Afraid of Virginia Woolf?".

    Two of the words that only a title capitalises must be, and no word in lower case that a title has not.
    """
    words = _TITLE_WORD.findall(text)
    if text.isupper() or not all(word[0].isupper() or _LOWER_IN_TITLES.match(word) for word in words):
        return False
    parts = [part for word in words if word[0].isupper() for part in re.split("['’]", word.lower())]
    return sum(bool(_UPPER_IN_TITLES.match(part)) for part in parts) > 1 and not is_about_meaning(plain_of(text))


def is_to_another(text: str) -> bool:
    """Whether a text speaks to someone in a passage, by title or family name: "What is it, Captain?"."""
    return bool(_VOCATIVE.match(text)) and not is_about_meaning(plain_of(text))


def is_spoken(plain: str) -> bool:
    """Whether a question's words are those of someone in a passage, or report what was asked."""
    return bool(_SPOKEN.search(plain) or _REPORTED.match(plain)) and not is_about_meaning(plain)


def names_speaker(plain: str) -> bool:
    """Whether words tell who spoke before: "he asked softly"."""
    return bool(_SPEAKER.match(plain))
