"""The annotation guide's rules, as annotators are shown them."""

from __future__ import annotations

import re
from functools import lru_cache

from redline.corpus import bundled_path
from redline.taxonomy import Taxonomy

__all__ = ["RULES", "content_rules", "theme_rules"]

RULES = {
    "draft": "Delete when nothing in the reference says, or clearly implies, the same for this patient; else keep.",
    "reference": "Add when no sentence of the draft carries its main point; carried if it does, in whatever words.",
    "text": "What is the sentence for? Most have one theme; two only when it clearly does both jobs.",
}
"""One line a side; `docs/annotation.md` and the guide say the same."""


@lru_cache(maxsize=1)
def content_rules() -> tuple[str, ...]:
    """The guide's section on content edits, a paragraph or a list item each."""
    guide = (bundled_path() / "GUIDE.md").read_text(encoding="utf-8")
    section = guide.partition("## Content edits")[2].partition("\n## ")[0]
    parts = re.split(r"\n\s*\n|\n(?=- )", section.strip())
    return tuple(" ".join(part.replace("*", "").split()) for part in parts)


def theme_rules(taxonomy: Taxonomy) -> tuple[tuple[str, str, str], ...]:
    """(name, has, has not) of every theme, in the order of the keys."""
    return tuple((t.name, t.has, t.has_not) for t in taxonomy.themes)
