"""An index on disk: one folder a segment, never changed once written, and the list of them, replaced at once.

    index.json                what the index is made with, and its segments in order
    segment-<digest>/         messages.jsonl, words.json and numpy arrays (mapped when read)
    embedder-<digest>/        numpy arrays of an embedder that was fitted on the messages

The messages are patient data: the folder must be kept like the corpus itself.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, astuple
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from redline.errors import InputError
from redline.files import open_atomic, read_lines, write_json
from redline.records import digest
from redline.retrieval.bm25 import WordSegment
from redline.retrieval.contract import Embedder, EmbedderRecipe, FittedEmbedder
from redline.retrieval.messages import PastMessage
from redline.retrieval.segment import Segment
from redline.retrieval.settings import SearchSettings
from redline.retrieval.vectors import VectorSegment

__all__ = ["read_index", "write_index"]

_FORM = 2
_LIST = "index.json"
_ARRAYS = ("offsets", "texts", "counts", "lengths")


def write_index(
    folder: str | Path, segments: Sequence[Segment], embed: Embedder | EmbedderRecipe | None, settings: SearchSettings
) -> None:
    """Write the segments and the fitted embedder that are not there, then the list, then remove what no list names."""
    folder = Path(folder)
    if folder.exists() and not (folder / _LIST).exists() and (not folder.is_dir() or _strangers(folder)):
        raise InputError.single(str(folder), "is not empty and holds no index", hint="Name a new folder.")
    names, before = [], ""
    for segment in segments:
        made_by = embed.digest if embed else None
        before = digest([before, _FORM, made_by, segment.first, f"{segment.content:x}", segment.order])
        names.append(f"segment-{before}")
        if not (folder / names[-1]).exists():
            _write_segment(folder / names[-1], segment)
    fitted = _write_fitted(folder, embed) if isinstance(embed, FittedEmbedder) else None
    listed = [
        {"name": n, "rows": len(s.rows), "content": f"{s.content:x}"} for n, s in zip(names, segments, strict=True)
    ]
    made_with = embed.recipe.digest if isinstance(embed, FittedEmbedder) else embed.digest if embed else None
    made = {"form": _FORM, "embedder": made_with, "fitted": fitted, "settings": asdict(settings), "segments": listed}
    write_json(folder / _LIST, made)
    for old in [*folder.glob("segment-*"), *folder.glob("embedder-*")]:
        if old.name not in names and (fitted is None or old.name != fitted["name"]):
            shutil.rmtree(old, ignore_errors=True)


def _strangers(folder: Path) -> bool:
    """Whether anything lies there that a first save, stopped half-way, would not have left."""
    return any(not p.name.lstrip(".").startswith(("segment-", "embedder-", _LIST)) for p in folder.iterdir())


def read_index(
    folder: str | Path, embed: Embedder | EmbedderRecipe | None
) -> tuple[tuple[Segment, ...], Embedder | EmbedderRecipe | None, SearchSettings]:
    """What is in `folder`, which must have been made with `embed`: segments, embedder (fitted) and settings."""
    path = Path(folder) / _LIST
    if not path.is_file():
        raise InputError.single(str(folder), "holds no index of past messages (no index.json)")
    try:
        made = json.loads(path.read_text(encoding="utf-8"))
        form = made["form"]
    except (ValueError, KeyError, TypeError):
        raise InputError.single(str(path), "cannot be read as the list of an index") from None
    if form != _FORM:
        raise InputError.single(str(path), f"has form {form}, this version reads form {_FORM}", hint="Build it again.")
    given = embed.recipe if isinstance(embed, FittedEmbedder) else embed
    if made["embedder"] != (given.digest if given else None):
        raise InputError.single(
            str(path),
            f"was built with {made['embedder'] or 'words alone'}, and is opened with "
            f"{given.digest if given else 'words alone'}",
            hint="Open it with the same embedder, or build it again.",
        )
    if made["fitted"] is not None and isinstance(given, EmbedderRecipe):
        given = _read_fitted(Path(folder), made["fitted"], given)
    segments: list[Segment] = []
    for listed in made["segments"]:
        first = segments[-1].first + len(segments[-1].texts) if segments else 0
        segments.append(_checked(Path(folder) / listed["name"], listed, first, embed is not None))
    return tuple(segments), given, SearchSettings(**made["settings"])


def _write_fitted(folder: Path, embed: FittedEmbedder) -> dict[str, Any]:
    name = f"embedder-{digest(embed.digest)}"
    if not (folder / name).exists():
        with _whole(folder / name) as part:
            _write_arrays(part, embed.arrays)
    return {"name": name, "digest": embed.digest, "arrays": sorted(embed.arrays)}


def _read_fitted(folder: Path, listed: dict[str, Any], recipe: EmbedderRecipe) -> FittedEmbedder:
    place = folder / listed["name"]
    try:
        made = recipe.restore({n: np.load(place / f"{n}.npy", mmap_mode="r") for n in listed["arrays"]})
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise InputError.single(str(place), f"cannot be read ({error})", hint="Build the index again.") from None
    if made.digest != listed["digest"]:
        raise InputError.single(str(place), "is not what was written", hint="Build the index again.")
    return made


def _write_segment(folder: Path, segment: Segment) -> None:
    with _whole(folder) as part:
        with open_atomic(part / "messages.jsonl") as file:
            for row in segment.rows:
                file.write(json.dumps(astuple(row)) + "\n")  # escaped: halves of characters have no UTF-8
        with open_atomic(part / "words.json") as file:
            json.dump(list(segment.words.vocabulary), file)
        arrays: dict[str, Any] = {name: getattr(segment.words, name) for name in _ARRAYS}
        arrays["text_of"] = segment.text_of
        if segment.vectors is not None:
            arrays["vectors"] = segment.vectors.half
        _write_arrays(part, arrays)


def _write_arrays(folder: Path, arrays: Mapping[str, NDArray[Any]]) -> None:
    for name, array in arrays.items():
        with open_atomic(folder / f"{name}.npy", "wb") as file:
            np.save(file, array)


@contextmanager
def _whole(folder: Path) -> Iterator[Path]:
    """A folder to fill, which becomes `folder` when the block ends without an error."""
    part = folder.parent / f".{folder.name}.{secrets.token_hex(4)}.part"
    try:
        yield part
        os.replace(part, folder)
    except OSError as error:
        raise InputError.single(str(folder), f"cannot be written ({error.strerror})") from None
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _checked(folder: Path, listed: dict[str, Any], first: int, vectors: bool) -> Segment:
    try:
        segment = _read_segment(folder, first, vectors)
    except (OSError, ValueError, TypeError) as error:
        raise InputError.single(str(folder), f"cannot be read ({error})", hint="Build the index again.") from None
    texts = len(segment.texts)
    whole = len(segment.text_of) == len(segment.rows) == listed["rows"] and len(segment.words.lengths) == texts
    if segment.vectors is not None:
        whole &= len(segment.vectors.half) == texts
    if not whole or f"{segment.content:x}" != listed["content"]:
        raise InputError.single(str(folder), "is not what was written", hint="Build the index again.")
    return segment


def _read_segment(folder: Path, first: int, vectors: bool) -> Segment:
    rows = tuple(PastMessage(*json.loads(line)) for _, line in read_lines(folder / "messages.jsonl"))
    arrays = {name: np.load(folder / f"{name}.npy", mmap_mode="r") for name in (*_ARRAYS, "text_of")}
    half = np.load(folder / "vectors.npy", mmap_mode="r") if vectors else None
    names = json.loads((folder / "words.json").read_text(encoding="utf-8"))
    words = WordSegment({w: i for i, w in enumerate(names)}, *(arrays[name] for name in _ARRAYS))
    text_of = np.asarray(arrays["text_of"])
    new = {int(t): r.message for t, r in zip(text_of, rows, strict=True) if t >= first}
    texts = tuple(new[t] for t in range(first, first + len(new)))
    return Segment(rows, text_of, first, texts, words, None if half is None else VectorSegment(half))
