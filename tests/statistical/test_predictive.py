"""Corrected figures and contrasts by simulation: coverage, false positives, and the variants that must fail.

Messages have an intra-class correlation of 0.3, the judge errs in 5 to 30 % of units and differently in the two strategies,
which people edit equally.  1,000 replications a setting: the Monte-Carlo standard error of a coverage is 0.7 %.
"""

import numpy as np
import pytest

from redline.annotation.sampling import Candidate, Design, draw_sample
from redline.stats.intervals import MIN_CLUSTERS
from redline.stats.predictive import LabelledSums
from tests.statistical.predictive import amounts, contrasted, counted, coverage, estimated, ratio_of_widths, sums_of
from tests.statistical.worlds import World, choose, draw

REPLICATIONS = 1_000
ERROR = 0.0069
EVEN = World(false_edit=(0.10, 0.30), missed_edit=(0.20, 0.05))
HEAVY = World(deletion=(0.85, 0.85), addition=(0.8, 0.8), false_edit=(0.05, 0.30), missed_edit=(0.10, 0.05))
"""Nearly everything is edited (edit-F1 0.17, as in the paper), so scores are skewed."""
THRICE = World(
    (0.6,) * 6, (0.5,) * 6, (0.10, 0.10, 0.10, 0.30, 0.30, 0.30), (0.20, 0.20, 0.20, 0.05, 0.05, 0.05)
)  # fmt: skip
"""Three replies to each message, so that clusters can be labelled in part."""
SETTINGS = {
    30: (THRICE, 400, {"partly": True}),
    50: (HEAVY, 1_000, {"unequal": True}),
    100: (THRICE, 400, {"partly": True, "apart": True}),
    500: (EVEN, 1_000, {"unequal": True}),
}
"""Labelled messages -> world, judged messages, how labels are chosen.  Every setting has 1,000 judged comparisons or more."""


