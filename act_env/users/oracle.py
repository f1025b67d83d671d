"""The oracle user: knows what it means, says it when asked, and needs no model."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from act_env import actions
from act_env.conversation import Reading, Slot, Task, Turn
from act_env.users.base import Reply, ReplyKind, open_slots, resolved_by, settled_in
from act_env.users.wordings import PLAIN, Wordings, pick, sentence
from act_env.words import words_of


class OracleUser:
    """Answers from the intended reading alone; all that it draws is the wording.

    To a question about an open slot it picks from the options, or says yes or no to a single one; to the task's own
    question it says what a person said to it, where the source has that. To
    "what do you mean?" it restates its request; to a needless question it says that it meant what it
    said, with the note that settles it where the task has one; of what was not in its mind it says that
    it does not know, or that its question is about something else. It never gives SQL or the answer away.
    """

    name = "oracle"

    def __init__(self, wordings: Wordings = PLAIN) -> None:
        self.wordings = wordings

    def reply(
        self, task: Task, intention: Reading, dialogue: Sequence[Turn], question: str, rng: np.random.Generator
    ) -> Reply:
        say = self.wordings
        settled = settled_in(dialogue, intention)
        asked = actions.slots_asked(question, task.slots, task.request)
        if not asked:
            if actions.is_generic(question, task.request):
                return Reply(pick(say.generic, rng).format_map({"request": task.request}), {}, ReplyKind.GENERIC)
            if not task.slots:
                return Reply(pick(say.needless, rng), {}, ReplyKind.NEEDLESS)
            elsewhere = any(slot.topic for slot in task.slots)
            return Reply(pick(say.elsewhere if elsewhere else say.unknown, rng), {}, ReplyKind.UNKNOWN)
        told = resolved_by(task, intention, question)
        if not told:
            return Reply(pick(say.unknown, rng), {}, ReplyKind.UNKNOWN)
        still_open = open_slots(task, settled)
        fresh = {name: told[name] for name in told if name in still_open}
        slots = {slot.name: slot for slot in task.slots}
        if not fresh:
            return Reply(self._needless(task, slots, told, settled, rng), {}, ReplyKind.NEEDLESS)
        alone = len(fresh) == 1
        said = [self._choice(slots[name], value, question, task, alone, rng) for name, value in fresh.items()]
        kinds = {kind for _, kind in said}
        text = " ".join(text for text, _ in said)
        return Reply(text, fresh, ReplyKind.YES_NO if kinds == {ReplyKind.YES_NO} else ReplyKind.CHOICE)

    def _choice(
        self, slot: Slot, value: str, question: str, task: Task, alone: bool, rng: np.random.Generator
    ) -> tuple[str, ReplyKind]:
        say, option = self.wordings, slot.option(value)
        if say.quotes and option.verbatim and words_of(question) == words_of(task.gold_question):
            return option.verbatim, ReplyKind.CHOICE
        offered = actions.options_offered(question, slot, task.slots, task.request)
        if len(offered) == 1:
            yes = say.yes_alone if alone and say.yes_alone else say.yes
            wordings, kind = (yes if value in offered else say.no), ReplyKind.YES_NO
        elif offered and value not in offered:
            wordings, kind = say.neither, ReplyKind.CHOICE
        elif say.quotes and option.replies:
            return pick(option.replies, rng), ReplyKind.CHOICE
        else:
            wordings, kind = say.choice, ReplyKind.CHOICE
        return sentence(pick(wordings, rng).format_map({"gloss": option.gloss})), kind

    def _needless(
        self,
        task: Task,
        slots: dict[str, Slot],
        told: dict[str, str],
        settled: dict[str, str],
        rng: np.random.Generator,
    ) -> str:
        say = self.wordings
        for name, value in told.items():
            if name in settled:
                return sentence(pick(say.settled, rng).format_map({"gloss": slots[name].option(value).gloss}))
        if task.settled_by:
            return sentence(pick(say.noted, rng).format_map({"note": task.settled_by.rstrip(". ")}))
        return pick(say.needless, rng)
