"""Whole conversations: the agent's replies become the history, and every request has an outcome of its own."""

from __future__ import annotations

import pickle
from pathlib import Path

import gymnasium as gym
import pytest

import act_env
from act_env.conversation import Action, Behaviour, episode_from_json, to_json
from act_env.env import ClarifyEnv, regrade
from act_env.registration import PACIFIC
from act_env.tasks import whole

TINY = {"source": "published", "path": Path(__file__).parents[1] / "fixtures" / "pacific" / "tiny.json"}


def ferry(**arguments) -> ClarifyEnv:
    for split in ("train", "dev", "test"):
        source = act_env.load_source(PACIFIC, split=split, **TINY)
        if any("ferries" in task.request for task in source.tasks):
            env = gym.make(PACIFIC, tasks=source, scope="conversation", **arguments).unwrapped
            (dialogue,) = [task for task in env.source.tasks if "ferries" in task.request]
            env.reset(seed=4, options={"task_id": dialogue.id})
            return env
    raise AssertionError("the fixture has no ferries")


REPLIES = (
    "Nordstern; Albatros; Möwe",
    "Which year are you asking about?",
    "$1,204.5 thousand",
    "(40.5) thousand",
    "216.5 thousand",
    "21.91%",
)


def test_answers_serve_the_next_request_and_the_last_one_ends_it():
    env = ferry()
    served, rewards = [], []
    for text in REPLIES:
        served.append((env.task.request, env.right_action))
        _, reward, terminated, truncated, info = env.step(text)
        rewards.append(reward)
    assert [request for request, _ in served] == [
        "Which ferries does the line run?",
        "What are the fares?",
        "What are the fares?",
        "And freight?",
        "By how much did fares rise?",
        "In percent?",
    ]
    assert [action for _, action in served].count(Action.CLARIFY) == 1
    assert terminated and not truncated
    assert rewards == pytest.approx([0.2, 0.0, 0.2, 0.2, 0.2, 0.2])
    outcome = info["outcome"]
    assert outcome.score == pytest.approx(1.0) and outcome.match == 1.0 and outcome.f1 == 1.0
    assert [part.outcome.behaviour for part in outcome.parts] == [
        Behaviour.ANSWERED,
        Behaviour.CLARIFIED,
        Behaviour.ANSWERED,
        Behaviour.ANSWERED,
        Behaviour.ANSWERED,
    ]
    messages = [message["content"] for message in info["messages"]]
    assert messages[:6] == [
        "Which ferries does the line run?",
        "Nordstern; Albatros; Möwe",
        "What are the fares?",
        "Which year are you asking about?",
        "2021",
        "$1,204.5 thousand",
    ]


def test_an_agent_that_does_not_ask_is_not_told_and_goes_on():
    env = ferry()
    for text in (REPLIES[0], "$ 988.0 thousand", *REPLIES[3:]):
        *_, info = env.step(text)
    assert [part.outcome.score for part in info["outcome"].parts] == [1.0, 0.0, 1.0, 1.0, 1.0]
    assert info["outcome"].score == pytest.approx(0.8)
    assert "2021" not in [message["content"] for message in info["messages"]]


def test_the_turn_number_and_the_rounds_are_the_requests():
    env = ferry(max_rounds=2)
    observation, *_ = env.step(REPLIES[0])
    assert observation["turn"] == 0
    observation, *_ = env.step("Which ferry are you asking about?")
    assert observation["turn"] == 1
    observation, _, terminated, truncated, _ = env.step("Which ferry are you asking about?")
    assert observation["turn"] == 0 and not (terminated or truncated), "the rounds are up: the next request is served"
    assert env.task.request == "And freight?"
    env.step(REPLIES[3])
    env.step(REPLIES[4])
    env.step("What do you mean?")
    *_, terminated, truncated, info = env.step("What do you mean?")
    assert truncated and not terminated
    assert info["outcome"].parts[-1].outcome.behaviour is Behaviour.UNFINISHED


def test_both_actions_from_the_middle_of_a_conversation():
    env = ferry()
    env.step(REPLIES[0])
    state = pickle.loads(pickle.dumps(env.snapshot()))
    asked = env.step(REPLIES[1])
    env.restore(state)
    answered = env.step("$ 988.0 thousand")
    env.restore(state)
    assert env.step(REPLIES[1]) == asked
    env.restore(state)
    assert env.step("$ 988.0 thousand") == answered
    other = ferry()
    other.restore(state)
    assert other.step(REPLIES[1]) == asked


def test_a_recorded_conversation_can_be_graded_again():
    env = ferry()
    for text in (REPLIES[0], "Which region do you mean?", "7", *REPLIES[3:]):
        *_, info = env.step(text)
    episode = info["episode"]
    assert episode_from_json(to_json(episode)) == episode
    task = next(task for task in env.source.tasks if task.id == episode.task_id)
    assert regrade(task, env.source, episode) == episode
    strict = regrade(task, env.source, episode, reward="priced", clarify_cost=0.5)
    assert strict.outcome.parts[1].outcome.score == pytest.approx(-0.5)


def test_whole_conversations_are_made_once():
    source = act_env.load_source(PACIFIC, split="train", **TINY)
    conversations = whole(source)
    assert whole(conversations) is conversations
    assert sum(len(task.parts) for task in conversations.tasks) == sum(not t.replies_to_question for t in source.tasks)
    ids = act_env.task_ids(PACIFIC, split="train", scope="conversation", **TINY)
    assert ids == tuple(task.id for task in conversations.tasks)


def test_another_classifier_reads_the_actions():
    env = ferry(classifier=lambda text: Action.ANSWER)
    env.step("Which year are you asking about?")
    assert env.exchange[0].text == "What are the fares?"
    with pytest.raises(TypeError, match="classifier"):
        ferry(classifier=7)
