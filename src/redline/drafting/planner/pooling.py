"""One theme's logistic head, partially pooled across clinicians: the posterior mode and its curvature (Laplace).

    logit p = offset + x b + z u_c        b_j ~ N(0, v_group(j)),   u_cj ~ N(0, v_group(j))

x holds 1, message directions and plain features; z those columns of x on which a clinician may differ from the others.
The variances v say how much clinicians differ: v -> 0 is one model for all, v -> infinity one model a clinician.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "CLINICIAN", "GROUPS", "INTERCEPT", "PLAIN_FEATURES", "SLOPES", "VECTORS", "Head", "Layout", "Rows", "fit_head", "sigmoid",
]  # fmt: skip

Floats = NDArray[np.float64]

# Groups of weights that share a variance: the general ones, a clinician's intercept, a clinician's slopes.
INTERCEPT = 0
VECTORS = 1
PLAIN_FEATURES = 2
CLINICIAN = 3
SLOPES = 4
GROUPS = 5

_ROUNDS = 100
_SMALL = 1e-7


def sigmoid(x: Floats) -> Floats:
    """1 / (1 + exp(-x)), without overflow.

    >>> sigmoid(np.array([0.0, -1000.0])).tolist()
    [0.5, 0.0]
    """
    return np.asarray(np.exp(-np.logaddexp(0.0, -x)))


@dataclass(frozen=True)
class Layout:
    """Columns of x: 1, `vectors` message directions, `plain` features; a clinician has slopes on the first `slopes`
    directions and on all plain features.

    >>> Layout(vectors=3, plain=2, slopes=1).own.tolist()
    [0, 1, 4, 5]
    """

    vectors: int
    plain: int
    slopes: int = 8

    @cached_property
    def general(self) -> NDArray[np.intp]:
        """Group of each column of x."""
        return np.asarray([INTERCEPT] + [VECTORS] * self.vectors + [PLAIN_FEATURES] * self.plain, dtype=np.intp)

    @cached_property
    def own(self) -> NDArray[np.intp]:
        """Columns of x that make z."""
        first = range(1, 1 + min(self.slopes, self.vectors))
        plain = range(1 + self.vectors, 1 + self.vectors + self.plain)
        return np.asarray([0, *first, *plain], dtype=np.intp)

    @cached_property
    def own_groups(self) -> NDArray[np.intp]:
        """Group of each column of z."""
        return np.asarray([CLINICIAN] + [SLOPES] * (len(self.own) - 1), dtype=np.intp)


@dataclass(frozen=True)
class Rows:
    """Past replies: `x` (replies, columns) and `clinician` (replies,) in 0 .. clinicians - 1."""

    x: Floats
    clinician: NDArray[np.intp]
    clinicians: int

    @cached_property
    def of(self) -> tuple[NDArray[np.intp], ...]:
        """Row numbers of each clinician."""
        return tuple(np.flatnonzero(self.clinician == c) for c in range(self.clinicians))

    def part(self, kept: NDArray[np.bool_]) -> Rows:
        """The kept rows; clinicians keep their numbers, also those without a row."""
        return Rows(self.x[kept], self.clinician[kept], self.clinicians)


@dataclass(frozen=True)
class Head:
    """Posterior of one theme's weights.

    `b` (columns,), `u` (clinicians, own); covariance of b is `g`, of (b, u_c) follows from `k` = H_cc^-1 H_cb
    (clinicians, own, columns) and `h` = H_cc^-1 (clinicians, own, own): the Hessian is an arrow, since clinicians meet
    only in b.  `variances` (5,) are those that it was fitted with.
    """

    offset: float
    b: Floats
    u: Floats
    g: Floats
    k: Floats
    h: Floats
    variances: Floats

    def predict(self, layout: Layout, x: Floats, clinician: int | None) -> tuple[Floats, Floats]:
        """(mean, variance) of the logit of each row of `x` for one clinician.

        None is a clinician whom nobody has seen: u = 0, and the variance is how much clinicians differ.
        """
        z = x[:, layout.own]
        mean = self.offset + x @ self.b
        if clinician is None:
            return mean, _quadratic(x, self.g) + (z**2) @ self.variances[layout.own_groups]
        inner = x - z @ self.k[clinician]
        return mean + z @ self.u[clinician], _quadratic(inner, self.g) + _quadratic(z, self.h[clinician])

    @cached_property
    def uncertain(self) -> tuple[Floats, Floats]:
        """Posterior variances of b (columns,), and of u summed over clinicians (own,)."""
        spread = np.einsum("cii->i", self.h) + np.einsum("cij,jk,cik->i", self.k, self.g, self.k, optimize=True)
        return np.diag(self.g), spread


def _quadratic(rows: Floats, matrix: Floats) -> Floats:
    return np.asarray(np.einsum("ij,jk,ik->i", rows, matrix, rows, optimize=True))


def fit_head(
    rows: Rows, y: Floats, layout: Layout, variances: Floats, *, offset: float = 0.0, start: Head | None = None
) -> Head:
    """Newton's method for the posterior mode, `y` (replies,) 0 or 1; halves a step that does not help.

    Costs clinicians x own^3 + replies x (columns + own)^2 a step, since a clinician's weights are eliminated one by one.
    """
    prior, own = 1.0 / variances[layout.general], 1.0 / variances[layout.own_groups]
    b = np.zeros(len(prior)) if start is None else start.b
    u = np.zeros((rows.clinicians, len(own))) if start is None else start.u
    loss = _loss(rows, y, layout, offset, (b, u), (prior, own))
    for _ in range(_ROUNDS):
        step_b, step_u, parts = _newton(rows, y, layout, offset, (b, u), (prior, own))
        size, better = 1.0, False
        while size > 1e-4 and not better:
            tried = (b - size * step_b, u - size * step_u)
            new = _loss(rows, y, layout, offset, tried, (prior, own))
            better = new <= loss + 1e-12 * abs(loss)
            size /= 2
        if not better:
            break
        (b, u), loss = tried, new
        if max(np.abs(step_b).max(), np.abs(step_u).max(initial=0.0)) < _SMALL:
            break
    _, _, parts = _newton(rows, y, layout, offset, (b, u), (prior, own))
    return Head(offset, b, u, *parts, variances)


def _logits(rows: Rows, layout: Layout, offset: float, weights: tuple[Floats, Floats]) -> Floats:
    b, u = weights
    return np.asarray(offset + rows.x @ b + (rows.x[:, layout.own] * u[rows.clinician]).sum(axis=1))


def _loss(
    rows: Rows, y: Floats, layout: Layout, offset: float, weights: tuple[Floats, Floats], prior: tuple[Floats, Floats]
) -> float:
    eta = _logits(rows, layout, offset, weights)
    penalty = (prior[0] * weights[0] ** 2).sum() + (prior[1] * weights[1] ** 2).sum()
    return float((np.logaddexp(0.0, eta) - y * eta).sum() + penalty / 2)


def _newton(
    rows: Rows, y: Floats, layout: Layout, offset: float, weights: tuple[Floats, Floats], prior: tuple[Floats, Floats]
) -> tuple[Floats, Floats, tuple[Floats, Floats, Floats]]:
    """(step of b, step of u, (g, k, h)) at these weights, by the Schur complement of the clinicians' blocks."""
    b, u = weights
    p = sigmoid(_logits(rows, layout, offset, weights))
    wrong, weight = p - y, p * (1 - p)
    left = np.diag(prior[0])
    slope = rows.x.T @ wrong + prior[0] * b
    k = np.zeros((rows.clinicians, len(layout.own), len(b)))
    h = np.zeros((rows.clinicians, len(layout.own), len(layout.own)))
    own_slope = prior[1] * u
    for c, mine in enumerate(rows.of):
        x = rows.x[mine]
        z = x[:, layout.own]
        scaled = z * weight[mine, None]
        h[c] = np.linalg.inv(scaled.T @ z + np.diag(prior[1]))
        across = scaled.T @ x
        k[c] = h[c] @ across
        own_slope[c] += z.T @ wrong[mine]
        left += (x * weight[mine, None]).T @ x - across.T @ k[c]
        slope -= k[c].T @ own_slope[c]
    g = np.asarray(np.linalg.inv((left + left.T) / 2))
    step = g @ slope
    own_step = np.asarray(np.einsum("cij,cj->ci", h, own_slope) - k @ step)
    return step, own_step, (g, k, h)
