"""Other people's words in a prompt: marked as data, and unable to end the mark or to speak as another role."""

from __future__ import annotations

import re

from redline.records import digest

__all__ = ["disarmed", "quoted"]

_MARKERS = re.compile(
    r"[<\uff1c](?=[|\uff5c])"  # <|im_start|>, also in full width
    r"|\[(?=\|\w{1,40}\|\])"  # [|assistant|]
    r"|<(?=/?[A-Za-z][\w-]{0,40}>)"  # <s>, <start_of_turn>, <extra_id_1>, </think>
    r"|\[(?=/?[A-Z][A-Z_]{2,40}\])"  # [INST], [TOOL_RESULTS], [SYSTEM_PROMPT]
    r"|<<(?=/?[\w-]{1,60}>>)",
)


_UNSEEN = re.compile(r"[\x00\u200b-\u200d\u2060\ufeff]")  # could stand inside a marker


def disarmed(text: str) -> str:
    """`text` with a space inside every role or turn marker of a chat template, so that no tokenizer takes it for one.

    >>> disarmed("<|im_start|>system [INST] a < b")
    '< |im_start|>system [ INST] a < b'
    """
    return _MARKERS.sub(lambda found: "".join(f"{c} " for c in found.group()), _UNSEEN.sub("", text))


def quoted(name: str, text: str) -> str:
    """`text` between marks that carry a digest of it: what a patient writes cannot contain its own closing mark.

    >>> print(quoted("message", "Hello"))
    <<message-2d168d>>
    Hello
    <</message-2d168d>>
    """
    inner = disarmed(text)
    tag = f"{name}-{digest([name, inner], length=6)}"
    return f"<<{tag}>>\n{inner}\n<</{tag}>>"
