"""The GPU half of benchmarks/tree_dpo.py: pairs a second against TRL with the best settings that fit.

TRL's best: bfloat16, precomputed reference, the largest batch that fits, checkpointing only where nothing fits without it,
FlashAttention where it is installed.  The two sides run one after the other, each with the whole card for itself.
"""

from __future__ import annotations

import gc
import importlib.util
import statistics
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch

from benchmarks.tree_case import SHAPES, Case, Shape, adapted, base_of, lora_of, tokens_of
from benchmarks.tree_own import Own, exactness
from benchmarks.tree_peer import Watch, clock, trainer_of

__all__ = ["graphics"]

STEPS = 4  # the first is thrown away


@dataclass(frozen=True)
class Speed:
    """Wall seconds of a step and of the reference pass, MiB above the model at the peak of a step, and with which settings."""

    step: float
    reference: float
    memory: float
    batch: int
    checkpointing: bool

    def __str__(self) -> str:
        return f"{self.batch} pairs at once{', checkpointing' if self.checkpointing else ''}"


def graphics(shape: Shape, cases: list[Case], device: str = "cuda") -> tuple[dict[str, Any], list[Any]]:
    """Figures and bars of every case, in the form of the processor's."""
    rows: list[dict[str, Any]] = []
    bars: list[Any] = []
    _peer(Case(32, 8, 1, True), shape, device, 1, False)  # loads what the timed runs need
    for case in cases:
        found = list(_fitting(partial(_peer, case, shape, device), _batches(case)))
        best = min(found, key=lambda s: s.step)
        online = _peer(case, shape, device, best.batch, best.checkpointing, precompute=False)
        (own,) = _fitting(partial(_own, case, shape, device), (case.k,))
        exact = SHAPES["exact"]
        twins = [adapted(base_of(exact), exact, b_scale=0.1) for _ in range(2)]
        logps, gradient = exactness(*twins, tokens_of(case.smaller(10), exact.vocabulary))
        rows.append(
            {
                "P": case.P, "R": case.R, "k": case.k, "shared": case.shared, "ratio_online": online.step / own.step,
                "ratio_cached": best.step / own.step,
                "ratio_reference": min(s.reference for s in found) / own.reference,
                "memory_ratio": own.memory / found[-1].memory if found[-1].memory else 0.0,
                "max_logp_diff": logps, "grad_rel_diff": gradient,
            }
        )  # fmt: skip
        print(
            f"{case.name}: TRL {case.k / best.step:.2f} pairs/s cached ({best}), {case.k / online.step:.2f} online; "
            f"tree {case.k / own.step:.2f} pairs/s ({own}); peak {own.memory:.0f} MiB, TRL at its smallest batch "
            f"{found[-1].memory:.0f} MiB",
            flush=True,
        )
        bars.append((f"{case.name}: pairs a second over TRL's best", best.step / own.step, 4.0, True))
    return {"cases": rows}, bars


def _batches(case: Case) -> tuple[int, ...]:
    """Batches that divide the pairs, largest first."""
    return tuple(n for n in range(case.k, 0, -1) if case.k % n == 0)


def _fitting(run: Callable[[int, bool], Speed], batches: tuple[int, ...]) -> Iterator[Speed]:
    """What fits into the card's memory: without checkpointing, and only where nothing did, with it."""
    for checkpointing in (False, True):
        any_fits = False
        for batch in batches:
            try:
                speed = run(batch, checkpointing)
            except torch.cuda.OutOfMemoryError:
                continue
            finally:
                gc.collect()
                torch.cuda.empty_cache()
            any_fits = True
            yield speed
        if any_fits:
            return
    raise RuntimeError("no setting fits into the memory of this card")


def _allocated(device: str) -> float:
    """Most MiB since the mark was set."""
    return torch.cuda.max_memory_allocated() / 2**20 if device == "cuda" else 0.0


def _mark(device: str) -> float:
    """Set the mark; returns MiB that are taken now."""
    if device != "cuda":
        return 0.0
    torch.cuda.synchronize()
    torch.cuda.reset_peak_memory_stats()
    return torch.cuda.memory_allocated() / 2**20


def _attention() -> str:
    return "flash_attention_2" if importlib.util.find_spec("flash_attn") else "sdpa"


def _peer(case: Case, shape: Shape, device: str, batch: int, checkpointing: bool, precompute: bool = True) -> Speed:
    watch = Watch()
    trainer = trainer_of(
        base_of(shape, device=device, attention=_attention()), [tokens_of(case, shape.vocabulary)], shape.vocabulary,
        precompute=precompute, steps=STEPS, watch=watch, lora=lora_of(shape), bf16=shape.dtype == "bfloat16",
        per_device_train_batch_size=batch, gradient_accumulation_steps=case.k // batch,
        precompute_ref_batch_size=batch, gradient_checkpointing=checkpointing,
    )  # fmt: skip
    before = _mark(device)
    trainer.train()
    step = statistics.median(watch.wall[1:])
    return Speed(step, trainer.reference_wall, _allocated(device) - before, batch, checkpointing)


def _own(case: Case, shape: Shape, device: str, batch: int, checkpointing: bool) -> Speed:
    model = adapted(base_of(shape, device=device), shape)
    if checkpointing:
        model.gradient_checkpointing_enable({"use_reentrant": False})
        model.enable_input_require_grads()
    own = Own(model, tokens_of(case, shape.vocabulary), bf16=shape.dtype == "bfloat16")
    passes = [_wall(own.reference) for _ in range(3)]
    before = _mark(device)
    steps = [_wall(own.step) for _ in range(STEPS)]
    return Speed(statistics.median(steps[1:]), min(passes), _allocated(device) - before, batch, checkpointing)


def _wall(work: Callable[[], object]) -> float:
    """Seconds of one run."""
    began = clock()[1]
    work()
    return clock()[1] - began
