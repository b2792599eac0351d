"""Corrected estimates: people's figure of what they labelled, sharpened by the judge's figure of everything.

``theta = f(H) - w (f(L) - f(J))`` (see `tuning`): with w = 0 people alone, with w = 1 the plain difference estimator
(prediction-powered inference, Angelopoulos et al. 2023, Science 382).  Both are right on average whatever the judge's
errors are, as long as labels were drawn with known probabilities; the judge only decides how wide the interval is.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from redline.stats.bootstrap import Score, bootstrap
from redline.stats.intervals import MIN_CLUSTERS, Interval
from redline.stats.predictive.figure import Drawn, Spread, bounded, error_of, pick, spread_of, width
from redline.stats.predictive.sums import LabelledSums, bearing, differing, threefold
from redline.stats.predictive.tuning import Influences, influences, tune, tune_error
from redline.stats.predictive.variance import VarianceModel, variance_model
from redline.stats.resampling import ResamplingPlan

__all__ = ["FEW_ERRORS", "MIN_LABELLED", "NOT_NARROWER", "Corrected", "corrected_estimates", "one_figure"]

MIN_LABELLED = 20
"""Fewer labelled messages that bear on a figure give no corrected one: see docs/design/009 for the simulations."""
NOT_NARROWER = "the judge adds nothing to people's labels here; this is the human-only estimate"
NO_LABELS = "no comparison of this row is labelled"
FEW_ERRORS = (
    "judge and people differ in too few labelled messages to tell how the judge errs; this is the human-only estimate"
)
ALIKE = "people's labels do not differ from message to message, so nothing is known about the error"
_CHUNK = 64
Limits = tuple[float, float] | None


@dataclass(frozen=True, slots=True)
class Corrected:
    """One figure three times: by the judge alone, by people alone, and corrected.

    `weight` is how far the judge is trusted (0: not at all), `labels` the labelled comparisons, `messages` the labelled
    messages that bear on the figure, `effective` the number of labelled comparisons with which people alone would give an
    interval as narrow.  `reason` says in words why there is no corrected figure (its interval is then empty) or why it is
    the human-only one.  `variance` is what `plan-labels` needs; None where nothing is corrected.  `error` is the judge's figure
    minus people's of what they labelled; it has no interval where judge and people differ in fewer than 5 labelled messages.
    """

    plain: Interval
    human: Interval
    corrected: Interval
    weight: float | None
    labels: int
    messages: int
    effective: float | None
    reason: str = ""
    variance: VarianceModel | None = None
    error: Interval = Interval(None, None, None, None, 0)

    @property
    def known(self) -> bool:
        """Whether there is a corrected interval."""
        return self.corrected.known


def corrected_estimates(
    sums: LabelledSums, score: Score, plan: ResamplingPlan, *, limits: Limits | list[Limits] = None,
    minimum: int = MIN_LABELLED, level: float = 0.95,
) -> list[list[Corrected]]:  # fmt: skip
    """A `Corrected` for each cell and value of `score`, all from the draws of one plan.

    Intervals resample clusters, with the same weights for H, L and J; they are widened for the labelled clusters being few
    or unequal (`Tuning.freedom`), since that is where the variance comes from, and for the weight having been fitted.  A
    corrected interval that would be wider than the human-only one is replaced by it, and likewise one that rests on fewer than 5
    labelled messages in which judge and people differ: a judge that is seldom wrong, but then wholly, looks perfect in few
    labels.  `limits` is the range of the score, or a list with that of each value: a corrected value outside is cut to it.
    """
    result: list[list[Corrected]] = []
    for start in range(0, sums.labels.shape[1], _CHUNK):
        part = sums.of(slice(start, start + _CHUNK))
        drawn = bootstrap(part.stacked, threefold(score), plan)
        moved, columns = influences(drawn), np.moveaxis(drawn.draws, 0, -1)
        clusters = (part.judged != 0).any(axis=2).sum(axis=0)
        unlike, resting = (which(part, score).sum(axis=0) for which in (differing, bearing))
        for cell in range(part.labels.shape[1]):
            labels = int(part.labels[:, cell].sum())
            row = []
            for value in range(moved.human.shape[2]):
                one, found = pick(drawn, columns, cell, value), moved.of(cell, value)
                counts = int(clusters[cell]), labels, int(resting[cell, value]), int(unlike[cell, value])
                within = limits[value] if isinstance(limits, list) else limits
                row.append(one_figure(one, found, counts, limits=within, minimum=minimum, level=level)[0])
            result.append(row)
    return result


def one_figure(
    drawn: Drawn, moved: Influences, counts: tuple[int, int, int, int], *, limits: tuple[float, float] | None,
    minimum: int = MIN_LABELLED, level: float = 0.95,
) -> tuple[Corrected, Spread | None]:  # fmt: skip
    """A figure, and the draws that its interval was made from (None where there is no interval).

    `counts` are the judged clusters, the labelled comparisons, the labelled clusters that bear on the figure, and those of them
    in which judge and people differ.
    """
    judged, labels, messages, unlike = counts
    plain = drawn.interval_by_judge(judged, level)
    none = Interval(None, None, None, None, messages)
    if not labels:
        return Corrected(plain, none, none, None, 0, messages, None, NO_LABELS), None
    by_people = tune(moved, weight=0.0)
    alone = spread_of(drawn, by_people, messages, judged)
    human, error = alone.interval(level), _error(drawn, moved, counts, level)
    if reason := _refusal(drawn, messages, minimum):
        return Corrected(plain, human, none, None, labels, messages, None, reason, None, error), None
    tuned = tune(moved)
    spread = spread_of(drawn, tuned, messages, judged)
    found = spread.interval(level)
    if human.known and (unlike < MIN_CLUSTERS or width(found) >= width(human)):
        model, why = variance_model(moved, by_people), FEW_ERRORS if unlike < MIN_CLUSTERS else NOT_NARROWER
        kept = bounded(human, limits)
        return Corrected(plain, human, kept, 0.0, labels, messages, float(labels), why, model, error), alone
    if not found.known:
        return Corrected(plain, human, none, None, labels, messages, None, ALIKE, None, error), None
    effective = labels * (width(human) / width(found)) ** 2 if human.known else None
    model = variance_model(moved, tuned)
    kept = bounded(found, limits)
    return Corrected(plain, human, kept, tuned.weight, labels, messages, effective, "", model, error), spread


def _error(drawn: Drawn, moved: Influences, counts: tuple[int, int, int, int], level: float) -> Interval:
    """The judge's error on what people labelled; without an interval where it was seen to err too seldom."""
    judged, _, messages, unlike = counts
    found = error_of(drawn, tune_error(moved), messages, judged).interval(level)
    return found if unlike >= MIN_CLUSTERS else Interval(found.estimate, None, None, None, messages)


def _refusal(drawn: Drawn, messages: int, minimum: int) -> str:
    """Why there is no corrected figure, or nothing."""
    judged, human, paired = (bool(np.isfinite(x)) for x in drawn.point)
    if not human:
        return "undefined for what people labelled"
    if not judged or not paired:
        return "the judge has no figure to correct"
    if messages < minimum:
        bear = "message bears" if messages == 1 else "messages bear"
        return f"{messages} labelled {bear} on it, a corrected figure needs {minimum}"
    return ""
