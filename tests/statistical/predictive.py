"""Corrected figures of a whole world at once: replications are the cells of one bootstrap."""

from __future__ import annotations

import sys

import numpy as np

from redline.scoring import EditCost
from redline.scoring.measures import edit_amounts, edit_scores
from redline.stats import ResamplingPlan
from redline.stats.predictive import LabelledSums, corrected_contrasts, corrected_estimates
from tests.statistical.worlds import Drawn, World, choose, draw


def scores(sums: np.ndarray) -> np.ndarray:
    """Edit-P, R and F1."""
    return np.stack(edit_scores(*(sums[..., i] for i in range(4))), axis=-1)


def amounts(sums: np.ndarray) -> np.ndarray:
    """Deletions, additions and what is saved a comparison; the last column counts comparisons."""
    return np.stack(edit_amounts(*np.moveaxis(sums[..., :4], -1, 0), cost=EditCost()), axis=-1) / sums[..., 4:]


def counted(drawn: Drawn) -> Drawn:
    """The same with a column that counts comparisons."""
    return Drawn(*(np.concatenate([x, np.ones_like(x[..., :1])], axis=-1) for x in (drawn.human, drawn.judge)))


def sums_of(drawn: Drawn, weights: np.ndarray) -> LabelledSums:
    """Sums with the first and the second half of the strategies as the two cells of each replication."""

    def cells(x: np.ndarray) -> np.ndarray:
        replications, messages, strategies = x.shape[:3]
        halves = x.reshape(replications, messages, 2, strategies // 2, *x.shape[3:]).sum(axis=3)
        return np.moveaxis(halves, 1, 0).reshape(messages, replications * 2, *x.shape[3:])

    weight = weights[..., None]
    parts = (drawn.judge, drawn.human * weight, drawn.judge * weight)
    return LabelledSums(*(cells(p) for p in parts), cells((weights > 0).astype(int)))


def estimated(sums: LabelledSums, draws: int = 1_000, *, score=scores, **settings) -> dict[str, np.ndarray]:
    """Arrays (replications, 2, values[, 2]) of intervals and weights."""
    found = corrected_estimates(sums, score, ResamplingPlan(len(sums.judged), draws, 5), **settings)
    return _arrays([f for row in found for f in row], (-1, 2, 3))


def contrasted(sums: LabelledSums, draws: int = 1_000) -> dict[str, np.ndarray]:
    """The same of the differences between the two cells, with p-values: (replications, values[, 2])."""
    names = [("a", "b")] * (sums.labels.shape[1] // 2)
    found = corrected_contrasts(sums, scores, ResamplingPlan(len(sums.judged), draws, 5), names)
    flat = [c for row in found for c in row]
    p = np.array([1.0 if c.p is None else c.p for c in flat]).reshape(-1, 3)
    return _arrays([c.figure for c in flat], (-1, 3)) | {"p": p}


def _arrays(flat: list, shape: tuple[int, ...]) -> dict[str, np.ndarray]:
    kinds = {
        "plain": [f.plain for f in flat],
        "human": [f.human for f in flat],
        "corrected": [f.corrected for f in flat],
        "error": [f.error for f in flat],
    }
    arrays = {
        kind: np.array([(i.low, i.high) if i.known else (np.nan, np.nan) for i in found]).reshape(*shape, 2)
        for kind, found in kinds.items()
    }
    return arrays | {"weight": np.array([f.weight if f.weight is not None else np.nan for f in flat]).reshape(shape)}


def coverage(found: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Share of replications whose interval holds the truth, for each figure; no interval holds nothing."""
    return ((found[..., 0] <= truth) & (truth <= found[..., 1])).mean(axis=0)


def ratio_of_widths(found: dict[str, np.ndarray]) -> np.ndarray:
    """Mean corrected width over mean human-only width, for each figure."""
    wide = {kind: np.nanmean(found[kind][..., 1] - found[kind][..., 0], axis=0) for kind in ("corrected", "human")}
    return wide["corrected"] / wide["human"]


Setting = tuple[str, World, int, dict[str, bool]]


def settings(labelled: int) -> list[Setting]:
    """Every world and way of labelling of the table of docs/design/009: name, world, judged messages, how labels are chosen."""
    sides = ((0.10, 0.30), (0.20, 0.05)), ((0.05, 0.30), (0.10, 0.05))
    even, heavy = World((0.6,) * 2, (0.5,) * 2, *sides[0]), World((0.85,) * 2, (0.8,) * 2, *sides[1])
    thrice = World((0.6,) * 6, (0.5,) * 6, *(tuple(x for x in side for _ in range(3)) for side in sides[0]))
    few = max(400, 2 * labelled)
    return [
        ("even", even, 1_000, {}),
        ("heavy", heavy, 1_000, {}),
        ("even", even, 1_000, {"unequal": True}),
        ("heavy", heavy, 1_000, {"unequal": True}),
        ("thrice", thrice, few, {"partly": True}),
        ("thrice", thrice, few, {"partly": True, "apart": True}),
    ]


def measured(labelled: int, setting: Setting, seed: int, replications: int = 1_000, draws: int = 1_000) -> dict:
    """Coverages, false positives and widths of one setting."""
    _, world, messages, chosen = setting
    rng = np.random.default_rng([labelled, seed])
    drawn = counted(draw(world, rng, messages, replications))
    sums = sums_of(drawn, choose(rng, drawn, labelled, **chosen))
    places = [0, len(world.deletion) // 2]
    truth = world.human_scores()[places]
    one, both = estimated(sums, draws), contrasted(sums, draws)
    amount = estimated(sums, draws, score=amounts)["corrected"]
    error = world.judge_scores()[places] - truth
    return {kind: coverage(one[kind], truth) for kind in ("plain", "human", "corrected")} | {
        "amounts": coverage(amount, world.human_amounts()[places]),
        "error": coverage(one["error"], error),
        "contrast": coverage(both["corrected"], truth[0] - truth[1]),
        "positive": (both["p"] < 0.05).mean(axis=0),
        "ratio": ratio_of_widths(one).mean(),
        "contrast_ratio": ratio_of_widths(both).mean(),
    }


def report() -> None:
    """The table of docs/design/009 at 30, 50, 100 and 500 labelled messages, 1,000 replications each."""
    for labelled in (30, 50, 100, 500):
        for setting in settings(labelled):
            _tell(labelled, setting, measured(labelled, setting, 3))


def again() -> None:
    """Settings of which a single figure lay outside its bar, with 5,000 replications of other seeds."""
    for labelled, places in ((30, (0, 1, 3)), (100, (2, 5))):
        for setting in (settings(labelled)[i] for i in places):
            found = [measured(labelled, setting, seed) for seed in range(20, 25)]
            _tell(labelled, setting, {key: np.mean([f[key] for f in found], axis=0) for key in found[0]})


def _tell(labelled: int, setting: Setting, found: dict) -> None:
    shown = "  ".join(
        f"{k} {found[k].mean():.3f} ({found[k].min():.3f}-{found[k].max():.3f})"
        for k in ("plain", "human", "corrected", "amounts", "error", "contrast", "positive")
    )
    widths = f"widths {found['ratio']:.2f}, of contrasts {found['contrast_ratio']:.2f}"
    print(f"{labelled} {setting[0]} {'+'.join(setting[3])}: {shown}  {widths}", flush=True)


if __name__ == "__main__":
    again() if "again" in sys.argv[1:] else report()
