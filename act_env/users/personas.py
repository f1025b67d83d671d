"""Personas: the oracle user with another manner, or another will to help.

Each is a name, traits, and a manner of speaking; what it says beside the oracle's own words is in
``act_env.users.wordings``. A persona has no state: what it said before stands in the dialogue's turns. All that it
draws is from the generator it is handed.
"""

from __future__ import annotations

import dataclasses
import functools
import re
from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

import numpy as np

from act_env.conversation import ASSISTANT, Reading, Task, Turn
from act_env.scoring import fits
from act_env.users import wordings
from act_env.users.base import Reply, ReplyKind, Trait, exchange, open_slots, settled_in
from act_env.users.oracle import OracleUser
from act_env.users.wordings import Wordings, pick, sentence
from act_env.words import EMPTY, stems_of

Manner: TypeAlias = Callable[[str, Task, np.random.Generator], str]
"""What becomes of a text that a persona is about to say."""


def as_it_is(text: str, task: Task, rng: np.random.Generator) -> str:
    return text


def with_small_talk(text: str, task: Task, rng: np.random.Generator) -> str:
    """A text between two remarks that have nothing to do with it."""
    greeting, farewell = _said(wordings.GREETINGS, task, rng), _said(wordings.FAREWELLS, task, rng)
    text = text if text.endswith((".", "!", "?")) else f"{text}."
    return f"{greeting} {text} {farewell}"


def misspelt(text: str, task: Task, rng: np.random.Generator) -> str:
    """A text typed in a hurry. Only words of no weight are misspelt: whatever tells options apart, the request, the
    notes, numbers, quotations and identifiers stay as they are."""
    kept = _kept(text, task)
    free = [
        match
        for match in _WORD.finditer(text)
        if match[0].lower() in wordings.MISSPELT and not any(kept[match.start() : match.end()])
    ]
    drawn = rng.random(len(free)) < _TYPOS
    if free and not drawn.any():
        drawn[rng.integers(len(free))] = True
    for match, wrong in reversed(list(zip(free, drawn, strict=True))):
        if wrong:
            form = pick(wordings.MISSPELT[match[0].lower()], rng)
            form = sentence(form) if match[0][0].isupper() else form
            text = text[: match.start()] + form + text[match.end() :]
    if not free:
        text = f"{text} ({pick(wordings.HASTY, rng)})"
    return text


_TYPOS = 0.6
"""The chance of a word that may be misspelt to be so."""
_WORD = re.compile(r"(?<![\w'’])[^\W\d_]+(?![\w'’])")
_QUOTED = re.compile(r"[\"“”„«»`][^\"“”„«»`]*[\"“”„«»`]|(?<!\w)['‘][^'‘’]*['’](?!\w)")


def _kept(text: str, task: Task) -> bytearray:
    """For each character of a text, whether it belongs to what must not be touched."""
    weighty = [task.request, task.settled_by.rstrip(". "), *_texts_at_stake(task)]
    kept = bytearray(len(text))
    for part in sorted(filter(None, set(weighty))):
        for match in re.finditer(rf"(?<!\w){re.escape(part)}(?!\w)", text, re.IGNORECASE):
            kept[match.start() : match.end()] = b"\1" * len(match[0])
    for match in _QUOTED.finditer(text):
        kept[match.start() : match.end()] = b"\1" * len(match[0])
    return kept


def _texts_at_stake(task: Task) -> list[str]:
    """What tells the options of a task, and names its slots."""
    texts = [cue for slot in task.slots for cue in slot.cues]
    for option in (option for slot in task.slots for option in slot.options):
        texts += [option.gloss, option.verbatim, *option.cues]
    return texts


def _said(variants: Sequence[str], task: Task, rng: np.random.Generator, **parts: str) -> str:
    """One of the variants that share no word with what is at stake, or of all, where each does."""
    at_stake = frozenset().union(*((_words(text) - EMPTY) or _words(text) for text in _texts_at_stake(task)))
    harmless = [variant for variant in variants if at_stake.isdisjoint(_words(variant))]
    return pick(harmless or variants, rng).format_map(parts)


@functools.lru_cache(maxsize=4096)
def _words(text: str) -> frozenset[str]:
    return frozenset(stems_of(text.replace("{gloss}", "")))


