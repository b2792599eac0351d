"""A reply as sentences with their themes and places, and the small edits that agents make of it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from redline.records import Reply
from redline.units import split_units

__all__ = ["Passage"]


@dataclass(frozen=True, slots=True)
class Passage:
    """`text` with the (start, end) of its sentences and the themes of each; what lies between them stays as it is."""

    text: str
    spans: tuple[tuple[int, int], ...]
    themes: tuple[frozenset[str], ...] = ()

    @classmethod
    def of(cls, reply: Reply) -> Passage:
        """The corpus' own sentences and themes where it gives them and they stand in the text, else the splitter's sentences.

        `themes` is empty where nobody labelled the sentences that are used.
        """
        spans = _placed(reply.text, reply.units) if reply.units else None
        if spans is not None and reply.themes is not None:
            return cls(reply.text, spans, tuple(frozenset(t) for t in reply.themes))
        if spans is None:
            spans = tuple((u.start, u.end) for u in split_units(reply.text))
        return cls(reply.text, spans)

    @property
    def units(self) -> tuple[str, ...]:
        """The sentences."""
        return tuple(self.text[a:b] for a, b in self.spans)

    @property
    def present(self) -> frozenset[str]:
        """Themes that any sentence has."""
        return frozenset().union(*self.themes) if self.themes else frozenset()

    def having(self, theme: str) -> tuple[int, ...]:
        """Places of the sentences with this theme."""
        return tuple(i for i, found in enumerate(self.themes) if theme in found)

    def without(self, places: Collection[int]) -> str:
        """The text without these sentences; the white space before a sentence goes with it.

        >>> Passage("Rest. Drink.\\nCall us.", ((0, 5), (6, 12), (13, 21))).without({1})
        'Rest.\\nCall us.'
        """
        kept = [i for i in range(len(self.spans)) if i not in places]
        if not kept:
            return ""
        pieces = [self.text[self.spans[kept[0]][0] : self.spans[kept[0]][1]]]
        pieces += [self._gap(i) + self.text[slice(*self.spans[i])] for i in kept[1:]]
        return "".join(pieces)

    def with_instead(self, places: Sequence[int], sentence: str) -> str:
        """The text with `sentence` in the place of the first of these sentences, the others taken away.

        >>> Passage("Rest. Drink. Call us.", ((0, 5), (6, 12), (13, 21))).with_instead([0, 2], "Wait.")
        'Wait. Drink.'
        """
        first, *others = places
        a, b = self.spans[first]
        change = len(sentence) - (b - a)
        moved = [(s + change, e + change) if i > first else (s, e) for i, (s, e) in enumerate(self.spans)]
        moved[first] = (a, a + len(sentence))
        return Passage(self.text[:a] + sentence + self.text[b:], tuple(moved)).without(set(others))

    def with_added(self, at: int, sentence: str) -> str:
        """The text with `sentence` before sentence `at` (the number of sentences: at the end).

        >>> Passage("Rest. Drink.", ((0, 5), (6, 12))).with_added(1, "Sleep.")
        'Rest. Sleep. Drink.'
        """
        if not self.spans:
            return sentence
        if at >= len(self.spans):
            end = self.spans[-1][1]
            return f"{self.text[:end]}{self._gap(len(self.spans) - 1)}{sentence}{self.text[end:]}"
        start = self.spans[at][0]
        return f"{self.text[:start]}{sentence}{self._gap(max(at, 1))}{self.text[start:]}"

    def _gap(self, i: int) -> str:
        """White space before sentence `i`; a space where there is no sentence before it."""
        if not 0 < i < len(self.spans):
            return " "
        return self.text[self.spans[i - 1][1] : self.spans[i][0]] or " "


def _placed(text: str, units: Sequence[str]) -> tuple[tuple[int, int], ...] | None:
    """Where the units stand in the text, one after the other; None where one does not."""
    spans, start = [], 0
    for unit in units:
        found = text.find(unit, start) if unit else -1
        if found < 0:
            return None
        start = found + len(unit)
        spans.append((found, start))
    return tuple(spans)
