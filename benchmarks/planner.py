"""How well the theme planner foresees the themes of replies to messages it has not seen, for clinicians it knows more or less of.

Fitted on the bundled train split; every choice was made there by cross-validation over messages (`--train` prints it).  The
test split is for reporting only.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from common import finish, machine
from numpy.typing import NDArray

from redline.corpus import Corpus, load_corpus
from redline.drafting.planner import ThemePlanner, decide
from redline.encoder import bundled_encoder
from redline.judging.encoder import shared_encoder
from redline.records import Reply
from redline.scoring import EditCost
from redline.stats import Interval, ResamplingPlan, bootstrap, group_clusters, intervals

Floats = NDArray[np.float64]
CURVE = (0, 5, 20, 50, 200)
REPEATS = 5
SEED = 17
BASELINE_WEIGHT = 2.0  # the clinician's own rate counts as many replies of the base rate
NAMES = ("planner", "base rate", "own rate")


class KeptVectors:
    """The same few hundred messages are asked for in every fit of the curve."""

    def __init__(self) -> None:
        self._encoder = shared_encoder(bundled_encoder())
        self._kept: dict[str, NDArray[np.float32]] = {}

    def sentence_vectors(self, units: Sequence[str]) -> NDArray[np.float32]:
        new = [u for u in dict.fromkeys(units) if u not in self._kept]
        if new:
            self._kept |= dict(zip(new, self._encoder.sentence_vectors(new), strict=True))
        return np.stack([self._kept[u] for u in units])


def present(replies: Sequence[Reply], themes: Sequence[str]) -> Floats:
    """(replies, themes): 1 where the reply carries the theme."""
    return np.asarray([[float(any(t in unit for unit in r.themes or ())) for t in themes] for r in replies])


class Scores:
    """Predictions of planner and baselines for some replies, beside what the replies carried."""

    def __init__(self, themes: tuple[str, ...]) -> None:
        self.themes = themes
        self.cases: list[str] = []
        self.rows: list[Floats] = []  # (4, themes): planner, base rate, own rate, truth
        self.edges: list[Floats] = []  # (2, themes): quartiles of the planner

    def add(self, planner: ThemePlanner, past: Corpus, asked: Corpus, clinician: str | None) -> None:
        """The replies of `clinician` (None: of everybody, asked as if unknown) in `asked`, from a planner fitted on `past`."""
        replies = [r for r in asked.independent if clinician in (None, r.clinician)]
        if not replies:
            return
        found = planner.predict([asked.by_id[r.case] for r in replies], clinician)
        base = present(past.independent, self.themes).mean(axis=0)
        mine = [r for r in past.independent if r.clinician == clinician]
        carried = present(mine, self.themes).sum(axis=0) if mine else 0.0
        own = (carried + BASELINE_WEIGHT * base) / (len(mine) + BASELINE_WEIGHT)
        for i, (reply, truth) in enumerate(zip(replies, present(replies, self.themes), strict=True)):
            self.cases.append(reply.case)
            self.rows.append(np.stack([found.p[i], base, own, truth]))
            self.edges.append(np.stack([found.low[i], found.high[i]]))

    @property
    def losses(self) -> tuple[Floats, Floats]:
        """Log loss and Brier score (replies, 3, themes)."""
        table = np.stack(self.rows)
        p, y = np.clip(table[:, :3], 1e-6, 1 - 1e-6), table[:, 3:]
        return -(y * np.log(p) + (1 - y) * np.log(1 - p)), (p - y) ** 2

    def calibration_error(self, bins: int = 10) -> float:
        """Mean distance of mean probability and share, over ten equally filled bins."""
        table = np.stack(self.rows)
        p, y = table[:, 0].ravel(), table[:, 3].ravel()
        parts = np.array_split(np.argsort(p, kind="stable"), bins)
        return float(sum(len(i) * abs(p[i].mean() - y[i].mean()) for i in parts) / len(p))

    def decisions(self, cost: EditCost) -> dict[str, Any]:
        """Shares of the decisions, how often each theme was wanted, and the cost of a reply in units of writing."""
        table, edges = np.stack(self.rows), np.stack(self.edges)
        y = table[:, 3]
        made = np.asarray(
            [
                [decide(float(a), float(b), float(c), cost) for a, b, c in zip(p, low, high, strict=True)]
                for p, (low, high) in zip(table[:, 0], edges, strict=True)
            ]
        )
        blind = np.asarray([decide(float(p), float(p), float(p), cost) for p in table[0, 1]])
        paid = {
            "planner": _paid(made, y, cost),
            "base rate": _paid(np.broadcast_to(blind, y.shape), y, cost),
            "write everything": _paid(np.full(y.shape, "write"), y, cost),
            "leave everything out": _paid(np.full(y.shape, "leave_out"), y, cost),
        }
        shares = {
            d: {"share": float((made == d).mean()), "wanted": float(y[made == d].mean()) if (made == d).any() else None}
            for d in ("write", "suggest", "leave_out")
        }
        return {"decisions": shares, "cost_per_reply": paid}


def _paid(made: NDArray[np.str_], y: Floats, cost: EditCost) -> float:
    written, left = made == "write", made == "leave_out"
    paid = written * (1 - y) * (cost.read + cost.delete) + left * y * cost.write + (made == "suggest") * cost.read
    return float(paid.sum(axis=1).mean())


def _interval(found: Interval) -> dict[str, float | None]:
    return {
        name: None if value is None else round(value, 4)
        for name, value in (("estimate", found.estimate), ("low", found.low), ("high", found.high))
    }


def summary(scores: Scores) -> dict[str, Any]:
    """Micro over themes and per theme, 95 % intervals by cluster bootstrap over messages, differences paired."""
    log_loss, brier = scores.losses
    cluster, count = group_clusters(scores.cases)
    cells = 1 + len(scores.themes)
    sums = np.zeros((count, cells, 7))
    for kind, table in ((0, log_loss), (3, brier)):
        np.add.at(sums[:, 1:, kind : kind + 3], cluster, table.transpose(0, 2, 1))
    np.add.at(sums[:, 1:, 6], cluster, 1.0)
    sums[:, 0] = sums[:, 1:].sum(axis=1)

    def score(s: Floats) -> Floats:
        mean = s[..., :6] / s[..., 6:]
        less = [1 - s[..., i] / s[..., j] for i, j in ((0, 1), (0, 2), (3, 4), (3, 5))]
        gaps = [mean[..., 0] - mean[..., 1], mean[..., 0] - mean[..., 2]]
        return np.concatenate([mean, np.stack([*less, *gaps], axis=-1)], axis=-1)

    names = [f"{kind}, {name}" for kind in ("log loss", "Brier") for name in NAMES]
    names += [f"{kind} saved, share of the {name}" for kind in ("log loss", "Brier") for name in NAMES[1:]]
    names += [f"log loss, planner minus {name}" for name in NAMES[1:]]
    table = intervals(bootstrap(sums, score, ResamplingPlan(count, seed=SEED)))
    found = {
        cell: {n: _interval(i) for n, i in zip(names, row, strict=True)}
        for cell, row in zip(("micro", *scores.themes), table, strict=True)
    }
    return {"replies": len(scores.rows), "messages": count, "calibration_error": scores.calibration_error()} | found


def evaluate(past: Corpus, asked: Corpus, encoder: KeptVectors, cost: EditCost) -> tuple[Scores, Scores]:
    """(scores for the clinicians known, scores for the same replies as if nobody knew who writes)."""
    planner = ThemePlanner.fit(past, encoder, cost)
    known, unknown = Scores(planner.themes), Scores(planner.themes)
    for clinician in asked.clinicians:
        known.add(planner, past, asked, clinician)
    unknown.add(planner, past, asked, None)
    return known, unknown


def curve(past: Corpus, asked: Corpus, encoder: KeptVectors, cost: EditCost) -> list[dict[str, Any]]:
    """Log loss by how many replies of the clinician asked about were there; those of the others always are."""
    rows = []
    for wanted in CURVE:
        losses, numbers = [], set()
        for place, clinician in enumerate(past.clinicians):
            mine = [r for r in past.replies if r.clinician == clinician]
            numbers.add(min(wanted, len(mine)))
            for repeat in range(REPEATS if 0 < wanted < len(mine) else 1):
                rng = np.random.default_rng([SEED, place, wanted, repeat])
                kept = {mine[i].case for i in rng.permutation(len(mine))[:wanted]}
                replies = tuple(r for r in past.replies if r.clinician != clinician or r.case in kept)
                part = Corpus(past.name, past.cases, replies)
                planner = ThemePlanner.fit(part, encoder, cost)
                scores = Scores(planner.themes)
                scores.add(planner, part, asked, clinician)
                losses.append(scores.losses[0].mean(axis=(0, 2)))
        mean = np.mean(np.stack(losses).reshape(len(past.clinicians), -1, 3), axis=(0, 1))
        rows.append(
            {"asked": wanted, "used": sorted(numbers)}
            | {n: round(float(v), 4) for n, v in zip(NAMES, mean, strict=True)}
        )
    return rows


def folds(train: Corpus, encoder: KeptVectors, cost: EditCost, count: int = 10) -> Scores:
    """The same scores by cross-validation over the messages of the train split."""
    ids = np.asarray([c.id for c in train.cases])
    place = np.random.default_rng(SEED).permutation(len(ids)) % count
    scores: Scores | None = None
    for number in range(count):
        past, asked = train.only(cases=ids[place != number]), train.only(cases=ids[place == number])
        planner = ThemePlanner.fit(past, encoder, cost)
        scores = scores or Scores(planner.themes)
        for clinician in asked.clinicians:
            scores.add(planner, past, asked, clinician)
    assert scores is not None
    return scores


def show(title: str, found: dict[str, Any]) -> None:
    """Log losses and savings of each row."""
    print(f"\n{title}: {found['replies']} replies to {found['messages']} messages")
    for name in [n for n in found if isinstance(found[n], dict)]:
        row = found[name]
        losses = "  ".join(f"{n} {row[f'log loss, {n}']['estimate']:.3f}" for n in NAMES)
        saved = row["log loss saved, share of the base rate"]
        print(f"  {name:22} {losses}  saved {saved['estimate']:6.1%} [{saved['low']:.1%}, {saved['high']:.1%}]")


def options() -> argparse.Namespace:
    """`--json FILE`; `--train` leaves the test split unread."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    parser.add_argument("--train", action="store_true", help="only cross-validation on the train split")
    return parser.parse_args()


