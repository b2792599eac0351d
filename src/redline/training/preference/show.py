"""A pair for the eye: the chosen reply with what the rejected one says instead."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher

__all__ = ["Piece", "difference", "marked"]

_RELATED = 0.4
_WORDS = re.compile(r"\S+\s*")


@dataclass(frozen=True, slots=True)
class Piece:
    """Text that both have (`both`), that only the chosen (`chosen`) or only the rejected reply has (`rejected`)."""

    where: str
    text: str


def difference(chosen: str, rejected: str) -> tuple[Piece, ...]:
    """Both texts as one, word by word; pieces are without white space at their ends.

    >>> [(p.where, p.text) for p in difference("Rest today. Drink.", "Rest now. Drink.")]
    [('both', 'Rest'), ('chosen', 'today.'), ('rejected', 'now.'), ('both', 'Drink.')]
    """
    return tuple(_pieces(_WORDS.findall(chosen), _WORDS.findall(rejected)))


def _pieces(a: list[str], b: list[str]) -> Iterator[Piece]:
    matcher = SequenceMatcher(None, [w.strip() for w in a], [w.strip() for w in b], autojunk=False)
    if a and b and matcher.ratio() < _RELATED:  # two texts, not two versions of one: shared words would be chance
        yield Piece("chosen", "".join(a).strip())
        yield Piece("rejected", "".join(b).strip())
        return
    for what, i, j, k, n in matcher.get_opcodes():
        if what == "equal":
            yield Piece("both", "".join(a[i:j]).strip())
            continue
        if j > i:
            yield Piece("chosen", "".join(a[i:j]).strip())
        if n > k:
            yield Piece("rejected", "".join(b[k:n]).strip())


def marked(chosen: str, rejected: str) -> str:
    """The same in plain text: [+only chosen+] and [-only rejected-].

    >>> marked("Rest today. Drink.", "Rest now. Drink.")
    'Rest [+today.+] [-now.-] Drink.'
    """
    shown = []
    for piece in difference(chosen, rejected):
        shown.append({"both": "{}", "chosen": "[+{}+]", "rejected": "[-{}-]"}[piece.where].format(piece.text))
    return " ".join(shown)
