"""What a verb says of its judge on standard error: what it will cost at most, what it has cost, that it never answered."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence

from redline.judging import ContentQuestion, Priced, is_paid
from redline.scoring import Judges

__all__ = ["SILENT", "cost_before", "tell_spent"]

SILENT = (
    "redline: the judge answered for no unit, so nothing is known; see that it runs, and ask again with --retry-failed"
)


def cost_before(judges: Judges) -> Callable[[Sequence[ContentQuestion]], None] | None:
    """Says how many of the questions are open and what they cost at most; nothing for a judge that costs nothing."""
    if not is_paid(judges.content):
        return None

    def tell(questions: Sequence[ContentQuestion]) -> None:
        open_, cost = judges.content_runner().estimate(questions)
        print(f"{open_:,} questions to ask; at most {cost}", file=sys.stderr)

    return tell


def tell_spent(judges: Judges) -> None:
    """Says what was spent, where something is."""
    if is_paid(judges.content) and isinstance(judges.content, Priced):
        print(f"spent: {judges.content.spent()}", file=sys.stderr)
