"""Drafts through a real OpenAI-compatible server, with the command that the README gives."""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest
from typer.testing import CliRunner

from redline.cli import app

ROOT = Path(__file__).resolve().parents[2]
SERVE = "transformers serve src/redline/resources/tiny --device cpu --port 8000"


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def test_the_readme_gives_this_command() -> None:
    assert SERVE in (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.slow
def test_drafts_through_transformers_serve(tmp_path: Path) -> None:
    program = Path(sys.executable).with_name("transformers")
    if not program.exists():
        pytest.skip("transformers is not installed here")
    port = free_port()
    words = SERVE.replace("8000", str(port)).split()[1:]
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"}
    log = (tmp_path / "serve.log").open("wb")
    server = subprocess.Popen([str(program), *words], cwd=ROOT, env=environment, stdout=log, stderr=log)
    try:
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            assert server.poll() is None, (tmp_path / "serve.log").read_text()[-2000:]
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/v1/models", timeout=2)
                break
            except OSError:
                time.sleep(0.5)
        (tmp_path / "cases.jsonl").write_text(
            '{"id": "a", "message": "My ankle hurts since the run on Sunday. Should I rest it?"}\n'
            '{"id": "b", "message": "Can I get a refill of lisinopril before my trip?"}\n'
        )
        model = f"openai:src/redline/resources/tiny@http://127.0.0.1:{port}/v1"
        out = tmp_path / "drafts.jsonl"
        done = CliRunner().invoke(
            app,
            [
                "draft",
                str(tmp_path / "cases.jsonl"),
                "--model",
                model,
                "--strategy",
                "zero_shot",
                "--max-tokens",
                "60",
                "--out",
                str(out),
            ],
        )
        assert done.exit_code == 0, (done.output, done.exception)
        drafts = [json.loads(line) for line in out.read_text().splitlines()]
        assert [d["case"] for d in drafts] == ["a", "b"] and all(d["text"] for d in drafts)
    finally:
        server.terminate()
        server.wait(timeout=30)
        log.close()
