"""IAP: exact small numbers, the same figures as the ceiling row of the score table, and what cannot be told is said."""

import json
from dataclasses import dataclass, replace

import pytest

from redline.errors import UsageError
from redline.judging import ContentQuestion, Direction
from redline.records import Draft, Reply, Status, Verdict
from redline.scoring import CEILING, Plan, Rows, Standing, Validity, score_corpus
from redline.taxonomy import Taxonomy, Theme, default_taxonomy
from redline.validation.agree import Agreement, AgreePlan, ThemeLabels, agree, render_agreement, write_agreement
from tests.conftest import QuestionThemes, WordJudge
from tests.validation.replies import corpus, exact_judges, random_corpus, renamed, reply, shuffled, word_judges

FAST = AgreePlan(draws=300)
SMALL = corpus(
    reply("m1", "ann", "Rest.", "Drink.", themes=(("empathy",), ("treatment_planning",))),
    reply("m1", "bob", "Drink.", "Call me.", "Bye.", themes=(("treatment_planning",), ("other",), ("other",))),
)
KEYS = default_taxonomy().keys


def values(found: Agreement) -> dict:
    """Everything that clinicians' names and the corpus' digest do not enter."""
    return found.model_dump(exclude={"corpus": True, "words": True, "iap": {"pairs", "clinicians"}})


def close(a: object, b: object) -> bool:
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(close(a[k], b[k]) for k in a)
    if isinstance(a, list | tuple) and isinstance(b, list | tuple):
        return len(a) == len(b) and all(close(x, y) for x, y in zip(a, b, strict=True))
    return a == pytest.approx(b, abs=1e-6) if isinstance(a, float) and isinstance(b, float) else a == b


def test_exact_numbers() -> None:
    found = agree(SMALL, exact_judges(), FAST).iap
    assert found is not None
    ordered = {(p.draft_by, p.reference_by): p for p in found.pairs}
    there, back = ordered["ann", "bob"], ordered["bob", "ann"]
    assert (there.content.precision.estimate, there.content.recall.estimate) == pytest.approx((1 / 2, 1 / 3))
    assert there.content.f1.estimate == pytest.approx(0.4) == back.content.f1.estimate
    assert (there.theme.precision.estimate, there.theme.recall.estimate) == (0.5, 0.5)
    assert found.content.overall.estimate == pytest.approx(0.4) and found.content.overall.n == 2
    assert found.theme.overall.estimate == 0.5
    assert found.theme.themes["treatment_planning"].estimate == 1.0
    assert found.theme.themes["empathy"].estimate == 0.0
    assert found.theme.themes["symptom_questions"].estimate is None
    assert found.content.themes["treatment_planning"].estimate == 1.0, "both say 'Drink.'"
    assert found.prevalence["empathy"].estimate == 0.5
    assert (found.content.published["overall"], found.theme.published["overall"]) == (0.24, 0.62)
    assert found.content.published["treatment_planning"] == 0.07
    assert found.theme.published == {"overall": 0.62}


def test_p_of_one_order_is_r_of_the_other() -> None:
    found = agree(random_corpus(1), word_judges(), FAST).iap
    assert found is not None
    ordered = {(p.draft_by, p.reference_by): p for p in found.pairs}
    for (a, b), pair in ordered.items():
        swapped = ordered[b, a]
        assert pair.content.precision.estimate == pytest.approx(swapped.content.recall.estimate)
        assert pair.theme.precision.estimate == pytest.approx(swapped.theme.recall.estimate)
        assert pair.content.f1.estimate == pytest.approx(swapped.content.f1.estimate)
    assert found.content.swap_gap == pytest.approx(0.0) and found.theme.swap_gap == pytest.approx(0.0)
    for person in found.clinicians:
        assert person.content_as_draft.precision.estimate == pytest.approx(person.content_as_reference.recall.estimate)


