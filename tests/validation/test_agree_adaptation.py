"""What habits add: against a brute-force reading of the rules, with worlds where habits are all, or nothing."""

import numpy as np
import pytest

from redline.records import EditLoad
from redline.validation.agree.adaptation import KNOWS, THRESHOLDS, adaptation, habit_predictions


def draw(
    seed: int, habit: float, *, messages: int = 60, people: int = 4, themes: int = 6, rate: float = 0.5
) -> np.ndarray:
    rng = np.random.default_rng(seed)
    taste = rng.choice([-habit, habit], (people, themes))
    return (rng.uniform(size=(messages, people, themes)) < rate + taste).astype(float)


def holes(presence: np.ndarray, seed: int) -> np.ndarray:
    gone = np.random.default_rng(seed).uniform(size=presence.shape[:2]) < 0.25
    return np.where(gone[..., None], np.nan, presence)


def brute_predictions(y: np.ndarray, m: int, c: int, k: int) -> list[float]:
    """The four shares of one reply, in so many words."""
    answered = [(i, j) for i in range(y.shape[0]) for j in range(y.shape[1]) if not np.isnan(y[i, j, 0])]
    elsewhere = [y[i, j, k] for i, j in answered if i != m]
    mine = [y[i, j, k] for i, j in answered if i != m and j == c]
    others = [j for i, j in answered if i == m and j != c]
    theirs = [y[m, j, k] for j in others]
    habits = [[y[i, j, k] for i, j in answered if i != m and j == o] for o in others]
    common, own, message = np.mean(elsewhere), np.mean(mine), np.mean(theirs)
    both = message + own - np.mean([np.mean(h) for h in habits if h])
    return [common, own, message, min(max(both, 0.0), 1.0)]


def test_predictions_are_what_they_say() -> None:
    y = holes(draw(1, 0.3, messages=8), 1)
    found = habit_predictions(y)
    checked = 0
    for m, c in np.argwhere(~np.isnan(y[..., 0])):
        if (~np.isnan(y[m, :, 0])).sum() < 2:
            assert np.isnan(found[:, m, c]).all()
            continue
        for k in range(y.shape[2]):
            assert found[:, m, c, k] == pytest.approx(brute_predictions(y, int(m), int(c), k))
            checked += 1
    assert checked > 60


def test_the_threshold_never_sees_its_own_message() -> None:
    y = draw(2, 0.3, messages=12)
    shares = habit_predictions(y)[1]
    total = EditLoad()
    for m in range(len(y)):
        best, score = THRESHOLDS[0], -1.0
        for threshold in THRESHOLDS:
            load = EditLoad()
            for i in range(len(y)):
                if i != m:
                    load += load_of(shares[i] >= threshold - 1e-12, y[i] > 0)
            if (load.f1 or 0.0) > score + 1e-15:
                best, score = threshold, load.f1 or 0.0
        total += load_of(shares[m] >= best - 1e-12, y[m] > 0)
    found = adaptation(y, draws=200, seed=1)
    assert found is not None and found.predictors[1].f1.estimate == pytest.approx(total.f1)


def load_of(said: np.ndarray, wanted: np.ndarray) -> EditLoad:
    both = int((said & wanted).sum())
    return EditLoad(int(said.sum()), int(said.sum()) - both, int(wanted.sum()), int(wanted.sum()) - both)


def test_habits_that_are_all() -> None:
    found = adaptation(draw(3, 0.45), draws=400, seed=1)
    assert found is not None and tuple(p.knows for p in found.predictors) == KNOWS
    assert all(g.difference.low > 0.05 for g in found.gains)
    assert found.predictors[1].f1.estimate > 0.9


def test_habits_that_are_nothing_gain_nothing() -> None:
    """Where all is chance, neither gain differs from 0 on average; a predictor that saw its own message would seem to gain.

    Standard deviations of the two gains over such worlds are 0.044 and 0.064, so 0.04 and 0.06 are 3.6 standard errors of
    their means over 16.
    """
    gains, cheats = [], []
    for seed in range(16):
        y = draw(10 + seed, 0.0, messages=5, rate=0.3)
        found = adaptation(y, draws=100, seed=1)
        assert found is not None
        gains.append([g.difference.estimate for g in found.gains])
        leaky = np.broadcast_to(y.mean(axis=0), y.shape)
        best = max(load_of(leaky >= t, y > 0).f1 or 0.0 for t in THRESHOLDS)
        cheats.append(best - (found.predictors[0].f1.estimate or 0.0))
    own, both = np.mean(gains, axis=0)
    assert abs(own) < 0.04 and abs(both) < 0.06
    assert np.mean(cheats) > 0.1, "the control: with its own message inside, habit looks like knowledge"


def test_order_of_clinicians_does_not_matter() -> None:
    y = holes(draw(4, 0.3), 4)
    a, b = (adaptation(v, draws=200, seed=1) for v in (y, y[:, ::-1]))
    assert a is not None and b is not None
    for x, z in zip(a.predictors, b.predictors, strict=True):
        assert x.f1.estimate == pytest.approx(z.f1.estimate)


@pytest.mark.parametrize("shape", [(1, 3, 2), (5, 1, 2), (0, 0, 2)])
def test_nothing_to_leave_out(shape: tuple[int, int, int]) -> None:
    assert adaptation(np.ones(shape), draws=100, seed=1) is None
