"""Our side of benchmarks/tree_dpo.py: one optimiser step over a tree, its reference pass, and the plain rows to compare."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Any

import torch
from peft import PeftModel

from redline.training.objective import Objective, row_loss, step_totals
from redline.training.references import ReferenceKey, ReferenceStore, reference_logps
from redline.training.trees import PlainScorer, Row, TokenSet, TreeScorer, pack

__all__ = ["Own", "exactness", "store_work"]

BUDGET = 8192  # tokens a row: every case fits into one
OBJECTIVE = Objective(loss="dpo", beta=0.1, sft=0.0)


@dataclass
class Own:
    """A model in training over one set with the settings of the peer; the reference is the model without its adapter."""

    model: PeftModel
    tokens: TokenSet
    optimizer: torch.optim.Optimizer | None = None
    objective: Objective = OBJECTIVE
    clip: float = 1.0
    bf16: bool = False
    scorer: Any = None
    references: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.scorer = self.scorer or TreeScorer(self.model)
        self.weights = [w for w in self.model.parameters() if w.requires_grad]
        if self.optimizer is None:
            self.optimizer = torch.optim.AdamW(self.weights, lr=1e-4, weight_decay=0.0)

    def reference(self, budget: int = BUDGET) -> list[float]:
        """Log-probabilities of all replies under the reference, from an empty store."""

        def score(row: Row) -> list[float]:
            with torch.no_grad(), self.model.disable_adapter(), self._autocast():
                found: list[float] = self.scorer(row).tolist()
            return found

        with ReferenceStore() as store:
            (self.references,) = reference_logps(store, ReferenceKey("w", "t", "d"), [self.tokens], score, budget)
        return self.references

    def step(self) -> float:
        """Pack, score, differentiate, clip, update; returns the loss."""
        loss = self.gradient()
        torch.nn.utils.clip_grad_norm_(self.weights, self.clip)
        assert self.optimizer is not None
        self.optimizer.step()
        self.optimizer.zero_grad()
        return loss

    def gradient(self) -> float:
        """Everything of a step but the update."""
        rows = pack([self.tokens], BUDGET)
        totals = step_totals(rows, self.objective)
        known = dict(zip(self.tokens.replies, self.references, strict=True))
        total = 0.0
        for row, weights in zip(rows, totals.weights, strict=True):
            with self._autocast():
                logp = self.scorer(row)
            ref = torch.tensor([known[reply] for _, reply in row.replies], dtype=logp.dtype, device=logp.device)
            loss, _, _ = row_loss(row, weights, logp, ref, self.objective, totals)
            loss.backward()
            total += float(loss.detach())
        return total

    def _autocast(self) -> AbstractContextManager[Any]:
        return torch.autocast(self.model.device.type, torch.bfloat16) if self.bf16 else nullcontext()


def exactness(tree: PeftModel, plain: PeftModel, tokens: TokenSet) -> tuple[float, float]:
    """(largest difference of a log-probability in nats, relative difference of the gradient) of the tree against one row
    for each reply, for two models with the same weights.  The reference is one nat off, so that no pair is at rest.
    """
    sides = [Own(tree, tokens), Own(plain, tokens, scorer=PlainScorer(plain))]
    (row,) = pack([tokens], BUDGET)
    logps, gradients = [], []
    for side in sides:
        side.references = [-float(i % 3) for i in range(len(tokens.replies))]
        with torch.no_grad():
            logps.append(side.scorer(row))
        side.gradient()
        gradients.append(torch.cat([w.grad.flatten() for w in side.weights if w.grad is not None]))
    moved = torch.linalg.norm(gradients[1])
    if not moved > 1e-6:
        raise AssertionError("the gradient is zero, so the comparison says nothing")
    off = torch.linalg.norm(gradients[0] - gradients[1]) / moved
    return float((logps[0] - logps[1]).abs().max()), float(off)


def store_work(sets: list[TokenSet], changed: list[TokenSet], model: PeftModel) -> tuple[int, int]:
    """Replies that the reference pass computes for `sets` from an empty store, and then for `changed`."""
    scorer, counts = TreeScorer(model), []
    count = 0

    def score(row: Row) -> list[float]:
        nonlocal count
        count += len(row.replies)
        with torch.no_grad():
            found: list[float] = scorer(row).tolist()
        return found

    with ReferenceStore() as store:
        for every in (sets, changed):
            count = 0
            reference_logps(store, ReferenceKey("w", "t", "d"), every, score, 2048)
            counts.append(count)
    return counts[0], counts[1]
