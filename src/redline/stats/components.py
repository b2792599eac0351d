"""What a variance decomposition gives: components, their shares, and what clinicians explain of a disagreement."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from redline.stats.intervals import Interval

__all__ = ["Components", "shares_of", "solved", "undetermined"]


@dataclass(frozen=True, slots=True)
class Components:
    """Variances of the `names`d sources, with intervals over messages, *conditional on these clinicians*.

    `variances` are unbiased and may be negative (a source that explains nothing); in `shares` (of their sum) a negative
    one counts as 0 and is named in `truncated`.  `disagreement` is the share of the variance within a message that
    clinicians explain, clinicians / (clinicians + rest): what a draft adapted to its clinician could gain at most.
    `reciprocity` (pairs only) is the correlation of the rest of (drafter, reference) with that of the swapped pair.
    Everything is None, with a `reason`, where the data do not separate the sources.
    """

    names: tuple[str, ...]
    variances: dict[str, Interval]
    shares: dict[str, Interval]
    disagreement: Interval
    reciprocity: float | None
    truncated: tuple[str, ...]
    values: int
    messages: int
    clinicians: int
    reason: str


def undetermined(names: Sequence[str], counts: tuple[int, int, int], reason: str) -> Components:
    """No components of so many values, messages and clinicians, and why."""
    nothing = Interval(None, None, None, None, counts[1])
    return Components(
        tuple(names), dict.fromkeys(names, nothing), dict.fromkeys(names, nothing), nothing, None, (), *counts, reason
    )


def shares_of(variances: NDArray[np.float64]) -> NDArray[np.float64]:
    """Shares (..., k + 1) of variances (..., k): of their sum, and last the clinicians' of what is not the message's.

    The message comes first and the rest last; what is between them are clinicians.

    >>> shares_of(np.array([2.0, 1.0, 1.0])).tolist()
    [0.5, 0.25, 0.25, 0.5]
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        shares = variances / variances.sum(axis=-1, keepdims=True)
        clinicians = variances[..., 1:-1].sum(axis=-1, keepdims=True)
        disagreement = clinicians / (clinicians + variances[..., -1:])
    return np.concatenate([shares, disagreement], axis=-1)


def solved(matrix: NDArray[np.float64], right: NDArray[np.float64]) -> NDArray[np.float64]:
    """Solutions (..., k) of systems (..., k, k); NaN where a system is singular for practical purposes.

    >>> solved(np.array([[[2.0, 0.0], [0.0, 1.0]], [[1.0, 1.0], [1.0, 1.0]]]), np.ones((2, 2))).tolist()
    [[0.5, 1.0], [nan, nan]]
    """
    safe = np.asarray(np.isfinite(matrix).all(axis=(-1, -2)) & np.isfinite(right).all(axis=-1))
    identity = np.eye(matrix.shape[-1])
    finite = np.where(safe[..., None, None], matrix, identity)
    scaled = finite / np.maximum(np.abs(finite).max(axis=-1, keepdims=True), 1e-300)
    safe = safe & np.asarray(np.abs(np.linalg.det(scaled)) > 1e-10)
    finite = np.where(safe[..., None, None], finite, identity)
    found = np.linalg.solve(finite, np.where(safe[..., None], right, 0.0)[..., None])
    return np.where(safe[..., None], found[..., 0], np.nan)
