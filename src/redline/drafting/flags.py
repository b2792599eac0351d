"""What a reader should look at first in a draft: links, markup, placeholders, another case's text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from redline.retrieval import PastMessage

__all__ = ["ANOTHER_CASE", "CUT_OFF", "FLAGS", "INVISIBLE", "PAST_REPLY", "PROMPT_CUT", "CaseTexts", "form_flags"]

ANOTHER_CASE = "another_case"
CUT_OFF = "cut_off"
INVISIBLE = "invisible"
PAST_REPLY = "past_reply"  # the draft is a reply to another patient
PROMPT_CUT = "prompt_cut"
_MARKUP = r"</?[a-z][a-z0-9]{0,20}(?:\s[^<>]{0,200})?/?>|^#{1,6} |\*\*\S|```|^\s{0,9}\|.{0,500}\|\s{0,9}$|&(?:lt|gt|amp|#\d+);"
_LINK = (
    r"https?://|\bwww\.\w|\]\(|\b(?:mailto|javascript|data|ftp):\S|\b\d{1,3}(?:\.\d{1,3}){3}\b|\b[\w-]{1,63}\.[a-z]{2,12}/\S"
    r"|\b[\w-]{1,63}\.(?:com|org|net|gov|edu|io|co|info|ru|me|ly|app|health|care)\b(?!\w)|\b[\w.+-]{1,64}@[\w-]{1,63}\.\w"
)
_FORMS = (
    ("link", re.compile(_LINK, re.I)),
    ("markup", re.compile(_MARKUP, re.I | re.M)),
    ("placeholder", re.compile(r"\[[A-Za-z][^\]\n]{0,40}\](?!\()|\{\{?\w+\}?\}|<<[\w-]{1,40}>>|\b(?:XX+|TBD)\b|_{3,}")),
    (
        "role_marker",
        re.compile(r"<\|[^|<>\n]{1,40}\|>|\[/?INST\]|^(?:system|assistant|user|human)\s{0,3}:", re.I | re.M),
    ),
)
FLAGS = (*(name for name, _ in _FORMS), ANOTHER_CASE, CUT_OFF, INVISIBLE, PAST_REPLY, PROMPT_CUT)
_MESSAGE_WORDS, _REPLY_WORDS = 8, 12


def form_flags(text: str) -> tuple[str, ...]:
    """Flags that can be read off the text alone.

    >>> form_flags("See www.example.org, [Name]."), form_flags("Take 5 mg < 2 days.")
    (('link', 'placeholder'), ())
    """
    return tuple(name for name, pattern in _FORMS if pattern.search(text))


@dataclass(frozen=True)
class CaseTexts:
    """Word sequences of past messages (8 words) and replies (12 words: short courtesies are everybody's), by case.

    Twelve bytes a word of what is held: 144,000 messages with their replies need some 300 MB.
    """

    cases: tuple[str, ...]
    messages: Grams
    replies: Grams

    @classmethod
    def of(cls, past: Iterable[PastMessage]) -> CaseTexts:
        """Of these messages; a sequence that several cases share points at none of them."""
        items = list(past)
        place = {case: i for i, case in enumerate(dict.fromkeys(p.case for p in items))}
        owners = [place[p.case] for p in items]
        return cls(
            tuple(place),
            Grams.of([p.message for p in items], owners, _MESSAGE_WORDS),
            Grams.of([p.reply for p in items], owners, _REPLY_WORDS),
        )

    def copied(self, text: str, case: str, own: str) -> str | None:
        """The case whose text stands in `text` and not in `own` (what the writer was given of this case), or None."""
        for table in (self.messages, self.replies):
            for owner in table.owners_in(text, own):
                if self.cases[owner] != case:
                    return self.cases[owner]
        return None


@dataclass(frozen=True)
class Grams:
    """Hashes of word sequences, sorted, and which case each is of (-1: several)."""

    size: int
    keys: NDArray[np.int64]
    owner: NDArray[np.int32]

    @classmethod
    def of(cls, texts: Sequence[str], owners: Sequence[int], size: int) -> Grams:
        """Of `texts`; equal sequences of one owner count once."""
        found = [np.fromiter(_grams(text, size), dtype=np.int64) for text in texts]
        keys = np.concatenate([*found, np.zeros(0, dtype=np.int64)])
        owner = np.repeat(np.asarray(owners, dtype=np.int32), [len(f) for f in found])
        order = np.lexsort((owner, keys))
        keys, owner = keys[order], owner[order]
        first = np.flatnonzero(np.r_[True, keys[1:] != keys[:-1]]) if len(keys) else np.zeros(0, dtype=np.intp)
        last = np.r_[first[1:], len(keys)] - 1 if len(keys) else first
        return cls(size, keys[first], np.where(owner[first] == owner[last], owner[first], -1).astype(np.int32))

    def owners_in(self, text: str, own: str) -> list[int]:
        """Cases whose sequences stand in `text` and not in `own`, in the order of the text."""
        mine = set(_grams(own, self.size))
        asked = np.asarray([g for g in _grams(text, self.size) if g not in mine], dtype=np.int64)
        if not len(asked) or not len(self.keys):
            return []
        at = np.minimum(np.searchsorted(self.keys, asked), len(self.keys) - 1)
        return [int(o) for o in self.owner[at[self.keys[at] == asked]] if o >= 0]


def _grams(text: str, size: int) -> Iterator[int]:
    """Python's own hashes: they differ between processes, and so does no result."""
    words = re.findall(r"\w+", text.lower())
    return (hash(tuple(words[i : i + size])) for i in range(len(words) - size + 1))
