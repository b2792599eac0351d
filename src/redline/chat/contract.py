"""What the rest of redline knows of a language model: one async call, typed request, typed result.

A model never raises for what it did with one request: a refusal, a timeout or nonsense is a result with a status.  It
raises a `RedlineError` only for what a person has to mend (a wrong key, an unknown host), before or instead of a result.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable

from redline.chat.prices import Prices
from redline.records import Status, digest

__all__ = ["AdapterChoice", "ChatMessage", "ChatModel", "ChatRequest", "ChatResult", "Sampling", "Tag", "Usage"]

Role = Literal["system", "user", "assistant"]


@dataclass(frozen=True, slots=True)
class ChatMessage:
    """One turn of a conversation."""

    role: Role
    text: str


@dataclass(frozen=True, slots=True)
class Sampling:
    """How a completion is drawn.  Temperature 0 is greedy; `seed` reaches models that take one."""

    temperature: float = 0.0
    top_p: float = 1.0
    max_tokens: int = 400
    seed: int = 17


@dataclass(frozen=True, slots=True)
class Tag:
    """What a request is for.  Never sent to a model and never part of a digest; recorded completions are found by it."""

    case: str
    strategy: str
    clinician: str | None = None


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """Messages and sampling; `tag` says what for.  `adapter` is the id of the one that must answer, where a model has
    several (`ChatModel.adapter_for`): the same words to another adapter are another request.
    """

    messages: tuple[ChatMessage, ...]
    sampling: Sampling = Sampling()
    tag: Tag | None = None
    adapter: str = ""

    @property
    def digest(self) -> str:
        """Equal requests, equal digest; the tag does not count.

        >>> ask = (ChatMessage("user", "Hello"),)
        >>> ChatRequest(ask).digest == ChatRequest(ask, tag=Tag("c1", "zero_shot")).digest
        True
        """
        s, said = self.sampling, [[m.role, m.text] for m in self.messages]
        adapter = [self.adapter] if self.adapter else []
        return digest([*said, [s.temperature, s.top_p, s.max_tokens, s.seed, *adapter]], length=32)


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens as the model counted them."""

    tokens_in: int = 0
    tokens_out: int = 0


@dataclass(frozen=True, slots=True)
class ChatResult:
    """What came back.  `text` is what the model said, as it said it; `detail` never repeats patient text.

    `finish` is the reason that the model gave for ending (`stop`, `length`); `seconds` and `attempts` count all tries.
    """

    status: Status
    text: str = ""
    finish: str = ""
    usage: Usage = Usage()
    seconds: float = 0.0
    attempts: int = 1
    detail: str = ""


@dataclass(frozen=True, slots=True)
class AdapterChoice:
    """Which adapter answers for a clinician: its id (empty: the base model), and what a reader of the draft must know."""

    id: str = ""
    remark: str = ""


@runtime_checkable
class ChatModel(Protocol):
    """A language model.  Safe to call from many tasks of one event loop at once.

    `name` stands in tables; `digest` changes whenever the same request could get another answer (weights, adapter,
    server model).  `window` is the context in tokens where it is known.  `concurrent` is how many requests are worth
    having in flight.

    Optional attributes, read with a default: `adapter` (its `id`, for the draft's provenance), `host` (where requests go),
    `replays` (true for a recording: an answer belongs to a task, and nothing is asked), `personal` (true where each
    clinician has a model of their own; `adapter_for(clinician)` then gives the `AdapterChoice` to ask with).
    """

    @property
    def name(self) -> str: ...

    @property
    def digest(self) -> str: ...

    @property
    def window(self) -> int | None: ...

    @property
    def concurrent(self) -> int: ...

    @property
    def prices(self) -> Prices: ...

    def tokens(self, messages: Sequence[ChatMessage]) -> int:
        """Tokens of a prompt: exact where the tokenizer is at hand, else an upper estimate.  No call is made."""
        ...

    async def complete(self, request: ChatRequest) -> ChatResult:
        """One completion, or why there is none."""
        ...

    async def close(self) -> None:
        """Let go of connections and memory."""
        ...
