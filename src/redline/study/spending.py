"""What may still be spent: asked before a call, so that a limit is never passed by calls already under way."""

from __future__ import annotations

from dataclasses import dataclass

from redline.chat import ChatModel, ChatRequest
from redline.errors import BudgetError
from redline.study.spec import BudgetSpec
from redline.study.store import StudyStore

__all__ = ["Allowance", "Bound"]


@dataclass(frozen=True, slots=True)
class Bound:
    """What a call costs at most."""

    calls: int = 0
    tokens: int = 0
    money: float = 0.0

    def __add__(self, other: Bound) -> Bound:
        return Bound(self.calls + other.calls, self.tokens + other.tokens, self.money + other.money)


class Allowance:
    """Of one run; what earlier runs of the study spent counts, as does the upper bound of every call in flight.

    A call that is sent again after a transport error counts each time; only those repeats can pass a limit of calls.
    """

    def __init__(self, limits: BudgetSpec, store: StudyStore) -> None:
        self._limits = limits
        self._store = store
        self._held = Bound()

    def reserve(self, model: ChatModel, request: ChatRequest) -> Bound:
        """The upper bound of a call, set aside; `BudgetError` where it could pass a limit."""
        if not self._limits.limited:
            return Bound()
        tokens_in, tokens_out = model.tokens(request.messages), request.sampling.max_tokens
        most = Bound(1, tokens_in + tokens_out, model.prices.of(tokens_in, tokens_out))
        calls, spent_in, spent_out, money = self._store.spent()
        coming = Bound(calls, spent_in + spent_out, money) + self._held + most
        limits = self._limits
        for what, value, limit in (
            ("calls", float(coming.calls), limits.max_calls), ("tokens", float(coming.tokens), limits.max_tokens),
            ("money", coming.money, limits.max_cost),
        ):  # fmt: skip
            if limit is not None and value > limit:
                raise BudgetError(
                    f"stopped before the limit of {limit:,g} ({what}): with all that is spent and under way the next call could "
                    f"bring it to {value:,g}. What was answered is stored, and a higher limit goes on from there"
                )
        self._held = self._held + most
        return most

    def release(self, most: Bound) -> None:
        """The call is over and counted."""
        self._held = self._held + Bound(-most.calls, -most.tokens, -most.money)
