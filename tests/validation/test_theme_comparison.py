"""Theme shares against the paper and against drafts: exact small numbers, paired differences, rules with fixed thresholds."""

import json
import random
from dataclasses import replace

import numpy as np
import pytest

from redline.annotation import ThemedText
from redline.errors import UsageError
from redline.judging import Runner, VerdictStore
from redline.records import Draft, DraftStatus
from redline.scoring import Plan, Rows, score_corpus
from redline.stats import Interval
from redline.taxonomy import Taxonomy, Theme, default_taxonomy
from redline.validation.agree import ThemeLabels
from redline.validation.figure import Figure
from redline.validation.theme_comparison import (
    ComparePlan,
    RevisionRules,
    ThemeComparison,
    Verdict,
    compare_themes,
    render_theme_comparison,
    write_theme_comparison,
)
from redline.validation.theme_comparison.rare_shares import exact_distance, exact_upper, share_figure
from redline.validation.theme_comparison.rates import rates, with_holm
from redline.validation.theme_comparison.result import Answer, ConfusedPair, Difference, Published, RuleResult
from redline.validation.theme_comparison.texts import LabelledText
from redline.validation.theme_comparison.verdict import taxonomy_rules
from redline.validation.theme_comparison.words import say_comparison
from tests.conftest import QuestionThemes
from tests.validation.replies import corpus, random_corpus, renamed, reply, shuffled, word_judges

FAST = ComparePlan(draws=300)
KEYS = default_taxonomy().keys


def asked() -> Runner:  # type: ignore[type-arg]
    return Runner(QuestionThemes(), VerdictStore())


def text(case: str, *themes: str, system: str | None = None, clinician: str | None = "ann") -> LabelledText:
    return LabelledText(case, None if system else clinician, system, (frozenset(themes),))


def with_drafts(old, systems=("x/zero_shot", "y/rag")):  # type: ignore[no-untyped-def]
    made = [
        Draft(
            c.id,
            *name.split("/"),
            "Any fever? Rest." if number else "Rest.",
            ("Any fever?", "Rest.") if number else ("Rest.",),
        )
        for number, name in enumerate(systems)
        for c in old.cases
    ]
    return replace(old, drafts=tuple(made))


def test_shares_by_hand() -> None:
    groups = {
        "a": [text("m1", "k"), text("m1"), text("m2", "k", "l"), text("m3")],
        "b": [text("m1", "k"), text("m2")],
        "none": [],
    }
    found = rates(groups, ("k", "l"), draws=200, seed=1)
    assert found.figure("a", "k").estimate == 0.5 and found.figure("a", "l").estimate == 0.25
    assert found.figure("a", "k").n == 4 and found.figure("b", "k").n == 2
    assert found.figure("none", "k").estimate is None and found.figure("none", "k").note == "nothing to compare"
    assert found.difference("a", "b", "l").difference.estimate == 0.25
    assert found.against("a", "k", 0.4).difference.estimate == pytest.approx(0.1)


def test_a_message_is_drawn_with_all_its_texts() -> None:
    """Ten copies of each text widen nothing away: the interval is that of messages, not of texts."""
    rng = np.random.default_rng(1)
    once = [text(f"m{i}", *(["k"] if rng.uniform() < 0.4 else [])) for i in range(40)]
    few = rates({"a": once}, ("k",), draws=400, seed=1).figure("a", "k")
    many = rates({"a": once * 10}, ("k",), draws=400, seed=1).figure("a", "k")
    assert (few.low, few.high) == (many.low, many.high) and many.n == 400 and many.clusters == 40
    apart = [replace(t, case=f"{t.case}-{i}") for i, t in enumerate(once * 10)]
    naive = rates({"a": apart}, ("k",), draws=400, seed=1).figure("a", "k")
    assert naive.high - naive.low < 0.5 * (many.high - many.low), "the control: texts as if they were messages"


def test_differences_are_paired() -> None:
    """Drafts that follow the replies message by message: the difference is known far better than either share."""
    rng = np.random.default_rng(2)
    has = rng.uniform(size=60) < 0.5
    replies = [text(f"m{i}", *(["k"] if h else [])) for i, h in enumerate(has)]
    drafts = [text(f"m{i}", *(["k"] if h or i < 3 else []), system="x/y") for i, h in enumerate(has)]
    found = rates({"d": drafts, "r": replies}, ("k",), draws=400, seed=1)
    gap, share = found.difference("d", "r", "k").difference, found.figure("r", "k")
    assert gap.high - gap.low < 0.5 * (share.high - share.low)


