"""`redline plan-labels` as a person runs it."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from redline.annotation import read_annotated_pairs
from redline.cli import app
from redline.corpus import bundled_path
from redline.errors import UsageError

RUN = CliRunner()
ZERO, GUIDED = "frontier-llm/zero_shot", "frontier-llm/theme_guided"
LABELS = ("--labels", bundled_path() / "pairs_train.jsonl", "--annotations", bundled_path() / "edits_train.jsonl")


def plan(out: Path, *more: object):
    words = ("plan-labels", "bundled", "--split", "train", "--judge", "exact", "--out", out / "plan.json", *more)
    return RUN.invoke(app, [str(w) for w in words])


def test_a_plan_with_the_bundled_labels(tmp_path: Path) -> None:
    found = plan(tmp_path, "--width", 0.07, *LABELS, "--minutes-per-pair", 2)
    assert found.exit_code == 0, found.exception
    made = json.loads((tmp_path / "plan.json").read_text())
    assert {n["name"] for n in made["needs"]} == {ZERO, GUIDED} and made["labelled_pairs"] > 300
    assert all(n["basis"] == "pilot" and n["best"] > 0 for n in made["needs"])
    assert f"{ZERO}: " in found.stdout and "are of texts that changed or are cut otherwise by now" in found.stdout


def test_the_next_pairs_read_like_any_sample(tmp_path: Path) -> None:
    found = plan(tmp_path, "--width", 0.05, "--pairs-out", tmp_path / "next.jsonl", "--add", 30)
    assert found.exit_code == 0 and "Label 20 or more pairs on messages of each system" in found.stdout
    assert "there are fewer than 8 labelled messages" in found.stdout, "the exact judge has no doubt to plan by"
    rows = [json.loads(x) for x in (tmp_path / "next.jsonl").read_text().splitlines()]
    assert len(rows) == 30 and {r["draft_source"] for r in rows} == {ZERO, GUIDED}
    marks = [
        {"pair": r["id"], "annotator": "a", "deleted": [0] * len(r["draft"]), "added": [1] * len(r["reference"])} for r in rows
    ]  # fmt: skip
    (tmp_path / "edits.jsonl").write_text("".join(json.dumps(m) + "\n" for m in marks))
    read = read_annotated_pairs(tmp_path / "next.jsonl", tmp_path / "edits.jsonl")
    assert len(read) == 30 and all(p.probability and 0 < p.probability < 1 for p in read)
    again = plan(
        tmp_path, "--difference", 0.02, "--labels", tmp_path / "next.jsonl", "--annotations", tmp_path / "edits.jsonl",
        "--pairs-out", tmp_path / "grown.jsonl", "--add", 20,
    )  # fmt: skip
    assert again.exit_code == 0, again.exception
    grown = [json.loads(x) for x in (tmp_path / "grown.jsonl").read_text().splitlines()]
    assert {r["id"] for r in rows} <= {r["id"] for r in grown}, (
        "what is labelled stays, so that one file is annotated on"
    )
    assert "next: 20 new pairs beside 30 labelled before" in again.stderr
    (need,) = json.loads((tmp_path / "plan.json").read_text())["needs"]
    for name in need["systems"]:
        weights = sum(1 / r["probability"] for r in grown if r["draft_source"] == name)
        assert weights == pytest.approx(need["pairs"] / 2), (
            "Horvitz and Thompson: the weights add up to the system's pairs"
        )


def test_another_number_of_pairs_than_asked_for_is_explained(tmp_path: Path) -> None:
    found = plan(tmp_path, "--difference", 0.02, "--pairs-out", tmp_path / "next.jsonl", "--add", 1)
    assert found.exit_code == 0, found.exception
    assert "next: 2 new pairs (1 was asked for;" in found.stderr and "of each of the 2 systems)" in found.stderr


@pytest.mark.parametrize(
    "words, match",
    [
        ((), "one goal"),
        (("--width", 0.05, "--difference", 0.02), "one goal"),
        (("--width", 0.05, "--add", 5), "--pairs-out"),
        (("--width", 0.05, "--baseline", ZERO), "belong to --difference"),
        (("--width", 0.05, *LABELS[:2]), "--labels needs --annotations"),
        (("--difference", 0.02, "--between", ZERO, "nobody"), "there is no system 'nobody'"),
        (("--difference", 0.02, "--baseline", "frontier-llm/zeroshot"), "did you mean 'frontier-llm/zero_shot'"),
        (("--difference", 0.02, "--alpha", 1e-300), "--alpha from 0.000001"),
        (("--width", 0.001, "--pairs-out", "{}/next.jsonl"), "no number of labels reaches this goal"),
    ],
)
def test_what_is_refused(tmp_path: Path, words: tuple, match: str) -> None:
    found = plan(tmp_path, *(str(w).format(tmp_path) for w in words))
    assert isinstance(found.exception, UsageError) and match in str(found.exception)
    assert not (tmp_path / "next.jsonl").exists()
