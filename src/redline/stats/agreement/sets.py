"""Krippendorff's alpha for raters who give each unit a *set* of labels, such as the themes of a sentence."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from redline.stats.agreement.distances import DISTANCES
from redline.stats.agreement.pairs import check_codes

__all__ = ["LabelSets", "SetAgreement"]

LabelSets = Sequence[Sequence[AbstractSet[str] | None]]
"""`labels[unit][rater]`: a set of labels, maybe empty, or None where this rater did not label this unit."""


@dataclass(frozen=True, slots=True)
class SetAgreement:
    """Alpha over whole sets of labels with a set distance, and the mean similarity.  A score for `redline.stats.bootstrap`.

    `vocabulary` lists the sets that occur (`SetAgreement.of` collects them); `distance` is "masi", "jaccard" or
    "nominal".  With delta the distance, m_u the raters of unit u, U the units with m_u >= 2, n_v how often set v was
    given in U, and n their sum:

    - alpha = 1 - D_o / D_e (Krippendorff 2011), D_o = sum_u sum_{i != j} delta(i, j) / (m_u - 1) / n,
      D_e = sum_{v, w} n_v n_w delta(v, w) / (n (n - 1)).  Units with fewer than two raters drop out.
    - agreement = mean over U of the mean similarity 1 - delta of its pairs of raters.

    Alpha is undefined (NaN here, null outside) where only one set ever occurs.

    >>> a, b, ab = frozenset("a"), frozenset("b"), frozenset("ab")
    >>> labels = [[a, a], [b, b], [ab, a], [b, None]]
    >>> masi = SetAgreement.of(labels)
    >>> dict(zip(masi.names, masi(masi.rows(labels).sum(axis=0)).round(4).tolist()))
    {'alpha': 0.6429, 'agreement': 0.7778}
    """

    vocabulary: tuple[frozenset[str], ...]
    distance: str = "masi"
    matrix: NDArray[np.float64] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.distance not in DISTANCES:
            raise ValueError(f"no set distance {self.distance!r}; there are {', '.join(DISTANCES)}")
        if len(set(self.vocabulary)) < len(self.vocabulary):
            raise ValueError("a set of labels stands twice in the vocabulary")
        delta = DISTANCES[self.distance]
        size = len(self.vocabulary)
        between = [delta(a, b) for a in self.vocabulary for b in self.vocabulary]
        object.__setattr__(self, "matrix", np.array(between, dtype=np.float64).reshape(size, size))

    @classmethod
    def of(cls, labels: LabelSets, distance: str = "masi") -> SetAgreement:
        """With every set that occurs in `labels[unit][rater]` as the vocabulary."""
        found = {frozenset(given) for unit in labels for given in unit if given is not None}
        return cls(tuple(sorted(found, key=lambda labels: (len(labels), sorted(labels)))), distance)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the figures, in the order of the last axis."""
        return ("alpha", "agreement")

    def codes(self, labels: LabelSets) -> NDArray[np.intp]:
        """Each set by its place in the vocabulary: (units, raters), -1 for None; `limits` reads such codes."""
        if len({len(unit) for unit in labels}) > 1:
            raise ValueError("every unit needs one entry a rater, None where there is no label")
        place = {known: number for number, known in enumerate(self.vocabulary)}
        try:
            places = [[-1 if given is None else place[frozenset(given)] for given in unit] for unit in labels]
        except KeyError:
            raise ValueError("a set of labels is not in the vocabulary") from None
        return np.array(places, dtype=np.intp).reshape(len(labels), -1 if len(labels) else 0)

    def rows(self, labels: LabelSets) -> NDArray[np.float64]:
        """Statistics of each unit, `coded_rows` of the `codes`: (n, 3 + vocabulary)."""
        return self.coded_rows(self.codes(labels))

    def coded_rows(self, codes: NDArray[np.intp]) -> NDArray[np.float64]:
        """The same from codes (n, raters), which several distances can share.

        Columns: has two labels; mean distance of its pairs; the same times m_u (summed distance of ordered pairs over
        m_u - 1); how often each set was given, where m_u >= 2.
        """
        known = check_codes(codes, len(self.vocabulary)) >= 0
        raters = known.sum(axis=1)
        two = raters >= 2
        apart = np.zeros(len(codes))
        for i, j in combinations(range(codes.shape[1]), 2):
            pair = known[:, i] & known[:, j]
            apart[pair] += self.matrix[codes[pair, i], codes[pair, j]]
        mean = apart / np.maximum(raters * (raters - 1) / 2, 1)
        given = np.zeros((len(codes), len(self.vocabulary)))
        unit, rater = np.nonzero(known & two[:, None])
        np.add.at(given, (unit, codes[unit, rater]), 1.0)
        return np.concatenate([np.stack([two, mean, mean * raters], axis=1), given], axis=1)

    def paired_units(self, sums: NDArray[np.floating]) -> NDArray[np.float64]:
        """How many units had labels of two raters or more."""
        return np.asarray(sums[..., 0], dtype=np.float64)

    def __call__(self, sums: NDArray[np.floating]) -> NDArray[np.float64]:
        """Figures (..., 2) of summed rows, in the order of `names`; NaN where undefined."""
        values = np.asarray(sums, dtype=np.float64)
        given = values[..., 3:]
        n = given.sum(axis=-1)
        with np.errstate(divide="ignore", invalid="ignore"):
            expected = ((given @ self.matrix) * given).sum(axis=-1) / (n * (n - 1))
            alpha = np.where(expected > 0, 1 - values[..., 2] / n / expected, np.nan)
            agreement = 1 - values[..., 1] / values[..., 0]
        return np.stack([alpha, agreement], axis=-1)
