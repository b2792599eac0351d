"""Corrected tables: which label fits which comparison, and that no row borrows another's labels."""

from dataclasses import replace

import numpy as np
import pytest

from redline.annotation import AnnotatedPair, Annotation, ThemedText
from redline.errors import UsageError
from redline.records import EditLoad, Status, ThemeVerdict, Verdict
from redline.scoring import CEILING, Comparison, EditCost, Judged, Kind, Layout, Measures, content_load, make_table
from redline.scoring.corrected import check_labels, corrected_table
from redline.scoring.human_loads import LabelCounts, human_load, human_loads, human_themes
from redline.stats import ResamplingPlan
from redline.stats.predictive import MIN_LABELLED
from redline.taxonomy import default_taxonomy

TAXONOMY = default_taxonomy()
LAYOUT = Layout(TAXONOMY)
A, B, C = "m/a", "m/b", "m/c"


def comparison(cell, case, clinician="c1", draft=("Rest.", "Call us."), reference=("Rest.", "Drink water."), by=None):
    kind = Kind.CEILING if by else Kind.SYSTEM
    return Comparison(cell, kind, case, clinician, tuple(draft), tuple(reference), by)


def label(c: Comparison, *people, id_="p", probability=None, **changes) -> AnnotatedPair:
    """`people`: (deleted, added) of each annotator."""
    marks = tuple(Annotation(f"a{i}", *map(tuple, sides)) for i, sides in enumerate(people))
    pair = AnnotatedPair(
        id_, c.case, c.draft, c.reference, marks, c.drafted_by or c.cell, c.clinician, probability
    )  # fmt: skip
    return replace(pair, **changes)


BY_COMPARISON = ("content.macro_f1", "deletions", "additions", "saved")
BOTH = ((True, False), (False, True)), ((True, True), (False, True))


def test_a_unit_counts_with_the_share_of_its_annotators() -> None:
    pair = label(comparison(A, "s1"), *BOTH)
    assert human_load(pair) == EditLoad(2, 1.5, 2, 1.0)
    assert human_load(label(comparison(A, "s1"), ((None, False), (False, True)))) is None
    assert human_load(label(comparison(A, "s1"), ((None, False), (False, True)), BOTH[0])) == EditLoad(2, 1.0, 2, 1.0)


def test_labels_are_matched_by_case_and_texts_in_normal_form() -> None:
    found = [
        comparison(A, "s1"),
        comparison(B, "s1"),
        comparison(A, "s2"),
        comparison(A, "s1", "c2", reference=("No.",)),
    ]
    spaced = label(found[0], *BOTH, probability=0.1, draft=("Rest. ", "Call  us."))
    people = human_loads(found, [spaced])
    assert people.weights.tolist() == [
        10.0,
        10.0,
        0.0,
        0.0,
    ]  # two systems wrote the same draft; another case did as well
    assert people.loads.tolist() == [[2, 1.5, 2, 1.0]] * 2 + [[0] * 4] * 2
    assert people.counts == LabelCounts(pairs=1, fitting=1)


def test_labels_that_do_not_fit_are_counted_by_why() -> None:
    found = [comparison(A, "s1"), comparison(CEILING, "s2", by="c2"), comparison(A, "s4", reference=())]
    labels = [
        label(found[0], *BOTH),
        label(found[0], *BOTH, id_="p2", draft=("Rest now.", "Call us.")),  # that draft has been written anew
        label(found[1], *BOTH, id_="p3", reference=("Rest.", "Drink.")),  # of the clinicians' row
        label(found[0], *BOTH, id_="p4", case="s9"),
        label(found[0], *BOTH, id_="p5", draft_source="m/other", draft=("No.", "No.")),
        label(found[1], ((None, False), (True, True)), id_="p6"),
        label(found[2], ((True, True), ()), id_="p7"),
    ]
    people = human_loads(found, labels)
    counts = LabelCounts(pairs=7, fitting=1, changed=2, elsewhere=2, undecided=1, empty=1, certain=1)
    assert people.counts == counts
    assert people.weights.tolist() == [1.0, 0.0, 0.0]
    assert len(counts.words) == 4 and counts.words[0].startswith("2 of 7 labelled pairs are of texts that changed")


