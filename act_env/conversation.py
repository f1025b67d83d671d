"""What flows through the house: tasks, readings, turns, episodes, outcomes, and their JSON form.

Everything here is a frozen dataclass over plain values. ``to_json`` gives canonical JSON types,
``from_json`` takes them back; ``content_hash`` is over canonical JSON, never over file bytes.
"""

from __future__ import annotations

import base64
import dataclasses
import datetime as dt
import hashlib
import json
import math
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from enum import StrEnum
from typing import Any, Literal

from act_env.errors import MalformedRecord

USER, ASSISTANT = "user", "assistant"
Role = Literal["user", "assistant"]


class Action(StrEnum):
    """The paper's action space S (section 3.1): what a reply implies."""

    CLARIFY = "clarify"
    ANSWER = "answer"


class Behaviour(StrEnum):
    """How an episode's last decisive reply dealt with the request (the paper's section 1, extended).

    ``CLARIFIED``: asked about an open slot, and answered after it was settled.
    ``ANSWERED``: answered a request that was clear.
    ``ASSUMPTION``: answered one reading of several without asking.
    ``HEDGED``: asked and answered in the same reply.
    ``OVERHEDGED``: one answer that holds the results of two differing readings.
    ``OVERASKED``: asked although nothing was open, or asked what settled nothing.
    ``UNREADABLE``: the answer could not be run.
    ``UNFINISHED``: no answer within the rounds allowed.
    ``WRONG``: an answer that matches no reading.
    """

    CLARIFIED = "clarified"
    ANSWERED = "answered"
    ASSUMPTION = "assumption"
    HEDGED = "hedged"
    OVERHEDGED = "overhedged"
    OVERASKED = "overasked"
    UNREADABLE = "unreadable"
    UNFINISHED = "unfinished"
    WRONG = "wrong"


@dataclasses.dataclass(frozen=True)
class Result:
    """A result set. ``ranks`` is None where order does not matter; else ``ranks[i]`` is the position
    of row i's tie group under the reading's ORDER BY: rows of equal rank may come in any order."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    ranks: tuple[int, ...] | None = None


@dataclasses.dataclass(frozen=True)
class Accepted:
    """One accepted answer in text: its spans (more than one for a list), and the scale of its numbers, one of
    ``SCALES``."""

    spans: tuple[str, ...]
    scale: str = ""


SCALES = ("", "percent", "thousand", "million", "billion")


@dataclasses.dataclass(frozen=True)
class Option:
    """One value of a slot: how a question may offer it (``cues``, matched as word sequences without
    case) and what a user who means it says (``replies``, one of which the seed picks).

    ``verbatim`` is what a person answered to the task's gold question, where the source has that; it answers no
    other question."""

    value: str
    gloss: str
    cues: tuple[str, ...]
    replies: tuple[str, ...]
    verbatim: str = ""


@dataclasses.dataclass(frozen=True)
class Slot:
    """What a request may leave open: its name, the words by which a question names it, its options.

    ``topic`` is for slots whose options are told in people's own words: texts about it, the clarifying question
    that people asked first (``act_env.text.relevance``)."""

    name: str
    cues: tuple[str, ...]
    options: tuple[Option, ...]
    topic: tuple[str, ...] = ()

    def option(self, value: str) -> Option:
        for option in self.options:
            if option.value == value:
                return option
        raise KeyError(f"slot {self.name!r} has no option {value!r}")


@dataclasses.dataclass(frozen=True)
class Reading:
    """One interpretation of a request: its answer (SQL, or a QA answer), a gloss in words, the slot
    values it fixes, its result and its prior probability among the task's readings.

    ``accepted`` are the answers in text that are right under it. A reading of prior 0 that accepts nothing stands
    for all that a request may mean beside what its source tells.
    """

    id: str
    answer: str
    gloss: str
    slots: Mapping[str, str]
    result: Result | None = None
    prior: float = 1.0
    accepted: tuple[Accepted, ...] = ()


@dataclasses.dataclass(frozen=True)
class Provenance:
    source: str
    licence: str
    builder: str
    pattern: str = ""
    origin: str = ""
    """Where the text comes from: a pattern id of the builder, or the source's own item id."""


