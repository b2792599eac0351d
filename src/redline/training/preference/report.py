"""What a build made and what it dropped, with the reasons."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

__all__ = ["BuildReport", "Tally"]


@dataclass(frozen=True)
class BuildReport:
    """Counts of one build.

    `asked`, `made` and `dropped` go by kind of assignment (`made` of what passed every check, `dropped` by reason, the
    agents' own reasons and those of the check together).  `observed` counts what became of drafts that clinicians edited
    and of zero-shot drafts.  `never_present` are themes that no reply carries, `without_pair` those that no pair is about.
    """

    sets: int
    sets_without_pair: int
    pairs: int
    asked: Mapping[str, int] = field(default_factory=dict)
    made: Mapping[str, int] = field(default_factory=dict)
    made_by_theme: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    dropped: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    observed: Mapping[str, int] = field(default_factory=dict)
    skipped: Mapping[str, int] = field(default_factory=dict)
    never_present: tuple[str, ...] = ()
    without_pair: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """For the card."""
        return asdict(self)

    def lines(self) -> list[str]:
        """For a person, one statement a line."""
        asked, made = sum(self.asked.values()), sum(self.made.values())
        found = [
            f"{self.sets:,} sets, {self.sets_without_pair:,} of them without a pair; {self.pairs:,} pairs",
            f"agents were asked for {asked:,} replies; {made:,} passed the check",
        ]
        for kind, reasons in self.dropped.items():
            said = ", ".join(f"{why} {n:,}" for why, n in sorted(reasons.items(), key=lambda r: (-r[1], r[0])))
            found.append(f"  {kind}: made {self.made.get(kind, 0):,} of {self.asked.get(kind, 0):,}; dropped: {said}")
        for what, counts in (("drafts", self.observed), ("replies left out", self.skipped)):
            if counts:
                found.append(f"{what}: " + ", ".join(f"{why} {n:,}" for why, n in sorted(counts.items())))
        found += [f"no pair for theme {t}: never present" for t in self.never_present]
        found += [f"no pair for theme {t}: none passed" for t in self.without_pair if t not in self.never_present]
        return found


@dataclass
class Tally:
    """The same while it grows."""

    sets: int = 0
    empty: int = 0
    pairs: int = 0
    asked: Counter[str] = field(default_factory=Counter)
    made: Counter[tuple[str, str]] = field(default_factory=Counter)
    dropped: Counter[tuple[str, str]] = field(default_factory=Counter)
    observed: Counter[str] = field(default_factory=Counter)
    skipped: Counter[str] = field(default_factory=Counter)
    present: set[str] = field(default_factory=set)
    themes: set[str] = field(default_factory=set)

    def report(self, themes: Sequence[str]) -> BuildReport:
        """What was counted; `themes` are those that pairs could be about."""
        by_theme: dict[str, dict[str, int]] = {}
        for (kind, theme), n in sorted(self.made.items()):
            by_theme.setdefault(kind, {})[theme] = n
        dropped: dict[str, dict[str, int]] = {}
        for (kind, why), n in sorted(self.dropped.items()):
            dropped.setdefault(kind, {})[why] = n
        return BuildReport(
            self.sets, self.empty, self.pairs, dict(self.asked),
            {kind: sum(found.values()) for kind, found in by_theme.items()}, by_theme, dropped,
            dict(self.observed), dict(self.skipped),
            tuple(t for t in themes if t not in self.present), tuple(t for t in themes if t not in self.themes),
        )  # fmt: skip