def test_shares_at_the_edge_have_the_exact_bound() -> None:
    found = rates({"a": [text(f"m{i}") for i in range(30)]}, ("k",), draws=200, seed=1).figure("a", "k")
    assert (found.estimate, found.low) == (0.0, 0.0) and found.high == pytest.approx(1 - 0.025 ** (1 / 30), abs=1e-4)
    every = rates({"a": [text(f"m{i}", "k") for i in range(30)]}, ("k",), draws=200, seed=1).figure("a", "k")
    assert every.high == 1.0 and every.low == pytest.approx(0.025 ** (1 / 30), abs=1e-4)
    few = rates({"a": [text(f"m{i}") for i in range(4)]}, ("k",), draws=200, seed=1).figure("a", "k")
    assert few.low is None, "four messages bound nothing"
    assert rates({"a": []}, ("k",), draws=200, seed=1).figure("a", "k").estimate is None


def test_a_share_of_few_messages_reaches_as_far_as_the_exact_bound() -> None:
    """2 of 20 messages have it, in 1 of 5 texts: 31.7 % of messages (Clopper-Pearson, 2 of 20) times a fifth."""
    from scipy.stats import beta

    for seen, of in ((0, 20), (2, 20), (9, 50)):
        assert exact_upper(seen, of) == pytest.approx(beta.ppf(0.975, seen + 1, of - seen), abs=2e-4)
    rare = share_figure(Interval(0.02, 0.01, 0.04, 0.01, 20), 100, 20, carrying=2, lacking=20)
    assert (rare.low, rare.high) == (0.01, pytest.approx(0.317 / 5, abs=1e-4))
    common = share_figure(Interval(0.98, 0.96, 0.99, 0.01, 20), 100, 20, carrying=20, lacking=2)
    assert (common.low, common.high) == (pytest.approx(1 - 0.317 / 5, abs=1e-4), 0.99)
    texts = [text(f"m{i:02d}", *(["k"] if i < 2 and j == 0 else [])) for i in range(20) for j in range(5)]
    found = rates({"a": texts}, ("k",), draws=300, seed=1)
    assert (found.carrying, found.lacking) == (((2,),), ((20,),))
    assert found.figure("a", "k").high >= 0.317 / 5 - 1e-4
    many = Interval(0.3, 0.2, 0.4, 0.05, 40)
    assert share_figure(many, 200, 40, 25, 38).model_dump()["high"] == 0.4, "nothing is changed where many show it"
    every, never = (Interval(p, None, None, None, 0) for p in (1.0, 0.0))
    full, none = share_figure(every, 40, 8, carrying=8, lacking=0), share_figure(never, 40, 8, carrying=0, lacking=8)
    assert (full.low, full.high) == (1 - exact_upper(0, 8), 1.0), "a theme of every text is as sure as one of none"
    assert (none.low, none.high) == (0.0, exact_upper(0, 8))


def test_holm_is_over_the_family() -> None:
    groups = {"a": [text(f"m{i}", *(["k"] if i % 3 else []), *(["l"] if i % 2 else [])) for i in range(30)]}
    found = rates(groups, ("k", "l"), draws=500, seed=1)
    family = with_holm({k: found.against("a", k, 0.3) for k in ("k", "l")})
    p = sorted(c.p for c in family.values() if c.p is not None)
    assert sorted(c.p_holm for c in family.values() if c.p_holm is not None) == pytest.approx(
        [min(1, 2 * p[0]), max(min(1, 2 * p[0]), p[1])]
    )


def test_system_rates_are_those_of_the_score_table() -> None:
    full = with_drafts(random_corpus(1))
    found = compare_themes(full, asked(), replace(FAST, labels=ThemeLabels.CLASSIFIER))
    table = score_corpus(full, word_judges(), Plan(Rows(floors=False), draws=300)).table
    for system in found.systems:
        cell = table.by_name[system.system]
        for key in KEYS:
            assert system.rates[key].estimate == pytest.approx(cell[f"rate.{key}"].estimate)
            assert system.differences[key].difference.estimate == pytest.approx(cell[f"rate_gap.{key}"].estimate)
            assert found.clinicians[key].rate.estimate == pytest.approx(cell[f"reference_rate.{key}"].estimate)


