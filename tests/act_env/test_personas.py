"""Personas: what each says and does, what that means for right actions and matches, and that records keep it."""

from __future__ import annotations

import functools
import hashlib
import pickle
import re
from collections import Counter
from pathlib import Path

import gymnasium as gym
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import act_env
from act_env import actions, users
from act_env.conversation import (
    ASSISTANT,
    USER,
    Action,
    Behaviour,
    Turn,
    canonical_json,
    episode_from_json,
    to_json,
    transcript_hash,
)
from act_env.env import ClarifyEnv, regrade
from act_env.registration import ABG_COQA, PACIFIC
from act_env.sql.readings import find_statement
from act_env.users import Reply, ReplyKind, wordings
from act_env.users.base import NAMES, PERSONA, exchange
from act_env.users.oracle import OracleUser
from act_env.users.personas import HELD_OUT, PERSONAS, Personas
from act_env.words import words_of
from agents.evaluate import evaluate
from agents.scripted import Oracle
from tests.support import SCRIPT, play

FIXTURES = Path(__file__).parents[1] / "fixtures"
NET, GROSS = "SELECT SUM(net_revenue) FROM store", "SELECT SUM(gross_revenue) FROM store"
ASK, ORDER, GENERIC = "Do you mean gross or net revenue?", "Which order?", "What do you mean?"
RANKED = "SELECT name, {}_revenue FROM store ORDER BY {}_revenue {}"
EVERY = (*PERSONAS, "personas")


@functools.cache
def source_of(id: str, split: str, published: bool = True):
    """The tiny fixture of an id answered in text, or its bundled sample."""
    path = FIXTURES / ("pacific" if id == PACIFIC else "abg_coqa") / "tiny.json"
    arguments = {"source": "published", "path": path} if published else {}
    return act_env.load_source(id, split=split, **arguments)


def steps(env, task_id: str, *texts: str, intention: str | None = None, seed: int = 1):
    """The info of each step of an episode."""
    env.reset(seed=seed, options={"task_id": task_id, "intention": intention})
    return [env.step(text)[4] for text in texts]


def ask(user: str, task, intention: str, *questions: str, seed: int = 0) -> list[Reply]:
    """The replies to questions in a row."""
    user, turns, replies = users.make(user), [Turn(USER, task.request)], []
    for number, question in enumerate(questions):
        meant = task.reading(intention)
        reply = user.reply(task, meant, turns, question, np.random.default_rng([seed, number]))
        users.check_reply(task, meant, users.base.settled_in(turns, meant), question, reply, user.name)
        turns.append(Turn(ASSISTANT, question, Action.CLARIFY, resolved=tuple(reply.slots_resolved)))
        partial = reply.kind is ReplyKind.PARTIAL
        turns.append(Turn(USER, reply.text, intention=reply.intention, any_fits=reply.any_fits, partial=partial))
        intention = reply.intention or intention
        replies.append(reply)
    return replies


@pytest.fixture
def by_id(tiny):
    return {task.id.removeprefix("tiny-"): task for task in tiny.tasks}


# Names


def test_every_persona_has_a_name(tiny):
    assert {name for name in NAMES if name.startswith(PERSONA)} == set(PERSONAS)
    for name, persona in PERSONAS.items():
        assert users.make(name) is persona and persona.name == name
        env = gym.make("ActClarify-AmbigSQL-v0", tasks=tiny, user=name).unwrapped
        env.reset(seed=0)
        assert env.episode.user == name
        assert pickle.loads(pickle.dumps(persona)) == persona
    with pytest.raises(ValueError, match="persona:terse"):
        users.make("persona:shy")


