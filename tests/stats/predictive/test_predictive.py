"""Corrected estimates: PPI++ as the oracle for a mean, brute force for influences, limits of what a judge can do."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from redline.scoring.measures import edit_scores
from redline.stats import ResamplingPlan, bootstrap, interval
from redline.stats.predictive import (
    FEW_ERRORS,
    MIN_LABELLED,
    NOT_NARROWER,
    Influences,
    LabelledSums,
    Tuning,
    VarianceModel,
    corrected_contrasts,
    corrected_estimates,
    influences,
    labelled_sums,
    threefold,
    tune,
    variance_model,
)  # fmt: skip


def mean(sums):
    with np.errstate(divide="ignore", invalid="ignore"):
        return (sums[..., 0] / sums[..., 1])[..., None]


def scores(sums):
    return np.stack(edit_scores(*(sums[..., i] for i in range(4))), axis=-1)


def of_mean(human, judge, labelled, *, weights=None, judged=None) -> LabelledSums:
    """A row a cluster: values (clusters,) with count 1; `judged` says which clusters the judge's sums hold."""
    n = len(judge)
    weight = np.where(labelled, 1.0 if weights is None else weights, 0.0)
    rows = [np.stack([x, np.ones(n)], axis=1) for x in (judge, human)]
    sums = labelled_sums(rows[0], rows[1], weight, np.arange(n), np.zeros(n, dtype=int), (n, 1))
    held = np.ones(n) if judged is None else judged
    return LabelledSums(sums.judged * held[:, None, None], sums.human, sums.paired, sums.labels)


def moved(sums: LabelledSums, score) -> tuple[np.ndarray, Influences]:
    drawn = bootstrap(sums.stacked, threefold(score), ResamplingPlan(len(sums.judged), 2))
    return drawn.point, influences(drawn)


def world(seed: int, n: int = 300, error: float = 0.2) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    human = rng.beta(2, 3, n)
    return human, human + rng.normal(0.1, error, n)


def loads(rng, clusters: int) -> tuple[np.ndarray, np.ndarray]:
    """Human and judge loads (clusters, 4) of one comparison each."""
    units = rng.integers(3, 9, (clusters, 2))
    rate = rng.beta(2, 3, (clusters, 2))
    human, judge = (rng.binomial(units, r) for r in (rate, np.clip(rate + 0.05, 0, 1)))
    return tuple(np.stack([units[:, 0], x[:, 0], units[:, 1], x[:, 1]], axis=1).astype(float) for x in (human, judge))


@pytest.mark.parametrize("weight", [0.0, 0.35, 1.0])
def test_a_mean_is_prediction_powered_inference(weight: float) -> None:
    """Labelled and unlabelled apart, as in PPI++: point and standard error, to 1e-9."""
    ppi_py = pytest.importorskip("ppi_py")
    human, judge = world(0)
    labelled = np.arange(300) < 40
    point, found = moved(of_mean(human, judge, labelled, judged=~labelled), mean)
    ours = point[0, 1] - weight * (point[0, 2] - point[0, 0])
    known = (human[labelled], judge[labelled], judge[~labelled])
    assert ours == pytest.approx(float(ppi_py.ppi_mean_pointestimate(*known, lam=weight).squeeze()), abs=1e-9)
    low, high = ppi_py.ppi_mean_ci(*known, alpha=0.05, lam=weight)
    one = found.of(0, 0)
    se = np.sqrt(((one.human - weight * one.difference) ** 2).sum())
    assert 2 * 1.959963984540054 * se == pytest.approx(float((high - low).squeeze()), abs=1e-9)


def test_labelled_that_are_part_of_the_judged_are_ppi_with_a_smaller_weight() -> None:
    """f(L) - f(J) is then (1 - n/N) times labelled minus the rest."""
    ppi_py = pytest.importorskip("ppi_py")
    human, judge = world(1)
    labelled = np.arange(300) < 40
    point, _ = moved(of_mean(human, judge, labelled), mean)
    ours = point[0, 1] - 0.8 * (point[0, 2] - point[0, 0])
    theirs = ppi_py.ppi_mean_pointestimate(human[labelled], judge[labelled], judge[~labelled], lam=0.8 * (1 - 40 / 300))
    assert ours == pytest.approx(float(np.squeeze(theirs)), abs=1e-9)


