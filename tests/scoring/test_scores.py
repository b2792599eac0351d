"""Scores: invariants, and the table against brute force."""

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from redline.corpus import Corpus
from redline.judging import ContentQuestion, Direction, ExactJudge, Pair, Runner, Scope, VerdictStore, pair_questions
from redline.records import Case, Draft, EditLoad, Reply, Status, Verdict
from redline.scoring import (
    CEILING,
    EditCost,
    Judges,
    Kind,
    Layout,
    Measures,
    Plan,
    Rows,
    comparisons,
    content_load,
    judge_comparisons,
    make_table,
    score_corpus,
    statistics,
    theme_load,
)  # fmt: skip
from redline.scoring.loads import load_of
from redline.taxonomy import default_taxonomy

WORDS = ["rest", "water", "pill", "daily", "call", "us", "iron", "stop", "now", "rash"]
unit = st.lists(st.sampled_from(WORDS), min_size=1, max_size=5).map(" ".join)
text = st.lists(unit, min_size=1, max_size=6).map(tuple)


def load(judge, draft, reference, *, hard=False) -> EditLoad:
    verdicts = judge.judge(pair_questions(Pair("x", draft, reference)))
    return content_load(verdicts[: len(draft)], verdicts[len(draft) :], hard=hard)


@given(text)
def test_a_perfect_copy_scores_one(copy) -> None:
    assert load(ExactJudge(), copy, copy).f1 == 1.0


@given(text, text)
@settings(deadline=None)
def test_precision_is_recall_with_the_sides_swapped(word_judge_class, a, b) -> None:
    judge = word_judge_class()
    assert load(judge, a, b).precision == pytest.approx(load(judge, b, a).recall, abs=1e-12)


@given(text, text, st.randoms())
@settings(deadline=None)
def test_order_of_units_does_not_matter(word_judge_class, a, b, random) -> None:
    judge = word_judge_class()
    mixed = list(a)
    random.shuffle(mixed)
    assert load(judge, tuple(mixed), b).f1 == pytest.approx(load(judge, a, b).f1, abs=1e-12)


@given(text, text, st.sampled_from([s for s in Status if s is not Status.OK]), st.integers(1, 5))
@settings(deadline=None)
def test_a_failed_verdict_changes_no_estimate(word_judge_class, a, b, status, count) -> None:
    verdicts = word_judge_class().judge(pair_questions(Pair("x", a, b)))
    draft, reference = verdicts[: len(a)], verdicts[len(a) :]
    failed = [Verdict(status)] * count
    assert content_load([*draft, *failed], [*failed, *reference]) == content_load(draft, reference)


@pytest.fixture(scope="module")
def word_judge_class():
    from tests.conftest import WordJudge

    return WordJudge


def test_disjoint_texts_score_zero(word_judge) -> None:
    assert load(word_judge, ("rest now",), ("call us",)).f1 == 0.0


@pytest.fixture
def corpus() -> Corpus:
    cases = tuple(Case(f"m{i}", f"message {i}") for i in range(6))
    replies = tuple(
        Reply(c.id, who, f"Rest {c.id}. {who} asks why?", (f"Rest {c.id}.", f"{who} asks why?"))
        for c in cases
        for who in ("a", "b", "c")
    )
    drafts = tuple(
        Draft(c.id, "m", s, f"Rest {c.id}. {s}.", (f"Rest {c.id}.", f"{s}.")) for c in cases for s in ("x", "y")
    )
    return Corpus("tiny", cases, replies, drafts)


