"""What a language model costs."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Prices"]


@dataclass(frozen=True, slots=True)
class Prices:
    """Money for a million tokens in and out."""

    tokens_in: float = 0.0
    tokens_out: float = 0.0

    def of(self, tokens_in: int, tokens_out: int) -> float:
        """Cost of one call.

        >>> Prices(2.0, 8.0).of(1_000_000, 500_000)
        6.0
        """
        return (tokens_in * self.tokens_in + tokens_out * self.tokens_out) / 1e6
