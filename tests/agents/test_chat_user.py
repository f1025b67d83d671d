"""Chat models as users: what they are told, what they may not say, and what their replies resolve."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest

import act_env
from act_env import users
from act_env.conversation import ASSISTANT, USER, Turn
from act_env.env import ClarifyEnv
from act_env.errors import UserSimulatorError
from act_env.registration import ABG_COQA, PACIFIC
from act_env.users import ReplyKind
from agents.chat import errors
from agents.chat.telling import told
from agents.chat.user import SUMMARISE, ChatUser
from tests.support_chat import StandIn


@pytest.fixture(scope="module")
def by_id(tiny):
    return {task.id.removeprefix("tiny-"): task for task in tiny.tasks}


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    from tests.support import tiny_source

    return tiny_source(tmp_path_factory.mktemp("tiny"))


def user_saying(*texts, summary: str = "The user wants the net revenue.") -> ChatUser:
    """A user whose model gives one summary, then these texts."""
    waiting = iter(texts)
    return ChatUser(StandIn(lambda r: summary if r.messages[0]["content"] == SUMMARISE else next(waiting)))


def reply(user, task, intention="net", question="Do you mean gross or net revenue?", seed=0, dialogue=()):
    turns = (*task.history, Turn(USER, task.request), *dialogue)
    return user.reply(task, task.reading(intention), turns, question, np.random.default_rng(seed))


def test_a_user_sums_up_once_and_is_told_nothing_of_the_answer(by_id):
    task = by_id["revenue-a"]
    user = user_saying("Net, please.", "The net one.")
    given = reply(user, task)
    assert (given.text, given.slots_resolved, given.kind) == ("Net, please.", {"revenue": "net"}, ReplyKind.CHOICE)
    reply(user, task, seed=1)
    summary, first, second = user.chat.requests
    shown = "\n".join(m["content"] for r in user.chat.requests for m in r.messages)
    assert "SELECT" not in shown and "2570" not in shown and task.request in summary.messages[1]["content"]
    assert "net revenue" in summary.messages[1]["content"] and task.context not in shown
    assert "The user wants the net revenue." in first.messages[0]["content"]
    assert first.messages[1]["content"].endswith("Assistant: Do you mean gross or net revenue?\n\nYour reply:")
    assert first.draw != second.draw and summary.sampling.temperature == 0.0


def test_the_draw_is_the_rngs_alone(by_id):
    draws = []
    for seed in (3, 3, 4):
        user = user_saying("Net.")
        reply(user, by_id["revenue-a"], seed=seed)
        draws.append(user.chat.requests[-1].draw)
    assert draws[0] == draws[1] != draws[2]


@pytest.mark.parametrize("environment", [PACIFIC, ABG_COQA])
def test_in_text_a_user_is_told_the_complete_question_and_no_answer(environment):
    source = act_env.load_source(environment, split="train")
    for task in [task for task in source.tasks if task.slots][:20]:
        meant = task.readings[0]
        user = user_saying(task.slots[0].option(meant.slots[task.slots[0].name]).verbatim)
        given = reply(user, task, meant.id, task.gold_question)
        told_to_model = user.chat.requests[0].messages[1]["content"]
        assert meant.gloss in told_to_model and meant.answer not in told_to_model.replace(meant.gloss, "")
        assert given.slots_resolved == meant.slots


@pytest.mark.parametrize(
    ("text", "question", "resolved", "contradicts"),
    [
        ("Net, please.", "Gross or net?", "net", False),
        ("I mean net revenue.", "Which revenue do you mean?", "net", False),
        ("Net, not gross.", "Gross or net?", "net", False),
        ("Net rather than gross", "Gross or net?", "net", False),
        ("Yes.", "Do you mean net revenue?", "net", False),
        ("Yes, exactly.", "Do you mean net revenue?", "net", False),
        ("No.", "Do you mean gross revenue?", "net", False),
        ("Nope, the other.", "Do you mean gross revenue?", "net", False),
        ("I don't know.", "Gross or net?", None, False),
        ("The second one.", "Gross or net?", None, False),
        ("Both gross and net.", "Gross or net?", None, False),
        ("Gross.", "Gross or net?", None, True),
        ("No.", "Do you mean net revenue?", None, True),
        ("Not net.", "Gross or net?", None, False),
        ("Whatever you like.", "Do you mean net revenue?", None, False),
    ],
)
def test_what_a_reply_tells(by_id, text, question, resolved, contradicts):
    expected = {} if resolved is None else {"revenue": resolved}
    assert told(text, by_id["revenue-a"], {"revenue": "net"}, question) == (expected, contradicts)


def test_of_three_options_a_no_tells_nothing(by_id):
    task, meant = by_id["long-a"], {"loans": "active"}
    assert told("No.", task, meant, "Do you mean over ten years?") == ({}, False)
    assert told("Yes.", task, meant, "Do you mean those still running?") == (meant, False)


@pytest.mark.parametrize(
    ("name", "question", "text", "kind"),
    [
        ("revenue-a", "Do you mean gross or net revenue?", "I'd rather not say.", ReplyKind.REFUSAL),
        ("revenue-a", "Do you mean net revenue?", "Yes.", ReplyKind.YES_NO),
        ("revenue-a", "What do you mean?", "What I asked.", ReplyKind.GENERIC),
        ("revenue-a", "Which currency do you want?", "I do not know.", ReplyKind.UNKNOWN),
        ("revenue-c", "Do you mean gross or net revenue?", "Net.", ReplyKind.NEEDLESS),
    ],
)
def test_kinds_of_replies(by_id, name, question, text, kind):
    given = reply(user_saying(text), by_id[name], question=question)
    assert given.kind is kind and bool(given.slots_resolved) == (kind is ReplyKind.YES_NO)


def test_a_settled_slot_is_not_resolved_again(by_id):
    asked = Turn(ASSISTANT, "Gross or net?", resolved=("revenue",))
    given = reply(user_saying("Net, as I said."), by_id["revenue-a"], dialogue=(asked, Turn(USER, "Net.")))
    assert given.kind is ReplyKind.NEEDLESS and not given.slots_resolved


LEAKS = ("SELECT SUM(net_revenue) FROM store", "Net. It should be 2570.75.", "Net: ```SELECT sum(x) FROM y```")


@pytest.mark.parametrize("text", [*LEAKS, "Gross, please."])
def test_what_gives_too_much_away_is_asked_for_again_then_an_error(by_id, text):
    user = user_saying(text, "Net, please.")
    assert reply(user, by_id["revenue-a"]).text == "Net, please."
    assert [m["role"] for m in user.chat.requests[-1].messages] == ["system", "user", "assistant", "user"]
    with pytest.raises(
        UserSimulatorError, match=r"a reply of 'chat:stand-in' was a \w+, and so was the next"
    ) as caught:
        reply(user_saying(text, text), by_id["revenue-a"])
    assert not caught.value.transient and text not in str(caught.value)


@pytest.mark.parametrize("question", ["What do you mean?", "Which currency do you want?"])
def test_what_is_open_is_not_told_unasked(by_id, question):
    user = user_saying("I mean net revenue.", "What’s the total revenue, I asked.")
    given = reply(user, by_id["revenue-a"], question=question)
    assert given.text.startswith("What’s the total") and not given.slots_resolved
    user = user_saying("Net, from the highest to the lowest.", "Net.")
    given = reply(user, by_id["rank-a"], "net_descending", "Gross or net?")
    assert (given.text, given.slots_resolved) == ("Net.", {"revenue": "net"})


def test_a_clear_request_is_not_contradicted_either(by_id):
    user = user_saying("Gross, please.", "Net, as I said.")
    assert reply(user, by_id["revenue-c"]).text == "Net, as I said."


def test_a_summary_is_guarded_too(by_id):
    with pytest.raises(UserSimulatorError, match="leak"):
        reply(user_saying("Net.", summary="The user wants SELECT SUM(net_revenue) FROM store."), by_id["revenue-a"])


def test_a_failed_call_is_a_typed_error(by_id):
    with pytest.raises(UserSimulatorError, match="ChatTimeout: no answer") as caught:
        reply(user_saying(errors.ChatTimeout("no answer")), by_id["revenue-a"])
    assert caught.value.transient and pickle.loads(pickle.dumps(caught.value)).transient
    with pytest.raises(UserSimulatorError, match="ChatBadRequest") as caught:
        reply(user_saying(errors.ChatBadRequest("status 400")), by_id["revenue-a"])
    assert not caught.value.transient
    with pytest.raises(UserSimulatorError, match="said nothing"):
        reply(user_saying("<think>hm"), by_id["revenue-a"])


def test_it_plays_in_an_environment(tiny):
    said = 'User: "Net, please."'
    user = user_saying(said, said, said)
    env = ClarifyEnv(tasks=tiny, user=user)
    env.reset(seed=0, options={"task_id": "tiny-revenue-a", "intention": "net"})
    env.step("Do you mean gross or net revenue?")
    assert env.right_action == "answer" and env.episode.user == "chat:stand-in"
    assert env.episode.turns[-1].text == "Net, please."
    assert copy.deepcopy(user) is user


def test_users_are_made_from_their_name(monkeypatch):
    pytest.importorskip("openai")
    monkeypatch.setenv("ACT_CLARIFY_BASE_URL", "http://localhost:1/v1")
    monkeypatch.setenv("ACT_CLARIFY_MODEL", "default")
    assert users.make("chat").name == "chat:default"
    user = users.make("chat:big?temperature=0.2&workers=3")
    assert (user.name, user.sampling.temperature, user.workers) == ("chat:big", 0.2, 3)
    assert user.facts["host"] == "localhost" and user.facts["model"] == "big"
    with pytest.raises(ValueError, match="no option 'k'"):
        users.make("chat:big?k=3")
