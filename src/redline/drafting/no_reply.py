"""Messages that need no reply: nothing is drafted for them."""

from __future__ import annotations

import re

__all__ = ["needs_no_reply"]

_THANKS = re.compile(r"\b(?:thank(?:s| you)|thx|ty|appreciate (?:it|you|your))\b", re.I)
_CLOSING = re.compile(
    r"\b(?:thank(?:s|\s+you)?|thx|ty|so|a|very|much|many|again|a\s+lot|for|your|the|quick|help(?:ing)?|reply|response|answer|"
    r"message|you(?:'re|\s+are)?|all|everyone|dr|doctor|appreciate|it|that|this|great|perfect|sounds|good|ok(?:ay)?|got|will|"
    r"do|have|nice|wonderful|day|weekend|week|evening|best|see|then|i|we|really|and|to|everything|getting|back|me|us|team|"
    r"wishes|care|take|too|soon)\b|[\W\d_]+",
    re.I,
)
_MOST_WORDS = 25


def needs_no_reply(message: str) -> bool:
    """Whether a message only says thanks: short, without a question, and without any word that is not part of a thanks.

    Deliberately narrow: one unknown word (a symptom, a medicine, "but") and the message gets its draft.

    >>> needs_no_reply("Great, thank you so much for your quick reply!"), needs_no_reply("Thanks, but the rash is back")
    (True, False)
    """
    if "?" in message or len(message.split()) > _MOST_WORDS or not _THANKS.search(message):
        return False
    return not _CLOSING.sub("", message).strip()
