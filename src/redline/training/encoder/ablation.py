"""What each part of the content head brings, on held-out train-side questions.

Every variant stands on the same trained encoder, which is kept still; its head starts fresh and sees the same part
of the material once, in the same order.  The figures therefore compare parts of the head, not whole trainings.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from redline.encoder import FEATURES
from redline.training.encoder.batches import Batcher
from redline.training.encoder.calibrate import platt
from redline.training.encoder.examples import share
from redline.training.encoder.loop import carried_scores, train_heads
from redline.training.encoder.material import Material
from redline.training.encoder.measures import auc, kappa
from redline.training.encoder.model import EditEncoder
from redline.training.encoder.network import CarriedHead
from redline.training.encoder.recipe import Recipe

__all__ = ["VARIANTS", "ablate"]

VARIANTS: dict[str, dict[str, Any]] = {
    "all parts": {},
    "without cross-attention": {"cross_layers": 0},
    "without late interaction": {"late": False},
    "without literal agreement": {"literal": False},
    "sentence vectors alone": {"cross_layers": 0, "late": False, "literal": False},
}
SOURCES = ("pairs", "statements", "kqa")


def ablate(
    model: EditEncoder,
    batcher: Batcher,
    material: Material,
    recipe: Recipe,
    say: Callable[[str], None],
    part: float = 0.35,
) -> dict[str, Any]:
    """{variant: {source: {auc, kappa}}}, and the floor: content words covered by the other text."""
    few = replace(
        material, passages=[p for p in material.passages if share(f"{p.key}{len(p.units)}", "ablation") < part]
    )
    held = [p for p in material.held if p.source in SOURCES]
    source = np.asarray([p.source for p in held for _ in p.questions])
    labels = np.asarray([q.carried for p in held for q in p.questions])
    covered = np.asarray(
        [batcher.features(q.unit, p.units)[FEATURES.index("covered")] for p in held for q in p.questions]
    )
    found: dict[str, Any] = {"content words covered": _figures(covered.astype(np.float64), labels, source)}
    for name, changes in VARIANTS.items():
        variant = _with_fresh_head(model, changes)
        train_heads(variant, batcher, few, replace(recipe, head_rate=2 * recipe.head_rate), lambda _: None)
        found[name] = _figures(carried_scores(variant, batcher, held), labels, source)
        say(f"ablation: {name}: {found[name]}")
    return found


def _with_fresh_head(model: EditEncoder, changes: dict[str, Any]) -> EditEncoder:
    variant = copy.deepcopy(model)
    variant.carried = CarriedHead(replace(model.carried.shape, **changes))
    layers = variant.base.encoder.layer
    for block, layer in zip(variant.carried.blocks, layers[len(layers) - len(variant.carried.blocks) :], strict=True):
        block.copy_from(layer)
    return variant


def _figures(scores: np.ndarray, labels: np.ndarray, source: np.ndarray) -> dict[str, dict[str, float]]:
    result = {}
    for name in SOURCES:
        mine = source == name
        if mine.any():
            slope, offset = platt(scores[mine], labels[mine])
            said = slope * scores[mine] + offset >= 0
            result[name] = {
                "auc": round(auc(scores[mine], labels[mine]), 4),
                "kappa": round(kappa(said, labels[mine]), 4),
            }
    return result
