"""Files appear whole or not at all, and a killed writer leaves nothing of what it was writing."""

import errno
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from redline.errors import InputError
from redline.files import open_atomic, write_json, write_text

named = pytest.mark.parametrize("named", [False, True], ids=["without a name", "with a name"])
WRITER = """
import os, sys
from redline.files import open_atomic
if sys.argv[2] == "named":
    del os.O_TMPFILE
with open_atomic(sys.argv[1]) as file:
    file.write("what the patient said" * 1_000)
    file.flush()
    print("written", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def way(named: bool, monkeypatch) -> None:
    """Files without a name where the system can, or as elsewhere."""
    if named:
        monkeypatch.delattr(os, "O_TMPFILE", raising=False)
    elif not hasattr(os, "O_TMPFILE"):
        pytest.skip("this system knows no files without a name")


@named
def test_it_appears_whole_at_the_end(way: None, tmp_path: Path) -> None:
    target = tmp_path / "new" / "a.txt"
    with open_atomic(target) as file:
        file.write("über\n")
        file.flush()
        assert not target.exists()
    assert target.read_bytes() == "über\n".encode() and os.listdir(target.parent) == ["a.txt"]
    mask = os.umask(0)
    os.umask(mask)
    assert target.stat().st_mode & 0o777 == 0o666 & ~mask, "as any file that the user makes"
    with open_atomic(target, "wb") as file:
        file.write(b"again")
    assert target.read_bytes() == b"again" and os.listdir(target.parent) == ["a.txt"]


@named
def test_an_error_leaves_what_was_there(way: None, tmp_path: Path) -> None:
    write_text(tmp_path / "a.txt", "before")
    with pytest.raises(RuntimeError):
        with open_atomic(tmp_path / "a.txt") as file:
            file.write("half")
            raise RuntimeError
    with pytest.raises(ValueError, match="Out of range float"):
        write_json(tmp_path / "a.txt", float("nan"))
    assert (tmp_path / "a.txt").read_text() == "before" and os.listdir(tmp_path) == ["a.txt"]


@named
def test_a_folder_that_takes_no_file(way: None, tmp_path: Path) -> None:
    write_text(tmp_path / "file", "x")
    with pytest.raises(InputError, match="cannot be written"):
        write_text(tmp_path / "file" / "a.txt", "x")
    (tmp_path / "folder").mkdir()
    with pytest.raises(InputError, match="Is a directory"):
        write_text(tmp_path / "folder", "x")
    with pytest.raises(InputError, match="File name too long"):
        write_text(tmp_path / ("a" * 256), "x")
    write_text(tmp_path / ("a" * 255), "x")
    (tmp_path / ("a" * 255)).unlink()
    assert sorted(os.listdir(tmp_path)) == ["file", "folder"]


@pytest.mark.skipif(sys.platform != "linux", reason="files without a name are of Linux")
def test_where_such_a_file_cannot_be_linked_it_is_copied(tmp_path: Path, monkeypatch) -> None:
    def refused(*_: object, **__: object) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", refused)
    write_text(tmp_path / "a.txt", "whole" * 100_000)
    assert (tmp_path / "a.txt").read_text() == "whole" * 100_000 and os.listdir(tmp_path) == ["a.txt"]


@pytest.mark.skipif(sys.platform != "linux", reason="files without a name are of Linux")
@pytest.mark.parametrize("how", ["nameless", "named"])
def test_a_killed_writer_leaves_nothing(how: str, tmp_path: Path) -> None:
    command = [sys.executable, "-c", WRITER, str(tmp_path / "a.txt"), how]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None and writer.stdout.readline() == "written\n"
        writer.send_signal(signal.SIGKILL)
    left = os.listdir(tmp_path)
    if how == "named":  # the control: such a file would be seen
        assert len(left) == 1 and left[0].endswith(".part")
    else:
        assert left == []
