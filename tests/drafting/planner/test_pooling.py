import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from redline.drafting.planner.pooling import Layout, Rows, fit_head, sigmoid
from tests.drafting.planner import simulate

VARIANCES = np.asarray([4.0, 0.2, 0.1, 1.0, 0.05])


def dense(rows: Rows, y: np.ndarray, layout: Layout, offset: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The same posterior, with one matrix for all weights: design, mode, covariance."""
    blocks = [rows.x] + [rows.x[:, layout.own] * (rows.clinician == c)[:, None] for c in range(rows.clinicians)]
    design = np.concatenate(blocks, axis=1)
    groups = np.concatenate([layout.general] + [layout.own_groups] * rows.clinicians)
    prior, w = 1 / VARIANCES[groups], np.zeros(design.shape[1])
    for _ in range(60):
        p = sigmoid(offset + design @ w)
        hessian = (design * (p * (1 - p))[:, None]).T @ design + np.diag(prior)
        w = w - np.linalg.solve(hessian, design.T @ (p - y) + prior * w)
    return design, w, np.linalg.inv(hessian)


def test_the_arrow_gives_what_the_dense_matrix_gives() -> None:
    world = simulate.world(1, 9, others=3, each=20)
    rows, y, layout = world.rows, world.y, simulate.LAYOUT
    head = fit_head(rows, y, layout, VARIANCES, offset=0.4)
    design, w, covariance = dense(rows, y, layout, 0.4)
    columns = len(layout.general)
    np.testing.assert_allclose(head.b, w[:columns], atol=1e-7)
    np.testing.assert_allclose(head.u.ravel(), w[columns:], atol=1e-7)
    variance = np.einsum("ij,jk,ik->i", design, covariance, design)
    for c in range(rows.clinicians):
        mine = rows.clinician == c
        mean, found = head.predict(layout, rows.x[mine], c)
        np.testing.assert_allclose(mean, 0.4 + design[mine] @ w, atol=1e-7)
        np.testing.assert_allclose(found, variance[mine], atol=1e-9)
    general, own = head.uncertain
    np.testing.assert_allclose(general, np.diag(covariance)[:columns], atol=1e-9)
    total = np.diag(covariance)[columns:].reshape(rows.clinicians, -1).sum(axis=0)
    np.testing.assert_allclose(own, total, atol=1e-9)


def test_an_unseen_clinician_is_the_pooled_mean_with_the_spread_between_clinicians() -> None:
    world = simulate.world(2, 10)
    head = fit_head(world.rows, world.y, simulate.LAYOUT, VARIANCES)
    mean, variance = head.predict(simulate.LAYOUT, world.asked, None)
    np.testing.assert_allclose(mean, world.asked @ head.b)
    own = world.asked[:, simulate.LAYOUT.own] ** 2 @ VARIANCES[simulate.LAYOUT.own_groups]
    np.testing.assert_allclose(variance - own, np.einsum("ij,jk,ik->i", world.asked, head.g, world.asked))


def test_one_reply_by_hand() -> None:
    """One reply with the theme, x = 1 alone: the mode w solves w / v = 1 - sigmoid(w) for the sum of both intercepts."""
    layout = Layout(0, 0)
    head = fit_head(Rows(np.ones((1, 1)), np.zeros(1, dtype=np.intp), 1), np.ones(1), layout, VARIANCES)
    total = float(head.b[0] + head.u[0, 0])
    assert total / 5.0 == pytest.approx(1 - 1 / (1 + np.exp(-total)), abs=1e-9)
    assert head.b[0] / head.u[0, 0] == pytest.approx(4.0)  # shared in the ratio of the variances


def test_a_clinician_with_more_replies_is_shrunk_less() -> None:
    layout = Layout(0, 0)
    clinician = np.repeat([0, 1, 2, 3], [2, 100, 200, 200])
    y = np.where(clinician < 2, 1.0, np.arange(502) % 2)
    head = fit_head(Rows(np.ones((502, 1)), clinician, 4), y, layout, VARIANCES)
    assert 0 < head.u[0, 0] < head.u[1, 0]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 2), st.booleans(), st.floats(-4, 4)), max_size=25))
def test_any_replies_give_finite_weights_and_positive_variances(made: list[tuple[int, bool, float]]) -> None:
    layout = Layout(0, 1)
    x = np.asarray([[1.0, v] for _, _, v in made]).reshape(-1, 2)
    rows = Rows(x, np.asarray([c for c, _, _ in made], dtype=np.intp), 3)
    head = fit_head(rows, np.asarray([float(y) for _, y, _ in made]), layout, VARIANCES)
    for clinician in (None, 0, 1, 2):
        mean, variance = head.predict(layout, np.asarray([[1.0, 2.0]]), clinician)
        assert np.isfinite(mean).all() and (variance > 0).all()
