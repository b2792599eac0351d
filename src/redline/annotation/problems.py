"""Many problems of one kind said once: one wrong file is one mistake, not a line for each of its rows."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence

from redline.errors import InputError, Problem

__all__ = ["folded", "refuse"]

Kind = tuple[str, str, str]

MANY = 20
"""More problems than this of one kind in a file are said once."""
FEW = 3
"""More than this are said once where the file has no other ones."""
SHOWN_LINES = 3
_NAMES = re.compile(r"'[^']*'|\"[^\"]*\"|\d[\d,.]*")


def folded(problems: Sequence[Problem]) -> list[Problem]:
    """`problems`, those of a file that say the same (but for names and numbers) once, with how many lines and the first of them.

    Few are left as they are, in particular where the file has other problems too.

    >>> same = [Problem("a.jsonl", line, "id", f"is 'p{line}', which p.jsonl lacks") for line in range(1, 261)]
    >>> for problem in folded(same):
    ...     print(problem)
    a.jsonl, line 1, field 'id': is 'p1', which p.jsonl lacks (the like in 259 more: lines 2, 3, 4, ...)
    """
    of_file = Counter(p.file for p in problems)
    messages: dict[Kind, set[str]] = defaultdict(set)
    for problem in problems:
        messages[_kind(problem)].add(problem.message)
    alike: dict[Kind, list[Problem]] = defaultdict(list)
    for problem in problems:
        alike[_kind(problem, messages)].append(problem)
    found, said = [], set()
    for problem in problems:
        kind = _kind(problem, messages)
        same = alike[kind]
        if len(same) <= FEW or (len(same) <= MANY and len(same) < of_file[problem.file]):
            found.append(problem)
        elif kind not in said:
            said.add(kind)
            found.append(Problem(problem.file, problem.line, problem.field, problem.message + _more(same)))
    return found


def refuse(problems: Sequence[Problem], hint: str) -> None:
    """Raise `InputError` with the `problems`, folded, where there are any."""
    if problems:
        raise InputError(folded(problems), hint=hint)


def _kind(problem: Problem, messages: Mapping[Kind, Collection[str]] | None = None) -> Kind:
    """File, field and message: word for word where `messages` has few of the kind (an unknown theme), else without names."""
    file, field = problem.file, re.sub(r"\[\d+\]", "", problem.field or "")
    kind = (file, field, _NAMES.sub("", problem.message))
    return (file, field, problem.message) if messages and len(messages[kind]) <= FEW else kind


def _more(same: Sequence[Problem]) -> str:
    lines = list(dict.fromkeys(p.line for p in same[1:] if p.line is not None and p.line != same[0].line))
    shown = ", ".join(map(str, lines[:SHOWN_LINES])) + (", ..." if len(lines) > SHOWN_LINES else "")
    word = "line" if len(lines) == 1 else "lines"
    like = "the same" if len({p.message for p in same}) == 1 else "the like"
    return f" ({like} in {len(same) - 1:,} more{f': {word} {shown}' if lines else ''})"
