"""One wrong file is one mistake: what all its lines have in common is said once."""

import json
from pathlib import Path

import pytest

from redline.annotation import PairToLabel, blank, read_annotated_pairs, read_sheet, read_themed_texts, write_sheet
from redline.annotation.problems import folded
from redline.errors import InputError, Problem


def write(path: Path, rows: list[dict]) -> Path:
    path.write_text("".join(json.dumps(r) + "\n" for r in rows), encoding="utf-8")
    return path


MARKS = [{"pair": f"p{i}", "annotator": "ann", "deleted": [1], "added": []} for i in range(260)]
LABELS = [{"text_id": f"p{i}", "annotator": "ann", "themes": [["other"]]} for i in range(260)]


def test_an_empty_file_is_the_only_problem(tmp_path: Path) -> None:
    empty = write(tmp_path / "pairs.jsonl", [])
    for read, rows in ((read_annotated_pairs, MARKS), (read_themed_texts, LABELS)):
        with pytest.raises(InputError) as caught:
            read(empty, write(tmp_path / "said.jsonl", rows))
        assert [str(p) for p in caught.value.problems] == [f"{empty}: is empty"]


def test_the_wrong_pairs_are_one_line(tmp_path: Path) -> None:
    pairs = write(tmp_path / "pairs.jsonl", [{"id": "q", "case": "c", "draft": ["a"], "reference": []}])
    with pytest.raises(InputError) as caught:
        read_annotated_pairs(pairs, write(tmp_path / "said.jsonl", MARKS))
    (problem,) = caught.value.problems
    assert problem.message == "is 'p0', which the other file does not have (the like in 259 more: lines 2, 3, 4, ...)"


def test_a_table_of_other_texts_is_one_line(tmp_path: Path) -> None:
    pairs = [PairToLabel(f"p{i}", "c", ("a", "b"), ("r",)) for i in range(40)]
    write_sheet(tmp_path / "s.csv", blank(pairs, "ann"))
    changed = [PairToLabel(p.id, "c", p.draft, ("other",)) for p in pairs]
    with pytest.raises(InputError) as caught:
        read_sheet(tmp_path / "s.csv", changed)
    (problem,) = caught.value.problems
    assert problem.line == 2 and problem.field == "digest"
    assert problem.message.endswith("annotate it anew (the like in 39 more: lines 5, 8, 11, ...)")


def test_few_problems_and_different_ones_are_all_said() -> None:
    few = [Problem("a", n, "id", "is missing") for n in range(3)]
    assert folded(few) == few
    mixed = [Problem("a", n, "id", "is missing") for n in range(20)] + [Problem("a", 21, "case", "is missing")]
    assert folded(mixed) == mixed
    mixed.insert(0, Problem("a", 22, "id", "is missing"))
    assert [p.line for p in folded(mixed)] == [22, 21]
    assert [p.message for p in folded([Problem("a", 1, f"draft[{i}]", "is an empty unit") for i in range(5)])] == [
        "is an empty unit (the same in 4 more)"
    ]


def test_two_mistakes_of_one_kind_are_two_lines() -> None:
    typos = [Problem("a", n, "themes", f"names {'oter' if n < 30 else 'emp'!r}") for n in range(60)]
    assert [(p.line, p.message) for p in folded(typos)] == [
        (0, "names 'oter' (the same in 29 more: lines 1, 2, 3, ...)"),
        (30, "names 'emp' (the same in 29 more: lines 31, 32, 33, ...)"),
    ]
