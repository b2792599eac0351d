"""`redline validate`: the judge against people."""

from __future__ import annotations


def validate() -> None:
    """The judge against people."""
