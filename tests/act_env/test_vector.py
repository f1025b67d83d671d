"""ClarifyVectorEnv beside Gymnasium's own vector environments."""

from __future__ import annotations

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.vector import AutoresetMode, SyncVectorEnv

from act_env.env import ClarifyEnv
from act_env.vector import ClarifyVectorEnv

TEXTS = [("What do you mean?", "x", "Gross or net?"), ("a", "b", "SELECT 1 AS x"), ("x", "Which one?", "x"), ("x",) * 3]


def _equal(one, other) -> bool:
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(_equal(one[key], other[key]) for key in one)
    if isinstance(one, np.ndarray):
        return one.dtype == other.dtype and one.shape == other.shape and all(map(_equal, one.flat, other.flat))
    if isinstance(one, tuple | list) and not hasattr(one, "_fields"):
        return len(one) == len(other) and all(map(_equal, one, other))
    return bool(one == other)


@pytest.mark.parametrize("mode", [AutoresetMode.NEXT_STEP, AutoresetMode.SAME_STEP])
def test_steps_are_those_of_sync(tiny, mode):
    own = ClarifyVectorEnv(3, tasks=tiny, autoreset_mode=mode)
    sync = SyncVectorEnv([lambda: ClarifyEnv(tasks=tiny)] * 3, autoreset_mode=mode)
    assert own.metadata["autoreset_mode"] is mode
    for seed in (3, [4, 5, 6], None):
        one, other = own.reset(seed=seed), sync.reset(seed=seed)
        if seed is not None:
            assert _equal(one, other)
        assert one[0] in own.observation_space
    own.reset(seed=9), sync.reset(seed=9)
    for texts in TEXTS * 2:
        assert _equal(own.step(texts), sync.step(texts))
    assert own.observation_space == sync.observation_space
    assert own.action_space == sync.action_space


def test_disabled_autoreset_needs_a_mask(tiny):
    envs = ClarifyVectorEnv(2, tasks=tiny, autoreset_mode="Disabled")
    envs.reset(seed=0)
    _, _, terminated, _, _ = envs.step(("x", "Which one?"))
    assert terminated.tolist() == [True, False]
    with pytest.raises(gym.error.ResetNeeded):
        envs.step(("x", "x"))
    observations, infos = envs.reset(seed=[7, None], options={"reset_mask": np.array([True, False])})
    assert observations["turn"].tolist() == [0, 1] and infos["_task_id"].tolist() == [True, False]


def test_each_environment_its_own_task(tiny):
    envs = ClarifyVectorEnv(8, tasks=tiny)
    ids = [task.id for task in tiny.tasks]
    _, infos = envs.reset(seed=0, options={"task_id": ids})
    assert infos["task_id"].tolist() == ids
    answers = [env.task.reading(env.intention).answer for env in envs.envs]
    _, rewards, terminated, _, infos = envs.step(answers)
    assert terminated.all() and rewards.tolist() == [1.0, 0.0] * 4
    assert [outcome.match for outcome in infos["outcome"]] == [1.0] * 8


@pytest.mark.parametrize(
    ("call", "names"),
    [
        (lambda envs: envs.reset(seed=[1, 2, 3]), "3 seeds for 2"),
        (lambda envs: envs.reset(options={"task_id": ["a"]}), "1 values"),
        (lambda envs: envs.reset(options={"reset_mask": [True, True]}), "bool array"),
        (lambda envs: envs.reset(options={"reset_mask": np.zeros(2, dtype=bool)}), "names no environment"),
        (lambda envs: envs.reset(options={"reset_mask": np.array([True, False])}), "never reset"),
        (lambda envs: envs.step("xy"), "one text for each"),
        (lambda envs: envs.step(["x"]), "one text for each"),
    ],
)
def test_wrong_calls_name_what_is_wrong(tiny, call, names):
    with pytest.raises(ValueError, match=names):
        call(ClarifyVectorEnv(2, tasks=tiny))
    with pytest.raises(ValueError, match="num_envs"):
        ClarifyVectorEnv(0, tasks=tiny)


def test_render_and_generators(tiny):
    envs = ClarifyVectorEnv(2, tasks=tiny, render_mode="ansi")
    envs.reset(seed=3)
    assert all("User: " in text for text in envs.render())
    assert envs.np_random_seed == (3, 4) and len(envs.np_random) == 2
