"""A chat model behind an OpenAI-compatible endpoint: many calls at once, each tried again, remembered and counted."""

from __future__ import annotations

import logging
import os
import random
import threading
from collections.abc import Sequence
from typing import Any

from agents.chat.cache import Cache
from agents.chat.calls import Completion, Request
from agents.chat.endpoint import Endpoint
from agents.chat.errors import ChatConnectionError, ChatError, ChatServerError, ChatTimeout
from agents.chat.usage import Meter, Prices
from agents.chat.wire import Wire
from agents.threads import side_by_side

_log = logging.getLogger(__name__)
LONGEST_BACKOFF = 30.0
_OUTAGE = (ChatTimeout, ChatConnectionError, ChatServerError)


class ChatClient:
    """Completes requests at an endpoint; threads may share it.

    The key comes from the environment and nowhere else (``agents.chat.endpoint``); ``model`` and ``base_url`` do
    where they are not given. ``workers`` calls run at once, whoever makes them. Each is tried ``1 + retries`` times:
    after a time-out (``timeout`` seconds), a broken connection, or a status of 408, 409, 429 or 5xx, once it has
    waited for ``backoff`` seconds, doubled with every try and shortened at random by up to a half, or for what the
    endpoint asks in ``Retry-After``, but no longer than ``longest_wait``. Once as many calls in a row as there are
    workers have found the endpoint down, each gets a single try until one succeeds.

    A reply is in the file of the folder ``cache`` as soon as it came, and is not asked for again. ``usage`` counts
    calls and tokens since the client was made, with their cost where ``prices`` are given.

    Nothing of a key, a prompt or a reply is logged or stands in an error. Raises EndpointNotSet or
    EndpointExtraMissing.
    """

    def __init__(
        self,
        model: str | None = None,
        *,
        base_url: str | None = None,
        workers: int = 8,
        timeout: float = 60.0,
        retries: int = 4,
        backoff: float = 1.0,
        longest_wait: float = 60.0,
        cache: str | os.PathLike[str] | None = None,
        prices: Prices | None = None,
    ) -> None:
        if workers < 1 or retries < 0 or not timeout > 0 or not backoff >= 0 or not longest_wait >= 0:
            raise ValueError(
                "needs a worker, a time-out above 0, and no negative numbers: "
                f"{workers=}, {timeout=}, {retries=}, {backoff=}, {longest_wait=}"
            )
        self.endpoint = Endpoint.find(model, base_url)
        self.endpoint.key()  # a key that cannot be one is told of now
        self.workers, self.timeout, self.retries = workers, timeout, retries
        self.backoff, self.longest_wait, self.prices = backoff, longest_wait, prices
        self.cache = None if cache is None else os.fspath(cache)
        self._begin()

    def _begin(self) -> None:
        self._wire = Wire(self.endpoint, self.timeout)
        self._cache = None if self.cache is None else Cache(self.cache)
        self._meter = Meter(self.prices)
        self._slots = threading.BoundedSemaphore(self.workers)
        self._stop = threading.Event()
        self._down = 0
        self._jitter = random.Random()

    @property
    def model(self) -> str:
        return self.endpoint.model

    @property
    def facts(self) -> dict[str, Any]:
        return {"model": self.endpoint.model, "host": self.endpoint.host}

    @property
    def usage(self) -> dict[str, Any]:
        """Counts since the client was made (``agents.chat.usage.Meter``)."""
        return self._meter.read()

    def complete(self, requests: Sequence[Request]) -> list[Completion | ChatError]:
        """A completion or an error for each request, in their order; equal requests are sent once."""
        keys = [request.key(self.model, self.endpoint.host) for request in requests]
        wanted = dict(zip(keys, requests, strict=True))
        try:
            results = side_by_side(lambda entry: self._one(*entry), list(wanted.items()), self.workers)
        except BaseException:  # Ctrl-C above all: what is under way is broken off, what came is kept
            self.close()
            raise
        done = dict(zip(wanted, results, strict=True))
        return [done[key] for key in keys]

    def close(self) -> None:
        """Breaks off calls under way; the client may be used again."""
        self._stop.set()
        self._stop = threading.Event()
        self._wire.close()

    def _one(self, key: str, request: Request) -> Completion | ChatError:
        if self._cache is not None and (known := self._cache.get(key)) is not None:
            self._meter.remembered()
            return known
        try:
            result: Completion | ChatError = self._persist(request)
        except ChatError as error:
            result = error.with_traceback(None)
        self._meter.ended(result)
        if self._cache is not None and isinstance(result, Completion):
            result = self._cache.put(key, result)
        return result

    def _persist(self, request: Request) -> Completion:
        """Tries until a reply comes; raises the last try's error, which says how many there were."""
        stop, body, tries = self._stop, request.body(self.model), 0
        while True:
            tries += 1
            try:
                with self._slots:
                    self._meter.tried()
                    completion = self._wire.send(body)
                self._down = 0
                return completion
            except ChatError as error:
                last = error
            _log.debug("try %d of %d: %s: %s", tries, self.retries + 1, type(last).__name__, last)
            given_up = not last.retried or tries > self.retries or self._down >= self.workers
            if given_up or stop.wait(self._delay(tries, last.wait)):
                break
        self._down = self._down + 1 if isinstance(last, _OUTAGE) else 0
        raise type(last)(f"{last}, after {tries} tries" if tries > 1 else str(last))

    def _delay(self, tries: int, asked: float | None) -> float:
        delay = min(LONGEST_BACKOFF, self.backoff * 2 ** (tries - 1)) * self._jitter.uniform(0.5, 1.0)
        return max(delay, min(asked or 0.0, self.longest_wait))

    def __repr__(self) -> str:
        return f"ChatClient({self.model!r} at {self.endpoint.host!r})"

    def __deepcopy__(self, memo: dict[int, Any]) -> ChatClient:
        """Itself: Gymnasium copies the arguments of an environment, and its calls are to be counted together."""
        return self

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if not name.startswith("_")}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self._begin()