def test_the_mixture_is_somebody_else_in_each_episode_and_nobody_held_out(tiny):
    env = ClarifyEnv(tasks=tiny, user="personas")
    seen, twice = Counter(), []
    for seed in range(150):
        for _ in range(2):
            steps(env, "tiny-revenue-a", GENERIC, seed=seed)
            twice.append(env.episode)
        assert twice[-1] == twice[-2]
        seen[env.episode.user] += 1
    assert set(seen) == set(PERSONAS) - set(HELD_OUT) and min(seen.values()) > 15
    one_seed = set()
    for task in tiny.tasks:
        env.reset(seed=3, options={"task_id": task.id})
        one_seed.add(env.episode.user)
    assert len(one_seed) > 1
    with pytest.raises(TypeError, match="of_episode"):
        Personas().reply(tiny.tasks[0], tiny.tasks[0].readings[0], (), ASK, np.random.default_rng(0))


# What each does


def test_terse_says_no_word_too_many(by_id):
    for name, question, meant in (
        ("revenue-a", ASK, "net"),
        ("revenue-a", "Do you mean net revenue?", "gross"),
        ("revenue-a", GENERIC, "net"),
        ("revenue-c", ASK, "net"),
        ("long-a", "Over ten years or over four years?", "active"),
        ("long-a", "Do you prefer tea?", "active"),
        ("rank-a", "Gross or net, and ascending or descending?", "net_ascending"),
    ):
        for seed in range(20):
            terse, plain = (
                ask(user, by_id[name], meant, question, seed=seed)[0] for user in ("persona:terse", "oracle")
            )
            assert terse.slots_resolved == plain.slots_resolved and terse.kind == plain.kind
            said = [slot.option(terse.slots_resolved[slot.name]) for slot in by_id[name].slots if terse.slots_resolved]
            assert all(option.gloss in terse.text.lower() for option in said)
            said = sum(len(words_of(option.gloss)) for option in said) or len(words_of(by_id[name].settled_by))
            assert len(words_of(terse.text)) <= said + 4
    yes = {ask("persona:terse", by_id["revenue-a"], "net", "Do you mean net?", seed=s)[0].text for s in range(40)}
    assert "Yes." in yes and not any("gross" in text.lower() for text in yes)
    for seed in range(20):
        both = ask("persona:terse", by_id["rank-a"], "net_ascending", "Do you mean net, highest first?", seed=seed)[0]
        assert "net revenue" in both.text.lower() and "lowest to the highest" in both.text


def test_vague_half_answers_once_a_request_and_the_question_was_right(tiny):
    env = ClarifyEnv(tasks=tiny, user="persona:vague")
    infos = steps(env, "tiny-revenue-a", ASK, "What’s the weather like?", ASK, NET, intention="net")
    episode, outcome = infos[-1]["episode"], infos[-1]["outcome"]
    half, _, whole = episode.turns[2::2]
    assert half.partial and half.text.rstrip(".?") and "net" not in words_of(half.text)
    assert not whole.partial and "net" in words_of(whole.text)
    assert [turn.resolved for turn in episode.turns[1::2]] == [(), (), ("revenue",), ()]
    assert outcome.actions_right == (True, False, True, True) and outcome.match == 1.0
    *_, info = steps(env, "tiny-revenue-a", GENERIC, ASK, ASK, NET, intention="net")
    assert info["outcome"].actions_right == (False, True, True, True)
    *_, info = steps(env, "tiny-rank-a", "Gross or net?", "Gross or net?", ORDER, "SELECT 1", intention="net_ascending")
    assert [turn.partial for turn in info["episode"].turns[2::2]] == [True, False, False]


def test_a_half_answer_costs_no_regret_but_what_follows_is_priced(tiny):
    env = ClarifyEnv(tasks=tiny, user="persona:vague", reward="priced", clarify_cost=0.1)
    *_, info = steps(env, "tiny-revenue-a", ASK, ASK, NET, intention="net")
    assert info["outcome"].regret == 0.0 and info["outcome"].score == pytest.approx(0.8)
    *_, info = steps(env, "tiny-revenue-a", ASK, NET, intention="net")
    assert info["outcome"].regret == pytest.approx(0.4)


