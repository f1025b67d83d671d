"""A chat model as the simulated user, as in the paper: what the user intends is put in words once, then each reply is
drawn from that, the dialogue and the question."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from act_env import actions
from act_env.conversation import Reading, Task, Turn, render_dialogue
from act_env.errors import UserSimulatorError
from act_env.users.base import Reply, ReplyKind, open_slots, resolved_by, settled_in
from act_env.users.leaks import Public, leaked, secrets_of
from agents.chat import spec
from agents.chat.calls import Chat, Request, Sampling, facts_of
from agents.chat.errors import ChatError
from agents.chat.telling import told, unasked

TEMPERATURE, MAX_TOKENS = 0.7, 128

SUMMARISE = """You are told what someone asks an assistant, and what they mean by it.
Say in one or two sentences what they want. Begin with "The user". Say all that they mean, add nothing to it, and do \
not answer it. Write no SQL."""

PLAY = """You play a person who talks to an assistant. {summary}
Reply to the assistant's last message in one short sentence, as that person.
- Say what you mean in words. Where the assistant offers choices, name the one you mean, and not by its place.
- Say no more than you are asked. If it only asks what you mean, repeat your request.
- If it asks about something that is said neither above nor by you, say that you do not know.
- You do not know the answer to your own request: never give it. Never write SQL or code. Do not speak for the \
assistant."""

LEAK, CONTRADICTION, UNASKED = "leak", "contradiction", "reply to what was not asked"
AGAIN = {
    LEAK: "That gave too much away. Say it again without SQL or code, without answering your own request, and without "
    "figures or names that nobody has mentioned.",
    CONTRADICTION: "That is not what you mean. Say again which one you mean.",
    UNASKED: "You were not asked about that. Say again what you were asked, and where that is nothing that you have in "
    "mind, repeat your request or say that you do not know.",
}
_SPEAKER = re.compile(r"\A\s*(?:\*\*)?(?:user|you|me|person)\s*:\s*(?:\*\*)?\s*", re.IGNORECASE)
_THOUGHT = "</think>"


class ChatUser:
    """Replies as a chat model does that has been told what is meant, and never the SQL, the answer or the result.

    A question resolves what it would get from any user (``act_env.users.resolved_by``), as far as the reply tells it.
    A reply that gives away a statement, the answer or a result, tells another value than is meant, or tells what is
    open without being asked about it, is asked for once more. Raises UserSimulatorError where that fails too, or a call
    does; ``transient`` says whether it may not fail again.
    """

    def __init__(self, chat: Chat, *, sampling: Sampling | None = None, name: str | None = None) -> None:
        self.chat = chat
        self.sampling = sampling or Sampling(TEMPERATURE, MAX_TOKENS)
        self.name = name or f"chat:{facts_of(chat)['model']}"
        self._summaries: dict[str, str] = {}

    @property
    def facts(self) -> Mapping[str, Any]:
        digest = hashlib.sha256(json.dumps([SUMMARISE, PLAY, AGAIN]).encode()).hexdigest()
        kept = {"temperature": self.sampling.temperature, "max_tokens": self.sampling.max_tokens}
        return {**facts_of(self.chat), **kept, "prompt_hash": digest[:12]}

    @property
    def workers(self) -> int:
        """How many questions may be put to it side by side."""
        return getattr(self.chat, "workers", 1)

    @property
    def usage(self) -> Mapping[str, Any]:
        return getattr(self.chat, "usage", {})

    def close(self) -> None:
        """Breaks off replies under way."""
        if close := getattr(self.chat, "close", None):
            close()

    def __deepcopy__(self, memo: dict[int, Any]) -> ChatUser:
        """Itself: Gymnasium copies the arguments of an environment."""
        return self

    def summary(self, task: Task, intention: Reading) -> str:
        """What the user intends, in the model's words; asked for once. Raises UserSimulatorError."""
        meant = _meant(task, intention)
        if meant not in self._summaries:
            chat = [_message("system", SUMMARISE), _message("user", meant)]
            greedy = self.sampling
            if greedy.temperature is not None:  # else the endpoint takes none
                greedy = dataclasses.replace(greedy, temperature=0.0)
            self._summaries[meant] = self._guarded(chat, task, intention, (), "", greedy, 0)
        return self._summaries[meant]

    def reply(
        self, task: Task, intention: Reading, dialogue: Sequence[Turn], question: str, rng: np.random.Generator
    ) -> Reply:
        draw = int(rng.integers(2**31))
        shown = f"{render_dialogue(dialogue)}\nAssistant: {question}\n\nYour reply:"
        system = PLAY.format(summary=self.summary(task, intention))
        chat = [_message("system", system), _message("user", shown)]
        asked = resolved_by(task, intention, question)
        still_open = open_slots(task, settled_in(dialogue, intention))

        def fault(text: str) -> str:
            if told(text, task, asked, question)[1]:
                return CONTRADICTION
            return UNASKED if unasked(text, task, still_open - asked.keys()) else ""

        text = self._guarded(chat, task, intention, dialogue, question, self.sampling, draw, fault)
        fresh = {name: value for name, value in asked.items() if name in still_open}
        resolved, _ = told(text, task, fresh, question)
        return Reply(text, resolved, _kind(task, question, fresh, resolved))

    def _guarded(
        self,
        chat: list[dict[str, str]],
        task: Task,
        intention: Reading,
        dialogue: Sequence[Turn],
        question: str,
        sampling: Sampling,
        draw: int,
        fault: Callable[[str], str] = lambda text: "",
    ) -> str:
        """The first of two replies that gives nothing away and has no ``fault``."""
        gold = intention.accepted if intention.result is None else intention.result
        secrets = secrets_of(gold)
        public = Public.of(task, dialogue).with_(question, intention.gloss)
        for _ in range(2):
            text = self._said(Request(tuple(chat), sampling, draw))
            wrong = LEAK if leaked(text, secrets, public) else fault(text)
            if not wrong:
                return text
            chat = [*chat, _message("assistant", text), _message("user", AGAIN[wrong])]
        raise UserSimulatorError(f"a reply of {self.name!r} was a {wrong}, and so was the next")

    def _said(self, request: Request) -> str:
        result = self.chat.complete([request])[0]
        if isinstance(result, ChatError):
            raise UserSimulatorError(f"{type(result).__name__}: {result}", transient=result.transient)
        text = _SPEAKER.sub("", result.text.rpartition(_THOUGHT)[2]).strip().strip('"“”').strip()
        if not text or text.startswith("<think>"):
            raise UserSimulatorError(f"the user {self.name!r} said nothing")
        return text


