"""One family of errors, written for the person who has to act on them.

Every error says what was wrong, where, and what to do.  The command line prints the message without a
traceback and exits with `exit_code`; anything that is *not* a `RedlineError` is a bug of ours and keeps
its traceback.
"""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

__all__ = [
    "BudgetError",
    "InputError",
    "JudgeError",
    "Problem",
    "RedlineError",
    "RemoteNotAllowedError",
    "UsageError",
    "did_you_mean",
]


class RedlineError(Exception):
    """Base of all errors that redline raises on purpose."""

    exit_code = 2


class UsageError(RedlineError):
    """A call that cannot be carried out as asked: an unknown name, options that exclude each other."""


class JudgeError(RedlineError):
    """A judge broke its contract or cannot be loaded (not: a judge that fails on one unit)."""


class BudgetError(RedlineError):
    """A paid run would pass, or has reached, its limit."""

    exit_code = 3


class RemoteNotAllowedError(RedlineError):
    """Text would leave this machine for a host that nobody allowed."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with an input, precise enough to be found and mended.

    >>> print(Problem("cases.jsonl", 3, "ehr.age", "is 'old', expected a number of years"))
    cases.jsonl, line 3, field 'ehr.age': is 'old', expected a number of years
    """

    file: str
    line: int | None
    field: str | None
    message: str

    def __str__(self) -> str:
        where = self.file
        if self.line is not None:
            where += f", line {self.line}"
        if self.field is not None:
            where += f", field '{self.field}'"
        return f"{where}: {self.message}"


class InputError(RedlineError):
    """Input that cannot be used; carries every `Problem` found in one pass, not only the first."""

    SHOWN = 20

    def __init__(self, problems: Sequence[Problem], *, hint: str = "") -> None:
        self.problems = tuple(problems)
        self.hint = hint
        super().__init__(self._text())

    def __reduce__(self) -> tuple[Any, ...]:
        """A worker's error comes back as it was: an exception is rebuilt from its arguments."""
        return type(self)._again, (self.problems, self.hint)

    @classmethod
    def _again(cls, problems: tuple[Problem, ...], hint: str) -> InputError:
        return cls(problems, hint=hint)

    @classmethod
    def single(
        cls, file: str, message: str, *, line: int | None = None, field: str | None = None, hint: str = ""
    ) -> InputError:
        """An error with exactly one problem."""
        return cls([Problem(file, line, field, message)], hint=hint)

    def _text(self) -> str:
        lines = [str(p) for p in self.problems[: self.SHOWN]]
        more = len(self.problems) - len(lines)
        if more > 0:
            lines.append(f"... and {more} more")
        if self.hint:
            lines.append(self.hint)
        return "\n".join(lines)


def did_you_mean(name: str, known: Sequence[str], what: str) -> str:
    """The end of a message about an unknown name: the one that was probably meant, else all of them as `what`.

    >>> did_you_mean("zero_shoot", ["zero_shot", "rag"], "strategies")
    "did you mean 'zero_shot'?"
    >>> did_you_mean("x", ["zero_shot", "rag"], "strategies")
    'strategies: zero_shot, rag'
    """
    close = difflib.get_close_matches(name, known, n=1)
    return f"did you mean {close[0]!r}?" if close else f"{what}: {', '.join(known)}"
