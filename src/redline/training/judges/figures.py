"""The figures of a judge and of a theme classifier on held-out annotations, for people and for a card."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from redline.records import Status
from redline.stats import Interval
from redline.stats.words import say_interval, say_number

__all__ = ["JudgeQuality", "ThemeQuality"]


@dataclass(frozen=True)
class JudgeQuality:
    """Of the `judged` units: Cohen's kappa with people, and precision, recall and F1 of "is edited".

    `statuses` counts all units by status, `edited` and `said` are the shares that people and the judge edit.  `edit_f1` is
    the score (hard, micro) of the pairs that were judged whole, by the judge and by people; None where there is none.
    """

    units: int
    statuses: Mapping[str, int]
    kappa: Interval
    f1: Interval
    precision: Interval
    recall: Interval
    edited: float | None
    said: float | None
    whole_pairs: int
    edit_f1: tuple[float | None, float | None]

    @property
    def judged(self) -> int:
        """Units with a verdict."""
        return self.statuses.get(Status.OK.value, 0)

    @property
    def lines(self) -> list[str]:
        """For people."""
        judge, people = self.edit_f1
        return [
            _judged(self.units, self.statuses),
            f"kappa with people {say_interval(self.kappa)}; edited units: F1 {say_interval(self.f1)}, precision "
            f"{say_interval(self.precision)}, recall {say_interval(self.recall)}",
            f"share edited: people {say_number(self.edited)}, judge {say_number(self.said)}; edit-F1 of {self.whole_pairs} pair(s) "
            f"judged whole: people {say_number(people)}, judge {say_number(judge)}",
        ]

    def as_dict(self) -> dict[str, Any]:
        """For a card."""
        figures = {name: _plain(getattr(self, name)) for name in ("kappa", "f1", "precision", "recall")}
        return {
            "units": self.units, "statuses": dict(self.statuses), **figures, "edited": self.edited, "said": self.said,
            "whole_pairs": self.whole_pairs, "edit_f1": {"judge": self.edit_f1[0], "people": self.edit_f1[1]},
        }  # fmt: skip


@dataclass(frozen=True)
class ThemeQuality:
    """Of the judged units: micro F1 over (unit, theme), the share with exactly people's themes, and each theme's figures.

    `macro_f1` is the mean over the themes that people gave at least once.
    """

    units: int
    statuses: Mapping[str, int]
    micro_f1: Interval
    exact: Interval
    macro_f1: float | None
    themes: Mapping[str, Mapping[str, float]]

    @property
    def judged(self) -> int:
        """Units with a verdict."""
        return self.statuses.get(Status.OK.value, 0)

    @property
    def lines(self) -> list[str]:
        """For people."""
        figures = ", ".join(f"{k} {v['f1']:.2f} ({v['support']:.0f})" for k, v in self.themes.items() if v["support"])
        return [
            _judged(self.units, self.statuses),
            f"micro F1 {say_interval(self.micro_f1)}, macro F1 {say_number(self.macro_f1)}; "
            f"exactly people's themes {say_interval(self.exact)}",
            f"F1 (units) by theme: {figures}",
        ]

    def as_dict(self) -> dict[str, Any]:
        """For a card."""
        return {
            "units": self.units, "statuses": dict(self.statuses), "micro_f1": _plain(self.micro_f1),
            "exact": _plain(self.exact), "macro_f1": self.macro_f1, "themes": {k: dict(v) for k, v in self.themes.items()},
        }  # fmt: skip


def _judged(units: int, statuses: Mapping[str, int]) -> str:
    failed = ", ".join(f"{count} {name}" for name, count in statuses.items() if name != Status.OK.value)
    return f"{statuses.get(Status.OK.value, 0)} of {units} units judged" + (f" ({failed})" if failed else "")


def _plain(i: Interval) -> dict[str, float | None]:
    return {"estimate": i.estimate, "low": i.low, "high": i.high}
