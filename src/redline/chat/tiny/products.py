"""Matrix products in small pieces of one shape."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["ROWS", "pieces", "times", "whole_rows"]

ROWS = 16
"""Rows of one product.  Always the same, because with another number of rows a product may add in another order: a row's
result then does not depend on how many stand beside it."""

_LARGEST = 10**6
"""Multiplications of one product.  Up to about here OpenBLAS neither packs its operands nor wakes threads, which on rows as
few and short as these is three times as fast, and a hundred times where another program holds the second core."""

Floats = NDArray[np.float32]


def pieces(matrix: Floats) -> Floats:
    """(in, out) cut by columns into (piece, in, columns), filled up with zeros.

    >>> pieces(np.ones((500, 300), np.float32)).shape
    (3, 500, 100)
    """
    rows, columns = matrix.shape
    count = -(-columns * rows * ROWS // _LARGEST)
    width = -(-columns // count)
    filled = np.zeros((rows, count * width), np.float32)
    filled[:, :columns] = matrix
    return np.ascontiguousarray(filled.reshape(rows, count, width).transpose(1, 0, 2))


def times(x: Floats, cut: Floats) -> Floats:
    """x (rows, in) times a matrix in pieces; `rows` is a multiple of `ROWS`.  The zeros that fill it up come last.

    >>> times(np.ones((16, 500), np.float32), pieces(np.ones((500, 300), np.float32))).shape
    (16, 300)
    """
    found = x.reshape(-1, 1, ROWS, x.shape[1]) @ cut
    return np.ascontiguousarray(found.transpose(0, 2, 1, 3)).reshape(len(x), -1)


def whole_rows(x: Floats) -> Floats:
    """`x` with rows of zeros up to a multiple of `ROWS`."""
    missing = -len(x) % ROWS
    return np.concatenate([x, np.zeros((missing, x.shape[1]), np.float32)]) if missing else x