def test_rows_of_a_table(corpus: Corpus) -> None:
    found = comparisons(corpus)
    by_cell = {cell: [c for c in found if c.cell == cell] for cell in {c.cell for c in found}}
    assert set(by_cell) == {
        "m/x", "m/y", "floor: no draft", "floor: boilerplate", "floor: m/x, another patient's",
        "floor: m/y, another patient's", CEILING,
    }  # fmt: skip
    assert len(by_cell["m/x"]) == 18 and len(by_cell[CEILING]) == 36
    own = {c.id: f"Rest {c.id}." for c in corpus.cases}
    assert all(own[c.case] not in c.draft for c in by_cell["floor: m/x, another patient's"])
    assert all(c.drafted_by != c.clinician for c in by_cell[CEILING])


def test_a_draft_for_one_clinician_meets_only_that_one(corpus: Corpus) -> None:
    mine = replace(corpus, drafts=(replace(corpus.drafts[0], clinician="b"),))
    assert [c.clinician for c in comparisons(mine, Rows(floors=False, ceiling=False))] == ["b"]


def test_observed_edits_are_never_references(corpus: Corpus) -> None:
    sent = Reply("m0", "a", "Rest m0. x. Call.", ("Rest m0.", "x.", "Call."), started_from="m/x")
    seen = replace(corpus, replies=(*corpus.replies, sent))
    assert all(c.reference != sent.units for c in comparisons(seen))


def test_table_equals_brute_force(corpus: Corpus, word_judge, question_themes) -> None:
    judges = Judges(word_judge, question_themes)
    measures = Measures(Layout(default_taxonomy()))
    judged, _ = judge_comparisons(comparisons(corpus), judges)
    table = make_table(judged, measures, draws=300)
    for cell in table.cells:
        mine = [j for j in judged if j.comparison.cell == cell.name]
        total = sum((content_load(j.draft, j.reference) for j in mine), EditLoad())
        hard = sum((content_load(j.draft, j.reference, hard=True) for j in mine), EditLoad())
        asks = sum(
            (
                theme_load(
                    {t for v in j.draft_themes for t in v.themes}, {t for v in j.reference_themes for t in v.themes}
                )
                for j in mine
            ),
            EditLoad(),
        )
        macro = np.mean([content_load(j.draft, j.reference).f1 for j in mine])
        for name, value in (
            ("content.precision", total.precision), ("content.recall", total.recall), ("content.f1", total.f1),
            ("hard.f1", hard.f1), ("theme.f1", asks.f1), ("content.macro_f1", macro),
            ("saved", EditCost().saved(total) / len(mine)), ("deletions", total.deletions / len(mine)),
        ):  # fmt: skip
            assert cell[name].estimate == (None if value is None else pytest.approx(value, abs=1e-12)), (
                cell.name,
                name,
            )


def test_stored_loads_re_aggregate_to_the_printed_number(corpus: Corpus, word_judge, question_themes, tmp_path) -> None:
    import duckdb

    from redline.report import results, write_results

    scored = score_corpus(corpus, Judges(word_judge, question_themes), Plan(draws=300))
    write_results(scored, tmp_path)
    printed = {c["name"]: c["values"] for c in json.loads((tmp_path / "results.json").read_text())["cells"]}
    rows = duckdb.sql(
        f'SELECT cell, sum("expected.draft_units"), sum("expected.deletions"), sum("expected.reference_units"), '
        f"sum(\"expected.additions\") FROM '{tmp_path / 'loads.parquet'}' WHERE kind <> 'observed' GROUP BY cell"
    ).fetchall()
    assert len(rows) == len(printed)
    for cell, *parts in rows:
        f1 = printed[cell]["content.f1"]["estimate"]
        assert EditLoad(*parts).f1 == pytest.approx(f1, abs=1e-12)
    assert results(scored) == results(score_corpus(corpus, Judges(word_judge, question_themes), Plan(draws=300)))


def test_failures_are_counted_beside_the_number(corpus: Corpus, word_judge, question_themes) -> None:
    class Sometimes:
        name, signature, batch, scope = "s", "s@1", 16, Scope.UNIT

        def judge(self, questions):
            answers = word_judge.judge(questions)
            return [Verdict(Status.REFUSED) if "why" in q.unit else v for q, v in zip(questions, answers, strict=True)]

    scored = score_corpus(corpus, Judges(Sometimes(), question_themes), Plan(draws=200))
    cell = scored.table.by_name["m/x"]
    assert cell.counts["failed"] == 18
    assert cell["content.recall"].estimate == 1.0, "only the judged unit of each reply counts"


