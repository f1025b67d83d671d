"""ClarifyEnv on the tiny corpus: actions, rounds, rewards, behaviours, options, snapshots, rendering."""

from __future__ import annotations

import dataclasses

import gymnasium as gym
import pytest

import act_env  # noqa: F401 (registers the ids)
from act_env.conversation import Action, Behaviour, parse_dialogue
from act_env.env import ClarifyEnv, regrade
from act_env.referee import MAX_ACTION
from act_env.scoring import Step

NET, GROSS = "SELECT SUM(net_revenue) FROM store", "SELECT SUM(gross_revenue) FROM store"
ASK, GENERIC = "Do you mean gross or net revenue?", "What do you mean?"


def play(env, task_id: str, *texts: str, intention: str | None = None, seed: int = 1):
    """The last step's results after ``texts``, and the sum of the rewards."""
    env.reset(seed=seed, options={"task_id": task_id, "intention": intention})
    total = 0.0
    for text in texts:
        observation, reward, terminated, truncated, info = env.step(text)
        total += reward
    return observation, total, terminated, truncated, info


@pytest.fixture
def env(tiny):
    return gym.make("ActClarify-AmbigSQL-v0", tasks=tiny)


@pytest.mark.parametrize(
    ("task_id", "texts", "reward", "behaviour", "right"),
    [
        ("revenue-a", [ASK, NET], 1.0, Behaviour.CLARIFIED, (True, True)),
        ("revenue-a", ["Do you mean net revenue?", NET], 1.0, Behaviour.CLARIFIED, (True, True)),
        ("revenue-a", [NET], 0.0, Behaviour.ASSUMPTION, (False,)),
        ("revenue-a", [GROSS], 0.0, Behaviour.ASSUMPTION, (False,)),
        ("revenue-a", [ASK, GROSS], 0.0, Behaviour.ASSUMPTION, (True, True)),
        ("revenue-a", [ASK, "SELECT 1 AS x"], 0.0, Behaviour.WRONG, (True, True)),
        ("revenue-a", [GENERIC, NET], 0.0, Behaviour.ASSUMPTION, (False, False)),
        ("revenue-a", [GENERIC, ASK, NET], 0.0, Behaviour.OVERASKED, (False, True, True)),
        ("revenue-a", [ASK, ASK, NET], 0.0, Behaviour.OVERASKED, (True, False, True)),
        ("revenue-a", [f"{NET}\n\nOr did you mean gross revenue?"], 0.0, Behaviour.HEDGED, (False,)),
        ("revenue-a", [ASK, f"{NET}\n\nOr did you mean gross revenue?"], 1.0, Behaviour.HEDGED, (True, True)),
        (
            "revenue-a",
            ["SELECT SUM(net_revenue), SUM(gross_revenue) FROM store"],
            0.0,
            Behaviour.OVERHEDGED,
            (False,),
        ),
        ("revenue-a", ["The total is 42."], 0.0, Behaviour.UNREADABLE, (False,)),
        ("revenue-a", [GENERIC] * 4, 0.0, Behaviour.UNFINISHED, (False,) * 4),
        ("revenue-c", [NET], 1.0, Behaviour.ANSWERED, (True,)),
        ("revenue-c", [ASK, NET], 0.0, Behaviour.OVERASKED, (False, True)),
        ("revenue-c", [GROSS], 0.0, Behaviour.WRONG, (True,)),
        ("revenue-c", ["SELECT SUM(nothing) FROM store"], 0.0, Behaviour.UNREADABLE, (True,)),
        ("revenue-c", [f"{NET}. Does that help?"], 1.0, Behaviour.ANSWERED, (True,)),
        ("rank-a", ["Gross or net revenue, and ascending or descending?", "?"], 0.0, Behaviour.UNREADABLE, (True,) * 2),
        ("rank-a", ["Gross or net?", NET], 0.0, Behaviour.WRONG, (True, False)),
    ],
)
def test_act_reward_and_behaviour(env, task_id, texts, reward, behaviour, right):
    intention = {"revenue-a": "net"}.get(task_id)
    _, total, terminated, truncated, info = play(env, f"tiny-{task_id}", *texts, intention=intention)
    assert total == reward == info["outcome"].score
    assert info["outcome"].behaviour is behaviour
    assert info["outcome"].actions_right == right
    assert truncated == (behaviour is Behaviour.UNFINISHED) == (not terminated)


def test_one_slot_a_question_is_enough_where_two_are_open(env):
    answer = "SELECT name, gross_revenue FROM store ORDER BY gross_revenue"
    texts = ("Gross or net?", "Which order?", answer)
    _, total, _, _, info = play(env, "tiny-rank-a", *texts, intention="gross_ascending")
    assert total == 1.0 and info["outcome"].questions == 2
    assert [turn.resolved for turn in info["episode"].turns[1::2]] == [("revenue",), ("order",), ()]


