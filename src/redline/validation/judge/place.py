"""The judge's place among the annotators, and the alternative-annotator test, as the card holds them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple

import numpy as np
from numpy.typing import NDArray

from redline.stats import Interval
from redline.stats.alternative_annotator import alternative_annotator
from redline.stats.annotator_wins import Similarity
from redline.stats.ranking import pair_confusions, rank_among
from redline.validation.cards.parts import AlternativeAnnotator, Beaten, Rank, Ranked
from redline.validation.cards.settings import Settings
from redline.validation.figure import Figure, figure
from redline.validation.judge.stability import Resampling

__all__ = ["judge_rank", "stand_in"]

Codes = NDArray[np.intp]


def judge_rank(
    judge: Codes, people: Codes, cases: Sequence[str], names: Sequence[str], by: str, how: Resampling
) -> Rank:  # fmt: skip
    """Place by the figure `by` of codes 1, 0 and -1: judge (n,), people (n, annotators)."""
    if not len(judge):
        nothing = _figure(Interval(None, None, None, None, 0), 0)
        return Rank(
            figure=by, place=None, low=None, high=None, of=None, judge=nothing, mean_difference=nothing, annotators={},
            at_or_above_median=None, at_or_above_worst=None, reason="nothing to compare",
        )  # fmt: skip
    found = rank_among(
        pair_confusions(judge, people, cases, seed=how.seed), names, figure=by, draws=how.draws, seed=how.seed
    )
    known = judge >= 0
    counts = [int((known & (column >= 0)).sum()) for column in people.T]
    place, low, high, of = (None,) * 4 if found.place is None else astuple(found.place)
    return Rank(
        figure=by, place=place, low=low, high=high, of=of,
        judge=_figure(found.judge, sum(counts), found.reason),
        mean_difference=_figure(found.mean_difference, sum(counts), found.reason),
        annotators={
            a.name: Ranked(score=_figure(a.score, n), judge=_figure(a.judge, n), difference=_figure(a.difference, n))
            for a, n in zip(found.annotators, counts, strict=bool(found.annotators))
        },
        at_or_above_median=found.at_or_above_median, at_or_above_worst=found.at_or_above_worst, reason=found.reason,
        notes=found.notes,
    )  # fmt: skip


def _figure(interval: Interval, n: int, note: str = "") -> Figure:
    return figure(interval, n, note if interval.estimate is None else "")


def stand_in(
    judge: Codes, people: Codes, cases: Sequence[str], names: Sequence[str], how: Resampling, settings: Settings,
    similarity: Similarity | None = None,
) -> AlternativeAnnotator:  # fmt: skip
    """The alternative-annotator test of codes, -1 where unknown; `similarity` where codes stand for more than yes and no."""
    found = alternative_annotator(
        judge, people, cases, names, epsilon=settings.epsilon, alpha=settings.alpha, similarity=similarity,
        seed=how.seed,
    )  # fmt: skip
    return AlternativeAnnotator(
        passed=found.passed, winning_rate=found.winning_rate, epsilon=found.epsilon, reason=found.reason,
        advantage=_figure(found.advantage, sum(a.units for a in found.annotators), found.reason),
        annotators={
            a.name: Beaten(
                units=a.units, judge_wins=_figure(a.judge_wins, a.units, a.note), annotator_wins=a.annotator_wins, p=a.p,
                rejected=a.rejected, note=a.note,
            )
            for a in found.annotators
        },
    )  # fmt: skip
