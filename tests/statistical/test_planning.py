"""Plans that come true: the planned number of labels reaches the wanted width in the median, and the wanted power."""

from statistics import NormalDist

import numpy as np
import pytest

from redline.annotation.allocation import allocate
from redline.annotation.sampling import SUREST
from redline.stats import ResamplingPlan
from redline.stats.label_models import assumed_model, error_variance, pilot_models
from redline.stats.power import LabelModel, labels_needed, power_at, width_at
from redline.stats.predictive import LabelledSums, corrected_contrasts, corrected_estimates
from redline.validation.label_plan.figures import _slopes, edit_f1
from tests.statistical.worlds import Drawn, World, draw

MESSAGES = 400
LEAST = 20
WORLD = World(false_edit=(0.10, 0.15), missed_edit=(0.10, 0.05))
APART = World(deletion=(0.6, 0.54), addition=(0.5, 0.45), false_edit=(0.10, 0.15), missed_edit=(0.10, 0.05))


def cells(drawn: Drawn, labelled: int, strategies: tuple[int, ...]) -> LabelledSums:
    """Replications (times strategies) as cells; the first `labelled` messages are labelled."""
    replications, messages = drawn.human.shape[:2]
    weights = np.zeros(messages)
    weights[:labelled] = messages / labelled
    flat = [
        np.moveaxis(x[:, :, strategies], 0, 1).reshape(messages, replications * len(strategies), 4)
        for x in (drawn.judge, drawn.human)
    ]
    known = np.repeat((weights > 0).astype(np.intp)[:, None], flat[0].shape[1], axis=1)
    return LabelledSums(flat[0], flat[1] * weights[:, None, None], flat[0] * weights[:, None, None], known)


def planned(models: list[LabelModel], width: float) -> np.ndarray:
    found = [labels_needed(m, lambda v, n: width_at(v, n) <= width, least=LEAST) for m in models]
    return np.array([np.inf if x is None else x.messages for x in found])


def widths(drawn: Drawn, labelled: int) -> np.ndarray:
    figures = corrected_estimates(cells(drawn, labelled, (0,)), edit_f1, ResamplingPlan(MESSAGES, 1_000, 3))
    return np.array([f[0].corrected.high - f[0].corrected.low for f in figures])


@pytest.mark.slow
@pytest.mark.parametrize("pilot, width", [(30, 0.06), (50, 0.06), (100, 0.07)])
def test_the_planned_number_reaches_the_width_in_the_median(pilot: int, width: float) -> None:
    """Within 5 %; 200 pilots, and 200 other studies with as many labels as the median pilot asks for."""
    found = pilot_models(cells(draw(WORLD, np.random.default_rng(1), MESSAGES, 200), pilot, (0,)), edit_f1, 1.0)
    number = int(np.median(planned([p[0].model for p in found], width)))
    assert pilot < number < 110 or pilot == 100
    reached = np.median(widths(draw(WORLD, np.random.default_rng(2), MESSAGES, 200), number))
    assert abs(reached / width - 1) < 0.05


@pytest.mark.slow
@pytest.mark.parametrize("pilot", [30, 100])
def test_the_pilot_says_how_unsure_it_is(pilot: int) -> None:
    """The true number lies between the ends in 89 % (30 messages) and 96 % (100) of pilots; 100 pilots, error 3 points."""
    truth = [
        p[0].model
        for p in pilot_models(cells(draw(WORLD, np.random.default_rng(2), MESSAGES, 100), 200, (0,)), edit_f1, 1.0)
    ]
    true = float(np.median(planned(truth, 0.07)))
    found = pilot_models(cells(draw(WORLD, np.random.default_rng(3), MESSAGES, 100), pilot, (0,)), edit_f1, 1.0)
    ends = [np.quantile(planned(list(p[0].others), 0.07), (0.005, 0.995), method="nearest") for p in found]
    held = np.mean([low <= true <= high for low, high in ends])
    assert held >= 0.8
    spread = np.median([high - low for low, high in ends])
    assert spread < 2.5 * true, "an interval that holds everything says nothing"


