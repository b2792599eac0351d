"""How much of a disagreement is the message, the clinician, and the rest?  Variance components of crossed data.

Estimates are of moments (Henderson 1953, "Estimation of variance and covariance components", Biometrics 9, method I;
Searle, Casella and McCulloch 1992, "Variance Components", chapter 5): quadratic forms set equal to their expectations.
They are unbiased for unbalanced data (three of five clinicians a message), assume no distribution, equal the analysis of
variance when data are balanced, and are functions of sums over messages, so the bootstrap over messages is exact.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from redline.stats.components import Components, solved, undetermined
from redline.stats.decomposition import Path, decompose, effects
from redline.stats.round_robin import RoundRobin

__all__ = ["Components", "crossed_components", "pair_components"]


def crossed_components(
    values: ArrayLike, messages: Sequence[Hashable], clinicians: Sequence[Hashable], *, draws: int = 2_000,
    seed: int = 17, level: float = 0.95,
) -> Components:  # fmt: skip
    """Components "message", "clinician" and "rest" of y = mean + message + clinician + rest; one label each per value.

    `values` (n,), or (n, figures) for several at once (e.g. the presence of each theme): each source's variance is then
    the sum over figures.  Several values of a clinician on a message are allowed; the rest holds the clinician-by-message
    interaction.  With all effects random, sums of squares T of (all), (messages), (clinicians), each less that of the mean,
    have expectations linear in the three variances.  The clinicians' variance is that of *these* clinicians, divisor C - 1;
    intervals say what other messages would give with the same clinicians.  Values that are NaN are left out.

    >>> values = [3.0, 5.0, 4.0, 1.0, 4.0, 1.0, 2.0, 5.0, 2.0, 6.0, 8.0, 7.0, 4.0, 7.0, 5.0]
    >>> found = crossed_components(values, [m for m in "abcde" for _ in range(3)], ["X", "Y", "Z"] * 5)
    >>> {name: round(v.estimate, 3) for name, v in found.variances.items()}
    {'message': 3.767, 'clinician': 1.8, 'rest': 0.267}
    >>> round(found.disagreement.estimate, 3)
    0.871
    """
    names = ("message", "clinician", "rest")
    y, kept = _kept(values, messages, clinicians)
    message, clinician = (_numbered(labels, kept) for labels in (messages, clinicians))
    counts = (len(y), int(message.max(initial=-1)) + 1, int(clinician.max(initial=-1)) + 1)
    if reason := _why_not(counts):
        return undetermined(names, counts, reason)
    y, scale = _standard(y)
    if scale == 0.0:
        return undetermined(names, counts, "all values are equal: there is nothing to explain")
    columns = [effects(y[:, k], message, [clinician], counts[2])[0] for k in range(y.shape[1])]
    taste = np.stack(columns, axis=1)
    design = _Crossed.of(message, clinician, counts[1], counts[2], y.shape[1])
    rows = np.stack([design.rows(y + k * taste[clinician]) for k in (0, -1, 1)], axis=1)
    path = Path((1,), 1, 2, float(taste.var(axis=0, ddof=1).sum()))
    return decompose(rows, design, names, counts, scale, [path, path], draws=draws, seed=seed, level=level)


def pair_components(
    values: ArrayLike, messages: Sequence[Hashable], drafters: Sequence[Hashable], references: Sequence[Hashable], *,
    draws: int = 2_000, seed: int = 17, level: float = 0.95,
) -> Components:  # fmt: skip
    """Components "message", "drafter", "reference" and "rest" of a figure of pairs of clinicians' replies, e.g. edit-F1.

    values[i] is the figure of the reply of `drafters[i]`, as the draft, against that of `references[i]` to the same
    message; each ordered pair at most once a message.  y = mean + message + drafter + reference + rest.

    *Symmetry.*  The same people are drafters and references, and the two orders of a pair share their texts; edit-F1 is
    nearly (for some judges exactly) the same in both.  Two orders are therefore not two independent values.  The model is
    that of round robins (the social relations model: Warner, Kenny and Stoto 1979, J. Personality and Social Psychology
    37): the drafter and reference effects of one clinician may be correlated, and so may the rests of the two orders.
    Both covariances are estimated beside the variances wherever the data hold both orders, so nothing is counted twice;
    `reciprocity` tells how alike the two orders are (1 = the figure is symmetric; drafter and reference are then one and
    the same effect).  With one order of each pair only, the covariance of the rests does not matter and is left out.

    >>> rng = np.random.default_rng(0)
    >>> who, taste = "ABCD", dict(zip("ABCD", [0.3, -0.1, 0.0, -0.2]))
    >>> rows = [(m, d, r) for m in range(40) for d in who for r in who if d != r]
    >>> values = [taste[d] + taste[r] + 0.1 * rng.normal() for m, d, r in rows]
    >>> found = pair_components(values, *zip(*rows))
    >>> {name: round(share.estimate, 2) for name, share in found.shares.items()}
    {'message': 0.0, 'drafter': 0.48, 'reference': 0.43, 'rest': 0.1}
    """
    names = ("message", "drafter", "reference", "rest")
    table, kept = _kept(values, messages, drafters, references)
    if table.shape[1] != 1:
        raise ValueError("pairs have one figure each")
    message = _numbered(messages, kept)
    people = _numbered([*drafters, *references], np.concatenate([kept, kept]))
    drafter, reference = people[: len(table)], people[len(table) :]
    counts = (len(table), int(message.max(initial=-1)) + 1, int(people.max(initial=-1)) + 1)
    if (drafter == reference).any():
        raise ValueError("a reply cannot be its own draft: drafter and reference of a value are the same clinician")
    if len({*zip(message.tolist(), drafter.tolist(), reference.tolist(), strict=True)}) < len(table):
        raise ValueError("an ordered pair of clinicians occurs more than once in a message")
    if reason := _why_not(counts, clinicians=3):
        return undetermined(names, counts, reason)
    table, scale = _standard(table)
    y = table[:, 0]
    if scale == 0.0:
        return undetermined(names, counts, "all values are equal: there is nothing to explain")
    design = RoundRobin.of(message, drafter, reference, counts[1], counts[2])
    as_drafter, as_reference = effects(y, message, [drafter, reference], counts[2])
    steps = [(0, 0), (-1, 0), (1, 0), (0, -1), (0, 1), (-1, -1), (1, 1)]
    rows = np.stack([design.rows(y + i * as_drafter[drafter] + j * as_reference[reference]) for i, j in steps], axis=1)
    one, two = (float(effect.var(ddof=1)) for effect in (as_drafter, as_reference))
    paths = [Path((1,), 1, 2, one), Path((2,), 3, 4, two), Path((1, 2), 5, 6, one + two)]
    return decompose(rows, design, names, counts, scale, paths, draws=draws, seed=seed, level=level)


@dataclass(frozen=True, slots=True)
class _Crossed:
    """Design of crossed values, and a score for `decompose`: message, clinician, rest.

    Statistics of a message: 1, n, n^2, squares, sum^2/n, sum_c n_c^2/n; then n_c and n_c^2 by clinician, sums by figure,
    sums by clinician and figure.
    """

    message: NDArray[np.intp]
    clinician: NDArray[np.intp]
    present: NDArray[np.float64]
    figures: int = 1

    @classmethod
    def of(
        cls, message: NDArray[np.intp], clinician: NDArray[np.intp], messages: int, people: int, figures: int = 1
    ) -> _Crossed:
        present = np.zeros((messages, people))
        np.add.at(present, (message, clinician), 1.0)
        return cls(message, clinician, present, figures)

    def rows(self, y: NDArray[np.float64]) -> NDArray[np.float64]:
        n, total = self.present, np.zeros((*self.present.shape, self.figures))
        np.add.at(total, (self.message, self.clinician), y)
        size, summed = n.sum(axis=1), total.sum(axis=1)
        squares = np.bincount(self.message, weights=(y * y).sum(axis=1), minlength=len(n))
        by_message = (summed**2).sum(axis=1) / size
        each = [np.ones_like(size), size, size**2, squares, by_message, (n**2).sum(axis=1) / size]
        return np.concatenate([np.stack(each, axis=1), n, n**2, summed, total.reshape(len(n), -1)], axis=1)

    def __call__(self, sums: NDArray[np.float64]) -> NDArray[np.float64]:
        people = self.present.shape[1]
        ends = np.cumsum([6, people, people, self.figures])
        scalars, size, size_square, total, summed = np.split(sums, ends, axis=-1)
        messages, n, n_square, squares, by_message, spread = (scalars[..., k] for k in range(6))
        each = np.where(size > 0, 1.0 / np.where(size > 0, size, 1.0), 0.0)
        square = (summed.reshape(*size.shape, self.figures) ** 2).sum(axis=-1)
        by_clinician, message_clinician = ((x * each).sum(axis=-1) for x in (square, size_square))
        with np.errstate(divide="ignore", invalid="ignore"):
            mean = (total**2).sum(axis=-1) / n
            message_mean, clinician_mean = n_square / n, (size**2).sum(axis=-1) / n
        unbalanced = [
            [n - message_mean, n - clinician_mean, n - 1],
            [n - message_mean, spread - clinician_mean, messages - 1],
            [message_clinician - message_mean, n - clinician_mean, (size > 0).sum(axis=-1) - 1.0],
        ]
        matrix = np.stack([np.stack(row, axis=-1) for row in unbalanced], axis=-2)
        return solved(matrix, np.stack([squares - mean, by_message - mean, by_clinician - mean], axis=-1))


def _kept(values: ArrayLike, *labels: Sequence[Hashable]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Known values (n, figures) and which they are."""
    given = np.asarray(values, dtype=np.float64)
    y = given.reshape(len(given), -1) if given.ndim == 2 and given.size else given.reshape(-1, 1)
    if given.ndim not in (1, 2) or any(len(names) != len(y) for names in labels):
        sizes = [len(names) for names in labels]
        raise ValueError(f"needs a label of each kind for each value, got {sizes} for values of shape {given.shape}")
    kept = np.asarray(np.isfinite(y).all(axis=1))
    return y[kept], kept


def _numbered(labels: Sequence[Hashable], kept: NDArray[np.bool_]) -> NDArray[np.intp]:
    numbers: dict[Hashable, int] = {}
    return np.array(
        [numbers.setdefault(label, len(numbers)) for label, keep in zip(labels, kept, strict=True) if keep],
        dtype=np.intp,
    )


def _standard(y: NDArray[np.float64]) -> tuple[NDArray[np.float64], float]:
    """Values with means 0 and summed variance 1 (resampled sums are in single precision), and their spread."""
    spread = float(np.sqrt(y.var(axis=0).sum()))
    if spread <= 1e-12 * max(1.0, float(np.abs(y).max())):
        return y, 0.0
    return (y - y.mean(axis=0)) / spread, spread


def _why_not(counts: tuple[int, int, int], *, clinicians: int = 2) -> str:
    values, messages, people = counts
    if not values:
        return "no values"
    if messages < 2:
        return "one message: message and clinician cannot be separated"
    if people < clinicians:
        return f"{people} clinicians: at least {clinicians} are needed to separate the sources"
    return ""
