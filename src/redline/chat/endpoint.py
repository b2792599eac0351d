"""One blocking chat call to an OpenAI-compatible endpoint, with bounded retries of transport errors only."""

from __future__ import annotations

import ipaddress
import os
import random
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import httpx

from redline.chat.prices import Prices
from redline.errors import RemoteNotAllowedError, UsageError
from redline.records import Status

__all__ = ["Completion", "Endpoint", "Failure"]

_RETRIED = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 529})


@dataclass(frozen=True, slots=True)
class Completion:
    """What came back: text and usage as the endpoint counted it."""

    text: str
    tokens_in: int
    tokens_out: int


@dataclass(frozen=True, slots=True)
class Failure:
    """Why no usable text came back; the status that a verdict gets from it."""

    status: Status
    detail: str
    tokens_in: int = 0
    tokens_out: int = 0


def is_loopback(host: str) -> bool:
    """Whether `host` is this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@dataclass(frozen=True)
class Endpoint:
    """`model` at `base_url`; `allowed` are the remote hosts that a person has allowed.

    `RemoteNotAllowedError` is raised before anything is sent to any other host but this
    machine.  The key is read from `key_variable` when a call is made and never stored.
    """

    base_url: str
    model: str
    allowed: frozenset[str] = frozenset()
    key_variable: str = "OPENAI_API_KEY"
    timeout: float = 120.0
    retries: int = 4
    prices: Prices = Prices()
    extra: Mapping[str, object] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        try:
            parts = urlsplit(self.base_url)
            port_known = parts.port is None or parts.port > 0
        except ValueError:
            parts, port_known = urlsplit(""), False
        if parts.scheme not in ("http", "https") or not parts.hostname or not port_known:
            raise UsageError(
                f"{self.base_url!r} is not the address of an endpoint, for instance http://localhost:8000/v1"
            )
        if not is_loopback(parts.hostname) and parts.hostname not in self.allowed:
            raise RemoteNotAllowedError(
                f"texts would be sent to {parts.hostname}. Nothing was sent. If patient text may go there, repeat the "
                f"command with --allow-remote {parts.hostname}"
            )

    def chat(
        self, messages: Sequence[Mapping[str, str]], *, max_tokens: int, seed: int | None = None
    ) -> Completion | Failure:
        """One completion at temperature 0, or why there is none.  Never raises for what the endpoint does."""
        body: dict[str, object] = {
            "model": self.model, "messages": list(messages), "temperature": 0, "max_tokens": max_tokens,
            "stream": False, **self.extra,
        }  # fmt: skip
        if seed is not None:
            body["seed"] = seed
        key = os.environ.get(self.key_variable)
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        last = Failure(Status.TIMEOUT, "no attempt was made")
        for attempt in range(self.retries + 1):
            answer: httpx.Response | None = None
            try:
                answer = _client(self.timeout).post(
                    f"{self.base_url.rstrip('/')}/chat/completions", json=body, headers=headers
                )
            except httpx.TimeoutException:
                last = Failure(Status.TIMEOUT, f"no answer within {self.timeout:g} s")
            except httpx.HTTPError as error:
                last = Failure(Status.TIMEOUT, f"transport error: {type(error).__name__}")
            else:
                if answer.status_code not in _RETRIED:
                    return _read(answer)
                last = Failure(Status.TIMEOUT, f"HTTP {answer.status_code}")
            if attempt < self.retries:
                time.sleep(_pause(attempt, answer))
        return last


_LOCAL = threading.local()


def _client(timeout: float) -> httpx.Client:
    """One connection pool a thread."""
    clients: dict[float, httpx.Client] = getattr(_LOCAL, "clients", {})
    if timeout not in clients:
        # No proxy and no .netrc of the environment: a proxy would be one more host that nobody allowed.
        clients[timeout] = httpx.Client(timeout=timeout, follow_redirects=False, trust_env=False)
        _LOCAL.clients = clients
    return clients[timeout]


def _pause(attempt: int, answer: httpx.Response | None) -> float:
    """Seconds to wait: what the server asks for (at most a minute), else exponential with full jitter."""
    if answer is not None:
        asked = answer.headers.get("retry-after", "")
        if asked.replace(".", "", 1).isdigit():
            return min(float(asked), 60.0)
    return random.SystemRandom().uniform(0.05, min(0.25 * 2**attempt, 20.0))


def _read(answer: httpx.Response) -> Completion | Failure:
    if answer.status_code != 200:
        text = answer.text[:500].lower()
        if "context" in text and ("length" in text or "window" in text or "token" in text):
            return Failure(Status.TOO_LONG, "longer than the model's context")
        if "content" in text and ("filter" in text or "policy" in text):
            return Failure(Status.REFUSED, "refused by the endpoint's content filter")
        # The body is not repeated: servers echo the request in it, and that is patient text.
        raise UsageError(f"the endpoint answered HTTP {answer.status_code}; check address, model name and key")
    try:
        value = answer.json()
        choice = value["choices"][0]
        message = choice["message"]
        usage = value.get("usage") or {}
        spent = int(usage.get("prompt_tokens") or 0), int(usage.get("completion_tokens") or 0)
        if message.get("refusal") or choice.get("finish_reason") == "content_filter":
            return Failure(Status.REFUSED, "the model refused", *spent)
        return Completion(str(message.get("content") or ""), *spent)
    except (ValueError, KeyError, IndexError, TypeError, AttributeError):
        return Failure(Status.UNPARSABLE, "the endpoint's answer is not a chat completion")
