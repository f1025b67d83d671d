"""ClarifyVectorEnv: many conversations at once, in one process."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space

from act_env.env import ClarifyEnv


class ClarifyVectorEnv(VectorEnv):
    """The episodes of ``num_envs`` environments, stepped together; they share tasks and grading.

    Sub-environment i plays exactly what ``ClarifyEnv`` plays: a seed s gives it s + i, and the episodes
    after an automatic reset are those of its own stream, as in Gymnasium's ``SyncVectorEnv``. An
    observation is ``{"context": tuple of str, "dialogue": tuple of str, "turn": array of int64}``,
    actions are a sequence of ``num_envs`` texts; ``info`` has Gymnasium's arrays and masks. ``envs``
    are the sub-environments.

    ``autoreset_mode`` is Gymnasium's: ``NEXT_STEP`` (default; the step after an end ignores the action
    and resets), ``SAME_STEP`` (with ``final_obs`` and ``final_info``) or ``DISABLED`` (reset with
    ``options={"reset_mask": ...}``). Other arguments are ``ClarifyEnv``'s. In ``reset``'s options,
    ``task_id`` and ``intention`` may be one value for all, or a list with one a sub-environment.
    """

    def __init__(
        self, num_envs: int = 1, *, autoreset_mode: str | AutoresetMode = AutoresetMode.NEXT_STEP, **arguments: Any
    ) -> None:
        if num_envs < 1:
            raise ValueError(f"num_envs is {num_envs!r}; it must be at least 1")
        self.num_envs = num_envs
        self.autoreset_mode = AutoresetMode(autoreset_mode)
        self.envs = tuple(ClarifyEnv(**arguments) for _ in range(num_envs))
        for env in self.envs[1:]:
            env.share_cases(self.envs[0])
        first = self.envs[0]
        self.render_mode = first.render_mode
        self.metadata = first.metadata | {"autoreset_mode": self.autoreset_mode}
        self.single_observation_space, self.single_action_space = first.observation_space, first.action_space
        self.observation_space = batch_space(self.single_observation_space, num_envs)
        self.action_space = batch_space(self.single_action_space, num_envs)
        self._observations: list[dict[str, Any] | None] = [None] * num_envs
        self._over = np.zeros(num_envs, dtype=np.bool_)

    @property
    def np_random(self) -> tuple[np.random.Generator, ...]:  # type: ignore[override]
        """The sub-environments' generators."""
        return tuple(env.np_random for env in self.envs)

    @property
    def np_random_seed(self) -> tuple[int | None, ...]:  # type: ignore[override]
        return tuple(env.np_random_seed for env in self.envs)

    def reset(
        self, *, seed: int | Sequence[int | None] | None = None, options: dict[str, Any] | None = None
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        seeds = [None if seed is None else seed + i for i in range(self.num_envs)] if _single(seed) else list(seed)
        if len(seeds) != self.num_envs:
            raise ValueError(f"{len(seeds)} seeds for {self.num_envs} environments; give one each")
        options = dict(options or {})
        mask = options.pop("reset_mask", None)
        if mask is None:
            mask = np.ones(self.num_envs, dtype=np.bool_)
        elif not (isinstance(mask, np.ndarray) and mask.dtype == np.bool_ and mask.shape == (self.num_envs,)):
            raise ValueError(f"reset_mask must be a bool array of shape ({self.num_envs},), not {mask!r}")
        elif not mask.any():
            raise ValueError("reset_mask names no environment to reset")
        for name in ("task_id", "intention"):
            value = options.get(name)
            if isinstance(value, (list, tuple)) and len(value) != self.num_envs:
                raise ValueError(f"{len(value)} values of {name!r} for {self.num_envs} environments; give one each")
        infos: dict[str, Any] = {}
        for i in np.flatnonzero(mask):
            mine = {name: value[i] if isinstance(value, (list, tuple)) else value for name, value in options.items()}
            self._observations[i], info = self.envs[i].reset(seed=seeds[i], options=mine)
            infos = self._add_info(infos, info, i)
        self._over[mask] = False
        return self._batch(), infos

    def step(self, actions: Sequence[str]) -> tuple[dict[str, Any], np.ndarray, np.ndarray, np.ndarray, dict[str, Any]]:
        if isinstance(actions, str) or len(actions) != self.num_envs:
            raise ValueError(f"step takes one text for each of {self.num_envs} environments, not {actions!r:.80}")
        rewards = np.zeros(self.num_envs)
        terminated, truncated = np.zeros((2, self.num_envs), dtype=np.bool_)
        infos: dict[str, Any] = {}
        for i, (env, action) in enumerate(zip(self.envs, actions, strict=True)):
            if self._over[i] and self.autoreset_mode is AutoresetMode.NEXT_STEP:
                self._observations[i], info = env.reset()
            else:
                self._observations[i], rewards[i], terminated[i], truncated[i], info = env.step(action)
                if (terminated[i] or truncated[i]) and self.autoreset_mode is AutoresetMode.SAME_STEP:
                    infos = self._add_info(infos, {"final_obs": self._observations[i], "final_info": info}, i)
                    self._observations[i], info = env.reset()
            infos = self._add_info(infos, info, i)
        self._over = terminated | truncated
        return self._batch(), rewards, terminated, truncated, infos

    def render(self) -> tuple[str | None, ...]:
        """Every sub-environment's transcript."""
        return tuple(env.render() for env in self.envs)

    def close_extras(self, **kwargs: Any) -> None:
        for env in self.envs:
            env.close()

    def _batch(self) -> dict[str, Any]:
        if None in self._observations:
            missing = self._observations.index(None)
            raise ValueError(f"environment {missing} was never reset; the first reset is of all of them")
        return {
            "context": tuple(observation["context"] for observation in self._observations),
            "dialogue": tuple(observation["dialogue"] for observation in self._observations),
            "turn": np.array([observation["turn"] for observation in self._observations], dtype=np.int64),
        }


def _single(seed: Any) -> bool:
    return seed is None or isinstance(seed, (int, np.integer))
