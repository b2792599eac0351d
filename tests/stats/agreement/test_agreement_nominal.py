"""Many raters with missing codes: brute force over pairs of codes, krippendorff, irrCAC and statsmodels as oracles."""

from itertools import permutations

import krippendorff
import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from irrCAC.raw import CAC
from statsmodels.stats.inter_rater import fleiss_kappa

from redline.stats import ResamplingPlan, bootstrap, clustered_figures
from redline.stats.agreement import NominalAgreement, confusion_rows, pair_figures

NAMES = ("a", "b", "c")
TABLES = st.tuples(st.integers(2, 12), st.integers(2, 5)).flatmap(
    lambda shape: arrays(np.int64, shape, elements=st.integers(-1, 2))
)


def figures(codes: np.ndarray, names=NAMES) -> dict[str, float]:
    nominal = NominalAgreement(names)
    return dict(zip(nominal.names, nominal(nominal.rows(codes).sum(axis=0)).tolist(), strict=True))


def brute(codes: np.ndarray, q: int = 3) -> dict[str, float]:
    """From the definitions, pair by pair."""
    units = [[c for c in unit if c >= 0] for unit in codes.tolist()]
    pairable = [unit for unit in units if len(unit) >= 2]
    values = [c for unit in pairable for c in unit]
    n = len(values)
    found = {"agreement": np.mean([np.mean([a == b for a, b in permutations(u, 2)]) for u in pairable])}
    observed = sum(sum(a != b for a, b in permutations(u, 2)) / (len(u) - 1) for u in pairable) / n
    expected = sum(a != b for a, b in permutations(values, 2)) / (n * (n - 1))
    found["alpha"] = 1 - observed / expected if expected else np.nan
    pi = [np.mean([u.count(k) / len(u) for u in units if u]) for k in range(q)]
    rated = [column[column >= 0].tolist() for column in codes.T]
    rated = [r for r in rated if r]
    chance = {
        "ac1": sum(p * (1 - p) for p in pi) / (q - 1),
        "fleiss": sum(p * p for p in pi) if len({c for u in units for c in u}) > 1 else np.nan,
        "conger": np.mean([np.mean([a == b for a in g for b in h]) for g, h in permutations(rated, 2)]),
    }
    if all(len(set(r)) == 1 for r in rated):
        chance["conger"] = np.nan
    for name, pe in chance.items():
        found[name] = (found["agreement"] - pe) / (1 - pe) if pe < 1 else np.nan
    return found | {f"prevalence_{name}": p for name, p in zip("abc", pi, strict=True)}


@given(TABLES)
@settings(max_examples=200, deadline=None)
def test_equal_to_brute_force(codes) -> None:
    found = figures(codes)
    if not ((codes >= 0).sum(axis=1) >= 2).any():
        assert all(np.isnan(found[name]) for name in ("agreement", "alpha", "ac1", "conger", "fleiss"))
        return
    expected = brute(codes)
    for name, value in found.items():
        assert value == pytest.approx(expected[name], abs=1e-9, nan_ok=True), name


@given(TABLES)
@settings(max_examples=150, deadline=None)
def test_alpha_equals_the_krippendorff_package(codes) -> None:
    pairable = codes[(codes >= 0).sum(axis=1) >= 2]
    assume(len(set(pairable[pairable >= 0].tolist())) > 1)
    table = np.where(codes >= 0, codes, np.nan).T
    expected = krippendorff.alpha(reliability_data=table, level_of_measurement="nominal")
    assert figures(codes)["alpha"] == pytest.approx(expected, abs=1e-9)


@pytest.mark.filterwarnings("ignore:Starting with pandas")
@given(TABLES)
@settings(max_examples=100, deadline=None)
def test_chance_corrections_equal_irrcac(codes) -> None:
    """irrCAC rounds to `digits`; 15 of them leave its figures whole.  It wants every rater to have rated something."""
    assume(((codes >= 0).sum(axis=1) >= 2).sum() >= 2 and (codes >= 0).any(axis=0).all())
    found = figures(codes)
    table = pd.DataFrame(np.where(codes >= 0, codes, np.nan))
    with np.errstate(all="ignore"):
        for name, method in (("ac1", "gwet"), ("conger", "conger"), ("fleiss", "fleiss"), ("alpha", "krippendorff")):
            if np.isfinite(found[name]):
                peer = CAC(table.copy(), categories=[0.0, 1.0, 2.0], digits=15)
                expected = getattr(peer, method)()["est"]
                assert found[name] == pytest.approx(float(expected["coefficient_value"]), abs=1e-9), name
                if name != "alpha":
                    assert found["agreement"] == pytest.approx(expected["pa"], abs=1e-9)


