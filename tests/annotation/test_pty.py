"""A real terminal: keys are pressed one by one, the process is killed, the work goes on."""

import json
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from redline.annotation import PairToLabel, read_log

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
PATIENCE = 120
"""Seconds to wait for something to appear: a loaded machine starts a process slowly."""


class Terminal:
    """The command at a terminal of 80 by 24."""

    def __init__(self, words: list[str]) -> None:
        import fcntl

        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        self.slave, self.before = slave, termios.tcgetattr(slave)
        code = "from redline.cli import main; main()"
        self.process = subprocess.Popen(
            [sys.executable, "-c", code, "annotate", *words], stdin=slave, stdout=slave, stderr=slave,
            env={**os.environ, "TERM": "xterm", "COLUMNS": "80", "LINES": "24"}, start_new_session=True,
        )  # fmt: skip
        self.shown = ""

    def until(self, text: str, times: int = 1) -> None:
        """Read until `text` has been shown since the last key."""
        end = time.monotonic() + PATIENCE
        while self.shown.count(text) < times:
            ready, _, _ = select.select([self.master], [], [], 0.2)
            if ready:
                self.shown += os.read(self.master, 65536).decode("utf-8", "replace")
            assert time.monotonic() < end, f"{text!r} never came; shown: {self.shown[-2000:]}"

    def press(self, keys: bytes, then: str) -> None:
        """Press keys and wait for what they lead to."""
        self.shown = ""
        os.write(self.master, keys)
        self.until(then)

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self.master)
        os.close(self.slave)


@pytest.fixture
def pairs(tmp_path: Path) -> Path:
    rows = [PairToLabel(f"p{i}", "s1", ("Rest now.", "Call me."), ("Rest.",)).row() for i in range(3)]
    (tmp_path / "pairs.jsonl").write_text("".join(json.dumps(r) + "\n" for r in rows))
    return tmp_path / "pairs.jsonl"


@pytest.fixture
def opened(pairs: Path, tmp_path: Path) -> Iterator[list[Terminal]]:
    started: list[Terminal] = []
    yield started
    for terminal in started:
        terminal.close()


def start(opened: list[Terminal], pairs: Path) -> Terminal:
    opened.append(Terminal(["terminal", str(pairs), "--annotator", "ann", "--out", str(pairs.parent / "logs")]))
    return opened[-1]


@pytest.mark.slow
def test_pairs_are_labelled_with_single_keys(opened: list[Terminal], pairs: Path) -> None:
    at = start(opened, pairs)
    at.until("q stop")
    at.press(b"k", "draft sentence 2 of 2")
    at.press(b"\x1b[A", "")  # an arrow is no key
    at.press(b"u", "draft sentence 1 of 2")
    at.press(b"d", "draft sentence 2 of 2")
    at.press(b"n", "note (a line):")
    at.press("see the dösé\n".encode(), "noted")
    at.press(b"kc", "pair 2 of 3, draft sentence 1 of 2")
    at.press(b"q", "Stopped; the same command goes on here. 3 of 9")
    assert at.process.wait(PATIENCE) == 0
    assert termios.tcgetattr(at.slave) == at.before, "the terminal is left as it was found"
    log = read_log(pairs.parent / "logs" / "ann.jsonl")
    assert [e.value for e in log.events if e.kind == "decide"] == [0, 1, 0, 0]
    assert [e.value for e in log.events if e.kind == "note"] == ["see the dösé"]
    assert all(e.at for e in log.events)


@pytest.mark.slow
def test_a_kill_in_the_middle_loses_nothing(opened: list[Terminal], pairs: Path) -> None:
    at = start(opened, pairs)
    at.until("q stop")
    at.press(b"k", "draft sentence 2 of 2")
    at.press(b"d", "reference sentence 1 of 1")
    second = start(opened, pairs)
    second.until("another process is labelling into")
    assert second.process.wait(PATIENCE) == 2
    os.kill(at.process.pid, signal.SIGKILL)
    at.process.wait()
    log = pairs.parent / "logs" / "ann.jsonl"
    assert [e.value for e in read_log(log).events] == [0, 1]
    with log.open("ab") as file:
        file.write(b'{"id": "p0", "dig')  # and a line that was being written
    again = start(opened, pairs)
    again.until("Going on: 2 of 9")
    again.until("pair 1 of 3, reference sentence 1 of 1")
    again.press(b"c", "pair 2 of 3, draft sentence 1 of 2")
    again.press(b"kkckka", "Done. 9 of 9")
    assert again.process.wait(PATIENCE) == 0
    assert [e.value for e in read_log(log).events] == [0, 1, 0, 0, 0, 0, 0, 0, 1]


@pytest.mark.slow
def test_ctrl_c_and_ctrl_d_stop(opened: list[Terminal], pairs: Path) -> None:
    at = start(opened, pairs)
    at.until("q stop")
    at.press(b"k", "draft sentence 2 of 2")
    os.killpg(at.process.pid, signal.SIGINT)
    at.until("every decision is in")
    assert at.process.wait(PATIENCE) == 130
    assert termios.tcgetattr(at.slave) == at.before
    again = start(opened, pairs)
    again.until("q stop")
    again.press(b"\x04", "Stopped; the same command goes on here. 1 of 9")
    assert again.process.wait(PATIENCE) == 0
