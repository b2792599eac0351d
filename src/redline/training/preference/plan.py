"""Which versions of a reply are asked for: what makes a pair isolate its theme, and what a clinician would want at all."""

from __future__ import annotations

from dataclasses import dataclass

from redline.errors import UsageError
from redline.records import digest
from redline.training.preference.agents.contract import (
    BLUNT,
    CORRUPTIONS,
    DROP,
    ENHANCE,
    MISPLACE,
    OVERDO,
    STRENGTHEN,
    Assignment,
)
from redline.training.preference.material import Answered, Material

_EMERGENCY = "emergency"  # nothing is added there: "call 911" must not wait for a kind word

__all__ = ["PlanSettings", "assignments"]


@dataclass(frozen=True, slots=True)
class PlanSettings:
    """`usual` and above, a clinician usually writes a theme to such messages; `seldom` and below, seldom.

    `most_enhanced` and `most_overdone` are the most themes that are added to one reply that lacks them, `most_corrupted` the
    most corruptions of one theme of a reply (which ones is drawn by digest).  `kinds` are the corruptions.  Themes of
    `never_overdone` are never added wrongly: nobody should learn that a safety net is a fault.
    """

    usual: float = 0.6
    seldom: float = 0.35
    most_enhanced: int = 2
    most_overdone: int = 2
    most_corrupted: int = 4
    kinds: tuple[str, ...] = CORRUPTIONS
    never_overdone: tuple[str, ...] = ("contingency_planning",)

    def __post_init__(self) -> None:
        unknown = [k for k in self.kinds if k not in CORRUPTIONS]
        if unknown:
            raise UsageError(f"there is no kind of corruption {unknown[0]!r}; write some of {', '.join(CORRUPTIONS)}")
        if not 0.0 <= self.seldom < self.usual <= 1.0:
            raise UsageError("a theme is seldom below a smaller share than it is usual from, both between 0 and 1")


def assignments(
    answered: Answered, material: Material, kinds: tuple[str, ...], settings: PlanSettings
) -> list[Assignment]:
    """What to ask an agent that takes `kinds` for this reply.

    A theme of the reply: leave it out, blunt it, misplace it, over-do it, and strengthen it where the clinician usually
    writes it.  A theme that it lacks: write it where the clinician usually does (the most usual ones), over-do it where
    they seldom do (drawn by digest), and nothing in between: there neither version is the better one.  A theme that shares its
    only sentence with another theme is left alone, since losing the one would lose the other.
    """
    found: list[Assignment] = []
    lacking: list[tuple[float, str]] = []
    for theme in material.themes:
        share = material.share(answered, theme)
        if theme not in answered.passage.present:
            lacking.append((share, theme))
            continue
        if share >= settings.usual:
            found.append(Assignment(answered, theme, STRENGTHEN))
        found += [Assignment(answered, theme, kind) for kind in _corruptions(answered, theme, kinds, settings)]
    lacking.sort()
    # Not always the least usual theme: every theme is to be over-done somewhere.
    seldom = sorted(
        (t for share, t in lacking if share <= settings.seldom and t not in settings.never_overdone),
        key=lambda t: digest([answered.case.id, answered.clinician, t]),
    )
    usual = [t for share, t in reversed(lacking) if share >= settings.usual and answered.case.acuity != _EMERGENCY]
    found += [Assignment(answered, t, OVERDO) for t in seldom[: settings.most_overdone]]
    found += [Assignment(answered, t, ENHANCE) for t in usual[: settings.most_enhanced]]
    return [a for a in found if a.kind in kinds and (a.better or a.kind in settings.kinds)]


def _corruptions(answered: Answered, theme: str, kinds: tuple[str, ...], settings: PlanSettings) -> list[str]:
    """Of a theme that the reply has."""
    found = [DROP, BLUNT, MISPLACE] if _separable(answered, theme) else []
    found += [] if theme in settings.never_overdone else [OVERDO]
    found = [k for k in found if k in kinds and k in settings.kinds]
    found.sort(key=lambda kind: digest([answered.case.id, answered.clinician, theme, kind]))
    return sorted(found[: settings.most_corrupted], key=CORRUPTIONS.index)


def _separable(answered: Answered, theme: str) -> bool:
    """Whether every other theme of the reply is also in a sentence without `theme`."""
    rest = [found for found in answered.passage.themes if theme not in found]
    return answered.passage.present - {theme} <= frozenset().union(*rest)
