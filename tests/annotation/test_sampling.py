"""Drawing pairs: exact inclusion probabilities, whatever the design; the same set from any order of rows."""

import random
from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from redline.annotation import Candidate, Design, PairToLabel, draw_sample, main_theme, texts_of, uncertainty
from redline.annotation.allocation import allocate, cap_messages
from redline.annotation.pivotal import fight
from redline.errors import UsageError
from redline.records import Status, ThemeVerdict, Verdict
from redline.taxonomy import default_taxonomy


class Roll(int):
    """A number drawn below `of` that answers comparisons as a script says, and keeps how likely that answer was."""

    def __new__(cls, of, script, odds):
        self = super().__new__(cls, 0)
        self.of, self.script, self.odds = of, script, odds
        return self

    def __lt__(self, threshold):
        wins = self.script.pop(0) if self.script else None
        if wins is None:
            raise IndexError
        self.odds.append(Fraction(threshold, self.of) if wins else 1 - Fraction(threshold, self.of))
        return wins


class Script:
    def __init__(self, script):
        self.script, self.odds = list(script), []

    def randrange(self, of):
        return Roll(of, self.script, self.odds)


def inclusion(weights: list[int], whole: int, order) -> tuple[list[Fraction], list[int]]:
    """Exact inclusion probabilities by going through every outcome of every fight."""
    total, sizes = [Fraction()] * len(weights), []
    for script in product((True, False), repeat=len(weights) - 1):
        now, rolls = list(weights), Script(script)
        fight(order, now, whole, rolls)
        # A fight less than the script allows leaves rolls over: each of those outcomes is gone through 2^left times.
        chance = Fraction(1, 2 ** len(rolls.script))
        for odd in rolls.odds:
            chance *= odd
        if chance:
            sizes.append(sum(w == whole for w in now))
        total = [t + chance * (w == whole) for t, w in zip(total, now, strict=True)]
    return total, sizes


