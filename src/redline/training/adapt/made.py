"""What a run was made from and what it made: the digest that a run is known by, the card, the result to find again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from redline.chat.adapters import AdapterInfo, is_adapter, read_adapter
from redline.files import write_json
from redline.records import digest
from redline.training.adapt.checkpoint import State
from redline.training.adapt.policy import Ground
from redline.training.adapt.settings import AdaptSettings, Method
from redline.training.tokenise import LeftOut
from redline.training.trees import TokenSet

__all__ = ["Adapted", "find_finished", "keep_result", "made_from", "make_card", "portable"]

_OVERALL = ("step", "loss", "prompts", "pairs", "token_loss", "pair_loss", "margin", "accuracy")


@dataclass(frozen=True)
class Adapted:
    """A saved adapter and how it came about."""

    info: AdapterInfo
    card: Mapping[str, Any]


def made_from(
    settings: AdaptSettings, method: Method, ground: Ground, trained: Sequence[TokenSet], held: Sequence[TokenSet]
) -> str:
    """Digest of everything that the weights after a step depend on."""
    said = settings.model_dump(mode="json", include={"seed", "lora", "loss", "train", "stop"})
    said["train"].pop("save_every")
    return digest([said, method, ground.base.digest, ground.began, ground.dtype, _material((trained, held))])


def _material(parts: Sequence[Sequence[TokenSet]]) -> str:
    """Digest of sets in tokens, one after the other: as one JSON text a large corpus would take gigabytes."""
    total = hashlib.sha256()
    for part in parts:
        total.update(f"{len(part)} sets\n".encode())
        for s in part:
            pairs = [[p.chosen, p.rejected, p.weight] for p in s.pairs]
            total.update(json.dumps([len(s.prompt), [len(r) for r in s.replies], pairs, s.learn]).encode())
            for ids in (s.prompt, *s.replies):
                total.update(np.asarray(ids, dtype="<i4").tobytes())
    return total.hexdigest()


def make_card(
    settings: AdaptSettings, method: Method, ground: Ground, state: State, left_out: LeftOut,
    trained: Sequence[TokenSet], held: Sequence[TokenSet], made: str, plain: str,
) -> dict[str, Any]:  # fmt: skip
    """What stands in `redline.json`: every validation overall, the kept one in full (the others are in metrics.jsonl)."""
    best = state.best[1] if state.best else state.step
    return {
        "method": method,
        "settings": portable(settings),
        "base": {"name": ground.base.name, "digest": ground.base.digest},
        "start": ground.began,
        "template": ground.template.digest,
        "dtype": ground.dtype,
        "made_from": made,
        "sets": len(trained),
        "validation_sets": len(held),
        "pairs": sum(len(s.pairs) for s in trained),
        "replies": sum(len(s.replies) for s in trained),
        "left_out": left_out.as_dict(),
        "plain_rows": plain,
        "steps": state.step,
        "best_step": best,
        "stopped_early": state.stopped,
        "validation": [{k: row[k] for k in _OVERALL if k in row} for row in state.history],
        "kept": next((row for row in state.history if row["step"] == best), None),
        "versions": {name: version(name) for name in ("torch", "transformers", "peft", "accelerate")},
    }


def portable(settings: AdaptSettings) -> dict[str, Any]:
    """The resolved settings with names for places of this machine; digests say what they held."""
    said: dict[str, Any] = settings.model_dump(mode="json")
    for table, key in (("model", "base"), ("model", "adapter"), ("data", "corpus"), ("data", "sets")):
        if said[table][key]:
            said[table][key] = Path(said[table][key]).name
    return said


def keep_result(folder: Path, adapted: Adapted, made: str) -> None:
    """Write down what the run in `folder` made, so that the same run is not made again."""
    write_json(folder / "result.json", {"id": adapted.info.id, "made_from": made, "card": dict(adapted.card)})


def find_finished(out: Path, folder: Path, made: str) -> Adapted | None:
    """The adapter that a run with the same settings, material and weights has made already."""
    try:
        result = json.loads((folder / "result.json").read_text(encoding="utf-8"))
        if result["made_from"] != made or not is_adapter(out / result["id"]):
            return None
        return Adapted(read_adapter(out / result["id"]), result["card"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
