"""One try of one call over HTTP, by the package openai: a Completion, or a typed error."""

from __future__ import annotations

import email.utils
import json
import threading
import time
from collections.abc import Mapping
from types import ModuleType
from typing import Any

from agents import extras
from agents.chat import errors
from agents.chat.calls import Completion
from agents.chat.endpoint import Endpoint


class Wire:
    """The connections to an endpoint: opened at the first call, and again at the first after ``close``.

    The package's own retries are off. ``timeout`` bounds in seconds each wait for the connection and for data.
    """

    def __init__(self, endpoint: Endpoint, timeout: float) -> None:
        self.endpoint, self.timeout = endpoint, timeout
        self._openai = package()
        self._lock = threading.Lock()
        self._api: Any = None

    def send(self, body: Mapping[str, Any]) -> Completion:
        """Raises ChatError, with ``wait`` where the endpoint says when to come back."""
        openai = self._openai
        try:
            response = self._open().chat.completions.with_raw_response.create(**body)
            content = response.content
        except openai.APITimeoutError:
            error: errors.ChatError = errors.ChatTimeout(f"no answer within {self.timeout:g} seconds")
        except (openai.APIConnectionError, RuntimeError):  # the second where ``close`` came in between
            error = errors.ChatConnectionError("no connection to the endpoint, or it broke off")
        except openai.APIStatusError as failure:
            error = errors.of_status(failure.status_code, str(failure.code))
            error.wait = wait_of(failure.response.headers)
        except openai.OpenAIError as failure:
            error = errors.ChatMalformed(f"the package openai raised {type(failure).__name__}")
        else:
            return completion_of(content)
        # Outside the handler: the failure that it came from holds the request, key and all.
        raise error

    def close(self) -> None:
        """Breaks off what is under way."""
        with self._lock:
            api, self._api = self._api, None
        if api is not None:
            api.close()

    def _open(self) -> Any:
        with self._lock:
            if self._api is None:
                self._api = self._openai.OpenAI(
                    api_key=self.endpoint.key(), base_url=self.endpoint.url, timeout=self.timeout, max_retries=0
                )
            return self._api


def package() -> ModuleType:
    """The package openai; raises EndpointExtraMissing."""
    with extras.needed("a chat endpoint", "endpoint", {"openai"}, errors.EndpointExtraMissing):
        import openai
    return openai


def wait_of(headers: Mapping[str, str]) -> float | None:
    """The seconds that ``Retry-After`` (or ``retry-after-ms``) asks for: a number, or a date."""
    for name, unit in (("retry-after-ms", 1000.0), ("retry-after", 1.0)):
        try:
            return max(0.0, float(headers[name]) / unit)
        except (KeyError, ValueError):
            continue
    date = email.utils.parsedate_tz(headers.get("retry-after", ""))
    return None if date is None else max(0.0, email.utils.mktime_tz(date) - time.time())


def completion_of(content: bytes) -> Completion:
    """What an endpoint's answer says. Raises ChatMalformed, ChatContentFilter, or what an error in it stands for."""
    try:
        form = json.loads(content)
    except (ValueError, RecursionError):
        raise errors.ChatMalformed("the answer is no JSON") from None
    if not isinstance(form, dict):
        raise errors.ChatMalformed("the answer is no chat completion")
    failure = form.get("error")
    if isinstance(failure, dict) and isinstance(failure.get("code"), int):
        raise errors.of_status(failure["code"])  # gateways report in an answer of status 200 what happened behind them
    try:
        choice = form["choices"][0]
        message, finish = choice["message"], choice.get("finish_reason")
        text, refusal = message.get("content"), message.get("refusal")
    except (KeyError, IndexError, TypeError, AttributeError):
        raise errors.ChatMalformed("the answer is no chat completion") from None
    if finish == "content_filter" or (refusal and not text):
        raise errors.ChatContentFilter("the model would not answer")
    if not isinstance(text, str) or not text.strip():
        why = " before it was cut off at its limit of tokens" if finish == "length" else ""
        raise errors.ChatMalformed(f"the answer is empty{why}")
    usage = form.get("usage") if isinstance(form.get("usage"), dict) else {}
    details = usage.get("prompt_tokens_details")
    cached = _count(details.get("cached_tokens")) if isinstance(details, dict) else None
    counts = _count(usage.get("prompt_tokens")), _count(usage.get("completion_tokens"))
    return Completion(text, *counts, cached=cached or 0, ended=finish != "length")


def _count(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None
