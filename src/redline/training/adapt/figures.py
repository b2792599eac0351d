"""What is shown of a step or a validation: loss, margin and accuracy, overall, per theme and per clinician."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from redline.training.objective import PairFigure
from redline.training.trees import Row, TokenSet

__all__ = ["Figures", "combined"]


@dataclass
class Figures:
    """Sums; `pairs` holds (clinician, figure) of every pair, `prompts` the places of the sets, of which a large one may be
    spread over several rows and processes.
    """

    pairs: list[tuple[str | None, PairFigure]] = field(default_factory=list)
    nll: float = 0.0
    tokens: int = 0
    prompts: set[int] = field(default_factory=set)
    computed: int = 0
    needed: int = 0

    def add(self, row: Row, sets: Sequence[TokenSet], pairs: Iterable[PairFigure], nll: float) -> None:
        """One row of `sets`."""
        self.pairs += [(sets[p.number].clinician, p) for p in pairs]
        self.nll += nll
        self.tokens += sum(row.lengths[i] for i in row.learn)
        self.prompts |= row.prompts.keys()
        self.computed += len(row.ids)
        self.needed += row.real

    def summary(self) -> dict[str, Any]:
        """Means weighted as the loss weighs them; a pair counts as right where its margin is above nought, half at nought."""
        found: dict[str, Any] = {
            "prompts": len(self.prompts), "pairs": len(self.pairs), "tokens_computed": self.computed,
            "tokens_one_row_each": self.needed,
        }  # fmt: skip
        if self.tokens:
            found["token_loss"] = self.nll / self.tokens
        if self.pairs:
            figures = [p for _, p in self.pairs]
            found |= _means(figures)
            found["themes"] = _grouped((p.theme, p) for p in figures)
            found["clinicians"] = _grouped(self.pairs)
        return found


def combined(parts: Iterable[Figures]) -> Figures:
    """Of all processes together."""
    whole = Figures()
    for part in parts:
        whole.pairs += part.pairs
        whole.prompts |= part.prompts
        for name in ("nll", "tokens", "computed", "needed"):
            setattr(whole, name, getattr(whole, name) + getattr(part, name))
    return whole


def _grouped(pairs: Iterable[tuple[str | None, PairFigure]]) -> dict[str, dict[str, float | int]]:
    """Means by name; pairs without one are left out."""
    groups: dict[str, list[PairFigure]] = {}
    for name, pair in pairs:
        if name is not None:
            groups.setdefault(name, []).append(pair)
    return {name: _means(groups[name]) for name in sorted(groups)}


def _means(pairs: Sequence[PairFigure]) -> dict[str, float | int]:
    weight = sum(p.weight for p in pairs)
    return {
        "pairs": len(pairs),
        "pair_loss": sum(p.loss * p.weight for p in pairs) / weight,
        "margin": sum(p.margin * p.weight for p in pairs) / weight,
        "accuracy": sum(((p.margin > 0) + 0.5 * (p.margin == 0)) * p.weight for p in pairs) / weight,
    }
