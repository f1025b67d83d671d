"""A guard's conversation with a user about one task, and what may be made of each reply."""

from __future__ import annotations

import dataclasses
import itertools
import re
import zlib
from collections.abc import Collection, Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from act_env import actions
from act_env.conversation import ASSISTANT, USER, Action, Reading, Slot, Task, Turn
from act_env.judging import Judge
from act_env.users.base import Reply, ReplyKind, Trait, User, check_reply, of_episode, open_slots
from act_env.users.leaks import Public, Secret, secrets_of
from act_env.words import EMPTY, sentences_of, stems_of, words_of

_YES = re.compile(r"(?:yes|yep|yeah|yup|right|correct|exactly|indeed|that's it)\b(?! but)")
_NO = re.compile(r"(?:no|nope|not quite|wrong|incorrect)\b(?! (?:problem|hurry|worries|doubt|idea|clue|more)\b)")
# "not net but gross", "gross rather than net": what is denied is not said.
_DENIED = re.compile(r"\b(?:not|rather than|instead of|never)\b(?:(?!\bbut\b)[^.,;:!?])*", re.IGNORECASE)
_REPEATED = 3
"""Words of a question, or more, that a reply has from first to last: it repeats it."""


@dataclasses.dataclass(frozen=True)
class Subject:
    """A user to be asked about a task, with the reading that it is to mean, and a seed for what it draws.

    ``foreign`` are questions that were put about other tasks.
    """

    user: User
    task: Task
    reading: Reading
    seed: int
    judge: Judge
    foreign: tuple[str, ...] = ()

    @classmethod
    def of(cls, user: User, task: Task, seed: int, judge: Judge, foreign: Sequence[str] = ()) -> Subject:
        """The reading and, in a mixture, the user are drawn from the seed."""
        likely = [reading for reading in task.readings if reading.prior > 0]
        reading = likely[key(seed, task.id, "reading").integers(len(likely))]
        speaker = of_episode(user, lambda: key(seed, task.id, "user"))
        return cls(speaker, task, reading, seed, judge, tuple(foreign))

    @property
    def traits(self) -> Collection[Trait]:
        return getattr(self.user, "traits", ())

    @property
    def ambiguous(self) -> bool:
        return self.task.gold_action is Action.CLARIFY

    @cached_property
    def public(self) -> Public:
        return Public.of(self.task, self.task.history)

    @cached_property
    def secrets(self) -> list[Secret]:
        return secrets_of(self.judge.gold(self.task, self.reading))


def key(seed: int, task_id: str, *rest: Any) -> np.random.Generator:
    """A generator that depends on nothing but its key."""
    name = "\0".join(map(str, (task_id, *rest)))
    return np.random.default_rng([seed, zlib.crc32(name.encode("utf-8", "surrogatepass"))])


