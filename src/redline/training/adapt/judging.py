"""Fine-tuning a language model as a judge, and what it then does with items that no step and no stop has seen."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

from redline.chat.local import HfModel
from redline.judging import LlmJudge, LlmThemeJudge
from redline.taxonomy import Taxonomy
from redline.training.adapt.run import Adapted, Tell, adapt
from redline.training.adapt.settings import AdaptSettings
from redline.training.judges import (
    bundled_pairs,
    bundled_themes,
    judge_quality,
    prepare,
    read_material,
    theme_quality,
)

__all__ = ["tune_judge"]


def tune_judge(
    kind: Literal["judge", "themes"], settings: AdaptSettings, out: Path, texts: Path | None, annotations: Path | None,
    number: int | None, taxonomy: Taxonomy, tell: Tell,
) -> tuple[Adapted, list[str]]:  # fmt: skip
    """(the adapter, the lines that say how it judges the held-out part).

    `number` items are learned (a share of them only stops the training in time), the others are held out, case by case.
    Without files the bundled train split is used.
    """
    if texts is not None and annotations is not None:
        items = read_material(kind, texts, annotations, taxonomy=taxonomy)
        where = str(texts)
    else:
        items, where = (bundled_pairs() if kind == "judge" else bundled_themes()), "the bundled corpus"
    material = prepare(items, number=number, seed=settings.seed, taxonomy=taxonomy, where=where)
    adapted = adapt(settings, kind, material.train, out, tell=tell)
    if os.environ.get("RANK", "0") != "0":  # of several processes one asks, on its own device
        return adapted, []
    model = HfModel(settings.model.base, str(adapted.info.folder), device=settings.model.device)

    def progress(done: int, total: int) -> None:
        tell("held-out questions", done, total, "")

    if kind == "judge":
        return adapted, judge_quality(LlmJudge(model), material.held_pairs, progress=progress).lines
    return adapted, theme_quality(
        LlmThemeJudge(model, taxonomy), material.held_texts, taxonomy=taxonomy, progress=progress
    ).lines
