"""Whose disagreement: pooled themes are the sum of single ones; known worlds are found again."""

import numpy as np
import pytest

from redline.stats.variance_components import crossed_components
from redline.validation.agree.components import pooled_components


def world(
    seed: int, clinician: float, message: float, *, messages: int = 300, people: int = 4, themes: int = 3
) -> np.ndarray:
    """Presence with a share of 0.5 on average, moved by +-`clinician` and +-`message`."""
    rng = np.random.default_rng(seed)
    signs = np.resize([1.0, -1.0], people)[:, None] * np.where(np.arange(themes) % 2, 1.0, -1.0)
    moved = 0.5 + clinician * signs[None] + message * rng.choice([-1.0, 1.0], (messages, 1, themes))
    return (rng.uniform(size=(messages, people, themes)) < moved).astype(float)


def holes(presence: np.ndarray, seed: int) -> np.ndarray:
    gone = np.random.default_rng(seed).uniform(size=presence.shape[:2]) < 0.3
    return np.where(gone[..., None], np.nan, presence)


@pytest.mark.parametrize("seed", range(3))
def test_pooled_is_the_sum_of_single_themes(seed: int) -> None:
    presence = holes(world(seed, 0.2, 0.2, messages=40), seed)
    pooled = pooled_components(presence, draws=100, seed=1)
    places = np.argwhere(~np.isnan(presence[..., 0]))
    single = [
        crossed_components(
            [presence[m, c, k] for m, c in places],
            [int(m) for m, _ in places],
            [int(c) for _, c in places],
            draws=100,
            seed=1,
        )
        for k in range(presence.shape[2])
    ]
    for name in ("message", "clinician", "rest"):
        total = sum(s.variances[name].estimate for s in single)
        assert pooled.variances[name].estimate == pytest.approx(total, abs=1e-9)


def test_one_theme_pooled_is_that_theme() -> None:
    presence = holes(world(5, 0.2, 0.2, messages=40, themes=1), 5)
    pooled = pooled_components(presence, draws=300, seed=1)
    places = np.argwhere(~np.isnan(presence[..., 0]))
    one = crossed_components(
        [presence[m, c, 0] for m, c in places],
        [int(m) for m, _ in places],
        [int(c) for _, c in places],
        draws=300,
        seed=1,
    )
    for name in ("message", "clinician", "rest"):
        for end in ("estimate", "low", "high"):
            assert getattr(pooled.shares[name], end) == pytest.approx(getattr(one.shares[name], end), abs=1e-4)


def test_known_shares_are_found() -> None:
    """Variance of a yes at 0.5 +- 0.3 +- 0.1 is 0.25; clinicians' variance (divisor people - 1) is 0.09 * 4 / 3."""
    found = pooled_components(world(1, 0.3, 0.1, messages=4_000), draws=100, seed=1)
    variances = {"clinician": 0.09 * 4 / 3, "message": 0.01, "rest": 0.25 - 0.09 - 0.01}
    for name, value in variances.items():
        assert found.variances[name].estimate / 3 == pytest.approx(value, abs=0.006)


def test_worlds_of_one_source() -> None:
    habits = pooled_components(world(2, 0.4, 0.0), draws=200, seed=1).shares
    assert habits["clinician"].low > 0.5 and habits["message"].estimate < 0.05
    cases = pooled_components(world(3, 0.0, 0.4), draws=200, seed=1).shares
    assert cases["message"].low > 0.5 and cases["clinician"].estimate < 0.02
    nothing = pooled_components(world(4, 0.0, 0.0), draws=200, seed=1).shares
    assert nothing["rest"].estimate > 0.95


@pytest.mark.parametrize(
    ("presence", "words"),
    [
        (np.zeros((1, 3, 2)), "two of each"),
        (np.zeros((3, 1, 2)), "two of each"),
        (np.full((3, 3, 2), np.nan), "0 message(s) of 0"),
        (np.ones((4, 3, 2)), "nothing to explain"),
    ],
)
def test_what_cannot_be_told(presence: np.ndarray, words: str) -> None:
    found = pooled_components(presence, draws=100, seed=1)
    assert words in found.reason and found.shares["clinician"].estimate is None
