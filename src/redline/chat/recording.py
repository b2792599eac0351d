"""Keeping what any model says, so that it can be replayed with `recorded:FILE`."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Sequence
from pathlib import Path

from redline.chat.completions import completion_row
from redline.chat.contract import AdapterChoice, ChatMessage, ChatModel, ChatRequest, ChatResult
from redline.chat.prices import Prices
from redline.errors import InputError
from redline.records import Status

__all__ = ["Recording"]


class Recording:
    """`model`, with each answer and refusal appended to `path` before it is handed on.

    The file is only ever appended to, a whole line in one write, so after `kill -9` at most its last line is torn;
    that line is taken away when recording goes on, and ignored by whoever reads.  The file holds drafts: treat it like
    the messages that they answer.
    """

    def __init__(self, model: ChatModel, path: str | Path) -> None:
        self.model = model
        self.path = Path(path)
        self._lock = threading.Lock()
        self._file: int | None = None
        with self._lock:
            self._open()

    @property
    def name(self) -> str:
        """The model's."""
        return self.model.name

    @property
    def digest(self) -> str:
        """The model's: recording changes no answer."""
        return self.model.digest

    @property
    def window(self) -> int | None:
        """The model's."""
        return self.model.window

    @property
    def concurrent(self) -> int:
        """The model's."""
        return self.model.concurrent

    @property
    def prices(self) -> Prices:
        """The model's."""
        return self.model.prices

    @property
    def adapter(self) -> object:
        """The model's."""
        return getattr(self.model, "adapter", None)

    @property
    def personal(self) -> bool:
        """The model's."""
        return bool(getattr(self.model, "personal", False))

    def adapter_for(self, clinician: str | None) -> AdapterChoice:
        """As the model chooses."""
        choose = getattr(self.model, "adapter_for", None)
        return AdapterChoice() if choose is None else choose(clinician)

    @property
    def host(self) -> str | None:
        """The model's."""
        return getattr(self.model, "host", None)

    @property
    def replays(self) -> bool:
        """The model's."""
        return bool(getattr(self.model, "replays", False))

    def tokens(self, messages: Sequence[ChatMessage]) -> int:
        """As the model counts."""
        return self.model.tokens(messages)

    async def complete(self, request: ChatRequest) -> ChatResult:
        """The model's completion, recorded where it is an answer or a refusal; the rest may be cured by asking again."""
        result = await self.model.complete(request)
        if result.status in (Status.OK, Status.REFUSED):
            # Lone surrogates stay readable as the escapes that ASCII JSON writes.
            line = json.dumps(completion_row(self.model.name, request, result), ensure_ascii=True) + "\n"
            with self._lock:
                os.write(self._file if self._file is not None else self._open(), line.encode("ascii"))
        return result

    async def close(self) -> None:
        """Close the file and the model."""
        with self._lock:
            if self._file is not None:
                os.close(self._file)
                self._file = None
        await self.model.close()

    def _open(self) -> int:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o666)
            _mend(self._file)
        except OSError as error:
            raise InputError.single(str(self.path), f"cannot be written ({error.strerror})") from None
        return self._file


def _mend(file: int) -> None:
    """Make the file end with a whole line: end a last line that only lacks its line end, cut a torn one off."""
    size = os.fstat(file).st_size
    if size == 0 or os.pread(file, 1, size - 1) == b"\n":
        return
    start, last = size, b""
    while start > 0 and b"\n" not in last:
        start = max(0, start - 65536)
        last = os.pread(file, size - start, start)
    last = last[last.rfind(b"\n") + 1 :]
    try:
        json.loads(last)
    except ValueError:
        os.ftruncate(file, size - len(last))
    else:
        os.write(file, b"\n")
