"""How many pairs each stratum gives, and with which probability each of its pairs is drawn."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction

__all__ = ["allocate", "cap_messages"]


def allocate(weights: Sequence[float], sizes: Sequence[int], least: Sequence[int], total: int) -> list[int]:
    """Whole numbers between `least` and `sizes` that add up to `total` and are as near to `weights` as they can be.

    The next pair goes to the stratum h with the largest w_h / sqrt(n_h (n_h + 1)): this makes the sum of w_h^2 / n_h, the
    variance of a stratified total when w_h = N_h S_h, the smallest that whole numbers reach (Wright 2012, The equivalence of
    Neyman optimum allocation and equal proportions, The American Statistician 66).  A `total` outside the bounds is
    brought to the nearer one.

    >>> allocate([1.0, 3.0], [100, 100], [1, 1], 8)
    [2, 6]
    >>> allocate([1.0, 3.0], [100, 3], [1, 1], 8)
    [5, 3]
    """
    given = [min(low, size) for low, size in zip(least, sizes, strict=True)]
    while sum(given) < total:
        open_ = [h for h, size in enumerate(sizes) if given[h] < size]
        if not open_:
            break
        best = max(open_, key=lambda h: (_priority(weights[h], given[h]), -h))
        given[best] += 1
    return given


def _priority(weight: float, given: int) -> float:
    return math.inf if given == 0 else weight / math.sqrt(given * (given + 1))


def cap_messages(chances: list[Fraction], messages: Sequence[Sequence[int]], most: int) -> list[Fraction]:
    """Inclusion probabilities of which no message's add up to more than `most`; their total stays.

    `messages` lists the places of each message's pairs.  What is above the limit goes to the others, in proportion; a
    probability above 1 becomes 1, and the rest of it goes to the others likewise.  The total must fit, that is be at most
    the sum over messages of min(most, pairs).

    >>> [str(c) for c in cap_messages([Fraction(3, 4), Fraction(3, 4), Fraction(1, 4), Fraction(1, 4)], [[0, 1], [2, 3]], 1)]
    ['1/2', '1/2', '1/2', '1/2']
    """
    total = sum(chances, Fraction())
    fixed: dict[int, Fraction] = {}
    while True:
        free = [i for i in range(len(chances)) if i not in fixed]
        rest = total - sum(fixed.values(), Fraction())
        mass = sum((chances[i] for i in free), Fraction())
        factor = rest / mass if mass else Fraction(1)
        now = [fixed.get(i, chances[i] * factor) for i in range(len(chances))]
        before = len(fixed)
        for places in messages:
            # A message is settled as a whole: it gives exactly `most`, shared by what its pairs had.
            if len(places) <= most or all(i in fixed for i in places):
                continue
            if sum((now[i] for i in places), Fraction()) > most:
                fixed.update(_shared({i: chances[i] for i in places}, Fraction(most)))
        fixed.update((i, Fraction(1)) for i in free if i not in fixed and now[i] > 1)
        if len(fixed) == before:
            return now


def _shared(chances: dict[int, Fraction], amount: Fraction) -> dict[int, Fraction]:
    """`amount` in proportion to `chances`, nobody above 1."""
    ones: set[int] = set()
    while True:
        mass = sum((c for i, c in chances.items() if i not in ones), Fraction())
        left = amount - len(ones)
        shared = {i: Fraction(1) if i in ones else c * left / mass for i, c in chances.items()}
        over = {i for i, c in shared.items() if c > 1}
        if not over:
            return shared
        ones |= over
