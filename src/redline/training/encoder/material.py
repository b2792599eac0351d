"""What a run sees, and what it holds out."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from redline.encoder.agreement import WordWeights
from redline.taxonomy import default_taxonomy
from redline.training.encoder.examples import Passage, ThemeExample, count, held_out, share
from redline.training.encoder.recipe import Recipe
from redline.training.encoder.sources import annotated_pairs, expert_revisions, theme_examples
from redline.training.encoder.written import written_passages, written_themes

__all__ = ["Material", "gather"]

SALT = "encoder"


@dataclass(frozen=True)
class Material:
    """Training and held-out parts, split by case and by question of a public set; `weights` from the training part."""

    passages: list[Passage]
    themes: list[ThemeExample]
    held: list[Passage]
    held_themes: list[ThemeExample]
    weights: WordWeights
    keys: tuple[str, ...]

    def describe(self) -> dict[str, Any]:
        """Counts for the card."""
        return {
            part: {
                "passages": dict(Counter(p.source for p in passages)),
                "questions": {
                    s: count([p for p in passages if p.source == s]) for s in {p.source: 0 for p in passages}
                },
                "theme_sentences": len(themes),
            }
            for part, passages, themes in (
                ("trained", self.passages, self.themes),
                ("held_out", self.held, self.held_themes),
            )
        }


def gather(recipe: Recipe, data: Path | None) -> Material:
    """All material of a recipe; without `data` what is bundled alone."""
    passages = annotated_pairs() + written_passages(data)
    if data is not None and (data / "expertqa").is_dir():
        passages += expert_revisions(data / "expertqa")
    kept, held = held_out(passages, recipe.held, SALT)
    themes = theme_examples() + written_themes()
    return Material(
        kept,
        [t for t in themes if share(t.key, SALT) >= recipe.held],
        held,
        [t for t in themes if share(t.key, SALT) < recipe.held],
        WordWeights.fit([p.units for p in kept]),
        default_taxonomy().keys,
    )
