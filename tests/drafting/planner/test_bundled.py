"""The bundled train split with the shipped encoder; the test split is the benchmark's."""

import numpy as np
import pytest

from redline.corpus import load_corpus
from redline.drafting.planner import ThemePlanner
from redline.encoder import EditEncoder, bundled_encoder
from redline.scoring import EditCost


@pytest.mark.slow
def test_held_out_train_messages_are_foreseen_better_than_by_base_rates() -> None:
    train = load_corpus("bundled").only(split="train")
    ids = [c.id for c in train.cases]
    past, asked = train.only(cases=ids[40:]), train.only(cases=ids[:40])
    planner = ThemePlanner.fit(past, EditEncoder(bundled_encoder()), EditCost())

    def carried(part: object, clinician: str | None = None) -> np.ndarray:
        replies = [r for r in part.independent if clinician in (None, r.clinician)]  # type: ignore[attr-defined]
        return np.asarray([[float(any(t in u for u in r.themes or ())) for t in planner.themes] for r in replies])

    base, losses = carried(past).mean(axis=0), []
    for clinician in asked.clinicians:
        y = carried(asked, clinician)
        p = planner.predict([asked.by_id[r.case] for r in asked.independent if r.clinician == clinician], clinician).p
        losses += [[-np.log(np.where(y == 1, q, 1 - q)).mean() * len(y) for q in (p, base)]]
    ours, theirs = np.sum(losses, axis=0)
    assert ours < 0.85 * theirs
