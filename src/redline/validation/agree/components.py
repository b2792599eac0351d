"""Whose disagreement it is: variance of theme use and of content edit-F1, split over clinician, message and the rest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from redline.stats import Interval
from redline.stats.components import Components, solved, undetermined
from redline.stats.decomposition import Path, decompose, effects
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

    y_mck = mean_k + message_mk + clinician_ck + rest_mck.  Who answered what is the same for every theme, and the estimates
    are linear in the sums of squares (Henderson 1953, method I, as in `crossed_components`), so those are summed over
    themes before the equations are solved.

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
    place = np.ix_(messages, clinicians)
    here, y = answered[place], presence[place]
    y = np.where(here[..., None], y - y[here].mean(axis=0), 0.0)
    if not np.abs(y).max(initial=0.0) > 1e-12:
        return undetermined(NAMES, counts, "every reply carries the same themes: there is nothing to explain")
    message, clinician = np.nonzero(here)
    habit = np.stack([effects(y[here][:, k], message, [clinician], counts[2])[0] for k in range(y.shape[2])], axis=1)
    shifted = [np.where(here[..., None], y + times * habit, 0.0) for times in (0, -1, 1)]
    path = Path((1,), 1, 2, float(habit.var(axis=0, ddof=1).sum()))
    rows = np.stack([_rows(v, here.astype(np.float64)) for v in shifted], axis=1)
    design = _Pooled(counts[2], y.shape[2])
    return decompose(rows, design, NAMES, counts, 1.0, [path, path], draws=draws, seed=seed, level=0.95)


def _rows(y: Floats, n: Floats) -> Floats:
    """Statistics of each message for `_Pooled` from centred values (messages, clinicians, themes), 0 where unanswered."""
    size, summed = n.sum(axis=1), y.sum(axis=1)
    fixed = [np.ones(len(n)), size, size**2, (y**2).sum(axis=(1, 2)), (summed**2).sum(axis=1) / size]
    return np.concatenate([np.stack(fixed, axis=1), n, summed, y.reshape(len(n), -1)], axis=1)


@dataclass(frozen=True, slots=True)
class _Pooled:
    """Components of summed rows: messages, n, n^2, squares, sum^2/n; then n_c, sums by theme, sums by clinician and theme."""

    clinicians: int
    themes: int

    def __call__(self, sums: Floats) -> Floats:
        messages, n, n_square, squares, by_message = (sums[..., k] for k in range(5))
        size = sums[..., 5 : 5 + self.clinicians]
        total = sums[..., 5 + self.clinicians : 5 + self.clinicians + self.themes]
        summed = sums[..., 5 + self.clinicians + self.themes :].reshape(
            *sums.shape[:-1], self.clinicians, self.themes
        )  # fmt: skip
        with np.errstate(divide="ignore", invalid="ignore"):
            mean = (total**2).sum(axis=-1) / n
            by_clinician = ((summed**2).sum(axis=-1) / np.maximum(size, 1e-300)).sum(axis=-1)
            message_mean, clinician_mean = n_square / n, (size**2).sum(axis=-1) / n
        people = (size > 0).sum(axis=-1)
        matrix = np.stack(
            [
                np.stack([n - message_mean, n - clinician_mean, n - 1], axis=-1),
                np.stack([n - message_mean, messages - clinician_mean, messages - 1], axis=-1),
                np.stack([people - message_mean, n - clinician_mean, people - 1.0], axis=-1),
            ],
            axis=-2,
        )
        return solved(matrix, np.stack([squares - mean, by_message - mean, by_clinician - mean], axis=-1))


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
