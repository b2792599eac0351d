"""The undefined-case table of `EditLoad`, executable (docs/design/002)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redline.records import EditLoad, Status, Verdict, digest

UNDEFINED = [
    # load, precision, recall, f1
    (EditLoad(0, 0, 3, 3), None, 0.0, 0.0),  # empty draft against a reply
    (EditLoad(4, 4, 0, 0), None, None, None),  # empty reference: unscored
    (EditLoad(0, 0, 0, 0), None, None, None),  # both empty
    (EditLoad(2, 2, 3, 3), 0.0, 0.0, 0.0),  # nothing shared
    (EditLoad(2, 0, 3, 0), 1.0, 1.0, 1.0),  # a perfect copy
]


@pytest.mark.parametrize(("load", "precision", "recall", "f1"), UNDEFINED)
def test_undefined_cases(load: EditLoad, precision: float | None, recall: float | None, f1: float | None) -> None:
    assert (load.precision, load.recall, load.f1) == (precision, recall, f1)


units = st.integers(0, 20)


@given(st.lists(st.tuples(units, st.floats(0, 1), units, st.floats(0, 1)), min_size=1, max_size=8))
def test_sums_and_bounds(rows: list[tuple[int, float, int, float]]) -> None:
    loads = [EditLoad(d, d * x, r, r * y) for d, x, r, y in rows]
    total = sum(loads, EditLoad())
    assert total.draft_units == sum(d for d, *_ in rows)
    for value in (total.precision, total.recall, total.f1):
        assert value is None or -1e-12 <= value <= 1 + 1e-12


def test_a_failed_verdict_has_no_number() -> None:
    with pytest.raises(ValueError, match="exactly when"):
        Verdict(Status.TIMEOUT, 0.5, True)
    with pytest.raises(ValueError, match="exactly when"):
        Verdict(Status.OK)


def test_digest_of_a_lone_surrogate() -> None:
    assert digest("\ud800") != digest("\ud801")