@dataclass(frozen=True)
class OneSided(WordJudge):
    """The negative control: deletes half of what it would otherwise, adds as before."""

    signature: str = "one-sided@1"

    def judge(self, questions):  # type: ignore[no-untyped-def]
        said = super().judge(questions)
        return [
            Verdict(Status.OK, (v.p_edit or 0) / 2, v.hard) if q.direction is Direction.DELETE else v
            for q, v in zip(questions, said, strict=True)
        ]


def test_a_judge_with_two_minds_is_found_out() -> None:
    found = agree(random_corpus(1), word_judges(content=OneSided()), FAST)
    assert found.iap is not None and found.iap.content.swap_gap is not None and found.iap.content.swap_gap > 0.1
    assert any("not the same in both directions" in text for text in found.limits)


@pytest.mark.parametrize("people", [("ann", "bob", "cy"), ("a", "b", "c", "d", "e")])
def test_equals_the_ceiling_row_exactly(people: tuple[str, ...]) -> None:
    found = random_corpus(2, people=people)
    iap = agree(found, word_judges(), replace(FAST, labels=ThemeLabels.CLASSIFIER)).iap
    table = score_corpus(found, word_judges(), Plan(Rows(floors=False), draws=300)).table
    cell = table.by_name[CEILING]
    assert iap is not None
    for level, name in ((iap.content, "content"), (iap.theme, "theme")):
        for figure, measure in ((level.overall, "f1"), (level.precision, "precision"), (level.recall, "recall")):
            interval = cell[f"{name}.{measure}"]
            assert (figure.estimate, figure.low, figure.high) == (interval.estimate, interval.low, interval.high)
            assert figure.clusters == interval.clusters
    for key in KEYS:
        assert iap.content.themes[key].estimate == cell[f"within.{key}.f1"].estimate
        assert iap.theme.themes[key].low == cell[f"theme.{key}.f1"].low
    if len(people) >= 5:
        assert iap.content.crossed is not None and iap.content.crossed.low is not None
        assert iap.content.crossed.low == pytest.approx(table.crossed[CEILING].low, abs=1e-6)
        assert iap.content.crossed.high == pytest.approx(table.crossed[CEILING].high, abs=1e-6)
    else:
        assert iap.content.crossed is None and not table.crossed


def test_drafts_and_floors_change_nothing() -> None:
    bare = random_corpus(3)
    full = replace(bare, drafts=tuple(Draft(c.id, "x", "zero_shot", "Rest. Call me.") for c in bare.cases))
    assert values(agree(bare, word_judges(), FAST)) == values(agree(full, word_judges(), FAST))
    cell = score_corpus(full, word_judges(), Plan(draws=300)).table.by_name[CEILING]
    iap = agree(full, word_judges(), replace(FAST, labels=ThemeLabels.CLASSIFIER)).iap
    assert iap is not None and iap.content.overall.estimate == pytest.approx(cell["content.f1"].estimate, abs=1e-12)


def test_order_of_rows_changes_nothing() -> None:
    found = random_corpus(4)
    assert agree(found, word_judges(), FAST) == agree(shuffled(found), word_judges(), FAST)


def test_names_of_clinicians_change_only_names() -> None:
    old = random_corpus(5)
    names = {"ann": "zoe", "bob": "amy", "cy": "bob"}
    a, b = agree(old, word_judges(), FAST), agree(renamed(old, names), word_judges(), FAST)
    assert close(values(a), values(b))
    assert a.iap is not None and b.iap is not None
    other = {(p.draft_by, p.reference_by): p for p in b.iap.pairs}
    for pair in a.iap.pairs:
        same = other[names[pair.draft_by], names[pair.reference_by]]
        assert close(pair.content.model_dump(), same.content.model_dump())


