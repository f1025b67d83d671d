"""The environments of an evaluation. They step in lockstep, and one whose episode ends takes the next task at once, so
that an agent always gets full batches."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import gymnasium

from act_env.conversation import Action, Episode, Task
from act_env.errors import UserSimulatorError
from act_env.tasks import TaskSource
from agents.base import EpisodeView, Observation, replies
from agents.failures import AGENT_ERROR, USER_ERROR, Cost, failed, with_costs
from agents.threads import side_by_side


@dataclasses.dataclass
class _Seat:
    """One environment and what is being played in it."""

    env: Any
    seed: int = 0
    observation: Observation | None = None
    costs: list[Cost] = dataclasses.field(default_factory=list)


class Seats:
    """The environments, all at the same request of the agent; ``left_out`` are the tasks that do not fit it."""

    def __init__(self, agent: Any, env_id: str, source: TaskSource, settings: Mapping[str, Any], seats: int):
        self.agent = agent
        self.source = source
        self.left_out: set[str] = set()
        self._seats = seats
        self._make = lambda: gymnasium.make(env_id, tasks=source, disable_env_checker=True, **settings).unwrapped
        self._fits = getattr(agent, "fits", None)
        self._user = settings["user"]
        self._side_by_side = getattr(self._user, "workers", 1)
        self._envs: list[Any] = []

    def close(self) -> None:
        for env in self._envs:
            env.close()

    def play(self, waiting: Iterator[tuple[Task, int]]) -> Iterator[list[Episode]]:
        """Plays what is waiting; yields the episodes that ended, batch by batch."""
        seats: list[_Seat] = []
        while self._sit(seats, waiting):
            texts, seconds = self._ask(seats)
            ended, going = [], []
            for seat, episode in zip(seats, self._steps(seats, texts, seconds), strict=True):
                (going if episode is None else ended).append(seat if episode is None else (seat, episode))
            yield [episode for _, episode in ended]
            seats = going + [_Seat(seat.env) for seat, _ in ended]

    def _sit(self, seats: list[_Seat], waiting: Iterator[tuple[Task, int]]) -> bool:
        """Gives every free seat a task and drops those that get none; False where nothing is left to play."""
        free = [seat for seat in seats if seat.observation is None]
        taken = [seat for seat in seats if seat.observation is not None]
        while len(taken) < self._seats:
            nxt = next(waiting, None)
            if nxt is None:
                break
            task, seed = nxt
            if task.id in self.left_out:
                continue
            seat = free.pop() if free else self._new_seat()
            seat.seed, seat.costs = seed, []
            observation, _ = seat.env.reset(seed=seed, options={"task_id": task.id})
            if self._fits is not None and not self._fits(observation):
                self.left_out.add(task.id)
                free.append(seat)
                continue
            seat.observation = observation
            taken.append(seat)
        seats[:] = taken
        return bool(taken)

    def _new_seat(self) -> _Seat:
        env = self._make()
        if self._envs:
            env.share_cases(self._envs[0])
        self._envs.append(env)
        return _Seat(env)

    def _ask(self, seats: Sequence[_Seat]) -> tuple[list[Any], float]:
        """The agent's replies, an exception in the place of each that is missing, and seconds a reply."""
        began = time.perf_counter()
        try:
            texts: list[Any] = self._replies(seats)
        except Exception as error:
            texts = [error] if len(seats) == 1 else [self._alone(seat) for seat in seats]
        return texts, (time.perf_counter() - began) / len(seats)

    def _alone(self, seat: _Seat) -> Any:
        # One bad observation must not spoil the batch it came in, so each is tried by itself.
        try:
            return self._replies([seat])[0]
        except Exception as error:
            return error

    def _replies(self, seats: Sequence[_Seat]) -> list[Any]:
        observations = [seat.observation for seat in seats]
        given = replies(self.agent, observations, lambda: [EpisodeView.of(seat.env) for seat in seats])
        if not isinstance(given, list | tuple) or len(given) != len(seats):
            size = f" of {len(given)}" if isinstance(given, list | tuple) else ""
            raise TypeError(f"act must return a list of {len(seats)} texts, got {type(given).__name__}{size}")
        return list(given)

    def _steps(self, seats: Sequence[_Seat], texts: Sequence[Any], seconds: float) -> list[Episode | None]:
        """Hands each seat its reply; the episodes, where they ended.

        Questions to a user that waits for a model are asked side by side, before anything is executed: what runs SQL
        is not meant for several threads.
        """
        asking = []
        if self._side_by_side > 1:
            asking = [i for i, (seat, text) in enumerate(zip(seats, texts, strict=True)) if self._asks(seat, text)]
        done: dict[int, Episode | None] = {}
        if len(asking) > 1:
            try:
                given = side_by_side(lambda i: self._step(seats[i], texts[i], seconds), asking, self._side_by_side)
            except BaseException:
                if close := getattr(self._user, "close", None):
                    close()
                raise
            done = dict(zip(asking, given, strict=True))
        return [
            done[i] if i in done else self._step(seat, text, seconds)
            for i, (seat, text) in enumerate(zip(seats, texts, strict=True))
        ]

    @staticmethod
    def _asks(seat: _Seat, text: Any) -> bool:
        return isinstance(text, str) and seat.env.action_of(str(text)) is Action.CLARIFY

    def _step(self, seat: _Seat, text: Any, seconds: float) -> Episode | None:
        """Hands one reply to the environment; the episode, if it ended."""
        if not isinstance(text, str):
            error = text if isinstance(text, Exception) else TypeError(f"a reply is a str, got {type(text).__name__}")
            return failed(seat.env.episode, AGENT_ERROR, error, seat.costs)
        seat.costs.append((getattr(text, "tokens", None), seconds))
        try:
            seat.observation, _, terminated, truncated, info = seat.env.step(str(text))
        except UserSimulatorError as error:
            return failed(seat.env.episode, USER_ERROR, error, seat.costs, question=str(text))
        if terminated or truncated:
            return with_costs(info["episode"], seat.costs)
        return None