def test_the_mind_changer_changes_it_once_and_gold_follows(tiny):
    env = ClarifyEnv(tasks=tiny, user="persona:mind-changer")
    at_once = 0
    for seed in range(30):
        env.reset(seed=seed, options={"task_id": "tiny-revenue-a", "intention": "net"})
        env.step(ASK)
        first = env.episode.turns[-1]
        at_once += first.intention is not None
        assert env.intention == ("gross" if first.intention else "net") and env.right_action is Action.ANSWER
        env.step(ASK)
        assert env.intention == "gross", "at the next question at the latest"
        changes = [turn for turn in env.episode.turns if turn.intention]
        assert [turn.intention for turn in changes] == ["gross"]
        assert "changed my mind" in changes[0].text and "gross revenue" in changes[0].text.lower()
        env.step(ASK)
        assert env.intention == "gross"
        *_, info = env.step(GROSS)
        episode = info["episode"]
        assert episode.outcome.match == 1.0 and (episode.intention, episode.meant_first) == ("gross", "net")
        assert episode.outcome.actions_right == (True, False, False, True)
    assert 5 < at_once < 25


def test_what_was_told_before_is_taken_back(tiny):
    env = ClarifyEnv(tasks=tiny, user="persona:mind-changer")
    later = 0
    for seed in range(24):
        env.reset(seed=seed, options={"task_id": "tiny-rank-a", "intention": "net_ascending"})
        env.step("Gross or net?")
        kind = "gross" if env.intention.startswith("gross") else "net"
        later += kind == "net"
        env.step(ORDER)
        assert env.right_action is Action.ANSWER and env.intention.startswith("gross")
        asked = [turn for turn in env.episode.turns if turn.role == ASSISTANT]
        assert [turn.right for turn in asked] == [True, True]
        assert set(asked[1].resolved) == ({"order"} if kind == "gross" else {"order", "revenue"})
        assert kind == "gross" or env.episode.turns[-1].intention == env.intention
        *_, info = env.step(env.task.reading(env.intention).answer)
        assert info["outcome"].score == 1.0
    assert later


def test_the_impatient_lets_the_agent_pick_after_one_question(tiny):
    env = ClarifyEnv(tasks=tiny, user="persona:impatient")
    for answer, match in ((NET, 1.0), (GROSS, 1.0), ("SELECT 1 AS x", 0.0)):
        infos = steps(env, "tiny-revenue-a", GENERIC, ASK, answer, intention="net")
        assert "just pick one" in infos[-1]["messages"][4]["content"].lower()
        assert [turn.any_fits for turn in env.episode.turns] == [False] * 4 + [True, False]
        assert infos[-1]["outcome"].actions_right == (False, True, True) and infos[-1]["outcome"].match == match
    steps(env, "tiny-revenue-a", GENERIC, "What’s the weather like?")
    assert env.right_action is Action.ANSWER and env.episode.turns[-2].right is False
    infos = steps(env, "tiny-revenue-a", ASK, ASK, GROSS, intention="net")
    assert infos[-1]["outcome"].match == 0.0, "it had said which"
    assert not any(turn.any_fits for turn in env.episode.turns)


def test_what_the_impatient_has_said_still_stands(tiny):
    env = ClarifyEnv(tasks=tiny, user="persona:impatient")
    for kind, order, score in (("net", "", 1.0), ("net", "DESC", 1.0), ("gross", "", 0.0)):
        answer = RANKED.format(kind, kind, order)
        *_, info = steps(env, "tiny-rank-a", "Gross or net?", ORDER, answer, intention="net_ascending")
        assert info["outcome"].score == score
        assert info["outcome"].behaviour is (Behaviour.CLARIFIED if score else Behaviour.ASSUMPTION)


