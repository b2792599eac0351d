"""`redline study` and `redline draft` as a person meets them."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from redline.cli import app
from redline.errors import RedlineError

RUN = CliRunner()
STUDY = """name = "mini"
strategies = ["retrieval_reply"]
[[corpora]]
name = "bundled"
path = "bundled"
split = "test"
learn_split = "train"
cases = 3
[[models]]
use = "recorded:frontier-llm"
strategies = ["zero_shot", "theme_guided"]
price_in = 2.0
price_out = 8.0
[judge]
name = "exact"
[score]
draws = 200
"""


def redline(*words: str):
    return RUN.invoke(app, list(words))


def refused(*words: str) -> str:
    found = redline(*words)
    assert isinstance(found.exception, RedlineError), found.output
    return str(found.exception)


@pytest.fixture
def study(tmp_path: Path) -> Path:
    path = tmp_path / "study.toml"
    path.write_text(STUDY)
    return path


def test_plan_run_status_compare_report(study: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    plan = redline("study", "plan", str(study), "--out", str(out))
    assert plan.exit_code == 0 and "bundled/frontier-llm/theme_guided" in plan.output and not out.exists()
    run = redline("study", "run", str(study), "--out", str(out))
    assert run.exit_code == 0, run.output
    assert {p.name for p in out.iterdir()} >= {"drafts.jsonl", "results.json", "report.html"}
    drafts = [json.loads(line) for line in (out / "drafts.jsonl").read_text().splitlines()]
    assert len(drafts) == 3 + 3 + 15 and all(set(d) >= {"corpus", "case", "model", "strategy", "text"} for d in drafts)
    status = redline("study", "status", str(out))
    assert "ok 15" in status.output and "0 calls" in status.output, "a recording costs nothing"
    compare = redline("study", "compare", str(out), "frontier-llm/theme_guided", "frontier-llm/zero_shot")
    assert compare.exit_code == 0 and "content.f1" in compare.output and " 15 " in compare.output
    (out / "report.html").unlink()
    assert redline("study", "report", str(out)).exit_code == 0 and (out / "report.html").exists()
    assert redline("report", str(out), "--out", str(tmp_path / "again.html")).exit_code == 0, (
        "as `redline score` writes it"
    )
    assert "did you mean 'frontier-llm/zero_shot'" in refused(
        "study", "compare", str(out), "frontier-llm/zero", "no-model/retrieval_reply"
    )


def test_drafts_of_one_cell_are_a_corpus_s_drafts(tmp_path: Path) -> None:
    (tmp_path / "c").mkdir()
    (tmp_path / "c" / "cases.jsonl").write_text(
        '{"id": "s003", "message": "My TSH came back 7.8. Do I need a higher dose?"}\n'
    )
    (tmp_path / "c" / "replies.jsonl").write_text(
        '{"case": "s003", "clinician": "c1", "text": "Same dose. Repeat TSH in eight weeks."}\n'
    )
    out = tmp_path / "c" / "drafts.jsonl"
    words = [
        "draft",
        str(tmp_path / "c"),
        "--model",
        "recorded:frontier-llm",
        "--strategy",
        "zero_shot",
        "--out",
        str(out),
    ]
    assert redline(*words, "--record", str(tmp_path / "r.jsonl")).exit_code == 0
    row = json.loads(out.read_text())
    assert row["case"] == "s003" and row["sampling"]["seed"] == 17 and "Thank you" in row["text"]
    assert (
        redline(
            "score", str(tmp_path / "c"), "--judge", "exact", "--out", str(tmp_path / "s"), "--draws", "200"
        ).exit_code
        == 0
    )
    recorded = json.loads((tmp_path / "r.jsonl").read_text())
    assert recorded["text"] == row["text"] and recorded["case"] == "s003"
    words[3], words[-1] = f"recorded:{tmp_path / 'r.jsonl'}", str(tmp_path / "again.jsonl")
    assert redline(*words).exit_code == 0 and json.loads((tmp_path / "again.jsonl").read_text())["text"] == row["text"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--model", "recorded:frontier-lm", "--strategy", "zero_shot"], "did you mean"),
        (["--model", "opnai:m@http://127.0.0.1:1/v1", "--strategy", "zero_shot"], "did you mean 'openai'"),
        (["--model", "tiny", "--strategy", "zeroshot"], "did you mean 'zero_shot'"),
        (
            ["--model", "openai:m@https://api.example.org/v1", "--strategy", "zero_shot"],
            "--allow-remote api.example.org",
        ),
        (["--strategy", "zero_shot"], "--model"),
        (["--model", "recorded:frontier-llm", "--strategy", "zero_shot", "--language", "xx"], "one of en"),
        (["--strategy", "retrieval_reply", "--split", "dev"], "no case in split 'dev'"),
        (["--strategy", "retrieval_reply", "--learn-split", "dev", "--split", "test"], "learns from past replies"),
    ],
)
def test_what_cannot_be_drafted_is_said(tmp_path: Path, words: list[str], message: str) -> None:
    out = tmp_path / "d.jsonl"
    assert message in refused("draft", "bundled", *words, "--out", str(out))
    assert not out.exists()


def test_an_unreachable_server_is_an_error_and_no_file_of_failures(tmp_path: Path) -> None:
    out = tmp_path / "d.jsonl"
    words = [
        "draft",
        "bundled",
        "--split",
        "test",
        "--model",
        "openai:m@http://127.0.0.1:9/v1",
        "--strategy",
        "zero_shot",
    ]
    message = refused(*words, "--out", str(out))
    assert "cannot connect to 127.0.0.1" in message and "Is the server running?" in message and not out.exists()


def test_status_of_a_folder_without_a_study(tmp_path: Path) -> None:
    assert "holds no study" in refused("study", "status", str(tmp_path))
