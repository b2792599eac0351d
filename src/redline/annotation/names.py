"""Names of annotators: they stand in file names, signatures and tables."""

from __future__ import annotations

import re
import unicodedata

from redline.errors import UsageError

__all__ = ["annotator_name", "shown_name"]

_NAME = re.compile(r"\w[\w.-]{0,63}")


def annotator_name(name: str) -> str:
    """`name` in Unicode NFC if it is letters, digits, `_`, `-` and `.`, no dot or hyphen first; else `UsageError`.

    >>> annotator_name("dr_a")
    'dr_a'
    >>> annotator_name("../dr_a")
    Traceback (most recent call last):
    redline.errors.UsageError: an annotator's name is letters, digits, '_', '-' and '.' (at most 64, a letter or digit first); '../dr_a' is not
    """  # noqa: E501
    name = unicodedata.normalize("NFC", name)
    if not _NAME.fullmatch(name):
        shown = ascii(name[:70])
        raise UsageError(
            f"an annotator's name is letters, digits, '_', '-' and '.' (at most 64, a letter or digit first); {shown} is not"
        )
    return name


def shown_name(name: str) -> str:
    """An id or key for a message: in quotes, or only its length where it is too long for one.

    A text that stands in the field of a name may be a patient's, and is not repeated.

    >>> shown_name("s017"), shown_name("I have had chest pain since Monday, and it is worse on the stairs.")
    ("'s017'", 'a text of 66 characters')
    """
    return repr(name) if len(name) <= 64 else f"a text of {len(name):,} characters"
