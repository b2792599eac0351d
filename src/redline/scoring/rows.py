"""From a corpus to the comparisons of a table: systems, floors, ceiling, observed edits."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from redline.corpus import Corpus
from redline.records import Draft, DraftStatus, Reply
from redline.scoring.comparison import Comparison, Kind
from redline.units import unit_texts

__all__ = [
    "BOILERPLATE",
    "CEILING",
    "EMPTY",
    "Rows",
    "comparisons",
    "draft_units",
    "observed_comparisons",
    "reply_units",
]

EMPTY = "floor: no draft"
BOILERPLATE = "floor: boilerplate"
STRANGER = "floor: {system}, another patient's"
CEILING = "another clinician (IAP)"

BOILERPLATE_UNITS = (
    "Thank you for your message.",
    "I am sorry to hear that you are not feeling well.",
    "I have reviewed your chart and your message.",
    "Please continue your current medications as prescribed.",
    "Please call our office to schedule an appointment so that we can discuss this further.",
    "If your symptoms get worse, please go to the nearest emergency department or call 911.",
    "Please let us know if you have any other questions.",
)
"""A reply that fits every message: our own wording, the same for all."""


@dataclass(frozen=True, slots=True)
class Rows:
    """Which rows a table gets beside the systems."""

    floors: bool = True
    ceiling: bool = True
    seed: int = 17


def reply_units(reply: Reply) -> tuple[str, ...]:
    """Units of a reply: its own where the corpus gives them, else by the splitter."""
    return reply.units if reply.units is not None else unit_texts(reply.text)


def draft_units(draft: Draft) -> tuple[str, ...]:
    """Units of a draft; none where there is no draft on purpose."""
    if draft.status is DraftStatus.NO_DRAFT:
        return ()
    return draft.units if draft.units is not None else unit_texts(draft.text)


def comparisons(corpus: Corpus, rows: Rows | None = None) -> list[Comparison]:
    """All counterfactual comparisons: every draft against every independent reply to its case.

    A draft made for one clinician is compared with that clinician's reply only.  No draft on purpose is compared as an empty
    one; a draft that failed is not compared at all.  Floors: no draft; one
    boilerplate reply for all; each system's draft for another patient (a seeded derangement).  Ceiling:
    each clinician's reply as the draft for each other clinician of the case.
    """
    rows = rows or Rows()
    replies: dict[str, list[Reply]] = defaultdict(list)
    for reply in corpus.independent:
        replies[reply.case].append(reply)
    found = list(_systems(corpus.drafts, replies, "{system}", Kind.SYSTEM))
    if rows.floors:
        scored = [c.id for c in corpus.cases if replies[c.id]]
        for cell, units in ((EMPTY, ()), (BOILERPLATE, BOILERPLATE_UNITS)):
            found += [
                Comparison(cell, Kind.FLOOR, case, r.clinician, units, reply_units(r))
                for case in scored
                for r in replies[case]
            ]
        found += list(_systems(_strangers(corpus, rows.seed), replies, STRANGER, Kind.FLOOR))
    if rows.ceiling:
        found += [
            Comparison(CEILING, Kind.CEILING, case, r.clinician, reply_units(d), reply_units(r), d.clinician)
            for case, answers in replies.items()
            for r in answers
            for d in answers
            if d.clinician != r.clinician
        ]
    return found


def observed_comparisons(corpus: Corpus) -> list[Comparison]:
    """Observed edits: each draft against the reply that its reader made out of it."""
    drafts = {(d.case, d.system, d.clinician): d for d in corpus.drafts if d.status.scored}
    found = []
    for reply in corpus.observed:
        place = reply.case, reply.started_from or ""
        draft = drafts.get((*place, reply.clinician)) or drafts.get((*place, None))
        if draft is not None:
            found.append(
                Comparison(
                    draft.system, Kind.OBSERVED, reply.case, reply.clinician, draft_units(draft), reply_units(reply)
                )
            )
    return found


def _systems(drafts: Sequence[Draft], replies: dict[str, list[Reply]], cell: str, kind: Kind) -> Iterator[Comparison]:
    for draft in drafts:
        if not draft.status.scored:
            continue
        units = draft_units(draft)
        for reply in replies[draft.case]:
            if draft.clinician is None or draft.clinician == reply.clinician:
                yield Comparison(
                    cell.format(system=draft.system), kind, draft.case, reply.clinician, units, reply_units(reply)
                )


def _strangers(corpus: Corpus, seed: int) -> list[Draft]:
    """Each system's drafts handed to the next case of a shuffled round: nobody keeps their own."""
    by_system: dict[str, list[Draft]] = defaultdict(list)
    for draft in corpus.drafts:
        if draft.status is DraftStatus.OK:
            by_system[draft.system].append(draft)
    result = []
    for system, drafts in sorted(by_system.items()):
        cases = sorted({d.case for d in drafts})
        if len(cases) < 2:
            continue
        random.Random(f"{seed}:{system}").shuffle(cases)
        following = dict(zip(cases, cases[1:] + cases[:1], strict=True))
        result += [Draft(following[d.case], d.model, d.strategy, d.text, d.units, d.clinician) for d in drafts]
    return result
