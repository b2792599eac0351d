"""Messages to the tokens that a local model was trained to expect."""

from __future__ import annotations

import json
import threading
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from redline.chat.contract import ChatMessage
from redline.errors import UsageError
from redline.records import digest

__all__ = ["ChatTemplate"]

_TODAY = {
    "%d": "26",
    "%b": "Jul",
    "%B": "July",
    "%m": "07",
    "%Y": "2024",
    "%y": "24",
    "%A": "Friday",
    "%a": "Fri",
    "%j": "208",
}
"""The day that a template which writes today's date is told (Llama 3's own default): with the real one, a prompt would be
another one tomorrow, and a run that goes on after midnight would not know its own material.
"""


def _without_clock(template: str) -> str:
    """`template` with a function of its own in place of the library's `strftime_now`."""
    filters = "".join(f"|replace('{mark}', '{said}')" for mark, said in _TODAY.items())
    return "{%- macro strftime_now(format) -%}{{ format" + filters + " }}{%- endmacro -%}" + template


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
        template = self._tokenizer.chat_template
        clock = isinstance(template, str) and "strftime_now" in template
        # A draft is the reply alone: where a template knows blocks of thinking (Qwen 3), the prompt ends behind an empty one,
        # for generating as for learning.  Templates that know none do not read it.
        self._options: dict[str, Any] = {"enable_thinking": False}
        self._options |= {"chat_template": _without_clock(template)} if clock else {}
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
            ids: list[int] = self._tokenizer(text, add_special_tokens=False, verbose=False)["input_ids"]
            return ids

    @property
    def digest(self) -> str:
        """Of the template's text."""
        return digest(str(self._tokenizer.chat_template))

    @cached_property
    def ends(self) -> frozenset[int]:
        """Tokens that end an answer: the tokenizer's, and those of generation_config.json."""
        try:
            named = json.loads((self._folder / "generation_config.json").read_text(encoding="utf-8"))["eos_token_id"]
        except (OSError, ValueError, KeyError):
            named = None
        many = named if isinstance(named, list) else [named]
        return frozenset(t for t in (*many, self.end) if isinstance(t, int))

    def encode_reply(self, messages: Sequence[ChatMessage], reply: str) -> tuple[list[int], list[int]]:
        """`encode_replies` of one."""
        before, (after,) = self.encode_replies(messages, [reply])
        return before, after

    def encode_replies(
        self, messages: Sequence[ChatMessage], replies: Sequence[str]
    ) -> tuple[list[int], list[list[int]]]:
        """(tokens of the prompt exactly as `encode` gives them, tokens of each reply behind it with the one that ends it).

        A reply's tokens are those of the whole text behind the prompt's.  Where the two do not compose, because a token
        would reach over the border, the reply is split on its own: a model that goes on from the prompt cannot write a
        token that began before.
        """
        turns = [{"role": m.role, "content": self._plain(m.text)} for m in messages]
        answers = [{"role": "assistant", "content": self._plain(reply)} for reply in replies]
        with self._lock:
            prompt = self._render(turns)
            wholes = [self._render([*turns, answer], prompt=False) for answer in answers]
            if not all(whole.startswith(prompt) for whole in wholes):
                raise UsageError(
                    f"the chat template in {self._folder} writes a prompt differently once a reply follows it, so a model "
                    "trained on it would not know the prompts that it gets; use a template without such a condition"
                )
            # All at once: the prompt is read once, and the library takes several texts on several cores.
            before, *found = self._tokenizer([prompt, *wholes], add_special_tokens=False, verbose=False)["input_ids"]
            afters = [
                ids[len(before) :]
                if ids[: len(before)] == before
                else self._tokenizer(whole[len(prompt) :], add_special_tokens=False, verbose=False)["input_ids"]
                for ids, whole in zip(found, wholes, strict=True)
            ]
        return before, [self._ended(ids) for ids in afters]

    def _ended(self, ids: list[int]) -> list[int]:
        """Up to the first token that ends an answer, or with one put behind it."""
        last = next((i for i, token in enumerate(ids) if token in self.ends), None)
        if last is not None:
            return ids[: last + 1]
        if self.end is None:
            raise UsageError(f"the tokenizer in {self._folder} names no token that ends a text (eos_token)")
        return [*ids, self.end]

    def decode(self, ids: Sequence[int]) -> str:
        """Text of generated tokens."""
        with self._lock:
            text: str = self._tokenizer.decode(list(ids), skip_special_tokens=True)
            return text

    def _render(self, turns: list[dict[str, str]], *, prompt: bool = True) -> str:
        from jinja2 import TemplateError

        try:
            text: str = self._tokenizer.apply_chat_template(
                turns, tokenize=False, add_generation_prompt=prompt, **self._options
            )
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
