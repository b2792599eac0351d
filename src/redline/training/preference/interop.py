"""Pairs in other people's forms: TRL rows and Argilla records in, TRL rows out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from redline.chat import ChatMessage
from redline.errors import InputError, Problem
from redline.records import digest
from redline.training.preference.files import TEXTS
from redline.training.preference.sets import PreferenceSet, set_of_pairs

__all__ = ["from_pairs", "to_trl"]

_ROLES = {
    "human": "user",
    "gpt": "assistant",
    "bot": "assistant",
    "user": "user",
    "assistant": "assistant",
    "system": "system",
}
Pair = tuple[str, str, str | None, float, str]


class _Bad(Exception):  # noqa: N818  (a turn of events, not an error)
    """A row that is no pair: the field and what is wrong with it."""

    def __init__(self, field: str | None, message: str) -> None:
        super().__init__(message)
        self.field = field
        self.message = message


@dataclass
class _Group:
    prompt: tuple[ChatMessage, ...]
    own: str | None
    about: dict[str, str | None]
    pairs: dict[tuple[str, str, str | None], Pair] = field(default_factory=dict)


def to_trl(sets: Iterable[PreferenceSet]) -> Iterator[dict[str, Any]]:
    """One row a pair in TRL's conversational form, with the theme, weight and source, and what puts the set together again."""
    for found in sets:
        prompt = [{"role": m.role, "content": m.text} for m in found.prompt]
        own = None if found.own is None else found.replies[found.own]
        for pair in found.pairs:
            yield {
                "prompt": prompt,
                "chosen": [{"role": "assistant", "content": found.replies[pair.chosen]}],
                "rejected": [{"role": "assistant", "content": found.replies[pair.rejected]}],
                "theme": pair.theme, "weight": pair.weight, "source": pair.source, "set": found.id, "case": found.case,
                "clinician": found.clinician, "own": own,
            }  # fmt: skip


def from_pairs(rows: Iterable[Mapping[str, Any]], *, name: str = "rows") -> tuple[PreferenceSet, ...]:
    """Sets from rows of pairs; rows with equal prompts (and `set` and `clinician`, where given) become one set.

    Read are: `prompt`, `chosen`, `rejected` as texts or as lists of messages, also without `prompt`, where chosen and
    rejected hold the whole conversation (TRL); `instruction` or `prompt` with `chosen_response` and `rejected_response`, or
    with `responses` and their `ratings` (higher is better) or `ranking` (1 is best; `rank` is the same), of which every two
    that differ make a pair (Argilla).  `theme`, `weight`, `source`, `case`, `clinician` and `own` are kept where they stand.

    `InputError` with every row that is no pair; `name` is the file's.
    """
    problems: list[Problem] = []
    groups: dict[str, _Group] = {}
    count = 0
    for count, row in enumerate(rows, start=1):
        try:
            _put(row, groups)
        except _Bad as bad:
            problems.append(Problem(name, count, bad.field, bad.message))
    if not count:
        problems.append(Problem(name, None, None, "holds no pair"))
    if problems:
        raise InputError(problems, hint="The forms that are read stand in docs/preferences.md.")
    given = Counter(g.about["set"] for g in groups.values())
    return tuple(_set(key, group, given[group.about["set"]] == 1) for key, group in groups.items())


def _set(key: str, group: _Group, unique: bool) -> PreferenceSet:
    return set_of_pairs(
        (group.about["set"] if unique else None) or f"imported/{key}", group.prompt, group.pairs.values(), own=group.own,
        case=group.about.get("case") or "", clinician=group.about.get("clinician"),
    )  # fmt: skip


def _put(row: Mapping[str, Any], groups: dict[str, _Group]) -> None:
    prompt, pairs = _pairs(row)
    theme, weight, source = _text(row, "theme"), row.get("weight", 1.0), _text(row, "source") or "imported"
    if isinstance(weight, bool) or not isinstance(weight, int | float) or not 0.0 < weight < float("inf"):
        raise _Bad("weight", "is not a number above 0")
    about = {k: _text(row, k) for k in ("set", "case", "clinician")}
    key = digest([[[m.role, m.text] for m in prompt], about["set"], about["clinician"]])
    group = groups.setdefault(key, _Group(prompt, _text(row, "own"), about))
    for number, message in enumerate(prompt):
        if found := TEXTS.problem(message.text):
            raise _Bad(f"prompt[{number}]", found)
    for chosen, rejected in pairs:
        for side, text in (("chosen", chosen), ("rejected", rejected)):
            if found := TEXTS.problem(text):
                raise _Bad(side, found)
        if not chosen.strip() or not rejected.strip():
            raise _Bad("chosen" if not chosen.strip() else "rejected", "is empty")
        if chosen == rejected:
            raise _Bad("rejected", "is the same text as the chosen one")
        group.pairs[chosen, rejected, theme] = (chosen, rejected, theme, float(weight), source)