def test_differences_are_on_shared_messages() -> None:
    """Drafts of other messages than the replies' are in a system's shares and in no difference."""
    replies = [reply(f"m{i}", "ann", "Rest.") for i in range(6)]
    drafts = [Draft(f"m{i}", "x", "y", "Fever?", ("Fever?",)) for i in range(3, 12)]
    found = compare_themes(corpus(*replies, drafts=tuple(drafts)), asked(), FAST)
    (system,) = found.systems
    assert (system.drafts, system.shared_messages) == (9, 3)
    assert system.differences["symptom_questions"].difference.estimate == 1.0
    assert system.differences["symptom_questions"].difference.n == 3


def test_failed_and_withheld_drafts_have_no_themes() -> None:
    replies = [reply(f"m{i}", "ann", "Rest.") for i in range(6)]
    drafts = [
        Draft("m0", "x", "y", "Fever?", ("Fever?",)),
        Draft("m1", "x", "y", "", status=DraftStatus.NO_DRAFT),
        Draft("m2", "x", "y", "", status=DraftStatus.FAILED),
    ]
    (system,) = compare_themes(corpus(*replies, drafts=tuple(drafts)), asked(), FAST).systems
    assert system.drafts == 1


def test_order_of_rows_changes_nothing() -> None:
    full = with_drafts(random_corpus(2))
    a, b = (compare_themes(c, asked(), FAST) for c in (full, shuffled(full)))
    assert a == b


def test_names_of_clinicians_change_only_names() -> None:
    old = with_drafts(random_corpus(3))
    names = {"ann": "zoe", "bob": "amy", "cy": "bob"}
    a, b = (compare_themes(c, asked(), FAST) for c in (old, renamed(old, names)))
    assert a.clinicians == b.clinicians and a.systems == b.systems and a.verdict == b.verdict
    assert {names[p]: shares for p, shares in a.by_clinician.items()} == b.by_clinician


def test_whose_labels() -> None:
    full = random_corpus(4)
    own = compare_themes(full, asked(), FAST)
    assert own.labels == "writers" and own.labeller_gap is not None
    machine = compare_themes(full, asked(), replace(FAST, labels=ThemeLabels.CLASSIFIER))
    assert machine.labels == "classifier" and machine.labeller_gap is None
    assert own.labeller_gap.rates == {k: r.rate for k, r in machine.clinicians.items()}
    assert own.clinicians["empathy"].rate.estimate == pytest.approx(
        np.mean([any("empathy" in u for u in r.themes or ()) for r in full.replies])
    )


def test_refusals() -> None:
    with pytest.raises(UsageError, match="no reply that a clinician wrote"):
        compare_themes(corpus(drafts=(Draft("m1", "x", "y", "Rest."),)), asked(), FAST)
    with pytest.raises(UsageError, match="no reply of small has sentences whose themes are known"):
        compare_themes(corpus(reply("m1", "ann")), asked(), FAST)
    own = Taxonomy((Theme("kind", "Kind", "x", ""), Theme("rest", "Rest", "y", "")), "rest")

    class Nine(QuestionThemes):
        themes = KEYS

    with pytest.raises(UsageError, match="does not know kind"):
        compare_themes(random_corpus(5, labelled=False), Runner(Nine(), VerdictStore()), FAST, own)


def test_one_message_and_one_clinician() -> None:
    found = compare_themes(corpus(reply("m1", "ann", "Rest.")), asked(), FAST)
    assert found.clinicians["medical_assessment"].rate.estimate == 1.0
    assert found.clinicians["medical_assessment"].rate.low is None
    assert found.clinicians["empathy"].standing is Published.CANNOT_TELL
    assert found.verdict is Verdict.NO_SIGN
    assert any("1 message: fewer than 5" in t for t in found.limits) and any(
        "1 clinician only" in t for t in found.limits
    )
    render_theme_comparison(found)


def test_the_file_and_the_page(tmp_path) -> None:  # type: ignore[no-untyped-def]
    full = with_drafts(renamed(random_corpus(6), {"ann": "<b>x", "bob": "&y", "cy": "z"}))
    found = compare_themes(full, asked(), FAST)
    write_theme_comparison(found, tmp_path)
    text_ = (tmp_path / "themes.json").read_text()
    assert "NaN" not in text_ and "Infinity" not in text_
    assert ThemeComparison.model_validate_json(text_) == found
    assert json.loads(text_)["rules"]["residual_share"] == 0.10
    page = (tmp_path / "themes.html").read_text()
    assert "<b>x" not in page and "&lt;b&gt;x" in page
    assert "http" not in page.replace("http-equiv", "") and "<script" not in page


