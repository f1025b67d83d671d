"""What every registered environment keeps, for every id and scope, on its bundled data and on a tiny corpus."""

from __future__ import annotations

import contextlib
import copy
import io
import json
import os
import pickle
import subprocess
import sys
import warnings
from pathlib import Path

import gymnasium as gym
import pytest
from gymnasium.utils.env_checker import check_env
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import act_env
from act_env.conversation import Action, transcript_hash
from act_env.env import regrade
from act_env.errors import SharedMemoryUnsupported
from act_env.registration import ABG_COQA, AMBIGSQL, LOADERS, PACIFIC, SCOPES
from act_env.sql.readings import find_statement
from tests.support import SCRIPT, play

CASES = [(id, scope, data) for id in LOADERS for scope in SCOPES[id] for data in ("bundled", "tiny")]
FIXTURES = Path(__file__).parent / "fixtures"
TINY = {
    AMBIGSQL: {"source": "tests.support:load"},
    PACIFIC: {"source": "published", "path": str(FIXTURES / "pacific" / "tiny.json")},
    ABG_COQA: {"source": "published", "path": str(FIXTURES / "abg_coqa" / "tiny.json")},
}


@pytest.fixture(params=CASES, ids=lambda case: "-".join(case), scope="module")
def made(request, tmp_path_factory) -> tuple[str, dict]:
    """An id and the arguments to make it with; they can be passed to another process as JSON."""
    id, scope, data = request.param
    if data == "bundled":
        return id, {"scope": scope}
    return id, {"scope": scope, "path": str(tmp_path_factory.getbasetemp() / "conform")} | TINY[id]


@pytest.fixture(scope="module")
def env(made):
    env = gym.make(made[0], **made[1])
    yield env
    env.close()


def play_vector(envs, seed: int, episodes: int = 2) -> list[list[str]]:
    """The same of each sub-environment, by Gymnasium's next-step autoreset."""
    hashes: list[list[str]] = [[] for _ in range(envs.num_envs)]
    observations, _ = envs.reset(seed=seed)
    while min(map(len, hashes)) < episodes:
        turns = observations["turn"]
        observations, _, _, _, infos = envs.step(tuple(SCRIPT[turn % len(SCRIPT)] for turn in turns))
        for i, episode in enumerate(infos.get("episode", ())):
            if episode is not None:
                hashes[i].append(transcript_hash(episode))
    envs.close()
    return [mine[:episodes] for mine in hashes]


def oracle_episode(env, task, question: str | None = None) -> float:
    """The sum of rewards of asking while the state calls for it and then answering with the intended reading."""
    env.reset(seed=5, options={"task_id": task.id})
    score = 0.0
    for request in task.served:
        for _ in request.slots:
            if env.unwrapped.right_action is Action.CLARIFY:
                score += env.step(question or request.gold_question)[1]
        score += env.step(request.reading(env.unwrapped.intention).answer)[1]
    assert env.unwrapped.episode.outcome is not None
    return score


def test_check_env_without_a_warning(made):
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("error")
        check_env(gym.make(made[0], **made[1]).unwrapped)


def test_ids_are_registered_without_a_step_limit(made):
    spec = gym.spec(made[0])
    assert spec.max_episode_steps is None
    assert gym.make(f"act_env:{made[0]}", **made[1]).spec.id == made[0]


def test_another_scope_names_those_there_are(made):
    with pytest.raises(ValueError, match="'turn'"):
        gym.make(made[0], **made[1] | {"scope": "novel"})