def test_published_example_of_gwet() -> None:
    """The four raters and five categories of Gwet 2014 that irrCAC ships: AC1 0.77544, alpha 0.74342, Fleiss 0.76117."""
    nan = -1
    codes = np.array([
        [0, 0, nan, 0], [1, 1, 2, 1], [2, 2, 2, 2], [2, 2, 2, 2], [1, 1, 1, 1], [0, 1, 2, 3], [3, 3, 3, 3],
        [0, 0, 1, 0], [1, 1, 1, 1], [nan, 4, 4, 4], [nan, nan, 0, 0], [nan, nan, 2, nan],
    ])  # fmt: skip
    found = figures(codes, tuple("12345"))
    assert found["ac1"] == pytest.approx(0.77544, abs=5e-6)
    assert found["alpha"] == pytest.approx(0.74342, abs=5e-6)
    assert found["fleiss"] == pytest.approx(0.76117, abs=5e-6)
    assert found["agreement"] == pytest.approx(0.81818, abs=5e-6)


def test_without_gaps_fleiss_is_that_of_statsmodels_and_conger_of_two_is_cohen() -> None:
    codes = np.random.default_rng(3).integers(0, 3, (40, 4))
    counts = (codes[..., None] == np.arange(3)).sum(axis=1)
    assert figures(codes)["fleiss"] == pytest.approx(fleiss_kappa(counts), abs=1e-9)
    two = codes[:, :2] // 2
    pair = pair_figures(confusion_rows(two[:, 0], two[:, 1]).sum(axis=0))
    found = figures(two, ("no", "yes"))
    assert (found["agreement"], found["conger"], found["ac1"]) == pytest.approx(tuple(pair[:3]), abs=1e-12)


def test_ac1_counts_the_categories_named_not_those_that_occur() -> None:
    codes = np.array([[0, 0], [1, 1], [0, 1], [1, 1]])
    two, four = figures(codes, ("a", "b"))["ac1"], figures(codes, ("a", "b", "c", "d"))["ac1"]
    assert two == pytest.approx((0.75 - 0.46875) / (1 - 0.46875)) and four > two


def test_equal_codes_leave_alpha_and_the_kappas_undefined() -> None:
    found = figures(np.zeros((6, 3), dtype=int))
    assert found["agreement"] == found["ac1"] == 1.0
    assert all(np.isnan(found[name]) for name in ("alpha", "conger", "fleiss"))
    apart = figures(np.array([[0, 1]] * 6))
    assert np.isnan(apart["conger"]) and apart["alpha"] < 0


def test_raters_without_a_code_and_units_without_one_change_nothing() -> None:
    codes = np.random.default_rng(5).integers(0, 3, (20, 3))
    padded = np.pad(codes, ((0, 4), (0, 2)), constant_values=-1)
    assert figures(padded) == pytest.approx(figures(codes))


def test_units_with_two_codes_are_counted() -> None:
    nominal = NominalAgreement(NAMES)
    sums = nominal.rows([[0, 1, 2], [0, -1, -1], [1, 1, -1], [-1, -1, -1]]).sum(axis=0)
    assert nominal.paired_units(sums) == 2


def test_naive_alpha_that_fills_gaps_is_wrong() -> None:
    """The negative control: a missing code taken as a category of its own."""
    codes = np.where(
        np.random.default_rng(6).uniform(size=(50, 3)) < 0.3, -1, np.random.default_rng(7).integers(0, 3, (50, 3))
    )
    assert abs(figures(codes + 1, ("none", *NAMES))["alpha"] - brute(codes)["alpha"]) > 0.01


@given(TABLES)
@settings(max_examples=25, deadline=None)
def test_single_precision_sums_and_left_out_messages_are_right(codes) -> None:
    nominal = NominalAgreement(NAMES)
    rows = nominal.rows(codes)
    drawn = bootstrap(rows[:, None], nominal, ResamplingPlan(len(rows), 20, 1))
    for i in range(len(rows)):
        kept = np.delete(codes, i, axis=0)
        assert drawn.left_out[i, 0] == pytest.approx(list(figures(kept).values()), abs=1e-9, nan_ok=True)
    for weights, row in zip(next(ResamplingPlan(len(rows), 20, 1).weights()), drawn.draws[:, 0], strict=True):
        again = figures(np.repeat(codes, weights.astype(int), axis=0))
        assert row == pytest.approx(list(again.values()), abs=2e-5, nan_ok=True)


def test_intervals_by_name() -> None:
    nominal = NominalAgreement(("no", "yes"))
    codes = np.random.default_rng(8).integers(0, 2, (40, 3))
    found = clustered_figures(nominal.rows(codes), [f"m{i // 4}" for i in range(40)], nominal, nominal.names)
    assert found["alpha"].clusters == 10 and found["alpha"].low < found["alpha"].estimate < found["alpha"].high


def test_what_is_no_table_of_codes_is_refused() -> None:
    for bad in ([0, 1], [[3, 0]], [[0.5, 0]]):
        with pytest.raises(ValueError, match="codes"):
            NominalAgreement(NAMES).rows(bad)
    for names in (("a",), ("a", "a")):
        with pytest.raises(ValueError, match="categories"):
            NominalAgreement(names)
