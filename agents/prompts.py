"""The one room that turns an observation into a prompt.

Three styles: ``plain`` shows the context as it is, ``ruled`` adds to its notes the rule that nano was trained
to follow, ``instruct`` says what is asked of the model. A tokenizer names its own in
``init_kwargs["prompt_style"]``; the default is ``instruct``.

Token ids are put together from two sources that never mix: the chat template's own text, in which
special tokens count, and the messages' contents, in which they do not. So neither a user nor a
database can open a turn that is not theirs, whatever they write. Nothing is ever cut but a long passage
(``agents.passages``).
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from act_env.conversation import parse_dialogue
from act_env.errors import ActClarifyError
from agents import passages
from agents.passages import Kind

Style = Literal["plain", "ruled", "instruct"]
STYLES = ("plain", "ruled", "instruct")
NOTES = "\nNotes:\n"
RULE = "- where the notes leave a request open, say so"

INSTRUCTIONS: Mapping[Kind, str] = {
    "database": """You answer questions about a database.
If the tables and notes below leave more than one meaning open, reply with one short clarifying question.
Otherwise reply with one DuckDB SQL statement and nothing else.""",
    "table": """You answer questions about a company's report.
If the table, the text and the conversation leave open what is asked for, reply with one short clarifying question.
Otherwise reply with the answer and nothing else: the figure with its scale, or the words of the report; a list with
"; " between its parts.""",
    "passage": """You answer questions about a passage.
If the passage and the conversation leave more than one meaning open, reply with one short clarifying question.
Otherwise reply with the answer and nothing else, in a few words.""",
}
"""What is asked of a model, by what it is asked about: 42, 67 and 44 tokens of SmolLM2's."""

PASSAGE_SHARE = 0.75
"""A prompt with a passage is cut to this share of the tokenizer's positions, so that there is room for replies."""
_NO_LIMIT = 1_000_000


class PromptTooLong(ActClarifyError, ValueError):
    """A prompt that does not fit the model: such a task is left out and counted, never cut."""

    def __init__(self, tokens: int, room: int) -> None:
        super().__init__(f"the prompt takes {tokens} tokens, and there is room for {room}")
        self.tokens, self.room = tokens, room

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.tokens, self.room)


class UnusableTemplate(ActClarifyError, ValueError):
    """The tokenizer has no chat template, or one that does not show every message once and in order."""


def style_of(tokenizer: Any) -> Style:
    """The prompt style that a tokenizer names; raises ValueError on one that there is not."""
    style = tokenizer.init_kwargs.get("prompt_style", "instruct")
    if style not in STYLES:
        raise ValueError(f"prompt_style {style!r} of the tokenizer: it must be one of {', '.join(STYLES)}")
    return style


def messages(observation: Mapping[str, Any], style: Style) -> list[dict[str, str]]:
    """An observation as chat messages: the system message, then the dialogue."""
    if style not in STYLES:
        raise ValueError(f"style {style!r}: it must be one of {', '.join(STYLES)}")
    context = observation["context"]
    match style:
        case "plain":
            system = context
        case "ruled":
            system = f"{context}\n{RULE}" if NOTES in context else f"{context}{NOTES}{RULE}"
        case _:
            system = f"{INSTRUCTIONS[passages.kind_of(context)]}\n\n{context}"
    dialogue = [{"role": role, "content": text} for role, text in parse_dialogue(observation["dialogue"])]
    return [{"role": "system", "content": system}, *dialogue]


def encode(tokenizer: Any, observation: Mapping[str, Any], *, room: int | None = None) -> list[int]:
    """The ids of an observation's prompt, up to where the assistant begins to write.

    ``room`` is how many ids may be used (default: the tokenizer's ``model_max_length``); a longer
    prompt raises PromptTooLong. A passage is cut so that the prompt takes ``PASSAGE_SHARE`` of the positions.
    """
    room = tokenizer.model_max_length if room is None else room
    positions = tokenizer.model_max_length if tokenizer.model_max_length < _NO_LIMIT else room
    limit = min(room, int(PASSAGE_SHARE * positions))
    ids = uncut(tokenizer, observation)
    if len(ids) > limit and passages.kind_of(observation["context"]) != "database":

        def fits(context: str) -> bool:
            return len(uncut(tokenizer, {**observation, "context": context})) <= limit

        if (shorter := passages.shortened(observation, fits)) is not None:
            ids = uncut(tokenizer, {**observation, "context": shorter})
    if len(ids) > room:
        raise PromptTooLong(len(ids), room)
    return ids


def uncut(tokenizer: Any, observation: Mapping[str, Any]) -> list[int]:
    """The ids of an observation's prompt, however many."""
    return chat_ids(tokenizer, messages(observation, style_of(tokenizer)))


