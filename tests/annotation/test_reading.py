"""A user's own annotations: read as the corpus' files are, and every problem named with its place."""

import json
from pathlib import Path

import pytest

from redline.annotation import pair_digest, read_annotated_pairs, read_themed_texts
from redline.corpus import bundled_path
from redline.errors import InputError
from redline.taxonomy import Taxonomy, Theme
from redline.training.judges import bundled_pairs, prepare

READ = {"judge": read_annotated_pairs, "themes": read_themed_texts}
PAIR = {"id": "p1", "case": "c1", "draft": ["Rest.", "Call."], "reference": ["Rest."]}
MARK = {"pair": "p1", "annotator": "a", "deleted": [0, 1], "added": [0]}
TEXT = {"text_id": "c1:dr_a", "sentences": ["Hello.", "Rest."]}
LABEL = {"text_id": "c1:dr_a", "annotator": "a", "themes": [["other"], ["treatment_planning", "empathy"]]}


def write(path: Path, *rows) -> Path:
    path.write_text("\n".join(r if isinstance(r, str) else json.dumps(r) for r in rows) + "\n", encoding="utf-8")
    return path


def problems(kind: str, tmp_path: Path, texts, annotations) -> list[str]:
    with pytest.raises(InputError) as caught:
        READ[kind](write(tmp_path / "t.jsonl", *texts), write(tmp_path / "a.jsonl", *annotations))
    assert "Rest." not in str(caught.value), "no text in an error"
    return [str(p).removeprefix(f"{tmp_path}/") for p in caught.value.problems]


def test_the_bundled_files_read_like_anybodys() -> None:
    folder = bundled_path()
    assert len(bundled_pairs()) == 657 and bundled_pairs()[0].draft_source
    tested = read_annotated_pairs(folder / "pairs_test.jsonl", folder / "edits_test.jsonl")
    assert len(tested) == 130 and {len(p.annotations) for p in tested} == {2}
    with pytest.raises(InputError, match="bundled test split"):
        prepare(tested)
    labelled = read_themed_texts(folder / "theme_texts.jsonl", folder / "theme_labels.jsonl")
    assert len(labelled) == 250
    with pytest.raises(InputError, match="bundled test split"):
        prepare(labelled)


def test_pairs_without_annotation_are_left_out_and_numbers_may_be_ids(tmp_path: Path) -> None:
    texts = write(tmp_path / "t.jsonl", PAIR, PAIR | {"id": 2, "case": 7}, PAIR | {"id": "p3"})
    marks = write(tmp_path / "a.jsonl", MARK, MARK | {"annotator": "b", "deleted": [1, 1]}, MARK | {"pair": 2})
    first, second = read_annotated_pairs(texts, marks)
    assert (first.id, second.id, second.case) == ("p1", "2", "7")
    assert first.deleted == (True, True) and second.deleted == (False, True) and len(first.annotations) == 2


def test_labelled_texts(tmp_path: Path) -> None:
    texts = write(tmp_path / "t.jsonl", TEXT, TEXT | {"text_id": "x", "case": "c9"})
    marks = write(tmp_path / "a.jsonl", LABEL, LABEL | {"text_id": "x"})
    first, second = read_themed_texts(texts, marks)
    assert (first.case, second.case) == ("c1", "c9") and first.units == ("Hello.", "Rest.")
    own = Taxonomy((Theme("warm", "Warm", "is kind", ""), Theme("rest", "Rest", "else", "")), "rest")
    write(tmp_path / "a.jsonl", LABEL | {"themes": [["warm"], []]})
    (only,) = read_themed_texts(texts, tmp_path / "a.jsonl", taxonomy=own)
    assert only.themes(own) == (("warm",), ("rest",))


def test_every_bad_line_of_both_files_is_named(tmp_path: Path) -> None:
    texts = [
        PAIR,
        PAIR,
        {"id": "p2", "case": "c1", "draft": "Rest.", "reference": ["", "Rest.\u0000"]},
        {"draft": ["Rest."], "reference": ["Rest."], "id": "p4"},
        "{broken",
        PAIR | {"id": True},
    ]
    marks = [
        MARK | {"deleted": [0]},
        MARK | {"annotator": "b", "added": [2]},
        MARK | {"annotator": "b"},
        MARK | {"pair": "p9"},
        MARK | {"annotator": ""},
        {"pair": "p1", "annotator": "c"},
    ]
    assert problems("judge", tmp_path, texts, marks) == [
        "t.jsonl, line 2, field 'id': is the id of line 1 as well",
        "t.jsonl, line 3, field 'draft': is not a list of texts (one a sentence)",
        "t.jsonl, line 3, field 'reference[0]': is an empty unit",
        "t.jsonl, line 3, field 'reference[1]': contains the control character U+0000 at character 6; remove it",
        "t.jsonl, line 4, field 'case': is missing, expected a text or a whole number",
        "t.jsonl, line 5: is not one JSON object: Expecting property name enclosed in double quotes: line 1 column 2 (char 1)",
        "t.jsonl, line 6, field 'id': is no text",
        "a.jsonl, line 1, field 'deleted': has 1 marks for 2 units",
        "a.jsonl, line 2, field 'added': is not a list of 0 and 1",
        "a.jsonl, line 3, field 'pair': was annotated by 'b' in line 2 already",
        "a.jsonl, line 4, field 'pair': is 'p9', which the other file does not have",
        "a.jsonl, line 5, field 'annotator': is no text",
        "a.jsonl, line 6, field 'deleted': is missing",
        "a.jsonl, line 6, field 'added': is missing",
    ]