def test_the_same_texts_under_two_ids_are_one_label() -> None:
    found = [comparison(A, "s1")]
    labels = [label(found[0], BOTH[0], id_="p1", probability=0.5), label(found[0], BOTH[1], id_="p2", probability=0.25)]
    people = human_loads(found, labels)
    assert people.loads[0].tolist() == [2, 1.5, 2, 1.0]
    assert people.weights.tolist() == [2.0] and people.counts.fitting == 2


def test_labels_without_a_probability_beside_others_are_told() -> None:
    found = [comparison(A, "s1"), comparison(A, "s2")]
    mixed = human_loads(found, [label(found[0], *BOTH, probability=0.1), label(found[1], *BOTH, id_="p2")]).counts
    assert mixed.certain == 1 and "count as chosen with certainty" in mixed.words[0]
    assert not human_loads(found, [label(found[0], *BOTH)]).counts.words


def test_themes_need_both_texts() -> None:
    found = [comparison(A, "s1"), comparison(A, "s2"), comparison(A, "s3", draft=())]
    draft = ThemedText("s1:a", "s1", ("Rest. Call us.",), ((("treatment_planning", "empathy"),),))
    replies = [
        ThemedText(f"{s}:c1", s, ("Rest.", "Drink water."), ((("treatment_planning",), ("patient_education",)),))
        for s in ("s1", "s2", "s3")
    ]
    themes = human_themes(found, [draft, *replies], TAXONOMY)
    assert themes.weights.tolist() == [1.0, 0.0, 1.0]  # s2's draft is not labelled; an empty draft needs no label
    seen = dict(zip(TAXONOMY.keys, themes.presence[0].tolist(), strict=True))
    assert seen["treatment_planning"] == [1, 1, 1] and seen["empathy"] == [1, 0, 0]
    assert seen["patient_education"] == [0, 1, 0] and seen["other"] == [0, 0, 0]
    assert themes.presence[2, :, 0].sum() == 0 and (themes.texts, themes.fitting) == (4, 3)


class Study:
    """Two systems on 60 messages of two clinicians; people edit with rates that the judge mistakes, most so for system b."""

    def __init__(self, seed: int = 0, labelled: tuple[str, ...] = (A, B), messages: int = 60, known: int = 30) -> None:
        self.rng = np.random.default_rng(seed)
        self.judged: list[Judged] = []
        self.labels: list[AnnotatedPair] = []
        self.truth = {}
        for m in range(messages):
            rate = self.rng.beta(2, 2)
            for cell, bias in ((A, 0.0), (B, 0.25)):
                draft = tuple(f"{cell} {m} {i}." for i in range(self.rng.integers(4, 9)))
                for clinician in ("c1", "c2"):
                    reference = tuple(f"{clinician} {m} {i}." for i in range(5))
                    c = comparison(cell, f"s{m}", clinician, draft, reference)
                    marks = [self.rng.uniform(size=len(side)) < rate for side in (draft, reference)]
                    self.judged.append(self.judge(c, marks, bias))
                    if m < known and cell in labelled and clinician == "c1":
                        decided = tuple(tuple(bool(x) for x in side) for side in marks)
                        self.labels.append(label(c, decided, id_=f"{cell}{m}", probability=0.25))

    def judge(self, c: Comparison, marks, bias: float) -> Judged:
        sides = []
        for side in marks:
            p = np.clip(0.2 + 0.6 * side - bias + self.rng.normal(0, 0.05, len(side)), 0, 1)
            sides.append(tuple(Verdict(Status.OK, float(x), bool(x > 0.5)) for x in p))
        themes = [tuple(ThemeVerdict(Status.OK, {}, ("other",)) for _ in side) for side in (c.draft, c.reference)]
        return Judged(c, *sides, *themes)

    def table(self, pairs=((A, B),), themed=(), messages: int = 60, cost: EditCost | None = None):
        plan = ResamplingPlan(messages, 1_000, 17)
        return corrected_table(self.judged, self.labels, LAYOUT, plan, pairs, themed, cost)


