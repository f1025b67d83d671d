"""A language model that tells the action which a reply implies: the classifier A of the ACT paper's Algorithm 2.

The environments read actions by rules (``act_env.asking``). The paper prompts a language model instead, and
so does this plug-in: anything that takes a classifier takes one of these::

    env = gym.make("act_env:ActClarify-AbgCoQA-v0", classifier=ActionClassifier.load("smollm2-135m"))

The model reads a few examples and the reply, and what it finds more probable next, "question" or "answer", is
the verdict: nothing is sampled.
"""

from __future__ import annotations

import copy
import dataclasses
import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

from act_env.conversation import Action
from act_env.errors import ActClarifyError
from agents.prompts import PromptTooLong
from agents.roster import needs_torch

LABELS = {Action.CLARIFY: "question", Action.ANSWER: "answer"}

INSTRUCTION = """A user asks for something, and an assistant replies.
A reply that asks the user what is meant, or asks to be told more, is a question.
Any other reply is an answer: a figure, a phrase, a query, several values, a refusal, or what somebody else asked.
"""


@dataclasses.dataclass(frozen=True)
class Example:
    """A reply with its action, and what stood before it, as ``act_env.conversation.render_dialogue`` writes it."""

    reply: str
    action: Action
    dialogue: str = ""


EXAMPLES = (
    Example("Which year are you asking about?", Action.CLARIFY, "User: What were the total sales?"),
    Example("$1,204.5 million", Action.ANSWER, "User: What were the total sales in 2019?"),
    Example("“Who has eaten my bread?”", Action.ANSWER, "User: What did the miller ask?"),
    Example("Do you mean the miller or his son?", Action.CLARIFY),
    Example("SELECT name FROM ship ORDER BY built_on DESC LIMIT 3", Action.ANSWER),
    Example("Please tell me which date counts: the order's or the delivery's.", Action.CLARIFY),
    Example("I don't know which of them it was.", Action.ANSWER),
    Example("what he did in the war", Action.ANSWER, "User: What did he talk about?"),
    Example("Net or gross?", Action.CLARIFY, "User: Average salary per team"),
    Example("The third what", Action.CLARIFY, "User: And the third?"),
)


class CannotClassify(ActClarifyError, ValueError):
    """The model gives no verdict: its tokenizer writes both labels alike, or it finds neither more probable."""


