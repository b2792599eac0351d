"""The table of theme labels: nothing lost, nothing run, nothing that says whose a text is, every problem with its place."""

import csv
import io
import json
from pathlib import Path

import pytest

from redline.annotation import (
    Labelled,
    TextToLabel,
    blank_labels,
    label_rows,
    read_theme_labels,
    read_theme_sheet,
    store_theme_labels,
    text_code,
    theme_sheet_rows,
    write_theme_sheet,
)
from redline.errors import InputError, UsageError
from redline.judging import ThemeQuestion, VerdictStore, theme_judge
from redline.records import Status
from redline.taxonomy import default_taxonomy

NINE = default_taxonomy()
TEXTS = [
    TextToLabel("s1:frontier:zero", "s1", ("=Hello.", "Rest, and\nI hear you.")),
    TextToLabel("s2:dr_q", "s2", ("-5 mg.",)),
]
MADE = [
    Labelled(TEXTS[0], "ann", (("other",), ("empathy", "treatment_planning"))),
    Labelled(TEXTS[1], "ann", (("treatment_planning",),)),
    Labelled(TEXTS[0], "bob", (("empathy",), None)),
]  # fmt: skip


def table(path: Path, change=lambda rows: rows, separator: str = ",", made=MADE) -> Path:
    rows = [list(r) for r in theme_sheet_rows(made)]
    rows = change(rows) or rows
    file = io.StringIO()
    csv.writer(file, delimiter=separator, lineterminator="\r\n").writerows(rows)
    path.write_bytes(file.getvalue().encode())
    return path


def put(row: int, column: int, value: str):
    def change(rows: list) -> None:
        rows[row][column] = value

    return change


def test_a_table_comes_back_as_it_was_written(tmp_path: Path) -> None:
    assert write_theme_sheet(tmp_path / "s.csv", MADE) == 5
    text = (tmp_path / "s.csv").read_text(encoding="utf-8-sig")
    assert "frontier" not in text and "dr_q" not in text and "s1:" not in text
    assert "'=Hello." in text and "'-5 mg." in text
    assert read_theme_sheet(tmp_path / "s.csv", TEXTS, NINE) == MADE
    for separator in ";\t":
        assert read_theme_sheet(table(tmp_path / "t.csv", separator=separator), TEXTS, NINE) == MADE


@pytest.mark.parametrize(
    ("cell", "keys"),
    [
        ("Empathy; treatment_planning", ("empathy", "treatment_planning")),
        (" treatment_planning,empathy empathy", ("empathy", "treatment_planning")),
        ("other;empathy", ("empathy",)),
        ("  ", None),
    ],
)
def test_how_themes_may_be_written(tmp_path: Path, cell: str, keys: tuple | None) -> None:
    path = table(tmp_path / "s.csv", put(2, 4, cell))
    assert read_theme_sheet(path, TEXTS, NINE)[0].themes == (("other",), keys)


def test_ids_and_a_name_from_outside_are_taken(tmp_path: Path) -> None:
    def change(rows: list) -> list:
        for row in rows[1:4]:
            row[0] = "s2:dr_q" if row[0] == text_code(TEXTS[1]) else "s1:frontier:zero"
        return [[c for i, c in enumerate(r) if i != 1] for r in rows[:4]]

    made = read_theme_sheet(table(tmp_path / "s.csv", change), TEXTS, NINE, "cem")
    assert [(m.text, m.annotator, m.themes) for m in made] == [(m.text, "cem", m.themes) for m in MADE[:2]]


BAD = [
    (put(1, 0, "t0"), "line 2, field 'text_id': is 't0', which the texts do not have"),
    (put(1, 2, "3"), "line 2, field 'number': is no sentence of the text of"),
    (put(1, 3, "Hello!"), "line 2, field 'text': is not the sentence of the text"),
    (put(2, 4, "empathie"), "line 3, field 'themes': names the unknown theme 'empathie'; did you mean 'empathy'?"),
    (put(1, 5, "d01"), "line 2, field 'digest': the texts of text"),
    (put(1, 1, "=x"), "line 2, field 'annotator': an annotator's name is letters"),
    (lambda rows: rows[:2] + rows[3:], "by 'ann' these sentences have no row: text 2"),
    (lambda rows: [*rows, rows[1]], "field 'themes': is that of line 2, about the same sentence"),
    (lambda rows: [["pair", "side", "decision"]], "line 1: is no table of texts: its columns are text_id, annotator"),
    (lambda rows: [r[:5] for r in rows], "line 1, field 'digest': is no column of the table"),
    (lambda rows: [rows[0], *([*r[:4], "", r[5]] for r in rows[1:])], "decides nothing"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "message"), BAD, ids=[m[:40] for _, m in BAD])