def test_the_unknowing_makes_any_reading_right(tiny):
    env = ClarifyEnv(tasks=tiny, user="persona:unknowing", reward="priced", clarify_cost=0.1)
    for answer, match, regret in ((NET, 1.0, 0.0), (GROSS, 1.0, 0.0), ("SELECT 1 AS x", 0.0, 1.0)):
        *_, info = steps(env, "tiny-revenue-a", ASK, answer, intention="net")
        outcome = info["outcome"]
        assert (outcome.actions_right, outcome.match) == ((True, True), match)
        assert outcome.score == pytest.approx(match - 0.1) and outcome.regret == pytest.approx(regret)
    both = "SELECT SUM(net_revenue), SUM(gross_revenue) FROM store"
    *_, info = steps(env, "tiny-revenue-a", ASK, both, intention="net")
    assert info["outcome"].behaviour is Behaviour.OVERHEDGED
    *_, info = steps(env, "tiny-revenue-a", ASK, ASK, GROSS, intention="net")
    assert info["outcome"].actions_right == (True, False, True)
    assert info["outcome"].regret == pytest.approx(0.1)
    *_, info = steps(env, "tiny-revenue-a", GROSS, intention="net")
    assert info["outcome"].match == 0.0


def test_partial_credit_is_that_of_the_closest_reading_that_fits(tiny):
    env = ClarifyEnv(tasks=tiny, user="persona:unknowing", reward="graded")
    close = "SELECT holder FROM loan ORDER BY amount LIMIT 4"
    scores = {}
    for intention in ("ascending", "descending"):
        *_, info = steps(env, "tiny-order-a", ORDER, close, intention=intention)
        scores[intention] = info["outcome"].score
    assert scores["ascending"] == scores["descending"] > 0


def test_where_not_all_is_known_nothing_is_left_to_the_agent():
    source = source_of(PACIFIC, "train")
    task = next(task for task in source.tasks if task.gold_action is Action.CLARIFY)
    assert not task.all_known
    for name in ("persona:unknowing", "persona:mind-changer", "persona:impatient"):
        env = ClarifyEnv(environment=PACIFIC, tasks=source, user=name)
        for seed in range(6):
            steps(env, task.id, GENERIC, task.gold_question, task.gold_question, seed=seed)
            turns = env.episode.turns[-6:]
            assert [turn.resolved for turn in turns[::2]] == [(), (task.slots[0].name,), ()]
            assert not any(turn.any_fits or turn.intention for turn in turns)


def test_in_a_conversation_each_request_is_met_anew():
    source = source_of(PACIFIC, "train", published=False)
    episodes = evaluate(Oracle(), env_id=PACIFIC, source=source, scope="conversation", user="persona:vague")
    asked = [part.outcome.questions for episode in episodes for part in episode.outcome.parts]
    assert set(asked) == {0, 2} and asked.count(2) == sum(t.gold_action is Action.CLARIFY for t in source.tasks)
    assert [episode.outcome.score for episode in episodes] == pytest.approx([1.0] * len(episodes))


# The oracle agent, records and vector modes


