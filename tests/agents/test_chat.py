"""The client of chat endpoints, against a server on loopback: what it retries, remembers, counts and never tells."""

from __future__ import annotations

import copy
import json
import pickle
import sqlite3
import stat
import sys
import threading
import time

import pytest

from act_env.errors import MalformedRecord
from agents.chat import endpoint, errors, wire
from agents.chat.cache import FILE
from agents.chat.calls import Completion, Request, Sampling
from agents.chat.client import ChatClient
from agents.chat.usage import Prices, sentence
from tests.support_chat import HANG_UP, FakeServer, answer

pytest.importorskip("openai")


@pytest.fixture(autouse=True)
def environment(monkeypatch):
    for name in (endpoint.BASE_URL, endpoint.MODEL, endpoint.KEY, endpoint.CACHE, endpoint.OPENAI_URL):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.delenv(endpoint.OPENAI_KEY, raising=False)


def ask(text: str, **settings) -> Request:
    return Request(({"role": "user", "content": text},), **settings)


def asked(body: dict) -> str:
    return body["messages"][-1]["content"]


def client(server: FakeServer, **settings) -> ChatClient:
    return ChatClient("m", base_url=server.url, **{"backoff": 0.001, "timeout": 20.0, **settings})


def texts(results) -> list[str]:
    return [result.text for result in results]


def test_replies_come_in_order_from_no_more_calls_at_once_than_workers():
    def script(body, number):
        time.sleep(0.02 * (number % 3))
        return asked(body)[::-1]

    with FakeServer(script) as server:
        many = client(server, workers=4)
        assert texts(many.complete([ask(f"no{i}") for i in range(24)])) == [f"no{i}"[::-1] for i in range(24)]
        assert 1 < server.peak <= 4
        # Callers in threads of their own share the bound.
        callers = [threading.Thread(target=many.complete, args=([ask(f"t{i}")],)) for i in range(12)]
        for caller in callers:
            caller.start()
        for caller in callers:
            caller.join()
        assert server.calls == 36 and server.peak <= 4


@pytest.mark.parametrize("status", [408, 409, 429, 500, 503])
def test_what_may_pass_is_tried_again(status):
    with FakeServer(lambda body, number: status if number < 3 else "well") as server:
        mine = client(server)
        assert mine.complete([ask("a")]) == [Completion("well", 10, 3)]
        assert (server.calls, mine.usage["calls"], mine.usage["tries"]) == (3, 1, 3)


@pytest.mark.parametrize(
    ("status", "kind", "transient", "tries"),
    [
        (400, errors.ChatBadRequest, False, 1),
        (401, errors.ChatRefused, True, 1),
        (403, errors.ChatRefused, True, 1),
        (404, errors.ChatRefused, True, 1),
        (422, errors.ChatBadRequest, False, 1),
        (429, errors.ChatRateLimit, True, 3),
        (500, errors.ChatServerError, True, 3),
    ],
)
def test_a_status_is_a_typed_error_of_that_call_alone(status, kind, transient, tries):
    def script(body, number):
        return (status, {}, {"error": {"message": "your key sk-123 and prompt"}}) if asked(body) == "bad" else "fine"

    with FakeServer(script) as server:
        results = client(server, retries=2).complete([ask("one"), ask("bad"), ask("two")])
    assert [type(result) for result in results] == [Completion, kind, Completion]
    assert results[1].transient is transient and server.calls == 2 + tries
    assert str(results[1]) == f"status {status}" + (f", after {tries} tries" if tries > 1 else "")
    assert results[1].__context__ is None and results[1].__cause__ is None
    assert type(pickle.loads(pickle.dumps(results[1]))) is kind


@pytest.mark.parametrize(
    ("code", "kind", "calls"),
    [("insufficient_quota", errors.OutOfQuota, 1), ("rate_limit_exceeded", errors.ChatRateLimit, 2)],
)
def test_a_used_up_budget_is_not_waited_for(code, kind, calls):
    with FakeServer(lambda body, number: (429, {}, {"error": {"message": "", "code": code}})) as server:
        assert type(client(server, retries=1).complete([ask("a")])[0]) is kind
    assert server.calls == calls


