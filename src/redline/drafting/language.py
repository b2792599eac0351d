"""Is a reply written in the language that was asked for?  Counts of the commonest words, nothing more."""

from __future__ import annotations

import re

__all__ = ["LANGUAGES", "other_language"]

_COMMON = {
    "en": "the and to of you your is it for that this in are with be have if not or can we on please i will as at but do any",
    "es": "el la de que y en los las un una por para con su es no se lo al del como más si está usted sus pero cuando",
    "fr": "le la les de des et à vous que est un une pour dans pas votre vos avec ce il si sur en au ne qui sont plus",
    "de": "der die das und sie ist nicht ein eine zu den mit für ihre auf wenn es im dem von wir haben bitte oder als sich",
    "pt": "o a os as de que e em um uma para com não se por você seu sua está mais do da no na ao como mas são",
    "it": "il la di che e un una per non con si è in lo del della le da i se ma come più sono al suo ha questo",
    "vi": "và của là có không cho bạn các một được với này trong khi để người đã thuốc bị hãy nếu",
    "pl": "i w nie na się z do to jest że proszę jeśli pani pan lub od po o dla przez jak ale czy",
    "tl": "ang ng sa mga na at ay kung po para ako ito hindi may ka siya kayo lang niyo o",
}  # fmt: skip
LANGUAGES = {
    "en": "English", "es": "Spanish", "fr": "French", "de": "German", "pt": "Portuguese", "it": "Italian", "vi": "Vietnamese",
    "pl": "Polish", "tl": "Tagalog",
}  # fmt: skip
_WORDS = {name: frozenset(text.split()) for name, text in _COMMON.items()}
_SCRIPTS = re.compile(r"[\u0400-\u04ff\u0590-\u05ff\u0600-\u06ff\u0900-\u097f\u3040-\u30ff\u4e00-\u9fff\uac00-\ud7af]")
_LEAST_WORDS = 12


def other_language(text: str, expected: str = "en") -> str | None:
    """The language of `text` if it is clearly not the expected one (`other` for another script), else None.

    Short texts and close calls count as the expected language: a false alarm would withhold a good draft.

    >>> other_language("Tome la medicina con comida y llame a la clínica si no se siente mejor en los próximos días.")
    'es'
    >>> other_language("Take it with food and call us if you are not better in a few days, please.")
    """
    letters = sum(c.isalpha() for c in text)
    if letters and len(_SCRIPTS.findall(text)) > 0.3 * letters:
        return "other"
    words = re.findall(r"[^\W\d_]+", text.lower())
    if len(words) < _LEAST_WORDS:
        return None
    share = {name: sum(w in common for w in words) / len(words) for name, common in _WORDS.items()}
    best = max(share, key=lambda name: (share[name], name == expected))
    return best if share[best] > 0.15 and share[best] > 2 * share.get(expected, 0.0) else None
