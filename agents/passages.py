"""Contexts in text: what kind one is, and how a long passage is cut.

A context begins with a line that names what it is: ``Passage:`` (a story, whole), ``Table:`` (a table, and what is
said around it after a line ``Text:``), or it is a database's tables and notes. Only passages are ever cut, by whole
sentences: those go first that share least with the end of the dialogue, the last of equals before the first. A gap
is marked ``[…]``. The dialogue, a table and its header always stay whole.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Literal

from act_env.conversation import parse_dialogue
from act_env.text.relevance import content

Kind = Literal["database", "table", "passage"]
PASSAGE, TABLE, TEXT = "Passage:\n", "Table:\n", "\nText:\n"
GAP = "[…]"
_SENTENCE = re.compile(r".+?(?:[.!?][\"'”’)\]]*(?=\s)|\n|\Z)", re.DOTALL)


def kind_of(context: str) -> Kind:
    """What a context is, by its first line."""
    if context.startswith(PASSAGE):
        return "passage"
    return "table" if context.startswith(TABLE) else "database"


def shortened(observation: Mapping[str, Any], fits: Callable[[str], bool]) -> str | None:
    """The observation's context with as much of its passage as ``fits``; None where none of it helps.

    ``fits`` tells whether a context is short enough; the more sentences it has, the longer it is.
    """
    head, passage = _parts(observation["context"])
    sentences = [match[0].strip() for match in _SENTENCE.finditer(passage) if match[0].strip()]
    wanted = _ends(observation["dialogue"])
    order = sorted(range(len(sentences)), key=lambda i: (-len(content(sentences[i]) & wanted), i))
    fewest, most = 0, len(sentences)
    while fewest < most:  # the most sentences that fit lie in fewest..most
        middle = (fewest + most + 1) // 2
        if fits(_joined(head, sentences, set(order[:middle]))):
            fewest = middle
        else:
            most = middle - 1
    shown = _joined(head, sentences, set(order[:fewest]))
    return shown if fits(shown) else None


def _parts(context: str) -> tuple[str, str]:
    """What stays whole of a context, and its passage."""
    if context.startswith(PASSAGE):
        return PASSAGE, context.removeprefix(PASSAGE)
    head, found, text = context.partition(TEXT) if context.startswith(TABLE) else (context, "", "")
    return head + found, text


def _ends(dialogue: str) -> frozenset[str]:
    """What the last three messages of a dialogue speak of: the request, and the exchange before it."""
    return content("\n".join(text for _, text in parse_dialogue(dialogue)[-3:]))


def _joined(head: str, sentences: list[str], kept: set[int]) -> str:
    shown: list[str] = []
    for i, sentence in enumerate(sentences):
        if i in kept:
            shown.append(sentence)
        elif not shown or shown[-1] != GAP:
            shown.append(GAP)
    return head + " ".join(shown)
