"""Whether a request that failed on the way is sent again, and after how long."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from redline.chat.contract import ChatResult

__all__ = ["LONGEST_PAUSE", "Broken", "Tries", "is_transient", "retry_after"]

LONGEST_PAUSE = 60.0
"""Seconds that one Retry-After can ask for; a server that wants longer is asked again after this."""

BUSY = frozenset({429, 503, 529})


def is_transient(status: int) -> bool:
    """Whether the same request may succeed later.

    >>> [s for s in (200, 400, 401, 404, 408, 409, 422, 425, 429, 500, 503) if is_transient(s)]
    [408, 409, 425, 429, 500, 503]
    """
    return status in (408, 409, 425, 429) or status >= 500


@dataclass(frozen=True, slots=True)
class Broken:
    """An attempt that failed on the way; `result` is what the caller gets if no further one is made."""

    result: ChatResult
    busy: bool = False
    pause: float | None = None


@dataclass
class Tries:
    """What one request may still be granted.

    `retries` repeats after failures, each after a random wait of at most 0.25 s, 0.5 s, 1 s, ... 20 s (exponential,
    full jitter).  An answer that asks for a wait (Retry-After above zero) is not a failure but a queue: it costs none
    of the `retries`, but there are at most `deferrals` of them, so that no request waits for ever.
    """

    random: random.Random
    retries: int = 4
    deferrals: int = 20
    made: int = 0

    def wait(self, broken: Broken) -> float | None:
        """Seconds to wait before the next attempt, beside a pause that all share; None to give up.

        >>> from redline.records import Status
        >>> tries = Tries(random.Random(1), retries=1)
        >>> failed = Broken(ChatResult(Status.TIMEOUT))
        >>> 0 < tries.wait(failed) <= 0.25, tries.wait(failed)
        (True, None)
        """
        if broken.pause:
            self.deferrals -= 1
            return 0.0 if self.deferrals >= 0 else None
        self.retries -= 1
        self.made += 1
        if self.retries < 0:
            return None
        return self.random.uniform(0.0, min(0.25 * 2 ** (self.made - 1), 20.0))


def retry_after(header: str | None, now: datetime | None = None) -> float | None:
    """Seconds that a Retry-After header asks for (a number or an HTTP date), at most `LONGEST_PAUSE`.

    >>> retry_after("2"), retry_after("0.5"), retry_after("3600"), retry_after("soon"), retry_after(None)
    (2.0, 0.5, 60.0, None, None)
    >>> retry_after("Wed, 21 Oct 2015 07:28:30 GMT", datetime(2015, 10, 21, 7, 28, tzinfo=UTC))
    30.0
    """
    text = (header or "").strip()
    if text.replace(".", "", 1).isdecimal() and text.isascii():
        return min(float(text), LONGEST_PAUSE)
    try:
        until = parsedate_to_datetime(text)
    except ValueError:
        return None
    until = until if until.tzinfo else until.replace(tzinfo=UTC)
    left = (until - (now or datetime.now(UTC))).total_seconds()
    return min(max(left, 0.0), LONGEST_PAUSE)
