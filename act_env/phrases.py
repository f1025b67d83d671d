"""Pieces of the patterns that the rules on replies match against a sentence's words: lower case, single spaces.

In patterns with ``re.VERBOSE``, where a space is "[ ]".
"""

from __future__ import annotations

import re

WH = r"(?:which|what|whether|how|where|when|who|whose|whom)"
PERSON = r"(?:i|we|you|he|she|it|they)"
AUXILIARY = r"(?:am|is|are|was|were|be|do|does|did|has|have|had|will|would|can|could|shall|should|may|might|must)"

LEAD = r"""(?:(?:
      so | yes | no | oh | sorry | sure | ok | okay | hm+ | hi | hello | well | and | but | just | thanks | thank[ ]you
    | great | first | then | also | before[ ]i[ ]\w+ | (?:one|a|quick|a[ ]quick)[ ]question
    )[ ])*"""
"""What a sentence may begin with before it comes to the point."""

_REFERENCE = re.compile(
    r"\b(?:means? | meant | refer(?:ring|s)? | asking | talking[ ]about | interested[ ]in | looking[ ]for | in[ ]mind"
    r" | clarif\w+ | specif\w+)\b",
    re.VERBOSE,
)


def is_about_meaning(plain: str) -> bool:
    """Whether words are about how a request is meant: "Which one do you mean?"."""
    return bool(_REFERENCE.search(plain))
