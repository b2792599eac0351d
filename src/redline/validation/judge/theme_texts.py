"""Themes of whole texts, and how alike the texts of one message are: theme edit scores without a draft to compare."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["edit_loads", "text_sets"]

Labels = Sequence[frozenset[str] | None]


def text_sets(labels: Labels, text: NDArray[np.intp]) -> list[frozenset[str] | None]:
    """Themes of each text, in the order of its number: those of any of its units; None where a unit is unknown.

    >>> text_sets([frozenset("a"), frozenset("b"), None], np.array([0, 0, 1]))[1] is None
    True
    """
    found: list[frozenset[str] | None] = [frozenset()] * len(np.unique(text))
    place = {number: at for at, number in enumerate(np.unique(text).tolist())}
    for given, number in zip(labels, text.tolist(), strict=True):
        at = place[number]
        before = found[at]
        found[at] = None if given is None or before is None else before | given
    return found


def edit_loads(
    judge: Labels, people: Sequence[Labels], text: NDArray[np.intp], cases: Sequence[str], index: NDArray[np.intp]
) -> tuple[NDArray[np.float64], NDArray[np.intp], int]:
    """Rows (n, 2, 2) of (theme units, kept) by the classifier and by people, the cluster of each, and how many texts.

    Every text is the draft of every other text of its message once, so a message with k texts has k (k - 1) comparisons.  Over
    them the themes of drafts sum to (k - 1) sum_t c_t and those kept to sum_t c_t (c_t - 1), with c_t the number of texts
    with theme t; precision and recall are then the same.  Each annotator's texts are compared among themselves, and the
    classifier on those very texts.
    """
    mine = text_sets(judge, text)
    first = np.unique(text, return_index=True)[1]
    rows, owner, seen = [], [], set()
    for person in people:
        groups: dict[str, list[int]] = {}
        theirs = text_sets(person, text)
        for at, (a, b) in enumerate(zip(mine, theirs, strict=True)):
            if a is not None and b is not None:
                groups.setdefault(cases[first[at]], []).append(at)
        for texts in groups.values():
            if len(texts) > 1:
                rows.append([_load([mine[i] for i in texts]), _load([theirs[i] for i in texts])])
                owner.append(int(index[first[texts[0]]]))
                seen.update(texts)
    return np.array(rows, dtype=np.float64).reshape(-1, 2, 2), np.array(owner, dtype=np.intp), len(seen)


def _load(sets: Sequence[frozenset[str] | None]) -> tuple[float, float]:
    counts: dict[str, int] = {}
    for found in sets:
        for key in found or ():
            counts[key] = counts.get(key, 0) + 1
    return (len(sets) - 1) * float(sum(counts.values())), float(sum(c * (c - 1) for c in counts.values()))
