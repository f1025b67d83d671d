"""What a reply that a model wrote tells of what is meant: rules over words."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

from act_env.actions import options_offered
from act_env.conversation import Slot, Task
from act_env.words import EMPTY, stem, words_of

_DENIED = re.compile(
    r"\b(?:not|isn['’]t|don['’]t\s+(?:mean|want|need)|rather\s+than|instead\s+of|as\s+opposed\s+to)\b[^,.;:!?\n]*",
    re.IGNORECASE,
)
_FIRST_WORD = re.compile(r"\W*(yes|yeah|yep|right|correct|exactly|no|nope)\b", re.IGNORECASE)
_NO = ("no", "nope")


def told(text: str, task: Task, meant: Mapping[str, str], question: str) -> tuple[dict[str, str], bool]:
    """Of the slots that a question can get resolved, with what is meant, those whose value the reply tells; and whether
    it tells another value of one instead.

    A value is told by its cues, gloss or replies where no other is told beside it, but for what is denied ("net, not
    gross"); or by a bare yes or no to a question that leaves one value then.
    """
    slots = {slot.name: slot for slot in task.slots}
    resolved, contradicts = {}, False
    for name, value in meant.items():
        said = _values_told(text, slots[name], task, question)
        if said == {value}:
            resolved[name] = value
        elif said and value not in said:
            contradicts = contradicts or not slots[name].topic
    return resolved, contradicts


def unasked(text: str, task: Task, names: Collection[str]) -> bool:
    """Whether a reply tells a value of one of these slots, about which it was not asked."""
    return any(_values_told(text, slot, task, "") for slot in task.slots if slot.name in names)


def _values_told(text: str, slot: Slot, task: Task, question: str) -> set[str]:
    words = words_of(text)
    for option in slot.options:
        if any(words == words_of(reply) for reply in (*option.replies, option.verbatim) if reply):
            return {option.value}
    kept = _DENIED.sub(" ", text)
    said = set(options_offered(kept, slot, task.slots, task.request)) or _values_shared(kept, slot)
    if said:
        return said
    begins = _FIRST_WORD.match(text)
    offered = options_offered(question, slot, task.slots, task.request)
    if begins is None or len(offered) != 1:
        return set()
    if begins[1].lower() not in _NO:
        return set(offered)
    others = {option.value for option in slot.options} - set(offered)
    return others if len(others) == 1 else set()


def _values_shared(text: str, slot: Slot) -> set[str]:
    """For slots told in people's own words: the option of whose words a reply has half or more, if one has most."""
    if not slot.topic:
        return set()
    said = {stem(word) for word in words_of(text)} - EMPTY
    shares = {}
    for option in slot.options:
        own = {stem(word) for word in words_of(f"{option.gloss} {option.verbatim}")} - EMPTY
        shares[option.value] = len(said & own) / len(own) if own else 0.0
    best = max(shares, key=shares.__getitem__)
    return {best} if shares[best] >= 0.5 and list(shares.values()).count(shares[best]) == 1 else set()