@pytest.fixture(scope="module")
def study() -> Study:
    return Study()


def test_a_table_has_plain_human_and_corrected_figures_of_every_row(study) -> None:
    table = study.table()
    for cell in (A, B):
        f1 = table.cells[cell]["content.f1"]
        assert (f1.labels, f1.messages) == (30, 30)
        assert f1.known and f1.corrected.high - f1.corrected.low < f1.human.high - f1.human.low
    gap = {kind: getattr(table.cells[B]["content.f1"], kind).estimate - getattr(table.cells[A]["content.f1"], kind).estimate
           for kind in ("plain", "corrected")}  # fmt: skip
    assert gap["plain"] > 0.2 > 0.1 > abs(gap["corrected"])  # the judge's liking for b is no gain of b


def test_the_plain_figure_is_that_of_the_score_table(study) -> None:
    cells = make_table(study.judged, Measures(LAYOUT), draws=1_000, seed=17).by_name
    ours = study.table().cells
    for cell in (A, B):
        for measure in ("content.precision", "content.recall", "content.f1", *BY_COMPARISON):
            mine, theirs = ours[cell][measure].plain, cells[cell][measure]
            assert (mine.estimate, mine.clusters) == (pytest.approx(theirs.estimate, abs=1e-12), theirs.clusters)
            assert (mine.low, mine.high) == pytest.approx((theirs.low, theirs.high), abs=1e-5)


@pytest.mark.parametrize("cost", [EditCost(), EditCost(delete=0.5, read=0.4)], ids=["default", "own"])
def test_what_a_draft_saves_is_a_mean_of_comparisons(study, cost) -> None:
    """Labels with one probability: people's figure is a plain mean, and the formula is that of a mean (PPI++)."""
    row = study.table(cost=cost).cells[A]
    labels = [p for p in study.labels if p.draft_source == A]
    loads = [human_load(p) for p in labels]
    mine = [j for j in study.judged if j.comparison.cell == A]
    asked = {(p.case, p.reference_source) for p in labels}
    for measure, of in {
        "saved": cost.saved,
        "deletions": lambda load: load.deletions,
        "additions": lambda load: load.additions,
        "content.macro_f1": lambda load: load.f1,
    }.items():
        seen = {
            (j.comparison.case, j.comparison.clinician): of(content_load(j.draft, j.reference)) for j in mine
        }  # fmt: skip
        by_people = np.mean([of(load) for load in loads])
        moved = np.mean([seen[key] for key in asked]) - np.mean(list(seen.values()))
        found = row[measure]
        assert found.human.estimate == pytest.approx(by_people) and found.known and found.labels == 30
        assert found.corrected.estimate == pytest.approx(by_people - found.weight * moved)
        assert found.corrected.high - found.corrected.low < found.human.high - found.human.low
    assert (
        study.table(cost=cost).cells[B]["saved"].plain.estimate
        > study.table(cost=cost).cells[A]["saved"].plain.estimate + 1
    )


def test_contrasts_are_corrected_and_the_judges_own_are_not(study) -> None:
    found = study.table().contrast(A, B, "content.f1")
    assert found.replies == 120
    figure = found.contrast.figure
    assert figure.plain.high < 0 and found.contrast.p > 0.05
    assert figure.corrected.low < 0 < figure.corrected.high
    assert study.table().contrast(B, A, "content.f1") is None and study.table().of(C, "content.f1") is None


