"""Which of several processes speaks and writes; known without torch."""

from __future__ import annotations

import os

__all__ = ["is_first_process"]


def is_first_process() -> bool:
    """Whether this process is the first of those that a launcher (torchrun, accelerate) started, or the only one."""
    return os.environ.get("RANK", "0") == "0"