@pytest.mark.parametrize("error", [0.05, 0.2, 0.5])
def test_the_weight_is_that_of_ppi_plus_plus(error: float) -> None:
    """Same formula up to which variances are pooled, so the same number in large samples; exact in our own terms."""
    ppi = pytest.importorskip("ppi_py.ppi")
    human, judge = world(2, 20_000, error)
    labelled = np.arange(20_000) < 8_000
    _, found = moved(of_mean(human, judge, labelled, judged=~labelled), mean)
    ours = tune(found.of(0, 0)).weight
    y, seen, rest = human[labelled], judge[labelled], judge[~labelled]
    exact = np.cov(y, seen, ddof=0)[0, 1] / 8_000 / (seen.var() / 8_000 + rest.var() / 12_000)
    assert ours == pytest.approx(exact, abs=1e-9)
    theirs = ppi._calc_lam_glm(y - y.mean(), seen - y.mean(), rest - y.mean(), np.eye(1), clip=True)
    assert ours == pytest.approx(float(np.squeeze(theirs)), abs=0.01)


def test_with_labels_from_the_judged_the_weight_is_a_regression_slope() -> None:
    human, judge = world(3, 5_000)
    labelled = np.arange(5_000) < 400
    _, found = moved(of_mean(human, judge, labelled), mean)
    slope = np.cov(human[labelled], judge[labelled])[0, 1] / judge[labelled].var(ddof=1)
    assert tune(found.of(0, 0)).weight == pytest.approx(slope, abs=0.01)


def test_influences_and_inflation_are_those_of_leaving_clusters_out() -> None:
    """Brute force on edit-F1 with partly labelled clusters and unequal weights."""
    rng = np.random.default_rng(4)
    human, judge = loads(rng, 60)
    clusters = np.repeat(np.arange(20), 3)
    weight = np.where(rng.uniform(size=60) < 0.4, rng.uniform(1, 5, 60), 0.0)
    sums = labelled_sums(judge, human, weight, clusters, np.zeros(60, dtype=int), (20, 1))
    point, found = moved(sums, scores)
    one = found.of(0, 2)

    def f1(rows, w):
        return float(scores((rows * w[:, None]).sum(axis=0))[2])

    ones, count = np.ones(60), len(set(clusters[weight > 0]))
    assert point[0].tolist()[2::3] == pytest.approx([f1(judge, ones), f1(human, weight), f1(judge, weight)])
    for k in range(20):
        kept = clusters != k
        moved_human = f1(human, weight) - f1(human[kept], weight[kept])
        assert one.human[k] == pytest.approx(moved_human * (count - 1) / count)
        moved_judge = f1(judge, ones) - f1(judge[kept], ones[kept])
        assert one.judged[k] == pytest.approx(moved_judge * 19 / 20)
    tuned = tune(one)
    h, c = one.human, one.difference
    assert tuned.weight == pytest.approx(min(max(h @ c / (c @ c), 0), 1))
    rest = [np.delete(np.arange(20), k) for k in range(20)]
    without = [min(max(h[r] @ c[r] / (c[r] @ c[r]), 0), 1) for r in rest]
    pressed = sum((h[k] - without[k] * c[k]) ** 2 for k in range(20))
    assert tuned.inflation == pytest.approx(np.sqrt(pressed / ((h - tuned.weight * c) ** 2).sum()))
    assert tuned.inflation > 1


def test_freedom_is_the_number_of_messages_for_even_errors_and_less_for_rare_ones() -> None:
    rng = np.random.default_rng(5)
    even, rare = rng.normal(size=2_000), rng.normal(size=2_000) * (1 + 9 * (rng.uniform(size=2_000) < 0.02))
    none = np.zeros(2_000)
    assert tune(Influences(even, none, none)).freedom == pytest.approx(2_000, rel=0.1)
    assert tune(Influences(rare, none, none)).freedom < 200
    assert tune(Influences(np.sign(even), none, none)).freedom == 2_000


