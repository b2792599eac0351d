"""The canary: does a back end that holds several adapters keep them apart?

Servers keep what they computed of a prompt and use it again.  Where the key of that cache lacks the adapter's content, one
adapter's states end up in another's reply, without an error: a draft in somebody else's manner.  So fixed prompts are
asked of A, B, A, B in turn at temperature 0.  Each must say the same both times, and the same as a cold one: A, B, A alone
does not see a cache without any key, since A then finds its own states again and only B is wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from redline.chat.contract import ChatMessage, ChatRequest, ChatResult, Sampling
from redline.chat.loops import BackgroundLoop
from redline.records import Status

__all__ = ["PROMPTS", "Asked", "CanaryReport", "WithAdapter", "canary"]

_SYSTEM = (
    "You are drafting a reply from a clinician to a message that came in through the patient portal. Answer what was asked, "
    "say what to do next and when to call, and write as the clinician would."
)
PROMPTS = (
    "My refill of the blood pressure tablets has not arrived yet. What should I do until it does?",
    "I have had a dry cough for a week and no fever. Do I need to come in?",
    "Can I take ibuprofen for my knee, or is there something better?",
)
"""Invented messages; nobody's words."""


class Asked(Protocol):
    """As much of a chat model as the canary needs."""

    async def complete(self, request: ChatRequest) -> ChatResult: ...

    async def close(self) -> None: ...


@dataclass(frozen=True)
class WithAdapter:
    """One of the adapters of a model that holds several, as a model; the model stays open."""

    model: Asked
    adapter: str

    async def complete(self, request: ChatRequest) -> ChatResult:
        """The completion of this adapter."""
        return await self.model.complete(replace(request, adapter=self.adapter))

    async def close(self) -> None:
        """Nothing: the others use the same model."""


@dataclass(frozen=True)
class CanaryReport:
    """What came of it.  `problems` say in words what must not be; `differing` of `prompts` got another answer from B than
    from A; `cold` is whether answers were held against ones that no cache had a part in.
    """

    prompts: int
    differing: int
    cold: bool
    problems: tuple[str, ...]

    @property
    def ok(self) -> bool:
        """Whether the back end keeps the two apart, as far as this can tell."""
        return not self.problems

    def sentence(self) -> str:
        """The report for a person."""
        if self.problems:
            return "; ".join(self.problems)
        apart = f"B answers {self.differing} of {self.prompts} prompts differently"
        if not self.differing:
            apart = f"but B says the same as A to all {self.prompts} prompts: the adapters differ too little to be told apart here"
        against = (
            "and as a cold one"
            if self.cold
            else "(no cold answer to compare with: a cache without any key goes unseen)"
        )
        return f"A and B each answer the same in turn {against}; {apart}"


def canary(
    make_a: Callable[[], Asked], make_b: Callable[[], Asked], prompts: Sequence[str] = PROMPTS, *,
    cold_a: Callable[[], Asked] | None = None, cold_b: Callable[[], Asked] | None = None, max_tokens: int = 24,
) -> CanaryReport:  # fmt: skip
    """Ask A, B, A, B, one request after the other.  `make_a` and `make_b` open the two on the back end that is tried;
    `cold_a` and `cold_b` open them so that nothing computed before is used (a fresh process, a cache salt of its own).
    """
    makers = (make_a, make_b, cold_a, cold_b)
    return BackgroundLoop().run(_run(makers, prompts, Sampling(0.0, 1.0, max_tokens)))


async def _run(
    makers: Sequence[Callable[[], Asked] | None], prompts: Sequence[str], sampling: Sampling
) -> CanaryReport:
    problems: list[str] = []
    warm: list[list[ChatResult]] = []
    a, b = (make() for make in makers[:2] if make is not None)
    try:
        for text in prompts:
            warm.append([await _ask(side, text, sampling) for side in (a, b, a, b)])
    finally:
        await a.close()
        await b.close()
    cold = [await _alone(make, prompts, sampling) for make in makers[2:]]
    for name, first, again, fresh in (("A", 0, 2, cold[0]), ("B", 1, 3, cold[1])):
        problems += _told(name, [w[first] for w in warm], [w[again] for w in warm], fresh)
    if problems and makers[2] is not None and cold[0] is not None:
        once_more = await _alone(makers[2], prompts, sampling)
        if once_more is not None and _texts(once_more) != _texts(cold[0]):
            problems = [
                "two cold runs of A differ: this back end is not deterministic at temperature 0, so nothing can be told"
            ]
    differing = sum(w[0].text != w[1].text for w in warm)
    return CanaryReport(len(prompts), differing, None not in cold, tuple(problems))


def _told(name: str, first: list[ChatResult], again: list[ChatResult], cold: list[ChatResult] | None) -> list[str]:
    """What is wrong with one side."""
    failed = next((r for r in (*first, *again, *(cold or ())) if r.status is not Status.OK), None)
    if failed is not None:
        return [f"{name} gave no answer ({failed.status.value}{': ' if failed.detail else ''}{failed.detail})"]
    found, many = [], len(first)
    if n := _unequal(first, again):
        found.append(
            f"{name} answers {n} of {many} prompts otherwise after the other one was asked: states leak between adapters"
        )
    if cold is not None and (n := _unequal(first, cold)):
        found.append(
            f"{name} answers {n} of {many} prompts otherwise than a cold one: states of another adapter were used"
        )
    return found


def _unequal(one: list[ChatResult], other: list[ChatResult]) -> int:
    return sum(a != b for a, b in zip(_texts(one), _texts(other), strict=True))


def _texts(results: list[ChatResult]) -> list[str]:
    return [r.text for r in results]


async def _alone(
    make: Callable[[], Asked] | None, prompts: Sequence[str], sampling: Sampling
) -> list[ChatResult] | None:
    if make is None:
        return None
    model = make()
    try:
        return [await _ask(model, text, sampling) for text in prompts]
    finally:
        await model.close()


async def _ask(model: Asked, text: str, sampling: Sampling) -> ChatResult:
    return await model.complete(ChatRequest((ChatMessage("system", _SYSTEM), ChatMessage("user", text)), sampling))
