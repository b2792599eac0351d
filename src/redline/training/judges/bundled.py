"""The bundled corpus' training side, and the refusal of its test side."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from redline.annotation import AnnotatedPair, ThemedText, read_annotated_pairs
from redline.corpus import Corpus, bundled_path, bundled_rows, load_corpus
from redline.errors import InputError, Problem
from redline.units import normalise_unit

__all__ = ["bundled_pairs", "bundled_themes", "refuse_test_split", "themed_replies"]


def bundled_pairs() -> list[AnnotatedPair]:
    """The 657 pairs of `pairs_train` with the decisions of `edits_train`."""
    folder = bundled_path()
    return read_annotated_pairs(folder / "pairs_train.jsonl", folder / "edits_train.jsonl")


def themed_replies(corpus: Corpus) -> list[ThemedText]:
    """Replies of a corpus whose sentences carry themes; those that a clinician made out of a draft are left out."""
    return [
        ThemedText(f"{r.case}:{r.clinician}", r.case, r.units, (r.themes,))
        for r in corpus.independent
        if r.units is not None and r.themes is not None
    ]


def bundled_themes() -> list[ThemedText]:
    """The 480 replies to train-split cases, with each writer's own themes; `theme_labels` is test-side and never learned."""
    return themed_replies(load_corpus("bundled").only(split="train"))


def refuse_test_split(found: Iterable[AnnotatedPair | ThemedText], where: str = "the material") -> None:
    """Raise `InputError` where anything belongs to the bundled test split, by its case id or by its text.

    What was trained on it could not be reported on it.  A text under another case id is found by its words.
    """
    corpus = load_corpus("bundled").only(split="test")
    cases = {c.id for c in corpus.cases}
    texts = {_normal(text) for r in bundled_rows("pairs_test") for text in (r["draft"], r["reference"])}
    texts |= {_normal(r.units or (r.text,)) for r in corpus.replies}
    texts |= {_normal(r["sentences"]) for r in bundled_rows("theme_texts") if r["text_id"].split(":")[0] in cases}
    texts |= {_normal((d.text,)) for d in corpus.drafts}
    problems = []
    for item in found:
        mine = (item.draft, item.reference) if isinstance(item, AnnotatedPair) else (item.units,)
        if item.case in cases:
            problems.append(
                Problem(where, None, None, f"{item.id!r} is about the case {item.case!r} of the bundled test split")
            )
        elif any(_normal(text) in texts for text in mine if text):
            problems.append(Problem(where, None, None, f"{item.id!r} holds a text of the bundled test split"))
    if problems:
        raise InputError(
            problems,
            hint="The test split is for reporting only. Train on other pairs; where only your case ids are the same by "
            "chance, name your cases differently.",
        )


def _normal(units: Sequence[str]) -> str:
    """One text whatever its units are cut like."""
    return normalise_unit(" ".join(units)).casefold()
