"""Variance components: balanced closed form, expectations by brute force, REML, refusals."""

import itertools
import warnings

import numpy as np
import pytest

from redline.stats.round_robin import RoundRobin
from redline.stats.variance_components import _Crossed, crossed_components, pair_components


def crossed(rng, messages, people, *, per_message=None, spread=(1.0, 0.7, 0.5)):
    """Values with message, clinician and rest of these standard deviations; `per_message` clinicians a message."""
    a, b = rng.normal(0, spread[0], messages), rng.normal(0, spread[1], people)
    rows = [(m, c) for m in range(messages) for c in sorted(rng.permutation(people)[: per_message or people].tolist())]
    values = [2.0 + a[m] + b[c] + rng.normal(0, spread[2]) for m, c in rows]
    return np.array(values), [m for m, _ in rows], [c for _, c in rows]


@pytest.mark.parametrize("shape", [(4, 3), (30, 5), (7, 2)])
def test_balanced_data_give_the_analysis_of_variance(shape) -> None:
    messages, people = shape
    values, m, c = crossed(np.random.default_rng(messages), messages, people)
    table = values.reshape(messages, people)
    rest = table - table.mean(axis=1, keepdims=True) - table.mean(axis=0) + table.mean()
    square_rest = (rest**2).sum() / ((messages - 1) * (people - 1))
    square_message = people * table.mean(axis=1).var(ddof=1)
    square_clinician = messages * table.mean(axis=0).var(ddof=1)
    found = crossed_components(values, m, c, draws=200).variances
    assert found["rest"].estimate == pytest.approx(square_rest, rel=1e-9)
    assert found["message"].estimate == pytest.approx((square_message - square_rest) / people, rel=1e-9)
    assert found["clinician"].estimate == pytest.approx(
        (square_clinician - square_rest) / messages, rel=1e-9, abs=1e-12
    )


