"""Make the shipped judge's card on the bundled test split, and write docs/judge-card.md from it.

`python -m scripts.judge_card` makes both (the encoder runs for half a minute); with `--page` only the page is written again.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from redline.annotation import read_annotated_pairs, read_themed_texts
from redline.corpus import bundled_path
from redline.files import write_text
from redline.judging import content_judge, theme_judge
from redline.scoring import Judges
from redline.stats.words import say_difference as signed
from redline.stats.words import say_interval as shown
from redline.taxonomy import default_taxonomy
from redline.validation.cards.card import JudgeCard, shipped_card
from redline.validation.cards.page import place_words, summary
from redline.validation.cards.parts import AlternativeAnnotator, ContentFigures, Elsewhere, Pairwise
from redline.validation.judge.kqa import KQA, KQA_PROVENANCE, kqa_pairs
from redline.validation.judge.validate import About, Asked, elsewhere, validate
from redline.validation.judge.verdicts import WORDS

ROOT = Path(__file__).resolve().parents[1]
TARGET = ROOT / "docs" / "judge-card.md"
CARD = ROOT / "src" / "redline" / "resources" / "encoder" / "judge-card.json"
PUBLIC = ROOT.parent / "shared" / "data" / "kqa" / "nli.jsonl"
PROVENANCE = (
    "Synthetic: texts and marks were written by large language models under the annotation guide. The annotators are language "
    "models too, and agree with each other far more than people do, so agreement here says how well the judge follows the guide, "
    "not how well it follows clinicians. K-QA below has real physicians."
)


def make() -> JudgeCard:
    """The card on the 130 bundled test pairs and the 250 labelled texts, with K-QA beside it where it is at hand."""
    folder = bundled_path()
    judges = Judges(content_judge(), theme_judge())
    how = Asked(draws=10_000, themed=130)
    others: list[Elsewhere] = []
    if PUBLIC.is_file():
        others.append(elsewhere(judges, kqa_pairs(PUBLIC), name=KQA, provenance=KQA_PROVENANCE, how=how))
    pairs = read_annotated_pairs(folder / "pairs_test.jsonl", folder / "edits_test.jsonl")
    texts = read_themed_texts(folder / "theme_texts.jsonl", folder / "theme_labels.jsonl")
    about = About("the bundled test split", PROVENANCE, datetime.now(UTC).date().isoformat())
    return validate(judges, pairs, texts, about=about, how=how, others=others)


def page(card: JudgeCard) -> str:
    """The whole page."""
    return "\n".join(
        [
            "# The shipped judge's card\n",
            "Written by `python -m scripts.judge_card` from `src/redline/resources/encoder/judge-card.json`; do not edit. How to "
            "read it: [validation](validation.md); how the verdict is found: [design/010](design/010-judge-cards.md).\n",
            f"{card.material.provenance}\n",
            f"Judge `{card.judge.signature}`, units {card.judge.units}, card {card.digest}, made on {card.made_on}.\n",
            f"{summary(card)}\n",
            *_verdicts(card), "## Edits, unit by unit\n", *_content(card.content), *_bias(card), *_stability(card), *_themes(card),
            *(line for other in card.elsewhere for line in _elsewhere(other)),
        ]
    )  # fmt: skip


def _verdicts(card: JudgeCard) -> Iterator[str]:
    for title, section in (("Edits", card.content), ("Themes", card.themes_level)):
        if section is not None:
            yield f"## {title}: {section.verdict.standing.value}\n"
            yield from (f"* {check.text}" for check in section.verdict.checks)
            yield ""


def _content(found: ContentFigures) -> Iterator[str]:
    kinds = {"kappa": found.kappa, "AC1": found.ac1, "raw agreement": found.agreement, "F1": found.f1}
    yield from _table(kinds)
    said = [
        f"judge {shown(found.prevalence.judge)}",
        *(f"{n} {shown(f)}" for n, f in found.prevalence.annotators.items()),
    ]
    yield f"\nShare of units edited: {', '.join(said)}. Kappa, judge minus people: {signed(found.kappa.difference)}.\n"
    yield f"{place_words(found.rank).capitalize()}. {_test(found.alternative_annotator)}\n"
    yield (
        f"Calibration error {shown(found.ece)} (plain {found.ece_plain:.3f}, of which {found.ece_of_chance:.3f} is chance); mean "
        f"probability minus people's share {signed(found.gap)}.\n"
    )


def _table(kinds: dict[str, Pairwise]) -> Iterator[str]:
    yield f"| raters | {' | '.join(kinds)} | units |"
    yield f"| --- |{' --- |' * (len(kinds) + 1)}"
    first = next(iter(kinds.values()))
    for side, prefix in (("judge", "judge and "), ("annotators", "")):
        for name, figure in getattr(first, side).items():
            cells = " | ".join(
                shown(getattr(k, side)[name]) if name in getattr(k, side) else "–" for k in kinds.values()
            )
            yield f"| {prefix}{name.replace('|', ' and ')} | {cells} | {figure.n} |"


def _test(test: AlternativeAnnotator) -> str:
    if test.passed is None:
        return f"Alternative-annotator test: not decided ({test.reason})."
    return (
        f"Alternative-annotator test: {'passed' if test.passed else 'not passed'}, winning rate {test.winning_rate:.2f}, mean "
        f"advantage {shown(test.advantage)}."
    )


def _bias(card: JudgeCard) -> Iterator[str]:
    edit = card.content.edit
    yield "## Bias of edit scores (judge minus people)\n"
    yield "| slice | pairs | precision | recall | F1 | p (Holm) of F1 | kappa |"
    yield "| --- | --- | --- | --- | --- | --- | --- |"
    yield (
        f"| all | {edit.bias.f1.n} | {signed(edit.bias.precision)} | {signed(edit.bias.recall)} | {signed(edit.bias.f1)} | | "
        f"{shown(card.content.kappa.judge_mean)} |"
    )
    for s in card.content.slices:
        p = "–" if s.bias.f1.p_holm is None else f"{s.bias.f1.p_holm:.3f}"
        name = default_taxonomy()[s.value].name if s.by == "theme" and s.value in default_taxonomy() else s.value
        cells = f"{signed(s.bias.precision)} | {signed(s.bias.recall)} | {signed(s.bias.f1)} | {p} | {shown(s.kappa)}"
        yield f"| {s.by}: {name} | {s.pairs} | {cells} |"
    yield ""


def _stability(card: JudgeCard) -> Iterator[str]:
    yield "## Stability\n"
    yield "| asked again | units | decisions that flip | mean change of p |"
    yield "| --- | --- | --- | --- |"
    for test in card.content.stability:
        yield f"| {WORDS[test.name]} | {test.units} | {shown(test.flips)} | {shown(test.p_change)} |"
    yield ""


def _themes(card: JudgeCard) -> Iterator[str]:
    found = card.themes_level
    if found is None:
        return
    yield "## Themes, unit by unit\n"
    yield from _table(
        {"alpha (MASI)": found.alpha_masi, "alpha (Jaccard)": found.alpha_jaccard, "micro F1": found.micro_f1}
    )
    yield f"\nTheme edit-F1 of the texts of one message against each other: bias {signed(found.edit_bias)}.\n"
    yield "| theme | F1 | kappa | AC1 | share of units |"
    yield "| --- | --- | --- | --- | --- |"
    for key, theme in found.themes.items():
        name = next(iter(theme.f1.judge))
        cells = " | ".join(shown(f.judge[name]) for f in (theme.f1, theme.kappa, theme.ac1))
        yield f"| {default_taxonomy()[key].name} | {cells} | {shown(theme.prevalence.annotators[name])} |"
    yield ""


def _elsewhere(other: Elsewhere) -> Iterator[str]:
    yield f"## {other.name}: {other.units} units of {other.cases} messages\n"
    yield f"{other.provenance}\n"
    yield from _content(other.content)


if __name__ == "__main__":
    if "--page" not in sys.argv:
        write_text(CARD, make().text())
    write_text(TARGET, page(shipped_card()))
    print(TARGET)
