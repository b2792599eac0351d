"""What 50 human-labelled pairs are worth when 1,000 are judged: width and coverage of the corrected edit-F1, bundled data.

The population are the bundled test pairs with two annotators (the mean of both is the truth) and the shipped judge's verdicts.
Studies are drawn from it: cases with replacement until they hold 1,000 pairs, 50 of those pairs labelled, at random.  Every
study gives a human-only and a corrected interval; both should cover the population's own value equally often.  Then one real
run without redrawing: 50 labelled pairs of the two recorded systems, and all their test comparisons judged.
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np
from common import arguments, finish, machine

from redline.annotation import AnnotatedPair, read_annotated_pairs
from redline.corpus import bundled_path, load_corpus
from redline.judging import ContentJudge, Runner, VerdictStore, content_judge, pair_questions
from redline.scoring import Comparison, Kind, comparisons, content_load
from redline.scoring.human_loads import human_load, human_loads
from redline.scoring.measures import edit_scores
from redline.stats import ResamplingPlan, group_clusters
from redline.stats.predictive import Corrected, LabelledSums, corrected_estimates, labelled_sums

STUDIES, JUDGED, LABELLED, DRAWS = 2_000, 1_000, 50, 1_000
NAMES = ("precision", "recall", "f1")


def score(sums: np.ndarray) -> np.ndarray:
    """Edit-P, R and F1."""
    return np.stack(edit_scores(*(sums[..., i] for i in range(4))), axis=-1)


def judge_loads(judge: ContentJudge, pairs: list[Any]) -> np.ndarray:
    """(pairs, 4): the expected loads of the judge."""
    questions = [pair_questions(p) for p in pairs]
    verdicts = iter(Runner(judge, VerdictStore(), 0).run([q for some in questions for q in some]))
    rows = []
    for p in pairs:
        draft, reference = ([next(verdicts) for _ in side] for side in (p.draft, p.reference))
        load = content_load(draft, reference)
        rows.append((load.draft_units, load.deletions, load.reference_units, load.additions))
    return np.array(rows)


def people_loads(pairs: list[AnnotatedPair]) -> np.ndarray:
    """(pairs, 4): the mean of the annotators."""
    loads = [human_load(p) for p in pairs]
    return np.array([(x.draft_units, x.deletions, x.reference_units, x.additions) for x in loads if x is not None])


def studies(pairs: list[AnnotatedPair], human: np.ndarray, judge: np.ndarray, seed: int, many: int) -> LabelledSums:
    """`many` studies as the cells of one set of sums; a cluster is a drawn case."""
    rng = np.random.default_rng(seed)
    cases = list(dict.fromkeys(p.case for p in pairs))
    members = [np.array([i for i, p in enumerate(pairs) if p.case == case]) for case in cases]
    rows, clusters, cells, weights = [], [], [], []
    for study in range(many):
        drawn = rng.integers(0, len(cases), 2 * JUDGED)
        sizes = np.cumsum([len(members[c]) for c in drawn])
        drawn = drawn[: int(np.searchsorted(sizes, JUDGED)) + 1]
        mine = np.concatenate([members[c] for c in drawn])
        rows.append(mine)
        clusters.append(np.repeat(np.arange(len(drawn)), [len(members[c]) for c in drawn]))
        cells.append(np.full(len(mine), study))
        weight = np.zeros(len(mine))
        weight[rng.choice(len(mine), LABELLED, replace=False)] = 1.0
        weights.append(weight)
    at = np.concatenate(rows)
    place = np.concatenate(clusters)
    shape = (int(place.max()) + 1, many)
    return labelled_sums(judge[at], human[at], np.concatenate(weights), place, np.concatenate(cells), shape)


def simulated(pairs: list[AnnotatedPair], human: np.ndarray, judge: np.ndarray) -> dict[str, Any]:
    """Coverage and mean widths over all studies."""
    truth = score(human.sum(axis=0))
    found: list[list[Corrected]] = []
    for part in range(STUDIES // 250):
        sums = studies(pairs, human, judge, 17 + part, 250)
        found += corrected_estimates(sums, score, ResamplingPlan(len(sums.judged), DRAWS), limits=(0.0, 1.0))
    result: dict[str, Any] = {"studies": len(found), "judged": JUDGED, "labelled": LABELLED}
    for value, name in enumerate(NAMES):
        mine = [row[value] for row in found]
        both = [f for f in mine if f.known and f.human.known]
        figures: dict[str, Any] = {"truth": float(truth[value]), "given": len(both)}
        for kind in ("plain", "human", "corrected"):
            ends = np.array([(getattr(f, kind).low, getattr(f, kind).high) for f in both])
            figures[kind] = {
                "coverage": float(((ends[:, 0] <= truth[value]) & (truth[value] <= ends[:, 1])).mean()),
                "width": float((ends[:, 1] - ends[:, 0]).mean()),
            }
        figures["narrower"] = 1 - figures["corrected"]["width"] / figures["human"]["width"]
        figures["weight"] = float(np.mean([f.weight for f in both]))
        figures["effective"] = float(np.median([f.effective for f in both]))
        result[name] = figures
    return result


def real(pairs: list[AnnotatedPair], judge: ContentJudge) -> dict[str, Any]:
    """50 seeded labelled pairs of the recorded systems, all test comparisons of these as the judged pool, one row."""
    corpus = load_corpus("bundled")
    test = {case.id for case in corpus.cases if case.split == "test"}
    found = [c for c in comparisons(corpus) if c.kind is Kind.SYSTEM and c.case in test]
    fitting = [p for p in pairs if human_loads(found, [p]).counts.fitting]
    chosen = [fitting[i] for i in np.random.default_rng(17).choice(len(fitting), LABELLED, replace=False)]
    people = human_loads(found, chosen)
    index, clusters = group_clusters([c.case for c in found])
    cells = np.zeros(len(found), dtype=np.intp)
    sums = labelled_sums(_of(found, judge), people.loads, people.weights, index, cells, (clusters, 1))
    row = corrected_estimates(sums, score, ResamplingPlan(clusters, 10_000), limits=(0.0, 1.0))[0]
    ends = ("estimate", "low", "high")
    return {"judged": len(found), "labelled": LABELLED, "messages": clusters} | {
        name: {kind: [getattr(getattr(f, kind), e) for e in ends] for kind in ("plain", "human", "corrected")}
        | {"weight": f.weight, "effective": f.effective, "narrower": _narrower(f)}
        for name, f in zip(NAMES, row, strict=True)
    }


def _of(found: list[Comparison], judge: ContentJudge) -> np.ndarray:
    return judge_loads(judge, [c.pair for c in found])


def _narrower(figure: Corrected) -> float:
    wide = [(i.high or 0.0) - (i.low or 0.0) for i in (figure.corrected, figure.human)]
    return 1 - wide[0] / wide[1]


def main() -> None:
    """Simulate, then run once for real."""
    options = arguments(__doc__ or "")
    folder, began = bundled_path(), time.perf_counter()
    pairs = read_annotated_pairs(folder / "pairs_test.jsonl", folder / "edits_test.jsonl")
    judge = content_judge()
    human, judged = people_loads(pairs), judge_loads(judge, [p.pair for p in pairs])
    figures = simulated(pairs, human, judged)
    for name in NAMES:
        f = figures[name]
        print(
            f"{name}: human-only covers {f['human']['coverage']:.3f}, width {f['human']['width']:.3f}; corrected covers "
            f"{f['corrected']['coverage']:.3f}, width {f['corrected']['width']:.3f} ({f['narrower']:.1%} narrower, weight "
            f"{f['weight']:.2f}, worth {f['effective']:.0f} labels); judge alone covers {f['plain']['coverage']:.3f}"
        )
    once = real(pairs, judge)
    for name in NAMES:
        print(f"{name}, one real run: {once[name]}")
    f1 = figures["f1"]
    bars = [
        ("corrected edit-F1, share narrower than human-only", f1["narrower"], 0.25, True),
        ("coverage of the corrected edit-F1", f1["corrected"]["coverage"], 0.93, True),
        ("coverage of the corrected edit-F1", f1["corrected"]["coverage"], 0.97, False),
        ("coverage lost against human-only", f1["human"]["coverage"] - f1["corrected"]["coverage"], 0.02, False),
    ]
    seconds = time.perf_counter() - began
    found = {"simulated": figures, "real": once, "seconds": seconds, "machine": machine("numpy", "onnxruntime")}
    finish(found, bars, options.json)


if __name__ == "__main__":
    main()
