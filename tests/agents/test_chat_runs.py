"""Runs with chat models: no episode is lost, what failed for now is played again, and no secret is told."""

from __future__ import annotations

import json
import logging
import signal
import threading
import time

import pytest

from act_env.conversation import transcript_hash
from act_env.errors import UserSimulatorError
from act_env.users import Reply, ReplyKind
from act_env.users.oracle import OracleUser
from agents import cli, metrics, records
from agents.chat import errors
from agents.chat.agent import ChatAgent
from agents.chat.cache import Cache
from agents.chat.client import ChatClient
from agents.chat.user import SUMMARISE, ChatUser
from agents.evaluate import evaluate, regrade
from agents.failures import AGENT_ERROR, USER_ERROR, broke_off, comes_again
from agents.scripted import AlwaysAsk, NeverAsk
from tests.support_chat import FakeServer, StandIn, tiny_brain

pytest.importorskip("openai")
SEEDS = range(13)
"""With the tiny corpus' eight tasks, 104 episodes."""


@pytest.fixture(autouse=True)
def environment(monkeypatch):
    for name in ("BASE_URL", "MODEL", "API_KEY"):
        monkeypatch.delenv(f"ACT_CLARIFY_{name}", raising=False)
        monkeypatch.delenv(f"OPENAI_{name}", raising=False)


def client(server: FakeServer, **settings) -> ChatClient:
    return ChatClient("m", base_url=server.url, **{"retries": 1, "backoff": 0.001, "workers": 8, **settings})


def play(chat, source, **settings):
    return evaluate(ChatAgent(chat), source=source, **{"seeds": SEEDS, "batch_size": 8, **settings})


def hashes(episodes):
    return [transcript_hash(episode) for episode in episodes]


def test_a_run_goes_on_where_the_server_died(tiny, tmp_path):
    with FakeServer(tiny_brain) as server:
        whole = play(client(server), tiny)
        calls = server.calls
    assert len(whole) == 104 and not any(map(broke_off, whole)) and sum(e.outcome.match for e in whole) > 40

    def dying(body, number):
        if number == 70:
            threading.Thread(target=server.stop).start()
            time.sleep(0.1)
        return tiny_brain(body)

    with FakeServer(dying) as server:
        broken = play(client(server), tiny, out=tmp_path)
        before = (tmp_path / records.EPISODES).read_bytes()
        again = [comes_again(e) for e in broken]
        assert len(broken) == 104 and 20 < again.count(True) < 90
        assert [e for e, lost in zip(hashes(broken), again, strict=True) if not lost] == [
            e for e, lost in zip(hashes(whole), again, strict=True) if not lost
        ]
        lost = broken[again.index(True)]
        assert lost.outcome.error.startswith("agent_error: transient: ChatConnectionError: no connection")
        assert list(records.read_run(tmp_path).episodes) == regrade(tmp_path, source=tiny) == broken
        assert not records.read_run(tmp_path).finished
        table = metrics.table(broken, tiny.tasks, resamples=20)["agents"][0]
        assert table["errors"]["agent_error"] == again.count(True)

        server.script = tiny_brain
        server.start()
        answered = server.calls
        resumed = play(client(server), tiny, out=tmp_path)
        assert server.calls - answered < calls
    assert hashes(resumed) == hashes(whole)
    run = records.read_run(tmp_path)
    assert list(run.episodes) == resumed and run.finished
    assert (tmp_path / records.EPISODES).read_bytes().startswith(before)
    used = run.facts["usage"]["agent"]
    assert used["failed"] >= again.count(True) and used["calls"] >= calls - 8


def test_what_is_permanent_stays(tiny, tmp_path):
    def script(body, number):
        text = body["messages"][-1]["content"]
        if "holders" in text:
            return 400
        return {"choices": []} if "loans" in text else tiny_brain(body)

    with FakeServer(script) as server:
        first = play(client(server), tiny, seeds=(0,), out=tmp_path)
        calls = server.calls
        assert play(client(server), tiny, seeds=(0,), out=tmp_path) == first and server.calls == calls
    ended = {e.task_id: e.outcome.error for e in first if broke_off(e)}
    assert ended.keys() == {"tiny-order-c", "tiny-order-a", "tiny-long-c", "tiny-long-a"}
    assert ended["tiny-order-a"] == "agent_error: ChatBadRequest: status 400"
    assert ended["tiny-long-a"] == "agent_error: ChatMalformed: the answer is no chat completion"
    assert records.read_run(tmp_path).finished


