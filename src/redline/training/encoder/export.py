"""From the trained network to the three graphs that scoring runs: ONNX with int8 weights."""

from __future__ import annotations

import logging
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from redline.training.encoder.model import EditEncoder

__all__ = ["export_content", "export_themes", "export_units", "quantise"]

_OPSET = 17


class _Units(nn.Module):
    """Token ids of units to token vectors, states for cross-attention (layers, units, length, width) and for themes."""

    def __init__(self, model: EditEncoder) -> None:
        super().__init__()
        self.model = model

    def forward(self, ids: Tensor, mask: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        states = self.model.states(ids, mask)
        return states[-1], torch.stack(self.model.cross_states(states)), self.model.theme_start(states)


class _Content(nn.Module):
    """States of units (B, n, width) and of one other text (layers, m, width) to what cross-attention adds (B,)."""

    def __init__(self, model: EditEncoder) -> None:
        super().__init__()
        self.head = model.carried

    def forward(self, unit: Tensor, mask: Tensor, mean: Tensor, other: Tensor) -> Tensor:
        real = torch.ones(1, other.shape[1], dtype=torch.bool)
        return self.head.crossed(unit, mask, mean, other[:, None], real, torch.zeros_like(mask[:, 0], dtype=torch.long))


def export_units(model: EditEncoder, path: Path) -> None:
    """Write the fp32 graph of units: token ids and mask to token vectors and the states that other graphs start from."""
    model = model.eval()
    model.base.set_attn_implementation("eager")
    ids = torch.randint(1000, 2000, (3, 7))
    free = {0: "units", 1: "length"}
    axes = {"ids": free, "mask": free, "tokens": free, "lower": {1: "units", 2: "length"}, "start": free}
    _write(_Units(model), (ids, _mask()), path, ["ids", "mask"], ["tokens", "lower", "start"], axes)


def export_content(model: EditEncoder, path: Path) -> None:
    """Write the fp32 graph of cross-attention: units and one other text to an addition to the logit."""
    width, layers = model.shape.width, model.shape.cross_layers
    unit, mean, other = torch.randn(3, 7, width), torch.randn(3, width), torch.randn(layers, 11, width)
    free = {0: "units", 1: "length"}
    axes = {"unit": free, "mask": free, "mean": {0: "units"}, "other": {1: "other_length"}}
    _write(_Content(model), (unit, _mask(), mean, other), path, ["unit", "mask", "mean", "other"], ["logit"], axes)


def export_themes(model: EditEncoder, path: Path) -> None:
    """Write the fp32 graph of the theme tower: states of units to theme logits."""
    free = {0: "units", 1: "length"}
    start = torch.randn(3, 7, model.shape.width)
    _write(model.theme, (start, _mask()), path, ["start", "mask"], ["themes"], {"start": free, "mask": free})


def _mask() -> Tensor:
    mask = torch.ones(3, 7, dtype=torch.bool)
    mask[1, 5:] = False
    return mask


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

    logging.getLogger("onnxruntime.quantization.matmul_nbits_quantizer").setLevel(logging.WARNING)
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
