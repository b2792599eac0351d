"""Once installed, nothing needs a network: the commands run in a namespace that has none."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

OFFLINE = ["unshare", "-rn"]


def has_namespaces() -> bool:
    if shutil.which("unshare") is None:
        return False
    return subprocess.run([*OFFLINE, "true"], capture_output=True, check=False).returncode == 0


@pytest.mark.slow
@pytest.mark.skipif(not has_namespaces(), reason="this machine cannot make a namespace without network")
def test_judge_and_themes_without_a_network(tmp_path: Path) -> None:
    (tmp_path / "p.jsonl").write_text(
        '{"id": "1", "draft": "Take 20 mg. Any rash?", "reference": "Take 20 mg daily."}\n'
    )
    (tmp_path / "t.jsonl").write_text('{"id": "1", "text": "Any rash?"}\n')
    call = [*OFFLINE, sys.executable, "-c", "from redline.cli import main; main()"]
    for words in (["judge", "p.jsonl", "--out", "o.jsonl"], ["themes", "t.jsonl", "--out", "o2.jsonl"]):
        done = subprocess.run([*call, *words], cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
    row = json.loads((tmp_path / "o.jsonl").read_text())
    assert row["status"] == "ok" and 0.0 <= row["content"]["f1"] <= 1.0
