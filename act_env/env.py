"""ClarifyEnv: one possibly ambiguous conversation an episode."""

from __future__ import annotations

import dataclasses
import sys
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
from gymnasium import spaces
from gymnasium.error import ResetNeeded

from act_env import referee, scoring, users
from act_env.conversation import ASSISTANT, Action, Episode, Task, Turn, render_dialogue
from act_env.judging import Judge, make_judge
from act_env.referee import close_to, regrade
from act_env.registration import AMBIGSQL, check_scope, in_scope, load_source, resolve
from act_env.rendering import printable
from act_env.spaces import AnyText
from act_env.tasks import TaskSource

MAX_ROUNDS = 100
"""The most rounds an episode may be given: it bounds the length of an observation."""

__all__ = ["MAX_ROUNDS", "ClarifyEnv", "Snapshot", "regrade"]

_TEXT_LIMIT = 2**22
_TASK, _INTENTION, _USER, _PERSONA = range(4)
"""The streams drawn from an episode's seed."""


class ClarifyEnv(gymnasium.Env):
    """One conversation: answer the user's request, or ask first where it can be read in several ways.

    ## Description
    A user asks an assistant something about what both have before them: a database (AmbigSQL), the table
    and text of a company's report (PACIFIC), a passage (Abg-CoQA). Some requests are clear there; others fit
    two or more readings that give different results. The agent writes free text. About a database, a text that
    holds a runnable SQL statement is an ANSWER and is graded by executing it; elsewhere any text that does not ask
    the user something is one, and is graded by its F1 with the accepted answers. A text that asks is a CLARIFY, and
    a simulated user replies. Before the episode's end nothing in an observation or in ``info`` tells the right
    action, the readings, the user's intention or the answer.

    ## Observation space
    ``Dict(context: Text, dialogue: Text, turn: Discrete)``

    - ``context``: the tables and the notes of the data dictionary; or, after a line ``Table:``, a table with its
      text; or, after a line ``Passage:``, a passage;
    - ``dialogue``: ``User:`` and ``Assistant:`` blocks, the request first; a line break inside a message
      is followed by two spaces (``act_env.conversation.parse_dialogue`` gives the messages back);
    - ``turn``: how many replies the agent has given to the request.

    ``info["task_id"]`` names the task, ``info["messages"]`` holds the dialogue in chat form, and
    ``info["error"]`` is None or the kind of error that the last reply met (``unreadable``,
    ``too_long``, or a sandbox error's kind such as ``parse``, ``execution``, ``time_limit``).

    ## Action space
    Text of at most 4,096 characters; every Unicode string is legal. An unreadable or overlong text
    is a wrong answer with its error in ``info``; what is no ``str`` raises TypeError.

    The right action depends on the state: CLARIFY while readings that fit the dialogue so far still
    differ in result, ANSWER otherwise, or once the user has said that any of them will do. A question is right only
    if it resolves an open slot, or is about one that the user then only half answers or leaves to the agent. A text
    that holds a statement and also asks is an ANSWER (behaviour *hedged*): wrong while readings differ;
    right, as an action, once nothing is open, since the user is not kept waiting for a result.

    ## Rewards
    - ``"act"`` (default): 1 at the end if every action was right for its state and the answer matches
      the intended reading's result, else 0;
    - ``"priced"``: match at the end, minus ``clarify_cost`` for each question when it is asked;
    - ``"graded"``: execution feedback at the end, in [0, 1], 1 only for a match;
    - a callable ``(act_env.scoring.Step) -> float``, called after every reply.

    An answer matches by the result of the reading that the user means at the time, or, where any that fits the
    dialogue will do, by that of any of these. Whatever the reward, ``info["outcome"].match`` at the end is the plain
    match, and ``info["outcome"].f1`` the answer's F1 where answers are text. A text matches where its F1 is above
    ``epsilon``.

    ## Starting state
    The user's request (after the task's earlier turns, where it has any). The seed alone determines the
    task, the intended reading (by the readings' prior), everything the user will say, and the seeds
    of the episodes after it; the agent's words shift none of these draws.

    ## Episode end
    Terminated by an ANSWER; truncated after ``max_rounds`` replies without one. Then ``info["episode"]``
    is the whole ``act_env.conversation.Episode`` and ``info["outcome"]`` its Outcome. Stepping on raises
    ``gymnasium.error.ResetNeeded``. (``RecordEpisodeStatistics`` needs another ``stats_key``, since
    ``episode`` is taken.)

    In the scope ``"conversation"`` an ANSWER, or the last reply of a request's rounds, serves the user's next
    request, and the agent's own replies are its history; the last request's end is the episode's. A turn that only
    answers a gold clarifying question is no request: it is the user's reply where the agent asked. Rewards are
    those of each request, divided by their number; ``info["outcome"].parts`` has each one's outcome.

    ## Arguments
    - ``split`` (``"train"``), ``source`` (``"bundled"``; ``"spider"`` or ``"own"`` for databases, ``"published"``
      for the authors' files of the others; or a loader ``"module:attribute"``) and ``path`` choose the tasks;
      ``tasks`` gives a ``TaskSource`` in their place;
    - ``reward`` and ``clarify_cost`` (0.1): see above;
    - ``max_rounds``: replies an episode may take; by default 4, or the task's open slots + 2 if more;
    - ``user`` (``"oracle"``): ``"oracle"``, ``"human"``, a persona such as ``"persona:terse"``, ``"personas"`` for one
      drawn in each episode, ``"module:attribute"``, or an object with ``reply`` (``act_env.users``);
    - ``scope`` (``"turn"``): one request an episode, after the gold history; ``"conversation"`` (PACIFIC): the
      whole dialogue;
    - ``epsilon``: the F1 above which a text matches; by default 0.9 for PACIFIC and 0.5 for Abg-CoQA;
    - ``classifier``: what reads a reply's action in place of the rules, a callable ``(text) -> Action`` or
      ``"module:attribute"``;
    - ``render_mode``: ``"ansi"`` returns the transcript from ``render()``, ``"human"`` prints it as it grows.

    ``reset(options={"task_id": ..., "intention": ...})`` fixes the task and the intended reading.
    ``env.unwrapped`` has ``task``, ``intention`` and ``episode`` for oracles and trainers, and
    ``snapshot()``/``restore(state)``.

    ## Version history
    - v0: first version.
    """

    metadata = {"render_modes": ["ansi", "human"], "render_fps": 1}  # noqa: RUF012 (Gymnasium's own form)

    def __init__(
        self,
        *,
        environment: str = AMBIGSQL,
        split: str = "train",
        source: str = "bundled",
        path: str | Path | None = None,
        tasks: TaskSource | None = None,
        reward: str | Callable[[scoring.Step], float] = "act",
        clarify_cost: float = 0.1,
        max_rounds: int | None = None,
        user: str | users.User = "oracle",
        scope: str = "turn",
        epsilon: float | None = None,
        classifier: str | Callable[[str], Action] | None = None,
        render_mode: str | None = None,
    ) -> None:
        check_scope(environment, scope)
        if max_rounds is not None and not 1 <= max_rounds <= MAX_ROUNDS:
            raise ValueError(f"max_rounds is {max_rounds!r}; it must be from 1 to {MAX_ROUNDS}, or None")
        if render_mode is not None and render_mode not in self.metadata["render_modes"]:
            raise ValueError(f"no render mode {render_mode!r}; there are {self.metadata['render_modes']}")
        self.environment, self.scope, self.render_mode = environment, scope, render_mode
        self._max_rounds = max_rounds
        self._cost = float(clarify_cost)
        self._reward = scoring.make_reward(reward, self._cost)
        self._user = users.make(user)
        self._loading = None if tasks is not None else {"split": split, "source": source, "path": path}
        self._given, self._epsilon = tasks, epsilon
        self._classifier = make_classifier(classifier)
        self._open()
        turns = max(self._rounds(request) for task in self._source.tasks for request in task.served)
        self.observation_space = spaces.Dict(
            {"context": AnyText(_TEXT_LIMIT), "dialogue": AnyText(_TEXT_LIMIT), "turn": spaces.Discrete(turns + 1)}
        )
        self.action_space = AnyText(referee.MAX_ACTION)
        self._cases: dict[str, referee.Case] = {}
        self._served: Task | None = None
        self._case: referee.Case | None = None
        self._state: referee.State | None = None

    def _open(self) -> None:
        given = self._given if self._loading is None else load_source(self.environment, **self._loading)
        self._source = in_scope(given, self.scope)
        if not self._source.tasks:
            raise ValueError(f"the task source {self._source.id!r} has no tasks")
        self._by_id = {task.id: task for task in self._source.tasks}
        self._judge = make_judge(self.environment, self._source.database, self._epsilon)

    def __getstate__(self) -> dict[str, Any]:
        """Loaded tasks are left out and loaded again: copies share them, pickles stay small."""
        state = self.__dict__.copy()
        for name in ("_source", "_by_id", "_judge", "_served", "_case"):
            del state[name]
        return state | {"_cases": {}, "_playing": None if self._served is None else self._served.id}

    def __setstate__(self, state: dict[str, Any]) -> None:
        state = dict(state)
        playing = state.pop("_playing")
        self.__dict__.update(state)
        self._open()
        self._sit(playing, self._state)

    def _sit(self, task_id: str | None, state: referee.State | None) -> None:
        """Takes up an episode of a task where ``state`` has it."""
        self._served = None if task_id is None else self._by_id[task_id]
        self._state = state
        self._case = None if self._served is None else self._case_of(self._served.served[len(state.ended)])

    # The episode being played, for oracles and trainers.

    @property
    def source(self) -> TaskSource:
        return self._source

    @property
    def judge(self) -> Judge:
        """What judges the answers of this environment's tasks."""
        return self._judge

    def action_of(self, text: str) -> Action:
        """The action that a reply implies here."""
        return self._judge.action_of(text) if self._classifier is None else self._classifier(text)

    @property
    def task(self) -> Task:
        """The request being dealt with, as a task."""
        return self._playing()[0].task

    @property
    def played(self) -> Task:
        """The task of the whole episode: the request, or the conversation that it is one of."""
        self._playing()
        return self._served

    @property
    def intention(self) -> str:
        """The id of the reading that the user means, now."""
        return self._playing()[1].intention

    @property
    def right_action(self) -> Action:
        """What the state calls for: CLARIFY while the readings that fit the dialogue differ in result."""
        case, state = self._playing()
        return Action.CLARIFY if case.is_open(state) else Action.ANSWER

    @property
    def episode(self) -> Episode:
        """The episode so far; its outcome is None until it has ended."""
        _, state = self._playing()
        return state.episode(self._served, self._speaker(state).name)

    @property
    def exchange(self) -> tuple[Turn, ...]:
        """The turns of the request being dealt with: it and what followed, without the dialogue before it."""
        _, state = self._playing()
        return state.turns[state.start :]

    @property
    def max_rounds(self) -> int:
        """The replies that the request being dealt with may take."""
        return self._rounds(self.task)

    def share_cases(self, other: ClarifyEnv) -> None:
        """Uses what ``other``, an environment of the same tasks, works out about them."""
        self._cases = other._cases

    def _playing(self) -> tuple[referee.Case, referee.State]:
        if self._case is None or self._state is None:
            raise ResetNeeded("no episode is being played: call reset() first")
        return self._case, self._state

    def _rounds(self, task: Task) -> int:
        return referee.default_rounds(task) if self._max_rounds is None else self._max_rounds

    def _case_of(self, request: Task) -> referee.Case:
        if request.id not in self._cases:
            self._cases[request.id] = referee.Case(request, self._judge)
        return self._cases[request.id]

    # Gymnasium's API.

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Starts an episode. With a seed it is that seed's; without, the next one of the stream.

        ``options`` may hold ``task_id`` and ``intention`` (a reading's id); ValueError for another key, or
        for a value that is not there. ``episode.seed`` reproduces any episode, also one without a seed.
        """
        super().reset(seed=seed)
        options = dict(options or {})
        task_id, intention = options.pop("task_id", None), options.pop("intention", None)
        if options:
            raise ValueError(f"no option {', '.join(map(repr, options))}; there are 'task_id' and 'intention'")
        key = int(self.np_random.integers(2**53)) if seed is None else int(seed)
        if task_id is None:
            task_id = self._source.tasks[_rng(key, _TASK).integers(len(self._source.tasks))].id
        elif task_id not in self._by_id:
            raise ValueError(f"no task {task_id!r} in {self._source.id!r}{close_to(task_id, self._by_id)}")
        case = self._case_of(self._by_id[task_id].served[0])
        if intention is None:
            intention = _intention(case, key)
        elif intention not in case.golds:
            raise ValueError(f"task {task_id!r} has no reading {intention!r}{close_to(intention, case.golds)}")
        self._sit(task_id, referee.State.of(case, key, intention))
        if self.render_mode == "human":
            self._print(f"--- {task_id} ---\n{case.task.context}\n\n{render_dialogue(self._state.turns)}")
        return self._observation(), self._info()

    def step(self, action: str) -> tuple[dict[str, Any], float, bool, bool, dict[str, Any]]:
        """Takes one reply of the agent. TypeError for what is no str, ResetNeeded where no episode runs."""
        if not isinstance(action, str):
            raise TypeError(f"an action is a str, not {type(action).__name__}: {action!r:.80}")
        case, state = self._playing()
        if state.outcome is not None:
            raise ResetNeeded("the episode is over: call reset() first")
        rules = referee.Rules(self._reward, self._cost, self._rounds(case.task), self.action_of)
        after, reward = referee.advance(case, state, action, rules, self._answer)
        requests = self._served.served
        over = after.outcome is not None and len(after.parts()) == len(requests)
        if after.outcome is not None and not over:
            self._case = self._case_of(requests[len(after.parts())])
            after = after.followed_by(self._case, _intention(self._case, after.seed))
        self._state = after
        if self.render_mode == "human":
            self._print(render_dialogue(after.turns[len(state.turns) :]) + f"\n[reward {reward:g}]")
        truncated = over and after.outcome.truncated
        return self._observation(), reward / len(requests), over and not truncated, truncated, self._info()

    def render(self) -> str | None:
        """The transcript so far in mode ``ansi``; control characters of messages are escaped."""
        if self.render_mode != "ansi":
            return None
        case, state = self._playing()
        return printable(f"{case.task.context}\n\n{render_dialogue(state.turns)}\n")

    def snapshot(self) -> Snapshot:
        """The exact state, small and picklable; ``restore`` takes it back, here or in an equal environment."""
        random = None if self._np_random is None else self._np_random.bit_generator.state
        keep = getattr(self._user, "snapshot", None)
        state = self._playing()[1]
        return Snapshot(self._served.id, state, random, self._np_random_seed, keep() if keep else None)

    def restore(self, state: Snapshot) -> tuple[dict[str, Any], dict[str, Any]]:
        """Goes back to a snapshot's state and returns its observation and info.

        A wrapper with a counter of its own (``TimeLimit``) does not go back with it.
        """
        if state.task_id not in self._by_id:
            raise ValueError(f"the snapshot's task {state.task_id!r} is not in {self._source.id!r}")
        self._sit(state.task_id, state.state)
        self._np_random_seed = state.seed
        self._np_random = None
        if state.random is not None:
            self._np_random = np.random.Generator(np.random.PCG64())
            self._np_random.bit_generator.state = state.random
        if state.user is not None:
            self._user.restore(state.user)
        return self._observation(), self._info()

    def _answer(self, state: referee.State, question: str) -> users.Reply:
        task, user = self._case.task, self._speaker(state)
        rng = _rng(state.seed, _USER, task.id, state.rounds)
        intention = task.reading(state.intention)
        reply = user.reply(task, intention, state.turns, question, rng)
        users.check_reply(task, intention, dict(state.resolved), question, reply, user.name)
        return reply

    def _speaker(self, state: referee.State) -> users.User:
        """Who the user is in this episode."""
        return users.of_episode(self._user, lambda: _rng(state.seed, _PERSONA, self._served.id))

    def _observation(self) -> dict[str, Any]:
        case, state = self._playing()
        return {"context": case.task.context, "dialogue": render_dialogue(state.turns), "turn": state.rounds}

    def _info(self) -> dict[str, Any]:
        _, state = self._playing()
        messages = [{"role": turn.role, "content": turn.text} for turn in state.turns]
        first = len(self._served.served[0].history)
        said = [turn for turn in state.turns[first:] if turn.role == ASSISTANT]
        info = {"task_id": self._served.id, "messages": messages, "error": said[-1].error if said else None}
        if state.outcome is not None:  # a request that another follows has none any more
            episode = self.episode
            info |= {"episode": episode, "outcome": episode.outcome}
        return info

    def _print(self, text: str) -> None:
        encoding = sys.stdout.encoding or "utf-8"
        print(printable(text).encode(encoding, "backslashreplace").decode(encoding), flush=True)


@dataclasses.dataclass(frozen=True)
class Snapshot:
    """What ``ClarifyEnv.snapshot`` gives: the episode's task and state, and the random and user state beside it."""

    task_id: str
    state: referee.State
    random: dict[str, Any] | None
    seed: int | None
    user: Any = None


def _intention(case: referee.Case, seed: int) -> str:
    """The reading of a request that the user of an episode means."""
    return case.draw(_rng(seed, _INTENTION, case.task.id).random())


def make_classifier(classifier: str | Callable[[str], Action] | None) -> Callable[[str], Action] | None:
    """What reads actions in place of the judge's rules: None, a callable, or ``module:attribute`` that names one."""
    named = resolve(classifier) if isinstance(classifier, str) else classifier
    if named is not None and not callable(named):
        raise TypeError(f"{classifier!r} is no classifier: it needs to be called with a text and to return an Action")
    return named


def _rng(seed: int, stream: int, task_id: str = "", round: int = 0) -> np.random.Generator:
    """A generator that depends on nothing but its key, in every process."""
    return np.random.default_rng([seed, stream, zlib.crc32(task_id.encode("utf-8", "surrogatepass")), round])
