"""From the trained network to the graph that scoring runs: ONNX with int8 weights."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from redline.training.encoder.model import EditEncoder

__all__ = ["export_units", "quantise"]

_OPSET = 17


class _Units(nn.Module):
    """Token ids of units to token vectors and theme logits."""

    def __init__(self, model: EditEncoder) -> None:
        super().__init__()
        self.base, self.theme = model.base, model.theme

    def forward(self, ids: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        tokens = self.base(input_ids=ids, attention_mask=mask.long()).last_hidden_state
        return tokens, self.theme(tokens, mask)


def export_units(model: EditEncoder, path: Path) -> None:
    """Write the fp32 graph of units: token ids and mask to token vectors and theme logits; sizes are free."""
    model = model.eval()
    model.base.set_attn_implementation("eager")
    ids = torch.randint(1000, 2000, (3, 7))
    mask = torch.ones(3, 7, dtype=torch.bool)
    mask[1, 5:] = False
    free = {0: "units", 1: "length"}
    _write(_Units(model), (ids, mask), path, ["ids", "mask"], ["tokens", "themes"], {"ids": free, "mask": free})


def _write(
    module: nn.Module, example: tuple[Tensor, ...], path: Path, inputs: list[str], outputs: list[str],
    axes: dict[str, dict[int, str]],
) -> None:  # fmt: skip
    with torch.inference_mode(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            module.eval(), example, str(path), input_names=inputs, output_names=outputs, dynamic_axes=axes,
            opset_version=_OPSET, dynamo=False,
        )  # fmt: skip


def quantise(source: Path, target: Path) -> None:
    """int8 weights: products in blocks of 32 with their own scale, word vectors with a scale a row.

    Activations are quantised per block as well while the product runs.  Per-tensor dynamic quantisation was tried and
    changes sentence vectors about twenty times as much (docs/design/003).
    """
    import onnx
    from onnxruntime.quantization.matmul_nbits_quantizer import MatMulNBitsQuantizer

    model = onnx.load(source)
    _quantise_rows(model)
    quantizer = MatMulNBitsQuantizer(model, bits=8, block_size=32, is_symmetric=True, accuracy_level=4)
    quantizer.process()
    onnx.save(quantizer.model.model, target)


def _quantise_rows(model: Any, least: int = 200_000) -> None:
    """Replace each large table behind a Gather by int8 rows and a scale a row."""
    from onnx import TensorProto, helper, numpy_helper

    graph = model.graph
    tables = {i.name: i for i in graph.initializer}
    for node in [n for n in graph.node if n.op_type == "Gather" and n.input[0] in tables]:
        name, ids, out = node.input[0], node.input[1], node.output[0]
        table = numpy_helper.to_array(tables[name])
        if table.dtype != np.float32 or table.ndim != 2 or table.size < least:
            continue
        scale = np.maximum(np.abs(table).max(axis=1, keepdims=True) / 127, 1e-9).astype(np.float32)
        rows = np.clip(np.round(table / scale), -127, 127).astype(np.int8)
        graph.initializer.remove(tables[name])
        graph.initializer.extend(
            [numpy_helper.from_array(rows, f"{name}.rows"), numpy_helper.from_array(scale, f"{name}.scale")]
        )
        place = list(graph.node).index(node)
        graph.node.remove(node)
        new = [
            helper.make_node("Gather", [f"{name}.rows", ids], [f"{out}.rows"], axis=0),
            helper.make_node("Cast", [f"{out}.rows"], [f"{out}.float"], to=TensorProto.FLOAT),
            helper.make_node("Gather", [f"{name}.scale", ids], [f"{out}.scale"], axis=0),
            helper.make_node("Mul", [f"{out}.float", f"{out}.scale"], [out]),
        ]
        for offset, item in enumerate(new):
            graph.node.insert(place + offset, item)
