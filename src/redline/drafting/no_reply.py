"""Messages that need no reply: nothing is drafted for them."""

from __future__ import annotations

import re

__all__ = ["needs_no_reply"]

_THANKS = re.compile(r"\b(?:thank(?:s| you)|thx|ty|appreciate (?:it|you|your))\b", re.I)
_CLOSING = re.compile(
    r"\b(?:thank you|thanks|thx|ty)(?: (?:so|very) much| a lot| a million)?(?: (?:again|dr|doctor|all|everyone))?"
    r"(?: for (?:(?:your|the|all your|all the) )?(?:very )?(?:quick |prompt |fast |kind )?"
    r"(?:reply|response|answer|message|help|time|advice))?\b"
    r"|\bi? ?(?:really |truly )?appreciate (?:it|that|your help|your time|the help)\b"
    r"|\b(?:have an? (?:nice|great|good|wonderful|lovely) (?:day|weekend|week|evening|one)|see you then|will do"
    r"|sounds (?:good|great)|got it|great|perfect|wonderful|ok|okay)\b"
    r"|[^\w?]+",
    re.I,
)
_MOST_WORDS = 25


def needs_no_reply(message: str) -> bool:
    """Whether a message only says thanks: short, without a question, and made of whole phrases of thanks and assent alone.

    Deliberately narrow: one unknown word (a symptom, a medicine, "but") and the message gets its draft.

    >>> needs_no_reply("Great, thank you so much for your quick reply!"), needs_no_reply("Thanks, but the rash is back")
    (True, False)
    """
    if "?" in message or len(message.split()) > _MOST_WORDS or not _THANKS.search(message):
        return False
    return not _CLOSING.sub("", message).strip()
