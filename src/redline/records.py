"""The frozen types that every room speaks.

Nothing here computes a score or reads a file.  A record that came from a file keeps where it came from
only in errors; a record that was produced (a draft, a verdict) keeps what produced it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

__all__ = [
    "Case",
    "ChartSummary",
    "Draft",
    "DraftStatus",
    "EditLoad",
    "Provenance",
    "Reply",
    "Status",
    "ThemeVerdict",
    "Unit",
    "Verdict",
    "digest",
]


def digest(value: Any, *, length: int = 16) -> str:
    """Hexadecimal SHA-256 of the canonical JSON of `value` (sorted keys, no spaces), cut to `length`.

    Equal content gives equal digests on every machine; NaN is refused because it is not JSON.
    Lone surrogates are allowed (they are hashed as the escapes that JSON writes).

    >>> digest({"b": 1, "a": "é"}) == digest({"a": "é", "b": 1})
    True
    """
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
    return hashlib.sha256(text.encode("ascii")).hexdigest()[:length]


class Status(StrEnum):
    """What became of one judgement.  Only `ok` ever enters a sum; the rest are counted beside the number."""

    OK = "ok"
    REFUSED = "refused"
    UNPARSABLE = "unparsable"
    TIMEOUT = "timeout"
    TOO_LONG = "too_long"
    MISSING = "missing"  # the judge has no answer at all: an annotation file without this unit


class DraftStatus(StrEnum):
    """What became of one task.  `ok` and `no_draft` are outcomes and are scored (no draft as an empty one); the rest are
    failures: they are counted beside the number and never scored.
    """

    OK = "ok"
    NO_DRAFT = "no_draft"  # decided: no reply needed, or a draft withheld; the reason stands in `detail`
    REFUSED = "refused"
    EMPTY = "empty"
    WRONG_LANGUAGE = "wrong_language"
    TOO_LONG = "too_long"
    TIMEOUT = "timeout"
    UNPARSABLE = "unparsable"
    MISSING = "missing"  # a recorded model has no completion for it
    FAILED = "failed"  # our own code or a plug-in failed on this row; the others go on

    @property
    def scored(self) -> bool:
        """Whether a draft with this status enters the scores.

        >>> [s.value for s in DraftStatus if s.scored]
        ['ok', 'no_draft']
        """
        return self in (DraftStatus.OK, DraftStatus.NO_DRAFT)


@dataclass(frozen=True, slots=True)
class Unit:
    """A sentence unit of a text: `text == whole[start:end]`, offsets in characters."""

    text: str
    start: int
    end: int
    kind: str = "sentence"


@dataclass(frozen=True, slots=True)
class Verdict:
    """A judge's answer for one unit: the probability that the clinician edits it.

    `p_edit` is the probability of deletion for a draft unit and of addition for a reference unit; None
    unless the status is `ok`.  `hard` is the judge's own yes/no at its calibrated threshold.  `evidence`
    is the index of the unit of the other text that carries this one, where the judge names one; `votes`
    are the members' probabilities where several judges sat together.
    """

    status: Status
    p_edit: float | None = None
    hard: bool | None = None
    evidence: int | None = None
    detail: str = ""
    votes: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        if (self.status is Status.OK) != (self.p_edit is not None and self.hard is not None):
            raise ValueError("a verdict has p_edit and hard exactly when its status is ok")
        if self.p_edit is not None and not 0.0 <= self.p_edit <= 1.0:
            raise ValueError(f"p_edit is a probability, got {self.p_edit}")


@dataclass(frozen=True, slots=True)
class ThemeVerdict:
    """A classifier's answer for one unit: probability of each theme, and the themes it decides on."""

    status: Status
    p: Mapping[str, float] = field(default_factory=dict, hash=False)
    themes: tuple[str, ...] = ()
    detail: str = ""


@dataclass(frozen=True, slots=True)
class ChartSummary:
    """The short EHR summary that the clinician sees beside the message; `text` where it is unstructured.

    `age` is in years (months as a decimal for infants), `sex` as the corpus writes it.
    """

    age: float | None = None
    sex: str | None = None
    problems: tuple[str, ...] = ()
    medications: tuple[str, ...] = ()
    allergies: tuple[str, ...] = ()
    notes: str = ""
    text: str = ""

    def as_text(self) -> str:
        """One line a field, in a fixed order; a field without content is left out.

        >>> print(ChartSummary(age=44, sex="F", medications=("Levothyroxine 88 mcg daily",)).as_text())
        Age: 44; sex: F
        Medications: Levothyroxine 88 mcg daily
        """
        lines = []
        person = [f"Age: {self.age:g}"] if self.age is not None else []
        if self.sex:
            person.append(f"{'sex' if person else 'Sex'}: {self.sex}")
        if person:
            lines.append("; ".join(person))
        for name, items in (
            ("Problems", self.problems),
            ("Medications", self.medications),
            ("Allergies", self.allergies),
        ):
            if items:
                lines.append(f"{name}: {'; '.join(items)}")
        if self.notes:
            lines.append(f"Notes: {self.notes}")
        if self.text:
            lines.append(self.text)
        return "\n".join(lines)


