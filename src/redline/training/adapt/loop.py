"""The training loop, all of it: plan a step, run its rows, step, validate, keep.

One process or several (accelerate), the result is the same up to the order of sums: every process plans every step, runs
its share of the rows and divides by the totals of the whole step.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from accelerate.utils import gather_object

from redline.errors import UsageError
from redline.records import digest
from redline.training.adapt.checkpoint import State, load_state, save_state
from redline.training.adapt.figures import Figures, combined
from redline.training.adapt.metrics import MetricsLog
from redline.training.adapt.policy import Policy
from redline.training.adapt.settings import AdaptSettings
from redline.training.adapt.steps import epoch_steps, rows_of, share_of
from redline.training.objective import Objective, row_loss, step_totals
from redline.training.trees import Row, TokenSet

__all__ = ["Examples", "Training"]


@dataclass(frozen=True)
class Examples:
    """Sets in tokens, with the reference log-probability of each of their replies where pairs are learned."""

    sets: Sequence[TokenSet]
    references: Sequence[Sequence[float]] | None = None

    def only(self, places: Sequence[int]) -> Examples:
        """Those at `places`."""
        refs = None if self.references is None else [self.references[i] for i in places]
        return Examples([self.sets[i] for i in places], refs)

    def reference(self, row: Row, device: Any) -> torch.Tensor | None:
        """Of the row's replies [u]."""
        if self.references is None:
            return None
        known = {
            (n, reply): value
            for n in row.prompts
            for reply, value in zip(self.sets[n].replies, self.references[n], strict=True)
        }
        return torch.tensor([known[key] for key in row.replies], device=device, dtype=torch.float64)


