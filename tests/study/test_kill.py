"""kill -9 at random points: the resumed study leaves the same bytes as an uninterrupted one."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.study.conftest import write_small

STUDY = """name = "kill"
strategies = ["retrieval_reply", "pooled_reply"]
[[corpora]]
name = "bundled"
path = "bundled"
split = "test"
learn_split = "train"
cases = {cases}
[[models]]
use = "recorded:frontier-llm"
strategies = ["zero_shot", "theme_guided"]
[judge]
name = "{judge}"
[score]
draws = 200
"""
FILES = ("drafts.jsonl", "results.json")


def start(study: Path, out: Path) -> subprocess.Popen[bytes]:
    code = "from redline.cli import main; main()"
    return subprocess.Popen(
        [sys.executable, "-c", code, "study", "run", str(study), "--out", str(out)],
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True,
    )  # fmt: skip


def finished(study: Path, out: Path) -> list[bytes]:
    run = start(study, out)
    _, errors = run.communicate(timeout=300)
    assert run.returncode == 0, errors.decode()
    return [(out / name).read_bytes() for name in FILES]


@pytest.mark.slow
@pytest.mark.parametrize(("judge", "cases", "kills"), [("exact", 12, 12), ("encoder", 4, 8)])
def test_killed_and_resumed_is_byte_identical(tmp_path: Path, judge: str, cases: int, kills: int) -> None:
    study = tmp_path / "kill.toml"
    study.write_text(STUDY.format(judge=judge, cases=cases))
    began = time.monotonic()
    whole = finished(study, tmp_path / "whole")
    seconds = time.monotonic() - began
    rng, killed, folder = random.Random(7), 0, 0
    while killed < kills:
        out = tmp_path / f"killed{folder}"
        folder += 1
        for _ in range(3):  # several times in one folder, then on to the end
            run = start(study, out)
            try:
                run.wait(timeout=rng.uniform(0.1, 0.95) * seconds)
                break  # faster than the first time
            except subprocess.TimeoutExpired:
                os.killpg(run.pid, signal.SIGKILL)
                run.wait()
                killed += 1
        assert finished(study, out) == whole
        assert not list(out.glob(".*.part")) or all(p.name not in FILES for p in out.glob(".*"))


@pytest.mark.slow
def test_a_killed_process_executor_goes_on(tmp_path: Path) -> None:
    corpus = write_small(tmp_path / "corpus")
    study = tmp_path / "kill.toml"
    study.write_text(
        f'name = "p"\nstrategies = ["retrieval_reply"]\n[run]\nexecutor = "process"\n[[corpora]]\nname = "s"\npath = "{corpus}"\n'
        'split = "test"\nlearn_split = "train"\n[judge]\nname = "exact"\n[score]\ndraws = 200\n'
    )
    whole = finished(study, tmp_path / "whole")
    run = start(study, tmp_path / "killed")
    time.sleep(2.5)
    os.kill(run.pid, signal.SIGKILL)  # the parent alone: its workers must notice
    run.wait()
    time.sleep(1)
    assert finished(study, tmp_path / "killed") == whole
