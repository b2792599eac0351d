"""Agreement of any number of raters who may have left units open: alpha, AC1, Conger's and Fleiss' kappa.

Everything is a function of summed per-unit statistics, among them how often each rater used each category.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from redline.stats.agreement.pairs import check_codes, corrected

__all__ = ["NominalAgreement"]

_FIGURES = ("agreement", "alpha", "ac1", "conger", "fleiss")
_FIXED = 3


@dataclass(frozen=True, slots=True)
class NominalAgreement:
    """Raters who put units into nominal categories; codes may be missing.  A score for `redline.stats.bootstrap`.

    With r_uk the number of raters who put unit u into category k, r_u their sum, U the units with r_u >= 2, and q the
    number of categories:

    - agreement p_a = mean over U of sum_k r_uk (r_uk - 1) / (r_u (r_u - 1))
    - alpha = 1 - D_o / D_e (Krippendorff 2011, nominal): over U only, n_k = sum_u r_uk, n = sum_k n_k,
      1 - D_o = sum_u sum_k r_uk (r_uk - 1) / (r_u - 1) / n,  1 - D_e = sum_k n_k (n_k - 1) / (n (n - 1))
    - prevalence_k = pi_k = mean of r_uk / r_u over all units with a code (each unit weighs the same)
    - ac1: chance = sum_k pi_k (1 - pi_k) / (q - 1)  (Gwet 2014, section 5); q is the number of categories *named*
      here, used or not, so that a resample or a message more does not change the measure
    - fleiss: chance = sum_k pi_k ** 2  (Fleiss 1971, as Gwet 2014 extends it to missing codes)
    - conger: chance = mean over ordered pairs of raters g, h of sum_k p_gk p_hk, where p_gk is the share of k among
      the codes of rater g (Conger 1980; Gwet 2014).  With two raters and no missing code this is Cohen's kappa.  Raters
      without a code are not counted.

    The last four are p_a set against their chance: (p_a - chance) / (1 - chance).  Alpha and Fleiss are undefined (NaN
    here, null outside) where all codes are equal, Conger where every rater used one code only; AC1 is defined there.

    >>> nominal = NominalAgreement(("no", "yes"))
    >>> rows = nominal.rows([[1, 1, 1], [0, 0, -1], [1, 0, 1], [0, -1, -1]])
    >>> found = dict(zip(nominal.names, nominal(rows.sum(axis=0)).round(4).tolist()))
    >>> found["agreement"], found["alpha"], found["prevalence_yes"], nominal.paired_units(rows.sum(axis=0)).item()
    (0.7778, 0.5333, 0.4167, 3.0)
    """

    categories: tuple[str, ...]

    def __post_init__(self) -> None:
        if len(self.categories) < 2 or len(set(self.categories)) < len(self.categories):
            raise ValueError("agreement needs two or more different categories")

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the figures, in the order of the last axis; the prevalence of each category comes last."""
        return (*_FIGURES, *(f"prevalence_{name}" for name in self.categories))

    def rows(self, codes: ArrayLike) -> NDArray[np.float64]:
        """Statistics of each unit from codes (n, raters), which index `categories`, -1 where unknown.

        Columns: has two codes; its agreement; its agreeing pairs / (r_u - 1); r_uk / r_u (q); r_uk where r_u >= 2 (q);
        each rater's code as 0 and 1 (raters x q).
        """
        known = check_codes(codes, len(self.categories))
        if known.ndim != 2:
            raise ValueError(f"codes have the shape (units, raters), got {known.shape}")
        chosen = (known[..., None] == np.arange(len(self.categories))).astype(np.float64)
        count = chosen.sum(axis=1)
        total = count.sum(axis=1)
        two = total >= 2
        alike = (count * (count - 1)).sum(axis=1)
        fixed = [two, alike / np.maximum(total * (total - 1), 1), alike / np.maximum(total - 1, 1)]
        share = count / np.maximum(total, 1)[:, None]
        return np.concatenate(
            [
                np.stack(fixed, axis=1),
                share,
                count * two[:, None],
                chosen.reshape(len(known), known.shape[1] * len(self.categories)),
            ],
            axis=1,
        )

    def paired_units(self, sums: NDArray[np.floating]) -> NDArray[np.float64]:
        """How many units had two codes or more: what agreement, alpha and the kappas rest on."""
        return np.asarray(sums[..., 0], dtype=np.float64)

    def __call__(self, sums: NDArray[np.floating]) -> NDArray[np.float64]:
        """Figures (..., 5 + categories) of summed rows, in the order of `names`; NaN where undefined."""
        values = np.asarray(sums, dtype=np.float64)
        q = len(self.categories)
        share, used = values[..., _FIXED : _FIXED + q], values[..., _FIXED + q : _FIXED + 2 * q]
        people = values[..., _FIXED + 2 * q :].reshape(*values.shape[:-1], -1, q)
        with np.errstate(divide="ignore", invalid="ignore"):
            agreement = values[..., 1] / values[..., 0]
            prevalence = share / share.sum(axis=-1, keepdims=True)
            n = used.sum(axis=-1)
            expected = 1 - (used * (used - 1)).sum(axis=-1) / (n * (n - 1))
            alpha = np.where(expected > 0, 1 - (1 - values[..., 2] / n) / expected, np.nan)
            ac1 = corrected(agreement, (prevalence * (1 - prevalence)).sum(axis=-1) / (q - 1))
            fleiss = corrected(agreement, (prevalence**2).sum(axis=-1))
        varied = (people.sum(axis=-2) > 0).sum(axis=-1) > 1
        fleiss = np.where(varied, fleiss, np.nan)
        conger = corrected(agreement, _chance_of_pairs(people))
        return np.concatenate([np.stack([agreement, alpha, ac1, conger, fleiss], axis=-1), prevalence], axis=-1)


def _chance_of_pairs(people: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean chance agreement over pairs of raters, from codes by rater (..., raters, q); NaN where all are constant."""
    codes = people.sum(axis=-1)
    raters = (codes > 0).sum(axis=-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        profile = np.where(codes[..., None] > 0, people / codes[..., None], 0.0)
        pairs = (profile.sum(axis=-2) ** 2 - (profile**2).sum(axis=-2)).sum(axis=-1) / (raters * (raters - 1))
    constant = ((people > 0).sum(axis=-1) <= 1).all(axis=-1)
    return np.where(constant, np.nan, pairs)