def test_the_seed_alone_determines_everything(made, env):
    hashes = [play(env, seed) for seed in range(7, 9)]
    assert len({tuple(mine) for mine in hashes}) == 2
    other = gym.make(made[0], **made[1])
    assert [play(other, seed) for seed in range(7, 9)] == hashes
    code = (
        "import json, sys, gymnasium as gym\n"
        "from tests.support import play\n"
        "env = gym.make('act_env:' + sys.argv[1], **json.loads(sys.argv[2]))\n"
        "print(json.dumps([play(env, seed) for seed in range(7, 9)]))"
    )
    root = str(Path(__file__).parents[1])
    fresh = subprocess.run(
        [sys.executable, "-c", code, made[0], json.dumps(made[1])],
        capture_output=True,
        text=True,
        check=True,
        cwd=root,
        env=os.environ | {"PYTHONHASHSEED": "99", "PYTHONPATH": root},
    )
    assert json.loads(fresh.stdout) == hashes


@pytest.mark.parametrize("mode", ["vector_entry_point", "sync", "async"])
def test_vector_modes_play_the_same(made, env, mode):
    vector_kwargs = {"shared_memory": False} if mode == "async" else None
    envs = gym.make_vec(made[0], num_envs=2, vectorization_mode=mode, vector_kwargs=vector_kwargs, **made[1])
    assert play_vector(envs, 7) == [play(env, seed) for seed in range(7, 9)]


def test_the_default_vector_mode_is_its_own(made):
    from act_env.vector import ClarifyVectorEnv

    envs = gym.make_vec(made[0], num_envs=2, **made[1])
    assert isinstance(envs.unwrapped, ClarifyVectorEnv)
    observations, _ = envs.reset(seed=0)
    assert observations in envs.observation_space
    assert envs.action_space.sample() in envs.action_space
    envs.close()
    envs.close()


def test_shared_memory_gives_one_clear_error(made):
    with pytest.raises(SharedMemoryUnsupported, match="shared_memory=False"):
        gym.make_vec(made[0], num_envs=2, vectorization_mode="async", **made[1])


def test_pickles_copies_and_double_close(made, env):
    env.reset(seed=3)
    env.step(SCRIPT[0])
    copies = [pickle.loads(pickle.dumps(env)), copy.deepcopy(env)]
    expected = env.step("SELECT 1 AS one")
    for other in copies:
        observation, reward, terminated, truncated, info = other.step("SELECT 1 AS one")
        assert (observation, reward, terminated, truncated, info) == expected
        other.close()
        other.close()


def test_task_ids_reach_every_task(made, env):
    id, arguments = made
    where = {name: arguments[name] for name in ("source", "path", "scope") if name in arguments}
    ids = act_env.task_ids(id, **where)
    assert len(set(ids)) == len(ids) == len(env.unwrapped.source.tasks)
    _, info = env.reset(seed=0, options={"task_id": ids[-1]})
    assert info["task_id"] == ids[-1]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(st.characters(exclude_categories=()), max_size=200), seed=st.integers(0, 2**40))
def test_any_text_is_a_legal_action(env, text, seed):
    observation, _ = env.reset(seed=seed)
    assert text in env.action_space
    observation, reward, terminated, truncated, info = env.step(text)
    assert observation in env.observation_space
    assert reward == 0.0 and not truncated
    said = [message for message in info["messages"] if message["role"] == "assistant"]
    assert said[-1] == {"role": "assistant", "content": text}
    assert not terminated or info["outcome"].match == 0.0 or info["episode"].turns[-1].error is None


def test_nothing_tells_the_intention_before_it_is_asked(env):
    unwrapped = env.unwrapped
    for task in unwrapped.source.tasks[:60]:
        seen = []
        for reading in (reading for reading in task.served[0].readings if reading.prior > 0):
            start = env.reset(seed=11, options={"task_id": task.id, "intention": reading.id})
            step = env.step("Could you clarify?")
            seen.append((start, step))
            assert start[1].keys() == step[4].keys() == {"task_id", "messages", "error"}
            # What a text says in its passage or table stands in the context, of course.
            known = (start[0]["context"] + start[0]["dialogue"]) if unwrapped.judge.measure else ""
            told = json.dumps([start, step], ensure_ascii=False)
            secrets = [*(other.answer for other in task.readings), task.gold_question]
            assert not [secret for secret in secrets if secret and secret in told and secret not in known]
        assert all(other == seen[0] for other in seen)


