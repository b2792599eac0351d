"""`redline train judge` and `train themes` as one goes: material, training, adapter, what it does with the held-out part."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

torch = pytest.importorskip("torch")
pytest.importorskip("accelerate")

from redline.chat.adapters import read_adapter  # noqa: E402
from redline.cli.main import app  # noqa: E402


@pytest.fixture(scope="module")
def wide(base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small model with a window that a judge's prompt fits into."""
    folder = tmp_path_factory.mktemp("wide") / "small-llama"
    shutil.copytree(base, folder)
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"max_position_embeddings": 2048}))
    return folder


def corpus_part(folder: Path, pairs: int = 8) -> tuple[Path, Path]:
    """The first train pairs with their annotations, as files."""
    from redline.corpus import bundled_path

    rows = [json.loads(line) for line in (bundled_path() / "pairs_train.jsonl").read_text().splitlines()]
    short = sorted(rows, key=lambda r: len(" ".join(r["draft"] + r["reference"])))[:pairs]
    ids = {r["id"] for r in short}
    edits = [json.loads(line) for line in (bundled_path() / "edits_train.jsonl").read_text().splitlines()]
    for name, found in (("pairs.jsonl", short), ("edits.jsonl", [e for e in edits if e["pair"] in ids])):
        (folder / name).write_text("".join(json.dumps(r) + "\n" for r in found))
    return folder / "pairs.jsonl", folder / "edits.jsonl"


@pytest.mark.slow
def test_a_judge_from_files(wide: Path, tmp_path: Path) -> None:
    pairs, edits = corpus_part(tmp_path)
    asked = ["train", "judge", "--base", str(wide), "--pairs", str(pairs), "--annotations", str(edits), "--number", "5",
             "--epochs", "1", "--device", "cpu", "--out", str(tmp_path / "adapters")]  # fmt: skip
    result = CliRunner().invoke(app, asked, catch_exceptions=False)
    assert result.exit_code == 0
    (folder,) = (tmp_path / "adapters").glob("judge@*")
    assert read_adapter(folder).id == folder.name
    assert "unparsable" in result.output and "held-out" in result.output  # a random model writes no JSON
    assert f"llm:hf:{wide}+{folder}" in result.output.replace("\n", "")


@pytest.mark.slow
def test_themes_of_an_own_taxonomy_need_texts_and_annotations(wide: Path, tmp_path: Path) -> None:
    asked = ["train", "themes", "--base", str(wide), "--texts", str(tmp_path / "x.jsonl")]
    result = CliRunner().invoke(app, asked)
    assert "--annotations" in str(result.exception)