def main() -> None:
    """Cross-validation on train, then the test split with the learning curve, then the bars."""
    chosen, corpus, encoder, cost = options(), load_corpus("bundled"), KeptVectors(), EditCost()
    train = corpus.only(split="train")
    figures: dict[str, Any] = {"train": summary(folds(train, encoder, cost))}
    show("train split, cross-validated", figures["train"])
    bars: list[tuple[str, float, float, bool]] = []
    if not chosen.train:
        test = corpus.only(split="test")
        known, unknown = evaluate(train, test, encoder, cost)
        figures |= {"test": summary(known) | {"use": known.decisions(cost)}}
        figures |= {"test, clinician unknown": summary(unknown) | {"use": unknown.decisions(cost)}}
        figures["curve"] = curve(train, test, encoder, cost)
        for title in ("test", "test, clinician unknown"):
            show(title, {k: v for k, v in figures[title].items() if k != "use"})
            print(figures[title]["use"])
        for row in figures["curve"]:
            print(row)
        micro = figures["test"]["micro"]
        gap = micro["log loss, planner minus own rate"]
        saved = micro["log loss saved, share of the base rate"]["estimate"]
        bars = [
            ("log loss saved, share of the base rate's", saved, 0.15, True),
            ("log loss, planner minus the clinician's own rate", gap["estimate"], 0.0, False),
            ("the same, upper end of the interval", gap["high"], 0.0, False),
        ]
    finish({"figures": figures, "machine": machine("numpy", "onnxruntime")}, bars, chosen.json)


if __name__ == "__main__":
    main()
