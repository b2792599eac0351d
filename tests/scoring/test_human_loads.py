"""Which comparisons a label serves when several have its texts."""

from dataclasses import replace

import numpy as np
import pytest

from redline.annotation import AnnotatedPair, Annotation, ThemedText
from redline.annotation.sampling import Candidate, Design, draw_sample
from redline.scoring import CEILING, Comparison, Kind
from redline.scoring.human_loads import as_drawn, human_loads, human_themes
from redline.taxonomy import default_taxonomy

A, B, C = "m/a", "m/b", "m/c"


def comparison(cell: str, case: str, text: str, clinician: str = "c1", by: str | None = None) -> Comparison:
    kind = Kind.CEILING if by else Kind.SYSTEM
    return Comparison(cell, kind, case, clinician, (text,), ("Drink water.",), by)


def label(c: Comparison, id_: str, probability: float | None = None, source: str | None = None) -> AnnotatedPair:
    by = (c.drafted_by or c.cell) if source is None else source
    marks = (Annotation("a", (True,), (True,)),)
    return AnnotatedPair(id_, c.case, c.draft, c.reference, marks, by, c.clinician, probability)


def test_a_draft_that_two_systems_wrote_does_not_count_twice() -> None:
    """Both were drawn from: each row is weighted by its own draws, so a weight is 1 on average."""
    rows = [comparison(cell, f"s{m}", "Rest." if m < 4 else f"Rest {cell}.") for m in range(12) for cell in (A, B)]
    candidates = [Candidate(c.case, c.cell, c.cell, c.clinician, c.draft, c.reference, 0.5, "other") for c in rows]
    total, draws = np.zeros(len(rows)), 600
    for seed in range(draws):
        drawn = draw_sample(candidates, Design(pairs=6, least=0, seed=seed)).pairs
        chosen = [next(c for c in rows if (c.case, c.cell) == (p.case, p.draft_source)) for p in drawn]
        labels = [label(c, p.id, p.probability) for c, p in zip(chosen, drawn, strict=True)]
        total += human_loads(rows, labels).weights
    # A weight is 4 with probability 1/4, so a mean of 600 has the error 0.07; counted twice it would be about 1.8.
    assert np.abs(total / draws - 1).max() < 0.3
    assert (total / draws)[:8].mean() == pytest.approx(1, abs=0.1)


def test_a_row_with_labels_of_its_own_is_lent_none() -> None:
    rows = [comparison(A, "s1", "Rest."), comparison(B, "s1", "Rest."), comparison(B, "s2", "Call.")]
    people = human_loads(rows, [label(rows[0], "p1", 0.1), label(rows[2], "p2", 0.5)])
    assert people.weights.tolist() == [10.0, 0.0, 2.0] and people.counts.fitting == 2


def test_labels_of_what_two_rows_share_do_not_stand_for_all_of_the_other_row() -> None:
    """Only A is labelled: of B's drafts just those that are A's too would have labels, the others never could."""
    rows = [comparison(A, "s1", "Rest."), comparison(B, "s1", "Rest.")]
    rows += [comparison(A, "s2", "Call."), comparison(B, "s2", "Go.")]
    labels = [label(rows[0], "p1", 0.1), label(rows[2], "p2", 0.1)]
    assert human_loads(rows, labels).weights.tolist() == [10.0, 0.0, 10.0, 0.0]


@pytest.mark.parametrize("cell", [B, C])
def test_a_copy_or_a_new_name_takes_the_labels(cell: str) -> None:
    rows = [comparison(cell, "s1", "Rest."), comparison(cell, "s2", "Call."), comparison(cell, "s3", "Go.")]
    labels = [label(comparison(A, c.case, c.draft[0]), f"p{i}", 0.1) for i, c in enumerate(rows[:2])]
    labels.append(label(comparison(A, "s9", "Of another part."), "p9", 0.1))  # the table has a part of the cases
    people = human_loads(rows, labels)
    assert people.weights.tolist() == [10.0, 10.0, 0.0]
    assert (people.counts.fitting, people.counts.elsewhere) == (2, 1)


def test_labels_without_a_source_serve_all_with_their_texts() -> None:
    rows = [comparison(A, "s1", "Rest."), comparison(B, "s1", "Rest.")]
    assert human_loads(rows, [label(rows[0], "p1", source="")]).weights.tolist() == [1.0, 1.0]


def test_two_clinicians_with_the_same_reply_have_a_chance_each() -> None:
    rows = [comparison(A, "s1", "Rest.", who) for who in ("c1", "c2")]
    assert human_loads(rows, [label(rows[1], "p1", 0.1)]).weights.tolist() == [0.0, 10.0]
    renamed = comparison(A, "s1", "Rest.", "c9")
    assert human_loads(rows, [label(renamed, "p1", 0.1)]).weights.tolist() == [10.0, 10.0]


def test_a_clinicians_reply_as_draft_is_matched_by_who_wrote_it() -> None:
    rows = [comparison(CEILING, "s1", "Rest.", by=who) for who in ("c2", "c3")] + [comparison(A, "s1", "Rest.")]
    labels = [label(rows[0], "p1", 0.2), label(rows[2], "p2", 0.5)]
    labels.append(label(comparison(CEILING, "s2", "Call.", by="c3"), "p3", 0.5))
    assert human_loads(rows, labels).weights.tolist() == [5.0, 0.0, 2.0]


def test_the_larger_probability_of_two_labels_of_one_comparison_counts() -> None:
    one = comparison(A, "s1", "Rest.")
    people = human_loads([one], [label(one, "p1", 0.1), label(one, "p2", 0.2)])
    assert people.weights.tolist() == [5.0] and people.counts.fitting == 2


def test_theme_labels_count_with_the_probability_of_the_pair_they_were_drawn_with() -> None:
    """A draft of one drawn pair and the reply of another meet by chance: nobody knows how probable that was."""
    found = [
        Comparison("m/one", Kind.SYSTEM, "c1", who, ("Rest.",), (reply,))
        for who, reply in (("a", "Rest now."), ("b", "Call us."))
    ]
    texts = [
        ThemedText(f"t{i}", "c1", (unit,), ((("other",),),))
        for i, unit in enumerate(("Rest.", "Rest now.", "Call us."))
    ]
    themes = human_themes(found, texts, default_taxonomy())
    assert themes.weights.tolist() == [1.0, 1.0]
    marks = (Annotation("x", (False,), (False,)),)
    drawn = [AnnotatedPair("p", "c1", ("Rest.",), ("Rest now.",), marks, "m/one", "a", 0.25)]
    assert as_drawn(themes, human_loads(found, drawn), drawn).weights.tolist() == [4.0, 0.0]
    plain = [replace(drawn[0], probability=None)]
    assert as_drawn(themes, human_loads(found, plain), plain).weights.tolist() == [1.0, 1.0], (
        "nothing says how they were drawn"
    )
