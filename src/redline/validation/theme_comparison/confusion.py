"""Pairs of themes that people confuse: on the same sentence one gives this theme and another gives that one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from redline.stats import Contrast, Interval, ResamplingPlan, bootstrap, group_clusters, intervals
from redline.validation.agree.labellers import LabelledUnits
from redline.validation.figure import Figure
from redline.validation.theme_comparison.rare_shares import share_figure
from redline.validation.theme_comparison.rates import against, with_holm
from redline.validation.theme_comparison.settings import RevisionRules

__all__ = ["Confusion", "confusion_rows", "confusions"]


@dataclass(frozen=True, slots=True)
class Confusion:
    """Themes `first` and `second`: `share` of the sentences with either of them on which two people gave one each.

    `sentences` carry either by anybody, `confused` is on how many of them two people disagreed in this way.  `contrast` holds
    the share against the rule's threshold, with Holm's p over the pairs that have sentences enough; None below that.
    """

    first: str
    second: str
    sentences: int
    confused: int
    share: Figure
    contrast: Contrast | None


def confusion_rows(labels: Sequence[frozenset[str] | None], pairs: Sequence[tuple[str, str]]) -> NDArray[np.float64]:
    """(pairs, 2) of one sentence: share of its pairs of raters that confuse the two themes, and that gave either at all.

    Two raters confuse k and l where one gave k and not l, and the other l and not k.

    >>> confusion_rows([frozenset("a"), frozenset("b"), None], [("a", "b"), ("a", "c")]).tolist()
    [[1.0, 1.0], [0.0, 1.0]]
    >>> confusion_rows([frozenset("a"), frozenset("ab")], [("a", "b")]).tolist()
    [[0.0, 1.0]]
    """
    given = [found for found in labels if found is not None]
    result = np.zeros((len(pairs), 2))
    both = list(combinations(given, 2))
    for place, (first, second) in enumerate(pairs):
        for x, y in both:
            result[place, 0] += any(
                first in a and second not in a and second in b and first not in b for a, b in ((x, y), (y, x))
            )  # fmt: skip
            result[place, 1] += bool({first, second} & (x | y))
    return result / max(len(both), 1)


def confusions(
    units: LabelledUnits, keys: Sequence[str], rules: RevisionRules, *, draws: int, seed: int
) -> tuple[Confusion, ...]:
    """Every pair of themes with a sentence, the most confused first."""
    pairs = list(combinations(keys, 2))
    if not units.labels:
        return ()
    rows = np.array([confusion_rows(labels, pairs) for labels in units.labels])
    index, count = group_clusters(units.cases, seed=seed)
    sums = np.zeros((count, *rows.shape[1:]))
    np.add.at(sums, index, rows)
    drawn = bootstrap(sums, _share, ResamplingPlan(count, draws, seed))
    table = intervals(drawn)
    sentences, confused = (rows[..., 1] > 0).sum(axis=0), (rows[..., 0] > 0).sum(axis=0)
    asked = {
        f"{a}|{b}": against(drawn, f"{a}|{b}", place, 0, rules.confused_share)
        for place, (a, b) in enumerate(pairs)
        if sentences[place] >= rules.confused_units
    }
    held = with_holm(asked)
    found = [
        Confusion(
            a, b, int(sentences[i]), int(confused[i]),
            _figure(table[i][0], sums[:, i], int(sentences[i])), held.get(f"{a}|{b}"),
        )
        for i, (a, b) in enumerate(pairs)
        if sentences[i]
    ]  # fmt: skip
    return tuple(sorted(found, key=lambda c: (-(c.share.estimate or 0.0), -c.confused, c.first, c.second)))


def _figure(found: Interval, sums: NDArray[np.float64], sentences: int) -> Figure:
    confused, either = sums[:, 0], sums[:, 1]
    carrying, lacking = int((confused > 0).sum()), int((either > confused).sum())
    return share_figure(found, sentences, int((either > 0).sum()), carrying, lacking)


def _share(sums: NDArray[np.floating]) -> NDArray[np.floating]:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(sums[..., 1:] > 0, sums[..., :1] / sums[..., 1:], np.nan)