def chat_ids(tokenizer: Any, chat: Sequence[Mapping[str, str]]) -> list[int]:
    """The ids of chat messages, up to where the assistant begins to write."""
    frame = _frame(tokenizer, tokenizer.chat_template, tuple(message["role"] for message in chat))
    ids: list[int] = []
    for glue, message in zip(frame.glue, chat, strict=False):
        ids += glue
        ids += _content(tokenizer, message["content"], frame.markers)
    ids += frame.glue[-1]
    return ids


def reply_ids(tokenizer: Any, text: str) -> list[int]:
    """The ids of an assistant's whole reply: its text and the token that ends its turn."""
    frame = _exchange(tokenizer)
    return [*_content(tokenizer, text, frame.markers), _end_of_turn(tokenizer, frame)]


def user_turn_ids(tokenizer: Any, text: str, *, ended: bool) -> list[int]:
    """The ids between two replies: what closes the first, the user's message, what opens the next.

    ``ended`` says that the first reply's ids hold the token that ends its turn already.
    """
    frame = _exchange(tokenizer)
    close, begin = frame.glue[3], frame.glue[4]
    if ended and close[:1] == (_end_of_turn(tokenizer, frame),):
        close = close[1:]
    return [*close, *_content(tokenizer, text, frame.markers), *begin]


def stop_ids(tokenizer: Any) -> frozenset[int]:
    """The tokens at which a reply is complete."""
    return frozenset({_end_of_turn(tokenizer, _exchange(tokenizer)), tokenizer.eos_token_id})


def thought_end(tokenizer: Any) -> int | None:
    """The token that ends a thought, after which the reply begins; None for a model that does not think first.

    A tokenizer names it in ``init_kwargs["thought_end"]``; where it does not, "</think>" is one if it is
    among the added tokens. Raises ValueError for one that is no single token.
    """
    text = tokenizer.init_kwargs.get("thought_end")
    if text is None:
        return tokenizer.get_added_vocab().get("</think>")
    ids = tokenizer(text, add_special_tokens=False).input_ids
    if len(ids) != 1:
        raise ValueError(f"thought_end {text!r} of the tokenizer makes {len(ids)} tokens: it must be one")
    return ids[0]


@dataclasses.dataclass(frozen=True)
class _Frame:
    """What a chat template writes around messages of given roles: ``glue[i]`` are the ids before
    message i, ``glue[-1]`` those after the last. ``markers`` are its words that are no special
    tokens, so that contents must not hold them."""

    glue: tuple[tuple[int, ...], ...]
    markers: tuple[str, ...]


@functools.lru_cache(maxsize=256)
def _frame(tokenizer: Any, template: str | None, roles: tuple[str, ...]) -> _Frame:
    if not template:
        raise UnusableTemplate(
            f"the tokenizer of {tokenizer.name_or_path!r} has no chat template; use the model's chat or "
            "instruction-tuned variant, or give the tokenizer a chat_template"
        )
    # Private-use characters: no template trims, escapes or writes them itself.
    stand_ins = [f"\ue000{number}\ue001" for number in range(len(roles))]
    chat = [{"role": role, "content": text} for role, text in zip(roles, stand_ins, strict=True)]
    text = tokenizer.apply_chat_template(chat, tokenize=False, add_generation_prompt=True)
    pieces = []
    for stand_in in stand_ins:
        before, found, text = text.partition(stand_in)
        if not found:
            raise UnusableTemplate(
                f"the chat template of {tokenizer.name_or_path!r} does not show every message of the roles "
                f"{', '.join(roles)} once and in order"
            )
        pieces.append(before)
    pieces.append(text)
    bare = " ".join(pieces)
    for special in tokenizer.all_special_tokens:
        bare = bare.replace(special, " ")
    markers = tuple(sorted({word for word in bare.split() if len(word) > 2 and not word.isalnum()}, key=len)[::-1])
    glue = tuple(tuple(tokenizer(piece, add_special_tokens=False).input_ids) if piece else () for piece in pieces)
    return _Frame(glue, markers)


def _exchange(tokenizer: Any) -> _Frame:
    return _frame(tokenizer, tokenizer.chat_template, ("system", "user", "assistant", "user"))


def _end_of_turn(tokenizer: Any, frame: _Frame) -> int:
    after_reply = frame.glue[3]
    if after_reply and after_reply[0] in tokenizer.all_special_ids:
        return after_reply[0]
    if tokenizer.eos_token_id is None:
        raise UnusableTemplate(f"the tokenizer of {tokenizer.name_or_path!r} has no token that ends a turn")
    return tokenizer.eos_token_id


def _content(tokenizer: Any, text: str, markers: Sequence[str]) -> list[int]:
    """A message's ids, in which special tokens are spelt out as the plain text they are."""
    for marker in markers:
        text = text.replace(marker, f"{marker[0]} {marker[1:]}")
    # A lone surrogate is legal in an action and has no UTF-8 form.
    text = text.encode("utf-8", "replace").decode("utf-8")
    return tokenizer(text, add_special_tokens=False, split_special_tokens=True).input_ids if text else []
