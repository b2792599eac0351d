"""Sets of labels: distances with exact values, alpha against brute force and against krippendorff with the same metric."""

from itertools import combinations, permutations

import krippendorff
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from redline.stats import ResamplingPlan, bootstrap, clustered_figures
from redline.stats.agreement import (
    DISTANCES,
    NominalAgreement,
    SetAgreement,
    jaccard_distance,
    masi_distance,
    nominal_distance,
)

SETS = st.frozensets(st.sampled_from("abcd"), max_size=4)
LABELS = st.integers(2, 4).flatmap(
    lambda raters: st.lists(st.lists(st.none() | SETS, min_size=raters, max_size=raters), min_size=1, max_size=10)
)


def figures(labels, distance="masi") -> dict[str, float]:
    measure = SetAgreement.of(labels, distance)
    return dict(zip(measure.names, measure(measure.rows(labels).sum(axis=0)).tolist(), strict=True))


def brute(labels, delta) -> tuple[float, float]:
    """Alpha and mean similarity from the definitions, pair by pair."""
    units = [[s for s in unit if s is not None] for unit in labels]
    units = [unit for unit in units if len(unit) >= 2]
    values = [s for unit in units for s in unit]
    n = len(values)
    observed = sum(sum(delta(a, b) for a, b in permutations(u, 2)) / (len(u) - 1) for u in units) / n
    expected = sum(delta(a, b) for a, b in permutations(values, 2)) / (n * (n - 1))
    similarity = np.mean([np.mean([1 - delta(a, b) for a, b in combinations(u, 2)]) for u in units])
    return (1 - observed / expected if expected else np.nan), float(similarity)


@pytest.mark.parametrize(
    ("a", "b", "masi", "jaccard"),
    [
        ("", "", 0, 0),
        ("a", "a", 0, 0),
        ("", "a", 1, 1),
        ("a", "b", 1, 1),
        ("a", "ab", 1 - 1 / 2 * 2 / 3, 1 / 2),
        ("abc", "a", 1 - 1 / 3 * 2 / 3, 2 / 3),
        ("ab", "bc", 1 - 1 / 3 * 1 / 3, 2 / 3),
        ("abc", "bcd", 1 - 2 / 4 * 1 / 3, 1 / 2),
    ],
)
def test_distances(a: str, b: str, masi: float, jaccard: float) -> None:
    for one, two in ((set(a), set(b)), (set(b), set(a))):
        assert masi_distance(one, two) == pytest.approx(masi)
        assert jaccard_distance(one, two) == pytest.approx(jaccard)
        assert nominal_distance(one, two) == (a != b)


@given(SETS, SETS)
def test_distances_are_symmetric_bounded_and_ordered(a, b) -> None:
    for delta in DISTANCES.values():
        assert delta(a, b) == delta(b, a) and 0 <= delta(a, b) <= 1 and (delta(a, b) == 0) == (a == b)
    assert jaccard_distance(a, b) <= masi_distance(a, b) <= nominal_distance(a, b)


@given(LABELS, st.sampled_from(sorted(DISTANCES)))
@settings(max_examples=200, deadline=None)
def test_equal_to_brute_force_and_to_krippendorff_with_that_metric(labels, distance) -> None:
    found = figures(labels, distance)
    if not any(sum(s is not None for s in unit) >= 2 for unit in labels):
        assert np.isnan(found["alpha"]) and np.isnan(found["agreement"])
        return
    alpha, similarity = brute(labels, DISTANCES[distance])
    assert found["alpha"] == pytest.approx(alpha, abs=1e-9, nan_ok=True)
    assert found["agreement"] == pytest.approx(similarity, abs=1e-9)
    measure = SetAgreement.of(labels, distance)
    assume(np.isfinite(alpha) and len(measure.vocabulary) > 1)
    codes = measure.codes(labels)
    peer = krippendorff.alpha(
        reliability_data=np.where(codes >= 0, codes, np.nan).T,
        value_domain=np.arange(len(measure.vocabulary), dtype=float),
        level_of_measurement=lambda v1, v2, i1, i2, n_v, dtype: measure.matrix[i1, i2].astype(dtype),
    )
    assert found["alpha"] == pytest.approx(peer, abs=1e-9)


