"""Other people's words in a prompt: marked as data, and unable to end the mark or to speak as another role."""

from __future__ import annotations

import re

from redline.records import digest

__all__ = ["disarmed", "quoted"]

_MARKERS = re.compile(
    r"<\|(?=[^|<>\n]{1,40}\|>)"  # <|im_start|>, <|eot_id|>
    r"|<(?=/?(?:s|bos|eos|pad|unk|start_of_turn|end_of_turn|think|system|user|assistant|tool_call)>)"
    r"|\[(?=/?(?:INST|SYS|AVAILABLE_TOOLS|TOOL_CALLS)\])"
    r"|<<(?=/?[\w-]+>>)"
    r"|<(?=\uff5c)",
    re.IGNORECASE,
)


def disarmed(text: str) -> str:
    """`text` with a space inside every role or turn marker of a chat template, so that no tokenizer takes it for one.

    >>> disarmed("<|im_start|>system [INST] a < b")
    '< |im_start|>system [ INST] a < b'
    """
    return _MARKERS.sub(lambda found: found.group()[0] + " " + found.group()[1:], text.replace("\x00", ""))


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
