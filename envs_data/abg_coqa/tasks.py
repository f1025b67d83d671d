"""Records as tasks. The readings of an ambiguous question are the replies to its clarifying question.

Where there is a single reply, the other reading is not known: a reading of prior 0 stands for it.
"""

from __future__ import annotations

import re

from act_env.conversation import (
    ASSISTANT,
    USER,
    Accepted,
    Action,
    Option,
    Provenance,
    Reading,
    Slot,
    Task,
    Turn,
)
from act_env.text.judge import token_judge
from act_env.words import words_of
from envs_data.abg_coqa.layout import Meaning, Record

SLOT = "meaning"
OTHER = "something else"
_PRONOUNS = dict.fromkeys(("he", "she", "they", "him", "her", "his", "them", "their"), "Who") | dict.fromkeys(
    ("it", "its", "that", "this", "there", "those", "these"), "What"
)
SAME = "all replies to its clarifying question have the same answer"
_MEAN = re.compile(
    r"(?:do|did|are|were)\s+you\s+(?:mean(?:ing)?|want(?:ing)?\s+to\s+know|asking|talking|referring)"
    r"(?:\s+(?:about|to|for))?\s+",
    re.IGNORECASE,
)
_REPLY = re.compile(
    r"(?:(?:yes|no)\b[\s,.;:]*)?(?:i(?:\s+a|['’])m\s+(?:asking|talking|referring)(?:\s+(?:about|to))?\s+"
    r"|i\s+(?:mean|meant|want\s+to\s+know)\s+)?",
    re.IGNORECASE,
)


def task_of(record: Record, environment: str, split: str, provenance: Provenance) -> Task:
    """A record's task. Raises ValueError where an ambiguous one's replies all have the same answer."""
    readings, slots = _ambiguous(record) if record.meanings else (_clear(record), ())
    return Task(
        id=record.id,
        environment=environment,
        split=split,
        database=record.story_id,
        context=f"Passage:\n{record.story}",
        request=record.request,
        readings=readings,
        slots=slots,
        gold_action=Action.CLARIFY if slots else Action.ANSWER,
        gold_question=record.question or _needless(record.request),
        kind="single reply" if len(record.meanings) == 1 else "passage",
        group=record.id.rpartition("|")[0] or record.id,
        provenance=provenance,
        history=tuple(
            turn for asked, said in record.history for turn in (Turn(USER, asked), Turn(ASSISTANT, said, Action.ANSWER))
        ),
    )


def _needless(request: str) -> str:
    """A question about a clear request that need not be asked: what its pronoun refers to, where it has one."""
    found = next((word for word in words_of(request) if word in _PRONOUNS), None)
    return f"{_PRONOUNS[found]} are you referring to by '{found}'?" if found else ""


def _clear(record: Record) -> tuple[Reading, ...]:
    return (Reading("meant", record.answer, record.request, {}, accepted=(Accepted((record.answer,)),)),)


def _ambiguous(record: Record) -> tuple[tuple[Reading, ...], tuple[Slot, ...]]:
    meanings = _apart(record.meanings)
    names = [f"reply {number}" for number in range(1, len(meanings) + 1)]
    glosses = [gloss(meaning.reply, record.question) for meaning in meanings]
    readings = [
        Reading(name, m.answers[0], told, {SLOT: name}, accepted=tuple(Accepted((answer,)) for answer in m.answers))
        for name, told, m in zip(names, glosses, meanings, strict=True)
    ]
    options = [
        Option(name, told, (told,), (), meaning.reply)
        for name, told, meaning in zip(names, glosses, meanings, strict=True)
    ]
    if len(meanings) == 1:
        readings.append(Reading("other", "", OTHER, {SLOT: "other"}, prior=0.0))
        options.append(Option("other", OTHER, (OTHER,), ()))
    judge = token_judge()
    golds = [reading.accepted for reading in readings]
    if all(judge.same(golds[0], gold) for gold in golds[1:]):
        raise ValueError(SAME)
    told = (text for meaning in record.meanings for text in (meaning.reply, *meaning.answers))
    return tuple(readings), (Slot(SLOT, ("one",), tuple(options), (record.question, *told)),)


def _apart(meanings: tuple[Meaning, ...]) -> list[Meaning]:
    """The meanings without the answers that are given under another as well, but for those close to their own first
    one: people did not always agree on which is which."""
    judge = token_judge()

    def close(answer: str, other: str) -> bool:
        return judge.closeness(answer, (Accepted((other,)),)) > judge.epsilon

    return [
        Meaning(
            meaning.reply,
            tuple(
                answer
                for i, answer in enumerate(meaning.answers)
                if i == 0
                or close(answer, meaning.answers[0])
                or not any(
                    close(answer, theirs) for other in meanings if other is not meaning for theirs in other.answers
                )
            ),
        )
        for meaning in meanings
    ]


def gloss(reply: str, question: str) -> str:
    """What a reply means, in words that stand alone: "Yes." to "Do you mean Williams?" is "Williams"."""
    told = _REPLY.sub("", reply, count=1).strip(" .?!")
    if not told:
        told = _MEAN.sub("", question, count=1).strip(" .?!")
    return told or OTHER
