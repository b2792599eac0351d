"""Two processes against one, and a run that is killed again and again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("accelerate")

from redline.training.adapters import read_lora  # noqa: E402

ROOT = Path(__file__).resolve().parents[3]
PROGRAM = ["-m", "tests.training.adapt.one_run"]
ALONE = {**os.environ, "OMP_NUM_THREADS": "1"}


def finished(out: Path) -> Path:
    (found,) = out.glob("tadpole@*")
    return found


@pytest.mark.slow
def test_two_processes_give_the_weights_of_one(base: Path, tmp_path: Path) -> None:
    subprocess.run([sys.executable, *PROGRAM, str(base), str(tmp_path / "one")], cwd=ROOT, env=ALONE, check=True)
    launch = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", *PROGRAM]
    subprocess.run([*launch, str(base), str(tmp_path / "two")], cwd=ROOT, env=ALONE, check=True)
    one, two = (read_lora(finished(tmp_path / name)).matrices for name in ("one", "two"))
    moved = max(float(b.abs().max()) for _, b in one.values())
    assert one.keys() == two.keys() and moved > 1e-3
    for module, pair in one.items():
        for mine, theirs in zip(pair, two[module], strict=True):
            assert float((mine - theirs).abs().max()) < 1e-7, module


@pytest.mark.slow
def test_a_run_that_is_killed_gives_the_same_adapter(base: Path, tmp_path: Path) -> None:
    """`kill -9` at four places, among them the middle of a step; the finished adapter has the same digest."""
    whole = subprocess.run(
        [sys.executable, *PROGRAM, str(base), str(tmp_path / "whole"), "0"], cwd=ROOT, env=ALONE, check=True
    )
    assert whole.returncode == 0
    kills = 0
    for lines in (2, 4, 5, 5):
        process = subprocess.Popen(
            [sys.executable, *PROGRAM, str(base), str(tmp_path / "cut"), "0.15"], cwd=ROOT, env=ALONE,
            stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert process.stdout is not None
        for _ in range(lines):
            process.stdout.readline()
        time.sleep(0.1)
        process.send_signal(signal.SIGKILL)
        kills += process.wait() == -signal.SIGKILL
    assert kills == 4
    subprocess.run([sys.executable, *PROGRAM, str(base), str(tmp_path / "cut"), "0"], cwd=ROOT, env=ALONE, check=True)
    assert finished(tmp_path / "cut").name == finished(tmp_path / "whole").name