@dataclasses.dataclass(frozen=True)
class Persona:
    """A user who means what the oracle means. ``patience`` is how many questions about a request it hears out, where
    it is impatient.

    Whatever it would only do if all readings were known (leaving the choice to the agent, meaning another one), it
    does not do where they are not: it then answers as the oracle.
    """

    name: str
    traits: frozenset[Trait] = frozenset()
    say: Wordings = wordings.PLAIN
    manner: Manner = as_it_is
    patience: int = 1

    def reply(
        self, task: Task, intention: Reading, dialogue: Sequence[Turn], question: str, rng: np.random.Generator
    ) -> Reply:
        at_once = rng.random() < 0.5  # drawn first, so that no word of the agent's shifts it
        turns = exchange(task, dialogue)
        settled = settled_in(turns, intention)
        reply = OracleUser(self.say).reply(task, intention, turns, question, rng)
        left = [reading for reading in task.readings if fits(reading.slots, settled)]
        all_known = all(reading.prior > 0 for reading in left)
        asked = sum(turn.role == ASSISTANT for turn in turns)
        if Trait.IMPATIENT in self.traits and asked >= self.patience and all_known:
            reply = self._out_of_patience(task, settled, rng)
        elif Trait.UNKNOWING in self.traits and reply.slots_resolved and all_known:
            reply = Reply(_said(wordings.NOT_KNOWN, task, rng), {}, ReplyKind.UNKNOWN, any_fits=True)
        elif Trait.VAGUE in self.traits and reply.slots_resolved and not any(turn.partial for turn in turns):
            reply = Reply(_said(wordings.HALF, task, rng), {}, ReplyKind.PARTIAL)
        elif Trait.CHANGES_MIND in self.traits and not any(turn.intention for turn in turns) and (settled or at_once):
            reply = self._changed(task, intention, settled, turns, question, reply, rng)
        return dataclasses.replace(reply, text=self.manner(reply.text, task, rng))

    @staticmethod
    def _out_of_patience(task: Task, settled: Mapping[str, str], rng: np.random.Generator) -> Reply:
        if not open_slots(task, settled):
            return Reply(_said(wordings.ENOUGH, task, rng), {}, ReplyKind.REFUSAL)
        text = _said(wordings.PICK_REST if settled else wordings.PICK, task, rng)
        return Reply(text, {}, ReplyKind.REFUSAL, any_fits=True)

    def _changed(
        self,
        task: Task,
        intention: Reading,
        settled: Mapping[str, str],
        turns: Sequence[Turn],
        question: str,
        reply: Reply,
        rng: np.random.Generator,
    ) -> Reply:
        """The reply with a change of mind, if there is a reading that contradicts what was told so far, and under
        which what is asked now can be told as well."""
        told, asked = settled or reply.slots_resolved, reply.slots_resolved.keys()

        def may_be_meant(reading: Reading) -> bool:
            if reading.prior <= 0 or fits(reading.slots, told) or not told.keys() | asked <= reading.slots.keys():
                return False
            return not settled or asked <= open_slots(task, {name: reading.slots[name] for name in settled})

        others = [reading for reading in task.readings if may_be_meant(reading)]
        if not others:
            return reply
        weights = np.array([reading.prior for reading in others])
        meant = others[rng.choice(len(others), p=weights / weights.sum())]
        now = {name: meant.slots[name] for name in told if meant.slots[name] != told[name]}
        slots = {slot.name: slot for slot in task.slots}
        gloss = " and ".join(slots[name].option(value).gloss for name, value in now.items())
        if not settled:
            text = f"{reply.text} {_said(wordings.AT_ONCE, task, rng, gloss=gloss)}"
            return Reply(text, dict(reply.slots_resolved) | now, ReplyKind.CHOICE, meant.id)
        text = sentence(_said(wordings.LATER, task, rng, gloss=gloss))
        if asked:
            reply = OracleUser(self.say).reply(task, meant, turns, question, rng)
            text = f"{reply.text} {text}"
        return Reply(text, dict(reply.slots_resolved) | now, ReplyKind.CHOICE, meant.id)


TERSE = Persona("persona:terse", say=wordings.TERSE)
"""Says what it means and no word more."""
VERBOSE = Persona("persona:verbose", manner=with_small_talk)
"""Says it between remarks about something else."""
TYPOS = Persona("persona:typos", say=wordings.UNQUOTED, manner=misspelt)
"""Types in a hurry, in its own words."""
VAGUE = Persona("persona:vague", frozenset({Trait.VAGUE}))
"""Half answers the first question of a request about what is open, and the next one fully."""
MIND_CHANGER = Persona("persona:mind-changer", frozenset({Trait.CHANGES_MIND}))
"""Once a request, when it has answered: means another reading, in the same breath or at the next question."""
IMPATIENT = Persona("persona:impatient", frozenset({Trait.IMPATIENT}))
"""Hears out one question about a request; at the next it lets the agent pick."""
UNKNOWING = Persona("persona:unknowing", frozenset({Trait.UNKNOWING}))
"""Does not know which, and lets the agent pick."""

PERSONAS: Mapping[str, Persona] = {
    persona.name: persona for persona in (TERSE, VERBOSE, TYPOS, VAGUE, MIND_CHANGER, IMPATIENT, UNKNOWING)
}
"""Every persona by its name."""

HELD_OUT = (TYPOS.name, IMPATIENT.name)
"""The personas to measure by and not to learn from: one that only words its replies otherwise than those of the
mixture, and one that behaves otherwise."""


@dataclasses.dataclass(frozen=True)
class Personas:
    """A mixture: somebody else in each episode, drawn from its seed; nobody held out. ``Episode.user`` tells who."""

    among: tuple[str, ...] = tuple(name for name in PERSONAS if name not in HELD_OUT)
    name: str = "personas"

    def of_episode(self, rng: np.random.Generator) -> Persona:
        return PERSONAS[self.among[rng.integers(len(self.among))]]

    def reply(
        self, task: Task, intention: Reading, dialogue: Sequence[Turn], question: str, rng: np.random.Generator
    ) -> Reply:
        raise TypeError("a mixture does not reply itself: who does in an episode is of_episode(rng)")
