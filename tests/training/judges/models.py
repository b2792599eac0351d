"""Chat models with known answers, for the judges that ask one."""

from __future__ import annotations

from collections.abc import Mapping

from redline.chat import ChatResult, Prices
from redline.records import Status
from redline.training.preference.sets import PreferenceSet


class Learned:
    """Answers each prompt of `sets` with its own reply, as a model would that had learned them by heart."""

    name, digest, window, concurrent, prices = "learned", "0123456789", None, 2, Prices()

    def __init__(self, sets: list[PreferenceSet], instead: Mapping[str, str] | None = None) -> None:
        self.answers = {s.prompt: (instead or {}).get(s.id, s.replies[s.own or 0]) for s in sets}
        self.asked = []

    def tokens(self, messages) -> int:
        return 1

    async def complete(self, request) -> ChatResult:
        self.asked.append(request.messages)
        found = self.answers.get(request.messages)
        return ChatResult(Status.MISSING) if found is None else ChatResult(Status.OK, found)

    async def close(self) -> None:
        return
