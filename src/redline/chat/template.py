"""Messages to the tokens that a local model was trained to expect."""

from __future__ import annotations

import json
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from redline.chat.contract import ChatMessage
from redline.errors import UsageError
from redline.records import digest

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

    @property
    def digest(self) -> str:
        """Of the template's text."""
        return digest(str(self._tokenizer.chat_template))

    @property
    def ends(self) -> frozenset[int]:
        """Tokens that end an answer: the tokenizer's, and those of generation_config.json."""
        try:
            named = json.loads((self._folder / "generation_config.json").read_text(encoding="utf-8"))["eos_token_id"]
        except (OSError, ValueError, KeyError):
            named = None
        many = named if isinstance(named, list) else [named]
        return frozenset(t for t in (*many, self.end) if isinstance(t, int))

    def encode_reply(self, messages: Sequence[ChatMessage], reply: str) -> tuple[list[int], list[int]]:
        """(tokens of the prompt exactly as `encode` gives them, tokens of `reply` behind it with the one that ends it).

        The reply's tokens are those of the whole text behind the prompt's.  Where the two do not compose, because a token
        would reach over the border, the reply is split on its own: a model that goes on from the prompt cannot write a
        token that began before.
        """
        turns = [{"role": m.role, "content": self._plain(m.text)} for m in messages]
        answer = {"role": "assistant", "content": self._plain(reply)}
        with self._lock:
            prompt = self._render(turns)
            whole = self._render([*turns, answer], prompt=False)
            if not whole.startswith(prompt):
                raise UsageError(
                    f"the chat template in {self._folder} writes a prompt differently once a reply follows it, so a model "
                    "trained on it would not know the prompts that it gets; use a template without such a condition"
                )
            before: list[int] = self._tokenizer(prompt, add_special_tokens=False)["input_ids"]
            ids: list[int] = self._tokenizer(whole, add_special_tokens=False)["input_ids"]
            if ids[: len(before)] == before:
                after = ids[len(before) :]
            else:
                after = self._tokenizer(whole[len(prompt) :], add_special_tokens=False)["input_ids"]
        ends = self.ends
        last = next((i for i, token in enumerate(after) if token in ends), None)
        if last is not None:
            return before, after[: last + 1]
        if self.end is None:
            raise UsageError(f"the tokenizer in {self._folder} names no token that ends a text (eos_token)")
        return before, [*after, self.end]

    def decode(self, ids: Sequence[int]) -> str:
        """Text of generated tokens."""
        with self._lock:
            text: str = self._tokenizer.decode(list(ids), skip_special_tokens=True)
            return text

    def _render(self, turns: list[dict[str, str]], *, prompt: bool = True) -> str:
        from jinja2 import TemplateError

        try:
            text: str = self._tokenizer.apply_chat_template(turns, tokenize=False, add_generation_prompt=prompt)
            return text
        except TemplateError:
            # Some models (Gemma) know no system role: what it says then opens the first turn of the user.
            if len(turns) > 1 and turns[0]["role"] == "system" and turns[1]["role"] == "user":
                first = {"role": "user", "content": f"{turns[0]['content']}\n\n{turns[1]['content']}"}
                return self._render([first, *turns[2:]], prompt=prompt)
        roles = ", ".join(turn["role"] for turn in turns)
        raise UsageError(f"the chat template in {self._folder} does not take messages of {roles}")

    def _plain(self, text: str) -> str:
        """The text with control tokens broken up: a message that contains one must not end its own turn."""
        text = text.encode("utf-8", "replace").decode()
        for mark in self._marks:
            text = text.replace(mark, f"{mark[0]} {mark[1:]}")
        return text
