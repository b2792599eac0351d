"""The few numbers of a search, in one place; their digest is part of an index's."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from redline.errors import UsageError
from redline.retrieval.duplicates import SAME

__all__ = ["SearchSettings"]


@dataclass(frozen=True, slots=True)
class SearchSettings:
    """Published defaults, fixed before anything was measured with them.

    `k1` (how soon repeats of a word stop counting) and `b` (how far long messages are discounted) are BM25's;
    `rrf` is the constant of reciprocal rank fusion; `depth` is how many of each list are fused; `same` is the share of
    the shorter message's word 5-grams from which two messages are near-duplicates.
    """

    k1: float = 1.2
    b: float = 0.75
    rrf: float = 60.0
    depth: int = 200
    same: float = SAME

    def __post_init__(self) -> None:
        if self.k1 < 0 or not 0 <= self.b <= 1 or self.rrf < 0 or self.depth < 1 or not 0 < self.same <= 1:
            raise UsageError(
                f"{asdict(self)}: expected k1 and rrf of at least 0, b in 0..1, depth of at least 1 and same above 0 up to 1"
            )
