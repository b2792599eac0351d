import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from redline.drafting.planner import Calibration, calibrate
from redline.drafting.planner.pooling import sigmoid


def error(logit: np.ndarray, y: np.ndarray) -> float:
    parts = np.array_split(np.argsort(logit), 10)
    p = sigmoid(logit)
    return float(np.mean([abs(p[i].mean() - y[i].mean()) for i in parts]))


def test_an_overconfident_prediction_is_mended() -> None:
    rng = np.random.default_rng(11)
    true = rng.normal(-0.3, 1.2, 8000)
    y = (rng.random(8000) < sigmoid(true)).astype(float)
    said = 1.8 * true + 0.5
    found = calibrate(said[:4000], y[:4000])
    assert abs(found.slope - 1 / 1.8) < 0.06 and abs(found.offset + 0.5 / 1.8) < 0.08
    before, after = error(said[4000:], y[4000:]), error(found(said[4000:]), y[4000:])
    assert before > 0.09 and after < 0.03


def test_a_calibrated_prediction_is_left_alone() -> None:
    rng = np.random.default_rng(12)
    logit = rng.normal(0, 1.5, 3000)
    found = calibrate(logit, (rng.random(3000) < sigmoid(logit)).astype(float))
    assert abs(found.slope - 1) < 0.1 and abs(found.offset) < 0.1


def test_a_few_replies_hardly_move_it() -> None:
    found = calibrate(np.array([2.0, 2.0, -2.0]), np.array([0.0, 0.0, 1.0]))
    assert 0.8 < found.slope < 1 and abs(found.offset) < 0.1


def test_a_wrong_way_round_prediction_keeps_its_direction() -> None:
    logit = np.repeat([3.0, -3.0], 2000)
    assert calibrate(logit, (logit < 0).astype(float)).slope == 0.2


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.floats(-30, 30), st.booleans()), max_size=40))
def test_it_is_finite_and_keeps_the_order(made: list[tuple[float, bool]]) -> None:
    logit = np.asarray([x for x, _ in made])
    found: Calibration = calibrate(logit, np.asarray([float(y) for _, y in made]))
    assert np.isfinite([found.offset, found.slope]).all() and found.slope >= 0.2
