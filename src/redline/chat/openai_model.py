"""Any OpenAI-compatible endpoint as a chat model, through the official client library."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from redline.chat.address import check_address, read_key
from redline.chat.answers import read_completion, read_error
from redline.chat.contract import ChatMessage, ChatRequest, ChatResult
from redline.chat.counting import TokenCounter
from redline.chat.loops import PerLoop
from redline.chat.pacing import Pacing, Timing
from redline.chat.prices import Prices
from redline.chat.retrying import BUSY, Broken, Tries, is_transient, retry_after
from redline.errors import UsageError
from redline.records import Status, digest

if TYPE_CHECKING:
    import openai
    from openai import AsyncOpenAI

__all__ = ["OpenAiModel"]

_SENT_HEADERS = frozenset({
    "host", "accept", "accept-encoding", "connection", "content-type", "content-length",
    "x-stainless-raw-response",  # a constant by which the library knows that we read the answer ourselves
})  # fmt: skip


@dataclass
class _Session:
    """What belongs to one event loop: connections and pace."""

    client: AsyncOpenAI
    pacing: Pacing


@dataclass(frozen=True)
class OpenAiModel:
    """`model` at `base_url`; `allowed` are the remote hosts that a person has allowed.

    `RemoteNotAllowedError` is raised before anything is sent to any other host but this machine.  The key is read
    from `key_variable` for each call and never kept.  Proxies, keys, organisations and headers of the environment are
    not used: they would be more hosts that nobody allowed, or more than the request tells about who asks.

    At most `concurrent` requests are in flight, fewer where the server pushes back (`Pacing`).  Only what failed on
    the way is sent again, at most `retries` times (`Tries`); `timeout` is in seconds for one attempt.  `extra` are
    further fields of the request's body.  The model is known by its name: name a changed model differently.
    """

    base_url: str
    model: str
    allowed: frozenset[str] = frozenset()
    _: KW_ONLY
    title: str = ""
    prices: Prices = Prices()
    concurrent: int = 8
    timeout: float = 120.0
    retries: int = 4
    key_variable: str = "OPENAI_API_KEY"
    window: int | None = None
    tokenizer: Path | None = None
    extra: Mapping[str, object] = field(default_factory=dict, hash=False)
    timing: Timing = field(default_factory=Timing, repr=False, compare=False)
    host: str = field(init=False, repr=False, compare=False)
    _sessions: PerLoop[_Session] = field(default_factory=PerLoop, init=False, repr=False, compare=False)
    _counter: TokenCounter = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not self.model:
            raise UsageError("an endpoint needs the name of a model")
        if self.concurrent < 1 or self.timeout <= 0 or self.retries < 0:
            raise UsageError("concurrent must be at least 1, timeout above 0 seconds and retries at least 0")
        object.__setattr__(self, "host", check_address(self.base_url, self.allowed))
        object.__setattr__(self, "_counter", TokenCounter(self.tokenizer))

    @property
    def name(self) -> str:
        """The name in tables: `title`, or the server's name of the model."""
        return self.title or self.model

    @property
    def digest(self) -> str:
        """Of the model's name and the extra fields; neither the address nor what the server reports counts."""
        return digest(["openai", self.model, dict(self.extra)])

    def tokens(self, messages: Sequence[ChatMessage]) -> int:
        """Tokens of a prompt: counted with `tokenizer` (a tokenizer.json), else an upper estimate."""
        return self._counter.count(messages)

    async def complete(self, request: ChatRequest) -> ChatResult:
        """One completion, or why there is none.  `UsageError` for a wrong key, address or model name."""
        session = self._sessions.here(self._open)
        begun, attempts = self.timing.now(), 0
        tries = Tries(self.timing.random, self.retries)
        while True:
            async with session.pacing.slot() as slot:
                attempts += 1
                answer = await self._attempt(session.client, request)
                if isinstance(answer, Broken):
                    if answer.busy:
                        session.pacing.pushed_back(slot)
                    if answer.pause:
                        session.pacing.pause(answer.pause)
                else:
                    session.pacing.succeeded()
            wait = tries.wait(answer) if isinstance(answer, Broken) else None
            if wait is None:
                result = answer.result if isinstance(answer, Broken) else answer
                return replace(result, seconds=self.timing.now() - begun, attempts=attempts)
            if wait:
                await self.timing.sleep(wait)

    async def close(self) -> None:
        """Close the connections of the running event loop; a later call opens new ones."""
        session = self._sessions.take()
        if session is not None:
            await session.client.close()

    def _open(self) -> _Session:
        import openai

        # trust_env off: no proxy and no .netrc.  follow_redirects off: the next host might not be allowed.
        connections = openai.DefaultAsyncHttpxClient(
            trust_env=False, follow_redirects=False, event_hooks={"request": [self._address_only]}
        )
        client = openai.AsyncOpenAI(
            api_key="unused", admin_api_key="", webhook_secret="", base_url=self.base_url, max_retries=0,
            timeout=self.timeout, http_client=connections,
        )  # fmt: skip
        return _Session(client, Pacing(self.concurrent, self.timing))

    async def _address_only(self, request: Any) -> None:
        """Leave only the headers that a request needs, and put the key in: the library adds facts about this machine
        and whatever OPENAI_CUSTOM_HEADERS, OPENAI_ORG_ID and the like hold.
        """
        for header in list(request.headers):
            if header.lower() not in _SENT_HEADERS:
                del request.headers[header]
        request.headers["User-Agent"] = "redline"
        key = read_key(self.key_variable)
        if key:
            request.headers["Authorization"] = f"Bearer {key}"

    def _body(self, request: ChatRequest) -> dict[str, Any]:
        sampling = request.sampling
        body: dict[str, Any] = {
            "model": self.model, "temperature": sampling.temperature, "max_tokens": sampling.max_tokens,
            "seed": sampling.seed, "stream": False,
            # A lone surrogate is no UTF-8; one broken character must not cost the request.
            "messages": [{"role": m.role, "content": m.text.encode("utf-8", "replace").decode()} for m in request.messages],
        }  # fmt: skip
        if sampling.top_p != 1.0:
            body["top_p"] = sampling.top_p
        return {**body, "extra_body": dict(self.extra) or None}

    async def _attempt(self, client: AsyncOpenAI, request: ChatRequest) -> ChatResult | Broken:
        import openai

        try:
            async with asyncio.timeout(self.timeout):
                answer = await client.chat.completions.with_raw_response.create(**self._body(request))
                read = read_completion(answer.http_response.content)
        except openai.APIStatusError as error:
            return self._refused(error)
        except (openai.APIConnectionError, TimeoutError) as error:
            return Broken(ChatResult(Status.TIMEOUT, detail=self._lost(error)))
        if read is None:
            return Broken(ChatResult(Status.UNPARSABLE, detail="the answer broke off or is not JSON"))
        return read

    def _refused(self, error: openai.APIStatusError) -> ChatResult | Broken:
        """An answer that is not HTTP 200."""
        status = error.status_code
        if is_transient(status):
            pause = retry_after(error.response.headers.get("retry-after"))
            return Broken(ChatResult(Status.TIMEOUT, detail=f"HTTP {status}"), status in BUSY, pause)
        return read_error(
            status, error.response.text, host=self.host, model=self.model, key_variable=self.key_variable,
            key_set=read_key(self.key_variable) is not None,
        )  # fmt: skip

    def _lost(self, error: Exception) -> str:
        """Why there was no answer, in words that hold nothing of the request."""
        cause = type(error.__cause__).__name__
        if cause in ("ConnectError", "ConnectTimeout"):
            return f"cannot connect to {self.host}"
        if isinstance(error, TimeoutError) or "Timeout" in cause:
            return f"no answer within {self.timeout:g} s"
        return f"the connection broke off ({cause})"
