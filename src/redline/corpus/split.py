"""Train and test parts that share no message and, where asked, no clinician.  Never by row.

Two rows with the same message text belong to one case group, whatever their ids, so a repeated message
cannot stand on both sides.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from dataclasses import dataclass, replace

from redline.corpus.corpus import Corpus
from redline.errors import UsageError
from redline.records import Case
from redline.units import normalise_unit

__all__ = ["SplitRequest", "split_corpus"]


@dataclass(frozen=True, slots=True)
class SplitRequest:
    """`test` share of the cases (or clinicians) to hold out, `by` case, clinician or both, and a seed."""

    test: float = 0.2
    by: str = "case"
    seed: int = 17

    def __post_init__(self) -> None:
        if self.by not in ("case", "clinician", "both"):
            raise UsageError(f"--by is {self.by!r}, expected case, clinician or both")
        if not 0.0 < self.test < 1.0:
            raise UsageError(f"--test is {self.test:g}, expected a share between 0 and 1")


def split_corpus(corpus: Corpus, request: SplitRequest) -> tuple[Corpus, Corpus]:
    """(train, test).  The assignment depends only on contents and seed, so it survives added rows.

    By case: test cases with all their replies.  By clinician: every case, test clinicians' replies only
    (messages are shared, clinicians are not).  Both: test cases with test clinicians' replies against train
    cases with train clinicians' replies; the mixed rest is in neither.
    """
    test_cases = _test_cases(corpus, request) if request.by != "clinician" else {c.id for c in corpus.cases}
    train_cases = {c.id for c in corpus.cases} - (test_cases if request.by != "clinician" else set())
    clinicians = set(corpus.clinicians)
    held = _test_clinicians(corpus, request) if request.by != "case" else clinicians
    train_clinicians = clinicians - (held if request.by != "case" else set())
    train = _part(corpus, "train", train_cases, train_clinicians)
    test = _part(corpus, "test", test_cases, held)
    if not train.cases or not test.cases:
        raise UsageError(
            f"{len(corpus.cases)} case(s) of {len(clinicians)} clinician(s) cannot be split {request.test:g} by "
            f"{request.by}: one side would be empty"
        )
    return train, test


def _part(corpus: Corpus, name: str, cases: set[str], clinicians: set[str]) -> Corpus:
    part = corpus.only(cases=cases)
    replies = tuple(r for r in part.replies if r.clinician in clinicians)
    answered = {r.case for r in replies}
    kept = tuple(replace(c, split=name) for c in part.cases if c.id in answered)
    return replace(part.only(cases=answered), cases=kept, replies=replies)


def _rank(key: str, seed: int) -> float:
    """A number in [0, 1) that depends on the content and the seed alone."""
    data = hashlib.sha256(f"{seed}:{key}".encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(data[:8], "big") / 2**64


def _message_key(case: Case) -> str:
    return normalise_unit(case.message).casefold()


def _test_cases(corpus: Corpus, request: SplitRequest) -> set[str]:
    groups: dict[str, set[str]] = defaultdict(set)
    for case in corpus.cases:
        groups[_message_key(case)].add(case.id)
    return set().union(*(ids for key, ids in groups.items() if _rank(key, request.seed) < request.test))


def _test_clinicians(corpus: Corpus, request: SplitRequest) -> set[str]:
    """The nearest whole number of clinicians, at least one and never all (they are too few to draw freely)."""
    ranked = sorted(corpus.clinicians, key=lambda c: _rank(c, request.seed))
    count = min(max(1, round(request.test * len(ranked))), len(ranked) - 1)
    return set(ranked[:count]) if count > 0 else set()