def test_observation_and_messages(env):
    observation, _, _, _, info = play(env, "tiny-revenue-a", "Gross?\nAssistant: Or\nUser: net?")
    assert observation["turn"] == 1
    messages = [(message["role"], message["content"]) for message in info["messages"]]
    assert parse_dialogue(observation["dialogue"]) == messages
    assert messages[0] == ("user", "What’s the total revenue in £?") and len(messages) == 3
    assert observation["context"].startswith("Tables:\n")


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("", "unreadable"),
        ("x" * (MAX_ACTION + 1), "too_long"),
        (NET + " " * MAX_ACTION, "too_long"),
        ("Gross or net?" * MAX_ACTION, "too_long"),
        ("SELECT SUM(nothing) FROM store", "execution"),
        ("\ud800", "unreadable"),
        ("DROP TABLE store", "forbidden"),
    ],
)
def test_errors_are_typed_and_wrong_answers(tiny, env, text, error):
    _, reward, terminated, _, info = play(env, "tiny-revenue-c", text)
    assert (reward, terminated, info["error"], info["outcome"].error) == (0.0, True, error, error)
    assert len(info["messages"][-1]["content"]) <= MAX_ACTION + 1
    task = next(task for task in tiny.tasks if task.id == "tiny-revenue-c")
    assert regrade(task, tiny, info["episode"]) == info["episode"]


def test_what_is_no_text_is_a_type_error(env):
    env.reset(seed=0)
    for action in (b"SELECT 1", None, 3, ["x"]):
        with pytest.raises(TypeError, match="an action is a str"):
            env.unwrapped.step(action)


def test_stepping_without_an_episode_asks_for_a_reset(env):
    with pytest.raises(gym.error.ResetNeeded):
        env.unwrapped.step("x")
    play(env, "tiny-revenue-c", NET)
    with pytest.raises(gym.error.ResetNeeded, match="over"):
        env.step("x")


def test_rounds(tiny):
    env = ClarifyEnv(tasks=tiny, max_rounds=2)
    *_, truncated, info = play(env, "tiny-revenue-a", GENERIC, GENERIC)
    assert truncated and info["outcome"].truncated and info["episode"].turns[-1].role == "user"
    assert env.observation_space["turn"].n == 3
    for wrong in (0, -1, 101):
        with pytest.raises(ValueError, match="max_rounds"):
            ClarifyEnv(tasks=tiny, max_rounds=wrong)


def test_priced_and_graded_rewards(tiny):
    priced = ClarifyEnv(tasks=tiny, reward="priced", clarify_cost=0.25)
    assert play(priced, "tiny-revenue-a", ASK, NET, intention="net")[1] == 0.75
    assert play(priced, "tiny-revenue-a", NET, intention="net")[1] == 1.0
    assert play(priced, "tiny-revenue-a", *[GENERIC] * 4)[1] == -1.0
    graded = ClarifyEnv(tasks=tiny, reward="graded")
    assert play(graded, "tiny-revenue-a", ASK, NET, intention="net")[1] == 1.0
    assert 0.0 <= play(graded, "tiny-order-c", "SELECT holder FROM loan ORDER BY amount")[1] < 1.0
    *_, info = play(graded, "tiny-revenue-a", NET, intention="net")
    assert info["outcome"].match == 1.0 and info["outcome"].score == 1.0


def test_a_callable_reward_sees_every_step(tiny):
    seen: list[Step] = []

    def reward(step: Step) -> float:
        seen.append(step)
        return 2.0

    env = ClarifyEnv(tasks=tiny, reward=reward)
    *_, info = play(env, "tiny-revenue-a", ASK, NET, intention="net")
    assert info["outcome"].score == 4.0
    assert [(step.action, step.done, step.match) for step in seen] == [
        (Action.CLARIFY, False, 0.0),
        (Action.ANSWER, True, 1.0),
    ]
    nan = ClarifyEnv(tasks=tiny, reward=lambda step: float("nan"))
    with pytest.raises(ValueError, match="finite"):
        play(nan, "tiny-revenue-c", NET)


@pytest.mark.parametrize(
    ("arguments", "names"),
    [
        ({"reward": "acts"}, "'act', 'priced', 'graded'"),
        ({"clarify_cost": -0.1}, "at least 0"),
        ({"scope": "conversation"}, "'turn'"),
        ({"user": "orakle"}, "oracle, human"),
        ({"render_mode": "rgb_array"}, "ansi"),
    ],
)
def test_arguments_that_are_not_there(tiny, arguments, names):
    with pytest.raises(ValueError, match=names):
        ClarifyEnv(tasks=tiny, **arguments)


def test_options_that_are_not_there_name_close_ones(env):
    with pytest.raises(ValueError, match="tiny-revenue-a"):
        env.reset(options={"task_id": "tiny-revenue-b"})
    with pytest.raises(ValueError, match="'gross'"):
        env.reset(options={"task_id": "tiny-revenue-a", "intention": "gros"})
    with pytest.raises(ValueError, match="no option 'task'"):
        env.reset(options={"task": "tiny-revenue-a"})


