"""The annotator's log: nothing lost, nothing taken that is not about these texts."""

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from redline.annotation import PairToLabel, Session, TextToLabel, annotator_name, open_log, read_log, sessions
from redline.errors import InputError, UsageError

PAIRS = [PairToLabel("p1", "c1", ("a", "b"), ("r",)), PairToLabel("p2", "c2", (), ("s",))]


def decide(path: Path, count: int, name: str = "ann") -> None:
    with open_log(path, name, "edits") as (log, writer):
        session = Session.of(PAIRS, log.events)
        for _ in range(count):
            event = session.decide(1, "2026-01-01T00:00:00+00:00")
            writer.append(event)
            session.apply(event)


def test_what_was_decided_is_read_back(tmp_path: Path) -> None:
    decide(tmp_path / "logs" / "ann.jsonl", 2)
    decide(tmp_path / "logs" / "ann.jsonl", 1)
    log = read_log(tmp_path / "logs" / "ann.jsonl")
    assert (log.annotator, log.kind, len(log.events)) == ("ann", "edits", 3)
    assert [(e.question.id, e.question.side, e.question.unit) for e in log.events] == [
        ("p1", "draft", 0), ("p1", "draft", 1), ("p1", "reference", 0),
    ]  # fmt: skip
    assert sessions([log], PAIRS, "pairs")["ann"].counts == (3, 4)


def test_a_log_cut_at_any_byte_loses_one_line_at_most(tmp_path: Path) -> None:
    path = tmp_path / "ann.jsonl"
    decide(path, 3)
    whole = path.read_bytes()
    for cut in range(len(whole) + 1):
        path.write_bytes(whole[:cut])
        kept = max(whole[:cut].count(b"\n") - 1, 0)
        decide(path, 1)
        assert len(read_log(path).events) == kept + 1
        assert path.read_bytes().count(b"\n") == kept + 2


def test_a_broken_line_in_the_middle_is_named(tmp_path: Path) -> None:
    path = tmp_path / "ann.jsonl"
    decide(path, 2)
    lines = path.read_text().splitlines()
    for bad in (
        "{}",
        "[]",
        "not json",
        lines[1].replace('"mark": 1', '"mark": 2'),
        lines[1].replace('"unit": 0', '"unit": -1'),
    ):
        path.write_text("\n".join([lines[0], bad, lines[2]]) + "\n")
        with pytest.raises(InputError, match="line 2: is no event of an annotation log"):
            read_log(path)


def test_only_logs_of_this_annotator_and_kind_are_taken(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    decide(path, 1)
    for name, kind in (("bob", "edits"), ("ann", "themes")):
        with pytest.raises(InputError, match="is the log of 'ann'"):
            with open_log(path, name, kind):
                pass
    path.write_text('{"pair": "p1"}\n')
    with pytest.raises(InputError, match="is no annotation log"):
        decide(path, 1)
    assert path.read_text() == '{"pair": "p1"}\n', "a file in the way is left alone"
    with pytest.raises(InputError, match="is a folder"):
        decide(tmp_path, 1)
    (tmp_path / "empty.jsonl").touch()
    with pytest.raises(InputError, match="holds nothing yet"):
        read_log(tmp_path / "empty.jsonl")
    with pytest.raises(InputError, match="cannot be read"):
        read_log(tmp_path / "none.jsonl")


def test_changed_texts_unknown_pairs_and_fewer_units_are_refused(tmp_path: Path) -> None:
    decide(tmp_path / "ann.jsonl", 4)
    log = read_log(tmp_path / "ann.jsonl")
    changed = [PairToLabel("p1", "c1", ("a", "B"), ("r",)), PAIRS[1]]
    with pytest.raises(InputError, match=r"line 2, field 'digest': the texts of 'p1' are not those that were labelled"):
        sessions([log], changed, "pairs.jsonl")
    with pytest.raises(InputError, match=r"line 5, field 'id': is 'p2', which pairs.jsonl does not have"):
        sessions([log], PAIRS[:1], "pairs.jsonl")
    path = tmp_path / "ann.jsonl"
    path.write_text(path.read_text().replace('"side": "reference", "unit": 0', '"side": "reference", "unit": 7'))
    with pytest.raises(InputError, match="has no reference unit 8"):
        sessions([read_log(path)], PAIRS, "pairs.jsonl")


def test_logs_of_one_annotator_or_of_two_kinds_do_not_go_together(tmp_path: Path) -> None:
    decide(tmp_path / "a.jsonl", 1)
    decide(tmp_path / "b.jsonl", 1)
    with open_log(tmp_path / "c.jsonl", "cem", "themes") as (_, writer):
        text = Session.of([TextToLabel("t", "c", ("x",))])
        writer.append(text.decide(("other",)))
    logs = [read_log(tmp_path / f"{n}.jsonl") for n in "abc"]
    assert logs[2].events[0].value == ("other",)
    with pytest.raises(InputError) as caught:
        sessions(logs, PAIRS, "pairs.jsonl")
    text_ = str(caught.value)
    assert "is 'ann' as in" in text_ and "is of themes" in text_


def test_a_second_process_is_refused(tmp_path: Path) -> None:
    code = (
        "import sys; from redline.annotation import open_log; from redline.errors import UsageError\n"
        "try:\n    open_log(sys.argv[1], 'ann', 'edits').__enter__()\nexcept UsageError as e: print(e)"
    )
    with open_log(tmp_path / "ann.jsonl", "ann", "edits"):
        done = subprocess.run(
            [sys.executable, "-c", code, str(tmp_path / "ann.jsonl")], capture_output=True, text=True, check=True
        )
    assert "another process is labelling into" in done.stdout


def test_a_full_disk_keeps_every_whole_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "ann.jsonl"
    decide(path, 1)
    whole, write = path.read_bytes(), os.write

    def half(handle: int, data: bytes) -> int:
        return write(handle, data[:9])

    def full(handle: int, data: bytes) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    for broken in (half, full):
        monkeypatch.setattr(os, "write", broken)
        with pytest.raises(InputError, match="the last decision is not kept, all before are"):
            decide(path, 1)
        assert path.read_bytes() == whole
    monkeypatch.undo()
    decide(path, 3)


@pytest.mark.parametrize(
    "name", ["", "../x", "a/b", "a\\b", ".hidden", "-x", "a b", "x\n", "x\x00", "a:b", "x" * 65, "\u202ex", "~"]
)
def test_a_name_is_no_path(name: str) -> None:
    with pytest.raises(UsageError, match="an annotator's name is letters"):
        annotator_name(name)


def test_a_name_may_be_anybodys() -> None:
    assert annotator_name("Mu\u0308ller-2.b") == "M\u00fcller-2.b"