@pytest.mark.parametrize("user", ["oracle", *EVERY])
def test_the_oracle_agent_reaches_the_full_score_and_records_can_be_graded_again(tiny, user):
    cases = [(tiny, {"seeds": range(4)})]
    for id, scope in ((PACIFIC, "turn"), (PACIFIC, "conversation"), (ABG_COQA, "turn")):
        cases += [
            (source_of(id, split), {"env_id": id, "scope": scope, "seeds": range(3)}) for split in ("train", "test")
        ]
        cases.append((source_of(id, "train", published=False), {"env_id": id, "scope": scope}))
    bundled = act_env.load_source("ActClarify-AmbigSQL-v0", split="dev")
    ambiguous = [task.id for task in bundled.tasks if task.gold_action is Action.CLARIFY]
    cases.append((bundled, {"tasks": ambiguous[::12]}))
    for source, arguments in cases:
        episodes = evaluate(Oracle(), source=source, user=user, **arguments)
        played = {task.id: task for task in act_env.registration.in_scope(source, arguments.get("scope", "turn")).tasks}
        for episode in episodes:
            assert episode.outcome.score == pytest.approx(1.0), episode
            assert episode.outcome.regret is None or episode.outcome.regret >= 0
            assert user in (episode.user, "personas")
            kept = episode_from_json(to_json(episode))
            assert kept == episode and regrade(played[episode.task_id], source, kept) == episode


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    user=st.sampled_from(EVERY),
    seed=st.integers(0, 2**32),
    texts=st.lists(st.sampled_from([ASK, ORDER, GENERIC, "Highest first?", "Net?", NET, GROSS, "x"]), min_size=1),
    reward=st.sampled_from(["act", "priced", "graded"]),
)
def test_any_play_is_recorded_whole(tiny, user, seed, texts, reward):
    env = ClarifyEnv(tasks=tiny, user=user, reward=reward)
    env.reset(seed=seed)
    for text in texts:
        if env.episode.outcome is None:
            env.step(text)
    if env.episode.outcome is None:
        env.step(GROSS)
    episode = env.episode
    assert regrade(env.task, tiny, episode_from_json(to_json(episode)), reward=reward) == episode
    assert episode.outcome.regret >= 0


def test_an_unknown_reading_in_a_record_is_named(tiny, by_id):
    env = ClarifyEnv(tasks=tiny, user="persona:mind-changer")
    steps(env, "tiny-revenue-a", ASK, ASK, GROSS, intention="net")
    form = to_json(env.episode)
    assert form["meant_first"] == "net"
    for turn in form["turns"]:
        if "intention" in turn:
            turn["intention"] = "grosss"
    with pytest.raises(ValueError, match="'gross'"):
        regrade(by_id["revenue-a"], tiny, episode_from_json(form))


@pytest.mark.parametrize("user", EVERY)
def test_every_mode_plays_the_same_and_snapshots_are_exact(tiny, user):
    arguments = {"tasks": tiny, "user": user}
    env = gym.make("ActClarify-AmbigSQL-v0", **arguments)
    expected = [play(env, seed) for seed in (7, 8)]
    for mode in ("vector_entry_point", "sync"):
        envs = gym.make_vec("ActClarify-AmbigSQL-v0", num_envs=2, vectorization_mode=mode, **arguments)
        hashes: list[list[str]] = [[], []]
        observations, _ = envs.reset(seed=7)
        while min(map(len, hashes)) < 2:
            texts = tuple(SCRIPT[turn % len(SCRIPT)] for turn in observations["turn"])
            observations, *_, infos = envs.step(texts)
            for mine, episode in zip(hashes, infos.get("episode", ()), strict=False):
                mine += [] if episode is None else [transcript_hash(episode)]
        envs.close()
        assert [mine[:2] for mine in hashes] == expected
    plain = env.unwrapped
    for seed in range(5):
        steps(plain, "tiny-rank-a", "Gross or net?", seed=seed)
        state = pickle.loads(pickle.dumps(plain.snapshot()))
        copy = pickle.loads(pickle.dumps(plain))
        after = [plain.step(text) for text in (ORDER, ORDER, "SELECT 1 AS one")]
        plain.restore(state)
        assert [plain.step(text) for text in (ORDER, ORDER, "SELECT 1 AS one")] == after
        assert [copy.step(text) for text in (ORDER, ORDER, "SELECT 1 AS one")] == after


PINNED = {
    "tiny": "4c1b59548d6f4c598f7c3d10ef7d3eea303ef2ccbeadf5fe8e4ed54d61217360",
    PACIFIC: "8df972064273661834de6d688ce370b91e527b5a2a5842e756b22344eef704f4",
    ABG_COQA: "09550cb256d56b0e4c333c1f5853a7199cd15415eda87a7180cec488b2b09ceb",
}
"""What episodes with the oracle hashed to before there were personas."""


