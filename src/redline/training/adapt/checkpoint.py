"""The state of a run between two steps, on disk: whole or not at all, and only taken up by the run that wrote it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from redline.errors import InputError, UsageError
from redline.files import open_atomic

__all__ = ["State", "load_state", "save_state"]


@dataclass
class State:
    """`step` steps are done.  `best` is (validation loss, step, trained parameters) of the best validation so far;
    `stale` counts validations since.  `started` holds the objective of the untouched model.
    """

    step: int = 0
    best: tuple[float, int, dict[str, torch.Tensor]] | None = None
    stale: int = 0
    stopped: bool = False
    validated: int = -1
    history: list[dict[str, Any]] = field(default_factory=list)


def save_state(path: Path, made_from: str, state: State, trained: dict[str, Any], optimizer: Any) -> None:
    """Write everything that the next step depends on."""
    value = {
        "made_from": made_from, "state": vars(state), "trained": {k: v.detach() for k, v in trained.items()},
        "optimizer": optimizer.state_dict(),
    }  # fmt: skip
    try:
        with open_atomic(path, "wb") as file:
            torch.save(value, file)
    except (OSError, RuntimeError) as error:  # how torch says that the disk is full
        raise InputError.single(
            str(path), f"the checkpoint cannot be written ({error})",
            hint="The one before it is untouched. Make room; the same command goes on from there.",
        ) from None  # fmt: skip


def load_state(path: Path, made_from: str, trained: dict[str, Any], optimizer: Any) -> State:
    """The state at `path`, put into `trained` and `optimizer`; a fresh one where there is none."""
    if not path.is_file():
        return State()
    try:
        value = torch.load(path, weights_only=True, map_location="cpu")
        found = State(**value["state"])
    except Exception as error:  # a damaged file: the library has many ways to say so
        raise InputError.single(
            str(path), f"is no checkpoint that can be read ({type(error).__name__})",
            hint="Remove it to start anew.",
        ) from None  # fmt: skip
    if value["made_from"] != made_from:
        raise UsageError(f"{path} was made with other settings, material or weights; remove it to start anew")
    with torch.no_grad():
        for name, parameter in trained.items():
            parameter.copy_(value["trained"][name])
    optimizer.load_state_dict(value["optimizer"])
    return found
