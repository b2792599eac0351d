"""Shares of texts that carry a theme, their differences and what they are held against, with message-cluster intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from redline.stats import (
    Contrast,
    Draws,
    Interval,
    ResamplingPlan,
    bootstrap,
    holm,
    intervals,
    paired_contrast,
)
from redline.validation.figure import Figure
from redline.validation.theme_comparison.rare_shares import exact_distance, share_figure
from redline.validation.theme_comparison.texts import LabelledText

__all__ = ["Rates", "against", "rates", "shares", "with_holm"]

Floats = NDArray[np.floating]


@dataclass(frozen=True)
class Rates:
    """Rates of `keys` in named groups of texts, all from one resampling plan, so that groups can be compared.

    `texts` and `messages` count each group's; `carrying` and `lacking` are the messages of which a text has the theme, and a
    text has it not.
    """

    keys: tuple[str, ...]
    names: tuple[str, ...]
    texts: tuple[int, ...]
    messages: tuple[int, ...]
    carrying: tuple[tuple[int, ...], ...]
    lacking: tuple[tuple[int, ...], ...]
    drawn: Draws
    table: tuple[tuple[Interval, ...], ...]

    def figure(self, name: str, key: str) -> Figure:
        """The share of a group's texts that carry a theme."""
        cell, value = self.names.index(name), self.keys.index(key)
        seen = self.carrying[cell][value], self.lacking[cell][value]
        return share_figure(self.table[cell][value], self.texts[cell], self.messages[cell], *seen)

    def difference(self, a: str, b: str, key: str) -> Contrast:
        """Share in group `a` minus share in group `b`, paired by message."""
        return paired_contrast(
            self.drawn, self.names, self.names.index(a), self.names.index(b), self.keys.index(key)
        )  # fmt: skip

    def against(self, name: str, key: str, bound: float) -> Contrast:
        """Share in a group minus a fixed number; exact where all messages have the theme in all texts, or none in any."""
        cell = self.names.index(name)
        found = against(self.drawn, name, cell, self.keys.index(key), bound)
        value = self.table[cell][self.keys.index(key)].estimate
        exact = None if found.difference.known or value is None else exact_distance(value, bound, self.messages[cell])
        return found if exact is None else replace(found, difference=exact[0], p=exact[1])


def rates(groups: Mapping[str, Sequence[LabelledText]], keys: Sequence[str], *, draws: int, seed: int) -> Rates:
    """Rates of themes: rate_k = texts with k / texts, summed over messages before the ratio is taken.

    A message is drawn with all its texts.  A group may be empty; its rates are then undefined.
    """
    messages = sorted({t.case for texts in groups.values() for t in texts})
    place = {m: i for i, m in enumerate(messages)}
    sums = np.zeros((max(len(messages), 1), len(groups), 1 + len(keys)))
    for cell, texts in enumerate(groups.values()):
        for text in texts:
            carried = text.themes
            sums[place[text.case], cell] += [1.0, *(key in carried for key in keys)]
    drawn = bootstrap(sums, shares, ResamplingPlan(len(sums), draws, seed))
    return Rates(
        keys=tuple(keys),
        names=tuple(groups),
        texts=tuple(len(texts) for texts in groups.values()),
        messages=tuple(len({t.case for t in texts}) for texts in groups.values()),
        carrying=_counts(sums[..., 1:] > 0),
        lacking=_counts(sums[..., :1] > sums[..., 1:]),
        drawn=drawn,
        table=tuple(tuple(row) for row in intervals(drawn)),
    )


def _counts(where: NDArray[np.bool_]) -> tuple[tuple[int, ...], ...]:
    return tuple(tuple(int(n) for n in row) for row in where.sum(axis=0))


def shares(sums: Floats) -> Floats:
    """Shares (..., keys) of sums (..., 1 + keys): texts, then texts with each key; NaN without a text."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(sums[..., :1] > 0, sums[..., 1:] / sums[..., :1], np.nan)


def against(drawn: Draws, name: str, cell: int, value: int, bound: float) -> Contrast:
    """A figure minus a fixed number, as the difference from a figure that never varies."""

    def beside(values: NDArray[Any]) -> NDArray[Any]:
        own = values[..., cell : cell + 1, value : value + 1]
        return np.concatenate([own, np.full_like(own, bound)], axis=-2)

    held = replace(
        drawn,
        point=beside(drawn.point),
        draws=beside(drawn.draws),
        left_out=None if drawn.left_out is None else beside(drawn.left_out),
        clusters=np.repeat(drawn.clusters[cell], 2),
    )
    return paired_contrast(held, (name, f"{bound:g}"), 0, 1, 0)


def with_holm(contrasts: Mapping[str, Contrast]) -> dict[str, Contrast]:
    """The contrasts of one family with Holm's p."""
    adjusted = holm([c.p for c in contrasts.values()])
    return {key: replace(c, p_holm=p) for (key, c), p in zip(contrasts.items(), adjusted, strict=True)}
