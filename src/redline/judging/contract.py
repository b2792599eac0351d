"""The judge contract: a batch of questions in, as many verdicts out, in order; nothing else.

Deduplication, storage, buckets, progress, budget and concurrency across batches belong to the runner.  A
judge must be safe to call from several threads, must not keep results, and must turn every failure on a
unit into a verdict with a status instead of an exception or a number.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar, runtime_checkable

from redline.judging.questions import ContentQuestion, Scope, ThemeQuestion
from redline.records import ThemeVerdict, Verdict

__all__ = ["ContentJudge", "Cost", "Judge", "Priced", "ThemeJudge", "is_paid"]

Q_contra = TypeVar("Q_contra", contravariant=True)
V_co = TypeVar("V_co", covariant=True)


@runtime_checkable
class Judge(Protocol[Q_contra, V_co]):
    """What the runner needs of any judge.

    `signature` names the judge and everything that can move its verdicts (model digest, prompt digest,
    threshold); it is known without loading a model.  `batch` is how many questions it wants at once.
    """

    @property
    def name(self) -> str: ...

    @property
    def signature(self) -> str: ...

    @property
    def scope(self) -> Scope: ...

    @property
    def batch(self) -> int: ...

    def judge(self, questions: Sequence[Q_contra]) -> Sequence[V_co]:
        """One verdict a question, in order."""
        ...


ContentJudge = Judge[ContentQuestion, Verdict]
ThemeJudge = Judge[ThemeQuestion, ThemeVerdict]


@dataclass(frozen=True, slots=True)
class Cost:
    """Calls, tokens and money, estimated or spent."""

    calls: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    money: float = 0.0

    def __add__(self, other: Cost) -> Cost:
        return Cost(
            self.calls + other.calls,
            self.tokens_in + other.tokens_in,
            self.tokens_out + other.tokens_out,
            self.money + other.money,
        )

    def __str__(self) -> str:
        return f"{self.calls:,} calls, {self.tokens_in:,} tokens in, {self.tokens_out:,} out, {self.money:.2f} in money"


def is_paid(judge: object) -> bool:
    """Whether a judge, or any judge that it is made of, costs something."""
    parts: Sequence[object] | None = getattr(judge, "parts", None)
    return any(is_paid(p) for p in parts) if parts is not None else isinstance(judge, Priced)


@runtime_checkable
class Priced(Protocol[Q_contra]):
    """A judge that costs something: it can say how much before, and what was spent so far."""

    def estimate(self, questions: Sequence[Q_contra]) -> Cost:
        """Upper estimate for these questions, made without a call."""
        ...

    def spent(self) -> Cost:
        """What all calls of this judge have cost so far."""
        ...
