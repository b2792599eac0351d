"""Normal form of units: markers, repeats, and time on hostile text."""

import time

from hypothesis import given
from hypothesis import strategies as st

from redline.units import distinct_units, normalise_unit

words = st.sampled_from(["Rest.", "- Rest.", "1) Rest.", "rest.", "Drink water.", "  Drink  water.", "2. • Call us."])


@given(st.lists(words, max_size=8))
def test_each_normal_form_is_kept_once_where_it_is_first(units: list[str]) -> None:
    kept = distinct_units(units)
    normal = [normalise_unit(u) for u in units]
    assert [normalise_unit(u) for u in kept] == list(dict.fromkeys(normal))
    assert all(units[normal.index(normalise_unit(u))] == u for u in kept)


def test_markers_in_a_row_are_all_taken_off() -> None:
    assert normalise_unit("1) - • (b) Rest.") == "Rest."
    assert normalise_unit("1.5 mg daily") == "1.5 mg daily"


def test_a_page_of_markers_takes_no_time() -> None:
    """One marker a pass took time with the square of their number: hours at 2 MB."""
    began = time.perf_counter()
    assert normalise_unit("- " * 50_000 + "Rest.") == "Rest."
    assert time.perf_counter() - began < 2
