"""An index on disk."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from redline.errors import InputError
from redline.retrieval import MessageIndex, Query
from tests.retrieval.helpers import HashedWords, past

ROWS = [past("a", "my knee hurts"), past("a", "my knee hurts", "dr-2"), past("b", "a rash\ud83d\0"), past("c", "knee")]


def built(vectors: bool = True) -> MessageIndex:
    return MessageIndex.build(ROWS, HashedWords() if vectors else None)


@pytest.mark.parametrize("vectors", [True, False])
def test_comes_back_the_same(tmp_path: Path, vectors: bool) -> None:
    index = built(vectors)
    index.save(tmp_path / "new" / "index")
    again = MessageIndex.load(tmp_path / "new" / "index", HashedWords() if vectors else None)
    assert again.digest == index.digest and again.settings == index.settings
    assert [s.rows for s in again.segments] == [s.rows for s in index.segments]
    assert again.search(Query("knee rash"), 5) == index.search(Query("knee rash"), 5) != []
    vectors_back = again.segments[0].vectors
    assert vectors_back is None or isinstance(vectors_back.half, np.memmap)


@given(st.lists(st.text(max_size=8), min_size=1, max_size=4))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_comes_back(tmp_path: Path, texts: list[str]) -> None:
    index = MessageIndex.build([past(f"c{i}", t) for i, t in enumerate(texts)])
    index.save(tmp_path / "index")
    assert MessageIndex.load(tmp_path / "index").digest == index.digest


def test_growing_writes_new_segments_only(tmp_path: Path) -> None:
    index = MessageIndex.build([past(f"m{i}", f"knee {i}") for i in range(9)])
    index.save(tmp_path)
    old = {p: p.stat().st_mtime_ns for p in tmp_path.rglob("*") if p.parent != tmp_path}
    grown = index.add([past("n", "rash")])
    grown.save(tmp_path)
    assert {p: p.stat().st_mtime_ns for p in old} == old
    assert len(list(tmp_path.glob("segment-*"))) == 2
    assert MessageIndex.load(tmp_path).digest == grown.digest
    index.save(tmp_path)
    assert len(list(tmp_path.glob("segment-*"))) == 1 and MessageIndex.load(tmp_path).digest == index.digest


def test_an_error_while_writing_leaves_the_old_index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old = built(False)
    old.save(tmp_path)

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(np, "save", fail)
        with pytest.raises(InputError, match="No space left"):
            old.add([past("z", "fever")]).save(tmp_path)
    assert MessageIndex.load(tmp_path).digest == old.digest
    assert not list(tmp_path.glob(".*"))


def test_a_first_save_that_was_stopped_can_be_repeated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("redline.retrieval.store.write_json", fail)
        with pytest.raises(KeyboardInterrupt):
            built().save(tmp_path)
    built().save(tmp_path)
    assert MessageIndex.load(tmp_path, HashedWords()).digest == built().digest


def test_a_segment_without_new_texts(tmp_path: Path) -> None:
    index = MessageIndex.build([past(f"m{i}", f"knee {i}") for i in range(9)], HashedWords())
    grown = index.add([past("m1", "knee 1", "dr-2")])
    grown.save(tmp_path)
    again = MessageIndex.load(tmp_path, HashedWords())
    assert len(again.segments) == 2 and again.digest == grown.digest
    assert again.search(Query("knee", clinician="dr-2"), 5) == grown.search(Query("knee", clinician="dr-2"), 5) != []


def test_an_empty_index(tmp_path: Path) -> None:
    MessageIndex().save(tmp_path)
    assert MessageIndex.load(tmp_path) == MessageIndex()


@pytest.mark.parametrize("vectors", [True, False])
def test_another_embedder_is_refused(tmp_path: Path, vectors: bool) -> None:
    built(vectors).save(tmp_path)
    other = None if vectors else HashedWords()
    with pytest.raises(InputError, match=r"was built with .* and is opened with"):
        MessageIndex.load(tmp_path, other)
    with pytest.raises(InputError, match="hashed:2"):
        MessageIndex.load(tmp_path, HashedWords(digest="hashed:2"))


def test_folders_that_hold_no_index(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no index"):
        MessageIndex.load(tmp_path)
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(InputError, match="is not empty"):
        built().save(tmp_path)
    with pytest.raises(InputError):
        built().save(tmp_path / "thesis.txt")
    assert (tmp_path / "thesis.txt").read_text() == "mine"


def test_what_was_changed_is_refused(tmp_path: Path) -> None:
    built(False).save(tmp_path)
    listed, messages = tmp_path / "index.json", next(tmp_path.glob("segment-*/messages.jsonl"))
    kept, text = listed.read_text(), messages.read_text()
    for changed in (text.replace("hurts", "is fine"), text.rsplit("\n", 2)[0] + "\n", "{\n"):
        messages.write_text(changed)
        with pytest.raises(InputError, match="Build the index again"):
            MessageIndex.load(tmp_path)
    messages.write_text(text)
    listed.write_text(json.dumps(json.loads(kept) | {"form": 99}))
    with pytest.raises(InputError, match="has form 99"):
        MessageIndex.load(tmp_path)
    for broken in ("", "[]", "{}"):
        listed.write_text(broken)
        with pytest.raises(InputError, match="cannot be read"):
            MessageIndex.load(tmp_path)
    listed.write_text(kept)
    next(tmp_path.glob("segment-*/counts.npy")).unlink()
    with pytest.raises(InputError, match="Build the index again"):
        MessageIndex.load(tmp_path)