@pytest.mark.slow
def test_the_planned_power_is_there() -> None:
    """Asked for 0.8: measured 0.78 with 400 studies (error 2 points).  Planning for half as many messages falls short."""
    difference = float(np.diff(APART.human_scores()[:, 2])[0])
    pilots = draw(APART, np.random.default_rng(4), MESSAGES, 100)
    numbers = []
    for r in range(100):
        one = Drawn(pilots.human[r : r + 1], pilots.judge[r : r + 1])
        pilot = pilot_models(cells(one, 60, (0, 1)), edit_f1, 1.0, contrast=True, draws=1)[0][0]
        found = labels_needed(pilot.model, lambda v, n: power_at(difference, v, n) >= 0.8, least=LEAST)
        numbers.append(found.messages)
    number = int(np.median(numbers))
    studies = draw(APART, np.random.default_rng(5), MESSAGES, 400)

    def power(labelled: int) -> float:
        plan = ResamplingPlan(MESSAGES, 1_000, 6)
        rows = corrected_contrasts(cells(studies, labelled, (0, 1)), edit_f1, plan, [("a", "b")] * 400)
        return float(np.mean([row[0].p is not None and row[0].p < 0.05 for row in rows]))

    assert 0.74 < power(number) < 0.86
    assert power(max(number // 2, LEAST)) < 0.7, "control"


@pytest.mark.slow
@pytest.mark.parametrize("icc, least", [(0.0, 0.95), (0.3, 0.75)])
def test_without_labels_a_calibrated_judge_is_planned_for(icc: float, least: float) -> None:
    """By the judge's doubt alone: the width reached is within 5 % of the wanted one where what is assumed is true.

    With errors that go together by a normal copula it is 19 % smaller than asked for: the correlation of yes and no is lower
    than that of the normals behind them, so the plan is on the safe side.
    """
    rng = np.random.default_rng(7)
    replications, units = 100, 14
    p = rng.beta(0.7, 0.7, (replications, MESSAGES, units)) * 0.9 + 0.05
    common = rng.normal(size=(replications, MESSAGES, 1))
    errors = np.sqrt(icc) * common + np.sqrt(1 - icc) * rng.normal(size=p.shape)
    edits = errors < np.vectorize(NormalDist().inv_cdf)(p)
    loads = [_loads(x) for x in (p, edits)]
    drawn = Drawn(loads[1][:, :, None], loads[0][:, :, None])
    slopes = np.repeat(_slopes(loads[0][0].sum(axis=0)), [8, 6])
    variances = np.array([error_variance(x, slopes, icc=icc) for x in p[0]])
    total = loads[0][0].sum(axis=0)
    moved = np.array([edit_f1(total)[0] - edit_f1(total - x)[0] for x in loads[0][0]])
    model = assumed_model(variances, moved, MESSAGES, 1.0, icc=icc)
    wanted = 0.05
    number = labels_needed(model, lambda v, n: width_at(v, n) <= wanted, least=LEAST).messages
    reached = np.median(widths(drawn, number))
    assert LEAST < number < MESSAGES
    assert least * wanted < reached < 1.05 * wanted


@pytest.mark.slow
def test_pairs_drawn_where_the_judge_doubts_tell_more() -> None:
    """80 of 400 pairs, shared out by doubt: intervals 7 % narrower where a third of the pairs is sure and a third is not,
    and as wide as with equal shares where the judge doubts everywhere alike; right on average both times.
    """
    for kinds, least, most in (((0.02, 0.15, 0.45), 0.88, 0.97), ((0.2, 0.2, 0.2), 0.96, 1.04)):
        rng = np.random.default_rng(0)
        doubtful = np.array(kinds)[np.arange(MESSAGES) % 3][:, None]
        p = np.where(rng.uniform(size=(100, MESSAGES, 14)) < 0.5, doubtful, 1 - doubtful)
        judge, human = (_loads(x) for x in (p, rng.uniform(size=p.shape) < p))
        doubt = (4 * p * (1 - p)).mean(axis=-1)
        found = {}
        for name in ("doubt", "equal"):
            weights = np.stack([_drawn(d, 80, name == "doubt", rng) for d in doubt], axis=1)[:, :, None]
            mine, theirs = np.moveaxis(judge, 0, 1), np.moveaxis(human, 0, 1)
            sums = LabelledSums(mine, theirs * weights, mine * weights, (weights[..., 0] > 0).astype(np.intp))
            figures = [f[0].corrected for f in corrected_estimates(sums, edit_f1, ResamplingPlan(MESSAGES, 1_000, 1))]
            found[name] = np.median([f.high - f.low for f in figures])
            missed = np.mean([f.estimate for f in figures] - edit_f1(human.sum(axis=1))[:, 0])
            assert abs(missed) < 0.004
        assert least < found["doubt"] / found["equal"] < most


def _loads(edits: np.ndarray) -> np.ndarray:
    """Of 14 units a pair: 8 of the draft, 6 of the reference."""
    shape = edits.shape[:2]
    return np.stack(
        [np.full(shape, 8.0), edits[..., :8].sum(-1), np.full(shape, 6.0), edits[..., 8:].sum(-1)], -1
    ).astype(float)


def _drawn(doubt: np.ndarray, count: int, by_doubt: bool, rng: np.random.Generator) -> np.ndarray:
    """Weights 1 / probability of pairs drawn in three strata of doubt, 0 for the others."""
    strata = np.array_split(np.argsort(doubt), 3)
    shares = [len(s) * np.sqrt(max(doubt[s].mean(), SUREST)) if by_doubt else float(len(s)) for s in strata]
    weights = np.zeros(len(doubt))
    for s, n in zip(strata, allocate(shares, [len(s) for s in strata], [1] * 3, count), strict=True):
        weights[rng.choice(s, n, replace=False)] = len(s) / n
    return weights
