import json
from pathlib import Path

import numpy as np
import pytest

from redline.corpus import Corpus
from redline.drafting.planner import ThemePlanner
from redline.errors import InputError, UsageError
from tests.drafting.planner.fakes import Costs, WordVectors, case, world


@pytest.fixture(scope="module")
def planner() -> ThemePlanner:
    return ThemePlanner.fit(world(), WordVectors(), Costs())


def load(path: Path) -> ThemePlanner:
    return ThemePlanner.load(path, WordVectors(), Costs())


def changed(source: Path, target: Path, **arrays: np.ndarray) -> Path:
    with np.load(source) as archive:
        kept = {name: archive[name] for name in archive.files}
    np.savez(target, **(kept | arrays))
    return target


def test_a_saved_planner_plans_the_same(planner: ThemePlanner, tmp_path: Path) -> None:
    planner.save(tmp_path / "p.planner")
    again = load(tmp_path / "p.planner")
    assert again.digest == planner.digest
    for clinician in ("warm", None):
        assert again.plan(case(70), clinician) == planner.plan(case(70), clinician)
    assert [p.name for p in tmp_path.iterdir()] == ["p.planner"]


def test_a_planner_without_replies_can_be_saved_too(tmp_path: Path) -> None:
    empty = ThemePlanner.fit(Corpus("nothing", ()), WordVectors(), Costs())
    empty.save(tmp_path / "p")
    assert load(tmp_path / "p").plan(case(1), None) == empty.plan(case(1), None)


def test_no_patient_text_is_in_the_file(planner: ThemePlanner, tmp_path: Path) -> None:
    planner.save(tmp_path / "p")
    raw = (tmp_path / "p").read_bytes()
    for word in ("rash", "refill", "question about"):
        assert word.encode() not in raw and word.encode("utf-32-le") not in raw


@pytest.mark.parametrize("content", [b"", b"{}", b"PK\x03\x04 broken", b"\x93NUMPY\x01\x00", b"no archive at all"])
def test_other_files_are_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "p").write_bytes(content)
    with pytest.raises(InputError, match="no saved theme planner"):
        load(tmp_path / "p")


def test_a_pickle_is_never_opened(tmp_path: Path) -> None:
    np.savez(tmp_path / "p.npz", header=np.asarray([{"form": "x"}], dtype=object))
    with pytest.raises(InputError, match="no saved theme planner"):
        load(tmp_path / "p.npz")


def test_missing_file_and_single_array(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        load(tmp_path / "nothing")
    with (tmp_path / "a.npy").open("wb") as file:
        np.save(file, np.zeros(3))
    with pytest.raises(InputError, match="no saved theme planner"):
        load(tmp_path / "a.npy")


def test_another_form_and_damaged_numbers_are_refused(planner: ThemePlanner, tmp_path: Path) -> None:
    planner.save(tmp_path / "p")
    with np.load(tmp_path / "p") as archive:
        header, b = json.loads(str(archive["header"])), archive["head_b"]
    other = np.asarray(json.dumps(header | {"form": "redline theme planner 99"}))
    with pytest.raises(InputError, match="planner 99"):
        load(changed(tmp_path / "p", tmp_path / "other.npz", header=other))
    for bad in (b * np.nan, b + 1, b[:, :-1], b[:-1]):
        with pytest.raises(InputError, match="damaged"):
            load(changed(tmp_path / "p", tmp_path / "bad.npz", head_b=bad))


def test_another_encoder_is_refused(planner: ThemePlanner, tmp_path: Path) -> None:
    planner.save(tmp_path / "p")
    for other in (WordVectors(salt="other"), WordVectors(width=5)):
        with pytest.raises(UsageError, match="another encoder"):
            ThemePlanner.load(tmp_path / "p", other, Costs())


def test_a_failed_save_leaves_what_was_there(
    planner: ThemePlanner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    planner.save(tmp_path / "p")
    before = (tmp_path / "p").read_bytes()
    monkeypatch.setattr(np, "savez", lambda file, **_: file.write(b"half") and 1 / 0)
    with pytest.raises(ZeroDivisionError):
        planner.save(tmp_path / "p")
    assert (tmp_path / "p").read_bytes() == before and len(list(tmp_path.iterdir())) == 1
