"""The frozen sample of the parity test: held-out pairs and facts (public texts stay out of the tree)."""

from __future__ import annotations

from dataclasses import dataclass

from redline.training.encoder.examples import held_out
from redline.training.encoder.material import SALT
from redline.training.encoder.sources import annotated_pairs
from redline.training.encoder.written import written_passages

__all__ = ["FrozenQuestion", "frozen_questions"]


@dataclass(frozen=True, slots=True)
class FrozenQuestion:
    """A held-out question and its label."""

    unit: str
    other: tuple[str, ...]
    carried: float


def frozen_questions(held: float) -> list[FrozenQuestion]:
    """In a fixed order, so that a list of probabilities can stand beside them."""
    facts = [p for p in written_passages(None) if p.source == "facts"]
    passages = held_out(annotated_pairs() + facts, held, SALT)[1]
    return [FrozenQuestion(q.unit, p.units, q.carried) for p in passages for q in p.questions]
