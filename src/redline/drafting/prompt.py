"""A prompt from its sections: instructions first, data after them, cut where the model's window is too small."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from redline.chat import ChatMessage
from redline.drafting.context import Fit
from redline.drafting.language import LANGUAGES
from redline.drafting.untrusted import quoted
from redline.records import ChartSummary
from redline.templates import read_template
from redline.units import unit_texts

__all__ = ["LEFT_OUT", "Section", "TooLong", "assemble"]

LEFT_OUT = "[Earlier chart text left out.]"
_HEAD = 3
"""First sentences of a chart given as one text: who the patient is, allergies, medicines."""


@dataclass(frozen=True, slots=True)
class Section:
    """A headed part of the prompt; `examples` are dropped from the last one on where the window is too small."""

    title: str
    text: str = ""
    examples: tuple[str, ...] = ()

    def shown(self) -> str:
        """As it stands in the prompt."""
        return f"## {self.title}\n" + "\n\n".join(part for part in (self.text, *self.examples) if part)


class TooLong(Exception):  # noqa: N818  (a turn of events, not an error)
    """The prompt does not fit even without chart notes and examples."""


def assemble(
    chart: ChartSummary, message: str, sections: Sequence[Section], fit: Fit, language: str = "en"
) -> tuple[tuple[ChatMessage, ...], str]:
    """The messages, and in words what was cut to make them fit (empty where nothing was).

    The oldest chart text goes first (notes are taken to stand in the order of time), then the examples from the least
    similar on.  Age, problems, medications, allergies (of a chart given as one text its first sentences) and the patient's
    message are never cut; `TooLong` is raised where they do not fit.
    """
    parts, dropped, examples = _chart_parts(chart), 0, sum(len(s.examples) for s in sections)
    kept = list(sections)
    held = examples
    while True:
        messages = _messages(_chart_text(chart, parts[dropped:], dropped), message, kept, language)
        if fit.fits(messages):
            return messages, _said(dropped, examples - held)
        if dropped < len(parts):
            dropped += max(1, (len(parts) - dropped) // 4)
        elif held:
            kept, held = _without_last(kept), held - 1
        else:
            raise TooLong


def _messages(chart: str, message: str, sections: Sequence[Section], language: str) -> tuple[ChatMessage, ...]:
    system = read_template("drafting", "system").strip()
    if language != "en":  # the prompts themselves are English
        system += f"\nWrite the reply in {LANGUAGES[language]}."
    body = [
        *(s.shown() for s in sections),
        f"## Chart summary\n{quoted('chart', chart or 'Nothing is known.')}",
        f"## Patient message\n{quoted('message', message)}",
    ]
    return ChatMessage("system", system), ChatMessage("user", "\n\n".join(body))


def _chart_parts(chart: ChartSummary) -> list[str]:
    """What may be cut, oldest first: the notes, and a chart given as one text but for its head."""
    return [*unit_texts(chart.text)[_HEAD:], *unit_texts(chart.notes)]


def _chart_text(chart: ChartSummary, kept: Sequence[str], dropped: int) -> str:
    if not dropped:
        return chart.as_text()
    head = "\n".join(unit_texts(chart.text)[:_HEAD])
    return "\n".join([replace(chart, notes="", text=head).as_text(), LEFT_OUT, *kept]).strip()


def _without_last(sections: Sequence[Section]) -> list[Section]:
    """One example less: the last of the last section that has any."""
    last = max(i for i, s in enumerate(sections) if s.examples)
    return [replace(s, examples=s.examples[:-1]) if i == last else s for i, s in enumerate(sections)]


def _said(chart: int, examples: int) -> str:
    cut = [f"the {chart} oldest sentence(s) of the chart"] if chart else []
    if examples:
        cut.append(f"{examples} example(s)")
    return " and ".join(cut)
