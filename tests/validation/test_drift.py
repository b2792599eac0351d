"""Drift against a card: by values that are known, on bad files, and with a false alarm rate that is measured."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from redline.annotation import AnnotatedPair, Annotation, ThemedText, read_annotated_pairs
from redline.errors import InputError, UsageError
from redline.judging import ContentQuestion, Scope, ThemeQuestion
from redline.records import Case, Status, ThemeVerdict, Verdict
from redline.scoring import Judges
from redline.taxonomy import default_taxonomy
from redline.validation.cards.card import read_card
from redline.validation.cards.material import pairs_digest
from redline.validation.drift.dates import dates_of, month_of
from redline.validation.drift.form import DriftLevel, DriftReport, State
from redline.validation.drift.run import Newest, card_figures, check_drift, check_theme_drift, run_drift
from redline.validation.drift.sequence import CardFigures, DriftPlan, _tests, drift_test
from redline.validation.figure import Figure
from redline.validation.judge.message_errors import MessageErrors, error_figures, message_errors, theme_errors
from tests.statistical.worlds import beta_quantile
from tests.validation.cards import card, figure, with_themes

PLAN = DriftPlan(draws=200)
CARD = CardFigures("c0", "words@1", Figure(**figure(0.15, 0.02)), Figure(**figure(0.0, 0.02)))


def world(
    messages: int, rate: float, *, bias: float = 0.0, seed: int = 0, icc: float = 0.1, name: str = "s"
) -> MessageErrors:
    rng = np.random.default_rng(seed)
    units = rng.integers(8, 20, messages)
    wrong = rng.binomial(units, beta_quantile(rng.uniform(size=messages), rate, icc))
    cases = tuple(f"{name}{i:04}" for i in range(messages))
    return MessageErrors(
        cases, wrong / units, np.clip(rng.normal(bias, 0.1, messages), -1, 1), units.astype(float), 0, messages
    )


def test_errors_of_a_message_by_hand() -> None:
    """Two annotators split over the first unit: whoever decides it either way disagrees with one of them."""
    marks = (Annotation("a", (True, None), (False,)), Annotation("b", (False, None), (False,)))
    first = AnnotatedPair("p", "s1", ("Rest.", "Call."), ("Rest.",), marks)
    second = AnnotatedPair("q", "s1", (), ("Rest.",), (Annotation("a", (), (True,)),))
    third = AnnotatedPair("r", "s2", (), ("Rest.",), (Annotation("a", (), (None,)),))
    yes, no, failed = Verdict(Status.OK, 0.9, True), Verdict(Status.OK, 0.25, False), Verdict(Status.TIMEOUT)
    found = message_errors([first, second, third], {"p": [yes, yes, no], "q": [no], "r": [failed]})
    assert found.cases == ("s1",) and found.units.tolist() == [3] and found.failed == 2 and found.compared == 3
    assert found.error[0] == pytest.approx((0.5 + 0 + 1) / 3)
    assert found.bias[0] == pytest.approx((0.4 + 0.25 - 0.75) / 3)


def test_no_drift_drift_and_too_little() -> None:
    same = drift_test(world(120, 0.15), CARD, {}, PLAN)
    assert same.decision is State.NO_DRIFT and same.first is None
    assert same.words[0].startswith("No drift shown (120 messages; a rise of the error to 2")
    assert same.detectable_error is not None and 0.2 < same.detectable_error < 0.35
    below, above = same.detectable_bias
    assert below is not None and above is not None and -0.3 < below < -0.05 and 0.05 < above < 0.3
    assert "; so would a bias below -" in same.words[0]
    worse = drift_test(world(120, 0.35), CARD, {}, PLAN)
    assert worse.decision is State.DRIFT and worse.first is not None and worse.first.message < 40
    assert [t.name for t in worse.tests if t.shown] == ["error_rose"]
    assert f"from message {worse.first.message} on" in worse.words[0] and "wrong more often" in worse.words[0]
    biased = drift_test(world(150, 0.15, bias=-0.2), CARD, {}, PLAN)
    assert [t.name for t in biased.tests if t.shown] == ["bias_fell"] and "too few" in biased.words[0]
    few = drift_test(world(12, 0.15), CARD, {}, PLAN)
    assert few.decision is State.TOO_LITTLE and "only a rise of the error to" in few.words[0]


def test_a_better_judge_is_no_drift_but_it_is_said() -> None:
    found = drift_test(world(200, 0.02), CARD, {}, PLAN)
    assert found.decision is State.NO_DRIFT
    assert [t.name for t in found.tests if t.shown] == ["error_fell"]
    assert any("The judge is better than its card says" in w for w in found.words)


def test_one_message_all_right_and_all_wrong() -> None:
    """Values without variation, and a single one: numbers or null, never NaN."""
    one = drift_test(world(1, 0.15), CARD, {}, PLAN)
    assert (
        one.decision is State.TOO_LITTLE and "at least 5 are needed" in one.words[0] and one.months[0].error.low is None
    )
    flat = MessageErrors(tuple("abcdefghij" * 8), np.zeros(80), np.zeros(80), np.full(80, 10.0), 0, 80)
    right = drift_test(flat.at(range(80)), CARD, {}, PLAN)
    assert right.decision is State.NO_DRIFT and right.months[0].error.estimate == 0.0
    wrong = drift_test(MessageErrors(tuple("abcdef"), np.ones(6), np.ones(6), np.full(6, 9.0), 0, 6), CARD, {}, PLAN)
    assert wrong.decision is State.DRIFT
    for report in (one, right, wrong):
        assert "NaN" not in report.model_dump_json() and "Infinity" not in report.model_dump_json()
    with pytest.raises(UsageError, match="nothing can be tested"):
        drift_test(flat.at([]), CARD, {}, PLAN)


def test_a_card_without_intervals_or_with_an_impossible_bound() -> None:
    blank = Figure(estimate=0.2, low=None, high=None, n=3, clusters=1, note="too few messages")
    with pytest.raises(UsageError, match=r"no interval for the judge's error \(too few messages\)"):
        CardFigures("c", "j", blank, CARD.bias)
    hopeless = CardFigures("c", "j", Figure(**figure(0.9, 0.09)), CARD.bias)
    assert drift_test(world(50, 0.9), hopeless, {}, PLAN).detectable_error is None
    assert "not even a judge that is always wrong" in drift_test(world(50, 0.9), hopeless, {}, PLAN).words[0]


def test_messages_come_in_the_order_of_their_dates_and_months_are_shown() -> None:
    calm, bad = world(60, 0.15, name="t"), world(60, 0.4, seed=1, name="a")
    both = MessageErrors(
        bad.cases + calm.cases, *(np.concatenate([getattr(bad, n), getattr(calm, n)]) for n in ("error", "bias", "units")), 0, 120
    )  # fmt: skip
    dates = {c: f"2026-09-{1 + i % 30:02}" for i, c in enumerate(calm.cases)}
    dates |= {c: f"2026-10-{1 + i % 30:02}T08:00" for i, c in enumerate(bad.cases)}
    found = drift_test(both, CARD, dates, PLAN)
    assert found.path.case[:2] == ["t0000", "t0030"] and found.order == "received, then id"
    assert [(m.month, m.messages) for m in found.months] == [("2026-09", 60), ("2026-10", 60)]
    assert found.months[1].error.estimate > found.months[0].error.high
    assert found.first is not None and found.first.message > 60 and str(found.first.date).startswith("2026-10")
    assert drift_test(both, CARD, {}, PLAN).first.message < 60, "control: without dates the bad month comes first"


def test_the_same_file_grown_gives_the_same_path() -> None:
    """So it may be run every week: what was shown stays shown."""
    long = world(90, 0.25)
    dates = {c: f"2026-{7 + i // 30:02}-{1 + i % 30:02}" for i, c in enumerate(long.cases)}
    whole = drift_test(long, CARD, dates, PLAN).path.log_e
    for n in (20, 30, 61):
        part = drift_test(long.at(range(n)), CARD, dates, PLAN).path.log_e
        assert all(part[name] == whole[name][:n] for name in whole)


@pytest.mark.slow
@pytest.mark.parametrize("months", [False, True])
def test_what_would_have_been_found_is_found(months: bool) -> None:
    """100 judges that have the error, and 100 that have the bias, named: 80 % of them drift, or more (error 4 points)."""
    calm = world(100, 0.15)
    dates = {c: f"2026-{1 + i // 25:02}-{1 + i % 25:02}" for i, c in enumerate(calm.cases)} if months else {}
    named = drift_test(calm, CARD, dates, PLAN)
    shown: dict[str, list[bool]] = {"error_rose": [], "bias_fell": []}
    for seed in range(100):
        wrong = world(100, named.detectable_error, seed=seed)
        biased = world(100, 0.15, bias=named.detectable_bias[0], seed=seed)
        for name, errors in (("error_rose", wrong), ("bias_fell", biased)):
            tests, _ = _tests(errors, CARD, dates, PLAN)
            shown[name].append(any(t.name == name and t.shown for t in tests))
    assert all(np.mean(found) > 0.72 for found in shown.values()), {k: np.mean(v) for k, v in shown.items()}


@pytest.mark.slow
def test_false_alarms_with_the_card_estimated_too() -> None:
    """400 judges that do not drift, each with a card of 80 messages; without a tolerance, so that chance alone is tested.

    Control: against the bare estimate of the card, as if it were the truth, the same tests are wrong far more often.
    """
    alarms: dict[str, list[bool]] = {"card": [], "bare": []}
    plan = DriftPlan(tolerance=0.0)
    for seed in range(400):
        figures = error_figures(world(80, 0.2, seed=seed), draws=500)
        newest = world(150, 0.2, seed=1_000 + seed)
        bare = {n: f.model_copy(update={"low": f.estimate, "high": f.estimate}) for n, f in figures.items()}
        for name, known in (("card", figures), ("bare", bare)):
            tests, _ = _tests(newest, CardFigures("c", "j", known["error"], known["bias"]), {}, plan)
            alarms[name].append(any(t.shown for t in tests))
    assert np.mean(alarms["card"]) <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 400)
    assert np.mean(alarms["bare"]) > np.mean(alarms["card"])


class Always:
    """A judge that keeps everything, so its error is what people edit."""

    name, signature, batch, scope = "always", "always@1", 64, Scope.UNIT

    def judge(self, questions: list[ContentQuestion]) -> list[Verdict]:
        return [Verdict(Status.OK, 0.2, False) for _ in questions]


def files(tmp_path: Path, rows: list[dict[str, Any]], edited: float = 0.2, annotators: str = "ab") -> Newest:
    """Pairs of ten draft units, of which people edit a share; `rows` add fields to the pairs."""
    rng = np.random.default_rng(0)
    pairs = [
        {"id": f"p{i}", "case": f"s{i}", "draft": [f"Unit {j}." for j in range(10)], "reference": ["Rest."], **r}
        for i, r in enumerate(rows)
    ]
    marks = [
        {"pair": p["id"], "annotator": a, "deleted": (rng.uniform(size=10) < edited).astype(int).tolist(), "added": [0]}
        for p in pairs
        for a in annotators
    ]
    for name, lines in (("pairs.jsonl", pairs), ("edits.jsonl", marks)):
        (tmp_path / name).write_text("".join(json.dumps(x) + "\n" for x in lines))
    return Newest(tmp_path / "pairs.jsonl", tmp_path / "edits.jsonl")


def a_card(tmp_path: Path, signature: str = "always@1", verdict: str = "valid here") -> Path:
    path = tmp_path / "card.json"
    known = card(
        signature, error=figure(0.18, 0.03), bias=figure(0.0, 0.02),
        verdict=verdict,
    )  # fmt: skip
    path.write_text(json.dumps(known))
    return path


def drift_of(card: Path, judges: Judges, newest: Newest, plan: DriftPlan) -> DriftReport:
    return run_drift(check_drift(card, judges, newest), judges, plan)


JUDGES = Judges(Always(), None)  # type: ignore[arg-type]


def test_from_files(tmp_path: Path) -> None:
    newest = files(tmp_path, [{"received": f"2026-10-{1 + i % 28:02}"} for i in range(80)])
    report = drift_of(a_card(tmp_path), JUDGES, newest, PLAN)
    assert report.decision is State.NO_DRIFT and report.n == 80 and report.compared == 80 and report.units == 880
    assert report.annotators == ["a", "b"] and report.judge == "always@1"
    assert report.tests[0].card.estimate == pytest.approx(0.18)
    worse = drift_of(a_card(tmp_path), JUDGES, files(tmp_path, [{}] * 80, edited=0.6), PLAN)
    assert worse.decision is State.DRIFT and any("Nothing is dated" in w for w in worse.words)


def test_one_annotator_and_a_card_that_says_not_valid(tmp_path: Path) -> None:
    report = drift_of(a_card(tmp_path, verdict="not valid"), JUDGES, files(tmp_path, [{}] * 80, annotators="a"), PLAN)
    assert any(w.startswith("One annotator only") for w in report.words)
    assert any("not valid" in w for w in report.words)


def test_a_card_of_another_judge_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"speaks for the content judge other@1, this run uses always@1.*--judge"):
        drift_of(a_card(tmp_path, "other@1"), JUDGES, files(tmp_path, [{}] * 6), PLAN)


def test_a_card_whose_error_has_no_interval_is_refused(tmp_path: Path) -> None:
    blank = {"estimate": 0.8, "low": None, "high": None, "n": 10, "clusters": 2, "note": "too few messages"}
    path = tmp_path / "card.json"
    path.write_text(
        json.dumps(card("always@1", error=blank, bias=blank))
    )  # fmt: skip
    with pytest.raises(UsageError, match="too few messages"):
        card_figures(read_card(path), "always@1")


def test_months_and_dates_cut(tmp_path: Path) -> None:
    rows = [{"received": "2026-09-30"}] * 30 + [{"received": "2026-10-01T00:10+02:00"}] * 40
    newest = files(tmp_path, rows)
    only = lambda **o: drift_of(a_card(tmp_path), JUDGES, Newest(newest.texts, newest.said, **o), PLAN)  # noqa: E731
    assert only(month="2026-10").n == 40 and only(month="2026-09").n == 30
    assert only(since="2026-09-30T22:00").n == 40, "in time, whatever the zone"
    with pytest.raises(
        UsageError, match=r"no annotated message of 2026-11; there are messages of 2026-09 \(30\), 2026-10 \(40\)"
    ):
        only(month="2026-11")
    with pytest.raises(UsageError, match="no annotated message since 2027-01-01"):
        only(since="2027-01-01")
    for wrong in ({"month": "October"}, {"month": "2026-13"}, {"since": "soon"}):
        with pytest.raises(UsageError, match="is no"):
            only(**wrong)
    with pytest.raises(UsageError, match="exclude each other"):
        only(month="2026-10", since="2026-10-01")
    with pytest.raises(UsageError, match="is dated, so no month"):
        drift_of(a_card(tmp_path), JUDGES, Newest(*_undated(tmp_path), month="2026-10"), PLAN)


def _undated(tmp_path: Path) -> tuple[Path, Path]:
    newest = files(tmp_path, [{}] * 6)
    return newest.texts, newest.said


def test_bad_dates_are_named_with_their_lines(tmp_path: Path) -> None:
    newest = files(tmp_path, [{"received": "2026-10-01"}, {"received": "last week"}, {"received": 5}, {}])
    with pytest.raises(InputError) as caught:
        drift_of(a_card(tmp_path), JUDGES, newest, PLAN)
    text = str(caught.value)
    assert "line 2, field 'received': is no date" in text and "line 3, field 'received'" in text
    assert "line 4, field 'received': is missing, and other rows have it" in text and "last week" not in text


def test_another_field_or_the_corpus_dates_the_messages(tmp_path: Path) -> None:
    newest = files(tmp_path, [{"labelled": f"2026-10-{30 - i:02}"} for i in range(10)])
    dated = Newest(newest.texts, newest.said, "labelled")
    assert drift_of(a_card(tmp_path), JUDGES, dated, PLAN).path.case[0] == "s9"
    with pytest.raises(UsageError, match=r"no row of .* has the field 'when'"):
        drift_of(a_card(tmp_path), JUDGES, Newest(newest.texts, newest.said, "when"), PLAN)

    class Known:
        cases = tuple(Case(f"s{i}", "Hello.", received=f"2026-08-{20 - i:02}") for i in range(10))

    class Fewer:
        cases = Known.cases[:9]

    class Undated:
        cases = (*Known.cases[:9], Case("s9", "Hello."))

    by_corpus = Newest(newest.texts, newest.said, corpus=Known())  # type: ignore[arg-type]
    assert drift_of(a_card(tmp_path), JUDGES, by_corpus, PLAN).path.case[0] == "s9"
    for corpus, words in (
        (Fewer(), "1 of 10 annotated messages are not in the corpus"),
        (Undated(), "have no `received`"),
    ):
        with pytest.raises(UsageError, match=words):
            drift_of(a_card(tmp_path), JUDGES, Newest(newest.texts, newest.said, corpus=corpus), PLAN)


def test_dates_of_a_parquet_file(tmp_path: Path) -> None:
    duckdb = pytest.importorskip("duckdb")
    duckdb.sql("SELECT 'p' AS id, 's' AS \"case\", DATE '2026-10-03' AS received").write_parquet(
        str(tmp_path / "p.parquet")
    )
    pair = AnnotatedPair("p", "s", (), ("Rest.",), (Annotation("a", (), (True,)),))
    assert dates_of(tmp_path / "p.parquet", [pair]) == {"s": "2026-10-03"}


def test_a_message_counts_from_its_latest_pair_on(tmp_path: Path) -> None:
    rows = [
        {"case": "s1", "received": "2026-10-01"},
        {"case": "s2", "received": "2026-10-02"},
        {"case": "s1", "received": "2026-11-03"},
    ]
    newest = files(tmp_path, rows)
    report = drift_of(a_card(tmp_path), JUDGES, newest, PLAN)
    assert report.path.case == ["s2", "s1"] and report.n == 2 and report.compared == 3
    assert month_of("2026-11-03T23:59-05:00") == "2026-11"
    assert dates_of(newest.texts, []) == {}


def test_errors_of_themes_by_hand() -> None:
    """Jaccard distance to each annotator, and themes too many; no theme and `other` are the same set."""
    labels = ((("empathy",), ()), (("empathy", "treatment_planning"), ("other",)))
    first = ThemedText("t1", "s1", ("Sorry.", "Bye."), labels, ("a", "b"))
    second = ThemedText("t2", "s1", ("Call us.",), ((("care_coordination",),),), ("a",))
    third = ThemedText("t3", "s2", ("Hm.",), ((("other",),),), ("a",))

    def says(*themes: str) -> ThemeVerdict:
        return ThemeVerdict(Status.OK, {}, themes)

    answers = {
        first.units: [says("empathy", "medical_assessment"), says()],
        second.units: [says("treatment_planning")],
        third.units: [ThemeVerdict(Status.TIMEOUT)],
    }
    found = theme_errors([first, second, third], answers, default_taxonomy())
    assert found.cases == ("s1",) and found.units.tolist() == [3] and found.failed == 1 and found.compared == 3
    assert found.error[0] == pytest.approx(((1 / 2 + 2 / 3) / 2 + 0 + 1) / 3)
    assert found.bias[0] == pytest.approx((1 / 2 / 2 + 0 + 0) / 3)


class Empathic:
    """A classifier that finds empathy everywhere."""

    name, signature, batch, scope = "empathic", "empathic@1", 64, Scope.UNIT

    def judge(self, questions: list[ThemeQuestion]) -> list[ThemeVerdict]:
        return [ThemeVerdict(Status.OK, {}, ("empathy",)) for _ in questions]


def theme_files(tmp_path: Path, messages: int, other: float, *, dated: bool = False) -> Newest:
    """Texts of six units, of which people call a share something else."""
    rng = np.random.default_rng(1)
    texts = [
        {"text_id": f"s{i}:x", "sentences": [f"Unit {i} {j}." for j in range(6)]}
        | ({"received": f"2026-10-{1 + i % 28:02}"} if dated else {})
        for i in range(messages)
    ]
    labels = [
        {"text_id": t["text_id"], "annotator": who, "themes": [
            ["treatment_planning"] if rng.uniform() < other else ["empathy"] for _ in range(6)
        ]}
        for t in texts for who in "ab"
    ]  # fmt: skip
    for name, rows in (("texts.jsonl", texts), ("labels.jsonl", labels)):
        (tmp_path / name).write_text("".join(json.dumps(x) + "\n" for x in rows))
    return Newest(tmp_path / "texts.jsonl", tmp_path / "labels.jsonl")


def a_theme_card(tmp_path: Path, signature: str = "empathic@1") -> Path:
    path = tmp_path / "card.json"
    known = card("always@1", error=figure(0.18, 0.03), bias=figure(0.0, 0.02))
    with_themes(known, signature, error=figure(0.2, 0.03), bias=figure(0.0, 0.02))
    path.write_text(json.dumps(known))
    return path


def test_the_classifier_drifts_by_itself(tmp_path: Path) -> None:
    judges = Judges(Always(), Empathic())
    same = run_drift(
        check_theme_drift(a_theme_card(tmp_path), judges, theme_files(tmp_path, 80, 0.2, dated=True)), judges, PLAN
    )
    assert same.decision is State.NO_DRIFT and same.level is DriftLevel.THEMES and same.judge == "empathic@1"
    assert same.compared == 80 and same.units == 480 and same.annotators == ["a", "b"] and same.path.date is not None
    assert (
        same.words[1].startswith("Error of the classifier: ")
        and "Bias (share of a unit's themes too many)" in same.words[2]
    )
    worse = run_drift(check_theme_drift(a_theme_card(tmp_path), judges, theme_files(tmp_path, 80, 0.6)), judges, PLAN)
    assert worse.decision is State.DRIFT and "it is further from people's themes than its card says" in worse.words[0]
    assert "Figures of this classifier are not covered" in worse.words[0]
    october = replace(theme_files(tmp_path, 80, 0.6, dated=True), month="2026-10")
    assert run_drift(check_theme_drift(a_theme_card(tmp_path), judges, october), judges, PLAN).decision is State.DRIFT


def test_a_card_without_this_classifier_is_refused(tmp_path: Path) -> None:
    judges, newest = Judges(Always(), Empathic()), theme_files(tmp_path, 6, 0.2)
    with pytest.raises(UsageError, match=r"speaks for the theme classifier other@1.*--classifier"):
        run_drift(check_theme_drift(a_theme_card(tmp_path, "other@1"), judges, newest), judges, PLAN)
    with pytest.raises(UsageError, match=r"says nothing of a theme classifier"):
        check_theme_drift(a_card(tmp_path), judges, newest)


def test_an_older_card_still_serves_the_content_judge(tmp_path: Path) -> None:
    """Its theme level has no error a message: only a test of the classifier needs it."""
    known = json.loads(a_theme_card(tmp_path).read_text())
    del known["themes_level"]["error"], known["themes_level"]["bias"]
    path = tmp_path / "old.json"
    path.write_text(json.dumps(known))
    assert drift_of(path, JUDGES, files(tmp_path, [{}] * 6), PLAN).n == 6
    with pytest.raises(UsageError, match="was made before cards held the classifier's error"):
        check_theme_drift(path, Judges(Always(), Empathic()), theme_files(tmp_path, 6, 0.2))


def test_the_material_of_the_card_itself_is_told(tmp_path: Path) -> None:
    newest = files(tmp_path, [{}] * 6)
    known = json.loads(a_card(tmp_path).read_text())
    assert not any("very annotations" in w for w in drift_of(tmp_path / "card.json", JUDGES, newest, PLAN).words)
    known["material"]["pairs_digest"] = pairs_digest(
        read_annotated_pairs(newest.texts, newest.said, undecided=True)[::-1]
    )
    (tmp_path / "card.json").write_text(json.dumps(known))
    assert any("very annotations" in w for w in drift_of(tmp_path / "card.json", JUDGES, newest, PLAN).words)
