"""Coverage of agreement intervals where patient messages differ in what is true of them and in how hard they are.

Two raters and three (a fifth of whose codes are missing) mistake a latent truth.  Both the truth and the rates of
mistakes are alike within a message (ICC 0.3), so that agreement itself is clustered: intervals that take units as
independent are the control, and fail.  The truth is exact up to quadrature: see `Careless.joint`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pytest

from redline.stats import ResamplingPlan, bootstrap, intervals
from redline.stats.agreement import (
    DISTANCES,
    PAIR_FIGURES,
    NominalAgreement,
    SetAgreement,
    confusion_rows,
    limits,
    pair_figures,
)
from tests.statistical.worlds import beta_quantile, covered

UNITS = 8
SIZES = [30, 50, 100, 500]
LOW, HIGH = 0.93, 0.97
REPLICATIONS = 1_000  # a coverage of 95 % has a Monte-Carlo error of 0.7 %
PRESENCE = NominalAgreement(("no", "yes"))


@dataclass(frozen=True)
class Careless:
    """Raters with mean error rates `errors` on labels that are true at `rates`; a message is harder or easier for all."""

    errors: tuple[float, ...]
    rates: tuple[float, ...] = (0.3,)
    icc: float = 0.3
    missing: float = 0.0

    def draw(self, rng: np.random.Generator, messages: int, replications: int) -> np.ndarray:
        """Codes (replications, messages, units, raters, labels) of 0 and 1, -1 for all labels of a missing code."""
        shape = (replications, messages, 1, 1)
        hard = rng.uniform(size=shape)
        wrong = np.concatenate([beta_quantile(hard, e, self.icc) for e in self.errors], axis=-1)[..., None]
        total = 1 / self.icc - 1
        rate = np.stack([rng.beta(r * total, (1 - r) * total, shape) for r in self.rates], axis=-1)
        truth = rng.uniform(size=(replications, messages, UNITS, 1, len(self.rates))) < rate
        slips = rng.uniform(size=(replications, messages, UNITS, len(self.errors), len(self.rates))) < wrong
        lost = rng.uniform(size=slips.shape[:-1]) < self.missing
        return np.where(lost[..., None], -1, (truth ^ slips).astype(int))

    def joint(self, g: int, h: int) -> np.ndarray:
        """Chances (2 ** labels, 2 ** labels) of what raters g and h say of one unit; the first label is the highest bit.

        Given how hard the message is, labels are independent: a product a label, averaged over the difficulty.
        """
        hard = (np.arange(20_000) + 0.5) / 20_000
        a, b = (beta_quantile(hard, self.errors[i], self.icc) for i in (g, h))
        whole = np.ones((len(hard), 1, 1))
        for rate in self.rates:
            yes = np.stack([np.stack([a * b, a * (1 - b)]), np.stack([(1 - a) * b, (1 - a) * (1 - b)])])
            table = np.moveaxis(rate * yes + (1 - rate) * yes[::-1, ::-1], -1, 0)
            size = whole.shape[1] * 2
            whole = np.einsum("uij,ukl->uikjl", whole, table).reshape(-1, size, size)
        return whole.mean(axis=0)


TWO = Careless((0.10, 0.20))
THREE = Careless((0.10, 0.15, 0.20), missing=0.2)
SETS = Careless((0.10, 0.15), rates=(0.6, 0.3, 0.1))


def truth_of_two(world: Careless = TWO) -> dict[str, float]:
    table = world.joint(0, 1)
    return dict(zip(PAIR_FIGURES, pair_figures(table[[1, 1, 0, 0], [1, 0, 1, 0]]), strict=True))


def truth_of_three() -> dict[str, float]:
    """Codes are missing at random, so every pair of raters and every rater weighs the same."""
    tables = [THREE.joint(g, h) for g, h in combinations(range(3), 2)]
    agreement = float(np.mean([np.trace(table) for table in tables]))
    yes = np.array([tables[0].sum(axis=1)[1], tables[0].sum(axis=0)[1], tables[1].sum(axis=0)[1]])
    m = yes.mean()
    chance = {
        "alpha": m**2 + (1 - m) ** 2,
        "ac1": 2 * m * (1 - m),
        "conger": np.mean([x * y + (1 - x) * (1 - y) for x, y in combinations(yes, 2)]),
    }
    return {"agreement": agreement} | {name: (agreement - pe) / (1 - pe) for name, pe in chance.items()}


def every_set() -> tuple[frozenset[str], ...]:
    return tuple(frozenset(name for k, name in enumerate("abc") if code >> (2 - k) & 1) for code in range(8))


def truth_of_sets(distance: str) -> dict[str, float]:
    table, sets = SETS.joint(0, 1), every_set()
    delta = np.array([[DISTANCES[distance](a, b) for b in sets] for a in sets])
    share = (table.sum(axis=0) + table.sum(axis=1)) / 2
    observed = float((table * delta).sum())
    return {"alpha": 1 - observed / float(share @ delta @ share), "agreement": 1 - observed}


def rows_of_two(codes: np.ndarray) -> np.ndarray:
    return confusion_rows(*codes[..., 0].reshape(-1, 2).T).reshape(*codes.shape[:3], -1)


def rows_of_three(codes: np.ndarray) -> np.ndarray:
    return PRESENCE.rows(codes[..., 0].reshape(-1, 3)).reshape(*codes.shape[:3], -1)


def coverage(
    rows: np.ndarray, score: Callable[[np.ndarray], np.ndarray], names: tuple[str, ...], truth: dict[str, float], *,
    clustered: bool = True,
) -> dict[str, float]:  # fmt: skip
    """Share of intervals that hold the truth, by figure, from rows (replications, messages, units, stats).

    An interval that cannot be given counts as a miss.
    """
    sums = rows.sum(axis=2) if clustered else rows.reshape(len(rows), -1, rows.shape[-1])
    columns = [names.index(name) for name in truth]
    plan = ResamplingPlan(sums.shape[1], 1_000, seed=5)
    found = intervals(bootstrap(sums.transpose(1, 0, 2), lambda s: score(s)[..., columns], plan))
    bounds = np.array([[(i.low, i.high) for i in row] for row in found], dtype=float)
    return {name: covered(bounds[:, k, 0], bounds[:, k, 1], value) for k, (name, value) in enumerate(truth.items())}


def wanted(truth: dict[str, float]) -> dict[str, float]:
    return {name: truth[name] for name in ("agreement", "kappa", "ac1", "f1")}


def within(found: dict[str, float]) -> bool:
    return all(LOW <= share <= HIGH for share in found.values())


def test_the_truth_by_quadrature_is_that_of_an_enormous_draw() -> None:
    rng = np.random.default_rng(0)
    drawn = rows_of_two(TWO.draw(rng, 60_000, 1)).sum(axis=(0, 1, 2))
    assert pair_figures(drawn) == pytest.approx(list(truth_of_two().values()), abs=0.01)
    drawn = rows_of_three(THREE.draw(rng, 60_000, 1)).sum(axis=(0, 1, 2))
    values = dict(zip(PRESENCE.names, PRESENCE(drawn), strict=True))
    assert {name: values[name] for name in truth_of_three()} == pytest.approx(truth_of_three(), abs=0.01)
    codes = SETS.draw(rng, 60_000, 1) @ np.array([4, 2, 1])
    masi = SetAgreement(every_set(), "masi")
    found = masi(masi.coded_rows(codes.reshape(-1, 2)).sum(axis=0))
    assert dict(zip(masi.names, found, strict=True)) == pytest.approx(truth_of_sets("masi"), abs=0.01)


@pytest.mark.slow
@pytest.mark.parametrize("messages", SIZES)
def test_two_raters_raw_agreement_kappa_ac1_and_f1_cover(messages: int) -> None:
    rows = rows_of_two(TWO.draw(np.random.default_rng(messages), messages, REPLICATIONS))
    found = coverage(rows, pair_figures, PAIR_FIGURES, wanted(truth_of_two()))
    assert within(found), found


@pytest.mark.slow
@pytest.mark.parametrize("messages", SIZES)
def test_three_raters_with_missing_codes_cover(messages: int) -> None:
    rows = rows_of_three(THREE.draw(np.random.default_rng(messages), messages, REPLICATIONS))
    found = coverage(rows, PRESENCE, PRESENCE.names, truth_of_three())
    assert within(found), found


@pytest.mark.slow
@pytest.mark.parametrize("distance", ["masi", "jaccard"])
@pytest.mark.parametrize("messages", [30, 100])
def test_alpha_of_sets_covers(messages: int, distance: str) -> None:
    codes = SETS.draw(np.random.default_rng(messages), messages, REPLICATIONS) @ np.array([4, 2, 1])
    measure = SetAgreement(every_set(), distance)
    rows = measure.coded_rows(codes.reshape(-1, 2)).reshape(*codes.shape[:3], -1)
    found = coverage(rows, measure, measure.names, truth_of_sets(distance))
    assert within(found), found


@pytest.mark.slow
def test_where_raters_hardly_ever_differ_intervals_are_too_short_and_the_notes_say_so() -> None:
    """30 messages, of which about four hold any difference: what is not seen is not resampled."""
    world = Careless((0.02, 0.03))
    codes = world.draw(np.random.default_rng(30), 30, REPLICATIONS)
    truth = wanted(truth_of_two(world))
    found = coverage(rows_of_two(codes), pair_figures, PAIR_FIGURES, truth)
    assert all(0.87 <= share < LOW for share in found.values()), found
    messages = [str(i // UNITS) for i in range(30 * UNITS)]
    warned = [
        any("too short" in n or "never" in n for n in limits(one.reshape(-1, 2), messages)) for one in codes[..., 0]
    ]
    usual = TWO.draw(np.random.default_rng(30), 30, 200)[..., 0]
    needless = [len(limits(one.reshape(-1, 2), messages)) > 1 for one in usual]
    assert np.mean(warned) > 0.6 and np.mean(needless) == 0


@pytest.mark.slow
def test_intervals_that_take_units_as_independent_fail() -> None:
    rng = np.random.default_rng(50)
    two = rows_of_two(TWO.draw(rng, 50, 500))
    three = rows_of_three(THREE.draw(rng, 50, 500))
    naive = [
        coverage(two, pair_figures, PAIR_FIGURES, wanted(truth_of_two()), clustered=False),
        coverage(three, PRESENCE, PRESENCE.names, truth_of_three(), clustered=False),
    ]
    assert all(share < 0.90 for found in naive for share in found.values()), naive
