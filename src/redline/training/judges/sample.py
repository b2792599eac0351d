"""Which items are learned from and which are held out: by case, seeded, whatever the order of the rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from redline.annotation import AnnotatedPair, ThemedText
from redline.errors import UsageError
from redline.training.encoder.examples import share

__all__ = ["PAPER_PAIRS", "Sample", "sample"]

Item = TypeVar("Item", AnnotatedPair, ThemedText)

PAPER_PAIRS = 450
"""Annotated pairs that the paper's judge was trained on; it was evaluated on 50 more."""

_MOST = 0.9
"""Share that may be learned from where there are few: the paper's 450 of 500."""


@dataclass(frozen=True)
class Sample(Generic[Item]):
    """`train` to learn from and `held` for validation, in the order they came in; no case is on both sides."""

    train: tuple[Item, ...]
    held: tuple[Item, ...]
    seed: int


def sample(found: Sequence[Item], number: int | None = PAPER_PAIRS, seed: int = 17) -> Sample[Item]:
    """`number` items in whole cases (fewer where no more whole cases fit), at most nine tenths of all; the rest held out.

    None: nine tenths.  Cases are taken in an order that their ids and the seed alone decide.  Raises `UsageError` where
    one side would be empty.
    """
    if number is not None and number < 1:
        raise UsageError(f"{number} annotated items are none to learn from; ask for at least 1")
    sizes: dict[str, int] = {}
    for item in found:
        sizes[item.case] = sizes.get(item.case, 0) + 1
    most = int(_MOST * len(found))
    most = most if number is None else min(number, most)
    chosen: set[str] = set()
    taken = 0
    for case in sorted(sizes, key=lambda c: (share(c, f"judge{seed}"), c)):
        if taken + sizes[case] <= most:
            chosen.add(case)
            taken += sizes[case]
    if not chosen:
        raise UsageError(
            f"{len(found)} annotated item(s) of {len(sizes)} case(s) cannot be split into some to learn from and some to "
            "validate on, with every case on one side. Annotate more cases, or ask for a greater number"
        )
    train = tuple(item for item in found if item.case in chosen)
    return Sample(train, tuple(item for item in found if item.case not in chosen), seed)
