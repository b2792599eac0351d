"""Completions that were made before, as a model: nothing is loaded and nothing is sent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib.resources import as_file, files
from pathlib import Path

from redline.chat.completions import Completion, read_completions
from redline.chat.contract import ChatMessage, ChatRequest, ChatResult, Tag
from redline.chat.counting import estimate_tokens
from redline.chat.prices import Prices
from redline.errors import UsageError, did_you_mean
from redline.records import Status

__all__ = ["RecordedModel"]


@dataclass(frozen=True)
class RecordedModel:
    """Answers from `by_request` (digest of the request), then from `by_tag` (rows that know no request digest).

    A row that was recorded for another prompt is never used: its case and strategy may be the same, but the prompt
    has changed since.  `changed` are the tags of such rows, to be able to say so.
    `replays` tells a study that nothing is asked: an answer belongs to a task, costs nothing and need not be stored.
    """

    name: str
    digest: str
    by_request: dict[str, ChatResult]
    by_tag: dict[Tag, ChatResult]
    changed: frozenset[Tag]
    window: int | None = None
    concurrent: int = 64
    prices: Prices = Prices()
    replays: bool = True

    @classmethod
    def from_file(cls, path: str | Path, *, model: str | None = None, name: str = "") -> RecordedModel:
        """The completions in `path`; `model` picks those of one model where the file holds several models'."""
        rows, digest_of_file = read_completions(Path(path))
        models = sorted({row.model for row in rows if row.model is not None})
        if model is not None and model not in models:
            raise UsageError(f"{path} holds no completion of {model!r}" + _did_you_mean(model, models))
        if model is None and len(models) > 1:
            raise UsageError(f"{path} holds completions of {', '.join(models)}; pick one: recorded:{path}#{models[0]}")
        chosen = [row for row in rows if model is None or row.model == model]
        return cls._of(chosen, name or model or (models[0] if models else Path(path).stem), digest_of_file)

    @classmethod
    def bundled(cls, model: str, *, name: str = "") -> RecordedModel:
        """The drafts of `model` that ship with the package.

        >>> RecordedModel.bundled("frontier-llm").name
        'frontier-llm'
        """
        with as_file(files("redline") / "resources" / "corpus" / "drafts.jsonl") as path:
            rows, digest_of_rows = read_completions(Path(path))
        models = sorted({row.model for row in rows if row.model is not None})
        if model not in models:
            raise UsageError(
                f"there is no file {model!r} and no recorded model of that name" + _did_you_mean(model, models)
            )
        return cls._of([row for row in rows if row.model == model], name or model, digest_of_rows)

    @classmethod
    def _of(cls, rows: Sequence[Completion], name: str, digest_of_rows: str) -> RecordedModel:
        """Of two rows for the same, the later one counts: it was recorded later."""
        return cls(
            name,
            digest_of_rows,
            {row.request: row.result for row in rows if row.request is not None},
            {row.tag: row.result for row in rows if row.tag is not None and row.request is None},
            frozenset(row.tag for row in rows if row.tag is not None and row.request is not None),
        )

    def tokens(self, messages: Sequence[ChatMessage]) -> int:
        """An upper estimate."""
        return estimate_tokens(messages)

    async def complete(self, request: ChatRequest) -> ChatResult:
        """The recorded completion, or status `missing` and why."""
        found = self.by_request.get(request.digest)
        if found is None and request.tag is not None:
            found = self.by_tag.get(request.tag) or self.by_tag.get(replace(request.tag, clinician=None))
        return found or ChatResult(Status.MISSING, detail=self._why_not(request.tag))

    async def close(self) -> None:
        """Nothing to let go of."""

    def _why_not(self, tag: Tag | None) -> str:
        if tag is None:
            return f"{self.name} has no recorded completion for this request"
        what = f"case {tag.case}, strategy {tag.strategy}"
        if tag in self.changed or replace(tag, clinician=None) in self.changed:
            return f"{self.name} has a recorded completion for {what}, but for another prompt"
        return f"{self.name} has no recorded completion for {what}"


def _did_you_mean(asked: str, known: Sequence[str]) -> str:
    return f"; {did_you_mean(asked, known, 'there is')}" if known else ""
