"""`redline plan-labels`: how many more annotations, and which."""

from __future__ import annotations


def plan_labels() -> None:
    """How many more annotations, and which."""
