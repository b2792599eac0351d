"""What may still be spent: asked before a call, so that a limit is never passed by calls already under way."""

from __future__ import annotations

from redline.chat import ChatModel, ChatRequest
from redline.errors import BudgetError
from redline.study.spec import BudgetSpec
from redline.study.store import StudyStore

__all__ = ["Allowance"]


class Allowance:
    """Of one run; what earlier runs of the study spent counts, as does the upper bound of every call in flight."""

    def __init__(self, limits: BudgetSpec, store: StudyStore) -> None:
        self._limits = limits
        self._store = store
        self._calls = 0
        self._money = 0.0

    @property
    def limited(self) -> bool:
        """Whether there is any limit."""
        return self._limits.max_calls is not None or self._limits.max_cost is not None

    def reserve(self, model: ChatModel, request: ChatRequest) -> float:
        """The upper bound of a call, set aside; `BudgetError` where it could pass a limit."""
        most = model.prices.of(model.tokens(request.messages), request.sampling.max_tokens) if self.limited else 0.0
        if self.limited:
            calls, _, _, money = self._store.spent()
            limits = self._limits
            if limits.max_calls is not None and calls + self._calls + 1 > limits.max_calls:
                raise BudgetError(f"stopped before the limit of {limits.max_calls:,} calls; {_KEPT}")
            if limits.max_cost is not None and money + self._money + most > limits.max_cost:
                raise BudgetError(
                    f"stopped before the limit: {money + self._money:.2f} is spent or under way, the next call may cost "
                    f"{most:.4f}, the limit is {limits.max_cost:.2f}; {_KEPT}"
                )
        self._calls += 1
        self._money += most
        return most

    def release(self, most: float) -> None:
        """The call is over and counted."""
        self._calls -= 1
        self._money -= most


_KEPT = "what was answered is stored, and a higher limit goes on from there"
