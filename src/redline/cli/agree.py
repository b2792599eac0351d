"""`redline agree`: how far clinicians and annotators agree."""

from __future__ import annotations


def agree() -> None:
    """How far clinicians and annotators agree."""
