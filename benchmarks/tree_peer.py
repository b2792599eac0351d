"""The peer of benchmarks/tree_dpo.py: the real `trl.DPOTrainer`, on the same model and the same tokens as ours.

Token sets become text of a word-level tokenizer (`w17` is token 17), so TRL reads exactly the tokens that the tree holds.
What TRL computes is left as it is; the subclass only reads the clock.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Any

import torch
from datasets import Dataset
from datasets.utils.logging import disable_progress_bar
from peft import LoraConfig, PeftModel
from tokenizers import AddedToken, Tokenizer, models, pre_tokenizers
from transformers import PreTrainedModel, PreTrainedTokenizerFast, PrinterCallback, TrainerCallback
from trl import DPOConfig, DPOTrainer

from benchmarks.tree_case import END, PAD
from redline.training.trees import TokenSet

__all__ = ["TimedTrainer", "Watch", "clock", "pairs_of", "tokenizer_of", "trainer_of"]


def clock() -> tuple[float, float]:
    """(CPU seconds of all threads, wall seconds), after everything that a GPU has been given is done."""
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return time.process_time(), time.perf_counter()


def tokenizer_of(vocabulary: int) -> PreTrainedTokenizerFast:
    """One token a word: `w17` is 17."""
    words = {"</s>": END, "<pad>": PAD} | {f"w{i}": i for i in range(2, vocabulary)}
    made = Tokenizer(models.WordLevel(words, unk_token="<pad>"))
    made.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    made.add_special_tokens([AddedToken("</s>", special=True), AddedToken("<pad>", special=True)])
    return PreTrainedTokenizerFast(tokenizer_object=made, eos_token="</s>", pad_token="<pad>")


def pairs_of(sets: Sequence[TokenSet]) -> Dataset:
    """The rows of a TRL preference data set; TRL adds the end token itself."""

    def text(ids: Sequence[int]) -> str:
        return "".join(f" w{i}" for i in ids if i != END)

    return Dataset.from_list(
        [
            {"prompt": text(s.prompt), "chosen": text(s.replies[p.chosen]), "rejected": text(s.replies[p.rejected])}
            for s in sets
            for p in s.pairs
        ]
    )


class TimedTrainer(DPOTrainer):
    """`DPOTrainer` with a clock around its reference pass and a count of the rows that it runs."""

    reference_cpu = reference_wall = 0.0
    reference_rows = 0

    def _precompute_ref_logps(self, dataset: Dataset, name: str, batch_size: int) -> Dataset:
        cpu, wall = clock()
        found = super()._precompute_ref_logps(dataset, name, batch_size)
        done_cpu, done_wall = clock()
        self.reference_cpu, self.reference_wall = done_cpu - cpu, done_wall - wall
        return found

    def compute_ref_log_probs(self, model: Any, inputs: Any) -> Any:
        self.reference_rows += len(inputs["input_ids"])
        return super().compute_ref_log_probs(model, inputs)


class Watch(TrainerCallback):  # type: ignore[misc]
    """CPU and wall seconds of each optimiser step, from its first forward pass to after the update.

    The batches of a step are made before it begins, so data costs TRL nothing.  Before the micro-batches numbered in `at`
    the clock stands still and `between` runs: there our side takes its turn under the same load of the machine.
    """

    def __init__(self, between: Callable[[], object] = lambda: None, at: Collection[int] = (0,)) -> None:
        self.between, self.at = between, at
        self.cpu: list[float] = []
        self.wall: list[float] = []

    def on_step_begin(self, *_: Any, **__: Any) -> None:
        self._number, self._cpu, self._wall = 0, 0.0, 0.0
        self._turn()

    def on_substep_end(self, *_: Any, **__: Any) -> None:
        self._number += 1
        self._stop()
        self._turn()

    def on_step_end(self, *_: Any, **__: Any) -> None:
        self._stop()
        self.cpu.append(self._cpu)
        self.wall.append(self._wall)

    def _turn(self) -> None:
        if self._number in self.at:
            self.between()
        self._since = clock()

    def _stop(self) -> None:
        cpu, wall = clock()
        self._cpu += cpu - self._since[0]
        self._wall += wall - self._since[1]


def trainer_of(
    model: PreTrainedModel | PeftModel, sets: Sequence[TokenSet], vocabulary: int, *, precompute: bool, steps: int,
    watch: Watch | None = None, lora: LoraConfig | None = None, optimizer: torch.optim.Optimizer | None = None,
    **settings: Any,
) -> TimedTrainer:  # fmt: skip
    """The peer over `sets`: batch 1, all pairs accumulated into one step, nothing truncated, nothing logged.

    With `lora` the adapter is TRL's own and fresh, so its reference is the cheaper one: the adapter switched off.  A
    model that brings an adapter gets a frozen second one as its reference.
    """
    disable_progress_bar()
    cpu = model.device.type == "cpu"
    pairs = [(s, p) for s in sets for p in s.pairs]
    fixed: dict[str, Any] = {
        "output_dir": str(Path(tempfile.gettempdir()) / "trl-dpo"), "report_to": "none", "save_strategy": "no", "seed": 0,
        "logging_strategy": "no", "disable_tqdm": True, "use_cpu": cpu, "dataloader_pin_memory": not cpu,
        "per_device_train_batch_size": 1, "gradient_accumulation_steps": len(pairs), "max_steps": steps,
        "train_sampling_strategy": "sequential", "max_length": None, "gradient_checkpointing": False, "bf16": False,
        "precompute_ref_log_probs": precompute, "learning_rate": 1e-4, "lr_scheduler_type": "constant",
        "max_grad_norm": 1.0, "beta": 0.1,
    }  # fmt: skip
    trainer = TimedTrainer(
        model=model, args=DPOConfig(**(fixed | settings)), train_dataset=pairs_of(sets),
        processing_class=tokenizer_of(vocabulary), callbacks=[watch] if watch else None, peft_config=lora,
        optimizers=(optimizer, None),
    )  # fmt: skip
    trainer.remove_callback(PrinterCallback)
    for row, (own, pair) in zip(trainer.train_dataset, pairs, strict=True):
        read = tuple(tuple(row[f"{part}_ids"]) for part in ("prompt", "chosen", "rejected"))
        if read != (own.prompt, own.replies[pair.chosen], own.replies[pair.rejected]):
            raise AssertionError("TRL does not see the tokens of the set")
    if precompute and trainer.reference_rows != 2 * len(pairs):
        raise AssertionError("TRL took reference log-probabilities from a cache")
    return trainer
