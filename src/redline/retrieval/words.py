"""Words of a message as the search sees them: folded case and accents, light stems, one name a drug."""

from __future__ import annotations

import unicodedata

from redline.encoder.words import stem, words

__all__ = ["plain_words", "search_words", "speakable"]


def plain_words(text: str) -> list[str]:
    """Words and numbers of `text` in order, without capitals and accents.

    >>> plain_words("Où est mon Naïve café, 0.5 mg?")
    ['ou', 'est', 'mon', 'naive', 'cafe', '0.5', 'mg']
    """
    if text.isascii():
        return words(text.lower())
    parts = unicodedata.normalize("NFKD", text)
    return words("".join(c for c in parts if not unicodedata.combining(c)).casefold())


def search_words(text: str) -> list[str]:
    """The same, stemmed, with brand names and common variants folded as the encoder's literal features do.

    No word is left out: how little a common word says is the business of its weight (`Bm25`).

    >>> search_words("The swelling swells; Tylenol twice")
    ['the', 'swell', 'swell', 'acetaminophen', '2']
    """
    return [stem(w) for w in plain_words(text)]


def speakable(text: str) -> str:
    """Halves of characters cannot be written as UTF-8, which a tokenizer needs: each becomes a question mark."""
    return text.encode("utf-8", "replace").decode("utf-8")
