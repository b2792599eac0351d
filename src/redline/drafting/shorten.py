"""Cut the oldest chart text out of a finished prompt, for a model with a smaller window than it was made for."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from redline.chat import ChatMessage
from redline.drafting.prompt import LEFT_OUT
from redline.drafting.untrusted import quoted
from redline.units import unit_texts

__all__ = ["shorten"]

_CHART = re.compile(r"<<(chart-[0-9a-f]{6})>>\n(.*?)\n<</\1>>", re.S)
_KEPT = re.compile(r"^(?:Age|Sex|Problems|Medications|Allergies): ")


def shorten(
    messages: Sequence[ChatMessage], fits: Callable[[Sequence[ChatMessage]], bool]
) -> tuple[tuple[ChatMessage, ...], int] | None:
    """(messages that fit, how many of the chart's oldest sentences are gone); None where that is not enough.

    Age, problems, medications and allergies stay, and so does everything outside the chart.
    """
    messages = tuple(messages)
    if fits(messages):
        return messages, 0
    place = next((i for i, m in enumerate(messages) if _CHART.search(m.text)), None)
    if place is None:
        return None
    found = _CHART.search(messages[place].text)
    assert found is not None
    lines = found[2].split("\n")
    kept = [line for line in lines if _KEPT.match(line)]
    rest = unit_texts("\n".join(line for line in lines if not _KEPT.match(line)).removeprefix("Notes: "))
    dropped = 0
    while dropped < len(rest):
        dropped += max(1, (len(rest) - dropped) // 4)
        chart = quoted("chart", "\n".join([*kept, LEFT_OUT, *rest[dropped:]]))
        text = messages[place].text
        text = text[: found.start()] + chart + text[found.end() :]
        cut = (*messages[:place], replace(messages[place], text=text), *messages[place + 1 :])
        if fits(cut):
            return cut, dropped
    return None
