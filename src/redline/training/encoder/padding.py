"""Rows of different lengths as one array."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["padded"]


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
