"""Corrected figures as plain data for `results.json`: beside each other by the judge, by people, and corrected."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from redline.report.intervals import interval_row
from redline.scoring import CorrectedTable
from redline.stats import non_inferiority
from redline.stats.predictive import Corrected

__all__ = ["corrected_block"]


def corrected_block(table: CorrectedTable, margin: float) -> dict[str, Any]:
    """Every corrected figure and contrast with what it rests on; null with a reason where there is none.

    `margin` is that of non-inferiority, whose verdict goes by the corrected difference.
    """
    return {
        "cells": {row: {m: _figure(c) for m, c in cells.items()} for row, cells in table.cells.items()},
        "contrasts": [
            {
                "measure": t.measure, "a": t.contrast.a, "b": t.contrast.b, "replies": t.replies, "p": t.contrast.p,
                "p_holm": t.contrast.p_holm, **_figure(t.contrast.figure),
                "non_inferiority": non_inferiority(t.contrast.figure.corrected, margin).value,
            }
            for t in table.contrasts
        ],
        "labels": asdict(table.counts),
        "notes": list(table.notes),
    }  # fmt: skip


def _figure(found: Corrected) -> dict[str, Any]:
    return {
        "corrected": interval_row(found.corrected), "human": interval_row(found.human), "plain": interval_row(found.plain),
        "error": interval_row(found.error),
        "weight": found.weight, "labels": found.labels, "messages": found.messages, "effective": found.effective,
        "reason": found.reason,
    }  # fmt: skip
