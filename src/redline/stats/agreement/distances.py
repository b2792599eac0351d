"""How far two sets of labels are apart, from 0 (the same) to 1 (nothing in common).

Two empty sets are the same: two people who both see no theme agree.  An empty set and any other are at distance 1.
"""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Set as AbstractSet

__all__ = ["DISTANCES", "jaccard_distance", "masi_distance", "nominal_distance"]


def nominal_distance(a: AbstractSet[str], b: AbstractSet[str]) -> float:
    """0 where the sets are equal, else 1."""
    return 0.0 if a == b else 1.0


def jaccard_distance(a: AbstractSet[str], b: AbstractSet[str]) -> float:
    """1 - |a and b| / |a or b| (Jaccard 1912); 0 for two empty sets.

    >>> jaccard_distance({"empathy"}, {"empathy", "question"}), jaccard_distance(set(), set())
    (0.5, 0.0)
    """
    union = len(a | b)
    return 1.0 - len(a & b) / union if union else 0.0


def masi_distance(a: AbstractSet[str], b: AbstractSet[str]) -> float:
    """1 - J M (Passonneau 2006): J the Jaccard similarity, M = 1 equal, 2/3 nested, 1/3 overlapping, 0 disjoint.

    M is a fraction here; NLTK rounds it to 0.67 and 0.33.

    >>> round(masi_distance({"empathy"}, {"empathy", "question"}), 4)
    0.6667
    """
    if a == b:
        return 0.0
    common = a & b
    if not common:
        return 1.0
    monotonicity = 2 / 3 if common in (a, b) else 1 / 3
    return 1.0 - len(common) / len(a | b) * monotonicity


DISTANCES: dict[str, Callable[[AbstractSet[str], AbstractSet[str]], float]] = {
    "masi": masi_distance,
    "jaccard": jaccard_distance,
    "nominal": nominal_distance,
}
"""The distances by name."""