def test_an_exception_may_stand_in_the_place_of_one_reply(tiny, tmp_path):
    class Shaky(RuntimeError):
        transient = True

    class Agent:
        name = "shaky"
        broken = True

        def act(self, observations):
            bad = Shaky("for now") if self.broken else "SELECT 1"
            return [bad if "holders" in o["dialogue"] else "SELECT 2" for o in observations]

    agent = Agent()
    first = evaluate(agent, source=tiny, out=tmp_path)
    assert [comes_again(e) for e in first] == ["order" in e.task_id for e in first]
    agent.broken = False
    second = evaluate(agent, source=tiny, out=tmp_path)
    assert not any(map(broke_off, second)) and second[0] == first[0]
    assert len((tmp_path / records.EPISODES).read_bytes().splitlines()) == 10
    assert list(records.read_run(tmp_path).episodes) == second


# Users that fail


class Breaking(OracleUser):
    """Fails at one request; ``transient`` says how."""

    name, transient = "breaking", True

    def reply(self, task, intention, dialogue, question, rng):
        if task.id == "tiny-revenue-a":
            raise UserSimulatorError("out of order", transient=self.transient)
        return super().reply(task, intention, dialogue, question, rng)


@pytest.mark.parametrize("transient", [True, False])
def test_a_user_that_fails_spoils_its_own_episode_only_and_no_figure(tiny, tmp_path, transient):
    user = Breaking()
    user.transient = transient
    episodes = evaluate(AlwaysAsk(), source=tiny, user=user, out=tmp_path)
    failed = next(e for e in episodes if e.task_id == "tiny-revenue-a")
    assert [broke_off(e) for e in episodes].count(True) == 1 and broke_off(failed, USER_ERROR)
    assert not broke_off(failed, AGENT_ERROR) and comes_again(failed) is transient
    how = "transient: " if transient else ""
    assert failed.outcome.error == f"user_error: {how}UserSimulatorError: out of order"
    assert failed.turns[-1].text.startswith("Do you mean") and failed.turns[-1].seconds is not None
    assert failed.outcome.actions_right == () and failed.outcome.questions == 1
    assert list(records.read_run(tmp_path).episodes) == regrade(tmp_path, source=tiny) == episodes
    agents = [metrics.Played("a", (tuple(episodes),)), metrics.Played("b", (tuple(evaluate(NeverAsk(), source=tiny)),))]
    table = metrics.compare(agents, tiny.tasks, resamples=20)
    assert [agent["episodes"] for agent in table["agents"]] == [7, 7]
    assert [agent["errors"] for agent in table["agents"]] == [{"user_error": 1}, {}]
    with pytest.raises(metrics.NothingToCompare, match="1 episodes ended because the simulated user failed"):
        metrics.table([failed], tiny.tasks)
    assert records.read_run(tmp_path).finished is not transient
    assert broke_off(evaluate(AlwaysAsk(), source=tiny, user=OracleUser(), out=tmp_path / "other")[1]) is False


def test_questions_are_put_to_a_slow_user_side_by_side(tiny):
    class Slow:
        name, workers = "slow", 4
        running = peak = 0
        lock = threading.Lock()

        def reply(self, task, intention, dialogue, question, rng):
            with self.lock:
                self.running += 1
                self.peak = max(self.peak, self.running)
            time.sleep(0.05)
            with self.lock:
                self.running -= 1
            return Reply("I'd rather not say.", {}, ReplyKind.REFUSAL)

        def __deepcopy__(self, memo):
            return self

    user = Slow()
    together = evaluate(AlwaysAsk(), source=tiny, user=user)
    assert 1 < user.peak <= 4
    assert hashes(together) == hashes(evaluate(AlwaysAsk(), source=tiny, user=user, batch_size=1))


def test_a_chat_user_is_part_of_a_run(tiny, tmp_path):
    def script(request):
        if request.messages[0]["content"] == SUMMARISE:
            return "They want it."
        return "I'd rather not say." if "loans" in request.messages[1]["content"] else "Net, from the highest, please."

    user = ChatUser(StandIn(script))
    episodes = evaluate(AlwaysAsk(), source=tiny, user=user, out=tmp_path)
    assert {e.user for e in episodes} == {"chat:stand-in"}
    identity = records.read_run(tmp_path).facts["identity"]
    assert identity["user"] == "chat:stand-in" and identity["user_facts"] == dict(user.facts)
    with pytest.raises(records.RunMismatch, match="user_facts"):
        other = ChatUser(StandIn(script), sampling=None)
        other.sampling = type(user.sampling)(0.1)
        evaluate(AlwaysAsk(), source=tiny, user=other, out=tmp_path)


