"""Sentences go by people's labels where there are some, and say when the judge errs on a row."""

from dataclasses import replace

from redline.scoring import CEILING, Kind, Measures, make_table
from redline.scoring.findings import CORRECTED, find

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
    assert "more lenient than people: content edit-F1 0." in corrected["judge", B]
    assert "corrected by 30 labelled comparisons" in corrected["judge", B]


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