def test_holm_is_over_the_pairs_of_one_measure() -> None:
    mine = Study(3)
    extra = [replace(j, comparison=replace(j.comparison, cell=C)) for j in mine.judged if j.comparison.cell == B]
    mine.judged += extra
    table = mine.table(((A, B), (A, C)))
    ps = [c.contrast.p for c in table.contrasts if c.measure == "content.recall"]
    assert ps[0] == ps[1]  # the same drafts, labelled by the same texts
    assert all(c.contrast.p_holm == pytest.approx(min(1, 2 * c.contrast.p)) for c in table.contrasts)


def test_no_row_borrows_the_labels_of_another() -> None:
    table = Study(1, labelled=(A,)).table()
    lent = table.cells[B]["content.f1"]
    assert lent.corrected.estimate is None and lent.human.estimate is None
    assert lent.reason == "no comparison of this row is labelled"
    assert table.cells[A]["content.f1"].known
    assert not table.contrast(A, B, "content.f1").contrast.figure.known


def test_few_labels_say_how_many_there_are() -> None:
    found = Study(2, known=MIN_LABELLED - 1).table().cells[A]["content.f1"]
    assert found.reason == f"{MIN_LABELLED - 1} labelled messages bear on it, a corrected figure needs {MIN_LABELLED}"
    assert found.corrected.estimate is None and found.human.known


def test_labels_that_fit_nothing_are_refused(study) -> None:
    mine = Study(4)
    mine.labels = [replace(p, case="elsewhere") for p in mine.labels]
    with pytest.raises(UsageError, match="none of the 60 labelled pairs fits"):
        mine.table()
    found = [j.comparison for j in mine.judged]
    with pytest.raises(UsageError, match="none of the 60"):
        check_labels(found, mine.labels, (), TAXONOMY)
    assert check_labels(found, study.labels, (), TAXONOMY).pairs == 60
    texts = [ThemedText("x", "s1", ("Unknown.",), ((("other",),),))]
    with pytest.raises(UsageError, match="no draft and reply are compared"):
        study.table(themed=texts)
    with pytest.raises(ValueError, match="plan"):
        study.table(messages=61)


def test_the_refusal_repeats_no_text() -> None:
    mine = Study(4)
    mine.labels = [replace(p, draft=("Secret words.",) * len(p.draft)) for p in mine.labels]
    with pytest.raises(UsageError) as error:
        mine.table()
    assert "Secret" not in str(error.value) and "changed or are cut otherwise" in str(error.value)


def test_a_comparison_that_the_judge_failed_on_still_counts_for_people() -> None:
    mine = Study(5)
    first = mine.judged[0]
    failed = replace(first, draft=tuple(Verdict(Status.TIMEOUT) for _ in first.draft))
    mine.judged[0] = failed
    table = mine.table()
    assert table.cells[A]["content.f1"].labels == 30 and table.cells[A]["content.f1"].known
    assert table.contrast(A, B, "content.f1").replies == 119


def test_a_reply_with_several_drafts_counts_once_in_a_contrast() -> None:
    """The ceiling row has two drafts for every other reply; labelling one of them stands for both."""
    mine = Study(6)
    rows = [j for j in mine.judged if j.comparison.cell == A]
    mine.judged += [
        replace(j, comparison=replace(j.comparison, cell=CEILING, kind=Kind.CEILING, drafted_by=by))
        for j in rows for by in (("c3", "c4") if int(j.comparison.case[1:]) % 2 else ("c3",))
    ]  # fmt: skip
    table = mine.table(((CEILING, A),))
    found = table.contrast(CEILING, A, "content.f1")
    assert found.replies == 120
    assert found.contrast.figure.plain.estimate == pytest.approx(0, abs=1e-12)
    assert found.contrast.figure.human.estimate == pytest.approx(0, abs=1e-12)
    ceiling, system = (table.cells[c]["content.f1"] for c in (CEILING, A))
    assert ceiling.labels == 45 and ceiling.plain.estimate != pytest.approx(system.plain.estimate)