def test_balanced_data_give_restricted_maximum_likelihood() -> None:
    """REML and moments agree where data are balanced and no estimate is negative (Searle et al. 1992, 4.8)."""
    import statsmodels.api as sm

    values, m, c = crossed(np.random.default_rng(2), 25, 5, spread=(1.0, 0.8, 0.6))
    one = np.ones((len(values), 1))
    design = {"m": np.eye(25)[m], "c": np.eye(5)[c]}
    components = sm.regression.mixed_linear_model.VCSpec(
        ["m", "c"], [[[f"m{i}" for i in range(25)]], [[f"c{i}" for i in range(5)]]], [[design["m"]], [design["c"]]]
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fit = sm.MixedLM(values, one, groups=np.zeros(len(values)), exog_vc=components).fit(reml=True)
    found = crossed_components(values, m, c, draws=200).variances
    assert [found[k].estimate for k in ("message", "clinician", "rest")] == pytest.approx(
        [*fit.vcomp, fit.scale], rel=1e-3
    )


def test_unbalanced_estimates_are_unbiased_and_shares_add_up() -> None:
    """Three of five clinicians a message; 400 worlds.  Clinicians' variance is that of the clinicians drawn."""
    errors = []
    for seed in range(400):
        rng = np.random.default_rng(seed)
        a, b = rng.normal(0, 1, 40), rng.normal(0, 0.7, 5)
        rows = [(m, c) for m in range(40) for c in rng.permutation(5)[:3]]
        y = [a[m] + b[c] + rng.normal(0, 0.5) for m, c in rows]
        found = crossed_components(y, *zip(*rows, strict=True), draws=1)
        truth = np.array([1.0, b.var(ddof=1), 0.25])
        errors.append([v.estimate for v in found.variances.values()] - truth)
        assert sum(s.estimate for s in found.shares.values()) == pytest.approx(1.0)
    bias, error = np.mean(errors, axis=0), np.std(errors, axis=0) / 20
    assert (np.abs(bias) < 3.5 * error).all()


def test_several_values_a_cell_and_other_labels_change_nothing_but_what_they_should() -> None:
    values, m, c = crossed(np.random.default_rng(4), 12, 4, per_message=3)
    first = crossed_components(values, m, c, draws=100)
    renamed = crossed_components(values[::-1], [f"m{i}" for i in m[::-1]], [f"c{i}" for i in c[::-1]], draws=100)
    shifted = crossed_components(10 * values + 5, m, c, draws=100)
    for name in first.names:
        assert renamed.variances[name].estimate == pytest.approx(first.variances[name].estimate)
        assert shifted.variances[name].estimate == pytest.approx(100 * first.variances[name].estimate)
        assert shifted.shares[name].low == pytest.approx(first.shares[name].low, abs=1e-5)
    doubled = crossed_components(np.repeat(values, 2), np.repeat(m, 2), np.repeat(c, 2), draws=100)
    assert doubled.values == 72 and doubled.variances["rest"].estimate is not None


def test_several_figures_at_once_are_the_sum_of_each() -> None:
    rng = np.random.default_rng(6)
    _, m, c = crossed(rng, 20, 4, per_message=3)
    table = rng.normal(size=(len(m), 3)) * [1.0, 2.0, 0.5] + rng.normal(size=(4, 3))[c]
    whole = crossed_components(table, m, c, draws=100)
    each = [crossed_components(table[:, k], m, c, draws=100) for k in range(3)]
    for name in whole.names:
        assert whole.variances[name].estimate == pytest.approx(sum(e.variances[name].estimate for e in each))


def test_nothing_between_clinicians_is_a_negative_variance_and_a_share_of_zero() -> None:
    rng = np.random.default_rng(0)
    table = rng.normal(size=(20, 1)) + rng.normal(0, 0.5, (20, 4))
    table -= table.mean(axis=0)
    found = crossed_components(table.ravel(), np.repeat(range(20), 4), list(range(4)) * 20, draws=500)
    assert found.variances["clinician"].estimate < 0
    assert found.truncated == ("clinician",)
    share = found.shares["clinician"]
    assert (share.estimate, share.low) == (0.0, 0.0) and share.high > 0
    assert found.disagreement.estimate == 0.0


def covariance(rows, unknown):
    """The matrix of one unknown, pair of values by pair of values, by definition."""
    found = np.zeros((len(rows), len(rows)))
    for i, (m, d, r) in enumerate(rows):
        for j, (m2, d2, r2) in enumerate(rows):
            found[i, j] = {
                "mean": 1,
                "message": m == m2,
                "drafter": d == d2,
                "reference": r == r2,
                "roles": (d == r2) + (r == d2),
                "rest": i == j,
                "orders": m == m2 and d == r2 and r == d2,
            }[unknown]
    return found


def test_expectations_of_the_pair_forms_equal_brute_force() -> None:
    """Each form is y' Q y; its coefficient of an unknown is the trace of Q times that unknown's matrix."""
    rng = np.random.default_rng(1)
    rows = [
        (m, d, r)
        for m in range(5)
        for d, r in itertools.permutations(sorted(rng.permutation(4)[:3].tolist()), 2)
        if rng.uniform() < 0.8
    ]
    message, drafter, reference = (np.array(x) for x in zip(*rows, strict=True))
    design = RoundRobin.of(message, drafter, reference, 5, 4)
    unknowns = ("mean", "message", "drafter", "reference", "roles", "rest", "orders")
    got = design._system(design.rows(np.zeros(len(rows))).sum(axis=0))[0]
    units = np.eye(len(rows))
    values = {}
    for i, j in itertools.product(range(len(rows)), repeat=2):  # Q by polarisation
        for sign in (1, -1):
            right = design._system(design.rows(units[i] + sign * units[j]).sum(axis=0))[1]
            values[i, j] = values.get((i, j), 0) + sign * right / 4
    forms = np.array([[values[i, j] for j in range(len(rows))] for i in range(len(rows))])
    for k, unknown in enumerate(unknowns):
        expected = np.einsum("ijf,ij->f", forms, covariance(rows, unknown).astype(float))
        assert got[:, k] == pytest.approx(expected, abs=1e-9), unknown


def round_robin(rng, messages, people, draft, reference, *, per_message=None, rest=0.5, alike=0.5, message=1.0):
    rows, values = [], []
    for m in range(messages):
        who = sorted(rng.permutation(people)[: per_message or people].tolist())
        level = rng.normal(0, message)
        for d, r in itertools.combinations(who, 2):
            shared, own = rng.normal(0, rest * np.sqrt(alike)), rng.normal(0, rest * np.sqrt(1 - alike), 2)
            for (x, y), e in zip(((d, r), (r, d)), own, strict=True):
                rows.append((m, x, y))
                values.append(level + draft[x] + reference[y] + shared + e)
    return values, *zip(*rows, strict=True)


def test_pair_components_are_unbiased_with_correlated_roles_and_orders() -> None:
    """400 worlds; the control, which takes the two orders as independent values, is biased in the message's variance."""
    errors, control = [], []
    for seed in range(400):
        rng = np.random.default_rng(seed)
        draft = rng.normal(0, 0.6, 5)
        reference = 0.5 * draft + rng.normal(0, 0.3, 5)
        values, m, d, r = round_robin(rng, 30, 5, draft, reference, per_message=3, message=0.3)
        found = pair_components(values, m, d, r, draws=1)
        truth = np.array([0.09, draft.var(ddof=1), reference.var(ddof=1), 0.25])
        errors.append([v.estimate for v in found.variances.values()] - truth)
        design = RoundRobin.of(*(np.array(x) for x in (m, d, r)), 30, 5)
        naive = RoundRobin(design.message, design.drafter, design.reference, design.present, False, False)
        control.append(naive(design.rows(np.array(values)).sum(axis=0))[0] - 0.09)
    bias, error = np.mean(errors, axis=0), np.std(errors, axis=0) / 20
    assert (np.abs(bias) < 3.5 * error).all()
    assert np.mean(control) > 5 * np.std(control) / 20


def test_a_symmetric_figure_has_one_effect_in_both_roles() -> None:
    rng = np.random.default_rng(3)
    taste = np.array([0.4, 0.0, -0.1, -0.3])
    values, m, d, r = round_robin(rng, 25, 4, taste, taste, alike=1.0)
    found = pair_components(values, m, d, r, draws=100)
    assert found.variances["drafter"].estimate == pytest.approx(found.variances["reference"].estimate, rel=1e-6)
    assert found.reciprocity == pytest.approx(1.0, abs=1e-6)
    one_order = [i for i in range(len(m)) if (d[i] + r[i]) % 2 == (d[i] < r[i])]
    once = pair_components(*([x[i] for i in one_order] for x in (values, m, d, r)), draws=100)
    assert once.reciprocity is None and once.variances["rest"].estimate == pytest.approx(
        found.variances["rest"].estimate, rel=0.1
    )


def test_what_cannot_be_separated_is_refused_with_the_reason() -> None:
    one_message = crossed_components([1.0, 2.0, 3.0], ["m"] * 3, ["A", "B", "C"])
    one_person = crossed_components([1.0, 2.0, 3.0], ["m", "n", "o"], ["A"] * 3)
    disjoint = crossed_components([1.0, 2.0, 3.0, 5.0], ["m", "n", "o", "p"], ["A", "A", "B", "B"])
    equal = crossed_components([1.0] * 6, [0, 0, 1, 1, 2, 2], ["A", "B"] * 3)
    nothing = crossed_components([], [], [])
    two = pair_components([0.1, 0.2, 0.4, 0.3], [0, 0, 1, 1], ["A", "B"] * 2, ["B", "A"] * 2)
    for found in (one_message, one_person, disjoint, equal, nothing, two):
        assert found.reason and found.disagreement.estimate is None
        assert all(v.estimate is None for v in found.variances.values())
    few = crossed_components([1.0, 2.0, 3.0, 5.0], [0, 0, 1, 1], ["A", "B"] * 2, draws=200)
    assert few.reason == "" and few.variances["rest"].low is None


def test_unknown_values_are_left_out_and_wrong_calls_refused() -> None:
    values, m, c = crossed(np.random.default_rng(4), 12, 4)
    holes = values.copy()
    holes[::7] = np.nan
    kept = np.isfinite(holes)
    with_holes = crossed_components(holes, m, c, draws=100)
    without = crossed_components(holes[kept], np.array(m)[kept].tolist(), np.array(c)[kept].tolist(), draws=100)
    assert with_holes.variances == without.variances
    with pytest.raises(ValueError, match="label"):
        crossed_components(values, m[:-1], c)
    with pytest.raises(ValueError, match="own draft"):
        pair_components([1.0, 2.0], [0, 1], ["A", "B"], ["A", "C"])
    with pytest.raises(ValueError, match="more than once"):
        pair_components([1.0, 2.0], [0, 0], ["A", "A"], ["B", "B"])


def test_the_bootstrap_over_sums_equals_refitting_each_resample() -> None:
    """Drawn messages counted as distinct ones: the statistics of a resample are the weighted sums."""
    values, m, c = crossed(np.random.default_rng(5), 6, 4, per_message=3)
    picks = [0, 0, 3, 4, 5, 2]
    by_message = {k: [(v, who) for v, mm, who in zip(values, m, c, strict=True) if mm == k] for k in range(6)}
    resample = [(v, new, who) for new, old in enumerate(picks) for v, who in by_message[old]]
    refitted = crossed_components(*zip(*resample, strict=True), draws=1)
    design = _Crossed.of(np.array(m), np.array(c), 6, 4)
    weighted = design(np.bincount(picks, minlength=6) @ design.rows(np.array(values)[:, None]))
    assert weighted == pytest.approx([v.estimate for v in refitted.variances.values()], rel=1e-9)
