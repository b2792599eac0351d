"""What is searched: past patient messages with the reply that a clinician sent, and who is asking."""

from __future__ import annotations

from dataclasses import dataclass

from redline.corpus import Corpus

__all__ = ["Hit", "PastMessage", "Query", "past_messages"]


@dataclass(frozen=True, slots=True)
class PastMessage:
    """One past message and one clinician's own reply to it; a message that three clinicians answered is three of these.

    `received` is an ISO 8601 date or time, None where the corpus has none.
    """

    case: str
    clinician: str
    message: str
    reply: str
    received: str | None = None
    split: str | None = None


@dataclass(frozen=True, slots=True)
class Query:
    """Past messages similar to `message`.

    `case` is the id of the message asked about: nothing with this id is ever found, nor a near-duplicate of its
    message.  `clinician` keeps that clinician's replies only.  `before` (ISO 8601) keeps what was received earlier; what
    has no date is then left out.  `split` keeps one split.
    """

    message: str
    case: str | None = None
    clinician: str | None = None
    before: str | None = None
    split: str | None = None


@dataclass(frozen=True, slots=True)
class Hit:
    """A found message, the fused score, and its ranks (from 1) by words and by vectors, None where it was not ranked."""

    past: PastMessage
    score: float
    word_rank: int | None = None
    vector_rank: int | None = None


def past_messages(corpus: Corpus) -> list[PastMessage]:
    """Every independent reply of `corpus` with its message.

    Replies that were edited out of a draft are left out: they would teach the draft's own words.
    """
    return [
        PastMessage(r.case, r.clinician, c.message, r.text, c.received, c.split)
        for r in corpus.independent
        for c in [corpus.by_id[r.case]]
    ]
