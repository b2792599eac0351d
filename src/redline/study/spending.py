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

    A call that is sent again after a transport error counts each time, with its prompt; only such repeats can pass a limit.
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
        for what, field, value, limit in (
            ("calls", "max_calls", coming.calls, limits.max_calls), ("tokens", "max_tokens", coming.tokens, limits.max_tokens),
            ("in money", "max_cost", coming.money, limits.max_cost),
        ):  # fmt: skip
            if limit is not None and value > limit:
                raise BudgetError(
                    f"stopped before the limit of {_shown(limit)} {what} ([budget] {field}): with all that is spent and under way "
                    f"the next call could bring it to {_shown(value)}. What was answered is stored, and a higher limit goes on"
                )
        self._held = self._held + most
        return most

    def release(self, most: Bound) -> None:
        """The call is over and counted."""
        self._held = self._held + Bound(-most.calls, -most.tokens, -most.money)


def _shown(value: float) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:,.4f}"
