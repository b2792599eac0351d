"""Units to token ids; a unit longer than the window becomes several chunks, never a truncated one."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tokenizers import Tokenizer

__all__ = ["UnitTokens"]


class UnitTokens:
    """The encoder's tokenizer with a window of `window` tokens, the two special ones included."""

    def __init__(self, path: str | Path, window: int = 128) -> None:
        self._tokenizer = Tokenizer.from_file(str(path))
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        self.window = window
        ends = self._tokenizer.encode("").ids
        if len(ends) != 2:
            raise ValueError(f"{path}: expected a tokenizer that puts one token before and one after a text")
        self._first, self._last = ends

    def chunks(self, texts: Sequence[str]) -> list[list[list[int]]]:
        """Token ids of each text, as one or more chunks of at most `window` ids, cut between words.

        A text without any token (only characters that the tokenizer drops) still has one chunk.
        """
        encoded = self._tokenizer.encode_batch(list(texts), add_special_tokens=False)
        return [self._cut(e.ids, e.word_ids) for e in encoded]

    def _cut(self, ids: Sequence[int], word_ids: Sequence[int | None]) -> list[list[int]]:
        room = self.window - 2
        parts: list[list[int]] = []
        start = 0
        while len(ids) - start > room:
            end = start + room
            while end > start + 1 and word_ids[end] == word_ids[end - 1]:
                end -= 1
            if end == start + 1:  # one word longer than the window
                end = start + room
            parts.append([self._first, *ids[start:end], self._last])
            start = end
        parts.append([self._first, *ids[start:], self._last])
        return parts