@dataclasses.dataclass(frozen=True)
class Turn:
    """One message. For the assistant's: the action it implied, whether that was right for its state,
    the slots it resolved, its tokens and seconds where known, and the typed error it met.

    For the user's, what its words do beside settling slots: ``intention`` is the reading that it means from here on,
    where it has changed its mind; ``any_fits`` says that any reading that still fits will do; ``partial`` that it has
    only half answered, and the question is to be asked again.
    """

    role: Role
    text: str
    action: Action | None = None
    right: bool | None = None
    resolved: tuple[str, ...] = ()
    error: str | None = None
    tokens: int | None = None
    seconds: float | None = None
    intention: str | None = None
    any_fits: bool = False
    partial: bool = False


@dataclasses.dataclass(frozen=True)
class Task:
    """One conversation to be played. ``gold_action`` is CLARIFY iff two readings differ in result.

    ``settled_by`` is the note that settles a clear twin (empty where nothing had to be settled).
    ``group`` joins paraphrases and twins: they stay on one side of any split. ``conversation`` names the dialogue
    that a task is a turn of, where it is one of several; ``parts`` are the turns that one episode serves, in order,
    where the whole of it is played (``act_env.tasks.whole``).
    """

    id: str
    environment: str
    split: str
    database: str
    context: str
    request: str
    readings: tuple[Reading, ...]
    slots: tuple[Slot, ...]
    gold_action: Action
    gold_question: str
    kind: str
    group: str
    provenance: Provenance
    history: tuple[Turn, ...] = ()
    settled_by: str = ""
    conversation: str = ""
    parts: tuple[Task, ...] = ()

    @property
    def served(self) -> tuple[Task, ...]:
        """The requests that an episode of this task serves, each as a task of its own."""
        return self.parts or (self,)

    @property
    def replies_to_question(self) -> bool:
        """Whether the request is the user's reply to a clarifying question of the gold history."""
        return bool(self.history) and self.history[-1].action is Action.CLARIFY

    @property
    def all_known(self) -> bool:
        """Whether the readings are all there are, so that values and regret mean something: none of prior 0 stands for
        what the source does not tell."""
        return all(reading.prior > 0 for reading in self.readings)

    @property
    def home(self) -> str:
        """The database that this task's is made of: what follows a "+" names a variant of one."""
        return self.database.partition("+")[0]

    def reading(self, reading_id: str) -> Reading:
        for reading in self.readings:
            if reading.id == reading_id:
                return reading
        raise KeyError(f"task {self.id!r} has no reading {reading_id!r}")


GRADER_VERSION = 3
"""Raised whenever the same transcript may get another outcome; results of two versions do not mix."""


@dataclasses.dataclass(frozen=True)
class Outcome:
    """How an episode ended. ``score`` is the reward's sum; ``match`` the plain match of the final
    answer with the intended reading, whatever the reward; ``regret`` is of the priced reward, and None where the
    task's readings are not all known. ``f1`` is the final answer's F1 where answers are close rather than equal.

    For an episode that serves several requests, ``parts`` has each one's own; ``match`` and ``f1`` are their means.
    """

    actions_right: tuple[bool, ...]
    behaviour: Behaviour
    match: float
    score: float
    questions: int
    regret: float | None = None
    error: str | None = None
    truncated: bool = False
    f1: float | None = None
    parts: tuple[Part, ...] = ()


@dataclasses.dataclass(frozen=True)
class Part:
    """One request of an episode that serves several: its task, its intention, where its turns begin among the
    episode's, and how it ended. ``meant_first`` is as in ``Episode``."""

    task_id: str
    intention: str
    start: int
    outcome: Outcome
    meant_first: str | None = None


