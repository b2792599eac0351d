"""Text to token ids and back; the words of a message never become a special token."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

from tokenizers import Tokenizer

from redline.chat.contract import ChatMessage
from redline.chat.tiny.template import ASSISTANT, END, SPECIAL, turns

__all__ = ["TinyTokens"]


class TinyTokens:
    """The byte-level tokenizer with the chat template on top."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
        # Special tokens are put in by their ids below; in running text they are spelt in bytes like any other word.
        self._tokenizer.encode_special_tokens = True

    @classmethod
    def read(cls, path: Path) -> TinyTokens:
        """From a `tokenizer.json`."""
        return cls(Tokenizer.from_file(str(path)))

    @cached_property
    def ids(self) -> dict[str, int]:
        """Id of each special token."""
        return {mark: number for number, mark in enumerate(SPECIAL)}

    def words(self, text: str) -> list[int]:
        """Ids of running text."""
        return list(self._tokenizer.encode(text, add_special_tokens=False).ids)

    def prompt(self, messages: Sequence[ChatMessage]) -> list[int]:
        """Ids of a conversation up to and including the assistant's mark."""
        ids: list[int] = []
        for mark, text in turns(messages):
            ids += [self.ids[mark], *self.words(text), self.ids[END]]
        return [*ids, self.ids[ASSISTANT]]

    def text(self, ids: Sequence[int]) -> str:
        """The text of ids, special tokens left out; bytes that are no UTF-8 become U+FFFD."""
        return str(self._tokenizer.decode(list(ids), skip_special_tokens=True))
