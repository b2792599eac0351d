"""Preference sets into tokens: replies are never cut, prompts only at the oldest chart text, and what is left out is counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from redline.chat import ChatMessage
from redline.chat.template import ChatTemplate
from redline.drafting import shorten
from redline.training.preference import PreferenceSet
from redline.training.trees import TokenSet
from redline.training.trees.tokens import Ids

__all__ = ["LeftOut", "tokenise"]

NO_PAIR = "no pair in the set"
NOTHING_TO_LEARN = "no reply to learn in the set"
SAME_TOKENS = "both replies of the pair are the same in tokens"
LONG_REPLY = "reply does not fit into the context, even without the older chart text"


@dataclass
class LeftOut:
    """Counts by reason; `cut` is the number of prompts that lost chart text."""

    sets: Counter[str] = field(default_factory=Counter)
    replies: Counter[str] = field(default_factory=Counter)
    pairs: Counter[str] = field(default_factory=Counter)
    cut: int = 0

    def as_dict(self) -> dict[str, object]:
        """For the card."""
        return {
            "sets": dict(+self.sets), "replies": dict(+self.replies), "pairs": dict(+self.pairs), "prompts cut": self.cut,
        }  # fmt: skip


def tokenise(
    sets: Iterable[PreferenceSet],
    template: ChatTemplate,
    window: int | None,
    left_out: LeftOut,
    *,
    pairs: bool,
    need_pair: bool,
) -> Iterator[TokenSet]:
    """Every set that has something to train on; replies that only `pairs` name come along where pairs are used.

    A set's own reply is what supervised training learns; where it has none, the chosen replies.  With `need_pair` a set
    without a pair is left out.
    """
    known: dict[int, int] = {}
    for whole in sets:
        found = _tokens(whole, template, window, left_out, pairs, need_pair)
        if found is not None:
            yield replace(found, prompt=_one(found.prompt, known), replies=tuple(_one(r, known) for r in found.replies))


def _one(ids: Ids, known: dict[int, int]) -> Ids:
    """The same ids as one object a number: a corpus in tokens takes 8 bytes a token instead of 40."""
    return tuple(known.setdefault(i, i) for i in ids)


def _tokens(
    whole: PreferenceSet, template: ChatTemplate, window: int | None, left_out: LeftOut, pairs: bool, need_pair: bool
) -> TokenSet | None:
    learn = [whole.own] if whole.own is not None else sorted({p.chosen for p in whole.pairs})
    needed = sorted({*learn, *(whole.used if pairs else ())})
    if not needed or (need_pair and not whole.pairs):
        left_out.sets[NO_PAIR if need_pair else NOTHING_TO_LEARN] += 1
        return None
    prompt, encoded = template.encode_replies(whole.prompt, [whole.replies[i] for i in needed])
    replies, cut = {i: tuple(ids) for i, ids in zip(needed, encoded, strict=True)}, 0
    if window is not None and len(prompt) + max(map(len, replies.values())) > window:
        shortest = _shortest(whole, template)
        replies = {i: ids for i, ids in replies.items() if shortest + len(ids) <= window}
    fitting = [p for p in whole.pairs if p.chosen in replies and p.rejected in replies] if pairs else []
    held = [p for p in fitting if replies[p.chosen] != replies[p.rejected]]  # templates trim what texts differ in
    learn = [i for i in learn if i in replies]
    left_out.replies[LONG_REPLY] += len(needed) - len(replies)
    left_out.pairs[LONG_REPLY] += len(whole.pairs) - len(fitting) if pairs else 0
    left_out.pairs[SAME_TOKENS] += len(fitting) - len(held)
    if not (held if need_pair else [*held, *learn]):
        left_out.sets[SAME_TOKENS if fitting else LONG_REPLY] += 1
        return None
    kept = sorted({*learn, *(i for p in held for i in (p.chosen, p.rejected))})
    room = max(len(replies[i]) for i in kept)
    if window is not None and len(prompt) + room > window:
        prompt, cut = _cut(whole, template, window - room)
        left_out.cut += 1
    found = TokenSet(
        tuple(prompt), tuple(replies.get(i, (0,)) for i in range(len(whole.replies))), whole.pairs,
        id=whole.id, case=whole.case, clinician=whole.clinician, cut=cut,
    )  # fmt: skip
    return found.only(kept, held, learn)


def _shortest(whole: PreferenceSet, template: ChatTemplate) -> int:
    """Tokens of the prompt when all chart text that may go is gone."""
    found: list[int] = []

    def measured(messages: Sequence[ChatMessage]) -> bool:
        found.append(len(template.encode(messages)))
        return False

    shorten(whole.prompt, measured)
    return min(found)


def _cut(whole: PreferenceSet, template: ChatTemplate, room: int) -> tuple[list[int], int]:
    """The prompt in at most `room` tokens, which are known to be enough, and how many sentences it lost."""
    found = shorten(whole.prompt, lambda messages: len(template.encode(messages)) <= room)
    assert found is not None
    return template.encode(found[0]), found[1]
