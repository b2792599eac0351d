"""A corpus in memory: cases, clinicians' replies and drafts that belong together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from redline.records import Case, Draft, Reply, digest

__all__ = ["Corpus"]


@dataclass(frozen=True)
class Corpus:
    """Cases with the replies and drafts that answer them; every reply and draft has its case.

    `name` stands in tables, `provenance` wherever figures of this corpus are shown.
    """

    name: str
    cases: tuple[Case, ...]
    replies: tuple[Reply, ...] = ()
    drafts: tuple[Draft, ...] = ()
    provenance: str = ""

    @cached_property
    def by_id(self) -> Mapping[str, Case]:
        """Case id to case."""
        return {c.id: c for c in self.cases}

    @cached_property
    def independent(self) -> tuple[Reply, ...]:
        """Replies written without a draft in view: the references."""
        return tuple(r for r in self.replies if r.started_from is None)

    @cached_property
    def observed(self) -> tuple[Reply, ...]:
        """Replies that a clinician made out of a draft: observed edits, never references for other drafts."""
        return tuple(r for r in self.replies if r.started_from is not None)

    @property
    def clinicians(self) -> tuple[str, ...]:
        """Clinicians with at least one reply, sorted."""
        return tuple(sorted({r.clinician for r in self.replies}))

    @property
    def systems(self) -> tuple[str, ...]:
        """Names of the drafting systems, in order of first appearance."""
        return tuple(dict.fromkeys(d.system for d in self.drafts))

    @cached_property
    def digest(self) -> str:
        """Digest of all content; row order does not matter, names and provenance do not enter."""
        rows = [repr(x) for group in (self.cases, self.replies, self.drafts) for x in group]
        return digest(sorted(rows))

    def only(self, *, split: str | None = None, cases: Iterable[str] | None = None) -> Corpus:
        """The part of the corpus with this split and these case ids, replies and drafts along."""
        wanted = None if cases is None else set(cases)
        kept = tuple(
            c for c in self.cases if (split is None or c.split == split) and (wanted is None or c.id in wanted)
        )
        ids = {c.id for c in kept}
        return replace(
            self,
            cases=kept,
            replies=tuple(r for r in self.replies if r.case in ids),
            drafts=tuple(d for d in self.drafts if d.case in ids),
        )
