"""Phase 2 of ACT, the sampling: what the policy itself does, judged by playing it out (Algorithm 2).

For a batch of pairs, all sampled together:

1. sample y ~ π(·|p) and read its implicit action A(y);
2. *scenario A*, A(y) ≠ a_w: y becomes the losing reply, however good its content is;
3. otherwise play on: to a question the simulated user replies and the policy goes on, until it answers.
   The outcome's H is the environment's reward ``act`` (1 if every action was right and the result
   matches). *B1*, H ≤ ε: the sampled trajectory becomes the losing one. *B2*, H > ε: the winning one.

The environment plays every trajectory from its pair's own snapshot, so all rollouts of a pair share
its intention, and sampled token ids are kept as they were sampled.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import Any, TypeAlias

from act_env.conversation import ASSISTANT, Action, Turn
from act_env.env import ClarifyEnv, Snapshot
from act_env.errors import UserSimulatorError
from agents.act.pairs import Pair
from agents.conversations import Trajectory
from agents.lm import Completion, seed_of

Sampler: TypeAlias = Callable[[Sequence[Sequence[int]], Sequence[int]], list[Completion]]
"""Draws one completion for each prompt, from one seed each."""

EMPTY = Trajectory()

PAIR_SCOPES = ("trajectory", "first_reply")


class Scenario(StrEnum):
    """How a sampled trajectory changed its pair. ``PHASE1``: nothing was sampled, the pair is phase 1's."""

    A = "A"
    B1 = "B1"
    B2 = "B2"
    PHASE1 = "phase1"


class Dropped(StrEnum):
    """Why a rollout gave no pair to train on."""

    IDENTICAL = "identical"
    USER_FAILED = "user_failed"
    TOO_LONG = "too_long"


@dataclasses.dataclass(frozen=True)
class Settings:
    """How rollouts are judged and made into pairs.

    ``epsilon``: the tolerance ε of the heuristic H. ``simulate`` False judges a sampled question by its
    action alone, without a user. ``scope``: whether the winning and losing completions are whole
    trajectories or their first replies. ``room``: how many positions prompt and trajectory may take.
    """

    epsilon: float = 0.9
    simulate: bool = True
    scope: str = "trajectory"
    room: int = 1024
    max_new_tokens: int = 96

    def __post_init__(self) -> None:
        if self.scope not in PAIR_SCOPES:
            raise ValueError(f"pair_scope {self.scope!r}: it must be one of {', '.join(PAIR_SCOPES)}")


@dataclasses.dataclass(frozen=True)
class Rollout:
    """A pair after sampling: what to train on, or why not (``dropped``).

    ``sampled`` is the policy's own trajectory, empty where none was drawn, and ``outcome`` its H
    (None where it was not played out). ``asked`` says whether its first reply was a question.
    """

    pair: Pair
    chosen: Trajectory
    rejected: Trajectory
    scenario: Scenario | None
    sampled: Trajectory = EMPTY
    outcome: float | None = None
    asked: bool | None = None
    dropped: Dropped | None = None


@dataclasses.dataclass
class _Live:
    """A trajectory being played."""

    pair: Pair
    state: Snapshot
    trajectory: Trajectory = EMPTY
    outcome: float | None = None
    asked: bool = False
    scenario: Scenario | None = None
    dropped: Dropped | None = None
    over: bool = False


def roll_out(
    env: ClarifyEnv,
    pairs: Sequence[Pair],
    tokenizer: Any,
    sampler: Sampler,
    settings: Settings,
    *,
    seed: Any,
) -> list[Rollout]:
    """One rollout for each pair. Each draw is keyed by ``seed``, the pair and the number of the reply, so
    it depends neither on the other pairs of the batch nor on any random state."""
    lives = [_Live(pair, pair.state) for pair in pairs]
    replies = 0
    while playing := [live for live in lives if not live.over]:
        for live in playing:
            if _length(live) + settings.max_new_tokens > settings.room:
                live.dropped, live.over = Dropped.TOO_LONG, True
        playing = [live for live in playing if not live.over]
        prompts = [(*live.pair.prompt, *live.trajectory.ids) for live in playing]
        seeds = [seed_of(seed, live.pair.id, replies) for live in playing]
        for live, completion in zip(playing, sampler(prompts, seeds) if playing else [], strict=True):
            _advance(env, live, completion, tokenizer, settings)
        replies += 1
    return [_rollout(live, settings) for live in lives]


def untouched(pair: Pair, scope: str = "trajectory") -> Rollout:
    """Phase 1's pair as it is: off-policy DPO."""
    return _scoped(Rollout(pair, pair.chosen, pair.rejected, Scenario.PHASE1), scope)


def _length(live: _Live) -> int:
    return len(live.pair.prompt) + len(live.trajectory.ids)


def _advance(env: ClarifyEnv, live: _Live, completion: Completion, tokenizer: Any, settings: Settings) -> None:
    action = env.action_of(completion.text)
    first = not live.trajectory.turns
    before = live.trajectory
    live.trajectory = before.sampled(completion, Turn(ASSISTANT, completion.text, action))
    if first:
        live.asked = action is Action.CLARIFY
        if action is not live.pair.action:
            live.scenario, live.over = Scenario.A, True
            return
        if action is Action.CLARIFY and not settings.simulate:
            live.scenario, live.over = Scenario.B2, True
            return
    env.restore(live.state)
    try:
        _, _, terminated, truncated, info = env.step(completion.text)
    except UserSimulatorError:
        live.dropped, live.over = Dropped.USER_FAILED, True
        return
    turns = env.episode.turns
    if terminated or truncated:
        live.trajectory = before.sampled(completion, _last_reply(turns))
        outcome = info["outcome"]
        live.outcome = float(outcome.score if live.pair.by_gold else outcome.match)
        live.scenario = Scenario.B2 if live.outcome > settings.epsilon else Scenario.B1
        live.over = True
        return
    live.trajectory = before.sampled(completion, turns[-2]).user(tokenizer, turns[-1], ended=completion.ended)
    live.state = env.snapshot()


def _last_reply(turns: Sequence[Turn]) -> Turn:
    return next(turn for turn in reversed(turns) if turn.role == ASSISTANT)


def _rollout(live: _Live, settings: Settings) -> Rollout:
    pair = live.pair
    chosen = live.trajectory if live.scenario is Scenario.B2 else pair.chosen
    rejected = live.trajectory if live.scenario in (Scenario.A, Scenario.B1) else pair.rejected
    asked = live.asked if live.trajectory.turns else None
    rollout = Rollout(pair, chosen, rejected, live.scenario, live.trajectory, live.outcome, asked)
    if live.dropped is not None:
        return dataclasses.replace(rollout, scenario=None, dropped=live.dropped)
    return _scoped(rollout, settings.scope)


def _scoped(rollout: Rollout, scope: str) -> Rollout:
    if scope == "first_reply":
        rollout = dataclasses.replace(
            rollout, chosen=rollout.chosen.first_reply(), rejected=rollout.rejected.first_reply()
        )
    if rollout.chosen.ids == rollout.rejected.ids:
        return dataclasses.replace(rollout, dropped=Dropped.IDENTICAL)
    return rollout
