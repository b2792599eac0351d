"""Numbers of labels by hand, and what no number of labels can do."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats as oracle

from redline.stats.label_models import MIN_PILOT, assumed_model, error_variance, pilot_models
from redline.stats.power import LabelModel, detectable_difference, labels_needed, messages_needed, power_at, width_at
from redline.stats.predictive import LabelledSums
from redline.validation.label_plan.figures import edit_f1


@pytest.mark.parametrize("n", [20, 50, 400])
@pytest.mark.parametrize("difference", [0.01, 0.02, 0.03])
def test_power_against_the_noncentral_t(n: int, difference: float) -> None:
    """Miller's normal form is within 0.025 of the exact power of a t-test."""
    t = oracle.t.ppf(0.975, n - 1)
    exact = oracle.nct.sf(t, n - 1, difference / 0.1 * n**0.5) + oracle.nct.cdf(-t, n - 1, difference / 0.1 * n**0.5)
    assert power_at(difference, 0.1**2 / n, n) == pytest.approx(exact, abs=0.025)


def test_width_and_the_smallest_difference() -> None:
    assert width_at(0.0004, 30) == pytest.approx(2 * oracle.t.ppf(0.975, 29) * 0.02, rel=1e-4)
    d = detectable_difference(0.0004, 60, power=0.8)
    assert power_at(d, 0.0004, 60) == pytest.approx(0.8, abs=1e-3)
    assert power_at(0.1, 0.0, 10) == 1.0 and power_at(0.0, 0.0, 10) == 0.05


@given(
    st.floats(1e-4, 0.1),
    st.floats(0, 0.05),
    st.integers(20, 400),
    st.floats(1, 5),
    st.floats(0, 1),
    st.floats(0.02, 0.3),
)
def test_against_trying_every_number(
    residual: float, explained: float, messages: int, most: float, icc: float, width: float
) -> None:
    """The fewest messages with one label each where that is enough; else more labels of each, up to all there are."""
    model = LabelModel(residual, explained, messages, 1.0, most, icc)

    def enough(variance: float, n: int) -> bool:
        return width_at(variance, n) <= width

    found = labels_needed(model, enough, least=5)
    steps = [min(float(k), most) for k in range(1, math.ceil(most) + 1)]
    by_hand = next(
        ((n, k) for k in steps for n in range(5, messages + 1) if enough(model.variance(n, each=k), n)), None
    )
    assert (None if found is None else (found.messages, found.each)) == by_hand


def test_what_labels_cannot_reach_messages_can() -> None:
    model = LabelModel(0.02, 0.05, messages=100, most=3.0)
    enough = lambda v, n: width_at(v, n) <= 0.05  # noqa: E731
    assert labels_needed(model, enough) is None
    more = messages_needed(model, enough)
    assert more is not None and more > 100
    assert enough(model.variance(more, each=3.0, messages=more), more)
    assert not enough(model.variance(more - 1, each=3.0, messages=more - 1), more - 1)
    assert messages_needed(LabelModel(1e6, 1e6, 100), enough) is None


def test_rare_large_errors_make_t_quantiles_large() -> None:
    assert LabelModel(0.02, 0.0, 100, sure=0.3).freedom(40) == 12
    assert LabelModel(0.02, 0.0, 100, sure=0.01).freedom(40) == 2


def loads(n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """People's loads of one draft a message, and a judge's who adds noise."""
    rng = np.random.default_rng(seed)
    human = np.stack([np.full(n, 10.0), rng.binomial(10, 0.5, n), np.full(n, 6.0), rng.binomial(6, 0.5, n)], -1)
    judge = human.copy()
    judge[:, (1, 3)] = np.clip(human[:, (1, 3)] + rng.normal(0, 1, (n, 2)), 0, (10, 6))
    return human, judge


def sums(n: int, labelled: int) -> LabelledSums:
    human, judge = loads(n)
    weights = np.where(np.arange(n) < labelled, n / max(labelled, 1), 0.0)[:, None]
    return LabelledSums(
        judge[:, None], (human * weights)[:, None], (judge * weights)[:, None], (weights > 0).astype(np.intp)
    )


def test_a_pilot_gives_the_variance_that_is_there() -> None:
    """With everything labelled the model's variance is the human-only one: nothing is left to the judge."""
    found = pilot_models(sums(200, 200), edit_f1, 1.0)[0][0]
    human, _ = loads(200)
    total = human.sum(axis=0)
    moved = np.array([edit_f1(total)[0] - edit_f1(total - x)[0] for x in human])
    assert found.model.variance(200) == pytest.approx(float((moved**2).sum()), rel=0.05)
    assert found.labelled == 200 and len(found.others) == 400
    assert np.median([m.residual for m in found.others]) == pytest.approx(found.model.residual, rel=0.1)


def test_a_pilot_that_is_too_small_or_does_not_vary_gives_none() -> None:
    assert pilot_models(sums(50, MIN_PILOT - 1), edit_f1, 1.0)[0][0] is None
    assert pilot_models(sums(50, MIN_PILOT), edit_f1, 1.0)[0][0] is not None
    same = np.tile([10.0, 5.0, 6.0, 3.0], (30, 1, 1))
    flat = LabelledSums(same, same, same, np.ones((30, 1), dtype=np.intp))
    assert pilot_models(flat, edit_f1, 1.0)[0][0] is None


def test_a_judge_hardly_seen_to_err_gives_no_pilot() -> None:
    """Four errors in 60 labelled messages: the table shows people's figure alone, so a plan by them would promise too much."""
    human, _ = loads(60)
    for wrong, known in ((4, False), (5, True)):
        judge = human.copy()
        judge[:wrong, 1] = np.where(human[:wrong, 1] > 0, 0.0, human[:wrong, 0])
        ones = np.ones((60, 1), dtype=np.intp)
        found = LabelledSums(judge[:, None], human[:, None], judge[:, None], ones)
        assert (pilot_models(found, edit_f1, 1.0)[0][0] is not None) is known


def test_the_doubt_of_a_judge_by_hand() -> None:
    p, slopes = np.array([0.5, 0.9, 1.0]), np.array([1.0, -2.0, 5.0])
    assert error_variance(p, slopes, icc=0.0) == pytest.approx(0.25 + 4 * 0.09)
    assert error_variance(p, slopes, icc=1.0) == pytest.approx((0.5 + 2 * 0.3) ** 2)
    assert assumed_model(np.zeros(0), np.zeros(3), 3, 1.0) is None
    assert assumed_model(np.zeros(5), np.zeros(3), 3, 1.0) is None, "a judge without any doubt"
    model = assumed_model(np.full(10, 1e-5), np.full(10, 0.01), 10, 1.0)
    assert model is not None and model.residual == pytest.approx(10 * 10 * 1e-5)
    assert model.variance(10) == pytest.approx(1e-4 + 10 / 9 * 10 * 1e-4)
