"""`redline drift` as a person runs it: files in, words and drift.json out, exit codes."""

import json
import sqlite3
from pathlib import Path

import pytest
from typer.testing import CliRunner

from redline.cli import app
from redline.errors import InputError, RedlineError, UsageError
from redline.judging import theme_judge
from tests.validation.cards import card, figure, with_themes

RUN = CliRunner()


def redline(*words: object):
    return RUN.invoke(app, [str(w) for w in words])


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A card of the rule judge, ninety calm messages of September and forty of October on which it is wrong."""
    known = card("exact@near92", error=figure(0.1, 0.02), bias=figure(0, 0.02))
    (tmp_path / "card.json").write_text(json.dumps(known))
    pairs, edits = [], []
    for i in range(130):
        calm = i < 90
        pairs.append({
            "id": f"p{i}", "case": f"s{i}", "draft": ["Rest well.", "Drink water."], "reference": ["Rest well."],
            "received": f"2026-{9 if calm else 10:02}-{1 + i % 30:02}",
        })  # fmt: skip
        edits.append({"pair": f"p{i}", "annotator": "a", "deleted": [0, 1] if calm else [1, 0], "added": [0]})
    for name, rows in (("pairs", pairs), ("edits", edits)):
        (tmp_path / f"{name}.jsonl").write_text("".join(json.dumps(r) + "\n" for r in rows))
    return tmp_path


def drift(place: Path, *more: object):
    return redline(
        "drift", "--card", place, "--judge", "exact", "--pairs", place / "pairs.jsonl", "--annotations", place / "edits.jsonl",
        "--out", place / "out", *more,
    )  # fmt: skip


def test_a_drift_is_found_and_exit_codes_are_as_asked(place: Path) -> None:
    found = drift(place)
    assert found.exit_code == 0 and found.stdout.startswith("Drift shown (130 messages)")
    report = json.loads((place / "out" / "drift.json").read_text())
    assert report["decision"] == "drift" and report["n"] == 130 and report["first"]["message"] > 90
    assert [m["month"] for m in report["months"]] == ["2026-09", "2026-10"]
    assert len(report["path"]["log_e"]["error_rose"]) == 130
    assert drift(place, "--fail-on-drift").exit_code == 1
    calm = drift(place, "--month", "2026-09", "--fail-on-drift")
    assert calm.exit_code == 0 and calm.stdout.startswith("No drift shown (90 messages; a rise of the error to")


def test_the_same_bytes_again(place: Path) -> None:
    drift(place)
    first = (place / "out" / "drift.json").read_bytes()
    drift(place)
    assert (place / "out" / "drift.json").read_bytes() == first


def themed(place: Path) -> tuple[object, ...]:
    """The card speaks for the shipped classifier too; texts of July that people label as it does."""
    known = json.loads((place / "card.json").read_text())
    with_themes(known, theme_judge("encoder").signature, error=figure(0.1, 0.02), bias=figure(0, 0.02))
    (place / "card.json").write_text(json.dumps(known))
    texts = [
        {"text_id": f"t{i}:x", "sentences": ["Go to the ER if it gets worse."], "received": "2026-07-01"}
        for i in range(240)
    ]
    labels = [{"text_id": t["text_id"], "annotator": "a", "themes": [["contingency_planning"]]} for t in texts]
    for name, rows in (("texts", texts), ("labels", labels)):
        (place / f"{name}.jsonl").write_text("".join(json.dumps(r) + "\n" for r in rows))
    return "--theme-texts", place / "texts.jsonl", "--theme-labels", place / "labels.jsonl"


def test_both_levels_share_the_level(place: Path) -> None:
    more = themed(place)
    found = drift(place, *more)
    assert found.exit_code == 0, found.output
    assert "Content judge\nDrift shown" in found.stdout
    assert "Theme classifier\nNo drift shown (240 messages" in found.stdout
    content, themes = (json.loads((place / "out" / f"{n}.json").read_text()) for n in ("drift", "drift-themes"))
    assert (content["level"], themes["level"]) == ("content", "themes") and content["alpha"] == themes["alpha"] == 0.025
    assert drift(place, *more, "--fail-on-drift").exit_code == 1
    alone = redline("drift", "--card", place, "--out", place / "alone", *more)
    assert alone.exit_code == 0 and alone.stdout.startswith("No drift shown")
    assert [p.name for p in (place / "alone").iterdir()] == ["drift-themes.json"]


def test_nothing_is_judged_before_both_levels_are_found_fit(place: Path) -> None:
    more = themed(place)
    labels = place / "labels.jsonl"
    labels.write_text(labels.read_text().replace("contingency_planning", "no_theme"))
    store = place / "store.sqlite"
    found = drift(place, *more, "--store", store)
    assert isinstance(found.exception, InputError) and not (place / "out").exists()
    with sqlite3.connect(store) as base:
        assert base.execute("SELECT COUNT(*) FROM verdicts").fetchone() == (0,)


def test_what_is_refused_leaves_nothing(place: Path) -> None:
    def refused(error: type[RedlineError], match: str, *more: object) -> None:
        found = drift(place, *more)
        assert isinstance(found.exception, error) and match in str(found.exception), found.exception
        assert not (place / "out").exists()

    refused(UsageError, "pairs.jsonl has no annotated message of 2026-12", "--month", "2026-12")
    refused(UsageError, "--theme-texts needs --theme-labels", "--theme-texts", place / "pairs.jsonl")
    nothing = redline("drift", "--card", place, "--out", place / "out")
    assert isinstance(nothing.exception, UsageError) and "name --pairs and --annotations, or" in str(nothing.exception)
    refused(UsageError, "has the field 'when'", "--dates", "when")
    refused(UsageError, "annotated messages are not in the corpus", "--corpus", "bundled")
    other = json.loads((place / "card.json").read_text())
    other["judge"]["signature"] = "encoder@1"
    (place / "card.json").write_text(json.dumps(other))
    refused(UsageError, "speaks for the content judge encoder@1, this run uses exact@near92")
    (place / "card.json").write_text("{}")
    refused(InputError, "field 'redline': is missing")
    (place / "card.json").unlink()
    refused(InputError, "does not exist")
