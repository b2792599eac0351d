"""Everything that a training run is told, as its TOML file says it; the resolved values are kept beside the adapter."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from redline.chat.adapters import find_adapter
from redline.errors import UsageError
from redline.settings import read_settings

__all__ = [
    "METHODS", "AdaptSettings", "DataTable", "LoraTable", "LossTable", "Method", "ModelTable", "StopTable", "TrainTable",
    "settings_for",
]  # fmt: skip

Method = Literal["sft", "tadpole", "personal", "judge", "themes"]
Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]*$", max_length=40)]
Count = Annotated[int, Field(ge=1)]
Rate = Annotated[float, Field(gt=0)]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True, allow_inf_nan=False)


class ModelTable(_Table):
    """`base` is a folder or a name in the local Hugging Face cache; `adapter` is where training starts from (for `personal`
    the shared adapter below the clinicians' own).
    """

    base: str = ""
    adapter: str | None = None
    dtype: Literal["auto", "float32", "float64", "bfloat16"] = "auto"
    device: Literal["auto", "cpu", "cuda"] = "auto"
    window: Count | None = None


class LoraTable(_Table):
    """A fresh adapter; an adapter that training starts from keeps its own shape."""

    rank: Count = 16
    alpha: Count = 32
    targets: str | tuple[str, ...] = "all-linear"
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.0


class DataTable(_Table):
    """`corpus` for supervised training, `sets` (a file of `redline prefer build`) for preferences; where both are given, `sft`
    learns the corpus, `tadpole` the sets, `personal` both.  `validation` is the share of cases that is held out to stop in
    time, `validation_cases` the most of them.
    """

    corpus: str | None = None
    split: str | None = "train"
    sets: str | None = None
    strategy: str = "zero_shot"
    clinicians: tuple[str, ...] = ()
    validation: Annotated[float, Field(ge=0, le=0.5)] = 0.1
    validation_cases: Count = 200
    cases: Count | None = None
    least_replies: Count = 20


class LossTable(_Table):
    """`kind` of the loss of pairs; `sft` is the weight of the mean negative log-probability of a learned token."""

    kind: Literal["dpo", "ipo", "hinge", "robust"] = "dpo"
    beta: Rate = 0.1
    smoothing: Annotated[float, Field(ge=0, lt=0.5)] = 0.0
    sft: Annotated[float, Field(ge=0)] = 0.0
    average: Literal["pair", "prompt"] = "pair"
    themes: dict[str, Rate] = {}

    @model_validator(mode="after")
    def _smoothing_does_something(self) -> LossTable:
        if self.smoothing and self.kind not in ("dpo", "robust"):
            raise ValueError(f"smoothing does nothing for {self.kind}; it belongs to dpo and robust")
        return self


class TrainTable(_Table):
    """`prompts` a step counts preference sets, not pairs.  `row_tokens` is how many tokens go through the model at once."""

    epochs: Count = 3
    prompts: Count = 16
    rate: Rate = 2e-4
    warmup: Annotated[float, Field(ge=0, lt=1)] = 0.05
    schedule: Literal["cosine", "linear", "constant"] = "cosine"
    optimizer: Literal["adamw", "sgd"] = "adamw"
    weight_decay: Annotated[float, Field(ge=0)] = 0.0
    max_norm: Annotated[float, Field(ge=0)] = 1.0
    row_tokens: Count = 8192
    checkpointing: bool = False
    save_every: Count = 20


class StopTable(_Table):
    """Validation `every` so many steps (and at the end of each epoch); `patience` validations without a better loss end it."""

    every: Count = 50
    patience: Count = 3


class AdaptSettings(_Table):
    """The whole file."""

    name: Name = "adapter"
    seed: Annotated[int, Field(ge=0)] = 17
    model: ModelTable = ModelTable()
    lora: LoraTable = LoraTable()
    data: DataTable = DataTable()
    loss: LossTable = LossTable()
    train: TrainTable = TrainTable()
    stop: StopTable = StopTable()


METHODS: Mapping[str, Mapping[str, Mapping[str, Any]]] = {
    "sft": {},
    "tadpole": {"train": {"rate": 2e-5, "epochs": 1}},
    "personal": {"lora": {"rank": 8, "alpha": 16}, "train": {"rate": 1e-4, "prompts": 4}, "loss": {"sft": 1.0}},
    "judge": {"train": {"rate": 1e-4, "epochs": 3, "prompts": 16}},
    "themes": {"train": {"rate": 1e-4, "epochs": 3, "prompts": 16}},
}
"""What differs from the defaults above, by method; docs/training.md gives the reasons."""


def settings_for(method: Method, file: Path | None, given: Mapping[str, Mapping[str, Any] | Any]) -> AdaptSettings:
    """The defaults of the method, overlaid by the file, overlaid by what was `given` on the command line (None: not given).

    Paths in the file are taken from the folder that it stands in.
    """
    found = read_settings(file, AdaptSettings)[0] if file is not None else AdaptSettings()
    values: dict[str, Any] = {"name": found.name if "name" in found.model_fields_set else method, "seed": found.seed}
    for table in ("model", "lora", "data", "loss", "train", "stop"):
        said = getattr(found, table)
        values[table] = {**METHODS[method].get(table, {}), **{k: getattr(said, k) for k in said.model_fields_set}}
    if file is not None:
        _root(values, file.parent)
    for key, value in given.items():
        if isinstance(value, Mapping):
            values[key].update({k: v for k, v in value.items() if v is not None})
        elif value is not None:
            values[key] = value
    if values["model"].get("adapter"):
        values["model"]["adapter"] = find_adapter(values["model"]["adapter"])
    settings = _checked(values)
    if not settings.model.base:
        raise UsageError("say which model to adapt: --base FOLDER, or `base` in the table [model] of the settings")
    return settings


def _checked(values: Mapping[str, Any]) -> AdaptSettings:
    """The settings; what a file said was checked with its line before, so what is wrong here came from an option."""
    try:
        return AdaptSettings.model_validate(values)
    except ValidationError as error:
        found = [f"{'.'.join(map(str, e['loc']))}: {e['msg'][:1].lower()}{e['msg'][1:]}" for e in error.errors()]
        raise UsageError("; ".join(found)) from None


def _root(values: dict[str, Any], folder: Path) -> None:
    """Relative paths that exist beside the settings file."""
    for table, key in (("model", "base"), ("model", "adapter"), ("data", "corpus"), ("data", "sets")):
        name = values[table].get(key)
        if isinstance(name, str) and name and (folder / name).exists():
            values[table][key] = str((folder / name).resolve())
