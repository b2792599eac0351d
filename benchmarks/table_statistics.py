"""Intervals of a whole study's table: 1,050 cells, 10,000 draws, from one resampling plan."""

from __future__ import annotations

import time

import numpy as np
from common import arguments, finish, machine

from redline.scoring.measures import edit_scores
from redline.stats import ResamplingPlan, bootstrap, intervals

CELLS, DRAWS, MESSAGES = 1_050, 10_000, 700


def score(sums: np.ndarray) -> np.ndarray:
    """Edit-F1 of loads."""
    return np.stack([edit_scores(*(sums[..., i] for i in range(4)))[2]], axis=-1)


def main() -> None:
    """Best of three runs."""
    options = arguments(__doc__ or "")
    rng = np.random.default_rng(0)
    units = rng.integers(3, 12, (MESSAGES, CELLS, 2)).astype(float)
    edits = units * rng.random((MESSAGES, CELLS, 2))
    sums = np.stack([units[..., 0], edits[..., 0], units[..., 1], edits[..., 1]], axis=-1)
    seconds = []
    for _ in range(3):
        began = time.perf_counter()
        table = intervals(bootstrap(sums, score, ResamplingPlan(MESSAGES, DRAWS)))
        seconds.append(time.perf_counter() - began)
    assert len(table) == CELLS and all(row[0].known for row in table)
    print(
        f"{CELLS} cells, {DRAWS} draws over {MESSAGES} messages: best {min(seconds):.2f} s of {[round(s, 2) for s in seconds]}"
    )
    finish({"seconds": seconds, "machine": machine("numpy")}, [("seconds", min(seconds), 3.0, False)], options.json)


if __name__ == "__main__":
    main()
