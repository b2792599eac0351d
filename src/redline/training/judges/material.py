"""Annotations as what a language model learns to answer: the judge's own prompt, and the answer in the judge's form.

Each becomes a set of one reply, which supervised training learns.  Units keep their order, and no probability is
written: the marks are yes or no, and the judge reads a missing probability as 0 or 1.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from redline.annotation import AnnotatedPair, ThemedText
from redline.chat import ChatMessage
from redline.errors import UsageError
from redline.judging import (
    Direction,
    ThemeQuestion,
    content_answer,
    content_messages,
    pair_questions,
    theme_answer,
    theme_messages,
)
from redline.taxonomy import Taxonomy, default_taxonomy
from redline.training.judges.bundled import refuse_test_split
from redline.training.judges.sample import PAPER_PAIRS, Sample, sample
from redline.training.preference.sets import PreferenceSet

__all__ = ["Material", "judge_counts", "judge_sets", "prepare", "theme_counts", "theme_sets"]


@dataclass(frozen=True)
class Material:
    """Sets to train on and to validate on, the held-out items for `judge_quality` or `theme_quality`, and counts."""

    kind: str
    train: tuple[PreferenceSet, ...]
    valid: tuple[PreferenceSet, ...]
    held_pairs: tuple[AnnotatedPair, ...] = ()
    held_texts: tuple[ThemedText, ...] = ()
    counts: dict[str, Any] = field(default_factory=dict)


def judge_sets(pairs: Sequence[AnnotatedPair]) -> list[PreferenceSet]:
    """Two sets a pair, `ID/delete` and `ID/add`; a side without units asks nothing and has none."""
    found = []
    for pair in pairs:
        questions = pair_questions(pair.pair)
        for direction, marks in ((Direction.DELETE, pair.deleted), (Direction.ADD, pair.added)):
            asked = [q for q in questions if q.direction is direction]
            if asked:
                found.append(
                    _set(f"{pair.id}/{direction.value}", content_messages(asked), content_answer(marks), pair.case)
                )
    return found


def theme_sets(texts: Sequence[ThemedText], taxonomy: Taxonomy | None = None) -> list[PreferenceSet]:
    """One set a text, `ID/themes`; a text without units has none."""
    known = taxonomy or default_taxonomy()
    found = []
    for text in texts:
        asked = [ThemeQuestion(text.units, i) for i in range(len(text.units))]
        if asked:
            answer = theme_answer(text.themes(known), known)
            found.append(_set(f"{text.id}/themes", theme_messages(asked, known), answer, text.case))
    return found


def prepare(
    found: Sequence[AnnotatedPair] | Sequence[ThemedText], *, number: int | None = PAPER_PAIRS, seed: int = 17,
    taxonomy: Taxonomy | None = None, where: str = "the material",
) -> Material:  # fmt: skip
    """Everything that training a judge (from pairs) or a theme classifier (from texts) needs.

    `InputError` where anything is of the bundled test split, `UsageError` where there is too little to hold some out.
    """
    refuse_test_split(found, where)
    pairs = [item for item in found if isinstance(item, AnnotatedPair)]
    texts = [item for item in found if isinstance(item, ThemedText)]
    if pairs and texts:
        raise UsageError("annotated pairs train a judge and labelled texts a theme classifier; one at a time")
    if pairs:
        return _judge(sample(pairs, number, seed))
    return _themes(sample(texts, number, seed), taxonomy or default_taxonomy())


def _judge(parts: Sample[AnnotatedPair]) -> Material:
    counts = {"seed": parts.seed, "train": judge_counts(parts.train), "held_out": judge_counts(parts.held)}
    train, valid = (tuple(judge_sets(part)) for part in (parts.train, parts.held))
    return Material("judge", train, valid, held_pairs=parts.held, counts=counts)


def _themes(parts: Sample[ThemedText], taxonomy: Taxonomy) -> Material:
    counts = {
        "seed": parts.seed, "train": theme_counts(parts.train, taxonomy), "held_out": theme_counts(parts.held, taxonomy),
    }  # fmt: skip
    train, valid = (tuple(theme_sets(part, taxonomy)) for part in (parts.train, parts.held))
    return Material("themes", train, valid, held_texts=parts.held, counts=counts)


def judge_counts(pairs: Sequence[AnnotatedPair]) -> dict[str, Any]:
    """Pairs, cases, and how many units of each side are edited and kept: the classes' imbalance."""
    counts: dict[str, Any] = {"pairs": len(pairs), "cases": len({p.case for p in pairs})}
    counts["annotators"] = len({a.annotator for p in pairs for a in p.annotations})
    for side in ("deleted", "added"):
        marks = [m for p in pairs for m in getattr(p, side)]
        counts[side] = {"edited": sum(marks), "kept": len(marks) - sum(marks)}
    return counts


def theme_counts(texts: Sequence[ThemedText], taxonomy: Taxonomy) -> dict[str, Any]:
    """Texts, cases, units, units with more than one theme, and units of each theme, also of those that have none."""
    units = [keys for t in texts for keys in t.themes(taxonomy)]
    votes = Counter(key for keys in units for key in keys)
    return {
        "texts": len(texts), "cases": len({t.case for t in texts}), "units": len(units),
        "with_several": sum(len(keys) > 1 for keys in units), "themes": {key: votes[key] for key in taxonomy.keys},
    }  # fmt: skip


def _set(id_: str, messages: tuple[ChatMessage, ...], answer: str, case: str) -> PreferenceSet:
    return PreferenceSet(id_, messages, (answer,), own=0, case=case)