def standing(share: float, published: object, messages: int = 200) -> Published:
    """The standing of a theme that so many replies carry, one reply a message."""
    theme = Theme("k", "K", "x", "", published)  # type: ignore[arg-type]
    taxonomy = Taxonomy((theme, Theme("rest", "Rest", "y", "")), "rest")
    cut = round(share * messages)
    replies = [reply(f"m{i:03d}", "ann", "Rest.", themes=(("k",) if i < cut else ("rest",),)) for i in range(messages)]
    found = compare_themes(corpus(*replies), asked(), ComparePlan(draws=1000), taxonomy)
    return found.clinicians["k"].standing


def test_standing_to_the_paper() -> None:
    assert standing(0.34, (0.34, 0.34)) is Published.AS_PUBLISHED
    assert standing(0.33, (0.30, 0.36)) is Published.AS_PUBLISHED
    assert standing(0.60, (0.30, 0.36)) is Published.DEVIATES
    assert standing(0.42, (0.34, 0.34)) is Published.CANNOT_TELL, "off by less than the margin"
    assert standing(0.60, (0.34, 0.34), messages=6) is Published.CANNOT_TELL, "off, but by chance perhaps"
    assert standing(0.60, None) is Published.NOT_PUBLISHED
    assert standing(0.0, (0.85, 0.85)) is Published.DEVIATES, "nothing varies, and the exact bound is far away"
    assert standing(1.0, (0.85, 0.85)) is Published.DEVIATES


def three_each(messages: int, carrying: int, published: float) -> ThemeComparison:
    """Three replies to each message, of which the first `carrying` have the theme k."""
    theme = Theme("k", "K", "x", "", (published, published))
    taxonomy = Taxonomy((theme, Theme("rest", "Rest", "y", "")), "rest")
    replies = [
        reply(f"m{i:03d}", person, "Rest.", themes=(("k",) if j < carrying else ("rest",),))
        for i in range(messages)
        for j, person in enumerate(("ann", "bob", "cy"))
    ]
    return compare_themes(corpus(*replies), asked(), FAST, taxonomy)


@pytest.mark.parametrize("messages", [4, 5, 8, 12, 30])
@pytest.mark.parametrize("carrying", [0, 1, 2, 3])
@pytest.mark.parametrize("published", [0.1, 0.5, 0.9])
def test_nothing_deviates_without_an_interval_and_a_p(messages: int, carrying: int, published: float) -> None:
    """A share that is the same in all messages has no spread; one of 0 or 1 has the exact bound, shown with its exact p."""
    row = three_each(messages, carrying, published).clinicians["k"]
    distance = row.distance
    assert distance is not None
    assert row.rate.low is None or row.rate.low < row.rate.high, "an interval of width 0 would claim certainty"
    if row.standing is Published.DEVIATES:
        assert distance.p_holm is not None and distance.p_holm < 0.05
        assert distance.difference.low > 0 or distance.difference.high < 0
    if carrying in (1, 2) or messages < 5:
        assert row.standing is Published.CANNOT_TELL and distance.p is None
    elif abs(carrying / 3 - published) > 0.8:
        assert row.standing is Published.DEVIATES and distance.p == pytest.approx(2 * 0.1**messages)


def test_an_exact_distance_belongs_to_its_interval() -> None:
    """The p is 0.05 where the interval just reaches the bound, for a theme of no text and for one of every text."""
    for messages in (5, 20, 80):
        reach = 1 - 0.025 ** (1 / messages)
        for share, bound in ((0.0, reach), (1.0, 1 - reach)):
            interval, p = exact_distance(share, bound, messages)
            assert p == pytest.approx(0.05, abs=1e-6)
            assert (interval.high if share == 0.0 else interval.low) == pytest.approx(0.0, abs=1e-4)
    assert exact_distance(0.0, 0.5, 4) is None and exact_distance(0.3, 0.5, 40) is None
    assert exact_distance(0.0, 0.0, 10)[1] == 1.0


def difference(estimate: float, low: float | None, high: float | None, p_holm: float | None) -> Difference:
    return Difference(
        difference=Figure(estimate=estimate, low=low, high=high, n=9, clusters=9),
        p=p_holm and p_holm / 2,
        p_holm=p_holm,
    )