@given(st.lists(st.integers(0, 7), min_size=2, max_size=7), st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None)
def test_a_fight_keeps_every_probability_exactly(weights: list[int], shuffler: random.Random) -> None:
    whole = 7
    weights.append(-sum(weights) % whole)  # a whole number is drawn
    order = list(range(len(weights)))
    shuffler.shuffle(order)
    found, sizes = inclusion(weights, whole, order)
    assert found == [Fraction(w, whole) for w in weights]
    assert set(sizes) == {sum(weights) // whole}


@given(st.lists(st.tuples(st.floats(0.1, 9), st.integers(1, 6)), min_size=2, max_size=3), st.integers(2, 12))
@settings(max_examples=60, deadline=None)
def test_allocation_is_the_best_of_all_whole_numbers(strata: list[tuple[float, int]], total: int) -> None:
    weights, sizes = [w for w, _ in strata], [n for _, n in strata]
    given_ = allocate(weights, sizes, [1] * len(sizes), total)
    assert sum(given_) == min(max(total, len(sizes)), sum(sizes))
    every = [n for n in product(*(range(1, s + 1) for s in sizes)) if sum(n) == sum(given_)]
    variance = [sum(w * w / n for w, n in zip(weights, numbers, strict=True)) for numbers in every]
    mine = sum(w * w / n for w, n in zip(weights, given_, strict=True))
    assert mine == pytest.approx(min(variance), rel=1e-9)


@given(
    st.lists(st.lists(st.integers(1, 9), min_size=1, max_size=6), min_size=1, max_size=6), st.integers(1, 4), st.data()
)
@settings(max_examples=100, deadline=None)
def test_no_message_is_above_its_limit(sizes: list[list[int]], most: int, data: st.DataObject) -> None:
    weights = [w for message in sizes for w in message]
    room = sum(min(most, len(message)) for message in sizes)
    total = data.draw(st.integers(1, room))
    chances = [Fraction(w * total, sum(weights)) for w in weights]
    places, at = [], 0
    for message in sizes:
        places.append(list(range(at, at + len(message))))
        at += len(message)
    found = cap_messages(chances, places, most)
    assert sum(found) == total
    assert all(0 < c <= 1 for c in found)
    assert all(sum(found[i] for i in p) <= most for p in places)


def world(seed: int = 3, messages: int = 12) -> tuple[list[Candidate], np.ndarray]:
    """Candidates of two systems, of which the one the judge is less sure of is edited more; and each one's edits."""
    rng = np.random.default_rng(seed)
    found, edits = [], []
    for m in range(messages):
        for system in ("a/one", "b/two"):
            for reply in range(2):
                units = tuple(f"{system} {m} {i}" for i in range(int(rng.integers(1, 6))))
                unsure = float(rng.uniform(0, 0.4) if system == "a/one" else rng.uniform(0.3, 1))
                theme = ("empathy", "other", "medical_assessment")[int(rng.integers(3))]
                found.append(
                    Candidate(f"m{m}", system, system, f"c{reply}", units, (f"reply {m} {reply}",), unsure, theme)
                )
                edits.append(unsure * len(units) + rng.uniform(0, 0.2))
    return found, np.array(edits)


DESIGNS = [
    Design(14, least=3), Design(14, "proportional"), Design(14, "root", least=0), Design(9, per_message=1),
    Design(16, per_message=2), Design(1), Design(5, least=0),
]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("design", DESIGNS, ids=str)
def test_inclusion_frequencies_and_totals_over_many_seeds(design: Design) -> None:
    candidates, edits = world()
    value = {(c.case, c.group, c.reference_source): y for c, y in zip(candidates, edits, strict=True)}
    names = list(value)
    draws = 1500
    drawn, weight, plain = np.zeros(len(names)), [], []
    chance = np.zeros(len(names))
    for seed in range(draws):
        sample = draw_sample(
            candidates, Design(design.pairs, design.allocation, design.least, design.per_message, seed)
        )
        assert len(sample.pairs) == design.pairs
        keys = [(p.case, p.draft_source, p.reference_source) for p in sample.pairs]
        for key, pair in zip(keys, sample.pairs, strict=True):
            drawn[names.index(key)] += 1
            chance[names.index(key)] = pair.probability
        weight.append(sum(value[k] / p.probability for k, p in zip(keys, sample.pairs, strict=True)))
        plain.append(np.mean([value[k] for k in keys]) * len(names))
        if design.per_message:
            assert max(np.unique([p.case for p in sample.pairs], return_counts=True)[1]) <= design.per_message
    assert (chance > 0).all()
    assert chance.sum() == pytest.approx(design.pairs)
    # 4.5 standard errors of a binomial share: over 7 designs x 48 pairs, a false alarm in 500 runs of this file.
    error = np.sqrt(chance * (1 - chance) / draws)
    assert (np.abs(drawn / draws - chance) <= 4.5 * error + 1e-12).all()
    total = edits.sum()
    assert abs(np.mean(weight) - total) < 4.5 * np.std(weight) / np.sqrt(draws)
    if design == DESIGNS[0]:  # the control: without probabilities the pairs the judge is unsure of count too often
        assert abs(np.mean(plain) - total) > 8 * np.std(plain) / np.sqrt(draws)


@pytest.mark.parametrize("design", DESIGNS, ids=str)
def test_the_order_of_rows_does_not_matter(design: Design) -> None:
    candidates, _ = world()
    first = draw_sample(candidates, design)
    shuffled = random.Random(1).sample(candidates, len(candidates))
    assert draw_sample(shuffled, design) == first
    other = draw_sample(candidates, Design(design.pairs, design.allocation, design.least, design.per_message, 18))
    assert {p.id for p in other.pairs} != {p.id for p in first.pairs}


def test_strata_keep_their_numbers_and_spread_over_themes() -> None:
    candidates, _ = world(messages=30)
    for seed in range(30):
        sample = draw_sample(candidates, Design(36, "proportional", seed=seed))
        assert {n for _, _, n in sample.strata} == {6} and len(sample.strata) == 6
        for _, population, drawn in sample.themes:
            # Six strata, each within one of its share (36 of 120) at both ends of a theme's run.
            assert abs(drawn - population * 36 / 120) < 6
    assert sum(n for _, n, _ in sample.strata) == 120


def test_more_is_drawn_where_the_judge_is_unsure_and_every_system_gets_its_least() -> None:
    candidates, _ = world(messages=30)
    counts = {
        a: {n: d for n, _, d in draw_sample(candidates, Design(24, a, 0)).strata} for a in ("neyman", "proportional")
    }
    assert counts["neyman"]["b/two|unsure"] > counts["proportional"]["b/two|unsure"]
    sample = draw_sample(candidates, Design(24, least=11))
    assert sum(d for n, _, d in sample.strata if n.startswith("a/one")) >= 11


def test_more_than_there_are_is_all_of_them() -> None:
    candidates, _ = world()
    sample = draw_sample(candidates, Design(500))
    assert len(sample.pairs) == 48 and {p.probability for p in sample.pairs} == {1.0}
    assert sample.notes == ("500 pairs were asked for, there are 48: all of them, each with probability 1",)
    limited = draw_sample(candidates, Design(500, per_message=1))
    assert len(limited.pairs) == 12 and "at most 1 a message" in limited.notes[0]


def candidates_of(**sizes: int) -> list[Candidate]:
    return [
        Candidate(f"m{i}", group, group, f"c{i}", (f"{group} {i}",), ("y",), (i % 7) / 7)
        for group, size in sizes.items()
        for i in range(size)
    ]


def by_group(sample) -> dict[str, int]:
    return {g: sum(p.draft_source == g for p in sample.pairs) for g in {p.draft_source for p in sample.pairs}}


@pytest.mark.parametrize(
    ("sizes", "design", "note"),
    [
        ({"a": 40, "b": 40}, Design(5), "--at-least 5 for 2 systems needs 10 pairs; 5 are drawn: "),
        ({"a": 40, "b": 40}, Design(50, least=30), "--at-least 30 for 2 systems needs 60 pairs; 50 are drawn: a 2"),
        ({"a": 40}, Design(3), "--at-least 5 for 1 system needs 5 pairs; 3 are drawn: a 3"),
        ({"a": 2, "b": 50, "c": 50}, Design(45, least=20), "fewer pairs than --at-least 20 there are of: a 2"),
        ({"a": 40, "b": 40}, Design(10), None),
        ({"a": 2, "b": 3}, Design(9), "9 pairs were asked for"),
        ({f"s{i:02}": 9 for i in range(12)}, Design(24), "s07 2 and 4 more"),
    ],
    ids=str,
)
def test_a_least_number_is_kept_or_the_notes_say_why_not(sizes: dict, design: Design, note: str | None) -> None:
    sample = draw_sample(candidates_of(**sizes), design)
    counts = by_group(sample)
    short = [g for g, size in sizes.items() if counts.get(g, 0) < min(design.least, size)]
    needed = sum(min(design.least, size) for size in sizes.values())
    assert bool(short) == (needed > design.pairs)
    assert [note in n for n in sample.notes] == [True] if note else sample.notes == ()


def test_a_limit_by_message_that_costs_a_system_its_least_is_said() -> None:
    rare = [Candidate("m0", "a", "a", f"c{i}", (f"a {i}",), ("y",), 0.5) for i in range(9)]
    rest = candidates_of(b=40)
    sample = draw_sample(rare + rest, Design(12, least=5, per_message=1))
    assert by_group(sample).get("a", 0) <= 1
    assert (
        len(sample.notes) == 1 and "with at most 1 pairs a message, fewer than --at-least 5 of: a " in sample.notes[0]
    )


def test_small_and_odd_populations() -> None:
    one = Candidate("m", "a/b", "a/b", "c", ("x",), ("y",))
    assert draw_sample([one], Design(1)).pairs[0].probability == 1.0
    twins = draw_sample([one, one], Design(2)).pairs
    assert len({p.id for p in twins}) == 2
    with pytest.raises(UsageError, match="no comparison to draw"):
        draw_sample([Candidate("m", "a/b", "a/b", "c", (), ())], Design(1))
    with pytest.raises(UsageError, match="did you mean 'neyman'"):
        Design(allocation="neymann")
    sample = draw_sample([one, Candidate("m", "a/b", "a/b", "d", (), ())], Design(1))
    assert sample.population == 1 and "without any unit" in sample.notes[0]


def test_ten_thousand_pairs_are_drawn_at_once() -> None:
    rng = np.random.default_rng(5)
    many = [
        Candidate(
            f"m{i // 10}", f"s{i % 3}", f"s{i % 3}", f"c{i}", (f"u{i}",) * 3, ("v",), float(rng.random()), "other"
        )
        for i in range(10_000)
    ]
    for design in (Design(500), Design(500, per_message=1)):
        assert len(draw_sample(many, design).pairs) == 500


def test_uncertainty_and_theme() -> None:
    def verdicts(*p: float) -> list[Verdict]:
        return [Verdict(Status.OK, x, x >= 0.5) for x in p]

    assert uncertainty([]) == 0 and uncertainty(verdicts(0.5)) == 1 and uncertainty(verdicts(0, 1)) == 0
    assert uncertainty([Verdict(Status.TIMEOUT)]) == 1
    taxonomy = default_taxonomy()

    def themes(*keys: str) -> list[ThemeVerdict]:
        return [ThemeVerdict(Status.OK, {}, (k,)) for k in keys]

    assert main_theme(themes("other", "other", "empathy"), taxonomy) == "empathy"
    assert main_theme(themes("patient_education", "empathy"), taxonomy) == "empathy"
    assert main_theme([], taxonomy) == "other"


def test_texts_have_the_ids_of_the_corpus() -> None:
    pairs = [
        PairToLabel("p1", "s1", ("a",), ("r",), "m/zero", "c1"), PairToLabel("p2", "s1", ("b",), ("r",), "m/zero", "c1"),
        PairToLabel("p3", "s1", ("a",), (), "m/zero", "c2"),
    ]  # fmt: skip
    found = {t.id: t.units for t in texts_of(pairs)}
    assert found == {"s1:m:zero": ("a",), "s1:m:zero#2": ("b",), "s1:c1": ("r",)}
