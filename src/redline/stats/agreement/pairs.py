"""Agreement of two raters, each figure a function of the summed confusion of their codes.

What one unit adds is one cell of a table: both chose a code, or one chose this and the other that.  Sums of those over
patient messages are all that agreement needs, so resampling messages is one matrix product (`redline.stats.bootstrap`).

*Undefined.*  Kappa sets agreement against chance, and raters who never vary cannot be told from chance.  Where each of
the two gave one code only (the same or not), kappa is NaN here and null outside: not 1, though they may agree
everywhere, and not 0.  (scikit-learn gives 0 where the two codes differ.)  Where only one of them never varies, kappa is
0 by its formula whatever the other did; `limits` says so.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["PAIR_FIGURES", "PairAgreement", "check_codes", "confusion_rows", "pair_figures"]

PAIR_FIGURES = ("agreement", "kappa", "ac1", "f1", "precision", "recall", "prevalence_first", "prevalence_second")
"""What `pair_figures` returns, in order."""


def confusion_rows(first: ArrayLike, second: ArrayLike) -> NDArray[np.float64]:
    """What each unit adds to the confusion of two raters: (n, 4) of 0 and 1.

    Codes are 1 (yes) and 0 (no); -1 is not decided, and such a row is zero everywhere.  Columns: both yes, only the
    first, only the second, neither.

    >>> confusion_rows([1, 1, 0, -1], [1, 0, 0, 1]).sum(axis=0).tolist()
    [1.0, 1.0, 0.0, 1.0]
    """
    one, two = _paired(first, second, 2)
    cells = np.stack(
        [(one == 1) & (two == 1), (one == 1) & (two == 0), (one == 0) & (two == 1), (one == 0) & (two == 0)]
    )
    return np.asarray(cells.T, dtype=np.float64)


def pair_figures(sums: NDArray[np.floating]) -> NDArray[np.float64]:
    """The `PAIR_FIGURES` of summed confusions (..., 4) -> (..., 8); NaN where undefined.

    With p the share of units in a cell, p_o = both + neither, x and y the shares of yes of the two raters and
    m = (x + y) / 2:

    - agreement = p_o; prevalence_first = x; prevalence_second = y
    - kappa = (p_o - p_e) / (1 - p_e), p_e = x y + (1 - x)(1 - y)  (Cohen 1960); undefined where both are constant
    - ac1 = (p_o - p_g) / (1 - p_g), p_g = 2 m (1 - m)  (Gwet 2008); always defined, steady where yes is rare
    - precision = both / (both + only first), recall = both / (both + only second), f1 their harmonic mean: the first
      rater is the judge, the second the person.  f1 is undefined only where neither ever says yes.

    >>> dict(zip(PAIR_FIGURES, pair_figures(np.array([20.0, 5, 10, 15])).round(3).tolist()))["kappa"]
    0.4
    >>> pair_figures(np.array([12.0, 0, 0, 0]))[:3].tolist()
    [1.0, nan, 1.0]
    """
    both, only_first, only_second, neither = (np.asarray(sums[..., i], dtype=np.float64) for i in range(4))
    n = both + only_first + only_second + neither
    with np.errstate(divide="ignore", invalid="ignore"):
        agreement = (both + neither) / n
        x, y = (both + only_first) / n, (both + only_second) / n
        m = (x + y) / 2
        kappa = corrected(agreement, x * y + (1 - x) * (1 - y))
        kappa = np.where(_constant(x) & _constant(y), np.nan, kappa)
        ac1 = corrected(agreement, 2 * m * (1 - m))
        f1 = 2 * both / (2 * both + only_first + only_second)
        precision, recall = both / (both + only_first), both / (both + only_second)
    return np.stack([agreement, kappa, ac1, f1, precision, recall, x, y], axis=-1)


@dataclass(frozen=True, slots=True)
class PairAgreement:
    """Two raters and any number of nominal categories: raw agreement, Cohen's kappa, Gwet's AC1.

    Units that either rater left open are left out.  A score for `bootstrap`: `rows` gives each unit's statistics,
    calling the object gives the figures of their sums.

    >>> pair = PairAgreement(("delete", "reword", "keep"))
    >>> rows = pair.rows([0, 1, 2, 2, 1], [0, 1, 2, 1, -1])
    >>> dict(zip(pair.names, pair(rows.sum(axis=0)).round(4).tolist()))
    {'agreement': 0.75, 'kappa': 0.6364, 'ac1': 0.6279}
    """

    categories: tuple[str, ...]

    def __post_init__(self) -> None:
        if len(self.categories) < 2:
            raise ValueError("agreement needs two categories or more")

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the figures, in the order of the last axis."""
        return ("agreement", "kappa", "ac1")

    def rows(self, first: ArrayLike, second: ArrayLike) -> NDArray[np.float64]:
        """The one cell of the table that each unit falls in: (n, categories ** 2); codes index categories, -1 unknown."""
        size = len(self.categories)
        one, two = _paired(first, second, size)
        rows = np.zeros((len(one), size * size))
        known = np.flatnonzero((one >= 0) & (two >= 0))
        rows[known, one[known] * size + two[known]] = 1.0
        return rows

    def __call__(self, sums: NDArray[np.floating]) -> NDArray[np.float64]:
        """Figures (..., 3) of summed rows (..., categories ** 2); chance of AC1 is sum m_k (1 - m_k) / (categories - 1)."""
        size = len(self.categories)
        table = np.asarray(sums, dtype=np.float64).reshape(*sums.shape[:-1], size, size)
        n = table.sum(axis=(-1, -2))
        with np.errstate(divide="ignore", invalid="ignore"):
            agreement = np.trace(table, axis1=-2, axis2=-1) / n
            x, y = table.sum(axis=-1) / n[..., None], table.sum(axis=-2) / n[..., None]
            m = (x + y) / 2
            kappa = corrected(agreement, (x * y).sum(axis=-1))
            kappa = np.where((x.max(axis=-1) == 1) & (y.max(axis=-1) == 1), np.nan, kappa)
            ac1 = corrected(agreement, (m * (1 - m)).sum(axis=-1) / (size - 1))
        return np.stack([agreement, kappa, ac1], axis=-1)


def corrected(agreement: NDArray[np.float64], chance: NDArray[np.float64]) -> NDArray[np.float64]:
    """(agreement - chance) / (1 - chance); NaN where chance alone agrees everywhere."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(chance < 1, (agreement - chance) / (1 - chance), np.nan)


def check_codes(codes: ArrayLike, categories: int) -> NDArray[np.intp]:
    """Whole numbers from -1 (unknown) to `categories` - 1, or a `ValueError` that names the range."""
    given = np.asarray(codes)
    if given.dtype.kind not in "biuf":
        raise ValueError(f"codes are whole numbers from 0 to {categories - 1}, or -1 (not None) where unknown")
    with np.errstate(invalid="ignore"):
        known = given.astype(np.intp)
    if given.size and ((known != given).any() or known.min() < -1 or known.max() >= categories):
        raise ValueError(f"codes are whole numbers from 0 to {categories - 1}, or -1 where unknown")
    return known


def _paired(first: ArrayLike, second: ArrayLike, categories: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    one, two = check_codes(first, categories), check_codes(second, categories)
    if one.ndim != 1 or one.shape != two.shape:
        raise ValueError(f"two raters code the same units, got shapes {one.shape} and {two.shape}")
    return one, two


def _constant(share: NDArray[np.float64]) -> NDArray[np.bool_]:
    return np.asarray((share == 0) | (share == 1))
