"""A person as the user: types the replies at a terminal."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from act_env.conversation import Reading, Task, Turn
from act_env.rendering import printable
from act_env.users.base import Reply, ReplyKind, resolved_by

MAX_REPLY = 4096
"""Characters that a typed reply keeps."""


class HumanUser:
    """Shows the request, what the person is to mean by it and the question, and returns what is typed.

    An empty line is a refusal. Which slots a reply resolves comes from the question alone, as for every
    user, so the person is expected to answer what was asked. ``read`` and ``show`` can be replaced.
    """

    name = "human"

    def __init__(self, read: Callable[[str], str] = input, show: Callable[[str], None] = print) -> None:
        self._read, self._show = read, show

    def reply(
        self, task: Task, intention: Reading, dialogue: Sequence[Turn], question: str, rng: np.random.Generator
    ) -> Reply:
        shown = f"You asked: {task.request}\nYou mean: {intention.gloss}\nThe assistant asks: {question}"
        self._show(printable(shown))
        text = self._read("Your reply (empty to refuse): ").strip()[:MAX_REPLY]
        if not text:
            return Reply("I’d rather not say.", {}, ReplyKind.REFUSAL)
        resolved = resolved_by(task, intention, question)
        return Reply(text, resolved, ReplyKind.CHOICE if resolved else ReplyKind.UNKNOWN)
