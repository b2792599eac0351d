"""Where keys come from: a real terminal, one key at a time; anything else, characters of lines."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any, Protocol

__all__ = ["Keys", "LineKeys", "TerminalKeys", "open_keys"]

ESCAPE = "\x1b"


class Keys(Protocol):
    """One key at a time, or a line of text."""

    def key(self) -> str | None:
        """The next key (`\\n` for enter, `\\x7f` for delete back); None when there will be no more."""
        ...

    def line(self) -> str:
        """A line of text, without its end."""
        ...


class LineKeys:
    """Every character of a line is a key, its end is enter: for pipes, and where there is no way to read one key.

    >>> import io
    >>> keys = LineKeys(io.StringIO("kd\\nn see the dose\\n"))
    >>> [keys.key() for _ in range(4)], keys.line(), keys.key()
    (['k', 'd', '\\n', 'n'], 'see the dose', None)
    """

    def __init__(self, lines: IO[str]) -> None:
        self._lines = lines
        self._rest = ""

    def key(self) -> str | None:
        """The next character."""
        if not self._rest:
            self._rest = self._lines.readline()
        key, self._rest = self._rest[:1], self._rest[1:]
        return key or None

    def line(self) -> str:
        """What is left of this line, else the next one."""
        text, self._rest = self._rest.strip(), ""
        return text or self._lines.readline().strip()


class TerminalKeys:
    """Single keys of a terminal (POSIX).  Escape sequences (arrows and the like) are no key."""

    def __init__(self, handle: int) -> None:
        import termios

        self._handle = handle
        self._before = termios.tcgetattr(handle)
        self._single()

    def key(self) -> str | None:
        """The next key; the terminal echoes nothing."""
        self._single()  # anew: a shell that had the terminal in between (Ctrl-Z) gave it back as it likes it
        while True:
            data = os.read(self._handle, 1)
            if not data or data == b"\x04":
                return None
            if data == b"\x1b":
                self._swallow()
                continue
            size = 1 + sum(data[0] >= start for start in (0xC0, 0xE0, 0xF0))
            while len(data) < size and (more := os.read(self._handle, 1)):
                data += more
            return data.decode("utf-8", "replace").replace("\r", "\n").replace("\b", "\x7f")

    def line(self) -> str:
        """A line, edited and echoed by the terminal."""
        self.restore()
        data = b""
        while not data.endswith(b"\n") and (more := os.read(self._handle, 1024)):
            data += more
        self._single()
        return data.decode("utf-8", "replace").strip()

    def restore(self) -> None:
        """Leave the terminal as it was found."""
        import termios

        termios.tcsetattr(self._handle, termios.TCSADRAIN, self._before)

    def _single(self) -> None:
        """Keys come one by one, without an echo; what was typed ahead stays."""
        import termios
        import tty

        tty.setcbreak(self._handle, termios.TCSADRAIN)

    def _swallow(self) -> None:
        """The rest of an escape sequence, which is there at once if there is one."""
        import select

        def there() -> bool:
            return bool(select.select([self._handle], [], [], 0.02)[0])

        if there() and os.read(self._handle, 1) in (b"[", b"O"):
            while there() and not 0x40 <= (os.read(self._handle, 1) or b"@")[0] <= 0x7E:
                pass


class _WindowsKeys:
    """Single keys of a Windows console."""

    def key(self) -> str | None:
        import msvcrt

        console: Any = msvcrt
        key = str(console.getwch())
        while key in ("\x00", "\xe0"):  # the first half of an arrow or function key
            console.getwch()
            key = str(console.getwch())
        if key == "\x03":
            raise KeyboardInterrupt
        return None if key in ("\x04", "\x1a") else key.replace("\r", "\n").replace("\b", "\x7f")

    def line(self) -> str:
        return input()


@contextmanager
def open_keys() -> Iterator[Keys]:
    """Keys of standard input; a terminal is left as it was found."""
    if not sys.stdin.isatty():
        yield LineKeys(sys.stdin)
    elif sys.platform == "win32":
        yield _WindowsKeys()
    else:
        keys = TerminalKeys(sys.stdin.fileno())
        try:
            yield keys
        finally:
            keys.restore()
