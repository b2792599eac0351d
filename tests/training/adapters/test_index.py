"""Whose adapter is which, with everything that was ever bound."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import pytest

from redline.chat.adapters import BaseInfo, Clinicians, read_clinicians
from redline.errors import InputError, UsageError
from redline.training.adapters import bind, save_adapter


def test_bindings_grow_and_point_to_the_newest(make, base: BaseInfo, tmp_path: Path) -> None:
    shared = save_adapter(make(1), tmp_path, "shared", base=base)
    first = save_adapter(make(2), tmp_path, "dr_a", base=base, clinician="dr_a")
    second = save_adapter(make(3), tmp_path, "dr_a", base=base, clinician="dr_a")
    bind(tmp_path, shared.id, None, at="t1")
    bind(tmp_path, first.id, "dr_a", at="t2")
    bind(tmp_path, first.id, "dr_a", at="t3")
    found = bind(tmp_path, second.id, "dr_a", at="t4")
    history = ((None, shared.id, "t1"), ("dr_a", first.id, "t2"), ("dr_a", second.id, "t4"))
    assert found == read_clinicians(tmp_path) == Clinicians(tmp_path, {"dr_a": second.id}, shared.id, history)
    assert found.ids == (shared.id, second.id)
    assert bind(tmp_path, first.id, "dr_a").current == {"dr_a": first.id}, "going back is a new binding"


def test_nobody_gets_somebody_elses(make, base: BaseInfo, tmp_path: Path) -> None:
    own = save_adapter(make(2), tmp_path, "dr_a", base=base, clinician="dr_a")
    with pytest.raises(UsageError, match="was made for dr_a, not for dr_b"):
        bind(tmp_path, own.id, "dr_b")
    with pytest.raises(UsageError, match="was made for dr_a, not for everybody"):
        bind(tmp_path, own.id, None)
    bind(tmp_path, own.id, "dr_a")
    other = save_adapter(make(3), tmp_path, "dr_b", base=BaseInfo("another", "f" * 32), clinician="dr_b")
    with pytest.raises(UsageError, match="folder for each base"):
        bind(tmp_path, other.id, "dr_b")
    with pytest.raises(InputError, match="does not exist"):
        bind(tmp_path, "dr_c@000000000000", "dr_c")
    (tmp_path / "renamed").symlink_to(own.folder)
    with pytest.raises(UsageError, match="bears its adapter's id"):
        bind(tmp_path, "renamed", "dr_a")
    assert read_clinicians(tmp_path).current == {"dr_a": own.id}


def test_several_writers_lose_nothing(make, base: BaseInfo, tmp_path: Path) -> None:
    ids = {f"dr_{i}": save_adapter(make(i), tmp_path, f"dr_{i}", base=base).id for i in range(6)}
    threads = [threading.Thread(target=bind, args=(tmp_path, adapter, who)) for who, adapter in ids.items()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = read_clinicians(tmp_path)
    assert found.current == ids and len(found.history) == 6


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("[]", "no JSON object"),
        ("{}", "no table of clinician to adapter id"),
        ('{"clinicians": {"a": 3}}', "no table of clinician to adapter id"),
        ('{"clinicians": {}, "shared": 3}', "is no adapter id"),
        ('{"clinicians": {"a": "a@000000000000"}}', "names the adapter 'a@000000000000', which is not in"),
        ('{"clinicians": {"a": "../x"}}', "which is not in"),
        ('{"clinicians": {}, "history": [3]}', "an entry that cannot be read"),
    ],
)
def test_damaged_files(value: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "clinicians.json").write_text(value)
    with pytest.raises(InputError, match=said):
        read_clinicians(tmp_path)


def test_the_file_is_plain(make, base: BaseInfo, tmp_path: Path) -> None:
    own = save_adapter(make(2), tmp_path, "dr_a", base=base, clinician="dr_a")
    bind(tmp_path, own.id, "dr_a", at="2026-01-01")
    assert json.loads((tmp_path / "clinicians.json").read_text()) == {
        "form": 1, "shared": None, "clinicians": {"dr_a": own.id},
        "history": [{"clinician": "dr_a", "adapter": own.id, "at": "2026-01-01"}],
    }  # fmt: skip