def test_layout_and_measures_agree_with_edit_load() -> None:
    layout = Layout(default_taxonomy())
    measures = Measures(layout)
    rng = np.random.default_rng(0)
    for _ in range(50):
        row = np.zeros(len(layout.columns))
        d, r = rng.integers(0, 5, 2)
        row[layout.block("expected")] = d, d * rng.random(), r, r * rng.random()
        row[layout.index["comparisons"]] = 1
        values = measures(row)
        expected = load_of(row, layout, "expected")
        for name, value in (("precision", expected.precision), ("recall", expected.recall), ("f1", expected.f1)):
            found = values[measures.index[f"content.{name}"]]
            assert (np.isnan(found) and value is None) or found == pytest.approx(value, abs=1e-12)


def test_questions_asked_too_rarely_are_called_out(question_themes, word_judge) -> None:
    cases = tuple(Case(f"m{i}", "x") for i in range(12))
    replies = tuple(Reply(c.id, w, "", ("Any rash?", f"Rest {w}.")) for c in cases for w in ("a", "b"))
    drafts = tuple(
        Draft(c.id, "m", "x", "", (f"Rest {c.id}.", "Any pain?") if c.id == "m0" else (f"Rest {c.id}.",)) for c in cases
    )
    scored = score_corpus(Corpus("q", cases, replies, drafts), Judges(word_judge, question_themes), Plan(draws=500))
    assert any(f.kind == "few questions" and f.row == "m/x" for f in scored.findings)
    assert not any(f.kind == "over-assessment" for f in scored.findings)


def test_statistics_have_a_row_a_comparison(corpus: Corpus, word_judge, question_themes) -> None:
    judged, _ = judge_comparisons(comparisons(corpus), Judges(word_judge, question_themes))
    layout = Layout(default_taxonomy())
    table = statistics(judged, layout)
    assert table.shape == (len(judged), len(layout.columns))
    assert table[:, layout.index["comparisons"]].sum() == len(judged)
    assert {j.comparison.kind for j in judged} == {Kind.SYSTEM, Kind.FLOOR, Kind.CEILING}


def test_the_runner_asks_each_distinct_question_once(corpus: Corpus, word_judge) -> None:
    questions = [ContentQuestion(Direction.ADD, ("a",), ("b",), 0)] * 5
    _, report = Runner(word_judge, VerdictStore()).run_with_report(questions)
    assert report.judged == 1


def test_themes_that_the_classifier_does_not_know_are_refused(corpus: Corpus, word_judge, question_themes) -> None:
    from redline.errors import UsageError
    from redline.taxonomy import Taxonomy, Theme

    class Knows(type(question_themes)):
        themes = ("symptom_questions", "medical_assessment")

    taxonomy = Taxonomy(
        (Theme("symptom_questions", "Q", "asks", ""), Theme("billing", "Billing", "money", "")), "billing"
    )
    with pytest.raises(UsageError, match="does not know billing"):
        score_corpus(corpus, Judges(word_judge, Knows()), Plan(draws=200), taxonomy)


def test_contrasts_are_taken_on_what_both_rows_have(word_judge, question_themes) -> None:
    """The same drafts where both exist, easy messages only in one: the difference is 0, not the messages' difference."""
    cases = tuple(Case(f"m{i}", "x") for i in range(40))
    replies = tuple(Reply(c.id, "a", "", (f"Rest {c.id} now.",)) for c in cases)
    same = [(c.id, (f"Rest {c.id} now.",) if i < 20 else ("Call us.",)) for i, c in enumerate(cases)]
    drafts = tuple(Draft(c, "m", "all", "", u) for c, u in same) + tuple(
        Draft(c, "m", "easy", "", u) for c, u in same[:20]
    )
    scored = score_corpus(Corpus("c", cases, replies, drafts), Judges(word_judge, question_themes), Plan(draws=300))
    (found,) = [t for t in scored.table.contrasts if t.measure == "content.f1"]
    assert found.contrast.difference.estimate == pytest.approx(0.0) and found.replies == 20