def themed_study(seed: int) -> tuple[Study, list[ThemedText]]:
    """The judge misses a theme in a fifth of the texts; people's themes of the first 30 messages are known.

    The pairs carry no probability, or only the themes of drawn pairs would count.
    """
    mine, rng, known = Study(seed), np.random.default_rng(seed), {}
    mine.labels = [replace(p, probability=None) for p in mine.labels]
    keys = ("empathy", "treatment_planning", "medical_assessment")

    def themes(case, units):
        if (case, units) not in known:
            truth = [k for k in keys if rng.uniform() < 0.6] or ["other"]
            seen = [k for k in truth if rng.uniform() < 0.8] or ["other"]
            known[case, units] = tuple(truth), tuple(seen)
        seen = known[case, units][1]
        return tuple(ThemeVerdict(Status.OK, {}, seen if i == 0 else ("other",)) for i in range(len(units)))

    mine.judged = [
        replace(j, draft_themes=themes(j.comparison.case, j.comparison.draft),
                reference_themes=themes(j.comparison.case, j.comparison.reference))
        for j in mine.judged
    ]  # fmt: skip
    texts = [
        ThemedText(f"t{i}", case, units, ((truth, *[("other",)] * (len(units) - 1)),), ("a1",))
        for i, ((case, units), (truth, _)) in enumerate(known.items()) if int(case[1:]) < 30
    ]  # fmt: skip
    return mine, texts


def test_themes_are_corrected_where_they_are_labelled(study) -> None:
    mine, texts = themed_study(7)
    table = mine.table(themed=texts)
    row = table.cells[A]
    assert row["theme.f1"].known and row["theme.f1"].labels == 60 and row["theme.f1"].messages == 30
    assert row["theme.f1"].weight > 0.2
    assert row["theme.empathy.recall"].known
    assert not row["theme.symptom_questions.f1"].known and row["theme.symptom_questions.f1"].reason
    assert {c.measure for c in table.contrasts} == {
        f"{level}.{s}" for level in ("content", "theme") for s in ("precision", "recall", "f1")
    }
    assert not any(m.startswith("theme") for m in study.table().cells[A])
    within = row["within.empathy.f1"]
    assert within.known or within.messages < MIN_LABELLED
    assert row["within.other.f1"].known and row["within.symptom_questions.f1"].reason
    mine.labels = []
    assert all(m.startswith("theme") for m in mine.table(themed=texts).cells[A])


def test_content_within_a_theme_is_of_the_units_of_that_theme() -> None:
    """All units are `other`: its figures are those of the whole text, and no other theme has any."""
    row = Study(9).table().cells[A]
    for score in ("precision", "recall", "f1"):
        mine, whole = row[f"within.other.{score}"], row[f"content.{score}"]
        assert (mine.corrected, mine.human, mine.weight) == (whole.corrected, whole.human, whole.weight)
        assert row[f"within.empathy.{score}"].human.estimate is None and row[f"within.empathy.{score}"].reason


def test_every_figure_is_finite_or_none() -> None:
    mine, texts = themed_study(8)
    for row in mine.table(themed=texts).cells.values():
        for f in row.values():
            numbers = [x for i in (f.plain, f.human, f.corrected) for x in (i.estimate, i.low, i.high, i.se)]
            numbers += [f.weight, f.effective]
            assert all(x is None or np.isfinite(x) for x in numbers)
            assert (f.corrected.estimate is None) == (f.weight is None)
            assert f.known or f.reason


def test_a_sample_that_is_labelled_in_part_or_of_other_data_says_so(study) -> None:
    """Of 120 comparisons a row, 30 labelled with probability 1/4 stand for all; half of them, or other odds, do not."""
    assert study.table().notes == ()
    mine = Study()
    mine.labels = [p for p in mine.labels if int(p.case[1:]) % 2]
    (note,) = mine.table().notes
    assert "stand for 120 comparisons, and their rows have 240" in note
    mine.labels = [replace(p, probability=None) for p in mine.labels]
    assert mine.table().notes == ()
