"""Agreement about one theme at a time: does a unit carry it or not (one against the rest)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from redline.stats.agreement.nominal import NominalAgreement
from redline.stats.agreement.sets import LabelSets
from redline.stats.bootstrap import bootstrap
from redline.stats.intervals import Interval, intervals
from redline.stats.resampling import ResamplingPlan, group_clusters

__all__ = ["PRESENCE", "theme_agreement", "theme_codes"]

PRESENCE = NominalAgreement(("absent", "present"))
"""The measure of one theme against the rest: code 1 where a rater gave the theme, 0 where not."""


def theme_codes(labels: LabelSets, themes: Sequence[str]) -> dict[str, NDArray[np.intp]]:
    """For each theme the codes (units, raters): 1 where the rater gave it, 0 where not, -1 where the rater gave no label.

    >>> theme_codes([[{"empathy"}, set()], [{"question"}, None]], ["empathy"])["empathy"].tolist()
    [[1, 0], [0, -1]]
    """
    if len({len(unit) for unit in labels}) > 1:
        raise ValueError("every unit needs one entry a rater, None where there is no label")
    return {
        theme: np.array(
            [[-1 if given is None else int(theme in given) for given in unit] for unit in labels], dtype=np.intp
        ).reshape(len(labels), -1 if len(labels) else 0)
        for theme in themes
    }


def theme_agreement(
    labels: LabelSets, clusters: Sequence[str], themes: Sequence[str], *, draws: int = 2_000, seed: int = 17,
    level: float = 0.95,
) -> dict[str, dict[str, Interval]]:  # fmt: skip
    """The figures of `NominalAgreement` for each theme against the rest, with intervals over clusters (a label a unit).

    All themes are the cells of one bootstrap.  `prevalence_present` is how common the theme is: alpha and the kappas
    are low where a theme is rare or everywhere, however often raters agree; AC1 hardly depends on it.

    >>> labels = [[{"a"}, {"a"}], [{"b"}, {"b"}], [{"a"}, {"b"}], [{"a"}, {"a"}], [set(), set()], [{"a"}, None]]
    >>> found = theme_agreement(labels, list("uvwxyz"), ["a", "b"])
    >>> round(found["a"]["agreement"].estimate, 3), round(found["a"]["alpha"].estimate, 3)
    (0.8, 0.64)
    """
    if len(labels) != len(clusters):
        raise ValueError(f"{len(labels)} units but {len(clusters)} cluster labels")
    codes = theme_codes(labels, themes)
    if not len(labels) or not themes:
        nothing = Interval(None, None, None, None, 0)
        return {theme: dict.fromkeys(PRESENCE.names, nothing) for theme in themes}
    rows = np.stack([PRESENCE.rows(codes[theme]) for theme in themes], axis=1)
    index, count = group_clusters(clusters, seed=seed)
    sums = np.zeros((count, *rows.shape[1:]))
    np.add.at(sums, index, rows)
    found = intervals(bootstrap(sums, PRESENCE, ResamplingPlan(count, draws, seed)), level=level)
    return {
        theme: dict(zip(PRESENCE.names, figures, strict=True)) for theme, figures in zip(themes, found, strict=True)
    }