@dataclass(frozen=True, slots=True)
class Case:
    """A patient message with its chart summary; the unit that splits and intervals are made over.

    `received` is the ISO 8601 date or time at which the message came in, where the corpus knows it.
    """

    id: str
    message: str
    chart: ChartSummary = ChartSummary()
    split: str | None = None
    category: str | None = None
    acuity: str | None = None
    received: str | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """One clinician's own answer to a case.

    `units` and `themes` are set where the corpus gives sentences (and the themes of each).
    `started_from` names the draft ("model/strategy") that the clinician edited into this reply; such a
    reply is an *observed* edit and never serves as an independent reference.
    """

    case: str
    clinician: str
    text: str
    units: tuple[str, ...] | None = None
    themes: tuple[tuple[str, ...], ...] | None = None
    started_from: str | None = None


@dataclass(frozen=True, slots=True)
class Provenance:
    """What made a draft; every field that is unknown stays None or empty."""

    model_digest: str | None = None
    prompt_digest: str | None = None
    retrieved: tuple[str, ...] = ()
    adapter: str | None = None
    sampling: Mapping[str, Any] = field(default_factory=dict, hash=False)
    plan: Mapping[str, str] = field(default_factory=dict, hash=False)
    made_at: str | None = None


@dataclass(frozen=True, slots=True)
class Draft:
    """A drafted reply by one system (`model` under `strategy`), for one clinician or for anybody.

    `text` is empty unless the status is `ok`; `detail` says why there is no draft.  `flags` are what a reader should
    look at first (links, markup, another case's text).
    """

    case: str
    model: str
    strategy: str
    text: str
    units: tuple[str, ...] | None = None
    clinician: str | None = None
    provenance: Provenance = field(default_factory=Provenance)
    status: DraftStatus = DraftStatus.OK
    detail: str = ""
    flags: tuple[str, ...] = ()

    @property
    def system(self) -> str:
        """The name under which the draft stands in tables.

        >>> Draft("s1", "frontier-llm", "zero_shot", "Hello.").system
        'frontier-llm/zero_shot'
        """
        return f"{self.model}/{self.strategy}"


@dataclass(frozen=True, slots=True)
class EditLoad:
    """Sufficient statistics of how much would be edited: every score is a function of summed loads.

    `deletions` of `draft_units` would be deleted, `additions` of `reference_units` would be written.
    With P = 1 - deletions/draft_units and R = 1 - additions/reference_units (paper, derived form):

    >>> load = EditLoad(draft_units=8, deletions=6, reference_units=4, additions=3)
    >>> load.precision, load.recall, load.f1
    (0.25, 0.25, 0.25)
    >>> (load + load).f1
    0.25

    Undefined cases are decided here and nowhere else (docs/design/002): no draft units against a reply
    gives P undefined (None), R = 0, F1 = 0; no reference units gives None throughout (unscored).

    >>> EditLoad(0, 0, 3, 3).precision, EditLoad(0, 0, 3, 3).f1, EditLoad(4, 4, 0, 0).f1
    (None, 0.0, None)
    """

    draft_units: float = 0.0
    deletions: float = 0.0
    reference_units: float = 0.0
    additions: float = 0.0

    def __add__(self, other: EditLoad) -> EditLoad:
        return EditLoad(
            self.draft_units + other.draft_units,
            self.deletions + other.deletions,
            self.reference_units + other.reference_units,
            self.additions + other.additions,
        )

    @property
    def scored(self) -> bool:
        """Whether there is a reference to score against."""
        return self.reference_units > 0

    @property
    def precision(self) -> float | None:
        """Edit-precision, or None where it is undefined."""
        if not self.scored or self.draft_units <= 0:
            return None
        return 1.0 - self.deletions / self.draft_units

    @property
    def recall(self) -> float | None:
        """Edit-recall, or None where it is undefined."""
        if not self.scored:
            return None
        return 1.0 - self.additions / self.reference_units

    @property
    def f1(self) -> float | None:
        """Edit-F1, or None where the load is unscored."""
        recall = self.recall
        if recall is None:
            return None
        precision = self.precision
        if precision is None or precision + recall <= 0:
            return 0.0
        return 2.0 * precision * recall / (precision + recall)