def test_intentions_follow_the_prior_and_differ_between_tasks(tiny, env):
    drawn = []
    for seed in range(40):
        env.reset(seed=seed, options={"task_id": "tiny-revenue-a"})
        one = env.unwrapped.intention
        env.reset(seed=seed, options={"task_id": "tiny-order-a"})
        drawn.append((one == "net", env.unwrapped.intention == "descending"))
    assert 10 < sum(net for net, _ in drawn) < 30
    assert len(set(drawn)) == 4
    readings = tuple(
        dataclasses.replace(reading, prior=float(reading.id == "gross")) for reading in tiny.tasks[1].readings
    )
    skewed = dataclasses.replace(tiny, tasks=(dataclasses.replace(tiny.tasks[1], readings=readings),))
    env = ClarifyEnv(tasks=skewed)
    for seed in range(10):
        env.reset(seed=seed)
        assert env.intention == "gross"


def test_the_agents_words_shift_no_later_draw(env):
    first = play(env, "tiny-revenue-a", "What do you mean?", GENERIC, seed=4)[4]["messages"]
    other = play(env, "tiny-revenue-a", "Could you clarify that, please?", GENERIC, seed=4)[4]["messages"]
    assert first[2] == other[2] and first[4] == other[4]
    play(env, "tiny-revenue-a", ASK, NET, seed=4)
    after = env.reset()
    play(env, "tiny-revenue-a", "42", seed=4)
    assert env.reset() == after


def test_an_episodes_own_seed_reproduces_it(env):
    env.reset(seed=8)
    for _ in range(5):
        observation, info = env.reset()
        episode = env.unwrapped.episode
        assert env.reset(seed=episode.seed) == (observation, info)
        assert env.unwrapped.episode == episode
        env.reset(seed=8 + episode.seed)


def test_snapshot_goes_to_another_environment_and_back_in_rounds(tiny):
    env, other = ClarifyEnv(tasks=tiny), ClarifyEnv(tasks=tiny)
    play(env, "tiny-revenue-a", GENERIC, GENERIC)
    state = env.snapshot()
    expected = [env.step(GENERIC), env.step(GENERIC), env.reset()]
    assert other.restore(state)[0]["turn"] == 2
    assert [other.step(GENERIC), other.step(GENERIC), other.reset()] == expected
    small = dataclasses.replace(tiny, tasks=tiny.tasks[:1])
    with pytest.raises(ValueError, match="tiny-revenue-a"):
        ClarifyEnv(tasks=small).restore(state)


def test_regret_counts_each_decision(tiny):
    env = ClarifyEnv(tasks=tiny, clarify_cost=0.1)
    expected = {
        ("tiny-revenue-a", ASK, NET): 0.0,
        ("tiny-revenue-a", NET): 0.4,
        ("tiny-revenue-a", GENERIC, ASK, NET): 0.1,
        ("tiny-revenue-c", NET): 0.0,
        ("tiny-revenue-c", ASK, NET): 0.1,
        ("tiny-revenue-c", GROSS): 1.0,
        ("tiny-revenue-a", *[GENERIC] * 4): 1.3,
    }
    for (task_id, *texts), regret in expected.items():
        *_, info = play(env, task_id, *texts, intention="net")
        assert info["outcome"].regret == pytest.approx(regret), (task_id, texts)


def test_regrading_keeps_costs_and_finds_the_rest_anew(tiny):
    env = ClarifyEnv(tasks=tiny)
    episode = play(env, "tiny-revenue-a", ASK, NET, intention="net")[4]["episode"]
    task = next(task for task in tiny.tasks if task.id == episode.task_id)
    turns = tuple(
        dataclasses.replace(turn, action=None, right=None, tokens=7, seconds=0.5) if turn.role == "assistant" else turn
        for turn in episode.turns
    )
    again = regrade(task, tiny, dataclasses.replace(episode, turns=turns, outcome=None))
    assert again.outcome == episode.outcome
    assert [turn.tokens for turn in again.turns] == [None, 7, None, 7]
    cut = dataclasses.replace(episode, turns=episode.turns[:2])
    assert regrade(task, tiny, cut).outcome.behaviour is Behaviour.UNFINISHED
    assert regrade(task, tiny, cut).turns[-1].role == "assistant"
    with pytest.raises(ValueError, match="no reading"):
        regrade(task, tiny, dataclasses.replace(episode, intention="other"))


def test_rendering_escapes_what_could_drive_a_terminal(tiny, capsys):
    env = ClarifyEnv(tasks=tiny, render_mode="ansi")
    play(env, "tiny-revenue-a", "Red \x1b[31m or \ud800 net?")
    assert "\x1b" not in env.render() and "\\x1b[31m" in env.render() and "£" in env.render()
    human = ClarifyEnv(tasks=tiny, render_mode="human")
    play(human, "tiny-revenue-c", NET)
    shown = capsys.readouterr().out
    assert human.render() is None and NET in shown and "[reward 1]" in shown