@dataclass
class Training:
    """One run over `examples`; `held` are the validation sets, `folder` is where checkpoint and metrics live."""

    policy: Policy
    scorer: Any
    examples: Examples
    held: Examples
    objective: Objective
    settings: AdaptSettings
    accelerator: Any
    folder: Path
    made_from: str
    tell: Callable[[int, int, str], None]

    def run(self) -> State:
        """Train to the end, or on from the checkpoint; the policy then holds the best validated parameters."""
        train, trained = self.settings.train, self.policy.trained
        optimizer = self._optimizer(list(trained.values()))
        path = self.folder / "checkpoint.pt"
        state = load_state(path, self.made_from, trained, optimizer)
        scorer, optimizer = self.accelerator.prepare(self.scorer, optimizer)
        main = self.accelerator.is_main_process
        log = MetricsLog(self.folder, state.step if state.validated >= 0 else -1) if main else None
        epoch_length = len(epoch_steps(len(self.examples.sets), train.prompts, 0, 0))
        total, order = epoch_length * train.epochs, {}  # type: int, dict[int, list[list[int]]]
        if state.step:
            self.tell(state.step, total, f"going on behind step {state.step}")
        if state.validated < 0:
            self._validate(scorer, state, log)
        while state.step < total and not state.stopped:
            epoch, place = divmod(state.step, epoch_length)
            if epoch not in order:
                order = {epoch: epoch_steps(len(self.examples.sets), train.prompts, self.settings.seed, epoch)}
            chosen = order[epoch][place]
            for group in optimizer.param_groups:
                group["lr"] = train.rate * self._share_of_rate(state.step, total)
            figures = self._step(scorer, optimizer, self.examples.only(chosen), state.step)
            state.step += 1
            summary = figures.summary()
            _check_number(summary.get("pair_loss", 0.0) + summary.get("token_loss", 0.0), state.step)
            if log is not None:
                log.add(state.step, "train", {"rate": optimizer.param_groups[0]["lr"], **summary})
            self.tell(state.step, total, _words(summary))
            ended = state.step % epoch_length == 0
            if ended or state.step % self.settings.stop.every == 0:
                self._validate(scorer, state, log)
            if main and (ended or state.step % train.save_every == 0 or state.stopped):
                save_state(path, self.made_from, state, trained, optimizer)
        if log is not None:
            log.close()
        if state.best is not None:
            with torch.no_grad():
                for name, parameter in trained.items():
                    parameter.copy_(state.best[2][name])
        return state

    def _step(self, scorer: Any, optimizer: Any, examples: Examples, step: int) -> Figures:
        """One optimiser step over the sets of `examples`; the figures of all processes."""
        rows = rows_of(examples.sets, range(len(examples.sets)), self.settings.train.row_tokens)
        totals = step_totals(rows, self.objective)
        mine = share_of(rows, self.accelerator.process_index, self.accelerator.num_processes)
        figures = Figures()
        self.policy.model.train()
        with self._draws(step):
            for turn, place in enumerate(mine):
                last = turn == len(mine) - 1
                with nullcontext() if last else self.accelerator.no_sync(scorer):
                    loss = self._row(scorer, rows, place, totals.weights, totals, examples, figures)
                    # Several processes average their gradients; the loss is already divided by the whole step's totals.
                    self.accelerator.backward(loss * self.accelerator.num_processes)
        if self.settings.train.max_norm:
            self.accelerator.clip_grad_norm_(self.policy.trained.values(), self.settings.train.max_norm)
        optimizer.step()
        optimizer.zero_grad()
        return combined(gather_object([figures]))

    def _row(
        self,
        scorer: Any,
        rows: Sequence[Row],
        place: int | None,
        weights: Any,
        totals: Any,
        examples: Examples,
        figures: Figures,
    ) -> torch.Tensor:
        """Loss of one row; of a row that only keeps the processes in step where `place` is None."""
        row = rows[0 if place is None else place]
        logp = scorer(row)
        if place is None:
            nothing: torch.Tensor = logp.sum() * 0.0
            return nothing
        reference = examples.reference(row, logp.device)
        loss, pairs, nll = row_loss(row, weights[place], logp.double(), reference, self.objective, totals)
        figures.add(row, examples.sets, pairs, nll)
        return loss

    def _validate(self, scorer: Any, state: State, log: MetricsLog | None) -> None:
        """Loss on the held-out sets; keeps the best parameters and decides whether to stop."""
        state.validated = state.step
        if not self.held.sets:
            return
        rows = self._held_rows
        totals = step_totals(rows, self.objective)
        figures, loss = Figures(), 0.0
        self.policy.model.eval()
        with torch.no_grad():
            for place in share_of(rows, self.accelerator.process_index, self.accelerator.num_processes):
                loss += float(self._row(scorer, rows, place, totals.weights, totals, self.held, figures))
        loss = sum(gather_object([loss]))
        _check_number(loss, state.step)
        summary = {"loss": loss, **combined(gather_object([figures])).summary()}
        state.history.append({"step": state.step, **summary})
        if log is not None:
            log.add(state.step, "validation", summary)
        if state.best is None or loss < state.best[0]:
            kept = {name: p.detach().to("cpu", copy=True) for name, p in self.policy.trained.items()}
            state.best, state.stale = (loss, state.step, kept), 0
        else:
            state.stale += 1
            state.stopped = state.stale >= self.settings.stop.patience

    @cached_property
    def _held_rows(self) -> list[Row]:
        """Packed once for all validations."""
        return rows_of(self.held.sets, range(len(self.held.sets)), self.settings.train.row_tokens)

    def _optimizer(self, parameters: list[torch.nn.Parameter]) -> torch.optim.Optimizer:
        train = self.settings.train
        if train.optimizer == "sgd":
            return torch.optim.SGD(parameters, lr=train.rate, weight_decay=train.weight_decay)
        return torch.optim.AdamW(parameters, lr=train.rate, weight_decay=train.weight_decay)

    def _share_of_rate(self, step: int, total: int) -> float:
        """Of the peak: a linear rise over the warm-up, then as the schedule says."""
        train = self.settings.train
        warm = round(train.warmup * total)
        if step < warm:
            return (step + 1) / (warm + 1)
        done = (step - warm) / max(1, total - warm)
        shares = {"cosine": 0.5 + 0.5 * math.cos(math.pi * done), "linear": 1 - done, "constant": 1.0}
        return shares[train.schedule]

    def _draws(self, step: int) -> AbstractContextManager[None]:
        """Dropout masks (of the settings, of the adapter that training starts from, of the model) that depend on the step
        alone, so that a resumed run draws the same.
        """
        return _seeded(int(digest([self.settings.seed, step, self.accelerator.process_index]), 16) >> 1)


@contextmanager
def _seeded(seed: int) -> Iterator[None]:
    """torch's own draws from `seed` on, and everything as it was afterwards."""
    with torch.random.fork_rng([torch.cuda.current_device()] if torch.cuda.is_available() else []):
        torch.manual_seed(seed)
        yield


def _check_number(loss: float, step: int) -> None:
    """`UsageError` where training has gone so wrong that nothing of it can be kept."""
    if not math.isfinite(loss):
        raise UsageError(
            f"the loss is no number any more at step {step}: lower [train] rate, or clip gradients ([train] max_norm = 1); "
            "remove the run's checkpoint.pt before that"
        )


def _words(summary: dict[str, Any]) -> str:
    """One line for a person."""
    parts = [
        f"{word} {summary[key]:.3f}"
        for key, word in (("token_loss", "loss a token"), ("pair_loss", "loss a pair"), ("accuracy", "right"))
        if key in summary
    ]
    return ", ".join(parts)
