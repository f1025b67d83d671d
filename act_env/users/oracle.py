"""The oracle user: knows what it means, says it when asked, and needs no model."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from act_env import actions, scoring
from act_env.conversation import Action, Reading, Slot, Task, Turn
from act_env.users.base import Reply, ReplyKind, resolved_by
from act_env.words import words_of

_YES = (
    "Yes, {gloss}.",
    "Yes, that’s it: {gloss}.",
    "Right, {gloss}.",
    "Exactly, {gloss}.",
    "Yes please: {gloss}.",
    "Correct, {gloss}.",
)
_NO = (
    "No, {gloss}.",
    "No, I mean {gloss}.",
    "Not quite: {gloss}.",
    "No, rather {gloss}.",
    "No, what I have in mind is this: {gloss}.",
    "No; make it {gloss}.",
)
_NEITHER = (
    "None of these: {gloss}.",
    "Neither. I mean {gloss}.",
    "Something else: {gloss}.",
    "Not any of those, rather {gloss}.",
    "None of them. What I have in mind is this: {gloss}.",
)
_CHOICE = (
    "I mean {gloss}.",
    "{gloss}, please.",
    "{gloss}.",
    "What I have in mind is this: {gloss}.",
    "Make it {gloss}.",
)
_GENERIC = (
    "I mean what I asked: {request}",
    "Just this: {request}",
    "Let me say it again: {request}",
    "My question is: {request}",
    "As I said: {request}",
    "It’s what I wrote: {request}",
)
_NEEDLESS = (
    "I meant what I said.",
    "Just as I said it.",
    "There’s nothing more to it than what I asked.",
    "I think my question says it.",
    "That’s clear from what I asked.",
    "Nothing special, just what I asked for.",
)
_NOTED = (
    "I meant what I said; the notes have it: {note}.",
    "It’s in the notes: {note}.",
    "As the notes say, {note}.",
    "Just as I said it, and the notes put it plainly: {note}.",
    "See the notes: {note}.",
    "The data dictionary says it: {note}.",
)
_SETTLED = (
    "As I said: {gloss}.",
    "I told you already: {gloss}.",
    "Still {gloss}.",
    "As before, {gloss}.",
    "The same as I said: {gloss}.",
)
_UNKNOWN = (
    "I don’t know.",
    "I couldn’t tell you.",
    "I haven’t thought about that.",
    "I don’t know, I had nothing particular in mind there.",
    "No idea, that doesn’t matter to me.",
    "I can’t say.",
)


_ELSEWHERE = (
    "That’s not what my question is about.",
    "I wasn’t thinking of that.",
    "That isn’t the point of my question.",
    "No, my question is about something else.",
    "That has nothing to do with what I want to know.",
)


class OracleUser:
    """Answers from the intended reading alone; all that it draws is the wording.

    To a question about an open slot it picks from the options, or says yes or no to a single one; to the task's own
    question it says what a person said to it, where the source has that. To
    "what do you mean?" it restates its request; to a needless question it says that it meant what it
    said, with the note that settles it where the task has one; of what was not in its mind it says that
    it does not know, or that its question is about something else. It never gives SQL or the answer away.
    """

    name = "oracle"

    def reply(
        self, task: Task, intention: Reading, dialogue: Sequence[Turn], question: str, rng: np.random.Generator
    ) -> Reply:
        settled = {
            name: intention.slots[name] for turn in dialogue for name in turn.resolved if name in intention.slots
        }
        asked = actions.slots_asked(question, task.slots, task.request)
        if not asked:
            if actions.is_generic(question, task.request):
                return Reply(_pick(_GENERIC, rng).format_map({"request": task.request}), {}, ReplyKind.GENERIC)
            if not task.slots:
                return Reply(_pick(_NEEDLESS, rng), {}, ReplyKind.NEEDLESS)
            elsewhere = any(slot.topic for slot in task.slots)
            return Reply(_pick(_ELSEWHERE if elsewhere else _UNKNOWN, rng), {}, ReplyKind.UNKNOWN)
        told = resolved_by(task, intention, question)
        if not told:
            return Reply(_pick(_UNKNOWN, rng), {}, ReplyKind.UNKNOWN)
        fresh = {name: told[name] for name in told if name in _open(task, settled)}
        slots = {slot.name: slot for slot in task.slots}
        if not fresh:
            return Reply(self._needless(task, slots, told, settled, rng), {}, ReplyKind.NEEDLESS)
        said = [self._choice(slots[name], value, question, task, rng) for name, value in fresh.items()]
        kinds = {kind for _, kind in said}
        text = " ".join(text for text, _ in said)
        return Reply(text, fresh, ReplyKind.YES_NO if kinds == {ReplyKind.YES_NO} else ReplyKind.CHOICE)

    @staticmethod
    def _choice(slot: Slot, value: str, question: str, task: Task, rng: np.random.Generator) -> tuple[str, ReplyKind]:
        option = slot.option(value)
        if option.verbatim and words_of(question) == words_of(task.gold_question):
            return option.verbatim, ReplyKind.CHOICE
        offered = actions.options_offered(question, slot, task.slots, task.request)
        if len(offered) == 1:
            wordings, kind = (_YES if value in offered else _NO), ReplyKind.YES_NO
        elif offered and value not in offered:
            wordings, kind = _NEITHER, ReplyKind.CHOICE
        elif option.replies:
            return _pick(option.replies, rng), ReplyKind.CHOICE
        else:
            wordings, kind = _CHOICE, ReplyKind.CHOICE
        return _sentence(_pick(wordings, rng).format_map({"gloss": option.gloss})), kind

    @staticmethod
    def _needless(
        task: Task, slots: dict[str, Slot], told: dict[str, str], settled: dict[str, str], rng: np.random.Generator
    ) -> str:
        for name, value in told.items():
            if name in settled:
                return _sentence(_pick(_SETTLED, rng).format_map({"gloss": slots[name].option(value).gloss}))
        if task.settled_by:
            return _sentence(_pick(_NOTED, rng).format_map({"note": task.settled_by.rstrip(". ")}))
        return _pick(_NEEDLESS, rng)


def _open(task: Task, settled: dict[str, str]) -> set[str]:
    """The slots in which the readings that fit what was said still differ; none in a clear task."""
    if task.gold_action is Action.ANSWER:
        return set()
    return set(
        scoring.differing_slots(reading.slots for reading in task.readings if scoring.fits(reading.slots, settled))
    )


def _pick(wordings: Sequence[str], rng: np.random.Generator) -> str:
    return wordings[rng.integers(len(wordings))]


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]
