"""`redline agree` and `redline themes compare` as a person meets them: files, printed tables, refusals."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from redline.cli import app
from redline.errors import RedlineError
from redline.judging import ExactJudge
from redline.records import Status, Verdict
from redline.scoring import Judges
from redline.validation.agree.reply_themes import NoClassifier

RUN = CliRunner()


def redline(*words: str):
    return RUN.invoke(app, list(words))


def jsonl(path: Path, rows: list[dict]) -> Path:
    path.write_text("".join(json.dumps(r) + "\n" for r in rows), encoding="utf-8")
    return path


@pytest.fixture
def small(tmp_path: Path) -> Path:
    folder = tmp_path / "corpus"
    folder.mkdir()
    cases = [f"m{i}" for i in range(7)]
    jsonl(
        folder / "cases.jsonl",
        [{"id": c, "split": "test" if i else "train", "message": f"Help {c}.", "ehr": {}} for i, c in enumerate(cases)],
    )
    themes = (["empathy"], ["treatment_planning"])
    replies = [
        {
            "case": c, "clinician": p,
            "sentences": [
                {"text": "Sorry to hear.", "themes": themes[0]},
                {"text": f"Take {1 + (i + n) % 2} tablets.", "themes": themes[1]},
            ][: 1 + (i + n) % 2],
        }
        for i, c in enumerate(cases)
        for n, p in enumerate(("ann", "bob", "cy"))
    ]  # fmt: skip
    jsonl(folder / "replies.jsonl", replies)
    jsonl(
        folder / "drafts.jsonl", [{"case": c, "model": "x", "strategy": "y", "text": "Take 1 tablets."} for c in cases]
    )
    return folder


def test_agree_contract(small: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    run = redline("agree", str(small), "--out", str(out), "--judge", "exact", "--labels", "writers", "--draws", "200")
    assert run.exit_code == 0, run.output
    found = json.loads((out / "agreement.json").read_text())
    for level in ("content", "theme"):
        assert {"estimate", "low", "high", "n"} <= set(found["iap"][level]["overall"])
        assert all({"estimate", "low", "high", "n"} <= set(f) for f in found["iap"][level]["themes"].values())
    assert found["judge"]["content"] == "exact@1" or found["judge"]["content"].startswith("exact")
    assert found["signature"].split("|")[3] == "themes:writers"
    assert "IAP: another clinician's reply as the draft" in run.output and "Treatment Planning" in run.output
    assert (out / "agreement.html").read_text().startswith("<!doctype html>")
    assert sorted(p.name for p in out.iterdir()) == ["agreement.html", "agreement.json"]


def test_a_judge_that_never_answers_is_no_success(small: Path, tmp_path: Path, monkeypatch) -> None:
    class Silent(ExactJudge):
        def judge(self, questions):
            return [Verdict(Status.TIMEOUT) for _ in questions]

    monkeypatch.setattr("redline.cli.agree.make_judges", lambda *_, **__: Judges(Silent(), NoClassifier()))
    run = redline("agree", str(small), "--out", str(tmp_path), "--labels", "writers", "--draws", "200")
    assert run.exit_code == 1 and "the judge answered for no unit" in run.stderr
    found = json.loads((tmp_path / "agreement.json").read_text())["iap"]
    assert found["unjudged"] == found["comparisons"] and found["content"]["overall"]["estimate"] is None
    assert found["theme"]["overall"]["estimate"] is not None, (
        "what the writers said of their themes is known all the same"
    )


def test_the_same_twice(small: Path, tmp_path: Path) -> None:
    for name in ("a", "b"):
        assert redline(
            "agree", str(small), "--out", str(tmp_path / name), "--judge", "exact", "--labels", "writers", "--draws", "200"
        ).exit_code == 0  # fmt: skip
    for file in ("agreement.json", "agreement.html"):
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()


def test_agree_with_annotators_and_a_split(small: Path, tmp_path: Path) -> None:
    pairs = jsonl(
        tmp_path / "pairs.jsonl",
        [{"id": f"p{i}", "case": f"m{i}", "draft": ["A.", "B."], "reference": ["C."]} for i in range(6)],
    )
    edits = jsonl(
        tmp_path / "edits.jsonl",
        [
            {"pair": f"p{i}", "annotator": a, "deleted": [i % 2, int(a == "z" and i == 3)], "added": [1 if i else None]}
            for i in range(6)
            for a in ("y", "z")
        ],
    )
    out = tmp_path / "out"
    run = redline(
        "agree", str(small), "--out", str(out), "--judge", "exact", "--labels", "writers", "--draws", "200", "--split", "test",
        "--pairs", str(pairs), "--annotations", str(edits),
    )  # fmt: skip
    assert run.exit_code == 0, run.output
    found = json.loads((out / "agreement.json").read_text())
    assert found["corpus"]["split"] == "test" and found["iap"]["messages"] == 6
    deleted, added = found["annotators"]["edits"]
    assert deleted["agreement"]["estimate"] == pytest.approx(11 / 12) and deleted["units"] == 12
    assert added["units"] == 5, "what both left undecided is no unit"
    assert "two raters only" in run.output


def test_refusals(small: Path, tmp_path: Path) -> None:
    def refused(*words: str) -> str:
        with pytest.raises(RedlineError) as error:
            app(list(words), standalone_mode=False)
        return str(error.value)

    out = str(tmp_path / "out")
    pairs = jsonl(tmp_path / "p.jsonl", [{"id": "p", "case": "m1", "draft": ["A."], "reference": []}])
    assert "--pairs needs --annotations" in refused("agree", str(small), "--out", out, "--pairs", str(pairs))
    assert "corpus has no case of it; its splits are test, train" in refused(
        "agree", str(small), "--out", out, "--judge", "exact", "--split", "none"
    )
    jsonl(tmp_path / "e.jsonl", [{"pair": "p", "annotator": "a", "deleted": [0, 1], "added": []}])
    message = refused(
        "agree",
        str(small),
        "--out",
        out,
        "--judge",
        "exact",
        "--pairs",
        str(pairs),
        "--annotations",
        str(tmp_path / "e.jsonl"),
    )
    assert "has 2 marks for 1 units" in message
    jsonl(tmp_path / "e.jsonl", [{"pair": "p", "annotator": "a", "deleted": [0], "added": [], "digest": "0" * 16}])
    message = refused(
        "agree",
        str(small),
        "--out",
        out,
        "--judge",
        "exact",
        "--pairs",
        str(pairs),
        "--annotations",
        str(tmp_path / "e.jsonl"),
    )
    assert "not those that were annotated" in message
    assert not (tmp_path / "out").exists(), "nothing is left of a refused run"


def test_themes_compare_contract(small: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    texts = jsonl(
        tmp_path / "t.jsonl",
        [{"text_id": f"m{i}:ann", "case": f"m{i}", "sentences": ["Sorry to hear."]} for i in (0, 2, 4, 6)],
    )
    labels = jsonl(
        tmp_path / "l.jsonl",
        [{"text_id": f"m{i}:ann", "annotator": "b1", "themes": [["empathy"]]} for i in (0, 2, 4, 6)],
    )
    run = redline(
        "themes",
        "compare",
        str(small),
        "--out",
        str(out),
        "--draws",
        "200",
        "--theme-texts",
        str(texts),
        "--theme-labels",
        str(labels),
    )
    assert run.exit_code == 0, run.output
    found = json.loads((out / "themes.json").read_text())
    assert found["clinicians"]["empathy"]["published"] == [0.85, 0.85]
    assert found["clinicians"]["patient_education"]["standing"] == "not published"
    assert found["verdict"] in ("revise", "keep", "no sign so far") and len(found["results"]) == 4
    assert found["raters"] == ["b1", "writer"] and found["labelled_sentences"] == 4
    assert [s["system"] for s in found["systems"]] == ["x/y"]
    assert "Share of texts with each theme" in run.output
    assert (out / "themes.html").read_text().startswith("<!doctype html>")


def test_themes_of_a_file_still_needs_no_verb(tmp_path: Path) -> None:
    path = jsonl(tmp_path / "t.jsonl", [{"id": "x", "text": "Any fever?"}])
    assert redline("themes", str(path), "--out", str(tmp_path / "o.jsonl")).exit_code == 0
    assert redline("themes", "label", str(path), "--out", str(tmp_path / "o2.jsonl")).exit_code == 0
    assert (tmp_path / "o.jsonl").read_bytes() == (tmp_path / "o2.jsonl").read_bytes()


def test_names_with_brackets_are_names_in_every_table(small: Path, tmp_path: Path) -> None:
    """Names of systems and themes are the user's: nothing in them is markup of the terminal."""
    drafts = small / "drafts.jsonl"
    drafts.write_text(drafts.read_text().replace('"x"', '"x[/red]:smile:"'))
    themes = {k: f"{k}[bold][/red]" for k in ("empathy", "treatment_planning", "other")}
    taxonomy = tmp_path / "themes.yaml"
    taxonomy.write_text(
        "residual: other\nthemes:\n" + "".join(f'- {{key: {k}, name: "{n}", has: x}}\n' for k, n in themes.items())
    )
    words = ("--draws", "100", "--taxonomy", str(taxonomy))
    for verb, more in (
        (("agree",), ("--judge", "exact", "--labels", "writers")),
        (("themes", "compare"), ("--labels", "writers")),
        (("score",), ("--judge", "exact", "--no-floors")),
    ):
        run = redline(*verb, str(small), "--out", str(tmp_path / verb[0]), *more, *words)
        assert run.exit_code == 0, run.exception
        assert verb == ("agree",) or "x[/red]:smile:/y" in run.output
