"""Fine-tuning a language model as a judge, and what it then does with items that no step and no stop has seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeVar

from redline.annotation import AnnotatedPair, ThemedText, read_annotated_pairs, read_themed_texts
from redline.chat.local import HfModel
from redline.judging import LlmJudge, LlmThemeJudge, VerdictStore
from redline.taxonomy import Taxonomy
from redline.training.adapt.ranks import is_first_process
from redline.training.adapt.run import Adapted, Tell, adapt
from redline.training.adapt.settings import AdaptSettings
from redline.training.judges import (
    bundled_pairs,
    bundled_themes,
    judge_quality,
    judge_sets,
    prepare,
    theme_quality,
    theme_sets,
)

__all__ = ["Tuned", "measure_judge", "tune_judge"]

Item = TypeVar("Item", AnnotatedPair, ThemedText)
_STOPS, _MOST = 0.2, 40
"""Share of the held-out cases that stop the training in time, and the most of them; figures are of the others."""


@dataclass(frozen=True)
class Tuned:
    """An adapter that judges, and the held-out items that nothing has seen."""

    adapted: Adapted
    pairs: tuple[AnnotatedPair, ...] = ()
    texts: tuple[ThemedText, ...] = ()
    taxonomy: Taxonomy | None = None


def tune_judge(
    kind: Literal["judge", "themes"], settings: AdaptSettings, out: Path, texts: Path | None, annotations: Path | None,
    number: int | None, taxonomy: Taxonomy, tell: Tell,
) -> Tuned:  # fmt: skip
    """Train on `number` items; a fifth of the other cases stops the training in time, the rest is kept for figures.

    Without files the bundled train split is used.
    """
    if texts is not None and annotations is not None:
        items: list[AnnotatedPair] | list[ThemedText] = (
            read_annotated_pairs(texts, annotations)
            if kind == "judge"
            else read_themed_texts(texts, annotations, taxonomy=taxonomy)
        )
        where = str(texts)
    else:
        items, where = (bundled_pairs() if kind == "judge" else bundled_themes()), "the bundled corpus"
    material = prepare(items, number=number, seed=settings.seed, taxonomy=taxonomy, where=where)
    stop_pairs, pairs = _stopping(material.held_pairs)
    stop_texts, labelled = _stopping(material.held_texts)
    held = judge_sets(stop_pairs) if kind == "judge" else theme_sets(stop_texts, taxonomy)
    learned = len(items) - len(material.held_pairs) - len(material.held_texts)
    tell(
        f"{learned} of {len(items)} are learned, {len(stop_pairs) + len(stop_texts)} stop the training in time",
        0,
        0,
        "",
    )
    adapted = adapt(settings, kind, material.train, out, held=held, tell=tell)
    return Tuned(adapted, tuple(pairs), tuple(labelled), taxonomy)


def measure_judge(tuned: Tuned, settings: AdaptSettings, most: int, tell: Tell) -> list[str]:
    """The lines that say how it judges at most `most` held-out items.

    Every verdict is kept beside the run (`verdicts.sqlite` in `NAME.run`), so the same command goes on after a stop.
    """
    if not is_first_process():  # of several processes one asks, on its own device
        return []
    folder = tuned.adapted.info.folder
    model = HfModel(settings.model.base, str(folder), device=settings.model.device)
    store = VerdictStore(folder.parent / f"{settings.name}.run" / "verdicts.sqlite")

    def progress(done: int, total: int) -> None:
        tell("held-out questions", done, total, "")

    if tuned.pairs:
        return judge_quality(LlmJudge(model), tuned.pairs[:most], store=store, progress=progress).lines
    if tuned.texts:
        judge = LlmThemeJudge(model, tuned.taxonomy) if tuned.taxonomy is not None else LlmThemeJudge(model)
        texts = tuned.texts[:most]
        return theme_quality(judge, texts, taxonomy=tuned.taxonomy, store=store, progress=progress).lines
    return ["nothing is left to measure it on; give more items, or a smaller --number"]


def _stopping(items: Sequence[Item]) -> tuple[list[Item], list[Item]]:
    """(items of the first cases, which stop the training; the others), case by case."""
    cases = list(dict.fromkeys(item.case for item in items))
    first = set(cases[: min(round(_STOPS * len(cases)), _MOST)])
    return [i for i in items if i.case in first], [i for i in items if i.case not in first]
