"""Which endpoint, model and key: from environment variables, the first two also from arguments, the key never."""

from __future__ import annotations

import dataclasses
import os
from urllib.parse import urlsplit

from agents.chat.errors import EndpointNotSet

BASE_URL, MODEL, KEY = "ACT_CLARIFY_BASE_URL", "ACT_CLARIFY_MODEL", "ACT_CLARIFY_API_KEY"
CACHE = "ACT_CLARIFY_CACHE"
OPENAI_URL, OPENAI_KEY, OPENAI_HOST = "OPENAI_BASE_URL", "OPENAI_API_KEY", "api.openai.com"
NO_KEY = "none"
"""What is sent as a key where there is none: a server of one's own asks for nothing."""


@dataclasses.dataclass(frozen=True)
class Endpoint:
    """An address such as ``https://host/v1`` and the model that is asked for there."""

    url: str
    model: str

    @classmethod
    def find(cls, model: str | None = None, base_url: str | None = None) -> Endpoint:
        """What is given, else what the environment says. Raises EndpointNotSet, which repeats no value."""
        url, where = base_url, "base_url"
        for name in (BASE_URL, OPENAI_URL):
            if not url:
                url, where = _read(name), name
        if not url:
            raise EndpointNotSet(f"no endpoint: set {BASE_URL}, for example to http://localhost:8000/v1")
        _check(url, where)
        model = model or _read(MODEL)
        if not model:
            raise EndpointNotSet(f"no model: name one (chat:MODEL), or set {MODEL}")
        return cls(url.rstrip("/"), model)

    @property
    def host(self) -> str:
        return urlsplit(self.url).hostname or ""

    def key(self) -> str:
        """The key for this endpoint, read from the environment each time. ``OPENAI_API_KEY`` is for OpenAI, or for
        what ``OPENAI_BASE_URL`` names: no other endpoint gets it."""
        theirs = self.host == OPENAI_HOST or self.url == _read(OPENAI_URL).rstrip("/")
        for name in (KEY, OPENAI_KEY) if theirs else (KEY,):
            if key := _read(name):
                if not (key.isascii() and key.isprintable() and " " not in key):
                    raise EndpointNotSet(f"{name} holds characters that no key has")
                return key
        return NO_KEY


def _read(name: str) -> str:
    return os.environ.get(name, "").strip()


def _check(url: str, where: str) -> None:
    try:
        parts = urlsplit(url)
        fine = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        fine = False
    if not fine:
        raise EndpointNotSet(f"{where} is no address of the form https://host/v1")
    if parts.username is not None or parts.password is not None or parts.query or parts.fragment:
        raise EndpointNotSet(f"{where} holds more than an address: a user, a query or a fragment; a key goes in {KEY}")