def test_sampling_weights_count_only_relative_to_each_other() -> None:
    human, judge = world(6)
    labelled, weights = np.arange(300) < 60, np.where(np.arange(300) < 30, 2.0, 7.0)
    one, ten = (
        corrected_estimates(of_mean(human, judge, labelled, weights=w), mean, ResamplingPlan(300, 500))[0][0]
        for w in (weights, 10 * weights)
    )
    assert one.corrected.low == pytest.approx(ten.corrected.low, abs=1e-5)
    assert one.weight == pytest.approx(ten.weight)
    plain = corrected_estimates(of_mean(human, judge, labelled), mean, ResamplingPlan(300, 500))[0][0]
    assert one.human.estimate == pytest.approx(np.average(human[:60], weights=weights[:60]))
    assert one.human.estimate != plain.human.estimate


def test_a_good_judge_makes_it_narrow_and_is_worth_many_labels() -> None:
    human, judge = world(7, error=0.02)
    found = corrected_estimates(of_mean(human, judge, np.arange(300) < 40), mean, ResamplingPlan(300, 2_000))[0][0]
    assert found.corrected.high - found.corrected.low < 0.5 * (found.human.high - found.human.low)
    assert found.weight > 0.9 and found.effective > 150 and not found.reason
    assert found.plain.estimate - human.mean() > 0.08  # the judge alone is off by its bias of 0.1
    assert found.corrected.low < human.mean() < found.corrected.high
    assert (found.labels, found.messages, found.corrected.clusters) == (40, 40, 40)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("judge", ["backwards", "noise", "constant"])
def test_never_wider_than_people_alone(seed: int, judge: str) -> None:
    human, _ = world(seed)
    noise = np.random.default_rng(seed).normal(size=300)
    said = {"backwards": 1 - human, "noise": noise, "constant": np.full(300, 0.5)}[judge]
    found = corrected_estimates(of_mean(human, said, np.arange(300) < 40), mean, ResamplingPlan(300, 1_000))[0][0]
    assert found.corrected.high - found.corrected.low <= found.human.high - found.human.low
    if judge != "noise":
        assert (found.weight, found.reason, found.effective) == (0.0, NOT_NARROWER, 40.0)
        assert found.corrected == found.human


@pytest.mark.parametrize(("errors", "trusted"), [(0, False), (4, False), (5, True)])
def test_a_judge_that_was_hardly_seen_to_err_is_not_taken_for_perfect(errors: int, trusted: bool) -> None:
    """Like agreement, which needs five messages in which raters differ; contrasts count either side."""
    rng = np.random.default_rng(14)
    human, _ = loads(rng, 300)
    judge = human.copy()
    judge[10 : 10 + errors, 1] += np.where(judge[10 : 10 + errors, 1] > 0, -1, 1)
    weight = np.where(np.arange(300) % 150 < 40, 4.0, 0.0)
    sums = labelled_sums(judge, human, weight, np.arange(300) % 150, np.repeat([0, 1], 150), (150, 2))
    plan = ResamplingPlan(150, 400)
    one = corrected_estimates(sums, scores, plan)[0]
    change = corrected_contrasts(sums, scores, plan, [("a", "b")])[0]
    for precision, recall in ((one[0], one[1]), (change[0].figure, change[1].figure)):
        assert (precision.reason == FEW_ERRORS) is not trusted and (precision.weight > 0) is trusted
        assert recall.reason == FEW_ERRORS and recall.corrected == recall.human  # no error in it was seen at all


def test_everything_labelled_is_people_alone() -> None:
    human, judge = world(8, 60)
    found = corrected_estimates(of_mean(human, judge, np.ones(60, dtype=bool)), mean, ResamplingPlan(60, 1_000))[0][0]
    assert found.corrected == found.human and found.weight == 0.0
    usual = bootstrap(of_mean(human, judge, np.ones(60, dtype=bool)).human, mean, ResamplingPlan(60, 1_000))
    same = interval(float(usual.point[0, 0]), usual.draws[:, 0, 0], usual.left_out[:, 0, 0], 60)
    assert found.human.high - found.human.low == pytest.approx(same.high - same.low, rel=0.05)


