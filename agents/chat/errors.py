"""How a call to a chat model fails. No message holds a key, a prompt or a reply: a kind and a status at most."""

from __future__ import annotations

from act_env.errors import ActClarifyError


class EndpointExtraMissing(ActClarifyError, ImportError):
    """An endpoint needs the package openai, which the core does not install."""


class EndpointNotSet(ActClarifyError, ValueError):
    """The environment does not say which endpoint or model is meant, or says it in a form that is not taken."""


class ChatError(ActClarifyError, RuntimeError):
    """A call gave no reply.

    ``transient``: the failure says nothing about what was asked, so that an episode which it ended is played again
    when the run is resumed. ``retried``: the client itself tries again before it gives up.
    """

    transient = False
    retried = False
    wait: float | None = None
    """Seconds after which the endpoint would be asked again, where it said so."""

    def __reduce__(self):
        return type(self), self.args


class ChatTimeout(ChatError):
    """No answer in the time allowed."""

    transient = retried = True


class ChatConnectionError(ChatError):
    """The endpoint cannot be reached, or the connection broke off."""

    transient = retried = True


class ChatServerError(ChatError):
    """The endpoint failed: status 5xx, 408 or 409."""

    transient = retried = True


class ChatRateLimit(ChatError):
    """Too many calls: status 429."""

    transient = retried = True


class OutOfQuota(ChatRateLimit):
    """A budget is used up: waiting does not help."""

    retried = False


class ChatRefused(ChatError):
    """The endpoint does not take this key, or does not serve this model: status 401, 403 or 404."""

    transient = True


class ChatBadRequest(ChatError):
    """The endpoint does not take this request, for one because it is too long: another status 4xx."""


class ChatContentFilter(ChatError):
    """The endpoint or its model would not deal with this content."""


class ChatMalformed(ChatError):
    """What came is no chat completion, is empty, or is not of the form that was asked for."""


def of_status(status: int, code: str = "") -> ChatError:
    """The error of an HTTP status; ``code`` is what the endpoint calls it, and is not repeated."""
    text = f"status {status}"
    if code in ("content_filter", "content_policy_violation"):
        return ChatContentFilter(text)
    if status == 429:
        return OutOfQuota(text) if code == "insufficient_quota" else ChatRateLimit(text)
    if status in (401, 403, 404):
        return ChatRefused(text)
    if status in (408, 409) or status >= 500:
        return ChatServerError(text)
    return ChatBadRequest(text)
