"""One annotator's themes of a text: from logs and files, and to the corpus' form."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from redline.annotation.reading import read_texts_to_label, read_themed_texts
from redline.annotation.session import Question, Session, in_order
from redline.annotation.to_label import TextToLabel
from redline.corpus import TextRules
from redline.taxonomy import Taxonomy, default_taxonomy

__all__ = ["Labelled", "blank_labels", "label_rows", "labels_of", "read_theme_labels"]


@dataclass(frozen=True, slots=True)
class Labelled:
    """One annotator's themes of every sentence of a text; None for an open one.

    >>> Labelled(TextToLabel("t", "c", ("Hello.", "Rest.")), "ann", (("other",), None)).undecided
    1
    """

    text: TextToLabel
    annotator: str
    themes: tuple[tuple[str, ...] | None, ...]

    @property
    def undecided(self) -> int:
        """Sentences that are still open."""
        return sum(keys is None for keys in self.themes)


def labels_of(states: Mapping[str, Session], texts: Sequence[TextToLabel]) -> list[Labelled]:
    """Labels of every text of which an annotator has decided anything, by annotator, in the order of the texts."""
    found = []
    for annotator, state in states.items():
        for text in texts:
            said = [state.decided.get(Question(text.id, "text", i)) for i in range(len(text.units))]
            themes = tuple(keys if isinstance(keys, tuple) else None for keys in said)
            if any(keys is not None for keys in themes):
                found.append(Labelled(text, annotator, themes))
    return found


def blank_labels(texts: Sequence[TextToLabel], annotator: str) -> list[Labelled]:
    """Labels in which nothing is decided yet, in this annotator's order."""
    return [Labelled(t, annotator, (None,) * len(t.units)) for t in in_order(texts, annotator)]


def read_theme_labels(
    path: str | Path, texts_file: str | Path, *, taxonomy: Taxonomy | None = None, rules: TextRules | None = None
) -> list[Labelled]:  # fmt: skip
    """Labels of a file in the corpus' `theme_labels` form; no theme is the residual one.  `InputError` as `read_themed_texts`."""
    taxonomy = taxonomy or default_taxonomy()
    texts = {t.id: t for t in read_texts_to_label(texts_file, rules=rules)}
    return [
        Labelled(texts[found.id], name, tuple(taxonomy.order(taxonomy.as_set(keys)) for keys in themes))
        for found in read_themed_texts(texts_file, path, taxonomy=taxonomy, rules=rules)
        for name, themes in zip(found.annotators, found.labels, strict=True)
    ]


def label_rows(made: Iterable[Labelled]) -> tuple[list[dict[str, Any]], int]:
    """Lines of the corpus' `theme_labels` form, and how many texts are left out because a sentence is open."""
    rows: list[dict[str, Any]] = []
    open_ = 0
    for one in made:
        if one.undecided:
            open_ += 1
        else:
            themes = [list(keys or ()) for keys in one.themes]
            rows.append(
                {"text_id": one.text.id, "annotator": one.annotator, "themes": themes, "digest": one.text.digest}
            )
    return rows, open_
