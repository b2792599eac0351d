"""The sufficient statistics of one comparison, as columns with names.

Everything a table shows is a function of sums of these columns, so any cell re-aggregates from stored
verdicts exactly, and a bootstrap is a matrix product.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from redline.taxonomy import Taxonomy

__all__ = ["Layout"]

LOAD = ("draft_units", "deletions", "reference_units", "additions")
SINGLE = (
    "comparisons", "empty", "unscored", "unjudged", "failed", "f1_sum", "f1_count",
    "drafts", "replies", "themed_drafts", "themed_replies", "draft_units", "draft_words", "draft_grade", "graded",
)  # fmt: skip


@dataclass(frozen=True)
class Layout:
    """Column positions for a taxonomy.  Blocks of four are `EditLoad`s in the order of its fields.

    A draft that meets five replies stands in five comparisons; `drafts`, lengths and `in_drafts` count it once
    (a fifth in each), and likewise `replies` and `in_replies` each reply of a row.  `themed_drafts` and `themed_replies` count
    those whose themes are known.
    """

    taxonomy: Taxonomy

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """All column names, in order."""
        names = [*SINGLE, *(f"expected.{n}" for n in LOAD), *(f"hard.{n}" for n in LOAD)]
        for key in self.taxonomy.keys:
            names += [f"theme.{key}.{n}" for n in ("draft", "reference", "both", "in_drafts", "in_replies")]
            names += [f"within.{key}.{n}" for n in LOAD]
        return tuple(names)

    @cached_property
    def index(self) -> dict[str, int]:
        """Name to position."""
        return {name: i for i, name in enumerate(self.columns)}

    def block(self, prefix: str) -> list[int]:
        """Positions of the four columns of a load.

        >>> from redline.taxonomy import default_taxonomy
        >>> Layout(default_taxonomy()).block("expected")
        [15, 16, 17, 18]
        """
        return [self.index[f"{prefix}.{n}"] for n in LOAD]

    def theme(self, key: str) -> list[int]:
        """Positions of presence in the draft, in the reference, and in both."""
        return [self.index[f"theme.{key}.{n}"] for n in ("draft", "reference", "both")]
