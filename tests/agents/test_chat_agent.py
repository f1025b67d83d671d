"""Chat models as agents: what they are shown, and where in their answers the reply stands."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import act_env
from act_env.conversation import Action
from act_env.registration import ABG_COQA, AMBIGSQL, PACIFIC
from agents import passages, prompts, roster
from agents.base import Reply, agent_names, first_observation
from agents.chat import errors, shots, spec, styles
from agents.chat.agent import ChatAgent, from_environment
from agents.chat.calls import Completion, Sampling
from tests.support_chat import StandIn


@pytest.fixture(scope="module", params=[AMBIGSQL, PACIFIC, ABG_COQA])
def train(request):
    return act_env.load_source(request.param, split="train")


@pytest.fixture(scope="module")
def shown(train):
    return shots.draw(train, 4, 3)


@pytest.mark.parametrize("style", styles.STYLES)
def test_a_prompt_is_instruction_conversations_and_the_one_to_go_on_with(train, shown, style):
    task = train.tasks[-1]
    observation = first_observation(task)
    system, *rest = styles.messages(observation, style, shown)
    _, *last = styles.messages(observation, style)
    assert system["role"] == "system" and rest[-len(last) :] == last
    assert system["content"].startswith(prompts.INSTRUCTIONS[passages.kind_of(observation["context"])])
    assert [message["role"] for message in rest] == ["user", "assistant"] * (len(rest) // 2) + ["user"]
    begins = [message["content"] for message in rest if message["content"].startswith(observation["context"][:6])]
    assert len(begins) == 5 and begins[-1] == last[0]["content"]
    assert last[0]["content"].startswith(observation["context"] + "\n\n")
    for message in rest:
        if message["role"] == "assistant":
            assert (styles.MARK in message["content"]) == (style == "cot")
    if not task.history:  # gold answers of earlier turns may be this one's
        assert all(reading.answer not in message["content"] for reading in task.readings for message in last[1:])


def test_conversations_are_half_to_clarify(shown):
    asked = [any(turn.action is Action.CLARIFY for turn in shot.replies) for shot in shown]
    assert asked.count(True) == asked.count(False) == 2
    assert len({shot.observation["context"] + shot.observation["dialogue"] for shot in shown}) == 4
    assert all(shot.replies[-1].action is Action.ANSWER and shot.thoughts[-1] for shot in shown)


def test_conversations_are_drawn_by_seed(tiny):
    drawn = [shots.draw(tiny, 3, seed) for seed in range(6)]
    assert drawn[0] == shots.draw(tiny, 3, 0) and len(set(map(str, drawn))) > 1
    assert {len(shown) for shown in drawn} == {3} and shots.draw(tiny, 0, 0) == ()
    with pytest.raises(shots.TooFewConversations, match="k=0 shows none"):
        shots.draw(tiny, 100_000, 0)


@pytest.mark.parametrize(
    ("style", "answer", "reply"),
    [
        ("direct", " SELECT 1\n", "SELECT 1"),
        ("direct", "<think>Reply: hm</think>\nGross or net?", "Gross or net?"),
        ("cot", "SELECT 2 would do.\nReply: SELECT 1", "SELECT 1"),
        ("cot", "I think.\n**Reply:** Gross or net?", "Gross or net?"),
        ("cot", "Reply: no\nThat is wrong.\nreply:\nSELECT 1\nFROM t", "SELECT 1\nFROM t"),
        ("cot", "SELECT 1", None),
        ("cot", "My Reply: SELECT 1", None),
        ("cot", "Thinking.\nReply:", None),
        ("direct", "<think>without an end", None),
        ("direct", "<think>all</think> ", None),
    ],
)
def test_the_reply_in_an_answer(style, answer, reply):
    if reply is None:
        with pytest.raises(errors.ChatMalformed):
            styles.reply_in(answer, style)
    else:
        assert styles.reply_in(answer, style) == reply


def test_replies_know_their_tokens_and_failures_stand_in_their_place(tiny):
    failure = errors.ChatTimeout("no answer")
    said = iter([Completion("Net?", 7, 2), failure, "thought\nReply: SELECT 1", "no mark"])
    agent = ChatAgent(StandIn(lambda request: next(said)), prompt="cot", seed=5)
    observations = [first_observation(task) for task in tiny.tasks[:4]]
    one, two, three, four = agent.act(observations)
    assert type(one) is errors.ChatMalformed and two is failure and type(four) is errors.ChatMalformed
    assert three == "SELECT 1" and isinstance(three, Reply) and three.tokens == 2
    assert {request.draw for request in agent.chat.requests} == {5}
    assert all("no mark" not in str(error) for error in (one, four))


def test_facts_tell_agents_apart(tiny):
    def facts(**settings):
        return dict(ChatAgent(StandIn(str), **settings).facts)

    plain = facts()
    assert plain["model"] == "stand-in" and plain["k"] == 0 and plain["temperature"] == 0.0
    shown = shots.draw(tiny, 2, 0)
    different = [facts(prompt="cot"), facts(shots=shown), facts(seed=1), facts(sampling=Sampling(0.5))]
    assert all(other != plain for other in different)
    assert facts(shots=shown)["prompt_hash"] != plain["prompt_hash"]
    assert ChatAgent(StandIn(str), shots=shown).name == "chat:stand-in, direct, k=2"
    with pytest.raises(ValueError, match="direct, cot, ask-if-ambiguous"):
        ChatAgent(StandIn(str), prompt="loud")


def test_an_agent_may_say_what_fits(tiny):
    class Small(StandIn):
        def fits(self, request):
            return "loan" not in request.messages[-1]["content"]

    agent = ChatAgent(Small(str))
    assert [agent.fits(first_observation(t)) for t in tiny.tasks] == [t.database == "shop" for t in tiny.tasks]
    assert ChatAgent(StandIn(str)).fits(first_observation(tiny.tasks[0]))


def test_options_behind_the_name(monkeypatch):
    monkeypatch.setenv("ACT_CLARIFY_BASE_URL", "http://localhost:1/v1")
    monkeypatch.setenv("ACT_CLARIFY_MODEL", "default")
    pytest.importorskip("openai")
    assert "chat" in agent_names()
    agent = roster.find("chat:org/model:8b?prompt=cot&k=4&seed=2&temperature=0.5&timeout=9&prices=1/2", env_id=ABG_COQA)
    assert agent.name == "chat:org/model:8b, cot, k=4" and agent.chat.timeout == 9.0 and agent.seed == 2
    assert agent.sampling == Sampling(0.5, styles.MAX_TOKENS["cot"])
    plain = roster.find("chat", env_id=PACIFIC, max_new_tokens=50, temperature=0.1)
    assert plain.name == "chat:default, direct, k=10" and plain.sampling == Sampling(0.1, 50)
    assert plain.shots[0].observation["context"].startswith("Table:")
    reasoning = from_environment("?k=0&temperature=none&max_completion_tokens=900&seeded=no", max_tokens=50)
    assert reasoning.sampling == Sampling(None, 900, cap="max_completion_tokens", seeded=False)
    for wrong in (
        "m?k",
        "m?colour=red",
        "m?k=-1",
        "m?prompt=loud",
        "m?temperature=hot",
        "m?temperature=-1",
        "m?workers=0",
        "m?timeout=0",
        "m?prices=free",
        "m?seeded=maybe",
    ):
        with pytest.raises(spec.BadOption):
            from_environment(wrong)


def test_endpoints_need_no_torch():
    code = (
        "import sys; sys.modules['torch'] = sys.modules['transformers'] = None\n"
        "import agents.chat.agent, agents.chat.user, agents.evaluate\n"
        "assert 'openai' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).resolve().parents[2], check=True)