def test_differences_of_drafts_are_said_to_be_after_holm() -> None:
    found = compare_themes(with_drafts(random_corpus(1), systems=("x/rag",)), asked(), FAST)
    calm = dict.fromkeys(KEYS, difference(0.01, -0.1, 0.12, 0.9))
    hint = calm | {"empathy": difference(0.1, 0.01, 0.2, 0.2)}
    clear = hint | {"other": difference(-0.3, -0.4, -0.2, 0.01)}
    unknown = dict.fromkeys(KEYS, difference(0.4, None, None, None))

    def said(differences: dict[str, Difference]) -> str:
        system = found.systems[0].model_copy(update={"differences": differences, "shared_messages": 1})
        return next(w for w in say_comparison(found.model_copy(update={"systems": (system,)})) if w.startswith("x/rag"))

    none = f"x/rag: after Holm's correction over {len(KEYS)} themes no theme's share differs for certain from the clinicians'"
    assert said(calm) == f"{none} (on 1 message)."
    name = found.theme_names["empathy"]
    assert said(hint).startswith(none)
    assert f"Without that correction the interval leaves out 0 for {name} (+10 [+1, +20]): a hint" in said(hint)
    assert "writes less" in said(clear) and f"after Holm's correction over {len(KEYS)} themes. Without" in said(clear)
    assert f"for {name} (+10 [+1, +20]) as well" in said(clear)
    assert "nothing can be tested against the clinicians" in said(unknown)
    assert "an interval may leave out 0 where no difference is certain" in render_theme_comparison(found)


def pair(first: str, second: str, answer: Answer, share: float = 0.3) -> ConfusedPair:
    value = Figure(estimate=share, low=0.0, high=0.6, n=23, clusters=9)
    return ConfusedPair(first=first, second=second, sentences=23, confused=9, share=value, p_holm=None, answer=answer)


def test_undecided_pairs_of_themes_are_no_all_clear() -> None:
    taxonomy, rules = default_taxonomy(), RevisionRules()
    found = compare_themes(random_corpus(7, messages=20), asked(), FAST)

    def said(*pairs: ConfusedPair) -> RuleResult:
        return taxonomy_rules(found.clinicians, found.residual_share, pairs, 2, taxonomy, rules)[1]

    two = [pair(KEYS[0], KEYS[1], Answer.CANNOT_TELL, 0.68), pair(KEYS[0], KEYS[2], Answer.CANNOT_TELL)]
    names = [f"{taxonomy[KEYS[0]].name} and {taxonomy[k].name}" for k in KEYS[1:]]
    nothing = said(*two)
    assert nothing.answer is Answer.CANNOT_TELL and nothing.text.startswith(
        "Confused themes: nothing could be decided."
    )
    assert "For any of the 2 pairs" in nothing.text and f"{names[0]}, 68 % [0, 60] of 23 sentences" in nothing.text
    some = said(*two, pair(KEYS[0], KEYS[3], Answer.KEEP, 0.0), pair(KEYS[1], KEYS[3], Answer.NOT_ASKED))
    assert some.answer is Answer.CANNOT_TELL
    assert f"not confused in more than 10 % of their sentences: {names[2]}." in some.text
    assert f"For 2 of 3 pairs these data do not decide it: {names[0]}; {names[1]};" in some.text
    many = said(*(pair(KEYS[0], k, Answer.CANNOT_TELL) for k in KEYS[1:]), pair(KEYS[1], KEYS[2], Answer.KEEP, 0.0))
    assert "more (in the table of pairs)" in many.text
    fine = said(pair(KEYS[0], KEYS[1], Answer.KEEP, 0.02), pair(KEYS[0], KEYS[2], Answer.KEEP, 0.01))
    assert fine.answer is Answer.KEEP and "none of the 2 pairs with 20 sentences or more is confused" in fine.text
    assert "the only pair with 20 sentences or more is not confused" in said(pair(KEYS[0], KEYS[1], Answer.KEEP)).text


def test_one_of_a_kind_is_said_in_the_singular() -> None:
    page = render_theme_comparison(compare_themes(corpus(reply("m1", "ann", "Rest.")), asked(), FAST))
    assert "1 reply of 1 clinician to 1 message." in page and "of 1 sentence," in page


