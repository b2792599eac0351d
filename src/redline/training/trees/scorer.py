"""Log-probabilities of every reply of a row under a model: in one pass over the trees, or reply by reply."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from redline.training.trees.attention import NAME, Plan, register
from redline.training.trees.head import token_logps
from redline.training.trees.packing import Row
from redline.training.trees.support import runs_trees

__all__ = ["PlainScorer", "TreeScorer", "bare", "scorer_for"]


def bare(model: Any) -> Any:
    """The transformers model inside a PEFT one; LoRA layers stay where they are."""
    return model.get_base_model() if hasattr(model, "get_base_model") else model


class TreeScorer(nn.Module):
    """`scorer(row)` -> summed log-probability of each reply of the row [u], differentiable, prompt computed once.

    The model's attention is switched to trees for good: use another copy of it for generating.  In `half` precision (a base
    in bfloat16) adapters, which are kept in 32 bits, are multiplied in 16.
    """

    def __init__(self, model: Any, half: torch.dtype | None = None) -> None:
        super().__init__()
        self.half = half
        register()
        bare(model).set_attn_implementation(NAME)
        self.model = model

    def forward(self, row: Row) -> torch.Tensor:
        inside = bare(self.model)
        head = inside.get_output_embeddings()
        device = head.weight.device
        ids, positions, predictor, target, edge, reply = (
            torch.tensor(values, device=device)
            for values in (row.ids, row.positions, row.predictor, row.target, row.edge, row.reply)
        )
        with torch.autocast(device.type, self.half, enabled=self.half is not None):
            hidden = inside.get_decoder()(
                input_ids=ids[None], position_ids=positions[None], use_cache=False, tree_plan=Plan(row.segments, device)
            ).last_hidden_state[0]
        softcap = getattr(inside.config, "final_logit_softcapping", None)
        tokens = token_logps(hidden[predictor], head, target, softcap)
        return tokens.new_zeros(len(row.replies)).index_add(0, reply, tokens[edge])


class PlainScorer(nn.Module):
    """The same numbers from one row a reply and the model's own attention: for other architectures, and as the oracle."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = model

    def forward(self, row: Row) -> torch.Tensor:
        device = bare(self.model).get_output_embeddings().weight.device
        return torch.stack([self._reply(row.prompts[n], reply, device) for n, reply in row.replies])

    def _reply(self, prompt: tuple[int, ...], reply: tuple[int, ...], device: torch.device) -> torch.Tensor:
        ids = torch.tensor([[*prompt, *reply]], device=device)
        logits = self.model(input_ids=ids, use_cache=False, logits_to_keep=len(reply) + 1).logits[
            0, -len(reply) - 1 : -1
        ]
        wide = logits.to(torch.promote_types(logits.dtype, torch.float32))
        return wide.log_softmax(-1).gather(1, ids[0, len(prompt) :, None]).sum()


def scorer_for(model: Any, half: torch.dtype | None = None) -> tuple[nn.Module, str]:
    """A tree scorer where the architecture is known to run trees, else a plain one and the reason in words."""
    why = runs_trees(bare(model).config)
    return (PlainScorer(model), why) if why else (TreeScorer(model, half), "")
