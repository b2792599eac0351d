"""What a table of codes cannot tell, in plain words, to stand beside its figures."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from redline.stats.intervals import MIN_CLUSTERS

__all__ = ["limits"]


def limits(codes: NDArray[np.integer], clusters: Sequence[str]) -> tuple[str, ...]:
    """Notes on codes (units, raters), -1 where unknown, of units in `clusters` (a patient message each).

    Sets of labels come as `SetAgreement.codes`.

    Raises `ValueError` where units and clusters are not as many.

    >>> limits(np.array([[1, 1], [1, 1]]), ["m1", "m2"])[1]
    'all codes are equal: kappa and alpha are undefined, and raw agreement says little'
    """
    if len(codes) != len(clusters):
        raise ValueError(f"{len(codes)} units but {len(clusters)} cluster labels")
    known = codes >= 0
    people = int(known.any(axis=0).sum())
    paired = known.sum(axis=1) >= 2
    if people < 2:
        return ("one rater only: agreement needs two" if people else "no codes at all",)
    if not paired.any():
        return ("no two raters share a unit: agreement cannot be told from these codes",)
    notes = []
    if people == 2:
        notes.append(
            "two raters only: the figures are about these two people, and which of them is the unusual one cannot be told"
        )
    if len(np.unique(codes[known])) == 1:
        notes.append("all codes are equal: kappa and alpha are undefined, and raw agreement says little")
    else:
        constant = [len(np.unique(codes[known[:, g], g])) == 1 for g in range(codes.shape[1]) if known[:, g].any()]
        if all(constant):
            notes.append("every rater gave one code only: kappa is undefined")
        elif any(constant):
            notes.append(
                "a rater gave one code only: kappa with that rater is 0 whatever others did; read AC1 and raw agreement"
            )
    notes += _messages(codes, clusters, paired)
    apart = ~(known.T.astype(np.intp) @ known.astype(np.intp) > 0)
    present = known.any(axis=0)
    if apart[np.ix_(present, present)].any():
        notes.append("some pairs of raters share no unit: they are compared only by way of the others")
    return tuple(notes)


def _messages(codes: NDArray[np.integer], clusters: Sequence[str], paired: NDArray[np.bool_]) -> list[str]:
    """Whether there are enough messages, and enough that raters differ in, for an interval to hold what it promises."""
    if len({label for label, two in zip(clusters, paired, strict=True) if two}) < MIN_CLUSTERS:
        return [f"fewer than {MIN_CLUSTERS} messages with two raters: no intervals"]
    least = np.where(codes >= 0, codes, np.iinfo(np.int64).max).min(axis=1)
    differ = paired & (codes.max(axis=1) > least)
    apart = len({label for label, unlike in zip(clusters, differ, strict=True) if unlike})
    if not apart:
        return ["raters never differ: no intervals"]
    if apart < MIN_CLUSTERS:
        # Simulated (tests/statistical/test_agreement.py): 30 messages, 4 of them with a difference, cover 88 to 92 %.
        return [
            f"raters differ in {apart} of the messages, fewer than {MIN_CLUSTERS}: intervals are too short, above all downwards"
        ]
    return []
