"""What an agent is, and how one is found by name.

An agent answers a batch of observations with one reply each::

    class MyAgent:
        name = "mine"                                    # optional; else its module and class
        def act(self, observations):                     # observations: a list of dicts
            return ["SELECT ..." for o in observations]  # o["context"], o["dialogue"], o["turn"]

Optional attributes, all read with a default: ``name`` (str), ``facts`` (a JSON-able mapping that
identifies the agent: model, settings; it is part of a run's identity), ``device`` (str), ``usage`` (a mapping of
counts: what it has used so far, of which a run records its share) and
``fits(observation) -> bool`` (False leaves a task out, for an agent that cannot hold its prompt).
A reply may be a ``Reply``, a string that also knows how many tokens it took. In the place of one reply may stand an
exception, for an agent that failed at that observation alone: it ends that episode, and is its error. Where the
exception has a true attribute ``transient``, the failure says nothing about the episode (a server was down), which is
played again when the run is resumed.

A *privileged* agent has ``act_privileged(observations, episodes)`` instead: it sees the task itself,
and serves as a yardstick (the oracle and the scripted agents), never as a contestant.
"""

from __future__ import annotations

import dataclasses
import difflib
import importlib
import importlib.metadata
import os
import sys
from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypedDict, runtime_checkable

from act_env.conversation import USER, Task, Turn, render_dialogue
from act_env.env import ClarifyEnv
from act_env.errors import ActClarifyError
from act_env.judging import Judge

ENTRY_POINTS = "act_clarify.agents"


class Observation(TypedDict):
    """The environment's observation: schema and notes, the dialogue so far, the turn's number from 0."""

    context: str
    dialogue: str
    turn: int


@runtime_checkable
class Agent(Protocol):
    def act(self, observations: Sequence[Observation]) -> list[str | Exception]: ...


@dataclasses.dataclass(frozen=True)
class EpisodeView:
    """What only a privileged agent sees: the request as a task, the intended reading's id, the turns from the request
    on, and what judges its answers."""

    task: Task
    intention: str
    turns: tuple[Turn, ...]
    judge: Judge

    @classmethod
    def of(cls, env: ClarifyEnv) -> EpisodeView:
        """The view of what an environment is playing."""
        return cls(env.task, env.intention, env.exchange, env.judge)


@runtime_checkable
class PrivilegedAgent(Protocol):
    def act_privileged(
        self, observations: Sequence[Observation], episodes: Sequence[EpisodeView]
    ) -> list[str | Exception]: ...


class Reply(str):
    """A reply that also says how many tokens were generated for it."""

    __slots__ = ("tokens",)
    tokens: int | None

    def __new__(cls, text: str, tokens: int | None = None) -> Reply:
        reply = super().__new__(cls, text)
        reply.tokens = tokens
        return reply

    def __reduce__(self) -> tuple[Any, ...]:
        return Reply, (str(self), self.tokens)


class AgentNotFound(ActClarifyError, LookupError):
    """No agent goes by that name, or its module or attribute cannot be imported."""


class NotAnAgent(ActClarifyError, TypeError):
    """What the name led to has neither ``act`` nor ``act_privileged``, or cannot be made."""


_BUILT_IN = {
    "always-ask": "agents.scripted:AlwaysAsk",
    "generic-asker": "agents.scripted:GenericAsker",
    "kitchen-sink": "agents.scripted:KitchenSink",
    "never-ask": "agents.scripted:NeverAsk",
    "coin": "agents.scripted:Coin",
    "oracle": "agents.scripted:Oracle",
    "word-list": "agents.wordlist:WordList",
    "uncertainty": "agents.uncertainty:Uncertainty",
    "lm": "agents.lm:LMAgent.load",
    "chat": "agents.chat.agent:from_environment",
}


def agent_names() -> tuple[str, ...]:
    """The names ``load_agent`` knows: the built-in agents, then those of installed entry points."""
    found = {point.name for point in importlib.metadata.entry_points(group=ENTRY_POINTS)}
    return (*_BUILT_IN, *sorted(found - set(_BUILT_IN)))


