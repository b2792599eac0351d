"""`redline why-miss`: why verdicts were not found in a store."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from redline.cli.inputs import read_pairs
from redline.cli.options import AllowRemote, Judge
from redline.corpus import TextRules
from redline.errors import InputError
from redline.judging import VerdictStore, content_judge, explain_miss, pair_questions
from redline.judging.registry import JudgeOptions


def why_miss(
    pairs: Annotated[Path, typer.Argument(help="JSONL of pairs, as for `redline judge`.")],
    store: Annotated[Path, typer.Option("--store", help="The verdict store.")],
    judge: Judge = "encoder", allow_remote: AllowRemote = None,
    every: Annotated[bool, typer.Option("--every", help="A line a unit instead of a count a reason.")] = False,
) -> None:  # fmt: skip
    """For each unit: stored, or how the nearest stored verdict differs."""
    if not store.exists():
        raise InputError.single(str(store), "does not exist", hint="Name the --store of an earlier run.")
    asked = content_judge(judge, JudgeOptions(frozenset(allow_remote or ())))
    found = read_pairs(pairs, TextRules())
    with VerdictStore(store) as verdicts:
        reasons = [
            (f"{pair.id} {q.direction.value} {q.index}", explain_miss(asked, q, verdicts))
            for pair in found
            for q in pair_questions(pair)
        ]
    if every:
        for name, reason in reasons:
            print(f"{name}: {reason}")
    for reason, count in Counter(r for _, r in reasons).most_common():
        print(f"{count:>8}  {reason}")
