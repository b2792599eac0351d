"""Messages to the tokens that a local model was trained to expect."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from redline.chat.contract import ChatMessage
from redline.errors import UsageError

__all__ = ["ChatTemplate"]


class ChatTemplate:
    """The tokenizer of a folder and its chat template."""

    def __init__(self, folder: Path) -> None:
        from transformers import AutoTokenizer

        try:
            self._tokenizer: Any = AutoTokenizer.from_pretrained(str(folder), local_files_only=True)
        except (OSError, ValueError, KeyError, ImportError) as error:
            raise UsageError(f"the tokenizer in {folder} cannot be loaded ({type(error).__name__}: {error})") from None
        if not self._tokenizer.chat_template:
            raise UsageError(
                f"the tokenizer in {folder} has no chat template, so the model was not made for instructions; use an "
                "instruction-tuned one, or put its chat_template.jinja into the folder"
            )
        self._folder = folder
        self._lock = threading.Lock()  # a tokenizer may be used by one thread at a time
        added = self._tokenizer.added_tokens_decoder.values()
        used = str(self._tokenizer.chat_template)
        control = {t.content for t in added if (t.special or t.content in used) and len(t.content.strip()) > 1}
        self._marks = sorted(control)

    @property
    def end(self) -> int | None:
        """The token that ends a text."""
        end: int | None = self._tokenizer.eos_token_id
        return end

    @property
    def pad(self) -> int:
        """A token to fill up with; its attention is masked, so any will do."""
        pad: int | None = self._tokenizer.pad_token_id
        return pad if pad is not None else self.end or 0

    def encode(self, messages: Sequence[ChatMessage]) -> list[int]:
        """Tokens of the whole prompt, up to where the model's answer begins."""
        turns = [{"role": m.role, "content": self._plain(m.text)} for m in messages]
        with self._lock:
            text = self._render(turns)
            ids: list[int] = self._tokenizer(text, add_special_tokens=False)["input_ids"]
            return ids

    def decode(self, ids: Sequence[int]) -> str:
        """Text of generated tokens."""
        with self._lock:
            text: str = self._tokenizer.decode(list(ids), skip_special_tokens=True)
            return text

    def _render(self, turns: list[dict[str, str]]) -> str:
        from jinja2 import TemplateError

        try:
            text: str = self._tokenizer.apply_chat_template(turns, tokenize=False, add_generation_prompt=True)
            return text
        except TemplateError:
            # Some models (Gemma) know no system role: what it says then opens the first turn of the user.
            if len(turns) > 1 and turns[0]["role"] == "system" and turns[1]["role"] == "user":
                first = {"role": "user", "content": f"{turns[0]['content']}\n\n{turns[1]['content']}"}
                return self._render([first, *turns[2:]])
        roles = ", ".join(turn["role"] for turn in turns)
        raise UsageError(f"the chat template in {self._folder} does not take messages of {roles}")

    def _plain(self, text: str) -> str:
        """The text with control tokens broken up: a message that contains one must not end its own turn."""
        text = text.encode("utf-8", "replace").decode()
        for mark in self._marks:
            text = text.replace(mark, f"{mark[0]} {mark[1:]}")
        return text