def test_too_few_labels_give_a_reason_and_no_figure() -> None:
    human, judge = world(9)
    few, none = (
        corrected_estimates(of_mean(human, judge, np.arange(300) < n), mean, ResamplingPlan(300, 500))[0][0]
        for n in (MIN_LABELLED - 1, 0)
    )
    assert few.corrected.estimate is None and few.weight is None and few.effective is None
    assert few.reason == f"19 labelled messages bear on it, a corrected figure needs {MIN_LABELLED}"
    assert few.human.known and few.plain.known
    assert none.reason == "no comparison of this row is labelled" and none.human.estimate is None and none.plain.known


def test_messages_without_the_theme_do_not_count_as_labelled() -> None:
    """60 labelled messages, of which 5 have any unit of this kind."""
    rng = np.random.default_rng(10)
    human, judge = loads(rng, 300)
    human[5:60] = 0.0
    human[5:60, 2] = 1.0
    found = corrected_estimates(
        labelled_sums(judge, human, (np.arange(300) < 60).astype(float), np.arange(300), np.zeros(300, dtype=int), (300, 1)),
        scores, ResamplingPlan(300, 500),
    )[0]  # fmt: skip
    assert found[0].messages == 5 and found[0].reason.startswith("5 labelled messages")
    assert found[1].messages == 60 and found[1].known


def test_undefined_figures_are_none_with_a_reason() -> None:
    rng = np.random.default_rng(11)
    human, judge = loads(rng, 50)
    for rows in (human, judge):
        rows[:, :2] = 0.0  # no draft has a unit: no precision
    found = corrected_estimates(
        labelled_sums(judge, human, np.ones(50), np.arange(50), np.zeros(50, dtype=int), (50, 1)),
        scores, ResamplingPlan(50, 500),
    )[0]  # fmt: skip
    assert found[0].corrected.estimate is None and found[0].reason == "undefined for what people labelled"


def test_values_stay_in_the_range_of_the_score() -> None:
    """People who delete nearly everything, a judge who deletes too little where it is labelled."""
    human, judge = world(12, 200, 0.02)
    human *= 0.05
    labelled = np.arange(200) < 30
    free, held = (
        corrected_estimates(of_mean(human - 0.02, judge, labelled), mean, ResamplingPlan(200, 500), limits=limits)[0][0]
        for limits in (None, (0.0, 1.0))
    )
    assert free.corrected.low < 0 and held.corrected.low == 0.0
    assert held.corrected.high == free.corrected.high


def test_a_contrast_needs_labels_on_both_sides() -> None:
    """One system's labels never correct the other's figure."""
    rng = np.random.default_rng(13)
    human, judge = (np.concatenate(x) for x in zip(loads(rng, 200), loads(rng, 200), strict=True))
    clusters, cells = np.tile(np.arange(200), 2), np.repeat([0, 1], 200)

    def contrast(weights):
        sums = labelled_sums(judge, human, weights, clusters, cells, (200, 2))
        return corrected_contrasts(sums, scores, ResamplingPlan(200, 1_000), [("a", "b")])[0]

    one_side = contrast(((clusters < 50) & (cells == 0)).astype(float))
    assert [c.figure.reason for c in one_side] == ["no comparison of this row is labelled"] * 3
    assert all(c.p is None and c.figure.corrected.estimate is None for c in one_side)
    uneven = contrast(((clusters < 50) & ((cells == 0) | (clusters < 10))).astype(float))
    assert all(c.figure.messages <= 10 and not c.figure.known for c in uneven)
    both = contrast((clusters < 50).astype(float))
    for c in both:
        assert c.figure.known and 0 < c.p <= 1
        assert (c.p < 0.05) == (not c.figure.corrected.low <= 0 <= c.figure.corrected.high) or 0.03 < c.p < 0.07


def test_a_contrast_of_a_cell_with_itself_says_that_nothing_differs() -> None:
    rng = np.random.default_rng(14)
    human, judge = loads(rng, 100)
    sums = labelled_sums(
        np.tile(judge, (2, 1)), np.tile(human, (2, 1)), np.ones(200), np.tile(np.arange(100), 2),
        np.repeat([0, 1], 100), (100, 2),
    )  # fmt: skip
    found = corrected_contrasts(sums, scores, ResamplingPlan(100, 500), [("a", "a")])[0][2]
    assert not found.figure.known and found.p is None and "do not differ" in found.figure.reason


