"""How good a judge is, on labels that nothing was trained, calibrated or chosen on.

Reads the test split of the bundled corpus, K-QA's physicians' labels and MTS-Dialog's correlation study.  Only for
reporting: `redline train encoder` writes these figures into the card, `benchmarks/judge_quality.py` prints them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from redline.corpus import bundled_rows
from redline.encoder import WordWeights, agreement
from redline.judging import ContentJudge, ContentQuestion, Direction, Pair, ThemeJudge, ThemeQuestion, pair_questions
from redline.scoring import content_load
from redline.taxonomy import default_taxonomy
from redline.training.encoder.measures import auc, calibration_error, f1_at, kappa
from redline.training.encoder.sources import json_rows
from redline.units import unit_texts

__all__ = ["kqa_quality", "mts_quality", "pairs_quality", "quality", "themes_quality"]

Figures = dict[str, Any]


def quality(content: ContentJudge, themes: ThemeJudge, data: Path | None) -> Figures:
    """All figures; those of the public sets only where `data` has them."""
    found: Figures = {"test_pairs": pairs_quality(content), "themes": themes_quality(themes)}
    if data is not None and (data / "kqa").is_dir():
        found["kqa"] = kqa_quality(content, data)
    if data is not None and (data / "mts_dialog").is_dir():
        found["mts_dialog"] = mts_quality(content, data)
    return found


def pairs_quality(judge: ContentJudge) -> Figures:
    """Unit decisions of the bundled test pairs against each of the two annotators (mean of both)."""
    pairs = {r["id"]: Pair(r["id"], tuple(r["draft"]), tuple(r["reference"])) for r in bundled_rows("pairs_test")}
    questions = [q for p in pairs.values() for q in pair_questions(p)]
    verdicts = judge.judge(questions)
    p = np.asarray([v.p_edit for v in verdicts], dtype=np.float64)
    hard = np.asarray([bool(v.hard) for v in verdicts])
    clusters = [i for i, x in enumerate(pairs.values()) for _ in pair_questions(x)]
    marks: dict[str, list[bool]] = {}
    by_key = {(r["pair"], r["annotator"]): r for r in bundled_rows("edits_test")}
    for annotator in sorted({a for _, a in by_key}):
        for pair in pairs:
            row = by_key[pair, annotator]
            marks.setdefault(annotator, []).extend(bool(m) for m in (*row["deleted"], *row["added"]))
    labels = [np.asarray(m) for m in marks.values()]
    return {
        "units": len(p), "prevalence": float(np.mean([y.mean() for y in labels])),
        "kappa": _interval(lambda i: float(np.mean([kappa(hard[i], y[i]) for y in labels])), clusters),
        "auc": _interval(lambda i: float(np.mean([auc(p[i], y[i]) for y in labels])), clusters),
        "calibration_error": float(np.mean([calibration_error(p, y) for y in labels])),
        "annotator_kappa": kappa(labels[0], labels[1]) if len(labels) == 2 else None,
        "word_coverage_auc": float(np.mean([auc(1 - _coverage(questions), y) for y in labels])),
    }  # fmt: skip


def kqa_quality(judge: ContentJudge, data: Path) -> Figures:
    """Is the statement carried by the answer?  Positive: the majority of three physicians says Entailment."""
    rows = list(json_rows(data / "kqa" / "nli.jsonl"))
    questions = [ContentQuestion(Direction.ADD, (r["claim"],), unit_texts(r["answer"]), 0) for r in rows]
    verdicts = judge.judge(questions)
    p = np.asarray([1.0 - (v.p_edit or 0.0) for v in verdicts])
    said = np.asarray([not v.hard for v in verdicts])
    y = np.asarray([r["majority_label"] == "Entailment" for r in rows])
    clusters = _numbers([r["question"] for r in rows])
    coverage = _coverage(questions)
    return {
        "statements": len(rows), "carried": int(y.sum()),
        "auc": _interval(lambda i: auc(p[i], y[i]), clusters),
        "f1": _interval(lambda i: f1_at(said[i].astype(float), y[i], 0.5)[2], clusters),
        "precision": f1_at(said.astype(float), y, 0.5)[0], "recall": f1_at(said.astype(float), y, 0.5)[1],
        "calibration_error": calibration_error(p, y), "word_coverage_auc": auc(coverage, y),
    }  # fmt: skip


def mts_quality(judge: ContentJudge, data: Path) -> Figures:
    """Content recall against people's fact recall, and content F1 against the true correction distance (Pearson)."""
    rows = list(json_rows(data / "mts_dialog" / "correlation_study.jsonl"))
    pairs = [
        Pair(str(i), unit_texts(r["automatic_summary"] or ""), unit_texts(r["reference_summary"]))
        for i, r in enumerate(rows)
    ]
    verdicts = iter(judge.judge([q for p in pairs for q in pair_questions(p)]))
    loads = []
    for pair in pairs:
        draft = [next(verdicts) for _ in pair.draft]
        loads.append(content_load(draft, [next(verdicts) for _ in pair.reference]))
    recall = np.asarray([x.recall or 0.0 for x in loads])
    f1 = np.asarray([x.f1 or 0.0 for x in loads])
    people = np.asarray([float(r["factual_recall"]) for r in rows])
    distance = np.asarray([float(r["edit_distance_to_human_correction"]) for r in rows])
    clusters = _numbers([r["dialogue_id"] for r in rows])
    return {
        "summaries": len(rows),
        "recall_r": _interval(lambda i: _pearson(recall[i], people[i]), clusters),
        "f1_distance_r": _interval(lambda i: _pearson(f1[i], distance[i]), clusters),
    }  # fmt: skip


