"""How an observation is put to a chat model, and where in its answer the reply stands.

``direct``: what is asked of any model here. ``ask-if-ambiguous``: it is told to decide first whether to ask.
``cot``: it thinks before a line that begins with ``Reply:``, and only what follows that is said to the user.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from act_env.conversation import ASSISTANT, USER
from agents import passages, prompts
from agents.chat.calls import Message
from agents.chat.errors import ChatMalformed
from agents.chat.shots import Shot

STYLES = ("direct", "cot", "ask-if-ambiguous")
MARK = "Reply:"
_ADDED: Mapping[str, str] = {
    "direct": "",
    "cot": f"""
Think first, step by step: what the request can mean here, what settles it, and whether the answers would differ.
Then write a line that begins with "{MARK}", and after that word your reply to the user and nothing else.""",
    "ask-if-ambiguous": """
Before you reply, decide whether the request is ambiguous here: whether two readings of it fit everything above and
would have different answers. If so, ask about exactly that. If one reading is left, do not ask.""",
}
MAX_TOKENS: Mapping[str, int] = {"direct": 256, "cot": 1024, "ask-if-ambiguous": 256}
"""What a reply may take by default."""
_MARKED = re.compile(rf"^[\s*_#>]*{MARK}[*_]*", re.IGNORECASE | re.MULTILINE)
_THOUGHT = "</think>"


def messages(observation: Mapping[str, Any], style: str, shots: Sequence[Shot] = ()) -> tuple[Message, ...]:
    """The instruction, the conversations to learn from, and the one to go on with. Each conversation's first message
    is what both sides have before them, with the request."""
    kind = passages.kind_of(observation["context"])
    chat = [{"role": "system", "content": prompts.INSTRUCTIONS[kind] + _ADDED[style]}]
    for shot in shots:
        chat += _conversation(shot.observation, style)
        for turn, thought in zip(shot.replies, shot.thoughts, strict=True):
            said = turn.text if turn.role == USER else _said(turn.text, style, thought)
            chat.append({"role": turn.role, "content": said})
    return (*chat, *_conversation(observation, style))


def _conversation(observation: Mapping[str, Any], style: str) -> list[Message]:
    context, request, *rest = prompts.messages(observation, "plain")
    first = {"role": request["role"], "content": f"{context['content']}\n\n{request['content']}"}
    return [
        first,
        *({**turn, "content": _said(turn["content"], style)} if turn["role"] == ASSISTANT else turn for turn in rest),
    ]


def _said(text: str, style: str, thought: str = "") -> str:
    """A reply as the model itself would have written it."""
    if style != "cot":
        return text
    return f"{thought}\n{MARK} {text}" if thought else f"{MARK} {text}"


def reply_in(answer: str, style: str, *, ended: bool = True) -> str:
    """The reply in a model's answer. Raises ChatMalformed where there is none: no mark, or a thought without an end."""
    if _THOUGHT in answer:
        answer = answer.rpartition(_THOUGHT)[2]
    elif answer.lstrip().startswith("<think>"):
        raise ChatMalformed("the answer is a thought that does not end")
    if style == "cot":
        marks = list(_MARKED.finditer(answer))
        if not marks:
            raise ChatMalformed(f"the answer has no line with {MARK!r}" + ("" if ended else ": it was cut off"))
        answer = answer[marks[-1].end() :]
    if not answer.strip():
        raise ChatMalformed("the answer holds no reply")
    return answer.strip()
