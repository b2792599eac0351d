"""The real `trl.DPOTrainer` and our training loop take the same optimiser steps: same sets, same start, same weights after.

Steps are plain SGD in 32 bits, averaged over pairs.  In the first step every margin is zero, for the model is its own
reference; three steps also compare what the loss does with margins.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("trl")
torch = pytest.importorskip("torch")

from accelerate import Accelerator  # noqa: E402

from benchmarks.tree_case import SHAPES, Case, adapted, base_of, tokens_of  # noqa: E402
from benchmarks.tree_peer import trainer_of  # noqa: E402
from redline.training.adapt.loop import Examples, Training  # noqa: E402
from redline.training.adapt.policy import Policy  # noqa: E402
from redline.training.adapt.settings import AdaptSettings  # noqa: E402
from redline.training.objective import Objective  # noqa: E402
from redline.training.trees import TokenSet, TreeScorer, pack  # noqa: E402

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore::FutureWarning")]

SHAPE = replace(SHAPES["exact"], dtype="float32")
RATE, BETA = 3.0, 0.1


def sets() -> list[TokenSet]:
    """Two prompts: one reply better than three others, two of which begin alike; and two pairs of four replies."""
    one = tokens_of(Case(40, 12, 3, True), SHAPE.vocabulary, seed=1)
    alike = (*one.replies[1][:5], *one.replies[2][3:])
    two = tokens_of(Case(23, 7, 2, False), SHAPE.vocabulary, seed=2)
    return [replace(one, replies=(*one.replies[:2], alike, one.replies[3])), two]


def model() -> Any:
    """The start of both: an adapter that already does something."""
    return adapted(base_of(SHAPE), SHAPE, b_scale=0.1)


def weights(trained: Any) -> dict[str, Any]:
    """The adapter, without the frozen copy that TRL adds."""
    return {n: w.detach().clone() for n, w in trained.named_parameters() if "lora_" in n and ".ref." not in n}


def by_trl(steps: int) -> dict[str, Any]:
    """After TRL's steps."""
    start = model()
    optimizer = torch.optim.SGD([w for w in start.parameters() if w.requires_grad], lr=RATE)
    trainer = trainer_of(
        start, sets(), SHAPE.vocabulary, precompute=False, steps=steps, optimizer=optimizer, beta=BETA,
        learning_rate=RATE, max_grad_norm=0.0,
    )  # fmt: skip
    assert "ref" in trainer.model.peft_config
    trainer.train()
    assert trainer.state.global_step == steps
    return weights(trainer.model)


def by_us(steps: int, folder: Path, of: list[TokenSet], beta: float = BETA, reference: float = 1.0) -> dict[str, Any]:
    """After our own loop's steps; `reference` other than 1 spoils the reference log-probabilities."""
    start = model()
    scorer = TreeScorer(start)
    known: list[list[float]] = []
    for one in of:
        (row,) = pack([one], 512)
        with torch.no_grad():
            known.append([reference * v for v in scorer(row).tolist()])
    train = {
        "epochs": steps, "prompts": len(of), "rate": RATE, "warmup": 0.0, "schedule": "constant", "optimizer": "sgd",
        "max_norm": 0.0, "row_tokens": 512,
    }  # fmt: skip
    settings = AdaptSettings.model_validate({"train": train})
    no: Any = None
    policy = Policy(start, no)
    state = Training(
        policy, scorer, Examples(of, known), Examples([]), Objective("dpo", beta=beta, sft=0.0), settings,
        Accelerator(cpu=True), folder, "", lambda *_: None,
    ).run()  # fmt: skip
    assert state.step == steps
    return weights(start)


def furthest(a: dict[str, Any], b: dict[str, Any]) -> float:
    """Largest difference of one weight."""
    assert a.keys() == b.keys() and a
    return max(float((a[n] - b[n]).abs().max()) for n in a)


@pytest.fixture(scope="module", params=(1, 3))
def peer(request: pytest.FixtureRequest) -> tuple[int, dict[str, Any]]:
    """(steps, TRL's weights after them)."""
    return request.param, by_trl(request.param)


def test_our_steps_are_the_real_trainers(peer: tuple[int, dict[str, Any]], tmp_path: Path) -> None:
    steps, theirs = peer
    ours = by_us(steps, tmp_path, sets())
    assert furthest(ours, weights(model())) > 1e-2, "nothing moved, so nothing was compared"
    assert furthest(ours, theirs) < 1e-5


def test_another_beta_is_found(peer: tuple[int, dict[str, Any]], tmp_path: Path) -> None:
    steps, theirs = peer
    assert furthest(by_us(steps, tmp_path, sets(), beta=0.11), theirs) > 1e-3


def test_a_pair_left_out_is_found(peer: tuple[int, dict[str, Any]], tmp_path: Path) -> None:
    steps, theirs = peer
    one, two = sets()
    assert furthest(by_us(steps, tmp_path, [replace(one, pairs=one.pairs[:-1]), two]), theirs) > 1e-3


def test_a_pair_the_wrong_way_round_is_found(peer: tuple[int, dict[str, Any]], tmp_path: Path) -> None:
    steps, theirs = peer
    one, two = sets()
    turned = replace(two.pairs[0], chosen=two.pairs[0].rejected, rejected=two.pairs[0].chosen)
    assert furthest(by_us(steps, tmp_path, [one, replace(two, pairs=(turned, *two.pairs[1:]))]), theirs) > 1e-3


def test_another_reference_is_found(peer: tuple[int, dict[str, Any]], tmp_path: Path) -> None:
    steps, theirs = peer
    assert furthest(by_us(steps, tmp_path, sets(), reference=1.01), theirs) > 1e-4