def themes_quality(classifier: ThemeJudge) -> Figures:
    """Themes of test-split sentences: clinicians' against the writer's labels, model drafts against the blind annotator's."""
    split = {r["id"]: r["split"] for r in bundled_rows("cases")}
    people = [
        (s["text"], frozenset(s["themes"]))
        for r in bundled_rows("replies")
        if split[r["case"]] == "test"
        for s in r["sentences"]
    ]
    texts = {r["text_id"]: r["sentences"] for r in bundled_rows("theme_texts")}
    drafts = [
        (text, frozenset(themes))
        for r in bundled_rows("theme_labels")
        if r["text_id"].count(":") == 2 and split[r["text_id"].split(":")[0]] == "test"
        for text, themes in zip(texts[r["text_id"]], r["themes"], strict=True)
    ]
    return {"clinicians": _theme_figures(classifier, people), "drafts": _theme_figures(classifier, drafts)}


def _theme_figures(classifier: ThemeJudge, labelled: Sequence[tuple[str, frozenset[str]]]) -> Figures:
    verdicts = classifier.judge([ThemeQuestion((text,), 0) for text, _ in labelled])
    themes: Figures = {}
    for key in default_taxonomy().keys:
        y = np.asarray([key in t for _, t in labelled])
        said = np.asarray([key in v.themes for v in verdicts])
        precision, recall, f1 = f1_at(said.astype(float), y, 0.5)
        themes[key] = {
            "precision": precision, "recall": recall, "f1": f1, "support": int(y.sum()), "prevalence": float(y.mean()),
            "calibration_error": calibration_error(np.asarray([v.p[key] for v in verdicts]), y),
        }  # fmt: skip
    hits = sum(len(set(v.themes) & t) for v, (_, t) in zip(verdicts, labelled, strict=True))
    total = sum(len(v.themes) for v in verdicts) + sum(len(t) for _, t in labelled)
    return {
        "sentences": len(labelled), "macro_f1": float(np.mean([t["f1"] for t in themes.values()])),
        "micro_f1": 2 * hits / total, "themes": themes,
    }  # fmt: skip


def _coverage(questions: Sequence[ContentQuestion]) -> NDArray[np.float64]:
    """Share of the unit's content words that the other text holds: the floor that any judge must beat."""
    none = WordWeights({})
    return np.asarray([float(agreement(q.unit, q.other, none)[0]) for q in questions])


def _interval(figure: Callable[[NDArray[np.intp]], float], clusters: Sequence[int], draws: int = 400) -> Figures:
    """Estimate with a 95 % percentile interval over clusters (seed 17)."""
    label = np.asarray(clusters)
    members = [np.flatnonzero(label == c) for c in np.unique(label)]
    rng = np.random.default_rng(17)
    drawn = [
        figure(np.concatenate([members[k] for k in rng.integers(len(members), size=len(members))]))
        for _ in range(draws)
    ]
    low, high = np.nanquantile(drawn, [0.025, 0.975])
    return {"estimate": figure(np.arange(len(label))), "low": float(low), "high": float(high)}


def _pearson(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    return float(np.corrcoef(a, b)[0, 1])


def _numbers(names: Sequence[Any]) -> list[int]:
    place: dict[Any, int] = {}
    return [place.setdefault(n, len(place)) for n in names]
