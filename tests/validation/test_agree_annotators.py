"""Inter-annotator agreement: by hand, against independent libraries, and with raters told apart by name."""

import random

import krippendorff
import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score

from redline.annotation import AnnotatedPair, Annotation, ThemedText
from redline.taxonomy import default_taxonomy
from redline.validation.agree import AgreePlan, agree
from redline.validation.agree.annotators import edit_agreement, edit_codes, theme_set_agreement
from redline.validation.agree.labellers import WRITER, labelled_units
from tests.validation.replies import corpus, random_corpus, reply, word_judges

TAXONOMY = default_taxonomy()


def pair(number: int, case: str, **marks: list[int | None]) -> AnnotatedPair:
    made = tuple(
        Annotation(name, tuple(None if m is None else bool(m) for m in row), ()) for name, row in marks.items()
    )
    return AnnotatedPair(f"p{number}", case, ("x",) * len(next(iter(marks.values()))), (), made)


def random_pairs(seed: int, people: tuple[str, ...] = ("a", "b", "c"), missing: float = 0.1) -> list[AnnotatedPair]:
    rng = random.Random(seed)
    found = []
    for number in range(20):
        truth = [rng.random() < 0.3 for _ in range(5)]
        marks = {p: [None if rng.random() < missing else int(t ^ (rng.random() < 0.2)) for t in truth] for p in people}
        found.append(pair(number, f"m{number // 2}", **marks))
    return found


def test_kappa_by_hand() -> None:
    """20 units: 8 both, 2 only a, 1 only b, 9 neither: p_o = 0.85, p_e = 0.5 * 0.45 + 0.5 * 0.55 = 0.5, kappa 0.7."""
    a, b = [1] * 10 + [0] * 10, [1] * 8 + [0] * 2 + [1] + [0] * 9
    pairs = [pair(i, f"m{i}", a=a[2 * i : 2 * i + 2], b=b[2 * i : 2 * i + 2]) for i in range(10)]
    (deleted, added), words = edit_agreement(pairs, draws=200, seed=1)
    (two,) = deleted.pairs
    assert two.agreement.estimate == pytest.approx(0.85) and two.kappa.estimate == pytest.approx(0.7)
    assert deleted.kappa.estimate == pytest.approx(0.7)
    m = 0.475
    assert two.ac1.estimate == pytest.approx((0.85 - 2 * m * (1 - m)) / (1 - 2 * m * (1 - m)))
    assert (two.prevalence_first.estimate, two.prevalence_second.estimate) == pytest.approx((0.5, 0.45))
    assert deleted.prevalence.estimate == pytest.approx(0.475) and deleted.units == 20
    assert added.units == 0 and added.kappa.note == "nothing to compare"
    assert any("two raters only" in w for w in words)


@pytest.mark.parametrize("seed", range(4))
def test_as_other_libraries_compute_it(seed: int) -> None:
    pairs = random_pairs(seed)
    codes, raters, _ = edit_codes(pairs, "deleted")
    (deleted, _), _ = edit_agreement(pairs, draws=200, seed=1)
    table = np.where(codes < 0, np.nan, codes).T
    alpha = krippendorff.alpha(reliability_data=table, level_of_measurement="nominal")
    assert deleted.alpha.estimate == pytest.approx(alpha, abs=1e-9)
    for found in deleted.pairs:
        x, y = codes[:, raters.index(found.first)], codes[:, raters.index(found.second)]
        both = (x >= 0) & (y >= 0)
        assert found.kappa.estimate == pytest.approx(cohen_kappa_score(x[both], y[both]), abs=1e-9)
        assert found.agreement.n == both.sum()


def test_raters_are_told_apart_by_name() -> None:
    pairs = random_pairs(9)
    swapped = [
        AnnotatedPair(p.id, p.case, p.draft, p.reference, tuple(reversed(p.annotations)) if i % 2 else p.annotations)
        for i, p in enumerate(reversed(pairs))
    ]
    assert edit_agreement(pairs, draws=200, seed=1) == edit_agreement(swapped, draws=200, seed=1)


