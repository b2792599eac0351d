"""Rows of token ids for the network: packed running text, and chat examples of like length side by side."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import torch

from redline.chat import ChatMessage
from redline.chat.tiny.template import ASSISTANT, END, PAD
from redline.chat.tiny.tokens import TinyTokens
from redline.training.tiny.material import Conversation, Example

__all__ = ["Batch", "chat_batches", "packed_batches", "talk_batches"]

Row = tuple[list[int], list[bool]]


@dataclass(frozen=True)
class Batch:
    """`ids` (rows, tokens), padded on the right; `wanted` marks the tokens that the loss counts."""

    ids: torch.Tensor
    wanted: torch.Tensor

    @property
    def count(self) -> int:
        """Tokens in the loss (the first one of a row has nothing before it)."""
        return int(self.wanted[:, 1:].sum())


def packed_batches(
    documents: Sequence[tuple[str, ...]], tokens: TinyTokens, length: int, most: int, rng: random.Random
) -> list[Batch]:
    """All running text in one stream, documents and the texts of each shuffled, cut into rows of `length`."""
    stream: list[int] = []
    for document in rng.sample(list(documents), len(documents)):
        stream += tokens.words("\n\n".join(rng.sample(document, len(document))))
        stream.append(tokens.ids[END])
    rows = torch.tensor(stream[: len(stream) // length * length]).view(-1, length)
    return [Batch(part, torch.ones_like(part, dtype=torch.bool)) for part in rows.split(max(1, most // length))]


def chat_batches(examples: Iterable[Example], tokens: TinyTokens, most: int, rng: random.Random) -> list[Batch]:
    """Single replies; only the reply and its end mark are in the loss."""
    return _batches([_row(tokens, e.messages, (e.reply,)) for e in examples], tokens, most, rng)


def talk_batches(talks: Iterable[Conversation], tokens: TinyTokens, most: int, rng: random.Random) -> list[Batch]:
    """Several replies behind one prompt, each with its own assistant's mark; all of them are in the loss."""
    return _batches([_row(tokens, t.messages, t.replies) for t in talks], tokens, most, rng)


def _row(tokens: TinyTokens, messages: Sequence[ChatMessage], replies: Sequence[str]) -> Row:
    ids = tokens.prompt(messages)
    wanted = [False] * len(ids)
    for number, reply in enumerate(replies):
        again = [tokens.ids[ASSISTANT]] if number else []
        words = [*tokens.words(reply), tokens.ids[END]]
        ids += again + words
        wanted += [False] * len(again) + [True] * len(words)
    return ids, wanted


def _batches(rows: list[Row], tokens: TinyTokens, most: int, rng: random.Random) -> list[Batch]:
    """Rows of like length side by side, at most about `most` tokens with the padding; the batches are shuffled."""
    groups: list[list[Row]] = []
    for row in sorted(rows, key=lambda row: len(row[0])):
        if not groups or len(row[0]) * (len(groups[-1]) + 1) > most:
            groups.append([])
        groups[-1].append(row)
    rng.shuffle(groups)
    return [_padded(group, tokens.ids[PAD]) for group in groups]


def _padded(group: Sequence[Row], pad: int) -> Batch:
    length = max(len(ids) for ids, _ in group)
    ids = torch.full((len(group), length), pad)
    wanted = torch.zeros((len(group), length), dtype=torch.bool)
    for number, (own, counted) in enumerate(group):
        ids[number, : len(own)] = torch.tensor(own)
        wanted[number, : len(own)] = torch.tensor(counted)
    return Batch(ids, wanted)
