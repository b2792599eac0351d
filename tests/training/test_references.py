"""Reference log-probabilities: one reply changed, one computed; every part of the key counts."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

from redline.errors import InputError  # noqa: E402
from redline.training.references import ReferenceKey, ReferenceStore, reference_logps  # noqa: E402
from redline.training.trees import Row, TokenSet  # noqa: E402

KEY = ReferenceKey("weights", "template", "float32")


class Counting:
    """A scorer that knows how much it was asked."""

    def __init__(self) -> None:
        self.replies = self.tokens = 0

    def __call__(self, row: Row) -> Sequence[float]:
        self.replies += len(row.replies)
        self.tokens += len(row.ids)
        return [-float(sum(reply)) - row.prompts[n][0] for n, reply in row.replies]


def many(count: int, replies: int = 4) -> list[TokenSet]:
    return [TokenSet((n + 1, 2, 3), tuple((n, i, 5, 0) for i in range(replies))) for n in range(count)]


def test_one_changed_reply_of_ten_thousand_costs_one(tmp_path: Path) -> None:
    sets = many(2500)
    with ReferenceStore(tmp_path / "references.sqlite") as store:
        first = Counting()
        before = reference_logps(store, KEY, sets, first, 500)
        assert first.replies == 10_000
        again = Counting()
        assert reference_logps(store, KEY, sets, again, 500) == before and again.replies == 0
        changed = [*sets[:7], replace(sets[7], replies=(*sets[7].replies[:3], (7, 9, 9, 0))), *sets[8:]]
        one = Counting()
        after = reference_logps(store, KEY, changed, one, 500)
        assert one.replies == 1 and one.tokens == 6
    assert after[7][3] == -25.0 - 8
    assert [v for n, own in enumerate(after) for i, v in enumerate(own) if (n, i) != (7, 3)] == [
        v for n, own in enumerate(before) for i, v in enumerate(own) if (n, i) != (7, 3)
    ]


@pytest.mark.parametrize("part", ["weights", "template", "dtype"])
def test_every_part_of_the_key_counts(part: str) -> None:
    with ReferenceStore() as store:
        reference_logps(store, KEY, many(3), Counting(), 500)
        other = Counting()
        reference_logps(store, replace(KEY, **{part: "other"}), many(3), other, 500)
        assert other.replies == 12


def test_the_border_between_prompt_and_reply_counts() -> None:
    assert KEY.of((1, 2), (3,)) != KEY.of((1,), (2, 3))
    assert ReferenceKey("ab", "c", "d").of((1,), (2,)) != ReferenceKey("a", "bc", "d").of((1,), (2,))


def test_a_stopped_pass_goes_on(tmp_path: Path) -> None:
    class Stops(Counting):
        def __call__(self, row: Row) -> Sequence[float]:
            if self.replies >= 200:
                raise KeyboardInterrupt
            return super().__call__(row)

    path, first, rest = tmp_path / "r.sqlite", Stops(), Counting()
    with ReferenceStore(path) as store, pytest.raises(KeyboardInterrupt):
        reference_logps(store, KEY, many(200), first, 50)
    with ReferenceStore(path) as store:
        reference_logps(store, KEY, many(200), rest, 50)
    assert first.replies + rest.replies == 800


def test_a_full_disk_is_said_and_what_is_there_stays(tmp_path: Path) -> None:
    with ReferenceStore(tmp_path / "r.sqlite") as store:
        reference_logps(store, KEY, many(3), Counting(), 500)
        store._database.execute("PRAGMA max_page_count=1")
        with pytest.raises(InputError, match=r"r\.sqlite: .*cannot be written .*full"):
            reference_logps(store, KEY, many(3000), Counting(), 500)
    again = Counting()
    with ReferenceStore(tmp_path / "r.sqlite") as store:
        reference_logps(store, KEY, many(3), again, 500)
    assert again.replies == 0


def test_another_kind_of_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "r.sqlite").write_text("no database", encoding="utf-8")
    with pytest.raises(InputError, match="store of reference log-probabilities"):
        ReferenceStore(tmp_path / "r.sqlite")