@dataclasses.dataclass(frozen=True)
class Episode:
    """A played task, complete enough to be graded again without the agent.

    ``intention`` is the reading that the user meant in the end, by which the answer is judged; ``meant_first`` the one
    drawn from the seed, where the user changed its mind, else None.
    """

    task_id: str
    environment: str
    split: str
    database: str
    seed: int
    user: str
    intention: str
    turns: tuple[Turn, ...]
    outcome: Outcome | None = None
    meant_first: str | None = None

    def exchanges(self) -> Iterator[tuple[Part, tuple[Turn, ...]]]:
        """Each request that an episode of several served, with its turns, the request first."""
        parts = self.outcome.parts if self.outcome else ()
        for part, end in zip(parts, [*(part.start for part in parts[1:]), len(self.turns)], strict=False):
            yield part, self.turns[part.start : end]


# ------------------------------------------------------------------ dialogue text


def render_dialogue(turns: Iterable[Turn]) -> str:
    """The dialogue as an agent reads it: ``User:`` and ``Assistant:`` blocks.

    A line break inside a message is followed by two spaces, so that no message can forge a turn and
    ``parse_dialogue`` gives back the same messages.
    """
    lines = []
    for turn in turns:
        name = "User" if turn.role == USER else "Assistant"
        lines.append(f"{name}: " + turn.text.replace("\n", "\n  "))
    return "\n".join(lines)


def parse_dialogue(text: str) -> list[tuple[Role, str]]:
    """The messages of a rendered dialogue as (role, text); raises MalformedRecord on anything else."""
    messages: list[tuple[Role, list[str]]] = []
    for line in text.split("\n") if text else []:
        if line.startswith("User: "):
            messages.append((USER, [line[6:]]))
        elif line.startswith("Assistant: "):
            messages.append((ASSISTANT, [line[11:]]))
        elif line.startswith("  ") and messages:
            messages[-1][1].append(line[2:])
        else:
            raise MalformedRecord(f"not a rendered dialogue: line {line[:80]!r}")
    return [(role, "\n".join(parts)) for role, parts in messages]


# ------------------------------------------------------------------ JSON form

_TAGGED = {"$date", "$datetime", "$time", "$decimal", "$bytes", "$float", "$interval", "$struct"}


def encode_value(value: Any) -> Any:
    """A database value as JSON: scalars as they are, others under one ``$type`` key."""
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else {"$float": repr(value)}
    if isinstance(value, Decimal):
        return {"$decimal": str(value)}
    if isinstance(value, dt.datetime):
        return {"$datetime": value.isoformat()}
    if isinstance(value, dt.date):
        return {"$date": value.isoformat()}
    if isinstance(value, dt.time):
        return {"$time": value.isoformat()}
    if isinstance(value, dt.timedelta):
        return {"$interval": [value.days, value.seconds, value.microseconds]}
    if isinstance(value, bytes | bytearray | memoryview):
        return {"$bytes": base64.b64encode(bytes(value)).decode()}
    if isinstance(value, list | tuple):
        return [encode_value(item) for item in value]
    if isinstance(value, dict):
        form = {str(key): encode_value(item) for key, item in value.items()}
        # A struct of a database may have a field of that name itself.
        return {"$struct": form} if len(form) == 1 and next(iter(form)) in _TAGGED else form
    return str(value)


def decode_value(value: Any) -> Any:
    if isinstance(value, list):
        return [decode_value(item) for item in value]
    if not isinstance(value, dict):
        return value
    if len(value) == 1 and (tag := next(iter(value))) in _TAGGED:
        payload = value[tag]
        match tag:
            case "$date":
                return dt.date.fromisoformat(payload)
            case "$datetime":
                return dt.datetime.fromisoformat(payload)
            case "$time":
                return dt.time.fromisoformat(payload)
            case "$decimal":
                return Decimal(payload)
            case "$bytes":
                return base64.b64decode(payload)
            case "$interval":
                return dt.timedelta(*payload)
            case "$struct":
                return {key: decode_value(item) for key, item in payload.items()}
            case _:
                return float(payload)
    return {key: decode_value(item) for key, item in value.items()}