def test_the_file_holds_what_was_agreed(tmp_path) -> None:  # type: ignore[no-untyped-def]
    write_agreement(agree(random_corpus(6), word_judges(), FAST), tmp_path)
    text = (tmp_path / "agreement.json").read_text()
    assert "NaN" not in text and "Infinity" not in text
    iap = json.loads(text)["iap"]
    for level in ("content", "theme"):
        for figure in (iap[level]["overall"], *iap[level]["themes"].values()):
            assert {"estimate", "low", "high", "n"} <= set(figure)
            assert figure["low"] is None or figure["low"] <= figure["estimate"] <= figure["high"]
        assert set(iap[level]["themes"]) == set(KEYS)
    assert Agreement.model_validate_json(text) == agree(random_corpus(6), word_judges(), FAST)


BAD = {
    "one clinician": corpus(reply("m1", "ann", "Rest."), reply("m2", "ann", "Walk.")),
    "nobody twice": corpus(reply("m1", "ann", "Rest."), reply("m2", "bob", "Walk.")),
    "no reply": corpus(drafts=(Draft("m1", "x", "y", "Rest."),)),
    "all edited from drafts": corpus(
        Reply("m1", "ann", "Rest.", started_from="x/y"), Reply("m1", "bob", "Walk.", started_from="x/y")
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_refuses_what_cannot_be_measured(name: str) -> None:
    with pytest.raises(UsageError, match="No message of small was answered by two clinicians"):
        agree(BAD[name], word_judges(), FAST)


def test_one_message_has_figures_and_no_intervals() -> None:
    found = agree(SMALL, exact_judges(), FAST)
    assert found.iap is not None and found.iap.content.overall.low is None and found.iap.content.overall.note
    assert any(text.startswith("Messages with two replies: 1; fewer than 5") for text in found.limits)
    assert any(text.startswith("Two clinicians only") for text in found.limits)
    assert found.adaptation is None
    assert found.variance is not None and found.variance.theme is None and found.variance.reasons
    render_agreement(found)


def test_everybody_says_the_same() -> None:
    same = corpus(
        *(reply(f"m{i}", p, "Rest.", themes=(("treatment_planning",),)) for i in range(6) for p in ("ann", "bob", "cy"))
    )
    found = agree(same, word_judges(), FAST)
    assert found.iap is not None and found.iap.content.overall.estimate == 1.0 == found.iap.theme.overall.estimate
    assert found.iap.content.overall.low is None, "no width of zero"
    assert found.variance is not None and found.variance.theme is None
    assert any("nothing to explain" in text for text in found.limits)
    assert any("Treatment Planning" in text and "nearly every one" in text for text in found.limits)
    render_agreement(found)


def test_clinicians_who_share_no_message_are_named() -> None:
    found = agree(
        corpus(
            *(
                reply(f"m{i}", p, "Rest.", "Walk.")
                for i in range(6)
                for p in (("ann", "bob") if i < 3 else ("cy", "bob"))
            )
        ),
        word_judges(),
        FAST,
    )
    assert any("1 pair of clinicians answered no message in common" in text for text in found.limits)
    assert found.iap is not None and len(found.iap.pairs) == 4


def test_a_judge_that_answers_nothing_gives_no_number() -> None:
    @dataclass(frozen=True)
    class Mute(WordJudge):
        signature: str = "mute@1"

        def judge(self, questions: list[ContentQuestion]) -> list[Verdict]:  # type: ignore[override]
            return [Verdict(Status.REFUSED) for _ in questions]

    found = agree(random_corpus(7), word_judges(content=Mute()), FAST)
    assert found.iap is not None and found.iap.content.overall.estimate is None
    assert found.iap.theme.overall.estimate is not None, "themes are the writers' own"
    assert any("the judge answered nothing about one side" in text for text in found.limits)
    render_agreement(found)


@pytest.mark.parametrize("seed", range(12))
def test_any_small_corpus_has_an_answer(seed: int) -> None:
    """Two to seven clinicians, two to seven messages, much of it missing: no NaN (the models refuse one), no crash."""
    people = tuple("abcdefg"[: 2 + seed % 6])
    found = random_corpus(
        seed, messages=2 + seed % 5, people=people, missing=(0.0, 0.4, 0.7)[seed % 3], labelled=seed % 2 > 0
    )
    agreement = agree(found, word_judges(), replace(FAST, draws=100))
    assert "NaN" not in agreement.model_dump_json()
    assert 'id="method"' in render_agreement(agreement)


def test_an_empty_reply_is_no_reference_and_an_empty_draft() -> None:
    replies = [
        reply(f"m{i}", p, *(() if p == "ann" and i % 2 else ("Rest.",))) for i in range(6) for p in ("ann", "bob")
    ]
    found = agree(corpus(*replies), word_judges(), FAST).iap
    assert found is not None and found.content.overall.n == 9, "3 of 12 have an empty reference"
    ordered = {(p.draft_by, p.reference_by): p.content for p in found.pairs}
    assert ordered["ann", "bob"].recall.estimate == 0.5 and ordered["ann", "bob"].precision.estimate == 1.0
    assert ordered["bob", "ann"].recall.estimate == 1.0


def test_whose_labels() -> None:
    full, bare = random_corpus(8), random_corpus(8, labelled=False)
    assert agree(full, word_judges(), FAST).judge.theme_labels == "writers"
    assert agree(full, word_judges(), FAST).iap.theme_by_classifier is not None  # type: ignore[union-attr]
    assert agree(bare, word_judges(), FAST).judge.theme_labels == "classifier"
    part = replace(full, replies=(replace(full.replies[0], themes=None), *full.replies[1:]))
    mixed = agree(part, word_judges(), FAST)
    assert mixed.judge.theme_labels == "classifier" and "are not mixed" in mixed.judge.theme_labels_note
    with pytest.raises(UsageError, match=r"--labels writers needs them all"):
        agree(part, word_judges(), replace(FAST, labels=ThemeLabels.WRITERS))


@dataclass(frozen=True)
class TwoThemes(QuestionThemes):
    themes: tuple[str, ...] = ("symptom_questions", "medical_assessment")


def test_a_taxonomy_of_your_own() -> None:
    own = Taxonomy((Theme("kind", "Kind", "x", ""), Theme("rest", "Rest", "y", "")), "rest")
    replies = [reply(f"m{i}", p, "Rest.", themes=(("kind",),)) for i in range(6) for p in ("ann", "bob")]
    found = agree(corpus(*replies), word_judges(themes=TwoThemes()), FAST, own)
    assert found.judge.themes == "none", "a classifier of other themes is not asked"
    assert found.iap is not None and set(found.iap.theme.themes) == {"kind", "rest"}
    assert found.iap.theme_by_classifier is None
    with pytest.raises(UsageError, match="does not know kind, rest"):
        agree(corpus(*replies), word_judges(themes=TwoThemes()), replace(FAST, labels=ThemeLabels.CLASSIFIER), own)
    with pytest.raises(UsageError, match="themes that the taxonomy does not have: kind"):
        agree(corpus(*replies), word_judges(), FAST)


def test_the_judges_standing_is_on_the_page() -> None:
    found = agree(random_corpus(9), word_judges(), FAST)
    assert any("unvalidated; validate it on your data" in text for text in found.limits)
    bad = word_judges(validity=Validity(Standing.NOT_VALID, Standing.VALID, "abc", ("Kappa is low.",)))
    found = agree(random_corpus(9), bad, FAST)
    assert "Kappa is low." in render_agreement(found) and any("not valid: do not use" in text for text in found.limits)
    assert "card:abc" in found.signature and "by card abc" in render_agreement(found)


def test_the_page_is_whole_and_harmless() -> None:
    page = render_agreement(
        agree(renamed(random_corpus(10), {"ann": "<b>x", "bob": "&y", "cy": "c\"'z"}), word_judges(), FAST)
    )
    assert "<b>x" not in page and "&lt;b&gt;x" in page
    assert "http" not in page.replace("http-equiv", "") and "<script" not in page
    for section in ("iap", "themes", "variance", "adaptation", "method"):
        assert f'id="{section}"' in page
    assert "nan" not in page.lower().replace("finance", "")
