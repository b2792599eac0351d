"""Who labelled the same sentences: annotators of theme files, and the writers of replies themselves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from redline.annotation import ThemedText
from redline.taxonomy import Taxonomy
from redline.units import normalise_unit

__all__ = ["WRITER", "LabelledUnits", "labelled_units"]

WRITER = "writer"
"""Name of the writers' own labels among the raters: one rater, though many people."""
Own = Mapping[tuple[str, str], tuple[tuple[str, ...], ...]]


@dataclass(frozen=True)
class LabelledUnits:
    """Sentences with the sets of themes that at least two raters gave them.

    `labels[unit][rater]` is a set, or None where this rater did not label it; `cases` is each unit's message.  `texts` were
    labelled by two or more; `mismatched` are replies whose sentences differ from those that were labelled.
    """

    raters: tuple[str, ...]
    labels: tuple[tuple[frozenset[str] | None, ...], ...]
    cases: tuple[str, ...]
    texts: int
    mismatched: int


def labelled_units(
    texts: Sequence[ThemedText], own: Own, units: Mapping[tuple[str, str], tuple[str, ...]], taxonomy: Taxonomy
) -> LabelledUnits:
    """Units of `texts` with each rater's set; a text `case:clinician` of the corpus gets its writer as one more rater.

    `own` and `units` are the writers' labels and the replies' sentences by (case, clinician).  A unit without a theme has the
    residual one.
    """
    found: list[tuple[str, list[dict[str, frozenset[str]]]]] = []
    mismatched = 0
    for text in sorted(texts, key=lambda t: (t.case, t.id)):
        names = text.annotators or tuple(f"annotator {i + 1}" for i in range(len(text.labels)))
        given = dict(zip(map(_other_than_writer, names), text.labels, strict=True))
        place = _reply_of(text, own)
        if place is not None:
            if _same(text.units, units[place]):
                given[WRITER] = own[place]
            else:
                mismatched += 1
        if len(given) >= 2:
            rows = [
                {name: frozenset(keys[i] or (taxonomy.residual,)) for name, keys in given.items()}
                for i in range(len(text.units))
            ]
            found.append((text.case, rows))
    raters = tuple(sorted({name for _, rows in found for row in rows for name in row}))
    labels = tuple(tuple(row.get(name) for name in raters) for _, rows in found for row in rows)
    return LabelledUnits(raters, labels, tuple(c for c, rows in found for _ in rows), len(found), mismatched)


def _other_than_writer(annotator: str) -> str:
    """An annotator of this very name stays a rater of their own beside the writers."""
    return f"annotator {annotator}" if annotator == WRITER else annotator


def _reply_of(text: ThemedText, own: Own) -> tuple[str, str] | None:
    """(case, clinician) where the text is a reply of the corpus with its writer's labels."""
    clinician = text.id.removeprefix(f"{text.case}:") if text.id.startswith(f"{text.case}:") else ""
    return (text.case, clinician) if (text.case, clinician) in own else None


def _same(a: Sequence[str], b: Sequence[str]) -> bool:
    return [normalise_unit(x) for x in a] == [normalise_unit(x) for x in b]