def test_every_bad_label_is_named(tmp_path: Path) -> None:
    marks = [
        LABEL | {"themes": [["other"]]},
        LABEL | {"annotator": "b", "themes": ["other", []]},
        LABEL | {"annotator": "c", "themes": [["empathi"], [["x"]]]},
        LABEL | {"annotator": "d", "themes": [["empathi"], []]},
    ]
    assert problems("themes", tmp_path, [TEXT], marks) == [
        "a.jsonl, line 1, field 'themes': has labels of 1 units, the text has 2",
        "a.jsonl, line 2, field 'themes': is not a list of lists of theme keys",
        "a.jsonl, line 3, field 'themes': is not a list of lists of theme keys",
        "a.jsonl, line 4, field 'themes[0]': names the unknown theme 'empathi'; did you mean 'empathy'?",
    ]


def test_empty_missing_and_foreign_files(tmp_path: Path) -> None:
    assert problems("judge", tmp_path, [""], [MARK])[0] == "t.jsonl: is empty"
    assert problems("judge", tmp_path, [PAIR], [""]) == [f"a.jsonl: annotates nothing of {tmp_path}/t.jsonl"]
    with pytest.raises(InputError, match="does not exist"):
        read_annotated_pairs(tmp_path / "nothing.jsonl", tmp_path / "a.jsonl")


def test_an_annotation_of_another_text_is_refused(tmp_path: Path) -> None:
    right = pair_digest(PAIR["draft"], PAIR["reference"])
    pairs = write(tmp_path / "t.jsonl", PAIR)
    assert read_annotated_pairs(pairs, write(tmp_path / "a.jsonl", MARK | {"digest": right}))
    assert problems("judge", tmp_path, [PAIR | {"draft": ["Rest.", "Run."]}], [MARK | {"digest": right}]) == [
        "a.jsonl, line 1, field 'digest': the texts of pair 'p1' are not those that were annotated; annotate it anew"
    ]


def test_undecided_units_are_taken_where_asked_for(tmp_path: Path) -> None:
    half = MARK | {"deleted": [None, None]}
    pairs, marks = write(tmp_path / "t.jsonl", PAIR), write(tmp_path / "a.jsonl", half)
    (pair,) = read_annotated_pairs(pairs, marks, undecided=True)
    assert pair.annotations[0].deleted == (None, None) and not pair.annotations[0].complete and pair.added == (False,)
    with pytest.raises(ValueError, match="nobody decided"):
        _ = pair.deleted
    assert problems("judge", tmp_path, [PAIR], [half])[0].endswith("field 'deleted': is not a list of 0 and 1")


def test_sources_and_the_sampling_probability_are_kept(tmp_path: Path) -> None:
    more = PAIR | {"draft_source": "m/s", "reference_source": "c1", "probability": 0.25}
    (pair,) = read_annotated_pairs(write(tmp_path / "t.jsonl", more), write(tmp_path / "a.jsonl", MARK))
    assert (pair.draft_source, pair.reference_source, pair.probability) == ("m/s", "c1", 0.25)
    for wrong in (0, 1e-320, -1, 1.5, "often", True):
        found = problems("judge", tmp_path, [PAIR | {"probability": wrong}], [MARK])
        assert found == ["t.jsonl, line 1, field 'probability': is no number from 1e-09 to 1"]


def test_a_text_in_the_place_of_a_name_is_not_repeated(tmp_path: Path) -> None:
    told = "I have had chest pain since Monday and it is getting worse every time I climb the stairs."
    (found,) = problems("judge", tmp_path, [PAIR], [MARK | {"pair": told}])
    assert found == "a.jsonl, line 1, field 'pair': is a text of 89 characters, which the other file does not have"
    for found in problems("themes", tmp_path, [TEXT], [LABEL | {"themes": [[told], []]}]):
        assert "names the unknown theme a text of 89 characters" in found and "chest" not in found


def test_an_annotator_is_one_person_however_the_name_is_typed(tmp_path: Path) -> None:
    marks = [MARK | {"annotator": "Ren\u00e9"}, MARK | {"annotator": " Rene\u0301 "}]
    assert problems("judge", tmp_path, [PAIR], marks) == [
        "a.jsonl, line 2, field 'pair': was annotated by 'Ren\u00e9' in line 1 already"
    ]
