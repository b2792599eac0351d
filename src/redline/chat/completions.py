"""The recorded form of a completion: one JSON object a line, written and read."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from redline.chat.contract import ChatRequest, ChatResult, Tag, Usage
from redline.errors import InputError, Problem
from redline.files import read_lines
from redline.records import Status

__all__ = ["Completion", "completion_row", "read_completions"]


class _Form(BaseModel):
    """One line of the file; what else is in it is ignored."""

    model_config = ConfigDict(extra="ignore", strict=True)
    text: str
    case: str | None = None
    strategy: str | None = None
    clinician: str | None = None
    model: str | None = None
    request: str | None = None
    status: str = "ok"
    finish: str = ""
    tokens_in: int = 0
    tokens_out: int = 0

    @model_validator(mode="after")
    def _can_be_found(self) -> _Form:
        if self.request is None and (self.case is None or self.strategy is None):
            raise ValueError("needs 'case' and 'strategy', or 'request', to be found by")
        if self.status not in (Status.OK, Status.REFUSED):
            raise ValueError("'status' is ok or refused")
        return self


@dataclass(frozen=True, slots=True)
class Completion:
    """What a model once said: to the request with the digest `request` where it is known, for what `tag` says."""

    result: ChatResult
    tag: Tag | None = None
    request: str | None = None
    model: str | None = None


def completion_row(model: str, request: ChatRequest, result: ChatResult) -> dict[str, Any]:
    """The line of one result."""
    tag = request.tag
    row: dict[str, Any] = {"case": tag.case, "strategy": tag.strategy} if tag else {}
    if tag and tag.clinician is not None:
        row["clinician"] = tag.clinician
    return {
        **row, "model": model, "request": request.digest, "status": result.status.value, "finish": result.finish,
        "tokens_in": result.usage.tokens_in, "tokens_out": result.usage.tokens_out, "text": result.text,
    }  # fmt: skip


def read_completions(path: Path) -> tuple[list[Completion], str]:
    """All rows, and a digest of the file's content.

    A last line that is not whole and has no line end is what a killed recording leaves; it is ignored.  Raises
    `InputError` with every other line that is wrong; no text is repeated in it.
    """
    hashed = hashlib.sha256()
    problems: list[Problem] = []
    found = list(_read(path, list(read_lines(path)), problems, hashed))
    if problems:
        raise InputError(problems)
    return found, hashed.hexdigest()[:16]


def _read(path: Path, lines: list[tuple[int, bytes]], problems: list[Problem], hashed: Any) -> Iterable[Completion]:
    for number, line in lines:
        if not line.strip():
            continue
        try:
            value = json.loads(line)
        except (ValueError, RecursionError):
            if number == len(lines) and _is_torn(path):
                return
            problems.append(Problem(str(path), number, None, "is not JSON"))
            continue
        hashed.update(line + b"\n")
        try:
            yield _completion(_Form.model_validate(value))
        except ValidationError as error:
            for wrong in error.errors(include_input=False, include_url=False):
                field = ".".join(str(part) for part in wrong["loc"]) or None
                problems.append(Problem(str(path), number, field, wrong["msg"].removeprefix("Value error, ")))


def _is_torn(path: Path) -> bool:
    """Whether the file ends without a line end (a compressed file is never appended to)."""
    if path.suffix == ".gz":
        return False
    with path.open("rb") as file:
        file.seek(-1, 2)
        return file.read(1) != b"\n"


def _completion(form: _Form) -> Completion:
    tag = None
    if form.case is not None and form.strategy is not None:
        tag = Tag(form.case, form.strategy, form.clinician)
    usage = Usage(form.tokens_in, form.tokens_out)
    detail = "the model refused" if form.status == Status.REFUSED else ""
    result = ChatResult(Status(form.status), form.text, form.finish, usage, detail=detail)
    return Completion(result, tag, form.request, form.model)
