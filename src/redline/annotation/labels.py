"""People's labels as a table takes them: annotated pairs, and texts with themes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from redline.annotation.annotated import AnnotatedPair, ThemedText
from redline.annotation.reading import read_annotated_pairs, read_themed_texts
from redline.errors import UsageError
from redline.taxonomy import Taxonomy

__all__ = ["Labels", "check_partners", "read_labels"]


@dataclass(frozen=True, slots=True)
class Labels:
    """What people decided about comparisons (`pairs`) and about the themes of texts."""

    pairs: tuple[AnnotatedPair, ...] = ()
    texts: tuple[ThemedText, ...] = ()


def check_partners(texts: object, said: object, texts_name: str, said_name: str) -> None:
    """Raise `UsageError` where one of two files is named and its partner is not.

    >>> check_partners("pairs.jsonl", None, "--pairs", "--annotations")
    Traceback (most recent call last):
    redline.errors.UsageError: --pairs needs --annotations: the texts, and what people said of them, are two files
    """
    if (texts is None) != (said is None):
        named, lacking = (said_name, texts_name) if texts is None else (texts_name, said_name)
        raise UsageError(f"{named} needs {lacking}: the texts, and what people said of them, are two files")


def read_labels(
    pairs: str | Path | None, annotations: str | Path | None, theme_texts: str | Path | None = None,
    theme_labels: str | Path | None = None, *, taxonomy: Taxonomy | None = None, first: str = "--labels",
) -> Labels | None:  # fmt: skip
    """The labels in these files, None where none is named.

    Units that an annotator left undecided are taken.  `UsageError` where one file of two is named (`first` is how the caller
    names the file of pairs), `InputError` with every line that does not fit.
    """
    check_partners(pairs, annotations, first, "--annotations")
    check_partners(theme_texts, theme_labels, "--theme-texts", "--theme-labels")
    found = Labels(
        () if pairs is None or annotations is None else tuple(read_annotated_pairs(pairs, annotations, undecided=True)),
        ()
        if theme_texts is None or theme_labels is None
        else tuple(read_themed_texts(theme_texts, theme_labels, taxonomy=taxonomy)),
    )
    return found if found.pairs or found.texts else None