class ActionClassifier:
    """Tells actions by a causal language model, whose weights must stay as they are: verdicts are kept by text.

    Called with a reply, and optionally the dialogue before it, it gives the Action. ``classify`` does so for many
    at once, ``batch_size`` to a forward. Of a dialogue that is too long the end is read; a reply is never cut.
    Raises PromptTooLong for a reply that does not fit, CannotClassify where there is no verdict.
    """

    def __init__(self, model: Any, tokenizer: Any, *, batch_size: int = 16, name: str = "action-classifier") -> None:
        if batch_size < 1:
            raise ValueError(f"batch_size is {batch_size}: it must be at least 1")
        self.model, self.tokenizer, self.batch_size, self.name = model, tokenizer, batch_size, name
        self._endings, self._head = _endings(tokenizer), _head(tokenizer)
        self._read: Any = None
        self._known: dict[tuple[str, str], float] = {}

    @classmethod
    def load(cls, model: str, *, device: str = "cpu", **settings: Any) -> ActionClassifier:
        """The classifier of a model by its name (see ``agents.models``)."""
        with needs_torch(f"the action classifier {model!r}"):
            from agents import models
        weights, tokenizer = models.load(model, device=device)
        return cls(weights, tokenizer, **{"name": f"action-classifier ({model})", **settings})

    @property
    def facts(self) -> Mapping[str, Any]:
        from agents.lm import fingerprint

        prompt = json.dumps([INSTRUCTION, [dataclasses.asdict(example) for example in EXAMPLES]])
        return {
            "labels": {action.value: word for action, word in LABELS.items()},
            "prompt": hashlib.sha256(prompt.encode()).hexdigest()[:16],
            "weights": fingerprint(self.model),
        }

    def __call__(self, text: str, dialogue: str = "") -> Action:
        return self.classify([text], [dialogue])[0]

    def classify(self, texts: Sequence[str], dialogues: Sequence[str] | None = None) -> list[Action]:
        """The action of each reply; ``dialogues`` are what stood before each."""
        return [Action.CLARIFY if margin > 0 else Action.ANSWER for margin in self.margins(texts, dialogues)]

    def margins(self, texts: Sequence[str], dialogues: Sequence[str] | None = None) -> list[float]:
        """log p(question) − log p(answer) of each reply, in nats; never 0."""
        replies = list(zip(texts, [""] * len(texts) if dialogues is None else dialogues, strict=True))
        new = {reply: self._encode(*reply) for reply in dict.fromkeys(replies) if reply not in self._known}
        by_length = sorted(new, key=lambda reply: len(new[reply]))
        for start in range(0, len(by_length), self.batch_size):
            batch = by_length[start : start + self.batch_size]
            for reply, margin in zip(batch, self._score([new[reply] for reply in batch]), strict=True):
                if margin == 0 or not math.isfinite(margin):
                    raise CannotClassify(
                        f"{self.name} finds neither label more probable for the reply {reply[0][:80]!r}: "
                        f"log p({LABELS[Action.CLARIFY]}) − log p({LABELS[Action.ANSWER]}) is {margin}"
                    )
                self._known[reply] = margin
        return [self._known[reply] for reply in replies]

    def _encode(self, text: str, dialogue: str) -> list[int]:
        """The ids between the examples and the label; the dialogue's beginning is left out if it must be."""
        from agents import models

        ids = _ids(self.tokenizer, f"Reply: {_quoted(text)}") + self._endings.common
        room = models.room(self.model, self.tokenizer) - len(self._head) - self._endings.width
        if len(ids) > room:
            raise PromptTooLong(len(ids), room)
        before = _ids(self.tokenizer, f"Conversation: {_quoted(dialogue)}\n") if dialogue else []
        left = room - len(ids)
        return [*before[max(0, len(before) - left) :], *ids]

    def _score(self, rows: Sequence[Sequence[int]]) -> list[float]:
        with needs_torch(self.name):
            import torch
        was_training = self.model.training
        self.model.eval()
        try:
            with torch.no_grad():
                return self._differences(rows, torch)
        finally:
            self.model.train(was_training)

    def _differences(self, rows: Sequence[Sequence[int]], torch: Any) -> list[float]:
        """The examples are read once; each row then stands twice, before either label, padded on the left."""
        labels = (self._endings.question, self._endings.answer)
        whole = [[*row, *label] for row in rows for label in labels]
        width = max(map(len, whole))
        pad, device, head = self.tokenizer.pad_token_id or 0, self.model.device, len(self._head)
        ids = torch.tensor([[pad] * (width - len(row)) + row for row in whole], device=device)
        own = torch.tensor([[0] * (width - len(row)) + [1] * len(row) for row in whole], device=device)
        kept = max(map(len, labels)) + 1
        cache = copy.deepcopy(self._examples_read())
        cache.batch_repeat_interleave(len(whole))
        logits = self.model(
            input_ids=ids,
            attention_mask=torch.cat([own.new_ones(len(whole), head), own], dim=1),
            position_ids=(head + own.cumsum(1) - 1).clamp(min=0),
            past_key_values=cache,
            use_cache=True,
            logits_to_keep=kept,
        ).logits
        log_probs = torch.log_softmax(logits[:, -kept:-1].double(), -1)
        found = log_probs.gather(-1, ids[:, 1 - kept :, None]).squeeze(-1)
        question, answer = (found[i::2, kept - 1 - len(label) :].sum(1) for i, label in enumerate(labels))
        return (question - answer).tolist()

    def _examples_read(self) -> Any:
        if self._read is None:
            import torch
            from transformers import DynamicCache

            self._read = DynamicCache(config=self.model.config)
            ids = torch.tensor([self._head], device=self.model.device)
            self.model(input_ids=ids, past_key_values=self._read, use_cache=True, logits_to_keep=1)
        return self._read


@dataclasses.dataclass(frozen=True)
class _Endings:
    """What follows a reply, as ids: what both endings begin with, and each label with what comes after it."""

    common: list[int]
    question: list[int]
    answer: list[int]

    @property
    def width(self) -> int:
        return max(len(self.question), len(self.answer))


def _endings(tokenizer: Any) -> _Endings:
    question, answer = (_ids(tokenizer, _ending(action)) for action in (Action.CLARIFY, Action.ANSWER))
    same = next((i for i, (a, b) in enumerate(zip(question, answer, strict=False)) if a != b), None)
    if same is None:
        raise CannotClassify(f"the tokenizer of {tokenizer.name_or_path!r} does not tell {LABELS.values()} apart")
    return _Endings(question[:same], question[same:], answer[same:])


def _head(tokenizer: Any) -> list[int]:
    """The ids of the instruction and the examples, each put together of the parts that a reply is."""
    begun = tokenizer("a").input_ids[:1]
    ids = begun if begun == [tokenizer.bos_token_id] else []
    ids = ids + _ids(tokenizer, f"{INSTRUCTION}\n")
    for example in EXAMPLES:
        if example.dialogue:
            ids = ids + _ids(tokenizer, f"Conversation: {_quoted(example.dialogue)}\n")
        ids = ids + _ids(tokenizer, f"Reply: {_quoted(example.reply)}") + _ids(tokenizer, _ending(example.action))
    return ids


def _ending(action: Action) -> str:
    return f"\nAction: {LABELS[action]}\n\n"


def _quoted(text: str) -> str:
    """A text as a JSON string: with no line break in it, it cannot pass for a further example."""
    return json.dumps(text.encode("utf-8", "backslashreplace").decode("utf-8"), ensure_ascii=False)


def _ids(tokenizer: Any, text: str) -> list[int]:
    """The ids of a text, in which special tokens are spelt out as the plain text they are."""
    return tokenizer(text, add_special_tokens=False, split_special_tokens=True).input_ids
