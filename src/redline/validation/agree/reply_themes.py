"""Whose labels the replies' themes are: the writers' own where every compared reply has them, else the classifier's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from redline.corpus import Corpus
from redline.errors import UsageError
from redline.judging import Scope, ThemeQuestion
from redline.records import Reply, Status, ThemeVerdict
from redline.scoring import Judged
from redline.taxonomy import Taxonomy

__all__ = ["NoClassifier", "ThemeLabels", "choose_labels", "labelled_replies", "with_writers_themes"]


class ThemeLabels(StrEnum):
    """Where the themes of replies come from."""

    AUTO = "auto"  # the writers' own where every reply has them, else the classifier's
    WRITERS = "writers"
    CLASSIFIER = "classifier"


@dataclass(frozen=True)
class NoClassifier:
    """A theme classifier that is never asked for anything: it has no answer, and nothing of it is stored."""

    name: str = "none"
    signature: str = "none"
    scope: Scope = Scope.UNIT
    batch: int = 10_000

    def judge(self, questions: Sequence[ThemeQuestion]) -> list[ThemeVerdict]:
        """No answer."""
        return [ThemeVerdict(Status.MISSING) for _ in questions]


def labelled_replies(
    replies: Sequence[Reply], taxonomy: Taxonomy
) -> dict[tuple[str, str], tuple[tuple[str, ...], ...]]:
    """(case, clinician) -> the writer's themes of each unit, for replies that carry them; unknown keys are refused.

    A unit without a theme has the residual one.
    """
    found: dict[tuple[str, str], tuple[tuple[str, ...], ...]] = {}
    for reply in replies:
        if reply.themes is None or reply.units is None or len(reply.themes) != len(reply.units):
            continue
        unknown = sorted({key for keys in reply.themes for key in keys if key not in taxonomy})
        if unknown:
            raise UsageError(
                f"the replies carry themes that the taxonomy does not have: {', '.join(unknown)}. Name the taxonomy they were "
                "labelled with (--taxonomy FILE), or take the classifier's themes (--labels classifier)."
            )
        found[reply.case, reply.clinician] = tuple(
            taxonomy.order(keys or (taxonomy.residual,)) for keys in reply.themes
        )
    return found


def choose_labels(
    corpus: Corpus, wanted: ThemeLabels, taxonomy: Taxonomy
) -> tuple[ThemeLabels, Mapping[tuple[str, str], tuple[tuple[str, ...], ...]], str]:
    """(whose labels, the writers' labels, why in words).

    Never a mixture: two replies labelled by two kinds of reader would differ by the reader as well.
    """
    if wanted is ThemeLabels.CLASSIFIER:
        return wanted, {}, "Themes of replies are the classifier's, as asked."
    replies = corpus.independent
    own = labelled_replies(replies, taxonomy)
    if replies and len(own) == len(replies):
        return ThemeLabels.WRITERS, own, "Themes of replies are the writers' own labels, which every reply carries."
    if wanted is ThemeLabels.WRITERS:
        raise UsageError(
            f"{len(own)} of {len(replies)} replies carry their writer's themes; --labels writers needs them all. "
            "Leave the option out to take the classifier's."
        )
    if not own:
        return ThemeLabels.CLASSIFIER, {}, "Themes of replies are the classifier's: the replies carry no labels."
    return ThemeLabels.CLASSIFIER, {}, (
        f"Themes of replies are the classifier's: only {len(own)} of {len(replies)} replies carry their writer's labels, and two "
        "kinds of label are not mixed."
    )  # fmt: skip


def with_writers_themes(
    judged: Sequence[Judged], own: Mapping[tuple[str, str], tuple[tuple[str, ...], ...]]
) -> list[Judged]:
    """The same comparisons of replies with replies, their themes taken from the writers."""

    def themes(case: str, clinician: str | None) -> tuple[ThemeVerdict, ...]:
        return tuple(ThemeVerdict(Status.OK, {}, keys) for keys in own[case, clinician or ""])

    return [
        replace(
            j, draft_themes=themes(j.comparison.case, j.comparison.drafted_by),
            reference_themes=themes(j.comparison.case, j.comparison.clinician),
        )
        for j in judged
    ]  # fmt: skip
