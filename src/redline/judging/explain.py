"""Why was a verdict not in the store?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from redline.judging.contract import Judge
from redline.judging.questions import ContentQuestion, ThemeQuestion
from redline.judging.store import VerdictStore, key_of

__all__ = ["explain_miss"]

_WORDS = {
    "judge": "another judge (or the same one with another model, prompt or threshold): {there}",
    "direction": "the other direction ({there})",
    "unit": "another unit",
    "other": "a changed other text",
    "own": "other neighbours in its own text (this judge reads them)",
    "index": "another place in its own text",
    "repetition": "another repetition ({there})",
}


def explain_miss(
    judge: Judge[Any, Any], question: ContentQuestion | ThemeQuestion, store: VerdictStore, repetition: int = 0
) -> str:
    """One line: that it is a hit, or how the nearest stored verdict differs.

    >>> from redline.judging.exact import ExactJudge
    >>> from redline.judging.questions import Direction
    >>> q = ContentQuestion(Direction.ADD, ("Rest.",), ("Walk.",), 0)
    >>> explain_miss(ExactJudge(), q, VerdictStore())
    'miss: nothing in the store is about this unit or this other text'
    """
    wanted = question.key(judge.signature, judge.scope, repetition)
    if store.get_many([key_of(wanted)]):
        return "hit: this verdict is stored"
    nearest = min(
        (_differences(wanted, row) for row in store.like(wanted)),
        key=lambda d: (len(d), "judge" not in d, sorted(d)),
        default=None,
    )
    if nearest is None:
        return "miss: nothing in the store is about this unit or this other text"
    return "miss: stored is the same question with " + ", and ".join(
        _WORDS[k].format(there=v) for k, v in nearest.items()
    )


def _differences(wanted: Mapping[str, str | int], row: Mapping[str, Any]) -> dict[str, Any]:
    missing: Mapping[str, str | int] = {"own": "", "index": -1}
    return {k: row[k] for k in _WORDS if wanted.get(k, missing.get(k)) != row[k]}
