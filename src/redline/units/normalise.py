"""Normal form of a unit: what two people would call the same sentence before reading its meaning."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

__all__ = ["distinct_units", "normalise_unit", "strip_marker"]

# All markers at once: one a pass is quadratic in "- - - ...".
_MARKERS = re.compile(r"\s*(?:(?:[-*+•‣◦▪●·–—]|\(?\d{1,2}[.)]|\(?[A-Za-z]\))\s+)+")
_TRANSLATE = {
    **dict.fromkeys(map(ord, "‘’‚‛′`´"), "'"),
    **dict.fromkeys(map(ord, "“”„‟″«»"), '"'),
    **dict.fromkeys(map(ord, "‐‑‒–—―−"), "-"),
    **dict.fromkeys([0x200B, 0x200C, 0x200D, 0x200E, 0x200F, 0x2060, 0xFEFF, 0x00AD]),
    **dict.fromkeys(range(0x202A, 0x202F)),
    **dict.fromkeys(range(0x2066, 0x206A)),
    ord("…"): "...",
    0: None,
}


def strip_marker(text: str) -> str:
    """`text` without leading list markers.

    >>> strip_marker("2) Drink water."), strip_marker("- Rest"), strip_marker("1.5 mg daily")
    ('Drink water.', 'Rest', '1.5 mg daily')
    """
    found = _MARKERS.match(text)
    return text[found.end() :] if found else text


def normalise_unit(text: str) -> str:
    """Unicode NFC, straight quotes and dashes, no invisible marks, single spaces, no list marker.

    Case and final punctuation stay: they can carry meaning for a judge.  Idempotent.

    >>> normalise_unit("  •  Don’t   stop\\u200b it… ")
    "Don't stop it..."
    """
    while True:
        new = unicodedata.normalize("NFC", text.translate(_TRANSLATE))
        new = strip_marker(" ".join(new.split()))
        if new == text:
            return new
        text = new


def distinct_units(units: Sequence[str]) -> tuple[str, ...]:
    """The units without repeats of the same normal form, in order.

    >>> distinct_units(["Rest.", "1) Rest.", "Drink."])
    ('Rest.', 'Drink.')
    """
    first: dict[str, str] = {}
    for unit in units:
        first.setdefault(normalise_unit(unit), unit)
    return tuple(first.values())