def study(labelled: int, replications: int = REPLICATIONS) -> tuple[LabelledSums, np.ndarray]:
    world, messages, chosen = SETTINGS[labelled]
    rng = np.random.default_rng([labelled, 20])
    drawn = draw(world, rng, messages, replications)
    truth = world.human_scores()[[0, len(world.deletion) // 2]]
    return sums_of(drawn, choose(rng, drawn, labelled, **chosen)), truth


@pytest.mark.slow
@pytest.mark.parametrize("labelled", SETTINGS)
def test_corrected_figures_cover_and_the_judges_own_do_not(labelled: int) -> None:
    """Intervals: 93 to 97 %; false positives of contrasts: at most 6 % at nominal 5.

    Each figure may be off by two Monte-Carlo errors, the mean of a setting's figures may not.
    """
    sums, truth = study(labelled)
    found = estimated(sums, draws=600)
    check_intervals(found, truth)
    world = SETTINGS[labelled][0]
    error = coverage(found["error"], world.judge_scores()[[0, len(world.deletion) // 2]] - truth)
    assert 0.93 <= error.mean() <= 0.97 and (error >= 0.93 - 2 * ERROR).all()
    found, change = contrasted(sums, draws=600), truth[0] - truth[1]
    positive = (found["p"] < 0.05).mean(axis=0)
    assert positive.mean() <= 0.06 and (positive <= 0.06 + 2 * ERROR).all()
    covered = coverage(found["corrected"], change)
    assert 0.93 <= covered.mean() <= 0.97 and (covered >= 0.93 - 2 * ERROR).all()
    assert coverage(found["plain"], change).max() < 0.2  # the judge's liking for one style is not an effect


def check_intervals(found: dict[str, np.ndarray], truth: np.ndarray) -> None:
    covered = coverage(found["corrected"], truth)
    assert 0.93 <= covered.mean() <= 0.97
    assert (covered >= 0.93 - 2 * ERROR).all() and (covered <= 0.97 + 2 * ERROR).all()
    assert (coverage(found["human"], truth) >= 0.93 - 2 * ERROR).all()
    assert coverage(found["plain"], truth).mean() < 0.4
    assert (ratio_of_widths(found) < 0.85).all()
    given = ~np.isnan(found["weight"])
    assert given.mean() > 0.99
    wide = {kind: found[kind][..., 1] - found[kind][..., 0] for kind in ("corrected", "human")}
    assert (wide["corrected"][given] <= wide["human"][given] + 1e-12).all()


@pytest.mark.slow
@pytest.mark.parametrize("labelled", (30, 50))
def test_amounts_a_comparison_cover_as_well(labelled: int) -> None:
    """Deletions, additions and units saved; the judge's own are as wrong as its scores."""
    world, messages, chosen = SETTINGS[labelled]
    rng = np.random.default_rng([labelled, 24])
    drawn = counted(draw(world, rng, messages, REPLICATIONS))
    truth = world.human_amounts()[[0, len(world.deletion) // 2]]
    found = estimated(sums_of(drawn, choose(rng, drawn, labelled, **chosen)), draws=600, score=amounts)
    covered = coverage(found["corrected"], truth)
    assert 0.93 <= covered.mean() <= 0.97
    assert (covered >= 0.93 - 2 * ERROR).all() and (covered <= 0.97 + 2 * ERROR).all()
    assert coverage(found["plain"], truth).mean() < 0.4 and (ratio_of_widths(found) < 0.9).all()


@pytest.mark.slow
def test_another_strategys_labels_do_not_correct() -> None:
    """Negative control: correct the second strategy by the first one's judge error."""
    sums, truth = study(30, 200)
    first = np.arange(sums.labels.shape[1]) // 2 * 2
    error = sums.paired[:, first] - sums.human[:, first]
    lent = LabelledSums(sums.judged, sums.paired - error, sums.paired, sums.labels)
    wrong = coverage(estimated(lent, draws=400)["corrected"], truth)
    assert wrong[0].min() > 0.9 and wrong[1].max() < 0.5


@pytest.mark.slow
def test_a_real_difference_is_found_with_fewer_labels_than_people_need() -> None:
    """A true gain of b that the judge hides: people alone miss it more often."""
    world = World((0.60, 0.53), (0.50, 0.45), (0.10, 0.25), (0.20, 0.05))
    rng = np.random.default_rng(21)
    drawn = draw(world, rng, 1_000, 200)
    found = contrasted(sums_of(drawn, choose(rng, drawn, 40)), draws=600)
    truth = np.subtract(*world.human_scores())
    power = {kind: (found[kind][:, 2, 1] < 0).mean() for kind in ("human", "corrected")}
    assert coverage(found["corrected"], truth).min() > 0.9
    assert power["corrected"] > power["human"]


@pytest.mark.slow
@pytest.mark.parametrize(("needed", "least", "most"), [(MIN_CLUSTERS, 0.93, 0.975), (0, 0.0, 0.87)])
def test_a_judge_that_is_seldom_wrong_but_then_wholly(needed: int, least: float, most: float, monkeypatch) -> None:
    """It says what people say except in 5 % of the drafts, in which it sees nothing to edit.  30 labels show one or two of those.

    Control: to trust it after any number of errors.  300 replications: a Monte-Carlo error of 0.5 % for a mean of six figures.
    """
    monkeypatch.setattr("redline.stats.predictive.estimate.MIN_CLUSTERS", needed)
    rng = np.random.default_rng(23)
    world = World((0.6,) * 2, (0.5,) * 2, (0.0,) * 2, (0.0,) * 2)
    drawn = draw(world, rng, 1_000, 300)
    missed = rng.uniform(size=drawn.judge.shape[:3]) < 0.05
    drawn.judge[..., 1] *= ~missed
    drawn.judge[..., 3] *= ~missed
    found = estimated(sums_of(drawn, choose(rng, drawn, 30)), draws=600)
    assert least <= coverage(found["corrected"], world.human_scores()).mean() <= most


@pytest.mark.slow
def test_pairs_drawn_by_annotate_sample_correct_as_well() -> None:
    """The real sampler: Neyman shares over strata, the judge's doubt deciding who is drawn; 80 of 600 pairs.

    200 replications: a Monte-Carlo error of 1.5 %, and three of them are allowed.
    """
    rng = np.random.default_rng(22)
    drawn = draw(EVEN, rng, 300, 200)
    share = drawn.judge[..., 1] / drawn.judge[..., 0]
    weights = np.zeros(share.shape)
    for r, shares in enumerate(share):
        found = [
            Candidate(f"s{m}", f"system {s}", f"{s}", "c1", (f"d{m}",), (f"r{m} {s}",), float(x * (1 - x)))
            for (m, s), x in np.ndenumerate(shares)
        ]
        for pair in draw_sample(found, Design(pairs=80, seed=r)).pairs:
            weights[r, int(pair.case[1:]), int(pair.draft_source)] = 1 / pair.probability
    assert len(np.unique(weights[weights > 0])) > 2
    sums = sums_of(drawn, weights)
    covered = coverage(estimated(sums, draws=400)["corrected"], EVEN.human_scores())
    assert (covered >= 0.95 - 3 * 0.0154).all() and covered.mean() <= 0.98
    positive = (contrasted(sums, draws=400)["p"] < 0.05).mean(axis=0)
    assert (positive <= 0.06 + 3 * 0.0154).all()
