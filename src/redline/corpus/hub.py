"""A Hugging Face dataset by name, read through the `datasets` library (extra `hub`)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from redline.corpus.rows import Row
from redline.errors import InputError, UsageError

__all__ = ["hub_rows"]


def hub_rows(name: str) -> Iterator[Row]:
    """Rows of `NAME` or `NAME@SPLIT` (default split: train); a local dataset folder works as a name too.

    Only reading: nothing is sent but the name.  `UsageError` when the extra is not installed,
    `InputError` when the dataset or split cannot be loaded.
    """
    try:
        import datasets
    except ModuleNotFoundError:
        raise UsageError("reading a Hugging Face dataset needs the extra 'hub': pip install 'redline[hub]'") from None
    repository, _, split = name.partition("@")
    where = f"hf:{name}"
    try:
        if Path(repository).is_dir() and (Path(repository) / "dataset_info.json").exists():
            data = datasets.load_from_disk(repository)
        elif Path(repository).is_dir() and (Path(repository) / "dataset_dict.json").exists():
            data = datasets.load_from_disk(repository)[split or "train"]
        else:
            data = datasets.load_dataset(repository, split=split or "train")
    except Exception as error:  # the library raises many kinds, all of them about the input
        first = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise InputError.single(
            where, f"cannot be loaded ({first[:200]})", hint="Write hf:OWNER/NAME or hf:OWNER/NAME@SPLIT."
        ) from None
    for number, fields in enumerate(data, start=1):
        yield Row(where, number, {k: v for k, v in fields.items() if v is not None})
