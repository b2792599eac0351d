"""kill -9 at random points: the resumed study leaves the same bytes as an uninterrupted one."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from benchmarks.faulty_server import FaultyServer
from redline.files import write_jsonl

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
@pytest.mark.parametrize(("judge", "cases", "kills"), [("exact", 6, 14), ("encoder", 3, 6)])
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
        assert not list(out.glob(".*.part")) and not list(out.glob(".part-*")), "nothing half-written is left"


def many(folder: Path, count: int) -> Path:
    write_jsonl(
        folder / "cases.jsonl",
        ({"id": f"m{i}", "message": f"My knee hurts since {i} days. Rest?"} for i in range(count)),
    )
    return folder


PROCESS = """name = "p"
strategies = ["zero_shot"]
[run]
executor = "process"
workers = 2
[[corpora]]
name = "s"
path = "{corpus}"
[[models]]
use = "openai:m@{url}"
concurrent = 2
"""


@pytest.mark.slow
@pytest.mark.parametrize("how", ["kill", "interrupt"])
def test_workers_end_with_their_run_and_nothing_is_paid_twice(tmp_path: Path, how: str) -> None:
    """Five shards for two workers, so that some are waiting when the run ends."""
    study = tmp_path / "p.toml"
    with FaultyServer(delay_s=0.05) as server:
        study.write_text(PROCESS.format(corpus=many(tmp_path / "c", 900), url=server.url))
        run = start(study, tmp_path / "out")
        deadline = time.monotonic() + 60
        while sum(server.answered.values()) < 30 and time.monotonic() < deadline:
            time.sleep(0.05)
        os.kill(
            run.pid, signal.SIGKILL if how == "kill" else signal.SIGINT
        )  # the parent alone: its workers must notice
        run.wait(timeout=20)
        if how == "interrupt":
            assert run.returncode == 130 and b"the same command goes on" in run.stderr.read()
        time.sleep(1.5)
        then = sum(server.attempts.values())
        time.sleep(1)
        assert sum(server.attempts.values()) == then < 600, "nobody goes on asking"
        finished_drafts(study, tmp_path / "out")
        again = sum(n - 1 for n in server.answered.values())
        assert len(server.answered) == 900 and again <= 4, "only what was on its way is asked again"


def finished_drafts(study: Path, out: Path) -> None:
    """Run to the end; nobody answered these messages, so nothing is scored."""
    run = start(study, out)
    _, errors = run.communicate(timeout=300)
    assert run.returncode == 0, errors.decode()
    assert len((out / "drafts.jsonl").read_text().splitlines()) == 900
