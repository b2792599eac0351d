"""Everything a label plan is about: the comparisons of a corpus, what the judge says of them, and which are labelled."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from redline.annotation import AnnotatedPair
from redline.corpus import Corpus
from redline.errors import UsageError, did_you_mean
from redline.judging import ContentQuestion, pair_questions
from redline.records import Verdict
from redline.scoring import Comparison, Judges, Rows, comparisons, content_load
from redline.scoring.human_loads import LabelCounts, human_loads
from redline.stats import group_clusters
from redline.stats.predictive import LabelledSums, labelled_sums

__all__ = ["LabelFrame", "make_frame"]

Floats = NDArray[np.float64]
Places = NDArray[np.intp]
Before = Callable[[Sequence[ContentQuestion]], None]


@dataclass(frozen=True)
class LabelFrame:
    """One row a comparison of a system's draft with a reply that the judge judged completely.

    `judged` and `human` are loads (rows, 4), `weights` (rows,) 0 where a row is not labelled, `message` the cluster of a row.
    """

    found: tuple[Comparison, ...]
    verdicts: tuple[tuple[tuple[Verdict, ...], tuple[Verdict, ...]], ...]
    judged: Floats
    human: Floats
    weights: Floats
    message: Places
    messages: int
    labels: tuple[AnnotatedPair, ...]
    counts: LabelCounts
    judge: str

    @cached_property
    def systems(self) -> tuple[str, ...]:
        """Names of the systems, in the order of the corpus."""
        return tuple(dict.fromkeys(c.cell for c in self.found))

    def rows_of(self, system: str) -> Places:
        """Places of the comparisons of a system."""
        return np.flatnonzero([c.cell == system for c in self.found])

    def shared(self, systems: Sequence[str]) -> list[dict[str, int]]:
        """Replies that all of these systems are compared with: system to row."""
        replies: dict[tuple[str, str], dict[str, int]] = {}
        for i, c in enumerate(self.found):
            if c.cell in systems:
                replies.setdefault((c.case, c.clinician), {})[c.cell] = i
        return [rows for rows in replies.values() if len(rows) == len(set(systems))]

    def sums(self, cells: Sequence[Places]) -> LabelledSums:
        """Sums of these groups of rows, a cell each."""
        rows = np.concatenate(list(cells))
        cell = np.repeat(np.arange(len(cells)), [len(c) for c in cells])
        return labelled_sums(
            self.judged[rows],
            self.human[rows],
            self.weights[rows],
            self.message[rows],
            cell,
            (self.messages, len(cells)),
        )

    def known(self, name: str) -> str:
        """The system of this name; `UsageError` names the others."""
        if name not in self.systems:
            raise UsageError(
                f"there is no system {name!r} in this corpus; {did_you_mean(name, self.systems, 'systems')}"
            )
        return name


def make_frame(
    corpus: Corpus, judges: Judges, labels: Sequence[AnnotatedPair] = (), *, before: Before | None = None
) -> LabelFrame:  # fmt: skip
    """Judge all comparisons of the systems of a corpus and match the labels to them; `before` hears what will be asked.

    `UsageError` where there is nothing to compare, or labels are given and none fits.
    """
    every = [c for c in comparisons(corpus, Rows(floors=False, ceiling=False)) if c.draft and c.reference]
    if not every:
        raise UsageError("this corpus has no draft with an independent reply, so there is nothing to label")
    questions = [q for c in every for q in pair_questions(c.pair)]
    if before is not None:
        before(questions)
    answers = iter(judges.content_runner().run(questions))
    found, verdicts = [], []
    for c in every:
        sides = tuple(tuple(next(answers) for _ in side) for side in (c.draft, c.reference))
        if all(v.p_edit is not None for side in sides for v in side):
            found.append(c)
            verdicts.append((sides[0], sides[1]))
    if not found:
        raise UsageError("the judge could not judge any comparison completely, so no label can be planned with it")
    loads = [content_load(draft, reference) for draft, reference in verdicts]
    judged = np.array([(x.draft_units, x.deletions, x.reference_units, x.additions) for x in loads])
    people = human_loads(found, labels)
    if labels and not people.counts.fitting:
        unjudged = len(every) - len(found)
        failed = f" The judge failed on a unit of {unjudged:,} of {len(every):,} comparisons, which are left out."
        raise UsageError(
            f"none of the {len(labels)} labelled pairs fits a comparison of this corpus. {' '.join(people.counts.words)}"
            f"{failed if unjudged else ''}"
        )
    message, messages = group_clusters([c.case for c in found])
    return LabelFrame(
        tuple(found), tuple(verdicts), judged, people.loads, people.weights, message, messages, tuple(labels), people.counts,
        judges.content.signature,
    )  # fmt: skip
