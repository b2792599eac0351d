"""How many tokens a prompt has, where the model itself is elsewhere."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from redline.chat.contract import ChatMessage
from redline.errors import InputError

if TYPE_CHECKING:
    from tokenizers import Tokenizer

__all__ = ["TokenCounter", "estimate_tokens"]

A_MESSAGE = 8
"""Tokens that a chat template puts around one message, at most, in the templates that we have seen."""


def estimate_tokens(messages: Sequence[ChatMessage]) -> int:
    """Upper estimate without a tokenizer: two bytes of UTF-8 a token (English has about four) and 8 a message.

    >>> estimate_tokens([ChatMessage("user", "Hello")])
    11
    """
    return sum((len(m.text.encode("utf-8", "replace")) + 1) // 2 + A_MESSAGE for m in messages)


class TokenCounter:
    """Counts with a `tokenizer.json`, read at the first use; estimates where there is none."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._tokenizer: Tokenizer | None = None

    def count(self, messages: Sequence[ChatMessage]) -> int:
        """Tokens of the texts and 8 for each message's frame."""
        if self._path is None:
            return estimate_tokens(messages)
        with self._lock:
            if self._tokenizer is None:
                self._tokenizer = _read(self._path)
        texts = [m.text.encode("utf-8", "replace").decode() for m in messages]
        return sum(len(self._tokenizer.encode(text, add_special_tokens=False).ids) + A_MESSAGE for text in texts)


def _read(path: Path) -> Tokenizer:
    from tokenizers import Tokenizer

    try:
        return Tokenizer.from_file(str(path))
    except Exception as error:  # the library raises bare exceptions
        raise InputError.single(str(path), f"is not a tokenizer.json ({type(error).__name__})") from None