def _pairs(row: Mapping[str, Any]) -> tuple[tuple[ChatMessage, ...], list[tuple[str, str]]]:
    """The prompt, and (chosen, rejected) of every pair."""
    asked = _first(row, ("prompt", "instruction"))
    better, worse = _first(row, ("chosen", "chosen_response")), _first(row, ("rejected", "rejected_response"))
    if better is None and worse is None and row.get("responses") is not None:
        if asked is None:
            raise _Bad("prompt", "is missing")
        return _messages(*asked), _ranked(row)
    for found, field_name in ((better, "chosen"), (worse, "rejected")):
        if found is None:
            raise _Bad(field_name, "is missing")
    assert better is not None and worse is not None
    if asked is not None:
        prompt = _messages(*asked)
        return prompt, [(_reply(*better, prompt), _reply(*worse, prompt))]
    return _implicit(better, worse)


def _implicit(better: tuple[str, Any], worse: tuple[str, Any]) -> tuple[tuple[ChatMessage, ...], list[tuple[str, str]]]:
    """Both hold the whole conversation: what they share before the last turn is the prompt."""
    if isinstance(better[1], str) or isinstance(worse[1], str):
        raise _Bad(
            "prompt", "is missing; without it chosen and rejected are lists of messages of the whole conversation"
        )
    one, other = _messages(*better), _messages(*worse)
    if len(one) < 2 or one[:-1] != other[:-1]:
        raise _Bad(
            "rejected", "is not the same conversation as the chosen one up to its last message, and there is no prompt"
        )
    return one[:-1], [(_last(better[0], one), _last(worse[0], other))]


def _reply(field_name: str, value: Any, prompt: tuple[ChatMessage, ...]) -> str:
    """The text of one side, which may repeat the prompt before it."""
    if isinstance(value, str):
        return value
    messages = _messages(field_name, value)
    if len(messages) > 1 and messages[:-1] not in (prompt, tuple(m for m in prompt if m.role != "system")):
        raise _Bad(field_name, "holds more than one message, and they are not the prompt's")
    return _last(field_name, messages)


def _last(field_name: str, messages: tuple[ChatMessage, ...]) -> str:
    if messages[-1].role != "assistant":
        raise _Bad(field_name, f"ends with a message of the role {messages[-1].role!r}, expected assistant")
    return messages[-1].text


def _messages(field_name: str, value: Any) -> tuple[ChatMessage, ...]:
    if isinstance(value, str):
        if not value.strip():
            raise _Bad(field_name, "is empty")
        return (ChatMessage("user", value),)
    if not isinstance(value, Sequence) or not value:
        raise _Bad(field_name, "is neither a text nor a list of messages")
    found: list[ChatMessage] = []
    for number, item in enumerate(value):
        where = f"{field_name}[{number}]"
        if not isinstance(item, Mapping):
            raise _Bad(where, "is no message, expected an object with role and content")
        role, text = item.get("role", item.get("from")), item.get("content", item.get("value"))
        if not isinstance(role, str) or role not in _ROLES:
            raise _Bad(f"{where}.role", f"is none of {', '.join(_ROLES)}")
        if not isinstance(text, str):
            raise _Bad(f"{where}.content", "is no text")
        found.append(ChatMessage(_ROLES[role], text))  # type: ignore[arg-type]
    return tuple(found)


def _ranked(row: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Every two responses of which one was rated above the other."""
    texts = row["responses"]
    if not isinstance(texts, Sequence) or isinstance(texts, str) or len(texts) < 2:
        raise _Bad("responses", "is not a list of two responses or more")
    texts = [t.get("text", t.get("value")) if isinstance(t, Mapping) else t for t in texts]
    if not all(isinstance(t, str) and t.strip() for t in texts):
        raise _Bad("responses", "holds an empty response or one that is no text")
    if len(set(texts)) < len(texts):
        raise _Bad("responses", "holds the same response twice")
    found = _first(row, ("ratings", "rating", "ranking", "rank"))
    if found is None:
        raise _Bad("ratings", "is missing; without ratings or ranking nobody knows which response is better")
    name, values = found
    if (
        not isinstance(values, Sequence)
        or len(values) != len(texts)
        or any(isinstance(v, bool) or not isinstance(v, int | float) or v != v for v in values)
    ):
        raise _Bad(name, f"is not a list of {len(texts)} numbers, one a response")
    sign = -1 if name.startswith("rank") else 1
    order = sorted(range(len(texts)), key=lambda i: -sign * values[i])
    pairs = [(texts[i], texts[j]) for n, i in enumerate(order) for j in order[n + 1 :] if values[i] != values[j]]
    if not pairs:
        raise _Bad(name, "rates all responses alike, so there is no pair")
    return pairs


def _first(row: Mapping[str, Any], names: Sequence[str]) -> tuple[str, Any] | None:
    return next(((n, row[n]) for n in names if row.get(n) is not None), None)


def _text(row: Mapping[str, Any], name: str) -> str | None:
    value = row.get(name)
    if value is not None and not isinstance(value, str):
        raise _Bad(name, "is no text")
    return value or None
