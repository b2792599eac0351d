"""The splitter: blocks first (paragraphs, list items, greeting lines), then sentences within a block.

Linear in the length of the text.  Every character that is not white space belongs to exactly one unit, so
the text can be rebuilt from the units and itself: gaps between units hold white space only.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from redline.records import Unit
from redline.units.abbreviations import ABBREVIATIONS, LETTER_NAMES, NEVER_LAST, SHORT_WORDS, TIME_FOLLOWERS

__all__ = ["UNITS_VERSION", "split_units", "unit_texts"]

UNITS_VERSION = "v1"

_LINE = re.compile(r"[^\r\n\x0b\x0c\x85\u2028\u2029]+")
_MARKER = re.compile(r"(?:[-*+•‣◦▪●·–—]|\(?\d{1,2}[.)]|\(?[A-Za-z]\))(?=\s)")
_EMOJI = "\U0001f000-\U0001faff\u2600-\u27bf\u2b50\ufe0f\u200d\U0001f1e6-\U0001f1ff"
_CLOSERS = r"[\"'”’)\]»*_]*(?=\s|$)"
_END = re.compile(rf"[.!?]+{_CLOSERS}")
_RICH = re.compile(rf"[{_EMOJI}…。！？؟]|\s[:;]-?[)(DP]")
_RICH_END = re.compile(rf"(?:[.!?…。！？؟]+|(?<=\S)\s?[{_EMOJI}]+|(?<=\s)[:;]-?[)(DP]){_CLOSERS}|[。！？]+")
_TRAILING_EMOJI = re.compile(rf"\s*(?:[{_EMOJI}]+|[:;]-?[)(DP](?=\s|$))")
_WORD_BEFORE = re.compile(r"[^\s(\[\"'“‘/]+$")
_NEXT = re.compile(r"\s+[\"'“‘(\[*_\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]*(\S)(\w*)")
_STEP = re.compile(r"(?:(?<=\s)|^)\(?(\d{1,2})[.)](?=\s+\S)")
_HAS_CONTENT = re.compile(r"\w|[" + _EMOJI + "]")
_WRAP_AT = 60  # a line at least this long without a final stop was wrapped, not ended


def split_units(text: str) -> tuple[Unit, ...]:
    """Sentence units of `text` in order, each with `text[start:end] == unit.text`.

    >>> [u.text for u in split_units("Take 0.5 mg at 8 a.m. daily. Any rash? Call Dr. Lee.")]
    ['Take 0.5 mg at 8 a.m. daily.', 'Any rash?', 'Call Dr. Lee.']
    >>> [u.kind for u in split_units("Please:\\n1. Stop it.\\n2. Rest")]
    ['sentence', 'item', 'item']
    """
    units: list[Unit] = []
    for start, end in _blocks(text):
        for a, b in _sentences(text, start, end):
            if _HAS_CONTENT.search(text, a, b) or not units:
                units.append(Unit(text[a:b], a, b, "item" if _MARKER.match(text, a, b) else "sentence"))
            else:  # stray punctuation belongs to what stands before it
                last = units[-1]
                units[-1] = Unit(text[last.start : b], last.start, b, last.kind)
    return tuple(units)


def unit_texts(text: str) -> tuple[str, ...]:
    """Only the texts of `split_units`.

    >>> unit_texts("Rest today. Drink plenty")
    ('Rest today.', 'Drink plenty')
    """
    return tuple(u.text for u in split_units(text))


def _blocks(text: str) -> Iterator[tuple[int, int]]:
    """Spans of lines that may hold sentences across a line break."""
    start = end = -1
    for line in _LINE.finditer(text):
        a, b = line.start(), line.end()
        while a < b and text[a].isspace():
            a += 1
        while b > a and text[b - 1].isspace():
            b -= 1
        if a == b:
            continue
        marker = _MARKER.match(text, a, b) is not None
        if start < 0:
            start, end = a, b
        elif not marker and _goes_on(text, start, end, a):
            end = b
        else:
            yield start, end
            start, end = a, b
    if start >= 0:
        yield start, end


def _goes_on(text: str, start: int, end: int, following: int) -> bool:
    """Whether the line that starts at `following` continues the block that ends at `end` (a wrapped line)."""
    if text.count("\n", end, following) > 1 or text[end - 1] in ".!?:…。！？":
        return False
    line_start = max(text.rfind("\n", start, end) + 1, start)
    return text[following].islower() or (end - line_start >= _WRAP_AT and text[end - 1] not in ",;")


def _sentences(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Sentence spans inside one block."""
    a = start
    for b in _boundaries(text, start, end):
        c = b
        while c > a and text[c - 1].isspace():
            c -= 1
        if c > a:
            yield a, c
        a = b
        while a < end and text[a].isspace():
            a += 1
    if a < end:
        yield a, end