def test_task_ids_tell_no_label(env):
    words: dict[str, list[Action]] = {}
    tasks = env.unwrapped.source.tasks
    most = max(sum(task.gold_action is action for task in tasks) for action in Action) / len(tasks)
    for task in tasks:
        for word in {*task.id.split("-"), f"…{task.id[-1:]}"}:
            words.setdefault(word, []).append(task.gold_action)
    telling = [word for word, labels in words.items() if len(set(labels)) == 1 and most ** len(labels) < 0.02]
    assert not telling, f"task ids, which observers see, hold words of one label: {telling}"


@pytest.mark.parametrize("split", ["train", "dev", "test"])
def test_the_oracle_reaches_the_maximum_on_every_task(made, split):
    env = gym.make(made[0], split=split, **made[1])
    for task in env.unwrapped.source.tasks:
        assert oracle_episode(env, task) == pytest.approx(1.0), task.id
        outcome = env.unwrapped.episode.outcome
        assert outcome.match == 1.0 and outcome.regret in (None, pytest.approx(0.0)), task.id


def test_a_generic_question_earns_nothing(env):
    ambiguous = [task for task in env.unwrapped.source.tasks if task.gold_action is Action.CLARIFY]
    for task in ambiguous[:: len(ambiguous) // 40 + 1]:
        clear = sum(request.gold_action is Action.ANSWER for request in task.served)
        assert oracle_episode(env, task, "Could you clarify?") == pytest.approx(clear / len(task.served)), task.id


def test_the_user_never_gives_the_answer_away_or_resolves_what_was_not_asked(env):
    for task in env.unwrapped.source.tasks[::12]:
        offers = [f"Do you mean {slot.options[0].gloss}?" for slot in task.slots[:1]]
        for question in (task.gold_question or "Which one do you mean?", "What do you mean?", *offers):
            env.reset(seed=2, options={"task_id": task.id})
            *_, info = env.step(question)
            said = info["messages"][-1]["content"]
            assert find_statement(said) is None
            assert env.unwrapped.judge.measure is None or env.unwrapped.task.readings[0].answer not in said
            assert (env.unwrapped.episode.turns[-2].resolved != ()) <= (task.gold_action is Action.CLARIFY)


def test_both_actions_from_one_state_are_two_episodes(env):
    unwrapped = env.unwrapped
    for task in unwrapped.source.tasks[:40]:
        replies = (task.gold_question or "What do you mean?", task.readings[0].answer)
        apart = []
        for text in replies:
            env.reset(seed=21, options={"task_id": task.id})
            apart.append((env.step(text), env.reset()))
        env.reset(seed=21, options={"task_id": task.id})
        state = pickle.loads(pickle.dumps(unwrapped.snapshot()))
        together = []
        for text in replies:
            unwrapped.restore(state)
            together.append((unwrapped.step(text), unwrapped.reset()))
        assert together == apart
        assert len(pickle.dumps(state)) < 4096 + 4 * sum(len(turn.text) for turn in task.history)


def test_records_can_be_graded_again(env):
    source = env.unwrapped.source
    for seed in range(5):
        play(env, seed, episodes=1)
        episode = env.unwrapped.episode
        task = next(task for task in source.tasks if task.id == episode.task_id)
        assert regrade(task, source, episode) == episode


@pytest.mark.parametrize("statement", ["import act_env", "import act_env, act_env.env, act_env.vector, act_env.users"])
def test_import_is_quick_and_without_torch(statement):
    report = "import sys; print(time.perf_counter() - start, 'torch' in sys.modules)"
    code = f"import time; start = time.perf_counter(); {statement}; {report}"
    root = str(Path(__file__).parents[1])
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=root)
    seconds, torch = run.stdout.split()
    assert torch == "False"
    assert float(seconds) < (3.0 if "env.env" in statement else 1.5)
