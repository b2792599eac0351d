"""Drawing without replacement with given inclusion probabilities, exactly: the pivotal method."""

from __future__ import annotations

import random
from collections.abc import Iterable

__all__ = ["fight"]


def fight(order: Iterable[int], weights: list[int], whole: int, random_: random.Random) -> int | None:
    """Two at a time, in `order`, settle who is drawn; returns who is left undecided, if anybody.

    `weights[i] / whole` is the inclusion probability of i.  A fight keeps the sum of two weights and leaves at least one of them
    at 0 (out) or at `whole` (drawn), with such chances that the expected weight of both stays what it was: so every
    probability holds exactly, whatever the order, the number drawn is the sum of the probabilities rounded down or up,
    and neighbours in the order are seldom drawn together.  Integers, so that nothing is rounded.  `weights` is changed in place.

    Deville and Tille (1998), Unequal probability sampling without replacement through a splitting method, Biometrika 85.

    >>> weights = [1, 1, 1, 1]
    >>> fight(range(4), weights, 2, random.Random(1)), sorted(weights)
    (None, [0, 0, 2, 2])
    """
    left: int | None = None
    for i in order:
        if weights[i] in (0, whole):
            continue
        if left is None:
            left = i
            continue
        a, b = weights[left], weights[i]
        if a + b < whole:
            wins = random_.randrange(a + b) < a
            weights[left], weights[i] = (a + b, 0) if wins else (0, a + b)
        else:
            wins = random_.randrange(2 * whole - a - b) < whole - b
            weights[left], weights[i] = (whole, a + b - whole) if wins else (a + b - whole, whole)
        left = next((j for j in (left, i) if 0 < weights[j] < whole), None)
    return left