def _boundaries(text: str, start: int, end: int) -> list[int]:
    """Positions just after each sentence end inside the block, and just before each inline step."""
    steps = _inline_steps(text, start, end)
    skip = {e for _, e in steps}
    marker = _MARKER.match(text, start, end)
    if marker:
        skip.add(marker.end())
    cuts = {s for s, _ in steps if s > start}
    reach = start
    pattern = _RICH_END if _RICH.search(text, start, end) else _END  # the rich one costs twice the time
    for match in pattern.finditer(text, start, end):
        if match.start() < reach or match.end() in skip or not _ends(text, match, start, end):
            continue
        trailing = _TRAILING_EMOJI.match(text, match.end(), end)
        reach = trailing.end() if trailing else match.end()
        cuts.add(reach)
    return sorted(cuts)


def _inline_steps(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """Spans of "1) ... 2) ..." markers that count up from one within the block."""
    found = [(m.start(), m.end(), int(m.group(1))) for m in _STEP.finditer(text, start, end)]
    steps: list[tuple[int, int]] = []
    for a, b, number in found:
        if number == len(steps) + 1:
            steps.append((a, b))
    if len(steps) < 2:
        # A line of a longer numbered list: only its own leading marker counts.
        return [(a, b) for a, b, _ in found if a == start]
    return steps


def _ends(text: str, match: re.Match[str], start: int, end: int) -> bool:
    """Whether this run of closing punctuation really ends a sentence."""
    mark = match.group()
    after = _NEXT.match(text, match.end(), end)
    if after is None:
        return True
    if after.group(1).islower() and (mark[0] == "…" or mark.startswith("..") or mark[-1] in '"”'):
        return False  # 'Hmm... maybe', '"Go now!" she said'
    if mark[0] != "." or mark.startswith(".."):
        return True
    return _full_stop_ends(text, match.start(), start, after.group(1), after.group(1) + after.group(2))


def _full_stop_ends(text: str, stop: int, start: int, following: str, following_word: str) -> bool:
    found = _WORD_BEFORE.search(text, max(start, stop - 40), stop)
    if found is None:
        return True
    word = found.group().lower()
    if word in NEVER_LAST:
        return _ends_after_all(word, following)
    if word in {"a.m", "p.m"}:
        return not following.islower() and not following.isdigit() and following_word.lower() not in TIME_FOLLOWERS
    if word in ABBREVIATIONS or "." in word.strip("."):
        return not (following.islower() or following.isdigit())
    if len(word) == 1 and found.group().isupper():
        return _letter_ends(text, found.start(), start, following)
    return not following.islower() or word in SHORT_WORDS or (len(word) >= 3 and word.isalpha())


def _ends_after_all(word: str, following: str) -> bool:
    """ "No. 5" holds together and "The answer is no. Please" does not; titles always hold."""
    if word == "no":
        return not following.isdigit()
    return word == "al" and following.isupper()


def _letter_ends(text: str, letter: int, start: int, following: str) -> bool:
    """A single capital before the stop: an initial ("J. Smith") or a name ("vitamin D.")."""
    before = text[max(start, letter - 20) : letter].rstrip()
    word = _WORD_BEFORE.search(before)
    if word is None:
        return not following.isupper()
    if word.group().lower().rstrip(".") in LETTER_NAMES and not word.group().endswith("."):
        return True
    return not (word.group()[0].isupper() and following.isupper())
