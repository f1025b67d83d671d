"""The oracle and human users, by kind of question, and how users are made."""

from __future__ import annotations

import numpy as np
import pytest

from act_env import users
from act_env.conversation import ASSISTANT, USER, Turn
from act_env.sql.readings import find_statement
from act_env.users import Reply, ReplyKind
from act_env.users.human import HumanUser
from act_env.users.oracle import OracleUser

CASES = [
    ("revenue-a", "net", "Gross or net?", ReplyKind.CHOICE, {"revenue": "net"}),
    ("revenue-a", "gross", "Which revenue do you mean?", ReplyKind.CHOICE, {"revenue": "gross"}),
    ("revenue-a", "net", "Do you mean net revenue?", ReplyKind.YES_NO, {"revenue": "net"}),
    ("revenue-a", "gross", "Do you mean net revenue?", ReplyKind.YES_NO, {"revenue": "gross"}),
    ("revenue-a", "net", "What do you mean?", ReplyKind.GENERIC, {}),
    ("revenue-a", "net", "What do you mean by “What’s the total revenue in £?”", ReplyKind.GENERIC, {}),
    ("revenue-a", "net", "Which currency do you want?", ReplyKind.UNKNOWN, {}),
    ("revenue-c", "net", "Gross or net?", ReplyKind.NEEDLESS, {}),
    ("revenue-c", "net", "Do you mean gross revenue?", ReplyKind.NEEDLESS, {}),
    ("revenue-c", "net", "Could you clarify?", ReplyKind.GENERIC, {}),
    ("long-a", "active", "Over ten years or over four years?", ReplyKind.CHOICE, {"loans": "active"}),
    ("rank-a", "net_ascending", "Gross or net, and in which order?", ReplyKind.CHOICE, None),
]


@pytest.fixture
def by_id(tiny):
    return {task.id.removeprefix("tiny-"): task for task in tiny.tasks}


def ask(task, intention: str, question: str, seed: int, dialogue=()) -> Reply:
    rng = np.random.default_rng(seed)
    turns = (Turn(USER, task.request), *dialogue)
    return OracleUser().reply(task, task.reading(intention), turns, question, rng)


@pytest.mark.parametrize(("name", "intention", "question", "kind", "resolved"), CASES)
def test_oracle_kinds(by_id, name, intention, question, kind, resolved):
    task = by_id[name]
    replies = [ask(task, intention, question, seed) for seed in range(60)]
    expected = task.reading(intention).slots if resolved is None else resolved
    assert {reply.kind for reply in replies} == {kind}
    assert all(reply.slots_resolved == expected for reply in replies)
    wordings = {reply.text for reply in replies}
    assert len(wordings) >= (5 if kind is not ReplyKind.CHOICE else 2)
    assert all(find_statement(text) is None and text.strip() == text for text in wordings)
    answers = {str(cell) for reading in task.readings for row in reading.result.rows for cell in row}
    said = {answer for answer in answers if any(answer in text for text in wordings)}
    assert all(answer in task.request + task.context + question for answer in said)
    assert ask(task, intention, question, 3) == ask(task, intention, question, 3)


def test_what_the_oracle_says(by_id):
    texts = {question: ask(by_id["revenue-a"], "net", question, 0).text for _, _, question, _, _ in CASES}
    assert by_id["revenue-a"].request in texts["What do you mean?"]
    yes = [ask(by_id["revenue-a"], "net", "Do you mean net revenue?", seed).text for seed in range(30)]
    no = [ask(by_id["revenue-a"], "gross", "Do you mean net revenue?", seed).text for seed in range(30)]
    assert all("net revenue" in text and not text.startswith(("No", "Not")) for text in yes)
    assert all("gross revenue" in text and text.startswith(("No", "Not")) for text in no)
    needless = [ask(by_id["revenue-c"], "net", "Gross or net?", seed).text for seed in range(30)]
    assert all("revenue means net revenue" in text for text in needless)
    neither = [ask(by_id["long-a"], "active", "Over ten years or over four years?", seed).text for seed in range(30)]
    assert all("still running" in text for text in neither)


def test_a_settled_slot_asked_again_gets_the_same_answer(by_id):
    asked = Turn(ASSISTANT, "Gross or net?", resolved=("revenue",))
    for seed in range(10):
        reply = ask(by_id["revenue-a"], "gross", "Gross or net?", seed, (asked, Turn(USER, "Gross.")))
        assert reply.kind is ReplyKind.NEEDLESS and not reply.slots_resolved
        assert "gross revenue" in reply.text.lower()


def test_human_types_and_may_refuse(by_id):
    shown: list[str] = []
    typed = iter(["  the net one ", "", "dunno"])
    user = users.make(HumanUser(read=lambda prompt: next(typed), show=shown.append))
    task = by_id["revenue-a"]
    rng = np.random.default_rng(0)

    def reply(question):
        return user.reply(task, task.reading("net"), (), question, rng)

    assert reply("Gross\x1b[2J or net?") == Reply("the net one", {"revenue": "net"}, ReplyKind.CHOICE)
    assert "\x1b" not in shown[0] and "net revenue" in shown[0]
    refused = reply("Gross or net?")
    assert refused.kind is ReplyKind.REFUSAL and not refused.slots_resolved
    assert reply("Which currency?").kind is ReplyKind.UNKNOWN


class Mute:
    name = "mute"

    def reply(self, task, intention, dialogue, question, rng):
        return Reply("No comment.", {}, ReplyKind.REFUSAL)


def test_users_are_made_from_names(tiny):
    assert isinstance(users.make("oracle"), OracleUser)
    assert users.make("tests.act_env.test_users:Mute").name == "mute"
    mute = Mute()
    assert users.make(mute) is mute
    with pytest.raises(ValueError, match="oracle, human"):
        users.make("orakle")
    with pytest.raises(TypeError, match="is no user"):
        users.make(object())
    with pytest.raises(ImportError, match="nowhere"):
        users.make("nowhere:User")


class Blabbing(OracleUser):
    def reply(self, task, intention, dialogue, question, rng):
        return Reply("All of it.", dict(intention.slots), ReplyKind.CHOICE)


def test_what_was_not_asked_cannot_be_resolved(tiny):
    from act_env.env import ClarifyEnv

    env = ClarifyEnv(tasks=tiny, user=Blabbing())
    env.reset(seed=0, options={"task_id": "tiny-revenue-a"})
    env.step("Gross or net?")
    with pytest.raises(ValueError, match="'oracle' resolves"):
        env.step("What do you mean?")


def test_a_refusal_resolves_nothing(tiny):
    from act_env.env import ClarifyEnv

    env = ClarifyEnv(tasks=tiny, user=Mute())
    env.reset(seed=0, options={"task_id": "tiny-revenue-a", "intention": "net"})
    env.step("Gross or net?")
    assert env.right_action == "clarify" and env.episode.user == "mute"
    assert env.episode.turns[1].right is False
