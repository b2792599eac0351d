"""Which sets each optimiser step sees, and how its rows are shared among processes: the same for the same seed."""

from __future__ import annotations

import random
from collections.abc import Sequence

from redline.training.trees import Row, TokenSet, pack

__all__ = ["epoch_steps", "rows_of", "share_of"]


def epoch_steps(count: int, prompts: int, seed: int, epoch: int) -> list[list[int]]:
    """Places of the sets of each step; every set once, in another order each epoch, the last step with what is left.

    >>> [len(step) for step in epoch_steps(10, 4, 17, 0)]
    [4, 4, 2]
    """
    order = list(range(count))
    random.Random(f"{seed} epoch {epoch}").shuffle(order)
    return [order[i : i + prompts] for i in range(0, count, prompts)]


def rows_of(sets: Sequence[TokenSet], places: Sequence[int], budget: int) -> list[Row]:
    """The rows of one step; numbers in them are places in `places`."""
    return pack([sets[i] for i in places], budget)


def share_of(rows: Sequence[Row], rank: int, world: int) -> list[int | None]:
    """Places of the rows that process `rank` of `world` runs, as many for every process.

    Longest rows first, each to the process with the least tokens so far.  None stands for a row that counts nothing: all
    processes call the model equally often, which sharded models need.

    >>> share_of([Row(ids=[1] * n) for n in (5, 3, 2)], 0, 2), share_of([Row(ids=[1] * n) for n in (5, 3, 2)], 1, 2)
    ([0, None], [1, 2])
    """
    loads, shares = [0] * world, [[] for _ in range(world)]  # type: list[int], list[list[int]]
    for place in sorted(range(len(rows)), key=lambda i: (-len(rows[i].ids), i)):
        least = min(range(world), key=lambda r: (loads[r], r))
        loads[least] += len(rows[place].ids)
        shares[least].append(place)
    most = max(map(len, shares), default=0)
    return [*shares[rank], *[None] * (most - len(shares[rank]))]
