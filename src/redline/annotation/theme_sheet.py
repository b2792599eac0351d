"""Theme labels as a table that a spreadsheet can edit: one row a sentence, read back with every problem named."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from redline.annotation.names import shown_name
from redline.annotation.table import Form, guarded, read_table, write_table
from redline.annotation.theme_labels import Labelled
from redline.annotation.to_label import TextToLabel
from redline.errors import did_you_mean
from redline.records import digest
from redline.taxonomy import Taxonomy

__all__ = ["THEME_COLUMNS", "read_theme_sheet", "text_code", "theme_sheet_rows", "write_theme_sheet"]

THEME_COLUMNS = ("text_id", "annotator", "number", "text", "themes", "digest")


def text_code(text: TextToLabel) -> str:
    """What a table has instead of the text's id, which would say who wrote it.

    >>> text_code(TextToLabel("s1:frontier:zero_shot", "s1", ("Rest.",)))
    't44d3a21528ff'
    """
    return f"t{digest(text.id, length=12)}"


def theme_sheet_rows(made: Iterable[Labelled]) -> Iterator[tuple[str, ...]]:
    """The header, then a row a sentence: keys of its themes with a space between, nothing where it is open.

    `text_id` is a `text_code`; the digest is written with a `d` in front: sixteen digits alone a spreadsheet would round.
    """
    yield THEME_COLUMNS
    for one in made:
        code, made_on = text_code(one.text), f"d{one.text.digest}"
        for i, (unit, keys) in enumerate(zip(one.text.units, one.themes, strict=True)):
            cells = (code, one.annotator, str(i + 1), unit, " ".join(keys or ()), made_on)
            yield tuple(guarded(c) for c in cells)


def write_theme_sheet(path: str | Path, made: Iterable[Labelled]) -> int:
    """Write the table as `write_sheet` does; returns the number of sentences."""
    return write_table(path, theme_sheet_rows(made))


def read_theme_sheet(
    path: str | Path, texts: Sequence[TextToLabel], taxonomy: Taxonomy, annotator: str | None = None
) -> list[Labelled]:
    """Labels of a table; `annotator` for one without that column.  `InputError` lists every problem with its place.

    As `read_sheet`; themes are keys of `taxonomy` in any case, separated by spaces, `;` or `,`; empty is open, and the residual
    theme beside another one is left out.  `text_id` is a text's code or its id.  Refused as well: unknown keys.
    """

    def themes(_side: str, cell: str) -> tuple[str, ...] | None:
        keys = re.findall(r"[^\s;,]+", cell.lower())
        for key in keys:
            if key not in taxonomy:
                close = did_you_mean(key, taxonomy.keys, "known")
                raise ValueError(f"names the unknown theme {shown_name(key)}; {close}")
        return taxonomy.order(taxonomy.as_set(keys)) if keys else None

    form = Form(THEME_COLUMNS, "text_id", "themes", "text", "labelled", themes, side="text")
    known = {text_code(t): t for t in texts} | {t.id: t for t in texts}
    return [Labelled(text, name, said["text"]) for text, name, said in read_table(path, known, form, annotator)]