@pytest.mark.parametrize("name", PINNED)
def test_episodes_with_the_oracle_are_what_they_were(tiny, name):
    questions = (GENERIC, "Which revenue, or which order?", "Do you mean gross revenue?")
    questions += ("Which year are you asking about?", "At first or again?", "Do you prefer tea?")
    if name == "tiny":
        env = ClarifyEnv(tasks=tiny, max_rounds=5)
    else:
        scope = "conversation" if name == PACIFIC else "turn"
        env = ClarifyEnv(environment=name, tasks=source_of(name, "train"), scope=scope, max_rounds=5)
    digest = hashlib.sha256()
    for task in env.source.tasks:
        for seed in range(4):
            env.reset(seed=seed, options={"task_id": task.id})
            texts = [questions[(seed + i) % len(questions)] for i in range(2)] + [task.gold_question or "Which?"] * 2
            for text in texts * 2:
                if env.episode.outcome is None:
                    env.step(text)
            if env.episode.outcome is None:
                env.step(task.readings[0].answer)
            digest.update(canonical_json(env.episode).encode())
    assert digest.hexdigest() == PINNED[name]


# Words


def tasks_to_talk_about(tiny):
    bundled = act_env.load_source("ActClarify-AmbigSQL-v0", split="dev").tasks
    texts = [source_of(id, "dev", published=False).tasks for id in (PACIFIC, ABG_COQA)]
    return [*tiny.tasks, *bundled[::25], *(task for tasks in texts for task in tasks[::3])]


def test_small_talk_says_nothing_of_the_matter(tiny):
    for task in tasks_to_talk_about(tiny):
        meant = task.readings[0]
        for seed, question in enumerate((task.gold_question, GENERIC, "Do you prefer tea?")):
            args = (task, meant, (Turn(USER, task.request),), question or GENERIC)
            plain = OracleUser().reply(*args, rng := np.random.default_rng(seed))
            assert rng is not None
            verbose = PERSONAS["persona:verbose"].reply(*args, np.random.default_rng(seed))
            assert len(verbose.text) > len(plain.text) + 20 and verbose.slots_resolved == plain.slots_resolved
            greeting = next(text for text in wordings.GREETINGS if verbose.text.startswith(text))
            farewell = next(text for text in wordings.FAREWELLS if verbose.text.endswith(text))
            for slot in task.slots:
                assert not actions.options_offered(f"{greeting} {farewell}", slot, task.slots)
            assert find_statement(verbose.text) is None


def test_typos_leave_what_matters_as_it_is(tiny):
    touched = 0
    typos = PERSONAS["persona:typos"]
    for task in tasks_to_talk_about(tiny):
        questions = [task.gold_question, GENERIC, "Do you prefer tea?"]
        questions += [f"Do you mean {option.gloss}?" for slot in task.slots for option in slot.options]
        for seed, question in enumerate(filter(None, questions)):
            args = (task, task.readings[0], (Turn(USER, task.request),), question)
            reply = typos.reply(*args, np.random.default_rng(seed))
            plain = OracleUser(wordings.UNQUOTED).reply(*args, skipped(np.random.default_rng(seed)))
            assert reply.slots_resolved == plain.slots_resolved and reply.kind == plain.kind
            assert reply.text != plain.text
            touched += 1
            assert figures(reply.text) == figures(plain.text)
            for text in (task.request, task.settled_by.rstrip(". "), *glosses(task)):
                assert (text.lower() in plain.text.lower()) <= (text.lower() in reply.text.lower())
    assert touched > 150


def skipped(rng):
    """A generator where the persona's own first draw is behind it."""
    rng.random()
    return rng


def figures(text: str) -> list[str]:
    """What no typo may touch: numbers, identifiers, quotations."""
    return re.findall(r"\w*[\d_]\w*|“[^”]*”|\"[^\"]*\"", text)


