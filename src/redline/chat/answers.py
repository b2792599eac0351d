"""Reading what an OpenAI-compatible endpoint answers.  Nothing of its text goes into a message: servers echo prompts."""

from __future__ import annotations

import json
import re
from typing import Any

from redline.chat.contract import ChatResult, Usage
from redline.errors import UsageError
from redline.records import Status

__all__ = ["read_completion", "read_error"]

_TOO_LONG = re.compile(
    r"context[ _-]?(length|window|size)|context_length|prompt is too long|too many (input )?tokens|"
    r"(input|prompt)[^.]{0,40}too long|max_new_tokens|reduce the length"
)
_FILTERED = re.compile(r"content[ _-]?(filter|policy|management)|responsible_?ai|safety (system|filter)")


def read_completion(body: bytes) -> ChatResult | None:
    """The completion in the body of an answer with HTTP 200, or None where the body is not whole JSON.

    >>> read_completion(b'{"choices": [{"message": {"content": "Yes."}, "finish_reason": "stop"}]}').text
    'Yes.'
    >>> read_completion(b'{"choices": [{"message": {"con') is None
    True
    >>> read_completion(b'{"unexpected": 1}').status.value
    'unparsable'
    """
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return None
    try:
        choice = value["choices"][0]
        message = choice["message"]
        counted = value.get("usage") or {}
        usage = Usage(int(counted.get("prompt_tokens") or 0), int(counted.get("completion_tokens") or 0))
        finish = str(choice.get("finish_reason") or "")
        if message.get("refusal") or finish == "content_filter":
            return ChatResult(Status.REFUSED, finish=finish, usage=usage, detail="the model refused")
        return ChatResult(Status.OK, _text(message.get("content")), finish, usage)
    except (ValueError, KeyError, IndexError, TypeError, AttributeError):
        return ChatResult(Status.UNPARSABLE, detail="the endpoint's answer is not a chat completion")


def _text(content: Any) -> str:
    """Text of a message: a string, nothing, or (some servers) a list of parts."""
    if isinstance(content, list):
        return "".join(part["text"] for part in content if part.get("type") == "text")
    if content is not None and not isinstance(content, str):
        raise TypeError("no text")
    return content or ""


def read_error(status: int, body: str, *, host: str, model: str, key_variable: str, key_set: bool) -> ChatResult:
    """What an answer means that no repetition mends: a result, or a `UsageError` for what a person has to mend."""
    said = _said(body)
    if status == 413 or (status in (400, 422) and _TOO_LONG.search(said)):
        return ChatResult(Status.TOO_LONG, detail="longer than the model's context")
    if status in (400, 403, 422) and _FILTERED.search(said):
        return ChatResult(Status.REFUSED, detail="refused by the endpoint's content filter")
    where = f"HTTP {status} from {host}"
    if status in (401, 403):
        if key_set:
            raise UsageError(
                f"{where}: it does not accept the key in the environment variable {key_variable}; check the key, and "
                f"that it may use the model {model!r}"
            )
        raise UsageError(f"{where}: it wants a key; set the environment variable {key_variable}")
    if status == 404:
        raise UsageError(
            f"{where}: it knows no model {model!r} or nothing is at that path; check the model's name and the address "
            "(most end in /v1)"
        )
    if 300 <= status < 400:
        raise UsageError(f"{where}: it redirects, which is not followed; give the final address")
    # One row's failure, not the cell's: whoever runs many rows notices when none is taken.
    return ChatResult(
        Status.UNPARSABLE, detail=f"{where}: it does not take the request; check the model's name and its settings"
    )


def _said(body: str) -> str:
    """The first words of the server's own code and message, lower case; for matching only, never shown."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return body[:500].lower()
    error = value.get("error", value) if isinstance(value, dict) else value
    if isinstance(error, dict):
        error = " ".join(str(error.get(k) or "")[:400] for k in ("code", "type", "error_type", "message", "detail"))
    return str(error)[:1000].lower()