def test_waiting_grows_and_heeds_the_endpoint_up_to_a_bound():
    mine = ChatClient("m", base_url="http://127.0.0.1:1/v1", backoff=1.0, longest_wait=5.0)
    for tries, most in ((1, 1.0), (2, 2.0), (4, 8.0), (20, 30.0)):
        delays = [mine._delay(tries, None) for _ in range(50)]
        assert most / 2 <= min(delays) and max(delays) <= most and len(set(delays)) > 1
    assert mine._delay(1, 3.0) == 3.0 and mine._delay(1, 1000.0) == 5.0
    assert wire.wait_of({"retry-after": "2"}) == 2.0 and wire.wait_of({"retry-after-ms": "500"}) == 0.5
    assert wire.wait_of({"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}) == 0.0
    assert wire.wait_of({}) is None and wire.wait_of({"retry-after": "soon"}) is None
    with FakeServer(lambda body, number: (429, {"Retry-After": "0.2"}, {}) if number == 1 else "well") as server:
        began = time.monotonic()
        assert texts(client(server).complete([ask("a")])) == ["well"]
        assert time.monotonic() - began >= 0.2


def test_a_time_out_is_tried_again_and_loses_no_other_call():
    def script(body, number):
        time.sleep(2.0 if asked(body) == "slow" else 0.0)
        return "quick"

    with FakeServer(script) as server:
        slow, quick = client(server, timeout=0.3, retries=1).complete([ask("slow"), ask("quick")])
    assert type(slow) is errors.ChatTimeout and str(slow) == "no answer within 0.3 seconds, after 2 tries"
    assert quick.text == "quick" and server.calls == 3


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        (b"<html>down for maintenance</html>", errors.ChatMalformed),
        (b"", errors.ChatMalformed),
        ([], errors.ChatMalformed),
        ({"choices": []}, errors.ChatMalformed),
        ({"choices": [{"message": None}]}, errors.ChatMalformed),
        (answer(""), errors.ChatMalformed),
        (answer(" \n"), errors.ChatMalformed),
        (answer(None, finish="length"), errors.ChatMalformed),
        (answer([{"type": "text"}]), errors.ChatMalformed),
        (answer("half a", finish="content_filter"), errors.ChatContentFilter),
        ({"choices": [{"message": {"content": None, "refusal": "I will not."}}]}, errors.ChatContentFilter),
        ((400, {}, {"error": {"message": "", "code": "content_filter"}}), errors.ChatContentFilter),
        ({"error": {"code": 403, "message": "behind a gateway"}}, errors.ChatRefused),
    ],
)
def test_answers_that_are_none(given, kind):
    with FakeServer(lambda body, number: given) as server:
        result = client(server).complete([ask("a")])[0]
    assert type(result) is kind and server.calls == 1


def test_a_broken_connection_is_tried_again():
    with FakeServer(lambda body, number: HANG_UP if number == 1 else "well") as server:
        mine = client(server)
        assert texts(mine.complete([ask("a")])) == ["well"]
    result = mine.complete([ask("b")])[0]
    assert type(result) is errors.ChatConnectionError and str(result).endswith("after 5 tries")


def test_an_outage_is_found_out_once_and_its_end_at_once():
    with FakeServer(lambda body, number: "well") as server:
        mine = client(server, workers=2, retries=3)
        mine.complete([ask("a")])
        server.stop()
        tries = []
        for i in range(5):
            before = mine.usage["tries"]
            mine.complete([ask(f"down {i}")])
            tries.append(mine.usage["tries"] - before)
        assert tries == [4, 4, 1, 1, 1]
        server.start()
        assert texts(mine.complete([ask("b")])) == ["well"]


def test_close_breaks_off_a_wait_and_the_client_goes_on():
    with FakeServer(lambda body, number: 503 if number == 1 else "well") as server:
        mine = client(server, backoff=1000.0)
        found = []
        waiting = threading.Thread(target=lambda: found.append(mine.complete([ask("a")])[0]))
        waiting.start()
        while mine.usage["tries"] < 1 or server.running:
            time.sleep(0.01)
        time.sleep(0.1)
        mine.close()
        waiting.join(10)
        assert not waiting.is_alive() and type(found[0]) is errors.ChatServerError
        assert texts(mine.complete([ask("b")])) == ["well"]


