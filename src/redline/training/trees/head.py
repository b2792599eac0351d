"""Log-probabilities of the scored tokens alone, in chunks, with the sums in 32 bits or more."""

from __future__ import annotations

from typing import Any

import torch

__all__ = ["token_logps"]

_ELEMENTS = 1 << 20
"""Most logits that are held at once (4 MiB in 32 bits), as long as that is not fewer than `_LEAST` tokens."""
_LEAST = 128


def token_logps(hidden: torch.Tensor, head: Any, target: torch.Tensor, softcap: float | None = None) -> torch.Tensor:
    """log p(target[e]) [e] from hidden states [e, d] under the output layer `head` (weight [V, d], maybe a bias).

    The output layer is frozen (training never adapts it), so the gradient of a log-probability with respect to its
    hidden state, W[target] - sum_v p_v W[v], is made in the forward pass and multiplied by what comes back: no logits are
    kept and none are computed twice.  `softcap` is Gemma's cap * tanh(logit / cap).
    """
    result: torch.Tensor = _TokenLogps.apply(hidden, head.weight, getattr(head, "bias", None), target, softcap)
    return result


class _TokenLogps(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        hidden: torch.Tensor,
        weight: torch.Tensor,
        bias: torch.Tensor | None,
        target: torch.Tensor,
        softcap: float | None,
    ) -> torch.Tensor:
        wide = torch.promote_types(hidden.dtype, torch.float32)
        wanted = hidden.requires_grad
        logps = torch.empty(len(target), dtype=wide, device=hidden.device)
        slopes = torch.empty_like(hidden) if wanted else None
        chunk = max(_LEAST, _ELEMENTS // weight.shape[0])
        for start in range(0, len(target), chunk):
            part = slice(start, start + chunk)
            goal = target[part, None]
            logits = torch.nn.functional.linear(hidden[part], weight, bias).to(wide)
            if softcap is not None:
                logits = torch.tanh(logits / softcap) * softcap
            total = torch.logsumexp(logits, dim=1, keepdim=True)
            logps[part] = (logits.gather(1, goal) - total)[:, 0]
            if slopes is not None:
                bend = 1 - (logits / softcap) ** 2 if softcap is not None else None
                slope = logits.sub_(total).exp_().neg_()
                slope.scatter_add_(1, goal, torch.ones_like(goal, dtype=wide))
                if bend is not None:
                    slope *= bend
                slopes[part] = slope.to(weight.dtype) @ weight
        if slopes is not None:
            ctx.save_for_backward(slopes)
        return logps

    @staticmethod
    def backward(ctx: Any, *grads: torch.Tensor) -> tuple[torch.Tensor, None, None, None, None]:
        (slopes,) = ctx.saved_tensors
        return (slopes * grads[0][:, None]).to(slopes.dtype), None, None, None, None