class Talk:
    """A dialogue from the request on. ``fault`` is what the last reply did that no reply may, or not from a user
    of these traits; empty where it did nothing of the kind."""

    def __init__(self, subject: Subject) -> None:
        self.subject, self.meant = subject, subject.reading
        self.turns = [*subject.task.history, Turn(USER, subject.task.request)]
        self.asked: list[str] = []
        self.settled: dict[str, str] = {}
        self.before: Mapping[str, str] = {}
        """The slots of the reading that was meant before the user changed its mind."""
        self.partial = self.any_fits = False
        self.fault = ""

    def ask(self, question: str, variant: int = 0) -> Reply:
        """The reply to one more question. ``variant`` is part of the key of what the user draws."""
        reply, error = self._draw(question, variant)
        self.fault = error or self._fault_of(question, reply)
        self.asked.append(question)
        told = dict(reply.slots_resolved) if not self.fault else {}
        changed = reply.intention is not None and not self.fault
        if changed:
            self.before, self.meant = self.meant.slots, self.subject.task.reading(reply.intention)
        self.settled |= told
        self.partial |= reply.kind is ReplyKind.PARTIAL
        self.any_fits |= reply.any_fits
        self.turns += [
            Turn(ASSISTANT, question, Action.CLARIFY, resolved=tuple(told)),
            Turn(
                USER,
                reply.text,
                intention=reply.intention if changed else None,
                any_fits=reply.any_fits,
                partial=reply.kind is ReplyKind.PARTIAL,
            ),
        ]
        return reply

    def _draw(self, question: str, variant: int) -> tuple[Reply, str]:
        """The reply that the user gives; where it gives none, an empty one and why."""
        subject = self.subject
        rng = key(subject.seed, subject.task.id, len(self.asked), variant)
        try:
            reply = subject.user.reply(subject.task, self.meant, tuple(self.turns), question, rng)
        except Exception as error:  # a user of any kind is on trial here
            return Reply("", {}, ReplyKind.REFUSAL), f"raises {type(error).__name__}: {error}"
        if not (isinstance(reply, Reply) and isinstance(reply.text, str)):
            return Reply("", {}, ReplyKind.REFUSAL), f"gives no Reply, but {reply!r:.200}"
        return reply, ""

    def open_to(self, question: str) -> list[str]:
        """The open slots that a question asks about."""
        task = self.subject.task
        wanted = set() if self.any_fits else open_slots(task, self.settled)
        return [name for name in actions.slots_asked(question, task.slots, task.request) if name in wanted]

    def _fault_of(self, question: str, reply: Reply) -> str:
        traits = self.subject.traits
        if not reply.text.strip():
            return "says nothing"
        try:
            check_reply(self.subject.task, self.meant, self.settled, question, reply, self.subject.user.name)
        except ValueError as error:
            return str(error)
        about_open = bool(self.open_to(question))
        if reply.kind is ReplyKind.PARTIAL and not (Trait.VAGUE in traits and about_open and not self.partial):
            return "half answers, which it may not do here"
        if reply.intention is not None and not (Trait.CHANGES_MIND in traits and not self.before):
            return "changes its mind, which it may not do here"
        if reply.any_fits and not (
            self.any_fits or (Trait.UNKNOWING in traits and about_open) or (Trait.IMPATIENT in traits and self.asked)
        ):
            return "leaves the choice to the agent, which it may not do here"
        return ""

    def contradiction(self, question: str, reply: Reply) -> str:
        """How the reply's words are against what is meant; empty where they are not.

        Where a reply settles nothing, an option of small words alone ("again") is not taken to be named by them.
        """
        for slot, value in self._meant():
            weighty = {option.value for option in slot.options if not set(stems_of(option.gloss)) <= EMPTY}
            why = self.against(slot, value, question, reply.text, None if reply.slots_resolved else weighty)
            if why:
                return why
        return ""

    def untold(self, names: Collection[str], question: str, reply: Reply) -> str:
        """What of the slots ``names`` the reply does not tell, or not in words that say it; empty where all is told."""
        for slot, value in self._meant():
            if slot.name not in names:
                continue
            if slot.name not in reply.slots_resolved:
                return f"does not resolve {slot.name!r}"
            if repeats(question, reply.text):
                return "repeats the question"
            if (why := self.against(slot, value, question, reply.text)) != "":
                return why
            if not self.says(slot, value, question, reply.text):
                return f"resolves {slot.name!r}, but does not say {slot.option(value).gloss!r}"
        return ""

    def unasked(self, question: str, reply: Reply) -> str:
        """The value of an open slot that the reply tells although it was not asked; empty where it tells none."""
        task = self.subject.task
        if self.any_fits:
            return ""
        wanted = open_slots(task, self.settled)
        for slot, value in self._meant():
            known = {*self._named(slot, question), *self._named(slot, task.request)}
            if slot.name in wanted and value not in known and value in self._named(slot, reply.text):
                return f"says {slot.option(value).gloss!r}, which was not asked"
        return ""

    def says(self, slot: Slot, value: str, question: str, text: str) -> bool:
        """Whether a text says that a slot has a value: it names it, or says yes to it alone."""
        verbatim = slot.option(value).verbatim
        if verbatim and words_of(question) == words_of(self.subject.task.gold_question) and _holds(text, verbatim):
            return True
        yes = self._offered(slot, question) == (value,) and _begins(_YES, text)
        return yes or self._tells(slot, value, text)

    def against(self, slot: Slot, value: str, question: str, text: str, among: Collection[str] | None = None) -> str:
        """How a text says that a slot has another value than it has, of those ``among`` which it may name (all, by
        default); empty where it does not."""
        option, task = slot.option(value), self.subject.task
        offered, told = self._offered(slot, question), self._tells(slot, value, text)
        if option.verbatim and _holds(text, option.verbatim):
            told = True
        if len(offered) == 1 and not told:
            if offered[0] != value and _begins(_YES, text):
                return f"says yes to {slot.option(offered[0]).gloss!r}, but means {option.gloss!r}"
            if offered[0] == value and _begins(_NO, text):
                return f"says no to {option.gloss!r}, which it means"
        possible = {option.value for option in slot.options if among is None or option.value in among}
        if self.subject.ambiguous:
            possible &= {reading.slots.get(slot.name) for reading in task.readings if reading.prior > 0}
        rest = self._beside(text, self.meant.slots, self.before if told else {})
        sure = (self._named(slot, part, by_cue=True) for part in (rest, _DENIED.sub(" ", rest)))
        others = possible.intersection(*sure) - {value}
        if others - ({self.before.get(slot.name)} if told else set()):
            return f"says {slot.option(min(others)).gloss!r}, but means {option.gloss!r}"
        return ""

    def _meant(self) -> list[tuple[Slot, str]]:
        slots = self.meant.slots
        return [(slot, slots[slot.name]) for slot in self.subject.task.slots if slot.name in slots]

    def _tells(self, slot: Slot, value: str, text: str) -> bool:
        """Whether a text names a value, by the parser's rules or in the option's own words."""
        option = slot.option(value)
        own = (option.gloss, *option.replies)
        return value in self._named(slot, text) or any(_holds(text, said) for said in own)

    def _beside(self, text: str, *said: Mapping[str, str]) -> str:
        """A text without the own words of options that may be ``said``, the request, and the note that settles it."""
        own = [self.subject.task.request, self.subject.task.settled_by]
        for slot, values in itertools.product(self.subject.task.slots, said):
            if slot.name in values:
                option = slot.option(values[slot.name])
                own += [option.gloss, option.verbatim, *option.replies]
        for part in sorted(set(own), key=len, reverse=True):
            if words := re.findall(r"[^\W_]+", part):
                pattern = r"[\W_]+".join(words)
                text = re.sub(rf"(?<!\w){pattern}(?!\w)", ";", text, flags=re.IGNORECASE)
        return text

    def _named(self, slot: Slot, text: str, *, by_cue: bool = False) -> tuple[str, ...]:
        return actions.options_offered(text, slot, self.subject.task.slots, by_cue=by_cue)

    def _offered(self, slot: Slot, question: str) -> tuple[str, ...]:
        return actions.options_offered(question, slot, self.subject.task.slots, self.subject.task.request)


def repeats(question: str, text: str) -> bool:
    """Whether a text holds a question, from its first word to its last."""
    return len(words_of(question)) >= _REPEATED and _holds(text, question)


def _holds(text: str, part: str) -> bool:
    return f" {' '.join(words_of(part))} " in f" {' '.join(words_of(text))} "


def _begins(pattern: re.Pattern[str], text: str) -> bool:
    """Whether a sentence of the text begins so."""
    return any(pattern.match(sentence.plain) for sentence in sentences_of(text))
