"""A preference set in tokens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from redline.training.preference import PreferencePair

__all__ = ["Ids", "TokenSet"]

Ids = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class TokenSet:
    """`prompt` and `replies` in token ids; every reply ends with the token that ends a turn.

    Places in `pairs` and `learn` are places in `replies`; `learn` are those that supervised training learns.  `id`, `case`
    and `clinician` say what it is about; `cut` is how many sentences of the chart were left out of the prompt.
    """

    prompt: Ids
    replies: tuple[Ids, ...]
    pairs: tuple[PreferencePair, ...] = ()
    learn: tuple[int, ...] = ()
    id: str = ""
    case: str = ""
    clinician: str | None = None
    cut: int = 0

    def __post_init__(self) -> None:
        if not self.prompt or not all(self.replies):
            raise ValueError(f"set {self.id}: a prompt and every reply have at least one token")

    @property
    def longest(self) -> int:
        """Tokens of the prompt with its longest reply."""
        return len(self.prompt) + max(map(len, self.replies), default=0)

    def only(self, places: Sequence[int], pairs: Sequence[PreferencePair] = (), learn: Sequence[int] = ()) -> TokenSet:
        """The set with the replies at `places` alone; `pairs` and `learn` are given in the old places."""
        new = {old: i for i, old in enumerate(places)}
        return replace(
            self,
            replies=tuple(self.replies[i] for i in places),
            pairs=tuple(replace(p, chosen=new[p.chosen], rejected=new[p.rejected]) for p in pairs),
            learn=tuple(new[i] for i in learn),
        )
