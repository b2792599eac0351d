"""Two raters: exact tables, scikit-learn, statsmodels and irrCAC as oracles, what is undefined."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from irrCAC.raw import CAC
from sklearn.metrics import cohen_kappa_score, f1_score, precision_score, recall_score
from statsmodels.stats.inter_rater import cohens_kappa

from redline.stats import ResamplingPlan, bootstrap, clustered_figures, intervals
from redline.stats.agreement import PAIR_FIGURES, PairAgreement, confusion_rows, pair_figures

CODES = st.lists(st.tuples(st.integers(-1, 1), st.integers(-1, 1)), min_size=1, max_size=30)


def figures(first, second) -> dict[str, float]:
    return dict(zip(PAIR_FIGURES, pair_figures(confusion_rows(first, second).sum(axis=0)).tolist(), strict=True))


def test_exact_table() -> None:
    found = dict(zip(PAIR_FIGURES, pair_figures(np.array([40.0, 10, 20, 30])), strict=True))
    assert found["agreement"] == pytest.approx(0.7)
    assert found["kappa"] == pytest.approx((0.7 - 0.5) / 0.5)  # chance 0.5 * 0.6 + 0.5 * 0.4
    assert found["ac1"] == pytest.approx((0.7 - 2 * 0.55 * 0.45) / (1 - 2 * 0.55 * 0.45))
    assert (found["precision"], found["recall"]) == (0.8, pytest.approx(2 / 3))
    assert found["f1"] == pytest.approx(80 / 110)
    assert (found["prevalence_first"], found["prevalence_second"]) == (0.5, 0.6)


def test_an_undecided_code_counts_nowhere() -> None:
    rows = confusion_rows([1, -1, 0, -1], [-1, 1, 0, -1])
    assert rows.tolist() == [[0, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 1], [0, 0, 0, 0]]


@given(CODES)
@settings(max_examples=150, deadline=None)
def test_equal_to_scikit_learn_statsmodels_and_irrcac(codes) -> None:
    first, second = np.array(codes).T
    found = figures(first, second)
    both = (first >= 0) & (second >= 0)
    a, b = first[both], second[both]
    if not len(a):
        assert all(np.isnan(v) for v in found.values())
        return
    constant = len(set(a)) == 1 and len(set(b)) == 1
    if constant:
        assert np.isnan(found["kappa"])
    else:
        assert found["kappa"] == pytest.approx(cohen_kappa_score(a, b), abs=1e-9)
        table = np.array([[np.sum((a == i) & (b == j)) for j in (0, 1)] for i in (0, 1)])
        with np.errstate(all="ignore"):
            assert found["kappa"] == pytest.approx(cohens_kappa(table).kappa, abs=1e-9)
    for name, of in (("f1", f1_score), ("precision", precision_score), ("recall", recall_score)):
        expected = of(b, a, zero_division=np.nan)
        if name == "f1" and (a | b).any():
            expected = f1_score(b, a, zero_division=0)
        assert found[name] == pytest.approx(expected, abs=1e-9, nan_ok=True)
    if len(a) > 1:  # the standard errors of irrCAC need two units
        peer = CAC(pd.DataFrame({"a": a, "b": b}).astype(float), categories=[0.0, 1.0], digits=15)
        with np.errstate(all="ignore"):
            assert found["ac1"] == pytest.approx(peer.gwet()["est"]["coefficient_value"], abs=1e-9)


@given(CODES)
def test_prevalence_is_the_share_of_yes_and_swapping_raters_swaps_precision_and_recall(codes) -> None:
    first, second = np.array(codes).T
    one, two = figures(first, second), figures(second, first)
    both = (first >= 0) & (second >= 0)
    if both.any():
        assert one["prevalence_first"] == pytest.approx(first[both].mean())
    for here, there in (("precision", "recall"), ("kappa", "kappa"), ("ac1", "ac1"), ("f1", "f1")):
        assert one[here] == pytest.approx(two[there], nan_ok=True)


def test_kappa_of_two_constant_raters_is_undefined_not_one_and_not_zero() -> None:
    assert np.isnan(figures([1, 1, 1], [1, 1, 1])["kappa"])
    assert np.isnan(figures([1, 1, 1], [0, 0, 0])["kappa"])
    assert figures([1, 1, 1], [1, 0, 1])["kappa"] == pytest.approx(0)  # one of them varies: 0 by the formula
    assert figures([1, 1, 1], [1, 1, 1])["ac1"] == 1
    found = clustered_figures(confusion_rows([1] * 9, [1] * 9), list("abcdefghi"), pair_figures, PAIR_FIGURES)
    assert (found["kappa"].estimate, found["agreement"].estimate, found["agreement"].low) == (None, 1.0, None)


def test_figures_keep_leading_axes_and_survive_single_precision() -> None:
    sums = np.random.default_rng(1).integers(1, 500, (7, 3, 4)).astype(float)
    assert pair_figures(sums).shape == (7, 3, 8)
    assert pair_figures(sums.astype(np.float32)) == pytest.approx(pair_figures(sums), abs=1e-12)


def test_the_bootstrap_is_the_figure_of_resampled_messages() -> None:
    rng = np.random.default_rng(2)
    first, second, message = rng.integers(0, 2, 60), rng.integers(0, 2, 60), np.repeat(np.arange(12), 5)
    rows = confusion_rows(first, second)
    sums = np.stack([rows[message == m].sum(axis=0) for m in range(12)])[:, None]
    plan = ResamplingPlan(12, 40, 3)
    drawn = bootstrap(sums, pair_figures, plan).draws[:, 0]
    for weights, row in zip(next(plan.weights()), drawn, strict=True):
        index = np.concatenate([np.flatnonzero(message == m) for m in np.repeat(np.arange(12), weights.astype(int))])
        assert row == pytest.approx(list(figures(first[index], second[index]).values()), abs=1e-6, nan_ok=True)


@pytest.mark.parametrize(
    ("first", "second"),
    [([1, 0], [1]), ([2], [1]), ([0.5], [1]), ([np.nan], [1]), ([None], [1]), ([-2], [0]), ([[1]], [[1]])],
)
def test_codes_that_are_none_are_refused(first, second) -> None:
    with pytest.raises(ValueError, match=r"codes are whole numbers|two raters code the same units"):
        confusion_rows(first, second)


@given(st.lists(st.tuples(st.integers(-1, 3), st.integers(-1, 3)), min_size=2, max_size=40))
@settings(max_examples=100, deadline=None)
def test_many_categories_equal_to_scikit_learn_and_irrcac(codes) -> None:
    first, second = np.array(codes).T
    pair = PairAgreement(("a", "b", "c", "d"))
    found = dict(zip(pair.names, pair(pair.rows(first, second).sum(axis=0)), strict=True))
    both = (first >= 0) & (second >= 0)
    a, b = first[both], second[both]
    if len(a) < 2:
        return
    assert found["agreement"] == pytest.approx(np.mean(a == b))
    if len(set(a)) == len(set(b)) == 1:
        assert np.isnan(found["kappa"])
    else:
        assert found["kappa"] == pytest.approx(cohen_kappa_score(a, b, labels=range(4)), abs=1e-9)
    peer = CAC(pd.DataFrame({"a": a, "b": b}).astype(float), categories=[0.0, 1.0, 2.0, 3.0], digits=15)
    with np.errstate(all="ignore"):
        assert found["ac1"] == pytest.approx(peer.gwet()["est"]["coefficient_value"], abs=1e-9)


def test_binary_figures_are_the_two_category_case() -> None:
    rng = np.random.default_rng(4)
    first, second = rng.integers(-1, 2, 50), rng.integers(-1, 2, 50)
    pair = PairAgreement(("no", "yes"))
    assert pair(pair.rows(first, second).sum(axis=0)) == pytest.approx(
        pair_figures(confusion_rows(first, second).sum(axis=0))[:3]
    )
    with pytest.raises(ValueError, match="two categories"):
        PairAgreement(("only",))


def test_few_messages_have_figures_but_no_interval() -> None:
    rows = confusion_rows([1, 0, 1, 0], [1, 0, 0, 0])
    found = intervals(bootstrap(rows[:, None], pair_figures, ResamplingPlan(4, 500)))[0]
    assert all(f.low is None for f in found) and found[0].estimate == 0.75