def test_a_side_without_any_verdict_is_unknown_and_not_zero(corpus: Corpus, word_judge, question_themes) -> None:
    from redline.api import judge_rows

    class NoDrafts:
        name, signature, batch, scope = "n", "n@1", 16, Scope.UNIT

        def judge(self, questions):
            answers = word_judge.judge(questions)
            return [
                Verdict(Status.TIMEOUT) if q.direction is Direction.DELETE else v
                for q, v in zip(questions, answers, strict=True)
            ]

    judges = Judges(NoDrafts(), question_themes)
    row = judge_rows([Pair("1", ("a",), ("b",))], judges)[0].row()
    assert row["status"] == "timeout" and row["content"] == {"precision": None, "recall": None, "f1": None}
    cell = score_corpus(corpus, judges, Plan(draws=200)).table.by_name["m/x"]
    assert cell["content.f1"].estimate is None and cell["content.macro_f1"].estimate is None
    assert cell.counts["unjudged"] == cell.counts["comparisons"] == 18


def test_observed_edits_alone_and_each_clinicians_own_draft(word_judge, question_themes) -> None:
    from redline.report import messages, render_report, results

    cases = tuple(Case(f"m{i}", "x") for i in range(3))
    drafts = tuple(Draft(c.id, "m", "s", "", (f"{who} one.",), who) for c in cases for who in ("A", "B"))
    replies = tuple(Reply(c.id, who, "", (f"{who} one.",), started_from="m/s") for c in cases for who in ("A", "B"))
    scored = score_corpus(Corpus("o", cases, replies, drafts), Judges(word_judge, question_themes), Plan(draws=200))
    assert scored.table.cells == () and scored.observed.by_name["m/s"]["content.f1"].estimate == 1.0
    page = render_report(results(scored), messages(scored))
    assert "No reply of this corpus was written without a draft in view" in page
    data = json.loads(page.split('id="data">')[1].split("</script>")[0])
    for system, who, kind, draft, reply, *_ in data[0]["pairs"]:
        assert (system, kind) == ("m/s", "observed")
        assert data[0]["texts"][draft][0][0] == data[0]["texts"][reply][0][0] == f"{who} one."


def test_a_draft_counts_once_in_the_rate_of_a_theme(word_judge, question_themes) -> None:
    """One draft meets five replies and asks, one meets a single reply and does not: half of the drafts ask."""
    cases = (Case("m0", "x"), Case("m1", "y"))
    replies = (*(Reply("m0", w, "", ("Rest.",)) for w in "abcde"), Reply("m1", "a", "", ("Rest.",)))
    drafts = (Draft("m0", "m", "s", "", ("Any rash?",)), Draft("m1", "m", "s", "", ("Rest.",)))
    scored = score_corpus(Corpus("c", cases, replies, drafts), Judges(word_judge, question_themes), Plan(draws=200))
    assert scored.table.by_name["m/s"]["rate.symptom_questions"].estimate == pytest.approx(0.5)


def test_slices_change_nothing(corpus: Corpus, word_judge, question_themes, monkeypatch) -> None:
    from redline.report import results
    from redline.scoring import run

    whole = results(score_corpus(corpus, Judges(word_judge, question_themes), Plan(draws=200)))
    monkeypatch.setattr(run, "SLICE", 7)
    assert results(score_corpus(corpus, Judges(word_judge, question_themes), Plan(draws=200))) == whole