def test_limits_in_words() -> None:
    same = [pair(i, f"m{i}", a=[0, 0], b=[0, 0]) for i in range(6)]
    (deleted, _), words = edit_agreement(same, draws=200, seed=1)
    assert deleted.agreement.estimate == 1.0 and deleted.kappa.estimate is None
    assert deleted.kappa.note == "undefined: all decisions are equal"
    assert any("all codes are equal" in w for w in words)
    rare = [pair(i, f"m{i}", a=[int(i == 0), 0, 0, 0], b=[int(i == 0), 0, 0, int(i == 1)]) for i in range(8)]
    _, words = edit_agreement(rare, draws=200, seed=1)
    assert any("yes in 5 % of decisions" in w for w in words)
    alone, words = edit_agreement([pair(i, f"m{i}", a=[0, 1]) for i in range(6)], draws=200, seed=1)
    assert alone[0].units == 0 and alone[0].pairs == () and any("one rater only" in w for w in words)
    apart = [pair(i, f"m{i}", **{"a" if i % 2 else "b": [0, 1]}) for i in range(6)]
    none, words = edit_agreement(apart, draws=200, seed=1)
    assert none[0].kappa.estimate is None and any("no two raters share a unit" in w for w in words)


def themed(case: str, who: str, units: tuple[str, ...], **labels: tuple[tuple[str, ...], ...]) -> ThemedText:
    return ThemedText(f"{case}:{who}", case, units, tuple(labels.values()), tuple(labels))


def test_the_writer_is_a_rater_of_their_own_reply() -> None:
    own = {("m1", "ann"): (("empathy",), ("other",)), ("m2", "ann"): (("empathy",),)}
    units = {("m1", "ann"): ("Sorry.", "Bye."), ("m2", "ann"): ("Sorry.",)}
    texts = [
        themed("m1", "ann", ("Sorry.", "Bye."), b1=(("empathy",), ("empathy",))),
        themed("m2", "ann", ("Sorry!",), b1=(("empathy",),)),
        themed("m1", "x:zero_shot", ("Rest.",), b1=(("other",),)),
    ]
    found = labelled_units(texts, own, units, TAXONOMY)
    assert found.raters == ("b1", WRITER) and found.texts == 1 and found.mismatched == 1
    agreement, _ = theme_set_agreement(found, TAXONOMY, draws=100, seed=1)
    assert agreement.sets.identical.estimate == 0.5 and agreement.units == 2
    assert agreement.themes["empathy"].agreement.estimate == 0.5
    assert agreement.themes["medical_assessment"].kappa.estimate is None
    named = labelled_units(
        [themed("m1", "ann", ("Sorry.", "Bye."), writer=(("other",), ("other",)))], own, units, TAXONOMY
    )
    assert named.raters == ("annotator writer", WRITER), "an annotator who is called so is not taken for the writer"
    assert named.labels[0] == (frozenset({"other"}), frozenset({"empathy"}))


def test_a_unit_without_a_theme_has_the_residual_one() -> None:
    found = labelled_units([themed("m1", "x", ("Bye.",), a=((),), b=(("other",),))], {}, {}, TAXONOMY)
    assert found.labels == ((frozenset({"other"}), frozenset({"other"})),)


def test_theme_alpha_is_that_of_the_library() -> None:
    rng = random.Random(3)
    texts = [
        themed(
            f"m{i}", "x", ("u",) * 4, **{p: tuple((rng.choice(("empathy", "other")),) for _ in range(4)) for p in "abc"}
        )
        for i in range(10)
    ]
    agreement, _ = theme_set_agreement(labelled_units(texts, {}, {}, TAXONOMY), TAXONOMY, draws=100, seed=1)
    table = [[int(t.labels[r][u] == ("empathy",)) for t in texts for u in range(4)] for r in range(3)]
    alpha = krippendorff.alpha(reliability_data=np.array(table, dtype=float), level_of_measurement="nominal")
    assert agreement.themes["empathy"].alpha.estimate == pytest.approx(alpha, abs=1e-9)
    assert agreement.sets.masi_alpha.estimate == pytest.approx(alpha, abs=1e-9), (
        "one theme each: any distance is 0 or 1"
    )
    assert agreement.sets.jaccard_alpha.estimate == pytest.approx(alpha, abs=1e-9)


def test_annotators_alone_are_an_answer() -> None:
    one = corpus(reply("m1", "ann", "Rest."))
    found = agree(one, word_judges(), AgreePlan(draws=200), pairs=random_pairs(1))
    assert found.iap is None and found.annotators is not None and found.annotators.raters == ("a", "b", "c")
    assert any("no agreement between clinicians" in text for text in found.limits)
    both = agree(
        random_corpus(1), word_judges(), AgreePlan(draws=200), texts=[themed("q", "x", ("u",), a=(("other",),))]
    )
    assert both.annotators is not None and both.annotators.themes is None
    assert any("no text was labelled by two people" in text for text in both.limits)
