"""`redline drift`: the newest annotations against the judge card."""

from __future__ import annotations


def drift() -> None:
    """The newest annotations against the judge card."""
