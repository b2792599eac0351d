"""An index on disk: one folder a segment, never changed once written, and the list of them, replaced at once.

    index.json                what the index is made with, and its segments in order
    segment-<digest>/         messages.jsonl, words.json and numpy arrays (mapped when read)

The messages are patient data: the folder must be kept like the corpus itself.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
from collections.abc import Sequence
from dataclasses import asdict, astuple
from pathlib import Path
from typing import Any

import numpy as np

from redline.errors import InputError
from redline.files import open_atomic, read_lines, write_json
from redline.records import digest
from redline.retrieval.bm25 import WordSegment
from redline.retrieval.messages import PastMessage
from redline.retrieval.segment import Segment
from redline.retrieval.settings import SearchSettings
from redline.retrieval.vectors import VectorSegment

__all__ = ["read_index", "write_index"]

_FORM = 1
_LIST = "index.json"
_ARRAYS = ("offsets", "texts", "counts", "lengths")


def write_index(
    folder: str | Path, segments: Sequence[Segment], embedder: str | None, settings: SearchSettings
) -> None:
    """Write the segments that are not there, then the list, then remove segments that no list names."""
    folder = Path(folder)
    if folder.exists() and not (folder / _LIST).exists() and (not folder.is_dir() or _strangers(folder)):
        raise InputError.single(str(folder), "is not empty and holds no index", hint="Name a new folder.")
    names, before = [], ""
    for segment in segments:
        before = digest([before, _FORM, embedder, segment.first, f"{segment.content:x}", segment.order])
        names.append(f"segment-{before}")
        if not (folder / names[-1]).exists():
            _write_segment(folder / names[-1], segment)
    listed = [
        {"name": n, "rows": len(s.rows), "content": f"{s.content:x}"} for n, s in zip(names, segments, strict=True)
    ]
    made = {"form": _FORM, "embedder": embedder, "settings": asdict(settings), "segments": listed}
    write_json(folder / _LIST, made)
    for old in folder.glob("segment-*"):
        if old.name not in names:
            shutil.rmtree(old, ignore_errors=True)


def _strangers(folder: Path) -> bool:
    """Whether anything lies there that a first save, stopped half-way, would not have left."""
    return any(not p.name.lstrip(".").startswith(("segment-", _LIST)) for p in folder.iterdir())


def read_index(folder: str | Path, embedder: str | None) -> tuple[tuple[Segment, ...], SearchSettings]:
    """The segments and settings in `folder`, which must have been made with `embedder`."""
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
    if made["embedder"] != embedder:
        raise InputError.single(
            str(path),
            f"was built with {made['embedder'] or 'words alone'}, and is opened with {embedder or 'words alone'}",
            hint="Open it with the same embedder, or build it again.",
        )
    segments: list[Segment] = []
    for listed in made["segments"]:
        first = segments[-1].first + len(segments[-1].texts) if segments else 0
        segments.append(_checked(Path(folder) / listed["name"], listed, first, embedder is not None))
    return tuple(segments), SearchSettings(**made["settings"])


def _write_segment(folder: Path, segment: Segment) -> None:
    part = folder.parent / f".{folder.name}.{secrets.token_hex(4)}.part"
    try:
        with open_atomic(part / "messages.jsonl") as file:
            for row in segment.rows:
                file.write(json.dumps(astuple(row)) + "\n")  # escaped: halves of characters have no UTF-8
        with open_atomic(part / "words.json") as file:
            json.dump(list(segment.words.vocabulary), file)
        arrays: dict[str, Any] = {name: getattr(segment.words, name) for name in _ARRAYS}
        arrays["text_of"] = segment.text_of
        if segment.vectors is not None:
            arrays["vectors"] = segment.vectors.half
        for name, array in arrays.items():
            with open_atomic(part / f"{name}.npy", "wb") as file:
                np.save(file, array)
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
