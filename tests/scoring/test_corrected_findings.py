"""Sentences go by people's labels where there are some, and say when the judge errs on a row."""

from dataclasses import replace

from redline.annotation import Annotation
from redline.scoring import CEILING, Kind, Measures, make_table
from redline.scoring.findings import CORRECTED, find
from redline.stats.predictive.estimate import ALIKE

from .test_corrected import LAYOUT, A, B, Study


def with_ceiling(seed: int) -> Study:
    """The replies of a third clinician, of which the judge sees as little as of B: it asks for too few edits."""
    mine = Study(seed)
    rows = [j for j in mine.judged if j.comparison.cell == B]
    mine.judged += [
        replace(j, comparison=replace(j.comparison, cell=CEILING, kind=Kind.CEILING, drafted_by="c3")) for j in rows
    ]
    return mine


def said(study: Study, *, labels: bool) -> dict[tuple[str, str], str]:
    table = make_table(study.judged, Measures(LAYOUT), draws=500, seed=17)
    pairs = [(t.contrast.a, t.contrast.b) for t in table.contrasts]
    return {(f.kind, f.row): f.text for f in find(table, study.table(pairs) if labels else None)}


def test_a_judge_that_favours_one_row_is_told_off() -> None:
    mine = with_ceiling(11)
    plain, corrected = said(mine, labels=False), said(mine, labels=True)
    assert not any(kind == "judge" for kind, _ in plain)
    assert "On the 30 labelled comparisons of m/b the judge is more lenient than people" in corrected["judge", B]
    assert "content edit-F1 +0." in corrected["judge", B] and "(judge minus people)" in corrected["judge", B]


def test_what_the_judge_calls_inferior_people_need_not() -> None:
    """The judge likes the ceiling row's drafts, as it likes B's; people edit all alike."""
    mine = with_ceiling(12)
    plain, corrected = said(mine, labels=False), said(mine, labels=True)
    assert f"{A} is worse than another clinician" in plain["people", A] and CORRECTED not in plain["people", A]
    assert f"{A} is worse" not in corrected["people", A] and CORRECTED in corrected["people", A]


def test_what_a_draft_saves_is_peoples_word() -> None:
    mine = with_ceiling(13)
    plain, corrected = said(mine, labels=False), said(mine, labels=True)
    assert f"{B} pays for being read: +" in plain["cost", B]
    assert corrected["cost", B].count(CORRECTED) == 1, "said once of units saved and precision"
    assert corrected["cost", B] != plain["cost", B] and CORRECTED not in plain["cost", B]


def test_rows_without_labels_keep_the_judges_sentences() -> None:
    mine = Study(14, labelled=(A,))
    plain, corrected = said(mine, labels=False), said(mine, labels=True)
    assert corrected["cost", B] == plain["cost", B] and CORRECTED in corrected["cost", A]


def test_people_who_say_the_same_everywhere_stand_beside_the_judge() -> None:
    """Everything is deleted and added by people: no interval, so no correction, but the judge's word is not the last one."""
    mine = Study(15)
    mine.labels = [
        replace(p, annotations=(Annotation("a", (True,) * len(p.draft), (True,) * len(p.reference)),))
        for p in mine.labels
    ]
    figure = mine.table().cells[A]["content.f1"]
    assert figure.reason == ALIKE and (figure.messages, figure.human.estimate) == (30, 0.0)
    texts = said(mine, labels=True)
    assert "by the judge (by people 0.00 in 30 labelled messages)" in texts["cost", A], "precision"
    assert "the judge is more lenient than people" in texts["judge", A]


def test_where_only_one_of_two_figures_is_corrected_both_say_so() -> None:
    """Nearly all drafts are empty: what is saved is known of all replies, precision of too few to correct."""
    mine = Study(16)
    hollow = lambda c: int(c.case[1:]) % 3  # noqa: E731
    mine.judged = [
        replace(j, comparison=replace(j.comparison, draft=()), draft=(), draft_themes=()) if hollow(j.comparison) else j
        for j in mine.judged
    ]
    mine.labels = [
        replace(p, draft=(), annotations=tuple(replace(a, deleted=()) for a in p.annotations))
        if int(p.case[1:]) % 3
        else p
        for p in mine.labels
    ]
    row = mine.table().cells[A]
    assert row["saved"].known and not row["content.precision"].known and row["content.precision"].messages == 10
    text = said(mine, labels=True)["cost", A]
    assert CORRECTED + "; precision" in text and ", by the judge (by people 0." in text