def load_agent(spec: str, **settings: Any) -> Agent | PrivilegedAgent:
    """The agent that ``spec`` names: a built-in name, an entry point of the group
    ``act_clarify.agents``, or ``module:attribute`` (a class, a factory or an instance), where the
    module may also lie in the working directory. ``settings`` go to the class or factory.

    Raises AgentNotFound (with the names that come close) or NotAnAgent.
    """
    target = _BUILT_IN.get(spec)
    if target is None:
        points = {point.name: point.value for point in importlib.metadata.entry_points(group=ENTRY_POINTS)}
        target = points.get(spec, spec)
    module, colon, attribute = target.partition(":")
    if not (colon and module and attribute):
        names = agent_names()
        close = difflib.get_close_matches(spec, names, n=3, cutoff=0.5)
        hint = f"did you mean {' or '.join(map(repr, close))}?" if close else f"known: {', '.join(names)}."
        raise AgentNotFound(f"no agent named {spec!r}; {hint} An agent of your own is given as 'module:attribute'.")
    return _made(spec, _attribute(spec, module, attribute), settings)


def _attribute(spec: str, module_name: str, attribute: str) -> Any:
    # A console script does not have the working directory on its path; at the end, so that nothing
    # there can take the place of an installed module.
    if os.getcwd() not in sys.path and "" not in sys.path:
        sys.path.append(os.getcwd())
    try:
        value: Any = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name is None or not (module_name == error.name or module_name.startswith(error.name + ".")):
            raise AgentNotFound(f"agent {spec!r}: {module_name!r} needs the module {error.name!r}: {error}") from error
        raise AgentNotFound(
            f"agent {spec!r}: no module {module_name!r} in the working directory or among installed packages"
        ) from error
    for part in attribute.split("."):
        if not hasattr(value, part):
            public = [name for name in dir(value) if not name.startswith("_")]
            close = difflib.get_close_matches(part, public, n=3, cutoff=0.5)
            hint = f"; did you mean {' or '.join(map(repr, close))}?" if close else ""
            raise AgentNotFound(f"agent {spec!r}: {module_name!r} has no attribute {part!r}{hint}")
        value = getattr(value, part)
    return value


def _made(spec: str, value: Any, settings: dict[str, Any]) -> Agent | PrivilegedAgent:
    acts = isinstance(value, Agent | PrivilegedAgent)
    if acts and not isinstance(value, type):
        if settings:
            raise NotAnAgent(f"agent {spec!r} is an instance already: it takes no settings, got {sorted(settings)}")
        return value
    if not callable(value):
        raise NotAnAgent(f"agent {spec!r} is a {type(value).__name__} without act(observations)")
    try:
        agent = value(**settings)
    except TypeError as error:
        raise NotAnAgent(f"agent {spec!r} cannot be made with settings {sorted(settings)}: {error}") from error
    if not isinstance(agent, Agent | PrivilegedAgent):
        raise NotAnAgent(f"agent {spec!r} gave a {type(agent).__name__} without act(observations)")
    return agent


def agent_name(agent: object) -> str:
    """An agent's own ``name``, else ``module:Class``."""
    name = getattr(agent, "name", None)
    return name if isinstance(name, str) and name else f"{type(agent).__module__}:{type(agent).__qualname__}"


def first_observation(task: Task) -> Observation:
    """What the environment shows at the start of a task, without playing it."""
    turns = (*task.history, Turn(USER, task.request))
    return Observation(context=task.context, dialogue=render_dialogue(turns), turn=0)


def replies(
    agent: Agent | PrivilegedAgent, observations: Sequence[Observation], views: Callable[[], Any]
) -> list[str | Exception]:
    """The agent's replies to a batch; ``views`` gives the EpisodeViews and is called for privileged agents only."""
    if isinstance(agent, PrivilegedAgent):
        return agent.act_privileged(observations, views())
    return agent.act(observations)