def test_the_variance_model_says_what_more_labels_buy() -> None:
    """Predicted from 60 labels, met with 240 (mean over worlds; 5 % is three standard errors of it)."""
    predicted, met = [], []
    for seed in range(40):
        human, judge = world(seed, 2_000)
        models = []
        for count in (60, 240):
            _, found = moved(of_mean(human, judge, np.arange(2_000) < count), mean)
            models.append(variance_model(found.of(0, 0), Tuning(0.8, 1.0, count)))
        predicted.append(models[0].corrected(240))
        met.append(models[1].corrected(240))
    assert np.mean(predicted) == pytest.approx(np.mean(met), rel=0.05)


def test_the_variance_model_is_the_variance_of_the_estimate() -> None:
    human, judge = world(15)
    _, found = moved(of_mean(human, judge, np.arange(300) < 50), mean)
    one = found.of(0, 0)
    tuned = tune(one)
    model = variance_model(one, tuned)
    total = ((one.human - tuned.weight * one.difference) ** 2).sum() * 50 / 49 * tuned.inflation**2
    assert model.corrected(50) == pytest.approx(total)
    assert model.human_only(50) == pytest.approx(human[:50].var(ddof=1) / 50)
    assert model.corrected(50) < model.human_only(50)
    wanted = model.labelled_for(model.corrected(90))
    assert wanted == 90 and model.corrected(wanted) <= model.corrected(90) < model.corrected(89)
    assert VarianceModel(1.0, 1.0, 1.0, 10, 100, 1.0).labelled_for(0.01) is None


@given(st.integers(0, 10_000), st.sampled_from([0.0, 0.3, 1.0]), st.sampled_from([0, 3, 25, 40]))
@settings(deadline=None, max_examples=60)
def test_whatever_comes_figures_are_finite_and_never_wider(seed: int, empty: float, labelled: int) -> None:
    """Messages without units, judges of any quality, labels of parts of messages."""
    rng = np.random.default_rng(seed)
    human, judge = loads(rng, 120)
    judge[:, [1, 3]] = np.where(
        rng.uniform(size=(120, 1)) < rng.uniform(), rng.integers(0, 3, (120, 2)), judge[:, [1, 3]]
    )
    for rows in (human, judge):
        rows[rng.uniform(size=120) < empty, :2] = 0.0
    human[:, 1], judge[:, 1] = (np.minimum(x[:, 1], x[:, 0]) for x in (human, judge))
    weight = np.where(np.arange(120) % 40 < labelled, rng.uniform(0.5, 9, 120), 0.0) * (rng.uniform(size=120) < 0.7)
    sums = labelled_sums(judge, human, weight, np.arange(120) % 60, np.repeat([0, 1], 60), (60, 2))
    plan = ResamplingPlan(60, 200)
    for f in [
        *(f for row in corrected_estimates(sums, scores, plan) for f in row),
        *(c.figure for row in corrected_contrasts(sums, scores, plan, [("a", "b")]) for c in row),
    ]:
        ends = [x for i in (f.plain, f.human, f.corrected) for x in (i.estimate, i.low, i.high, i.se)]
        assert all(x is None or np.isfinite(x) for x in (*ends, f.weight, f.effective))
        assert f.known == (not f.reason or f.reason in (NOT_NARROWER, FEW_ERRORS))
        if f.known and f.human.known:
            assert f.corrected.high - f.corrected.low <= f.human.high - f.human.low
            assert 0 <= f.weight <= 1 and f.effective >= f.labels - 1e-9


def test_shapes_that_do_not_fit_are_refused() -> None:
    ones = np.ones((5, 1, 2))
    with pytest.raises(ValueError, match="labels"):
        LabelledSums(ones, ones, ones, np.ones((4, 1), dtype=int))
    sums = LabelledSums(ones, ones, ones, np.ones((5, 1), dtype=int))
    with pytest.raises(ValueError, match="pairs"):
        corrected_contrasts(sums, mean, ResamplingPlan(5, 10), [("a", "b")])
