"""`redline validate` as a person types it."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from redline.cli import app, main
from redline.corpus import bundled_rows

RUN = CliRunner()


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve bundled test pairs with both annotators, and the labelled texts of their messages."""
    folder = tmp_path_factory.mktemp("validate")
    pairs = bundled_rows("pairs_test")[:12]
    ids, cases = {p["id"] for p in pairs}, {p["case"] for p in pairs}
    edits = [e for e in bundled_rows("edits_test") if e["pair"] in ids]
    texts = [t for t in bundled_rows("theme_texts") if t["text_id"].split(":")[0] in cases]
    known = {t["text_id"] for t in texts}
    labels = [x for x in bundled_rows("theme_labels") if x["text_id"] in known]
    for name, rows in (("pairs", pairs), ("edits", edits), ("texts", texts), ("labels", labels)):
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(r) + "\n" for r in rows), encoding="utf-8")
    return folder


def call(files: Path, out: Path, *more: str, judge: str = "exact") -> tuple[int, str]:
    command = ["validate", "--judge", judge, "--pairs", f"{files}/pairs.jsonl"]
    command += ["--annotations", f"{files}/edits.jsonl"]
    done = RUN.invoke(app, [*command, "--out", str(out), "--draws", "200", *more], catch_exceptions=True)
    return done.exit_code, done.output


def test_the_contract_of_the_command(files: Path, tmp_path: Path) -> None:
    code, said = call(
        files, tmp_path / "card", "--theme-texts", f"{files}/texts.jsonl", "--theme-labels", f"{files}/labels.jsonl",
        "--name", "twelve pairs", "--provenance", "Synthetic.", "--date", "2026-01-02", judge="encoder",
    )  # fmt: skip
    assert code == 0, said
    card = json.loads((tmp_path / "card" / "card.json").read_text())
    kappa = card["content"]["kappa"]
    assert set(kappa["judge"]) == {"a1", "a2"} and set(kappa["annotators"]) == {"a1|a2"}
    for figure in (*kappa["judge"].values(), kappa["judge_mean"], card["content"]["ece"]):
        assert figure["low"] <= figure["estimate"] <= figure["high"]
    assert card["content"]["f1"]["judge"]["a1"]["n"] > 100 and card["verdict"]["content"]
    assert card["made_on"] == "2026-01-02" and card["material"]["name"] == "twelve pairs" and card["themes_level"]
    assert "content judge encoder@" in said and "judge card: " in said
    assert "twelve pairs" in (tmp_path / "card" / "card.html").read_text()


def test_a_store_makes_the_second_run_the_same(files: Path, tmp_path: Path) -> None:
    store = ("--store", str(tmp_path / "verdicts.sqlite"), "--date", "2026-01-02")
    for name in ("one", "two"):
        assert call(files, tmp_path / name, *store)[0] == 0
    assert (tmp_path / "one" / "card.json").read_bytes() == (tmp_path / "two" / "card.json").read_bytes()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"deleted": [1]}, "marks for"),
        ({"digest": "0" * 16}, "are not those that were annotated"),
        ({"pair": "e9999"}, "which the other file does not have"),
        ({"annotator": ""}, "field 'annotator'"),
    ],
)
def test_annotations_that_do_not_fit_are_refused(
    files: Path, tmp_path: Path, change: dict[str, object], words: str, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    rows = [json.loads(line) for line in (files / "edits.jsonl").read_text().splitlines()]
    rows[3] |= change
    bad = tmp_path / "edits.jsonl"
    bad.write_text("".join(json.dumps(r) + "\n" for r in rows))
    command = ["redline", "validate", "--judge", "exact", "--pairs", f"{files}/pairs.jsonl", "--annotations", str(bad)]
    monkeypatch.setattr("sys.argv", [*command, "--out", str(tmp_path / "card")])
    with pytest.raises(SystemExit) as ended:
        main()
    said = capsys.readouterr().err
    assert ended.value.code == 2 and words in said and "line 4" in said
    assert not (tmp_path / "card").exists()


def test_options_that_go_together(files: Path, tmp_path: Path) -> None:
    for more, words in (
        (("--theme-texts", f"{files}/texts.jsonl"), "--theme-texts needs --theme-labels"),
        (("--date", "yesterday"), "is no date"),
    ):
        done = RUN.invoke(
            app,
            ["validate", "--judge", "exact", "--pairs", f"{files}/pairs.jsonl", "--annotations", f"{files}/edits.jsonl",
             "--out", str(tmp_path / "card"), *more],
        )  # fmt: skip
        assert done.exit_code != 0 and words in str(done.exception)
