"""The card that travels with the model: what it was made from, and the digests of the files beside it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

from redline.errors import InputError
from redline.records import digest

__all__ = ["SHIPPED", "TinyCard", "bundled_tiny", "read_card"]

SHIPPED = ("config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json", "generation_config.json")
_HINT = "Install redline again, or rebuild the model with `redline train tiny`."


@dataclass(frozen=True)
class TinyCard:
    """`data` is `card.json`."""

    folder: Path
    data: Mapping[str, Any]

    @property
    def digest(self) -> str:
        """Of the files, as the card states them."""
        return digest(self.data["files"])

    def check_files(self) -> None:
        """Raise `InputError` unless every file has the digest that the card states."""
        for name in SHIPPED:
            path = self.folder / name
            found = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "nothing"
            if found != self.data["files"].get(name):
                raise InputError.single(str(path), "is not the file that card.json describes", hint=_HINT)


def read_card(folder: str | Path) -> TinyCard:
    """The card in `folder`; `InputError` where the folder holds no such model."""
    path = Path(folder) / "card.json"
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError.single(str(path), f"cannot be read ({error.strerror})", hint=_HINT) from None
    except ValueError:
        raise InputError.single(str(path), "is not JSON", hint=_HINT) from None
    if not isinstance(data, dict) or not isinstance(data.get("files"), dict):
        raise InputError.single(str(path), "is missing or no table", field="files", hint=_HINT)
    return TinyCard(Path(folder), data)


def bundled_tiny() -> Path:
    """Folder of the model that ships with the package (which is always installed unpacked)."""
    with as_file(files("redline") / "resources" / "tiny") as folder:
        return Path(folder)
