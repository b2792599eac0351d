"""People's labels as a table takes them: annotated pairs, and texts with themes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from redline.annotation.annotated import AnnotatedPair, ThemedText
from redline.annotation.reading import read_annotated_pairs, read_themed_texts
from redline.errors import UsageError
from redline.taxonomy import Taxonomy

__all__ = ["Labels", "read_labels"]


@dataclass(frozen=True, slots=True)
class Labels:
    """What people decided about comparisons (`pairs`) and about the themes of texts."""

    pairs: tuple[AnnotatedPair, ...] = ()
    texts: tuple[ThemedText, ...] = ()


def read_labels(
    pairs: str | Path | None, annotations: str | Path | None, theme_texts: str | Path | None = None,
    theme_labels: str | Path | None = None, *, taxonomy: Taxonomy | None = None,
) -> Labels | None:  # fmt: skip
    """The labels in these files, None where none is named.

    Units that an annotator left undecided are taken.  `UsageError` where one file of two is named, `InputError` with every
    line that does not fit.
    """
    for one, other, names in (
        (pairs, annotations, "labelled pairs and their annotations"),
        (theme_texts, theme_labels, "theme texts and their labels"),
    ):
        if (one is None) != (other is None):
            raise UsageError(f"{names} are two files; name both")
    found = Labels(
        () if pairs is None or annotations is None else tuple(read_annotated_pairs(pairs, annotations, undecided=True)),
        ()
        if theme_texts is None or theme_labels is None
        else tuple(read_themed_texts(theme_texts, theme_labels, taxonomy=taxonomy)),
    )
    return found if found.pairs or found.texts else None