def to_json(value: Any) -> Any:
    """Any dataclass of this module as JSON types; fields at their default are left out."""
    if isinstance(value, Result):
        form: dict[str, Any] = {"columns": list(value.columns), "rows": [encode_value(row) for row in value.rows]}
        return form if value.ranks is None else form | {"ranks": list(value.ranks)}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        form = {}
        for field in dataclasses.fields(value):
            item = getattr(value, field.name)
            if field.default is not dataclasses.MISSING and item == field.default:
                continue
            form[field.name] = to_json(item)
        return form
    if isinstance(value, Mapping):
        return {str(key): to_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [to_json(item) for item in value]
    if isinstance(value, StrEnum):
        return value.value
    return value


def _result(form: Mapping[str, Any] | None) -> Result | None:
    if form is None:
        return None
    ranks = form.get("ranks")
    return Result(
        tuple(form["columns"]),
        tuple(tuple(decode_value(cell) for cell in row) for row in form["rows"]),
        None if ranks is None else tuple(ranks),
    )


def _turn(form: Mapping[str, Any]) -> Turn:
    form = dict(form)
    if form.get("action") is not None:
        form["action"] = Action(form["action"])
    form["resolved"] = tuple(form.get("resolved", ()))
    return Turn(**form)


def _slot(form: Mapping[str, Any]) -> Slot:
    options = tuple(
        Option(o["value"], o["gloss"], tuple(o["cues"]), tuple(o["replies"]), o.get("verbatim", ""))
        for o in form["options"]
    )
    return Slot(form["name"], tuple(form["cues"]), options, tuple(form.get("topic", ())))


def _reading(form: Mapping[str, Any]) -> Reading:
    accepted = tuple(Accepted(tuple(a["spans"]), a.get("scale", "")) for a in form.get("accepted", ()))
    return Reading(
        **{**form, "slots": dict(form["slots"]), "result": _result(form.get("result")), "accepted": accepted}
    )


def _outcome(form: Mapping[str, Any]) -> Outcome:
    parts = tuple(Part(**{**part, "outcome": _outcome(part["outcome"])}) for part in form.get("parts", ()))
    right, behaviour = tuple(form["actions_right"]), Behaviour(form["behaviour"])
    return Outcome(**{**form, "actions_right": right, "behaviour": behaviour, "parts": parts})


def task_from_json(form: Mapping[str, Any]) -> Task:
    """A task from its JSON form; raises MalformedRecord naming the record and what is wrong with it."""
    try:
        fields = dict(form)
        fields["readings"] = tuple(_reading(r) for r in form["readings"])
        fields["slots"] = tuple(_slot(s) for s in form["slots"])
        fields["gold_action"] = Action(form["gold_action"])
        fields["provenance"] = Provenance(**form["provenance"])
        fields["history"] = tuple(_turn(t) for t in form.get("history", ()))
        fields["parts"] = tuple(task_from_json(t) for t in form.get("parts", ()))
        return Task(**fields)
    except (KeyError, TypeError, ValueError) as error:
        name = form.get("id", "?") if isinstance(form, Mapping) else "?"
        raise MalformedRecord(f"task {name!r}: {type(error).__name__}: {error}") from error


def episode_from_json(form: Mapping[str, Any]) -> Episode:
    """An episode from its JSON form; raises MalformedRecord."""
    try:
        fields = dict(form)
        fields["turns"] = tuple(_turn(t) for t in form["turns"])
        if (outcome := form.get("outcome")) is not None:
            fields["outcome"] = _outcome(outcome)
        return Episode(**fields)
    except (KeyError, TypeError, ValueError) as error:
        name = form.get("task_id", "?") if isinstance(form, Mapping) else "?"
        raise MalformedRecord(f"episode of task {name!r}: {type(error).__name__}: {error}") from error


def canonical_json(value: Any) -> str:
    """JSON with sorted keys and no spaces: the text that hashes are taken over."""
    return json.dumps(to_json(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def content_hash(values: Iterable[Any]) -> str:
    """sha256 (hex) over the canonical JSON of each value, in order."""
    digest = hashlib.sha256()
    for value in values:
        digest.update(canonical_json(value).encode("utf-8", "surrogatepass") + b"\n")
    return digest.hexdigest()


def transcript_hash(episode: Episode) -> str:
    """sha256 (hex) of an episode, seconds left out: equal for equal plays anywhere."""
    turns = tuple(dataclasses.replace(turn, seconds=None) for turn in episode.turns)
    return content_hash([dataclasses.replace(episode, turns=turns)])
