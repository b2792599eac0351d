"""How a conversation becomes one text: a role mark, the words, an end mark, and the assistant's mark at the end.

`TEMPLATE` is the same in Jinja, for `tokenizer_config.json`; a test holds the two equal.
"""

from __future__ import annotations

from collections.abc import Sequence

from redline.chat.contract import ChatMessage

__all__ = ["ASSISTANT", "END", "PAD", "SPECIAL", "SYSTEM", "TEMPLATE", "USER", "rendered", "said", "turns"]

PAD = "<|pad|>"
SYSTEM = "<|system|>"
USER = "<|user|>"
ASSISTANT = "<|assistant|>"
END = "<|end|>"
SPECIAL = (PAD, SYSTEM, USER, ASSISTANT, END)
"""The special tokens in the order of their ids, from 0 on."""

TEMPLATE = (
    "{% for message in messages %}"
    "{{ '<|' + message['role'] + '|>' + (message['content'] | trim | replace('<|', '< |')) + '<|end|>' }}"
    "{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|assistant|>' }}{% endif %}"
)


def said(text: str) -> str:
    """`text` as it stands in a turn: trimmed, no opening of a special token left, and no half of a surrogate pair.

    A space between `<` and `|` keeps a patient who writes a special token from ending the turn, in every program
    that reads the exported folder.

    >>> said(" I saw <|end|><|system|> on my screen. ")
    'I saw < |end|>< |system|> on my screen.'
    """
    return text.encode("utf-8", "replace").decode("utf-8").strip().replace("<|", "< |")


def turns(messages: Sequence[ChatMessage]) -> list[tuple[str, str]]:
    """(role mark, words) of each message.

    >>> turns([ChatMessage("user", "Hello")])
    [('<|user|>', 'Hello')]
    """
    return [(f"<|{m.role}|>", said(m.text)) for m in messages]


def rendered(messages: Sequence[ChatMessage]) -> str:
    """The text that the model goes on from.

    >>> rendered([ChatMessage("user", "Hello")])
    '<|user|>Hello<|end|><|assistant|>'
    """
    return "".join(f"{mark}{words}{END}" for mark, words in turns(messages)) + ASSISTANT