# What is remembered


def test_a_reply_is_paid_for_once(tmp_path):
    with FakeServer(lambda body, number: f"reply {number}\ud800") as server:
        mine = client(server, cache=tmp_path / "c")
        first = mine.complete([ask("secret words"), ask("secret words")])
        assert first[0] == first[1] and server.calls == 1
        again = client(server, cache=tmp_path / "c")
        assert again.complete([ask("secret words")]) == first[:1] and server.calls == 1
        assert again.usage["remembered"] == 1 and again.usage["calls"] == 0
        others = [
            ask("other words"),
            ask("secret words", draw=1),
            ask("secret words", sampling=Sampling(temperature=0.5)),
            ask("secret words", sampling=Sampling(max_tokens=9)),
        ]
        assert len({result.text for result in again.complete(others)} | {first[0].text}) == 5
        assert client(server, cache=tmp_path / "d").complete([ask("secret words")]) != first[:1]
    file = tmp_path / "c" / FILE
    assert b"secret words" not in file.read_bytes()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    (tmp_path / "c" / FILE).write_bytes(b"not a database, whatever it says" * 50)
    with pytest.raises(MalformedRecord, match="holds no remembered replies"):
        client(server, cache=tmp_path / "c")


def test_a_reply_is_on_the_disk_while_others_are_under_way(tmp_path):
    gate = threading.Event()

    def script(body, number):
        if asked(body) == "last":
            gate.wait(20)
        return "well"

    with FakeServer(script) as server:
        mine = client(server, cache=tmp_path)
        calling = threading.Thread(target=mine.complete, args=([ask("first"), ask("last"), ask("second")],))
        calling.start()
        kept = 0
        for _ in range(500):
            kept = sqlite3.connect(tmp_path / FILE).execute("SELECT count(*) FROM reply").fetchone()[0]
            if kept == 2:
                break
            time.sleep(0.01)
        assert kept == 2 and calling.is_alive()
        gate.set()
        calling.join()


def test_errors_are_not_remembered(tmp_path):
    with FakeServer(lambda body, number: 400 if number == 1 else "well") as server:
        mine = client(server, cache=tmp_path)
        assert type(mine.complete([ask("a")])[0]) is errors.ChatBadRequest
        assert texts(mine.complete([ask("a")])) == ["well"]


# What it costs


def test_tokens_and_cost_are_counted():
    with FakeServer(lambda body, number: answer("well", prompt=1000, completion=100, cached=400)) as server:
        mine = client(server, prices=Prices.of("2/10/0.5"))
        mine.complete([ask("a"), ask("b")])
    used = mine.usage
    assert (used["prompt_tokens"], used["completion_tokens"], used["cached"]) == (2000, 200, 800)
    assert used["cost"] == pytest.approx((1200 * 2 + 800 * 0.5 + 200 * 10) / 1e6)
    assert sentence(used) == "2 calls; tokens: 2,000 read (800 of them cached), 200 written; cost 0.0048"
    assert Prices(2, 10).cost(1000, 100, 400) == pytest.approx(0.003)
    for wrong in ("2", "a/b", "-1/2", "1/2/3/4", "nan/1"):
        with pytest.raises(ValueError, match="price"):
            Prices.of(wrong)


def test_without_counts_there_is_no_cost():
    form = answer("well")
    del form["usage"]
    with FakeServer(lambda body, number: form) as server:
        mine = client(server, prices=Prices(2, 10))
        assert mine.complete([ask("a")]) == [Completion("well")]
    assert mine.usage["uncounted"] == 1 and "cost" not in mine.usage


# What is sent


