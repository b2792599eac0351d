"""`redline drift`: the newest annotations against the judge card."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from redline.annotation import check_partners
from redline.cli.costs import cost_before, tell_spent
from redline.cli.options import (
    AllowRemote,
    Classifier,
    Judge,
    Map,
    MapFile,
    MaxCalls,
    MaxCost,
    PriceIn,
    PriceOut,
    Retry,
    Store,
    TaxonomyFile,
    ThemeLabels,
    ThemeTexts,
    bars,
    corpus_source,
    make_judges,
    read_taxonomy,
)  # fmt: skip
from redline.corpus import load_corpus
from redline.errors import UsageError
from redline.files import check_target, write_text
from redline.scoring import Judges
from redline.validation.drift.form import DriftLevel, DriftReport, State
from redline.validation.drift.run import Checked, Newest, check_drift, check_theme_drift, run_drift
from redline.validation.drift.sequence import DriftPlan

_FILES = {DriftLevel.CONTENT: "drift.json", DriftLevel.THEMES: "drift-themes.json"}
_TITLES = {DriftLevel.CONTENT: "Content judge", DriftLevel.THEMES: "Theme classifier"}


def drift(
    card: Annotated[Path, typer.Option("--card", help="Judge card of `redline validate`: card.json or its folder.")],
    out: Annotated[Path, typer.Option("--out", help="Folder for drift.json and drift-themes.json.")],
    pairs: Annotated[
        Path | None, typer.Option("--pairs", help="Pairs since the card (form pairs_*), all that there are so far.")
    ] = None,
    annotations: Annotated[Path | None, typer.Option("--annotations", help="People's decisions about them (form edits_*).")] = None,
    theme_texts: ThemeTexts = None, theme_labels: ThemeLabels = None,
    judge: Judge = "encoder", classifier: Classifier = "encoder", taxonomy: TaxonomyFile = None,
    month: Annotated[str | None, typer.Option("--month", help="Only messages of this month, as 2026-10.")] = None,
    since: Annotated[str | None, typer.Option("--since", help="Only messages on or after this date.")] = None,
    dates: Annotated[
        str | None, typer.Option("--dates", help="Field of the pairs or texts with the date (ISO 8601); else `received`.")
    ] = None,
    corpus: Annotated[
        str | None, typer.Option("--corpus", help="Take the dates from `received` of this corpus' cases.")
    ] = None,
    map_: Map = None, map_file: MapFile = None,
    tolerance: Annotated[
        float, typer.Option("--tolerance", min=0, max=0.99, help="Points of error or bias beyond the card that do not matter.")
    ] = 0.03,
    alpha: Annotated[
        float,
        typer.Option(
            "--alpha", min=0.0001, max=0.5,
            help="Chance of a false alarm, ever, however often you look; shared by two levels.",
        ),
    ] = 0.05,
    fail: Annotated[bool, typer.Option("--fail-on-drift", help="Exit code 1 where a drift is shown.")] = False,
    seed: Annotated[int, typer.Option("--seed", min=0)] = 17,
    store: Store = None, allow_remote: AllowRemote = None, price_in: PriceIn = 0.0, price_out: PriceOut = 0.0,
    max_cost: MaxCost = None, max_calls: MaxCalls = None, retry_failed: Retry = False,
) -> None:  # fmt: skip
    """Are the judge and the classifier still as good as their card says?  May be run every week on the grown files."""
    asked = _asked(pairs, annotations, theme_texts, theme_labels)
    targets = {level: out / _FILES[level] for level in asked}
    for target in targets.values():
        check_target(target)
    known = read_taxonomy(taxonomy)
    found = None if corpus is None else load_corpus(corpus_source(corpus, map_, map_file, taxonomy))
    judges = make_judges(
        judge, store, allow_remote, price_in, price_out, max_cost, max_calls, beside=out / "verdicts.sqlite",
        retry_failed=retry_failed, classifier=classifier, taxonomy=known,
    )  # fmt: skip
    plan = DriftPlan(alpha / len(asked), tolerance, seed=seed)
    checked = {}
    for level, (texts, said) in asked.items():
        newest = Newest(texts, said, dates, found, month, since)
        content = level is DriftLevel.CONTENT
        checked[level] = (
            check_drift(card, judges, newest) if content else check_theme_drift(card, judges, newest, known)
        )
    drifted = _test(checked, judges, plan, targets)
    tell_spent(judges)
    if fail and drifted:
        raise typer.Exit(1)


def _asked(
    pairs: Path | None, annotations: Path | None, theme_texts: Path | None, theme_labels: Path | None
) -> dict[DriftLevel, tuple[Path, Path]]:
    """Texts and what people said of them, of each level that files are named for."""
    check_partners(pairs, annotations, "--pairs", "--annotations")
    check_partners(theme_texts, theme_labels, "--theme-texts", "--theme-labels")
    files = {DriftLevel.CONTENT: (pairs, annotations), DriftLevel.THEMES: (theme_texts, theme_labels)}
    asked = {level: (texts, said) for level, (texts, said) in files.items() if texts is not None and said is not None}
    if not asked:
        raise UsageError("name --pairs and --annotations, or --theme-texts and --theme-labels, or all four")
    return asked


def _test(
    checked: Mapping[DriftLevel, Checked], judges: Judges, plan: DriftPlan, targets: Mapping[DriftLevel, Path]
) -> bool:
    """Judge, test and write one level after the other; whether any drift is shown."""
    drifted = False
    with bars(judges) as shown:
        for level, one in checked.items():
            report = run_drift(one, shown, plan, before=cost_before(judges))
            write_text(targets[level], report.model_dump_json(indent=1) + "\n")
            _say(report, targets[level], titled=len(checked) > 1)
            drifted |= report.decision is State.DRIFT
    return drifted


def _say(report: DriftReport, target: Path, *, titled: bool) -> None:
    if titled:
        print(_TITLES[report.level])
    for sentence in report.words:
        print(sentence)
    print(f"results: {target}", file=sys.stderr)
