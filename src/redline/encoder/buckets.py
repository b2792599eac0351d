"""Length buckets: batches of similar sizes up to a padded-token budget, results back in order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["buckets", "padded", "padded_share"]


def buckets(lengths: Sequence[int], budget: int, most: int = 512) -> list[list[int]]:
    """Indices of `lengths` in batches: longest first, each batch at most `budget` padded tokens (or one item).

    >>> buckets([3, 9, 4, 8], budget=18)
    [[1, 3], [2, 0]]
    """
    order = sorted(range(len(lengths)), key=lambda i: (-lengths[i], i))
    result: list[list[int]] = []
    held: list[int] = []
    for i in order:
        if held and (lengths[held[0]] * (len(held) + 1) > budget or len(held) >= most):
            result.append(held)
            held = []
        held.append(i)
    if held:
        result.append(held)
    return result


def padded(rows: Sequence[NDArray[Any]]) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    """Rows of different lengths as one array, whole numbers or float32, and the mask of what is real.

    >>> padded([np.array([5, 6]), np.array([7])])[0].tolist()
    [[5, 6], [7, 0]]
    """
    longest = max(map(len, rows))
    whole = np.issubdtype(rows[0].dtype, np.integer)
    table = np.zeros((len(rows), longest, *rows[0].shape[1:]), dtype=np.int64 if whole else np.float32)
    mask = np.zeros((len(rows), longest), dtype=bool)
    for i, row in enumerate(rows):
        table[i, : len(row)], mask[i, : len(row)] = row, True
    return table, mask


def padded_share(lengths: Sequence[int], batches: Sequence[Sequence[int]]) -> float:
    """Tokens computed for each real token.

    >>> padded_share([3, 9, 4, 8], [[1, 3], [2, 0]])
    1.0833333333333333
    """
    padded = sum(max(lengths[i] for i in batch) * len(batch) for batch in batches)
    return padded / max(1, sum(lengths))