def test_only_what_is_set_is_sent():
    with FakeServer(lambda body, number: "well") as server:
        mine = client(server)
        mine.complete([ask("a \ud800")])
        mine.complete([ask("a", sampling=Sampling(0.7, 5, 0.9), draw=2**40 + 7)])
        mine.complete([ask("a", sampling=Sampling(None, 5, cap="max_completion_tokens", seeded=False))])
    message = [{"role": "user", "content": "a ?"}]
    assert server.bodies[0] == {"model": "m", "messages": message, "temperature": 0.0, "max_tokens": 256}
    assert server.bodies[1].items() >= {"temperature": 0.7, "max_tokens": 5, "top_p": 0.9, "seed": 7}.items()
    assert server.bodies[2].keys() == {"model", "messages", "max_completion_tokens"}
    for wrong in ({"temperature": -1}, {"max_tokens": 0}, {"top_p": 0}, {"cap": "limit"}):
        with pytest.raises(ValueError, match="must be"):
            Sampling(**wrong)


def test_the_environment_names_the_endpoint(monkeypatch):
    with pytest.raises(errors.EndpointNotSet, match=endpoint.BASE_URL):
        ChatClient("m")
    monkeypatch.setenv(endpoint.OPENAI_URL, "https://theirs.example/v1")
    with pytest.raises(errors.EndpointNotSet, match=endpoint.MODEL):
        ChatClient()
    monkeypatch.setenv(endpoint.MODEL, "ours")
    assert ChatClient().facts == {"model": "ours", "host": "theirs.example"}
    monkeypatch.setenv(endpoint.BASE_URL, "http://localhost:8000/v1/")
    assert ChatClient("other").facts == {"model": "other", "host": "localhost"}


@pytest.mark.parametrize(
    "url",
    ["https://me:hush@host/v1", "https://host/v1?api-key=hush", "host/v1/hush", "ftp://hush/v1", "http://hush:x/v1"],
)
def test_an_address_that_holds_more_is_refused_and_not_repeated(monkeypatch, url):
    monkeypatch.setenv(endpoint.BASE_URL, url)
    with pytest.raises(errors.EndpointNotSet, match=endpoint.BASE_URL) as caught:
        ChatClient("m")
    assert "hush" not in str(caught.value)


def test_a_key_goes_to_the_endpoint_that_it_is_for(monkeypatch):
    monkeypatch.setenv(endpoint.OPENAI_KEY, "sk-theirs")
    with FakeServer(lambda body, number: "well") as server:
        client(server).complete([ask("a")])
        monkeypatch.setenv(endpoint.OPENAI_URL, server.url + "/")
        client(server).complete([ask("a")])
        monkeypatch.setenv(endpoint.KEY, " sk-ours\n")
        client(server).complete([ask("a")])
    assert server.keys == ["Bearer none", "Bearer sk-theirs", "Bearer sk-ours"]
    assert endpoint.Endpoint("https://api.openai.com/v1", "m").key() == "sk-ours"
    monkeypatch.setenv(endpoint.KEY, "sk-’hush")
    with pytest.raises(errors.EndpointNotSet) as caught:
        ChatClient("m", base_url="http://localhost/v1")
    assert "hush" not in str(caught.value)


def test_copies_share_and_pickles_hold_no_key(monkeypatch, tmp_path):
    monkeypatch.setenv(endpoint.KEY, "sk-planted")
    with FakeServer(lambda body, number: "well") as server:
        mine = client(server, cache=tmp_path)
        mine.complete([ask("a")])
        assert copy.deepcopy(mine) is mine and "sk-planted" not in repr(mine)
        packed = pickle.dumps(mine)
        assert b"sk-planted" not in packed
        assert texts(pickle.loads(packed).complete([ask("a"), ask("b")])) == ["well", "well"]
    assert server.calls == 2


def test_what_is_missing_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "openai", None)
    with pytest.raises(errors.EndpointExtraMissing, match=r"pip install 'act-clarify\[endpoint\]'"):
        ChatClient("m", base_url="http://localhost/v1")
    with pytest.raises(ValueError, match="workers=0"):
        ChatClient("m", base_url="http://localhost/v1", workers=0)


def test_keys_do_not_depend_on_anything_else():
    assert ask("a").key("m") == ask("a").key("m") != ask("a").key("n")
    assert len({ask("a", draw=draw).key("m") for draw in range(5)}) == 5
    assert ask("a").key("m", "host") != ask("a").key("m")
    json.dumps(ask("a").body("m"))
