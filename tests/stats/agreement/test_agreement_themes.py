"""One theme against the rest, and what the notes say."""

import numpy as np
import pytest

from redline.stats import clustered_figures
from redline.stats.agreement import PRESENCE, limits, theme_agreement, theme_codes


def labelled(units: int = 40) -> list[list[frozenset[str] | None]]:
    rng = np.random.default_rng(1)
    shares = {"empathy": 0.8, "question": 0.3, "other": 0.05}
    labels: list[list[frozenset[str] | None]] = []
    for _ in range(units):
        truth = {t for t, share in shares.items() if rng.uniform() < share}
        row = [frozenset(t for t in shares if (t in truth) != (rng.uniform() < 0.15)) for _ in range(3)]
        labels.append([None if rng.uniform() < 0.2 else s for s in row])
    return labels


def test_codes_of_themes() -> None:
    codes = theme_codes([[{"a"}, {"a", "b"}, None], [set(), {"b"}, {"a"}]], ["a", "b"])
    assert codes["a"].tolist() == [[1, 1, -1], [0, 0, 1]]
    assert codes["b"].tolist() == [[0, 1, -1], [0, 1, 0]]
    with pytest.raises(ValueError, match="one entry a rater"):
        theme_codes([[{"a"}], [{"a"}, set()]], ["a"])


def test_themes_at_once_are_each_theme_alone() -> None:
    labels, messages = labelled(), [f"m{i // 3}" for i in range(40)]
    found = theme_agreement(labels, messages, ["empathy", "question", "other"], draws=500)
    for theme, codes in theme_codes(labels, list(found)).items():
        alone = clustered_figures(PRESENCE.rows(codes), messages, PRESENCE, PRESENCE.names, draws=500)
        for name, interval in alone.items():
            for field in ("estimate", "low", "high", "clusters"):
                assert getattr(found[theme][name], field) == pytest.approx(getattr(interval, field), abs=1e-5), name


def test_a_theme_nobody_gives_is_undefined_not_perfect() -> None:
    found = theme_agreement(labelled(), [str(i) for i in range(40)], ["billing"])["billing"]
    assert found["agreement"].estimate == 1.0 and found["agreement"].low is None
    assert found["prevalence_present"].estimate == 0.0
    assert all(found[name].estimate is None for name in ("alpha", "conger", "fleiss"))


def test_no_units_have_no_figures_and_lengths_must_match() -> None:
    assert theme_agreement([], [], ["a"])["a"]["alpha"].estimate is None
    assert theme_agreement([[set(), set()]], ["m"], []) == {}
    with pytest.raises(ValueError, match="2 units but 1 cluster"):
        theme_agreement([[set(), set()]] * 2, ["m"], ["a"])


@pytest.mark.parametrize(
    ("codes", "clusters", "said"),
    [
        ([[1, -1], [0, -1]], "ab", ["one rater only"]),
        ([[-1, -1]], "a", ["no codes at all"]),
        ([[1, -1], [-1, 0]], "ab", ["no two raters share a unit"]),
        ([[1, 0], [0, 0], [0, 1], [1, 1], [1, 0]], "abcde", ["two raters only", "raters differ in 3 of"]),
        ([[1, 1], [0, 0], [0, 0], [1, 1], [1, 1]], "abcde", ["two raters only", "raters never differ"]),
        ([[1, 0], [0, 1], [0, 0], [1, 1], [1, 0]], "aabcd", ["two raters only", "fewer than 5 messages"]),
        ([[1, 0, 0], [0, 0, 1], [0, 1, 0], [1, 0, 1], [1, 0, -1]], "abcde", []),
        ([[1, 1, 0], [0, 0, 1], [0, 1, 0], [1, 0, 1], [1, -1, 1]], "abcde", ["raters differ in 4 of"]),
        ([[1, 1], [1, 1]], "ab", ["two raters only", "all codes are equal", "fewer than 5 messages"]),
        ([[1, 0], [1, 0], [1, 0], [1, 0], [1, 0]], "abcde", ["two raters only", "every rater gave one code only"]),
        (
            [[1, 0], [1, 1], [1, 0], [1, 0], [1, 0]],
            "abcde",
            ["two raters only", "a rater gave one code", "raters differ in 4 of"],
        ),
        ([[1, 0, -1], [0, 1, -1], [0, -1, 1], [1, -1, 0], [1, 0, -1]], "abcde", ["some pairs of raters share no unit"]),
        ([[1, 0, 1], [0, 1, 1], [0, 0, 1], [1, 1, 0], [1, 0, 0]], "abcde", []),
    ],
)
def test_limits(codes: list[list[int]], clusters: str, said: list[str]) -> None:
    notes = limits(np.array(codes), list(clusters))
    assert len(notes) == len(said), notes
    assert all(note.startswith(start) for note, start in zip(notes, said, strict=True)), notes


def test_notes_need_a_message_for_each_unit() -> None:
    with pytest.raises(ValueError, match="2 units but 1 cluster"):
        limits(np.zeros((2, 2), dtype=int), ["m"])