def test_ctrl_c_keeps_what_came(tmp_path):
    from agents.chat.calls import Request

    gate = threading.Event()

    def script(body, number):
        text = body["messages"][0]["content"]
        if text == "first":
            return "well"
        if text == "second":
            time.sleep(0.5)
            signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)
        gate.wait(20)
        return "late"

    with FakeServer(script) as server:
        mine = client(server, cache=tmp_path, retries=5, backoff=1000.0)
        requests = [Request(({"role": "user", "content": text},)) for text in ("first", "second", "third")]
        with pytest.raises(KeyboardInterrupt):
            mine.complete(requests)
        gate.set()
    assert Cache(tmp_path).get(requests[0].key("m", "127.0.0.1")).text == "well"


# The command line, and secrets

KEY = "sk-PLANTED-0123456789"


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return tmp_path_factory.mktemp("data")


@pytest.fixture
def here(tmp_path, monkeypatch, data):
    (tmp_path / "data").symlink_to(data)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("ACT_CLARIFY_API_KEY", KEY)
    monkeypatch.setenv("ACT_CLARIFY_MODEL", "fake")
    return tmp_path


def command(*more: str) -> list[str]:
    return ["eval", "--source", "tests.support_report:load_tiny", "--path", "data", "--out", "runs/x", *more]


def role():
    """Agent and user in one; the first two calls about holders fail as endpoints do, repeating what they were sent."""
    failing = [500, 401]

    def script(body, number):
        if failing and "holders" in body["messages"][-1]["content"]:
            said = f"Incorrect API key provided: {KEY}. You sent: {json.dumps(body['messages'])}"
            return failing.pop(), {}, {"error": {"message": said}}
        system = body["messages"][0]["content"]
        if system == SUMMARISE:
            return "The user wants PLANTED-REPLY."
        return "Net, PLANTED-REPLY." if system.startswith("You play") else tiny_brain(body)

    return script


@pytest.mark.parametrize("level", [None, logging.INFO])
def test_no_key_is_told_and_no_prompt_or_reply_logged(here, monkeypatch, capfd, caplog, level):
    if level is not None:
        caplog.set_level(level)
    with FakeServer(role()) as server:
        monkeypatch.setenv("ACT_CLARIFY_BASE_URL", server.url)
        assert cli.main(command("--agent", "chat?k=0", "--agent", "chat:fake?k=2&workers=2", "--user", "chat")) == 0
        assert set(server.keys) == {f"Bearer {KEY}"}
    out, err = capfd.readouterr()
    files = {path: path.read_bytes() for path in here.rglob("*") if path.is_file()}
    assert {"run.json", "episodes.jsonl", "table.json", "report.html", "replies.sqlite"} <= {p.name for p in files}
    assert not [path for path, data in files.items() if KEY.encode() in data or b"PLANTED-0" in data]
    told = out + err + caplog.text
    assert KEY not in told and "Incorrect API key" not in told
    assert "PLANTED-REPLY" not in told and "total revenue" not in told and "SELECT" not in told
    assert "ChatRefused: status 401" in err and "1 episodes failed for now: the same command" in err
    assert "as agent: " in err and "as user: " in err


def test_the_same_command_plays_what_failed_and_pays_nothing_twice(here, monkeypatch, capsys):
    with FakeServer(role()) as server:
        monkeypatch.setenv("ACT_CLARIFY_BASE_URL", server.url)
        assert cli.main(command("--agent", "chat:fake?k=0&retries=0")) == 0
        assert "2 episodes failed for now" in capsys.readouterr().err
        calls = server.calls
        assert cli.main(command("--agent", "chat:fake?k=0&retries=0")) == 0
        assert "failed for now" not in capsys.readouterr().err and calls < server.calls <= calls + 4
        calls = server.calls
        assert cli.main(command("--agent", "chat:fake?k=0&retries=0", "--out", "runs/x", "--seeds", "0")) == 0
        assert server.calls == calls


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("--agent", "chat"), "set ACT_CLARIFY_BASE_URL"),
        (("--agent", "oracle", "--user", "chat"), "set ACT_CLARIFY_BASE_URL"),
        (("--agent", "chat:m?shots=3"), "no option 'shots' of chat; there are prompt, k,"),
        (("--agent", "oracle", "--user", "chat:m?k=3"), "no option 'k' of chat; there are temperature,"),
    ],
)
def test_errors_are_one_line(here, capsys, words, expected):
    assert cli.main(command(*words)) == cli.USAGE
    last = capsys.readouterr().err.strip().splitlines()[-1]
    assert last.startswith("act-clarify: ") and expected in last


def test_errors_of_calls_say_kind_and_status_alone():
    for error in (errors.of_status(500), errors.of_status(400, "content_filter"), errors.ChatTimeout("no answer")):
        assert len(str(error)) < 30
