"""Labelled texts of a corpus: who wrote what, with the themes of every sentence, by one kind of labeller at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from redline.annotation import ThemedText
from redline.corpus import Corpus
from redline.judging import Runner, ThemeQuestion
from redline.records import Draft, DraftStatus, Reply, ThemeVerdict
from redline.scoring import theme_unknown
from redline.scoring.rows import draft_units, reply_units
from redline.taxonomy import Taxonomy

__all__ = ["LabelledText", "TextLabels", "classified", "of_annotators", "of_writers"]

Themes = tuple[frozenset[str], ...]


@dataclass(frozen=True, slots=True)
class LabelledText:
    """A reply (`clinician` set, no `system`) or a draft of `system` to the message `case`, with the themes of each unit."""

    case: str
    clinician: str | None
    system: str | None
    units: Themes

    @property
    def themes(self) -> frozenset[str]:
        """Themes that occur in the text."""
        return frozenset(key for unit in self.units for key in unit)


@dataclass(frozen=True)
class TextLabels:
    """All texts that one kind of labeller labelled; `unknown` are texts on which the labeller failed, `empty` have no sentence."""

    by: str
    replies: tuple[LabelledText, ...]
    drafts: tuple[LabelledText, ...]
    unknown: int = 0
    empty: int = 0

    def of(self, system: str) -> tuple[LabelledText, ...]:
        """The drafts of one system."""
        return tuple(t for t in self.drafts if t.system == system)

    @property
    def clinicians(self) -> tuple[str, ...]:
        """Clinicians with a labelled reply, sorted."""
        return tuple(sorted({t.clinician for t in self.replies if t.clinician is not None}))


def of_writers(own: Mapping[tuple[str, str], tuple[tuple[str, ...], ...]]) -> TextLabels:
    """Replies with their writers' own labels; there are no such labels of drafts."""
    texts = [LabelledText(c, p, None, tuple(map(frozenset, units))) for (c, p), units in sorted(own.items()) if units]
    return TextLabels("writers", tuple(texts), (), 0, len(own) - len(texts))


def classified(corpus: Corpus, runner: Runner[ThemeQuestion, ThemeVerdict]) -> TextLabels:
    """Every independent reply and every draft, labelled by the classifier; each distinct text is asked about once.

    Drafts that failed, or that were withheld on purpose, have no sentence and no themes.
    """
    replies = sorted(corpus.independent, key=lambda r: (r.case, r.clinician))
    drafts = [d for d in corpus.drafts if d.status is DraftStatus.OK]
    drafts.sort(key=lambda d: (d.system, d.case, d.clinician or ""))
    sides: list[tuple[Reply | Draft, tuple[str, ...]]] = [
        *((r, reply_units(r)) for r in replies),
        *((d, draft_units(d)) for d in drafts),
    ]
    distinct = dict.fromkeys(units for _, units in sides)
    found: dict[tuple[str, ...], list[ThemeVerdict]] = {units: [] for units in distinct}
    asked = [ThemeQuestion(units, i) for units in distinct for i in range(len(units))]
    for question, verdict in zip(asked, runner.run(asked), strict=True):
        found[question.own].append(verdict)
    known: list[LabelledText] = []
    unknown = 0
    for text, units in sides:
        if theme_unknown(found[units]):
            unknown += 1
        elif units:
            system = text.system if isinstance(text, Draft) else None
            known.append(
                LabelledText(text.case, text.clinician, system, tuple(frozenset(v.themes) for v in found[units]))
            )
    empty = sum(not units for _, units in sides)
    return TextLabels(
        "classifier", tuple(t for t in known if t.system is None), tuple(t for t in known if t.system), unknown, empty
    )  # fmt: skip


def of_annotators(texts: Sequence[ThemedText], corpus: Corpus, taxonomy: Taxonomy) -> TextLabels:
    """Replies and drafts of the corpus that annotators labelled (their majority where several did).

    A text's id is `case:clinician` or `case:model:strategy`; texts that are neither are left out.
    """
    people = {(r.case, r.clinician) for r in corpus.independent}
    drafted = {f"{d.case}:{d.model}:{d.strategy}": d.system for d in corpus.drafts}
    replies, drafts = [], []
    for text in sorted(texts, key=lambda t: (t.case, t.id)):
        units = tuple(frozenset(keys) for keys in text.themes(taxonomy))
        clinician = text.id.removeprefix(f"{text.case}:")
        if not units:
            continue
        if (text.case, clinician) in people:
            replies.append(LabelledText(text.case, clinician, None, units))
        elif text.id in drafted:
            drafts.append(LabelledText(text.case, None, drafted[text.id], units))
    return TextLabels("annotators", tuple(replies), tuple(drafts))