def glosses(task) -> list[str]:
    return [option.gloss for slot in task.slots for option in slot.options]


def test_no_misspelling_is_a_word_of_the_corpora(tiny):
    used = {word for task in tasks_to_talk_about(tiny) for word in words_of(f"{task.context} {task.request}")}
    own = {
        word
        for field in vars(wordings.PLAIN).values()
        if isinstance(field, tuple)
        for t in field
        for word in words_of(t)
    }
    for word, forms in wordings.MISSPELT.items():
        assert len(set(forms) - {word}) == 2, word
        assert not set(forms) & (used | own | set(wordings.MISSPELT)), word


@pytest.mark.parametrize("name", PERSONAS)
def test_what_is_not_asked_tells_no_intention(tiny, name):
    for task in tiny.tasks:
        for question in (GENERIC, "Do you prefer tea?", "What is the answer?", "Give me the SQL."):
            for seed in range(3):
                replies = [ask(name, task, reading.id, question, seed=seed)[0] for reading in task.readings]
                assert len(set(map(repr, replies))) == 1
                assert not replies[0].slots_resolved and find_statement(replies[0].text) is None


def test_wordings_hold_no_number():
    said = [getattr(wordings, name) for name in vars(wordings) if name.isupper()]
    texts = [text for table in said for text in (table if isinstance(table, tuple) else ())]
    texts += [
        t
        for table in (wordings.PLAIN, wordings.TERSE)
        for f in vars(table).values()
        if f not in (True, False)
        for t in f
    ]
    numbers = {"two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "both", "first", "last"}
    assert len(texts) > 120
    assert not [text for text in texts if numbers & set(words_of(text)) or re.search(r"\d", text)]


# What no reply may do


def test_a_reply_that_breaks_the_rules_is_an_error(tiny, by_id):
    task = by_id["rank-a"]

    class Said:
        name = "said"

        def __init__(self, *replies):
            self.replies = list(replies)

        def reply(self, task, intention, dialogue, question, rng):
            return self.replies.pop(0)

    net = Reply("Net.", {"revenue": "net"}, ReplyKind.CHOICE)
    for reply, message in (
        (Reply("Gross!", {"revenue": "gross"}, ReplyKind.CHOICE), "can resolve"),
        (Reply("Gross!", {}, ReplyKind.CHOICE, "gross_ascending"), "has not taken back"),
        (Reply("Up!", {"order": "ascending"}, ReplyKind.CHOICE, "net_ascending"), "can resolve"),
        (Reply("Other!", {}, ReplyKind.CHOICE, "other"), "has the readings"),
        (Reply("Hm, net?", {"revenue": "net"}, ReplyKind.PARTIAL), "half answers"),
    ):
        env = ClarifyEnv(tasks=tiny, user=Said(net, reply))
        env.reset(seed=0, options={"task_id": task.id, "intention": "net_descending"})
        env.step("Gross or net?")
        with pytest.raises(ValueError, match=message):
            env.step("Gross or net?")
    text = next(t for t in source_of(PACIFIC, "train").tasks if t.gold_action is Action.CLARIFY)
    anything = Reply("Any.", {}, ReplyKind.REFUSAL, any_fits=True)
    with pytest.raises(ValueError, match="not all known"):
        users.check_reply(text, text.readings[0], {}, text.gold_question, anything, "said")
    users.check_reply(task, task.readings[0], {}, "Gross or net?", anything, "said")


def test_the_exchange_is_what_follows_the_request(by_id):
    task = by_id["revenue-a"]
    before = (Turn(USER, "Hello"), Turn(ASSISTANT, "What?", Action.CLARIFY), Turn(USER, "Never mind."))
    now = (Turn(USER, task.request), Turn(ASSISTANT, ASK, Action.CLARIFY), Turn(USER, "Net."))
    assert exchange(task, (*before, *now)) == now
    assert exchange(task, before) == before
