"""Whose disagreement it is: variance of theme use and of content edit-F1, split over clinician, message and the rest."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from redline.stats import Interval
from redline.stats.components import Components, undetermined
from redline.stats.variance_components import crossed_components, pair_components
from redline.validation.agree.clinicians import Between
from redline.validation.agree.result import Variance, VarianceShares
from redline.validation.figure import Figure, figure

__all__ = ["pooled_components", "variance"]

Floats = NDArray[np.float64]
NAMES = ("message", "clinician", "rest")


def variance(
    found: Between, presence: Floats, messages: Sequence[str], people: Sequence[str], *, draws: int, seed: int
) -> Variance:
    """Components of theme presence (messages, clinicians, themes; NaN unanswered), pooled and each, and of content edit-F1.

    Intervals redraw messages and keep these clinicians.  A part is null where the design does not separate its sources.
    """
    taxonomy = found.layout.taxonomy
    kept = [i for i, key in enumerate(taxonomy.keys) if key != taxonomy.residual]
    pooled = pooled_components(presence[..., kept], draws=draws, seed=seed)
    places = np.argwhere(np.asarray(~np.isnan(presence).any(axis=-1)))
    labels = [messages[m] for m, _ in places], [people[c] for _, c in places]
    themes: dict[str, VarianceShares] = {}
    for i, key in enumerate(taxonomy.keys):
        values = [float(presence[m, c, i]) for m, c in places]
        one = crossed_components(values, *labels, draws=draws, seed=seed)
        if not one.reason:
            themes[key] = _shares(one, ("clinician",))
    content = _content(found, draws=draws, seed=seed)
    return Variance(
        theme=None if pooled.reason else _shares(pooled, ("clinician",)),
        themes=themes,
        content=None if content.reason else _shares(content, ("drafter", "reference")),
        reasons=tuple(
            f"{name}: {c.reason}" for name, c in (("theme use", pooled), ("content of pairs", content)) if c.reason
        ),
    )


def pooled_components(presence: Floats, *, draws: int, seed: int) -> Components:
    """Components of the presence of several themes at once: each source's variance summed over themes.

    As `crossed_components` of several figures; here in the words of a table of themes.

    >>> rng = np.random.default_rng(1)
    >>> habit = np.array([[0.9, 0.1], [0.1, 0.9]])
    >>> drawn = (rng.uniform(size=(200, 2, 2)) < habit).astype(float)
    >>> found = pooled_components(drawn, draws=200, seed=1)
    >>> round(found.shares["clinician"].estimate, 1), found.shares["message"].estimate < 0.05
    (0.8, True)
    """
    answered = np.asarray(~np.isnan(presence).any(axis=-1))
    messages, clinicians = (np.flatnonzero(answered.any(axis=i)) for i in (1, 0))
    counts = int(answered.sum()), len(messages), len(clinicians)
    if counts[1] < 2 or counts[2] < 2:
        reason = f"{counts[1]} message(s) of {counts[2]} clinician(s): two of each are needed to separate them"
        return undetermined(NAMES, counts, reason)
    places = np.argwhere(answered)
    values = presence[answered]
    if not np.abs(values - values.mean(axis=0)).max(initial=0.0) > 1e-12:
        return undetermined(NAMES, counts, "every reply carries the same themes: there is nothing to explain")
    return crossed_components(values, *places.T.tolist(), draws=draws, seed=seed)


def _content(found: Between, *, draws: int, seed: int) -> Components:
    """Components of each comparison's own content edit-F1."""
    at = found.layout.index
    defined = found.columns[:, at["f1_count"]] > 0
    values = np.where(defined, found.columns[:, at["f1_sum"]], np.nan)
    drafters, references = zip(*found.writers, strict=True)
    return pair_components(values, found.messages, drafters, references, draws=draws, seed=seed)


def _shares(found: Components, clinicians: Sequence[str]) -> VarianceShares:
    """As figures.  Shares of two roles of one clinician are added, and so are the ends of their intervals, which is exact
    where the roles go together (a judge that treats both directions alike) and too wide otherwise.
    """
    parts = [found.shares[name] for name in clinicians]
    return VarianceShares(
        clinician=_sum(parts, found.values),
        message=figure(found.shares["message"], found.values),
        rest=figure(found.shares["rest"], found.values),
        disagreement=figure(found.disagreement, found.values),
    )


def _sum(parts: Sequence[Interval], n: int) -> Figure:
    known = [p for p in parts if p.estimate is not None]
    if len(known) < len(parts):
        return figure(Interval(None, None, None, None, parts[0].clusters), n)
    ends = [[getattr(p, end) for p in known] for end in ("estimate", "low", "high")]
    estimate, low, high = (None if None in end else min(sum(end), 1.0) for end in ends)
    return figure(Interval(estimate, low, high, None, parts[0].clusters), n)
