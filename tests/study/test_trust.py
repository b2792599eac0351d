"""A study and trust: judge cards that are required, labels that correct its tables."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from redline.errors import InputError, UsageError
from redline.files import write_jsonl
from redline.judging import content_judge
from redline.scoring import Judges, Standing
from redline.study import Bench, check_study, compare_cells, read_study, run_study, study_judges
from redline.study.place import StudyPlace
from tests.study.conftest import ScriptedModel, opened, small_spec, write_small
from tests.validation.test_gate import write_card


def write_labels(out: Path, folder: Path) -> dict[str, str]:
    """An annotator keeps the first unit of every drafted reply and adds everything."""
    replies = [json.loads(line) for line in (out.parent / "corpus" / "replies.jsonl").read_text().splitlines()]
    drafts = [json.loads(line) for line in (out / "drafts.jsonl").read_text().splitlines()]
    pairs, edits = [], []
    for i, draft in enumerate(d for d in drafts if d["strategy"] == "zero_shot"):
        reply = next(r for r in replies if r["case"] == draft["case"])
        units, mine = [s["text"] for s in reply["sentences"]], draft["text"].split(". ")
        mine = [u if u.endswith((".", ")")) else f"{u}." for u in mine]
        pairs.append({"id": f"p{i}", "case": draft["case"], "draft": mine, "reference": units})
        edits.append(
            {"pair": f"p{i}", "annotator": "a", "deleted": [0] + [1] * (len(mine) - 1), "added": [1] * len(units)}
        )
    folder.mkdir()
    write_jsonl(folder / "pairs.jsonl", pairs)
    write_jsonl(folder / "edits.jsonl", edits)
    return {"pairs": str(folder / "pairs.jsonl"), "annotations": str(folder / "edits.jsonl")}


def test_a_required_card_stops_the_study_before_anything_is_drafted(small: Path, tmp_path: Path) -> None:
    exact = content_judge("exact")
    for verdict, allowed in (("valid here", True), ("valid with correction", False), ("not valid", False)):
        folder = write_card(tmp_path / verdict.replace(" ", "-"), exact.signature, verdict)
        spec = small_spec(small, judge={"name": "exact", "card": str(folder), "require_card": True})
        if allowed:
            assert study_judges(opened(spec, tmp_path / "out")).validity.content is Standing.VALID
        else:
            with pytest.raises(UsageError, match=rf"content judge.*{verdict}"):
                study_judges(opened(spec, tmp_path / "out"))
    with pytest.raises(UsageError, match="content judge is unvalidated"):
        study_judges(opened(small_spec(small, judge={"name": "exact", "require_card": True}), tmp_path / "out"))


def test_a_plan_refuses_what_a_run_would(small: Path, tmp_path: Path) -> None:
    def looked_at(**changes: object) -> None:
        check_study(Bench(StudyPlace(small_spec(small, **changes), tmp_path / "out", asking=False), in_memory=True))

    looked_at()
    with pytest.raises(InputError, match="does not exist"):
        looked_at(judge={"name": "exact", "card": str(tmp_path / "nothing")})
    with pytest.raises(UsageError, match="content judge is unvalidated"):
        looked_at(judge={"name": "exact", "require_card": True})
    with pytest.raises(InputError, match="does not exist"):
        looked_at(labels={"pairs": str(tmp_path / "p.jsonl"), "annotations": str(tmp_path / "e.jsonl")})
    assert not (tmp_path / "out").exists()


def test_labels_correct_a_study_and_its_comparisons(tmp_path: Path, quick_judges: Judges) -> None:
    small = write_small(tmp_path / "corpus", cases=24)
    out, model = tmp_path / "out", ScriptedModel()
    run_study(opened(small_spec(small), out, model), quick_judges)
    spec = small_spec(small, labels=write_labels(out, tmp_path / "labels"))
    place = opened(spec, out, model)
    found = run_study(place, quick_judges).scored["small"]
    assert found.corrected is not None
    figure = found.corrected.of("scripted/zero_shot", "content.f1")
    assert figure is not None and figure.labels > 0
    assert json.loads((out / "results.json").read_text())["corrected"]["labels"]["pairs"] == 24
    again, contrasts = compare_cells(Bench(place), quick_judges, "scripted/zero_shot", "scripted/theme_guided")
    assert contrasts and again.corrected is not None


def test_wrong_labels_are_said_before_drafting(small: Path, tmp_path: Path, quick_judges: Judges) -> None:
    model = ScriptedModel()
    missing = {"pairs": str(tmp_path / "no.jsonl"), "annotations": str(tmp_path / "no2.jsonl")}
    with pytest.raises(InputError, match="does not exist"):
        run_study(opened(small_spec(small, labels=missing), tmp_path / "a", model), quick_judges)
    with pytest.raises(UsageError, match="there is no corpus 'smal'"):
        run_study(opened(small_spec(small, labels=missing | {"corpus": "smal"}), tmp_path / "b", model), quick_judges)
    folder = tmp_path / "foreign"
    folder.mkdir()
    write_jsonl(folder / "p.jsonl", [{"id": "p", "case": "elsewhere", "draft": ["Rest."], "reference": ["Rest."]}])
    write_jsonl(folder / "e.jsonl", [{"pair": "p", "annotator": "a", "deleted": [0], "added": [0]}])
    foreign = {"pairs": str(folder / "p.jsonl"), "annotations": str(folder / "e.jsonl")}
    with pytest.raises(UsageError, match="none of the labels is of a case of the corpus 'small'"):
        run_study(opened(small_spec(small, labels=foreign), tmp_path / "c", model), quick_judges)
    assert not model.asked


def test_files_beside_the_study_file_are_found(tmp_path: Path) -> None:
    for name in ("pairs.jsonl", "edits.jsonl", "card.json"):
        (tmp_path / name).write_text("{}\n")
    path = tmp_path / "study.toml"
    path.write_text(
        'name = "s"\nstrategies = ["retrieval_reply"]\n[[corpora]]\nname = "b"\npath = "bundled"\n'
        '[judge]\ncard = "card.json"\n[labels]\npairs = "pairs.jsonl"\nannotations = "edits.jsonl"\n'
    )
    spec = read_study(path)
    assert spec.judge.card == str(tmp_path / "card.json")
    assert spec.labels is not None and spec.labels.pairs == str(tmp_path / "pairs.jsonl")


def test_a_card_or_labels_do_not_make_it_another_study(small: Path, tmp_path: Path, quick_judges: Judges) -> None:
    out, model = tmp_path / "out", ScriptedModel()
    run_study(opened(small_spec(small), out, model), quick_judges)
    judge = {"name": "exact", "card": str(write_card(tmp_path / "c", content_judge("exact").signature, "valid here"))}
    model.asked.clear()
    again = run_study(opened(small_spec(small, judge=judge), out, model), replace(quick_judges))
    assert not again.failures and not model.asked, "nothing is drafted anew, and --changed is not asked for"
