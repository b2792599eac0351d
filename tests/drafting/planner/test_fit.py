import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from redline.drafting.planner.fit import PRIOR, fit_pooled, held_out, message_folds, moderated
from redline.drafting.planner.pooling import CLINICIAN, SLOPES, Layout, Rows, fit_head, sigmoid
from tests.drafting.planner import simulate


def losses(replies: int, worlds: int) -> dict[str, np.ndarray]:
    made = [simulate.world(seed, replies) for seed in range(worlds)]
    ways = {"partial": simulate.partial, "none": simulate.none, "full": simulate.full}
    return {n: np.asarray([simulate.log_loss(way(w), w.truth) for w in made]) for n, way in ways.items()}


def surely_less(a: np.ndarray, b: np.ndarray) -> bool:
    gap = a - b
    return bool(gap.mean() + 2 * gap.std(ddof=1) / np.sqrt(len(gap)) < 0)


def test_at_five_replies_partial_pooling_beats_both_controls() -> None:
    found = losses(5, 60)
    assert surely_less(found["partial"], found["none"]) and surely_less(found["partial"], found["full"])


def test_at_two_hundred_replies_it_is_not_worse_than_no_pooling_and_better_than_full() -> None:
    found = losses(200, 40)
    assert found["partial"].mean() < found["none"].mean() + 0.001
    assert surely_less(found["partial"], found["full"])


@pytest.mark.slow
def test_the_variance_between_clinicians_is_found() -> None:
    """True values 1.3^2 and 0.3^2; Laplace is known to come out low for binary answers, the more so for small ones."""
    found = []
    for seed in range(8):
        world = simulate.world(seed, 60, others=39, each=60)
        found.append(fit_pooled(world.rows, world.y, simulate.LAYOUT).variances[[CLINICIAN, SLOPES]])
    clinician, slopes = np.mean(found, axis=0)
    assert clinician == pytest.approx(1.69, rel=0.25) and 0.045 < slopes < 0.12  # the prior belief is 0.01


def test_moderation_is_close_to_the_integral() -> None:
    z, w = np.polynomial.hermite_e.hermegauss(60)
    for m, s in ((0.5, 0.5), (2.0, 1.0), (-1.0, 2.0)):
        exact = (sigmoid(m + s * z) * w).sum() / w.sum()
        assert float(sigmoid(moderated(np.asarray(m), np.asarray(s**2)))) == pytest.approx(exact, abs=0.01)


def test_held_out_predictions_do_not_see_the_reply() -> None:
    """A message that one clinician answered one way and whose answer is turned over: its own prediction stays."""
    world = simulate.world(3, 30, others=2, each=30)
    fold = np.arange(len(world.y)) % 5
    head = fit_head(world.rows, world.y, simulate.LAYOUT, PRIOR)
    turned = world.y.copy()
    turned[fold == 2] = 1 - turned[fold == 2]
    one, other = (held_out(world.rows, y, simulate.LAYOUT, head, fold) for y in (world.y, turned))
    np.testing.assert_allclose(one[fold == 2], other[fold == 2], atol=1e-6)
    assert np.abs(one[fold != 2] - other[fold != 2]).max() > 0.01


@given(st.lists(st.text(max_size=5), max_size=30), st.integers(2, 6))
def test_folds_keep_equal_messages_together_and_ignore_order(messages: list[str], folds: int) -> None:
    found = dict(zip(messages, message_folds(messages, folds).tolist(), strict=True))
    assert found == dict(zip(messages[::-1], message_folds(messages[::-1], folds).tolist(), strict=True))
    sizes = np.bincount(list(found.values()) or [0], minlength=folds)
    assert sizes.max() - sizes.min() <= 1


def test_a_fit_is_deterministic_and_a_constant_theme_stays_finite() -> None:
    world = simulate.world(4, 20)
    one, two = (fit_pooled(world.rows, world.y, simulate.LAYOUT) for _ in range(2))
    assert np.array_equal(one.b, two.b) and np.array_equal(one.variances, two.variances)
    for value in (0.0, 1.0):
        head = fit_pooled(world.rows, np.full(len(world.y), value), simulate.LAYOUT)
        p = sigmoid(moderated(*head.predict(simulate.LAYOUT, world.asked, 1)))
        assert np.isfinite(p).all() and (np.abs(p - value) < 0.2).mean() > 0.9


def test_no_rows_leave_the_prior() -> None:
    layout = Layout(0, 0)
    head = fit_pooled(Rows(np.ones((0, 1)), np.zeros(0, dtype=np.intp), 0), np.zeros(0), layout, offset=1.0)
    mean, variance = head.predict(layout, np.ones((1, 1)), None)
    assert mean[0] == pytest.approx(1.0) and variance[0] == pytest.approx(PRIOR[0] + PRIOR[CLINICIAN])
