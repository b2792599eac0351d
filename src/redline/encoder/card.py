"""The card that travels with the encoder: what it was made from, how good it is, and what scoring needs of it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

from redline.errors import InputError

__all__ = ["SHIPPED", "EncoderCard", "bundled_encoder", "read_card"]

SHIPPED = ("units.onnx", "content.onnx", "themes.onnx", "head.json", "tokenizer.json", "words.json")


@dataclass(frozen=True)
class EncoderCard:
    """`data` is `card.json`; the properties are the parts that scoring reads.

    p(carried) = sigmoid(slope * logit + offset), from held-out calibration (Platt 1999).
    """

    folder: Path
    data: Mapping[str, Any]

    @property
    def slope(self) -> float:
        """Of the calibration."""
        return float(self.data["calibration"]["slope"])

    @property
    def offset(self) -> float:
        """Of the calibration."""
        return float(self.data["calibration"]["offset"])

    @property
    def threshold(self) -> float:
        """A unit counts as carried from this calibrated probability on."""
        return float(self.data["calibration"]["threshold"])

    @property
    def window(self) -> int:
        """Most tokens of one chunk, the two special ones included."""
        return int(self.data["window"])

    @property
    def themes(self) -> tuple[str, ...]:
        """Theme keys in the order of the theme logits."""
        return tuple(self.data["themes"]["keys"])

    @property
    def theme_calibration(self) -> tuple[tuple[float, float, float], ...]:
        """(slope, offset, threshold) of each theme."""
        return tuple((t["slope"], t["offset"], t["threshold"]) for t in self.data["themes"]["calibration"])

    @cached_property
    def digest(self) -> str:
        """Of everything that can move a verdict: the files' digests and the calibration, as the card states them."""
        parts = {"files": self.data["files"], "calibration": self.data["calibration"], "themes": self.data["themes"]}
        parts["window"] = self.window
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:8]

    def check_files(self) -> None:
        """Raise `InputError` unless every file has the digest that the card states."""
        for name, stated in self.data["files"].items():
            path = self.folder / name
            found = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "nothing"
            if found != stated:
                raise InputError.single(
                    str(path), "is not the file that card.json describes",
                    hint="Install redline again, or rebuild the encoder with `redline train encoder`.",
                )  # fmt: skip


def read_card(folder: str | Path) -> EncoderCard:
    """The card in `folder`; `InputError` where the folder is no encoder."""
    folder = Path(folder)
    path = folder / "card.json"
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError.single(
            str(path),
            f"cannot be read ({error.strerror})",
            hint="An encoder is a folder with card.json and its graphs.",
        ) from None
    except ValueError:
        raise InputError.single(str(path), "is not JSON") from None
    for key in ("files", "calibration", "themes", "window"):
        if key not in data:
            raise InputError.single(str(path), "is missing", field=key)
    for name in SHIPPED:
        if name not in data["files"]:
            raise InputError.single(
                str(path), f"does not name {name}: it was made by another version", field="files",
                hint="Rebuild the encoder with `redline train encoder`.",
            )  # fmt: skip
    return EncoderCard(folder, data)


def bundled_encoder() -> EncoderCard:
    """The encoder that ships with the package."""
    with as_file(files("redline") / "resources" / "encoder") as folder:
        return read_card(folder)