def test_a_textbook_case_by_hand() -> None:
    """Units {a}{a}, {b}{b}, {a,b}{a}: MASI of the last is 2/3, so D_o = 4/3 / 6; counts a 3, b 2, ab 1."""
    a, b, ab = frozenset("a"), frozenset("b"), frozenset("ab")
    expected = 2 * (3 * 2 * 1 + 3 * 1 * 2 / 3 + 2 * 1 * 2 / 3) / 30
    found = figures([[a, a], [b, b], [ab, a]])
    assert found["alpha"] == pytest.approx(1 - (4 / 3 / 6) / expected)
    assert found["agreement"] == pytest.approx((1 + 1 + 1 / 3) / 3)


def test_two_empty_sets_agree_and_an_empty_set_is_not_a_missing_label() -> None:
    none, a = frozenset(), frozenset("a")
    assert figures([[none, none], [a, a]]) == {"alpha": 1.0, "agreement": 1.0}
    assert figures([[none, a], [a, a]])["agreement"] == 0.5
    assert figures([[None, a], [a, a]])["agreement"] == 1.0


def test_one_set_everywhere_leaves_alpha_undefined() -> None:
    a = frozenset("a")
    found = figures([[a, a], [a, a]])
    assert np.isnan(found["alpha"]) and found["agreement"] == 1.0


@given(LABELS)
@settings(max_examples=60, deadline=None)
def test_single_labels_are_the_nominal_case(labels) -> None:
    """With the nominal distance a set is a category: the same alpha and agreement as `NominalAgreement`."""
    measure = SetAgreement.of(labels, "nominal")
    assume(len(measure.vocabulary) > 1)
    nominal = NominalAgreement(tuple(str(i) for i in range(len(measure.vocabulary))))
    values = dict(zip(nominal.names, nominal(nominal.rows(measure.codes(labels)).sum(axis=0)), strict=True))
    found = figures(labels, "nominal")
    assert found["alpha"] == pytest.approx(values["alpha"], abs=1e-9, nan_ok=True)
    assert found["agreement"] == pytest.approx(values["agreement"], abs=1e-9, nan_ok=True)


@given(LABELS)
@settings(max_examples=25, deadline=None)
def test_left_out_and_resampled_messages(labels) -> None:
    measure = SetAgreement.of(labels)
    rows, plan = measure.rows(labels), ResamplingPlan(len(labels), 20, 1)
    drawn = bootstrap(rows[:, None], measure, plan)
    for i in range(len(labels)):
        kept = labels[:i] + labels[i + 1 :]
        again = measure(measure.rows(kept).sum(axis=0)) if kept else [np.nan, np.nan]
        assert drawn.left_out[i, 0] == pytest.approx(list(again), abs=1e-9, nan_ok=True)
    for weights, row in zip(next(plan.weights()), drawn.draws[:, 0], strict=True):
        again = figures([unit for unit, w in zip(labels, weights, strict=True) for _ in range(int(w))])
        assert row == pytest.approx(list(again.values()), abs=2e-5, nan_ok=True)


def test_alpha_that_weights_units_alike_is_wrong() -> None:
    """The negative control: nltk-style averaging over units, with a missing label taken as an empty set."""
    labels = [[frozenset("a"), frozenset("ab"), None], [frozenset("b")] * 3, [frozenset("a"), None, frozenset("a")]]
    filled = [[s or frozenset() for s in unit] for unit in labels]
    assert abs(figures(filled)["alpha"] - brute(labels, masi_distance)[0]) > 0.1


def test_intervals_by_name() -> None:
    rng = np.random.default_rng(0)
    labels = [[frozenset(np.array(list("abc"))[rng.uniform(size=3) < 0.5]) for _ in range(2)] for _ in range(60)]
    measure = SetAgreement.of(labels)
    found = clustered_figures(measure.rows(labels), [f"m{i // 3}" for i in range(60)], measure, measure.names)
    assert found["alpha"].low < found["alpha"].estimate < found["alpha"].high


def test_bad_input_is_refused() -> None:
    a = frozenset("a")
    with pytest.raises(ValueError, match="masi, jaccard, nominal"):
        SetAgreement((a,), "dice")
    with pytest.raises(ValueError, match="twice"):
        SetAgreement((a, a))
    with pytest.raises(ValueError, match="not in the vocabulary"):
        SetAgreement((a,)).rows([[a, frozenset("b")]])
    with pytest.raises(ValueError, match="one entry a rater"):
        SetAgreement((a,)).rows([[a, a], [a]])


def test_no_labels_at_all_have_no_figures() -> None:
    assert all(np.isnan(v) for v in figures([[None, None]]).values())
    measure = SetAgreement.of([])
    assert clustered_figures(measure.rows([]), [], measure, measure.names)["alpha"].estimate is None