def from_environment(options: str = "", **settings: Any) -> ChatUser:
    """The user that ``chat:OPTIONS`` names (``agents.chat.spec``)."""
    cache = settings.pop("cache", None)
    given = spec.parse(options, spec.USER, settings)
    return ChatUser(spec.client(given, cache), sampling=spec.sampling(given, MAX_TOKENS, TEMPERATURE))


def _message(role: str, content: str) -> dict[str, str]:
    return {"role": role, "content": content}


def _meant(task: Task, intention: Reading) -> str:
    """What a user means, without SQL, answer or result: the gloss (of a request in text, the complete question)."""
    slots = {slot.name: slot for slot in task.slots}
    lines = [f"They asked: {task.request}", f"They mean: {intention.gloss}"]
    for name, value in intention.slots.items():
        if name in slots and (gloss := slots[name].option(value).gloss) not in intention.gloss:
            lines.append(f"By “{slots[name].cues[0]}” they mean: {gloss}")
    return "\n".join(lines)


def _kind(task: Task, question: str, fresh: Mapping[str, str], resolved: Mapping[str, str]) -> ReplyKind:
    if resolved:
        slots = {slot.name: slot for slot in task.slots}
        offered = [actions.options_offered(question, slots[n], task.slots, task.request) for n in resolved]
        return ReplyKind.YES_NO if all(len(values) == 1 for values in offered) else ReplyKind.CHOICE
    if fresh:
        return ReplyKind.REFUSAL
    if actions.slots_asked(question, task.slots, task.request):
        return ReplyKind.NEEDLESS
    if actions.is_generic(question, task.request):
        return ReplyKind.GENERIC
    return ReplyKind.UNKNOWN if task.slots else ReplyKind.NEEDLESS
