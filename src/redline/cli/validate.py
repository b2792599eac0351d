"""`redline validate`: the judge against people, and a judge card."""

from __future__ import annotations

import sys
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated

import typer

from redline.annotation import ThemedText, read_annotated_pairs, read_labels
from redline.cli.costs import tell_spent
from redline.cli.options import (
    AllowRemote,
    Classifier,
    Judge,
    MaxCalls,
    MaxCost,
    PriceIn,
    PriceOut,
    Retry,
    Store,
    TaxonomyFile,
    bars,
    make_judges,
    read_taxonomy,
)  # fmt: skip
from redline.errors import UsageError
from redline.files import check_target
from redline.judging import is_paid, pair_questions
from redline.scoring import check_themes
from redline.taxonomy import Taxonomy
from redline.validation import About, Asked, card_lines, write_card
from redline.validation import validate as validated
from redline.validation.judge.asked import THEMED_PAIRS

Texts = Annotated[
    Path | None, typer.Option("--theme-texts", help='JSONL with {"text_id", "sentences"}: texts that people labelled.')
]
Labels = Annotated[
    Path | None,
    typer.Option("--theme-labels", help='JSONL with {"text_id", "annotator", "themes"}; with --theme-texts.'),
]


def validate(
    pairs: Annotated[Path, typer.Option("--pairs", help='JSONL with {"id", "case", "draft", "reference"}; lists of units.')],
    annotations: Annotated[
        Path, typer.Option("--annotations", help='JSONL with {"pair", "annotator", "deleted", "added"}; 0, 1 or null a unit.')
    ],
    out: Annotated[Path, typer.Option("--out", help="Folder for card.json and card.html.")],
    judge: Judge = "encoder", classifier: Classifier = "encoder", theme_texts: Texts = None, theme_labels: Labels = None,
    name: Annotated[str | None, typer.Option("--name", help="What the data are called on the card; else the pairs' file.")] = None,
    provenance: Annotated[str, typer.Option("--provenance", help="Who annotated, and whose texts they are, in a sentence.")] = "",
    stability: Annotated[
        int, typer.Option("--stability", min=0, help="Pairs (and texts) that are asked again in other ways; 0: none.")
    ] = 20,
    theme_pairs: Annotated[
        int, typer.Option("--theme-pairs", min=0, help="Pairs whose unlabelled texts are classified, for slices by theme.")
    ] = THEMED_PAIRS,
    seed: Annotated[int, typer.Option("--seed")] = 17,
    draws: Annotated[int, typer.Option("--draws", min=100, help="Resamples.")] = 4_000,
    made_on: Annotated[str | None, typer.Option("--date", help="Date on the card, YYYY-MM-DD; else today (UTC).")] = None,
    store: Store = None, taxonomy: TaxonomyFile = None, allow_remote: AllowRemote = None, price_in: PriceIn = 0.0,
    price_out: PriceOut = 0.0, max_cost: MaxCost = None, max_calls: MaxCalls = None, retry_failed: Retry = False,
) -> None:  # fmt: skip
    """The judge against people, and people against each other, on the same units: a judge card."""
    check_target(out / "card.json")
    known = read_taxonomy(taxonomy)
    found = read_annotated_pairs(pairs, annotations, undecided=True)
    texts = _texts(theme_texts, theme_labels, known)
    judges = make_judges(
        judge, store, allow_remote, price_in, price_out, max_cost, max_calls, beside=out / "verdicts.sqlite",
        retry_failed=retry_failed, classifier=classifier, taxonomy=known,
    )  # fmt: skip
    check_themes(judges.themes, known)
    if is_paid(judges.content):
        open_, cost = judges.content_runner().estimate([q for p in found for q in pair_questions(p.pair)])
        print(f"{open_:,} questions to ask; at most {cost}; stability tests come on top", file=sys.stderr)
    about = About(name or pairs.stem, provenance, _date(made_on))
    with bars(judges) as shown:
        card = validated(
            shown, found, texts, about=about, how=Asked(draws, seed, stability, theme_pairs), taxonomy=known
        )
    write_card(card, out, known)
    for line in card_lines(card):
        print(line)
    print(f"judge card: {out / 'card.json'}  (page: {out / 'card.html'})")
    tell_spent(judges)


def _texts(texts: Path | None, labels: Path | None, taxonomy: Taxonomy) -> list[ThemedText]:
    found = read_labels(None, None, texts, labels, taxonomy=taxonomy)
    return [] if found is None else list(found.texts)


def _date(text: str | None) -> str:
    if text is None:
        return datetime.now(UTC).date().isoformat()
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise UsageError(f"--date {text!r} is no date; write it as YYYY-MM-DD") from None
