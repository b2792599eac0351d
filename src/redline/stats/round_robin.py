"""Moments of pairs of clinicians who answered the same messages (a round robin a message): sums, expectations, solution.

Unknowns: mean^2, variances of message, drafter, reference and rest, the covariance of the drafter and reference effects of
one clinician, and the covariance of the rests of the two orders of a pair.  Each quadratic form below is a sum over
groups of values of products of their sums; its expectation counts, for each unknown, the pairs of values that share it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from redline.stats.components import solved

__all__ = ["RoundRobin"]

_SCALARS = 12


@dataclass(frozen=True, slots=True)
class RoundRobin:
    """Design of ordered pairs: `present` (messages, clinicians, clinicians) is 1 where drafter and reference have a value.

    A score for `decompose`: message, drafter, reference, rest, and (where both orders occur) the covariance of the rest.
    """

    message: NDArray[np.intp]
    drafter: NDArray[np.intp]
    reference: NDArray[np.intp]
    present: NDArray[np.float64]
    both_orders: bool
    both_roles: bool

    @classmethod
    def of(
        cls,
        message: NDArray[np.intp],
        drafter: NDArray[np.intp],
        reference: NDArray[np.intp],
        messages: int,
        people: int,
    ) -> RoundRobin:
        """The design of values with these numbers of message, drafter and reference."""
        present = np.zeros((messages, people, people))
        present[message, drafter, reference] = 1.0
        both_roles = bool((present.any(axis=(0, 2)) & present.any(axis=(0, 1))).any())
        return cls(message, drafter, reference, present, bool((present * present.swapaxes(1, 2)).any()), both_roles)

    def rows(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Statistics of each message (messages, stats) of `values`, one a pair of the design."""
        n = self.present
        y = np.zeros_like(n)
        y[self.message, self.drafter, self.reference] = values
        two = n * n.swapaxes(1, 2)
        drafts, references = n.sum(axis=2), n.sum(axis=1)
        size, total = n.sum(axis=(1, 2)), y.sum(axis=(1, 2))
        scalars = [
            np.ones(len(n)), size, size**2, two.sum(axis=(1, 2)), two.sum(axis=(1, 2)) / size, total,
            (y**2).sum(axis=(1, 2)), total**2 / size, (y * y.swapaxes(1, 2)).sum(axis=(1, 2)),
            (drafts**2).sum(axis=1) / size, (references**2).sum(axis=1) / size,
            2 * (drafts * references).sum(axis=1) / size,
        ]  # fmt: skip
        people = [
            drafts, references, drafts**2, references**2, drafts * references, two.sum(axis=2), y.sum(axis=2),
            y.sum(axis=1),
        ]  # fmt: skip
        return np.concatenate([np.stack(scalars, axis=1), *people, n.reshape(len(n), -1)], axis=1)

    def __call__(self, sums: NDArray[np.float64]) -> NDArray[np.float64]:
        """Components (..., 4 or 5) of summed rows."""
        matrix, right = self._system(sums)
        unknown = [0, 1, 2, 3, 5, *([4] if self.both_roles else []), *([6] if self.both_orders else [])]
        forms = [0, 1, 2, 3, 4, *([5] if self.both_roles else []), *([6] if self.both_orders else [])]
        found = solved(matrix[..., forms, :][..., unknown], right[..., forms])
        wanted = [1, 2, 3, 4, *([len(unknown) - 1] if self.both_orders else [])]
        return found[..., wanted]

    def _system(self, sums: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Coefficients (..., 7 forms, 7 unknowns) and values of the forms.

        Forms: mean, all, messages, drafters, references, drafter x reference of one clinician, the two orders of a pair.
        Unknowns: mean^2, message, drafter, reference, covariance of roles, rest, covariance of orders.
        """
        size = self.present.shape[1]
        m, n, nn, two, two_n, total, squares, by_message, swapped, dd, rr, dr = (sums[..., k] for k in range(_SCALARS))
        blocks = (sums[..., _SCALARS + k * size : _SCALARS + (k + 1) * size] for k in range(8))
        d, r, d_square, r_square, d_r, two_each, y_d, y_r = blocks
        pairs = sums[..., _SCALARS + 8 * size :].reshape(*sums.shape[:-1], size, size)
        per_d, per_r = (np.where(x > 0, 1.0 / np.where(x > 0, x, 1.0), 0.0) for x in (d, r))
        per_both = np.where((d > 0) & (r > 0), 2.0 / np.maximum(d + r, 1.0), 0.0)
        zero = np.zeros_like(n)
        both = (pairs * pairs.swapaxes(-1, -2)).sum(axis=-1)
        drafts = [n, _sum(d_square * per_d), n, _sum((pairs**2).sum(axis=-1) * per_d), zero, _sum(d > 0), zero]
        refs = [n, _sum(r_square * per_r), _sum((pairs**2).sum(axis=-2) * per_r), n, zero, _sum(r > 0), zero]
        roles = [
            _sum(d * r * per_both), _sum(d_r * per_both), zero, zero, _sum((d * r + both) * per_both), zero,
            _sum(two_each * per_both),
        ]  # fmt: skip
        with np.errstate(divide="ignore", invalid="ignore"):
            mean = [n, nn / n, _sum(d * d) / n, _sum(r * r) / n, 2 * _sum(d * r) / n, np.ones_like(n), two / n]
            rows = [
                mean, [n, n, n, n, zero, n, zero], [n, n, dd, rr, dr, m, two_n], drafts, refs, roles,
                [two, two, zero, zero, 2 * two, zero, two],
            ]  # fmt: skip
            right = [
                total**2 / n, squares, by_message, _sum(y_d**2 * per_d), _sum(y_r**2 * per_r), _sum(y_d * y_r * per_both),
                swapped,
            ]  # fmt: skip
        matrix = np.stack([np.stack(row, axis=-1) for row in rows], axis=-2)
        return matrix, np.stack(right, axis=-1)


def _sum(x: NDArray[np.generic]) -> NDArray[np.float64]:
    return np.asarray(x.sum(axis=-1), dtype=np.float64)