def labelled(rows: list[tuple[str, str]], per_message: int = 4) -> list[ThemedText]:
    """Two annotators' themes of one-sentence texts."""
    return [
        ThemedText(f"m{i // per_message:03d}:t{i}", f"m{i // per_message:03d}", ("u",), (((a,),), ((b,),)), ("a", "b"))
        for i, (a, b) in enumerate(rows)
    ]


def rule(found: ThemeComparison, name: str) -> Answer:
    return next(r.answer for r in found.results if r.rule == name)


def test_confused_themes_ask_for_a_revision() -> None:
    base = random_corpus(7, messages=20)
    clear = [("empathy", "empathy"), ("other", "other"), ("treatment_planning", "treatment_planning")] * 60
    mixed = [("empathy", "other")] * 40 + clear
    bad = compare_themes(base, asked(), FAST, texts=labelled(random.Random(1).sample(mixed, len(mixed))))
    assert rule(bad, "confused pairs") is Answer.REVISE and bad.verdict is Verdict.REVISE
    worst = bad.confusions[0]
    assert {worst.first, worst.second} == {"empathy", "other"} and (worst.confused, worst.sentences) == (40, 160)
    assert worst.share.estimate == pytest.approx(0.25)
    good = compare_themes(base, asked(), FAST, texts=labelled(clear))
    assert rule(good, "confused pairs") is Answer.KEEP
    assert rule(compare_themes(base, asked(), FAST), "confused pairs") is Answer.NOT_ASKED
    few = compare_themes(base, asked(), FAST, texts=labelled(mixed[:10]))
    assert rule(few, "confused pairs") is Answer.NOT_ASKED


def test_residual_inside_replies_asks_for_a_revision() -> None:
    def made(inside: str):  # type: ignore[no-untyped-def]
        replies = []
        for i in range(20):
            keys = ("other", "empathy", *(inside,) * (1 + i % 2), "other")
            for person in ("ann", "bob"):
                units = tuple(f"Unit {j} {i}." for j in range(len(keys)))
                replies.append(reply(f"m{i:02d}", person, *units, themes=tuple((k,) for k in keys)))
        return corpus(*replies)

    greeting = compare_themes(made("treatment_planning"), asked(), FAST)
    assert (
        greeting.residual_share.every.estimate == pytest.approx(4 / 9)
        and greeting.residual_share.inside.estimate == 0.0
    )
    assert greeting.residual_share.inside.high == pytest.approx(1 - 0.025 ** (1 / 20), abs=1e-4)
    assert rule(greeting, "residual") is Answer.CANNOT_TELL, "20 messages leave room for more than a tenth"
    assert rule(compare_themes(made("other"), asked(), FAST), "residual") is Answer.REVISE


def test_hardly_used_themes_ask_for_a_revision() -> None:
    replies = [
        reply(f"m{i:03d}", "ann", "A.", themes=(("empathy" if i % 2 else "treatment_planning",),)) for i in range(150)
    ]
    found = compare_themes(corpus(*replies), asked(), FAST)
    assert rule(found, "hardly used themes") is Answer.REVISE
    assert "Patient Education" in next(r.text for r in found.results if r.rule == "hardly used themes")
    small = compare_themes(corpus(*replies[:20]), asked(), FAST)
    assert rule(small, "hardly used themes") is Answer.CANNOT_TELL


def test_a_second_opinion_on_drafts() -> None:
    full = with_drafts(random_corpus(8), systems=("x/zero_shot",))
    texts = [ThemedText(f"{c.id}:x:zero_shot", c.id, ("Rest.",), ((("empathy",),),), ("b1",)) for c in full.cases] + [
        ThemedText(
            f"{r.case}:{r.clinician}", r.case, r.units or (), (tuple(("other",) for _ in r.units or ()),), ("b1",)
        )
        for r in full.replies
    ]
    (system,) = compare_themes(full, asked(), FAST, texts=texts).systems
    assert system.by_annotators is not None
    assert system.by_annotators["empathy"].difference.estimate == 1.0
    assert system.by_annotators["other"].difference.estimate == -1.0


def test_rules_are_frozen_and_on_the_page() -> None:
    rules = RevisionRules()
    with pytest.raises(AttributeError):
        rules.deviation = 0.5  # type: ignore[misc]
    found = compare_themes(random_corpus(9), asked(), FAST)
    assert found.rules == {
        "residual_share": 0.10, "confused_share": 0.10, "confused_units": 20, "rare_share": 0.05, "deviation": 0.10, "alpha": 0.05,
    }  # fmt: skip
