"""A fitted model as one file: a NumPy archive of numbers, theme keys and clinicians' ids.  No message, no reply, no pickle."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from redline.drafting.planner.calibrate import Calibration
from redline.drafting.planner.features import PLAIN, FeatureMap
from redline.drafting.planner.model import Model
from redline.drafting.planner.pooling import GROUPS, Head, Layout
from redline.errors import InputError
from redline.files import open_atomic

__all__ = ["FORM", "read_model", "write_model"]

FORM = "redline theme planner 1"

_FEATURES = ("centre", "directions", "plain_mean", "plain_scale")
_HEADS = ("b", "u", "g", "k", "h", "variances")


def write_model(model: Model, path: str | Path) -> None:
    """Whole or not at all."""
    header = {
        "form": FORM,
        "plain": PLAIN,
        "themes": model.themes,
        "rates": model.rates,
        "clinicians": model.clinicians,
        "replies": model.replies,
        "digest": model.digest,
    }
    arrays: dict[str, Any] = {"header": np.asarray(json.dumps(header)), "probe": model.probe}
    arrays |= {name: getattr(model.features, name) for name in _FEATURES}
    arrays["offset"] = np.asarray([h.offset for h in model.heads])
    arrays["calibration"] = np.asarray([(c.offset, c.slope) for c in model.calibrations]).reshape(-1, 2)
    arrays |= {f"head_{n}": np.stack([getattr(h, n) for h in model.heads]) for n in _HEADS if model.heads}
    with open_atomic(path, "wb") as file:
        np.savez(file, **arrays)


def read_model(path: str | Path) -> Model:
    """`InputError` for everything that `write_model` of this version did not write."""
    try:
        with open(path, "rb") as file, np.load(file, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
        header = json.loads(str(arrays["header"]))
        form = header["form"]
    except OSError as error:
        raise InputError.single(str(path), f"cannot be read ({error.strerror or 'is no archive'})") from None
    except (ValueError, KeyError, TypeError, AttributeError, EOFError, zipfile.BadZipFile):
        raise _foreign(path, "is no saved theme planner") from None
    if form != FORM or header.get("plain") != list(PLAIN):
        raise _foreign(path, f"is of the form {form!r}, expected {FORM!r} with this version's features")
    try:
        model = _model(header, arrays)
        whole = _fits(model) and model.digest == header["digest"]
    except (KeyError, TypeError, ValueError, IndexError):
        whole = False
    if not whole:
        raise _foreign(path, "is damaged: its numbers are not those that were saved")
    return model


def _model(header: dict[str, Any], arrays: dict[str, NDArray[Any]]) -> Model:
    heads = tuple(
        Head(float(offset), *(arrays[f"head_{n}"][i] for n in _HEADS)) for i, offset in enumerate(arrays["offset"])
    )
    return Model(
        tuple(header["themes"]),
        tuple(header["rates"]),
        tuple(header["clinicians"]),
        int(header["replies"]),
        FeatureMap(*(arrays[n] for n in _FEATURES)),
        heads,
        tuple(Calibration(float(a), float(b)) for a, b in arrays["calibration"]),
        arrays["probe"],
    )


def _fits(model: Model) -> bool:
    """Whether the shapes belong together and every number is finite."""
    layout = Layout(model.features.count, len(PLAIN))
    columns, own, people = len(layout.general), len(layout.own), len(model.clinicians)
    wanted = [(columns,), (people, own), (columns, columns), (people, own, columns), (people, own, own), (GROUPS,)]
    count = len(model.themes) if model.replies else 0
    numbers = [getattr(h, n) for h in model.heads for n in _HEADS] + [getattr(model.features, n) for n in _FEATURES]
    return (
        len(model.heads) == len(model.calibrations) == count
        and all(getattr(h, n).shape == s for h in model.heads for n, s in zip(_HEADS, wanted, strict=True))
        and all(bool(np.isfinite(x).all()) for x in numbers)
    )


def _foreign(path: str | Path, message: str) -> InputError:
    return InputError.single(str(path), message, hint="Fit the planner again on the past replies; it takes seconds.")
