"""Simulated clinicians who differ: in how often they use a theme, and a little in what makes them use it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from redline.drafting.planner.fit import fit_pooled, moderated
from redline.drafting.planner.pooling import Head, Layout, Rows, fit_head, sigmoid

Floats = NDArray[np.float64]
LAYOUT = Layout(vectors=3, plain=3, slopes=1)


@dataclass(frozen=True)
class World:
    """Clinician 0 is the one asked about."""

    rows: Rows
    y: Floats
    asked: Floats
    truth: Floats


def world(seed: int, replies: int, *, others: int = 8, each: int = 60, asked: int = 400) -> World:
    """`replies` of clinician 0, `each` of the others; `asked` new messages with the true probabilities of clinician 0."""
    rng = np.random.default_rng([seed, 5])
    b = np.concatenate([[-0.5], rng.normal(0, 0.5, 6)])
    u = np.concatenate([rng.normal(0, 1.3, (others + 1, 1)), rng.normal(0, 0.3, (others + 1, 4))], axis=1)
    clinician = np.repeat(np.arange(others + 1), [replies] + [each] * others)
    x = _messages(rng, len(clinician))
    p = sigmoid(x @ b + (x[:, LAYOUT.own] * u[clinician]).sum(axis=1))
    new = _messages(rng, asked)
    truth = sigmoid(new @ b + new[:, LAYOUT.own] @ u[0])
    return World(Rows(x, clinician, others + 1), (rng.random(len(p)) < p).astype(float), new, truth)


def _messages(rng: np.random.Generator, count: int) -> Floats:
    return np.concatenate([np.ones((count, 1)), rng.normal(size=(count, 6))], axis=1)


def partial(w: World) -> Floats:
    """Ours."""
    return _of(fit_pooled(w.rows, w.y, LAYOUT), w, 0)


def none(w: World) -> Floats:
    """Negative control, no pooling: only the clinician's own replies are looked at."""
    mine = w.rows.clinician == 0
    alone = Rows(w.rows.x[mine], np.zeros(int(mine.sum()), dtype=np.intp), 1)
    return _of(fit_pooled(alone, w.y[mine], LAYOUT), w, 0)


def full(w: World) -> Floats:
    """Negative control, full pooling: clinicians do not differ."""
    return _of(fit_head(w.rows, w.y, LAYOUT, np.asarray([4.0, 0.25, 0.25, 1e-8, 1e-8])), w, 0)


def _of(head: Head, w: World, clinician: int) -> Floats:
    return sigmoid(moderated(*head.predict(LAYOUT, w.asked, clinician)))


def log_loss(p: Floats, truth: Floats) -> float:
    """Expected over what the clinician would write."""
    return float(-(truth * np.log(p) + (1 - truth) * np.log(1 - p)).mean())
