"""The same judge with its prompt in other words, to see whether the wording decides."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

from redline.judging.cascade import CascadeJudge
from redline.judging.llm import PARAPHRASE, LlmJudge
from redline.judging.llm_themes import THEMES_PARAPHRASE, LlmThemeJudge
from redline.judging.panel import PanelJudge

__all__ = ["paraphrased"]

AnyJudge = TypeVar("AnyJudge")


def paraphrased(judge: AnyJudge) -> AnyJudge | None:
    """`judge` with every language model in it asked in other words; None where there is none in it.

    In a panel or a cascade the other members stay as they are.

    >>> from redline.judging import ExactJudge
    >>> paraphrased(ExactJudge()) is None
    True
    """
    changed: object = None
    if isinstance(judge, LlmJudge):
        changed = replace(judge, prompt=PARAPHRASE)
    elif isinstance(judge, LlmThemeJudge):
        changed = replace(judge, prompt=THEMES_PARAPHRASE)
    elif isinstance(judge, PanelJudge):
        members = [paraphrased(m) for m in judge.members]
        if any(members):
            changed = replace(judge, members=tuple(m or old for m, old in zip(members, judge.members, strict=True)))
    elif isinstance(judge, CascadeJudge):
        first, second = paraphrased(judge.first), paraphrased(judge.second)
        if first or second:
            changed = replace(judge, first=first or judge.first, second=second or judge.second)
    return changed  # type: ignore[return-value]
