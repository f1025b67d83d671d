"""A tiny OpenAI-compatible server on loopback, and a chat model that needs none."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from agents.chat.calls import Completion
from agents.chat.errors import ChatError

HANG_UP = object()
"""What a server's script returns to break the connection off in the middle of its answer."""


def answer(text: Any, *, prompt: int = 10, completion: int = 3, cached: int = 0, finish: str = "stop") -> dict:
    """The body of a chat completion."""
    usage = {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "prompt_tokens_details": {"cached_tokens": cached},
    }
    message = {"role": "assistant", "content": text}
    return {"choices": [{"index": 0, "message": message, "finish_reason": finish}], "usage": usage}


class FakeServer:
    """Answers each call with what ``script(body, number)`` gives: a body (status 200), text, bytes, a status, (status,
    headers, body), or HANG_UP; ``number`` counts calls from 1. ``delay`` seconds pass before."""

    def __init__(self, script: Callable[[dict, int], Any], delay: float = 0.0) -> None:
        self.script, self.delay = script, delay
        self.bodies: list[dict] = []
        self.keys: list[str | None] = []
        self.running = self.peak = 0
        self.port = 0
        self._lock = threading.Lock()
        self._server: ThreadingHTTPServer | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    @property
    def calls(self) -> int:
        return len(self.bodies)

    def start(self) -> FakeServer:
        """At the same port after ``stop``."""
        self._server = _Server(("127.0.0.1", self.port), _handler(self))
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def stop(self) -> None:
        if self._server is not None:
            server, self._server = self._server, None
            server.shutdown()
            server.server_close()

    def __enter__(self) -> FakeServer:
        return self.start()

    def __exit__(self, *exception: object) -> None:
        self.stop()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128


def _handler(fake: FakeServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            with fake._lock:
                fake.bodies.append(body)
                fake.keys.append(self.headers.get("Authorization"))
                number = len(fake.bodies)
                fake.running += 1
                fake.peak = max(fake.peak, fake.running)
            try:
                time.sleep(fake.delay)
                given = fake.script(body, number)
            finally:
                with fake._lock:
                    fake.running -= 1
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # a client that did not wait
                self._send(given)

        def _send(self, given: Any) -> None:
            status, headers, body = given if isinstance(given, tuple) else (200, {}, given)
            if isinstance(body, int):
                status, body = body, {"error": {"message": "no"}}
            if isinstance(body, str):
                body = answer(body)
            data = (
                body if isinstance(body, bytes) else b'{"choices": [' if body is HANG_UP else json.dumps(body).encode()
            )
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data) + (50 if body is HANG_UP else 0)))
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *args: object) -> None:
            pass

    return Handler


class StandIn:
    """A chat model that says what ``script(request)`` gives: a text, a Completion or a ChatError."""

    model = "stand-in"

    def __init__(self, script: Callable[[Any], Any], workers: int = 1) -> None:
        self.script, self.workers = script, workers
        self.requests: list[Any] = []

    def complete(self, requests):
        self.requests += requests
        said = [self.script(request) for request in requests]
        return [s if isinstance(s, Completion | ChatError) else Completion(s, 5, 2) for s in said]


def tiny_brain(body: dict, number: int = 0) -> str:
    """Plays the tiny corpus of ``tests.support`` as an agent that was shown no conversations."""
    first, last = body["messages"][1]["content"], body["messages"][-1]["content"]
    if "total revenue" in first and "means net" not in first:
        if len(body["messages"]) == 2:
            return "Do you mean gross or net revenue?"
        return f"SELECT SUM({'gross' if 'gross' in last.lower() else 'net'}_revenue) FROM store"
    if "holders" in first:
        return "SELECT holder FROM loan ORDER BY amount DESC"
    return "SELECT COUNT(*) FROM loan" if "loans" in first else "SELECT SUM(net_revenue) FROM store"
