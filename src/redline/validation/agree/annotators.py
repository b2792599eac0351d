"""Inter-annotator agreement: edit decisions on each side, and themes as sets and one by one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from redline.annotation import AnnotatedPair
from redline.stats import Interval, clustered_figures
from redline.stats.agreement import (
    PAIR_FIGURES,
    NominalAgreement,
    SetAgreement,
    confusion_rows,
    limits,
    pair_figures,
    theme_codes,
)  # fmt: skip
from redline.taxonomy import Taxonomy
from redline.validation.agree.labellers import LabelledUnits
from redline.validation.agree.result import AnnotatedSide, RaterPair, ThemeAgreement, ThemeSets
from redline.validation.figure import figure

__all__ = ["edit_agreement", "edit_codes", "theme_set_agreement", "yes_no_agreement"]

Codes = NDArray[np.intp]
_YES_NO = NominalAgreement(("no", "yes"))
RARE = 0.1
"""Below this share of yes, or of no, kappa and alpha say more about how rare it is than about the raters."""


def edit_codes(pairs: Sequence[AnnotatedPair], side: str) -> tuple[Codes, tuple[str, ...], list[str]]:
    """(codes (units, annotators) of 1, 0 and -1 for undecided, annotators, message of each unit) of one side.

    `side` is "deleted" (draft units) or "added" (reference units).  Annotators are told apart by name, never by position.
    """
    raters = tuple(sorted({a.annotator for p in pairs for a in p.annotations}))
    place = {name: i for i, name in enumerate(raters)}
    rows, cases = [], []
    for pair in sorted(pairs, key=lambda p: (p.case, p.id)):
        units = len(pair.draft if side == "deleted" else pair.reference)
        block = np.full((units, len(raters)), -1, dtype=np.intp)
        for annotation in pair.annotations:
            marks = annotation.deleted if side == "deleted" else annotation.added
            block[:, place[annotation.annotator]] = [-1 if m is None else int(m) for m in marks]
        rows.append(block)
        cases += [pair.case] * units
    codes = np.concatenate(rows) if rows else np.zeros((0, 0), dtype=np.intp)
    return codes, raters, cases


def edit_agreement(
    pairs: Sequence[AnnotatedPair], *, draws: int, seed: int
) -> tuple[tuple[AnnotatedSide, ...], list[str]]:
    """Agreement on what is deleted and what is added, and the limits of these data in words."""
    sides, words = [], []
    for what, name in (("deleted", "Deleted sentences"), ("added", "Added sentences")):
        codes, raters, cases = edit_codes(pairs, what)
        sides.append(yes_no_agreement(what, codes, raters, cases, draws=draws, seed=seed))
        words += [f"{name}: {note}." for note in _notes(codes, cases)]
    return tuple(sides), words


def theme_set_agreement(
    units: LabelledUnits, taxonomy: Taxonomy, *, draws: int, seed: int
) -> tuple[ThemeAgreement, list[str]]:
    """Agreement on sets of themes and on each theme, and the limits of these data in words."""
    found = {}
    rows = [list(row) for row in units.labels]
    for distance in ("masi", "jaccard", "nominal"):
        measure = SetAgreement.of(rows, distance)
        found[distance] = clustered_figures(
            measure.rows(rows), units.cases, measure, measure.names, draws=draws, seed=seed
        )
    n = len(rows)
    sets = ThemeSets(
        masi_alpha=figure(found["masi"]["alpha"], n),
        jaccard_alpha=figure(found["jaccard"]["alpha"], n),
        identical=figure(found["nominal"]["agreement"], n),
    )
    codes = theme_codes(rows, taxonomy.keys)
    themes = {
        key: yes_no_agreement(key, codes[key], units.raters, units.cases, draws=draws, seed=seed)
        for key in taxonomy.keys
    }
    places = SetAgreement.of(rows).codes(rows)
    words = [f"Themes of sentences: {note}." for note in limits(places, units.cases)]
    words += [w for key, side in themes.items() for w in _rare(side, taxonomy[key].name)]
    return ThemeAgreement(raters=units.raters, texts=units.texts, units=n, sets=sets, themes=themes), words


def yes_no_agreement(
    what: str, codes: Codes, raters: Sequence[str], cases: Sequence[str], *, draws: int, seed: int
) -> AnnotatedSide:  # fmt: skip
    """All raters together (`kappa` is Conger's, which for two raters is Cohen's) and each pair of them.

    Only units that two raters or more decided count, so that prevalence is that of the units which agreement is about.
    """
    kept = (codes >= 0).sum(axis=1) >= 2 if codes.size else np.zeros(len(codes), dtype=bool)
    codes, cases = codes[kept], [c for c, k in zip(cases, kept, strict=True) if k]
    n = len(codes)
    rows = _YES_NO.rows(codes) if n else np.zeros((0, 1))
    found = clustered_figures(rows, cases, _YES_NO, _YES_NO.names, draws=draws, seed=seed)
    return AnnotatedSide(
        what=what,
        units=n,
        agreement=figure(found["agreement"], n),
        alpha=figure(found["alpha"], n, _undefined(found["alpha"], n)),
        ac1=figure(found["ac1"], n),
        kappa=figure(found["conger"], n, _undefined(found["conger"], n)),
        prevalence=figure(found["prevalence_yes"], n),
        pairs=tuple(_rater_pairs(codes, raters, cases, draws=draws, seed=seed)),
    )


def _rater_pairs(
    codes: Codes, raters: Sequence[str], cases: Sequence[str], *, draws: int, seed: int
) -> Iterator[RaterPair]:  # fmt: skip
    for a, b in combinations(range(len(raters)), 2):
        kept = np.flatnonzero((codes[:, a] >= 0) & (codes[:, b] >= 0))
        rows = confusion_rows(codes[kept, a], codes[kept, b])
        named = [cases[int(i)] for i in kept]
        found = clustered_figures(rows, named, pair_figures, PAIR_FIGURES, draws=draws, seed=seed)
        n = len(kept)
        yield RaterPair(
            first=raters[a],
            second=raters[b],
            agreement=figure(found["agreement"], n),
            kappa=figure(found["kappa"], n, _undefined(found["kappa"], n)),
            ac1=figure(found["ac1"], n),
            prevalence_first=figure(found["prevalence_first"], n),
            prevalence_second=figure(found["prevalence_second"], n),
        )


def _undefined(value: Interval, n: int) -> str:
    """Why a chance-corrected figure is missing although there are units."""
    return "undefined: all decisions are equal" if n and value.estimate is None else ""


def _notes(codes: Codes, cases: Sequence[str]) -> Iterator[str]:
    if not codes.size:
        yield "no codes at all"
        return
    yield from limits(codes, cases)
    decided = codes[(codes >= 0).sum(axis=1) >= 2]
    decided = decided[decided >= 0]
    share = float((decided == 1).mean()) if len(decided) else 0.5
    if 0 < share < RARE or 1 - RARE < share < 1:
        yield f"yes in {100 * share:.0f} % of decisions, so kappa and alpha are low anyhow; read AC1 and raw agreement"


def _rare(side: AnnotatedSide, name: str) -> Iterator[str]:
    share = side.prevalence.estimate
    if share is not None and (0 < share < RARE / 5 or 1 - RARE / 5 < share < 1):
        yield (
            f"{name}: in {100 * share:.1f} % of sentences, so its kappa and alpha rest on few of them; read AC1 beside."
        )  # fmt: skip
