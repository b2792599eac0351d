"""Redline: how much would a clinician edit this draft?

>>> import redline
>>> redline.judge([("Rest.", "Rest.")], judge="exact")[0]["content"]["f1"]
1.0
"""

from __future__ import annotations

from typing import Any

__version__ = "0.1.0"
__all__ = ["__version__", "judge", "themes"]


def __getattr__(name: str) -> Any:
    """`judge` and `themes` on first use: importing the package loads nothing heavy."""
    if name in ("judge", "themes"):
        from redline import api

        return getattr(api, name)
    raise AttributeError(f"module 'redline' has no attribute {name!r}")
