"""Pairs that nobody had to write: drafts that a clinician edited, and zero-shot drafts beside their own reply."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from redline.corpus import Corpus
from redline.records import Draft, DraftStatus, Reply
from redline.units import normalise_unit

__all__ = ["ObservedPairs", "PairTexts"]

PairTexts = tuple[str, str, str | None, float, str]
"""Chosen text, rejected text, theme, weight, source: what `set_of_pairs` takes."""

_ZERO_SHOT = "zero_shot"


@dataclass(frozen=True)
class ObservedPairs:
    """The drafts of a corpus by case, with the weights that such pairs get (0: no such pairs)."""

    drafts: Mapping[str, tuple[Draft, ...]] = field(repr=False)
    edit_weight: float = 1.0
    zero_shot_weight: float = 1.0

    @classmethod
    def of(cls, corpus: Corpus, edit_weight: float = 1.0, zero_shot_weight: float = 1.0) -> ObservedPairs:
        """Of the drafts of `corpus` that have a text."""
        drafts: dict[str, list[Draft]] = defaultdict(list)
        for draft in corpus.drafts:
            if draft.status is DraftStatus.OK and draft.text.strip():
                drafts[draft.case].append(draft)
        return cls({case: tuple(found) for case, found in drafts.items()}, edit_weight, zero_shot_weight)

    def edits(self, reply: Reply) -> Iterator[tuple[PairTexts | None, str]]:
        """What was sent is preferred to the draft that it was made of; None with a reason where there is no pair.

        A draft that was sent as it was says nothing of what the clinician would change: it may not have been read.
        """
        if not self.edit_weight:
            return
        drafts = [d for d in self._of(reply) if d.system == reply.started_from]
        if not drafts:
            yield None, "draft_missing"
        elif _same(reply.text, drafts[0].text):
            yield None, "sent_verbatim"
        else:
            yield (reply.text, drafts[0].text, None, self.edit_weight, "observed_edit"), "observed_edit"

    def zero_shot(self, reply: Reply) -> Iterator[tuple[PairTexts | None, str]]:
        """The clinician's own reply is preferred to every zero-shot draft of the case."""
        if not self.zero_shot_weight:
            return
        for draft in self._of(reply):
            if draft.strategy == _ZERO_SHOT:
                if _same(reply.text, draft.text):
                    yield None, "same_as_draft"
                else:
                    yield (reply.text, draft.text, None, self.zero_shot_weight, "zero_shot"), "zero_shot"

    def _of(self, reply: Reply) -> list[Draft]:
        """This clinician's drafts before everybody's."""
        found = [d for d in self.drafts.get(reply.case, ()) if d.clinician in (None, reply.clinician)]
        return sorted(found, key=lambda d: d.clinician is None)


def _same(one: str, other: str) -> bool:
    return normalise_unit(one) == normalise_unit(other)
