"""Losses against formulas written out, weights, and what a step is divided by."""

import math

import pytest

torch = pytest.importorskip("torch")

from hypothesis import given  # noqa: E402
from hypothesis import strategies as st  # noqa: E402

from redline.training.losses import LOSSES, dpo, hinge, ipo, margins, pair_weights, robust  # noqa: E402
from redline.training.objective import Objective, row_loss, step_totals  # noqa: E402
from redline.training.preference import PreferencePair  # noqa: E402
from redline.training.trees import TokenSet, pack  # noqa: E402

NUMBER = st.floats(-50, 50, allow_nan=False)


def sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x))


@given(NUMBER, st.floats(0.01, 1.0), st.floats(0, 0.4))
def test_formulas(margin: float, beta: float, s: float) -> None:
    m = torch.tensor([margin], dtype=torch.float64)
    right, wrong = (-math.log(sigmoid(x)) if x > -700 else -x for x in (beta * margin, -beta * margin))
    assert dpo(m, beta).item() == pytest.approx(right, rel=1e-9, abs=1e-12)
    assert dpo(m, beta, s).item() == pytest.approx((1 - s) * right + s * wrong, rel=1e-9, abs=1e-12)
    assert robust(m, beta, s).item() == pytest.approx(((1 - s) * right - s * wrong) / (1 - 2 * s), rel=1e-7, abs=1e-9)
    assert hinge(m, beta).item() == pytest.approx(max(0.0, 1 - beta * margin), rel=1e-9, abs=1e-12)
    assert ipo(m, beta).item() == pytest.approx((margin - 0.5 / beta) ** 2, rel=1e-9, abs=1e-12)


def test_robust_is_unbiased_under_flipped_labels() -> None:
    """Chowdhury et al.: the expectation over labels that are flipped with chance s is the loss of the clean label."""
    m, s = torch.tensor([0.7, -2.0], dtype=torch.float64), 0.2
    expected = (1 - s) * robust(m, 0.5, s) + s * robust(-m, 0.5, s)
    assert torch.allclose(expected, dpo(m, 0.5), atol=1e-12)
    biased = (1 - s) * dpo(m, 0.5, s) + s * dpo(-m, 0.5, s)  # the wrong variant
    assert not torch.allclose(biased, dpo(m, 0.5), atol=1e-3)


def test_untouched_model_has_margin_nought() -> None:
    logp = torch.tensor([-3.0, -4.0, -9.0])
    found = margins(logp, logp, torch.tensor([0, 0]), torch.tensor([1, 2]))
    assert found.tolist() == [0.0, 0.0]
    assert dpo(found, 0.1).tolist() == pytest.approx([math.log(2)] * 2)


def set_of(number: int, pairs: int, length: int = 3) -> TokenSet:
    replies = tuple((number + 1, i, *range(length), 0) for i in range(pairs + 1))
    found = tuple(PreferencePair(0, i + 1, "empathy", float(i + 1)) for i in range(pairs))
    return TokenSet((1, 2, number), replies, found, learn=(0,))


@pytest.mark.parametrize("average", ["pair", "prompt"])
@pytest.mark.parametrize("name", sorted(LOSSES))
@pytest.mark.parametrize("budget", [4, 18, 1000])
def test_a_step_is_the_brute_force_mean_however_it_is_packed(average: str, name: str, budget: int) -> None:
    sets = [set_of(0, 3), set_of(1, 1), set_of(2, 2, length=5)]
    objective = Objective(name, 0.3, 0.1, 0.5, average)  # type: ignore[arg-type]
    value = {(n, r): float(-(n + 1) - i * 0.7) for n, s in enumerate(sets) for i, r in enumerate(s.replies)}
    rows = pack(sets, budget)
    totals = step_totals(rows, objective)
    loss = 0.0
    for row, weights in zip(rows, totals.weights, strict=True):
        logp = torch.tensor([value[k] for k in row.replies], dtype=torch.float64)
        loss += row_loss(row, weights, logp, logp * 0.9, objective, totals)[0].item()
    top = bottom = nll = tokens = 0.0
    for n, s in enumerate(sets):
        share = sum(p.weight for p in s.pairs) if average == "prompt" else 1.0
        for p in s.pairs:
            moved = [
                value[n, s.replies[i]] * 0.1 / (len(s.replies[i]) if name == "ipo" else 1)
                for i in (p.chosen, p.rejected)
            ]
            each = LOSSES[name](torch.tensor(moved[0] - moved[1], dtype=torch.float64), 0.3, 0.1)
            top += float(each) * p.weight / share
            bottom += p.weight / share
        nll -= value[n, s.replies[0]]
        tokens += len(s.replies[0])
    assert loss == pytest.approx(top / bottom + 0.5 * nll / tokens, rel=1e-12)


def test_mean_of_row_means_would_be_wrong() -> None:
    """The usual mistake: averaging the means of rows with unequal numbers of pairs."""
    sets = [set_of(0, 3), set_of(1, 1)]
    rows = pack(sets, 20)
    means = [sum(p.weight for p in row.pairs) / len(row.pairs) for row in rows]
    flat = [p.weight for row in rows for p in row.pairs]
    assert sum(means) / len(means) != pytest.approx(sum(flat) / len(flat))


def test_weights_that_do_not_align_are_refused() -> None:
    with pytest.raises(ValueError):
        pair_weights([1.0], [0, 1], "prompt")
