"""The last fit of the content head: against scikit-learn, strangers, and what is settled without cross-attention."""

from pathlib import Path

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from redline.encoder import NAMES, ContentHead
from redline.training.encoder.examples import Passage, Question
from redline.training.encoder.final_head import RIDGE, SETTLED, _settle, with_held_strangers
from redline.training.encoder.logistic import ridge_logistic

RNG = np.random.default_rng(0)


def test_the_fit_agrees_with_scikit_learn() -> None:
    x, weight = RNG.normal(size=(500, 4)), RNG.random(500) + 0.1
    y = (RNG.random(500) < 1 / (1 + np.exp(-(x[:, 0] - x[:, 1])))).astype(float)
    mean, scale, beta = ridge_logistic(x, y, weight, RIDGE)
    fitted = LogisticRegression(C=1 / RIDGE, max_iter=2000, tol=1e-10).fit((x - mean) / scale, y, sample_weight=weight)
    np.testing.assert_allclose(beta[:-1], fitted.coef_[0], atol=1e-4)
    assert beta[-1] == pytest.approx(fitted.intercept_[0], abs=1e-4)


def test_strangers_are_asked_of_another_key_of_their_source() -> None:
    passages = [
        Passage(
            source, f"{source}{i}", (f"{source} text {i}",), tuple(Question(f"unit {i}.{j}", 1.0) for j in range(6))
        )
        for source in ("pairs", "facts", "expertqa")
        for i in range(5)
    ]
    found = with_held_strangers(passages, 1)
    assert found[: len(passages)] == passages
    strange = found[len(passages) :]
    assert 15 < len(strange) < 45 and {p.source for p in strange} == {"stranger pairs", "stranger facts"}
    own = {q.unit: p for p in passages if p.source == "pairs" for q in p.questions}
    for passage in (p for p in strange if p.source == "stranger pairs"):
        (question,) = passage.questions
        assert question.carried == 0.0 and passage.key == own[question.unit].key
        assert passage.units != own[question.unit].units and passage.units[0].startswith("pairs")
    assert with_held_strangers(passages, 1) == found


def test_what_is_settled_keeps_the_mean_probability(tmp_path: Path) -> None:
    count = len(NAMES)
    weights = np.zeros(count)
    weights[0] = 2.0
    head = ContentHead(np.zeros(count), np.ones(count), weights, -1.0, cross=0.5)
    design = np.concatenate([RNG.normal(size=(4000, count)), RNG.normal(2, 1, (4000, 1))], axis=1)
    settled = _settle(head, design)
    rows = design[:, :count].astype(np.float32)
    asked: list[int] = []

    def crossed(open_: np.ndarray) -> np.ndarray:
        asked.extend(open_)
        return design[open_, -1]

    with_exit, all_asked = settled.logits(rows, crossed), head.logits(rows, lambda i: design[i, -1])
    low = np.setdiff1d(np.arange(4000), asked)
    assert 0 < len(low) < 2000 and (head.linear(rows)[low] + 0.5 * np.median(design[:, -1]) < SETTLED).all()
    np.testing.assert_array_equal(with_exit[asked], all_asked[asked])
    p = [(1 / (1 + np.exp(-z[low]))).mean() for z in (with_exit, all_asked)]
    assert p[0] == pytest.approx(p[1], abs=2e-3)
    settled.write(tmp_path / "head.json")
    np.testing.assert_allclose(
        ContentHead.read(tmp_path / "head.json").logits(rows, lambda i: design[i, -1]), with_exit
    )
    head.write(tmp_path / "head.json")
    assert ContentHead.read(tmp_path / "head.json").settled == -np.inf