def test_every_problem_is_named_with_its_place(tmp_path: Path, change, message: str) -> None:
    with pytest.raises(InputError) as caught:
        read_theme_sheet(table(tmp_path / "s.csv", change), TEXTS, NINE)
    assert message in str(caught.value)
    assert "Rest" not in str(caught.value) and "Hello" not in str(caught.value), "no text in an error"


def test_an_empty_table_decides_nothing_and_is_in_the_annotators_order(tmp_path: Path) -> None:
    texts = [TextToLabel(f"t{i}", "c", (f"u{i}",)) for i in range(9)]
    made = blank_labels(texts, "ann")
    assert {m.undecided for m in made} == {1} and [m.text.id for m in made] != [t.id for t in texts]
    write_theme_sheet(tmp_path / "s.csv", made)
    with pytest.raises(InputError, match="decides nothing"):
        read_theme_sheet(tmp_path / "s.csv", texts, NINE)


def files(tmp_path: Path) -> tuple[Path, Path]:
    texts, labels = tmp_path / "texts.jsonl", tmp_path / "labels.jsonl"
    texts.write_text("".join(json.dumps(t.row()) + "\n" for t in TEXTS))
    rows, open_ = label_rows([*MADE, Labelled(TEXTS[1], "bob", (("empathy",),))])
    assert open_ == 1
    labels.write_text("".join(json.dumps(r) + "\n" for r in rows))
    return texts, labels


def test_labels_of_a_file_and_the_classifier_that_finds_them_stored(tmp_path: Path) -> None:
    texts, labels = files(tmp_path)
    made = read_theme_labels(labels, texts)
    assert [(m.text.id, m.annotator) for m in made] == [
        ("s1:frontier:zero", "ann"),
        ("s2:dr_q", "ann"),
        ("s2:dr_q", "bob"),
    ]
    store = VerdictStore()
    counts = store_theme_labels([*made, MADE[2]], store, NINE)
    named = [theme_judge(f"human:{who}{labels}+{texts}") for who in ("", "ann@", "bob@")]
    assert [j.signature for j in named] == list(counts) and list(counts.values()) == [3, 3, 1] and len(store) == 7
    asked = [ThemeQuestion(t.units, i) for t in TEXTS for i in range(len(t.units))]
    everybody, _, bob = (j.judge(asked) for j in named)
    assert everybody[1].themes == ("empathy", "treatment_planning") and everybody[1].p["empathy"] == 1.0
    assert everybody[2].themes == ("empathy",), "a tie goes to the first of the taxonomy"
    assert everybody[2].p["empathy"] == everybody[2].p["treatment_planning"] == 0.5
    assert [v.status for v in bob] == [Status.MISSING, Status.MISSING, Status.OK]


BAD_LABELS = [
    ('{"text_id": "zz", "annotator": "a", "themes": []}', "line 1, field 'text_id': is missing, or"),
    ('{"text_id": "s2:dr_q", "annotator": "a", "themes": [["nope"]]}', "field 'themes': is not a list of 1 lists of keys"),
    ('{"text_id": "s2:dr_q", "annotator": "a", "themes": [["other"]], "digest": "0"}', "was made on another text"),
    ("", "is empty"),
]  # fmt: skip


@pytest.mark.parametrize(("line", "message"), BAD_LABELS)
def test_a_classifier_of_bad_files(tmp_path: Path, line: str, message: str) -> None:
    texts, labels = files(tmp_path)
    labels.write_text(f"{line}\n" if line else "")
    with pytest.raises(InputError) as caught:
        theme_judge(f"human:{labels}+{texts}")
    assert message in str(caught.value)
    with pytest.raises(UsageError, match="the classifier 'human' needs two files"):
        theme_judge("human:labels.jsonl")
