"""A preference set: one prompt, its distinct replies, and which of them is preferred to which, for which theme."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from redline.chat import ChatMessage
from redline.records import digest

__all__ = ["PreferencePair", "PreferenceSet", "set_of_pairs"]


@dataclass(frozen=True, slots=True)
class PreferencePair:
    """`replies[chosen]` is preferred to `replies[rejected]` with `weight`, as far as `theme` is concerned (None: as a whole).

    `source` says where the pair comes from: `enhancement`, `corruption`, `observed_edit`, `zero_shot`, `imported`.
    """

    chosen: int
    rejected: int
    theme: str | None = None
    weight: float = 1.0
    source: str = ""


@dataclass(frozen=True, slots=True)
class PreferenceSet:
    """Everything that was written to one prompt.

    `prompt` is the conversation up to where the reply begins, at full length (training cuts it where it must).  `own` is
    the place of the clinician's own reply, which supervised training learns; None where there is none.  `replies` differ
    from each other, and every pair names two of them.

    >>> PreferenceSet("s1/c1", (ChatMessage("user", "Hi"),), ("Yes.", "No."), (PreferencePair(0, 1),)).used
    (0, 1)
    """

    id: str
    prompt: tuple[ChatMessage, ...]
    replies: tuple[str, ...]
    pairs: tuple[PreferencePair, ...] = ()
    own: int | None = None
    case: str = ""
    clinician: str | None = None

    def __post_init__(self) -> None:
        if len(set(self.replies)) < len(self.replies):
            raise ValueError(f"set {self.id}: two replies are the same text")
        places = [p.chosen for p in self.pairs] + [p.rejected for p in self.pairs]
        places += [] if self.own is None else [self.own]
        if any(not 0 <= i < len(self.replies) for i in places):
            raise ValueError(f"set {self.id}: a pair names a reply that is not there")
        if any(p.chosen == p.rejected for p in self.pairs):
            raise ValueError(f"set {self.id}: a reply is preferred to itself")
        if any(not 0.0 < p.weight < float("inf") for p in self.pairs):
            raise ValueError(f"set {self.id}: the weight of a pair is a positive number")

    @property
    def used(self) -> tuple[int, ...]:
        """Places of the replies that a pair names, in order."""
        return tuple(sorted({i for p in self.pairs for i in (p.chosen, p.rejected)}))

    @property
    def digest(self) -> str:
        """Of everything that training sees."""
        pairs = [[p.chosen, p.rejected, p.theme, p.weight, p.source] for p in self.pairs]
        prompt = [[m.role, m.text] for m in self.prompt]
        return digest([prompt, self.replies, pairs, self.own, self.case, self.clinician])


def set_of_pairs(
    id: str,
    prompt: Sequence[ChatMessage],
    pairs: Iterable[tuple[str, str, str | None, float, str]],
    *,
    own: str | None = None,
    **about: Any,
) -> PreferenceSet:
    """A set from (chosen text, rejected text, theme, weight, source); equal texts become one reply.

    >>> s = set_of_pairs("a", [ChatMessage("user", "Hi")], [("Yes.", "No.", "empathy", 1.0, "corruption")], own="Yes.")
    >>> s.replies, s.own
    (('Yes.', 'No.'), 0)
    """
    places: dict[str, int] = {}
    if own is not None:
        places[own] = 0
    found = [
        PreferencePair(
            places.setdefault(chosen, len(places)), places.setdefault(rejected, len(places)), theme, weight, source
        )
        for chosen, rejected, theme, weight, source in pairs
    ]
    return PreferenceSet(id, tuple(prompt), tuple(places), tuple(found), None if own is None else 0, **about)
