"""What a text may contain before anybody reads or judges it.

A clinician acts on what is shown, so a character that makes the shown text differ from the stored one
(a NUL, a direction mark) is refused at the door instead of being passed on or silently removed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

__all__ = ["TextRules"]

_SURROGATE = re.compile(r"[\ud800-\udfff]")
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f]")
_DIRECTION = re.compile(r"[\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069]")


@dataclass(frozen=True, slots=True)
class TextRules:
    """Limits on one text: `max_chars` characters; direction marks only where a site allows them."""

    max_chars: int = 100_000
    allow_direction_marks: bool = False

    def problem(self, text: str) -> str | None:
        """What is wrong with `text`, in words, or None.

        >>> TextRules().problem("dose: 5\\x00 mg")
        'contains the control character U+0000 at character 8; remove it'
        >>> TextRules(max_chars=3).problem("abcd")
        'is 4 characters long, the limit is 3; a message of this size is an export error or an attack'
        """
        if len(text) > self.max_chars:
            return (
                f"is {len(text):,} characters long, the limit is {self.max_chars:,}; "
                "a message of this size is an export error or an attack"
            )
        if text.isascii() and text.isprintable():
            return None
        if found := _SURROGATE.search(text):
            return f"contains half of a character {_at(found)}: the export cut or mis-decoded it; export again as UTF-8"
        if found := _CONTROL.search(text):
            return f"contains the control character {_at(found)}; remove it"
        if not self.allow_direction_marks and (found := _DIRECTION.search(text)):
            return (
                f"contains the invisible direction mark {_at(found)}, which can show a dose in another order than "
                "it is stored; remove it, or allow such marks with --allow-direction-marks"
            )
        return None


def _at(found: re.Match[str]) -> str:
    return f"U+{ord(found.group()):04X} at character {found.start() + 1}"
