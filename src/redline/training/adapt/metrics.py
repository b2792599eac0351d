"""Metrics on disk: one JSON object a line, and TensorBoard where it is installed.  Never a word of a message."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from redline.errors import InputError
from redline.files import write_text

__all__ = ["MetricsLog"]


class MetricsLog:
    """`folder/metrics.jsonl` and `folder/tensorboard/`; a run that goes on from step `after` drops what came later."""

    def __init__(self, folder: Path, after: int) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / "metrics.jsonl"
        kept = [row for row in _rows(self.path) if row["step"] <= after]
        write_text(self.path, "".join(json.dumps(row) + "\n" for row in kept))
        self._board: Any = None
        if importlib.util.find_spec("tensorboard") is not None:
            from torch.utils.tensorboard import SummaryWriter

            self._board = SummaryWriter(str(folder / "tensorboard"), purge_step=after + 1)

    def add(self, step: int, kind: str, figures: Mapping[str, Any]) -> None:
        """Figures of a `train` step or of a `validation`."""
        try:
            with self.path.open("a", encoding="utf-8") as file:
                file.write(json.dumps({"step": step, "kind": kind, **figures}) + "\n")
        except OSError as error:
            raise InputError.single(
                str(self.path), f"cannot be written ({error.strerror})",
                hint="Make room; the same command goes on from the last checkpoint.",
            ) from None  # fmt: skip
        if self._board is not None:
            for name, value in _flat(figures):
                self._board.add_scalar(f"{kind}/{name}", value, step)

    def close(self) -> None:
        """Flush the event file."""
        if self._board is not None:
            self._board.close()


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    """Whole lines of a log that may have been cut off in its last one."""
    for line in path.read_text(encoding="utf-8").splitlines() if path.is_file() else []:
        try:
            yield json.loads(line)
        except ValueError:
            return


def _flat(figures: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, float]]:
    for name, value in figures.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{before}{name}/")
        elif isinstance(value, int | float):
            yield before + name, float(value)
