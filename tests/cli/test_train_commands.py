"""The commands of docs/training.md, from preference sets to drafts, on a model that takes seconds."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

pytest.importorskip("torch")
pytest.importorskip("accelerate")

from redline.cli.main import app
from redline.corpus import load_corpus
from redline.corpus.write import write_corpus
from redline.errors import RedlineError

pytestmark = pytest.mark.slow


def ran(*words: object, fails: bool = False) -> Result:
    result = CliRunner().invoke(app, [str(w) for w in words])
    if fails:
        assert isinstance(result.exception, RedlineError), result.output
    else:
        assert result.exception is None, (words, result.output, result.exception)
    return result


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a corpus of six train cases."""
    folder = tmp_path_factory.mktemp("place")
    train = load_corpus("bundled").only(split="train")
    write_corpus(train.only(cases=[c.id for c in train.cases[:6]]), folder / "corpus")
    return folder


def test_from_a_corpus_to_drafts_of_personal_adapters(place: Path) -> None:
    corpus, base, out = place / "corpus", "tiny", place / "adapters"
    ran("prefer", "build", corpus, "--agents", "offline", "--kind", "drop", "--out", place / "sets.jsonl")
    common = ["--base", base, "--device", "cpu", "--epochs", 1, "--out", out]
    said = ran("train", "sft", "--corpus", corpus, *common).output
    assert "held-out" in said and f"--model hf:{base}+{out}" in said.replace("\n", "")
    said = ran("train", "tadpole", "--sets", place / "sets.jsonl", "--adapter", out / "sft", *common).output
    assert "held-out" in said and "pairs" in said
    assert len(list(out.glob("*@*"))) == 2

    config = place / "personal.toml"
    config.write_text("[data]\nleast_replies = 3\n")
    own = place / "personal"
    personal = ["train", "personal", "--corpus", corpus, "--adapter", out / "tadpole", "--config", config]
    said = ran(*personal, *common[:-2], "--out", own).output
    assert "no adapter, " in said and f"hf:{base}+{own}" in said.replace("\n", "")
    bound = json.loads((own / "clinicians.json").read_text())["clinicians"]
    assert bound and all((own / adapter).is_dir() for adapter in bound.values())
    assert ran("adapters", "list", own).output.count(" tiny ") == len(bound) + 1
    ran("adapters", "verify", out / "tadpole", "--base", base)

    drafts = place / "drafts.jsonl"
    model = f"hf:{base}+{own}"
    ran("draft", corpus, "--model", model, "--strategy", "zero_shot", "--max-tokens", 24, "--out", drafts)
    rows = [json.loads(line) for line in drafts.read_text().splitlines()]
    assert {r["clinician"] for r in rows} > set(bound)
    for row in rows:
        wanted = bound.get(row["clinician"])
        assert wanted is None or row["adapter"] == wanted


def test_what_is_missing_is_said(place: Path) -> None:
    assert "--base" in str(ran("train", "sft", "--corpus", "bundled", fails=True).exception)
    assert "say what is learned" in str(ran("train", "sft", "--base", "tiny", fails=True).exception)
    assert "prefer build" in str(ran("train", "tadpole", "--base", "tiny", fails=True).exception)
    empty = place / "empty.jsonl"
    empty.write_text("")
    assert "empty.jsonl" in str(ran("train", "tadpole", "--base", "tiny", "--sets", empty, fails=True).exception)
    config = place / "test.toml"
    config.write_text('[data]\nsplit = "test"\n')
    refused = ran("train", "sft", "--base", "tiny", "--corpus", "bundled", "--config", config, fails=True)
    assert "there to report figures on" in str(refused.exception)
    gone = ran("train", "sft", "--base", place / "nothing", "--corpus", "bundled", fails=True)
    assert "no folder" in str(gone.exception)
