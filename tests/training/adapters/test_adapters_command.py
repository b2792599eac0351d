"""`redline adapters list|verify`: tables, sentences, exit codes; and the canary over HTTP."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from benchmarks.faulty_server import FaultyServer
from redline.chat.adapters import AdapterInfo, read_adapter
from redline.chat.adapters.trial import try_here, try_server
from redline.cli.adapters import app
from redline.errors import RemoteNotAllowedError, UsageError
from redline.training.adapters import bind, save_adapter


def adapters(*words: object):
    return CliRunner().invoke(app, [str(w) for w in words])


@pytest.fixture(scope="module")
def folder(make, base, tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("adapters")
    for seed, who in ((2, "dr_a"), (3, "dr_b"), (4, None)):
        info = save_adapter(
            make(seed, lora_alpha=32),
            made,
            who or "shared",
            base=base,
            clinician=who,
            made_at="2026-01-02T00:00:00+00:00",
        )
        bind(made, info.id, who)
    return made


def infos(folder: Path) -> dict[str, AdapterInfo]:
    return {p.name.split("@")[0]: read_adapter(p) for p in folder.iterdir() if p.is_dir()}


class Backend:
    """A server's brain: adapters by name, and a prompt cache that forgets whose states they are where `keyed` is false."""

    def __init__(self, *, keyed: bool) -> None:
        self.keyed, self.states = keyed, {}

    def __call__(self, body: dict) -> str:
        text, name = json.dumps(body["messages"]), body["model"]
        key = (body.get("cache_salt"), text, name if self.keyed else "")
        state = text + name if body.get("cache_prompt") is False else self.states.setdefault(key, text + name)
        return f"Reply {hashlib.sha256((state + name).encode()).hexdigest()[:12]}"


def test_list(folder: Path, tmp_path: Path) -> None:
    found = adapters("list", folder)
    assert found.exit_code == 0, found.output
    head, *lines = found.output.splitlines()
    assert head.split() == ["adapter", "clinician", "base", "rank", "made", "now", "content"]
    ids = infos(folder)
    assert [line.split()[0] for line in lines] == sorted(i.id for i in ids.values())
    assert all(line.rstrip().endswith("ok") and "tiny-llama" in line and " 4 " in line for line in lines)
    assert "everybody else" in lines[-1] and "dr_a" in lines[0].split("@")[1]
    one = adapters("list", ids["dr_a"].folder)
    assert one.exit_code == 0 and len(one.output.splitlines()) == 2
    for place, said in ((tmp_path / "none", "is not a folder"), (tmp_path, "holds no adapter")):
        failed = adapters("list", place)
        assert failed.exit_code != 0 and said in str(failed.exception)


def damaged(folder: Path, tmp_path: Path) -> Path:
    import shutil

    copy = shutil.copytree(folder, tmp_path / "damaged")
    place = next(p for p in copy.iterdir() if p.name.startswith("dr_a@"))
    content = bytearray((place / "adapter_model.safetensors").read_bytes())
    content[-1] ^= 1
    (place / "adapter_model.safetensors").write_bytes(bytes(content))
    next(p for p in copy.iterdir() if p.name.startswith("dr_b@")).joinpath("adapter_model.safetensors").write_bytes(
        b"x"
    )
    return copy


def test_list_shows_what_was_changed(folder: Path, tmp_path: Path) -> None:
    found = adapters("list", damaged(folder, tmp_path))
    assert found.exit_code == 1
    assert "CHANGED (recorded" in found.output and "no whole safetensors file" in found.output
    assert "not what was recorded, or not readable: dr_a@" in found.output


def test_verify_in_this_process(folder: Path, llama: Path) -> None:
    ids = infos(folder)
    alone = adapters("verify", ids["dr_a"].folder, "--base", llama, "--device", "cpu")
    assert alone.exit_code == 0, alone.output
    lines = [line for line in alone.stdout.splitlines() if line]
    assert lines[:2] == [f"content: {ids['dr_a'].id}", f"fits: {llama}"]
    assert lines[2].startswith(
        "canary in this process: A and B each answer the same in turn and as a cold one; B answers "
    )
    assert "B answers 0 of" not in lines[2]
    pair = adapters("verify", ids["dr_a"].folder, "--base", llama, "--against", ids["dr_b"].folder, "--device", "cpu")
    assert pair.exit_code == 0, pair.output


def test_verify_fails_in_a_sentence(folder: Path, llama: Path, tmp_path: Path) -> None:
    from tests.chat.tiny_parts import save_llama

    place = infos(folder)["dr_a"].folder
    other = adapters("verify", place, "--base", save_llama(tmp_path / "other", seed=7))
    assert other.exit_code == 1 and other.output.splitlines()[-1].startswith("failed: the adapter dr_a@")
    assert "the model is another one" in other.output
    broken = damaged(folder, tmp_path)
    changed = adapters("verify", next(p for p in broken.iterdir() if p.name.startswith("dr_a@")), "--base", llama)
    assert changed.exit_code == 1 and "failed: " in changed.output and "was changed after it was made" in changed.output
    nobody = adapters("verify", place, "--server", "http://127.0.0.1:9/v1")
    assert isinstance(nobody.exception, UsageError) and "--server-base" in str(nobody.exception)


@pytest.mark.parametrize("cold", ["cache_salt", "cache_prompt"])
def test_verify_on_a_server(cold: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "x")
    ids = infos(folder)
    words = ("verify", ids["dr_a"].folder, "--against", ids["dr_b"].folder, "--cold", cold)
    with FaultyServer(reply=Backend(keyed=True)) as good:
        found = adapters(*words, "--server", good.url)
        assert found.exit_code == 0, found.output
        assert {b["model"] for b in good.bodies} == {ids["dr_a"].id, ids["dr_b"].id}, "asked for by id"
        assert all(b["temperature"] == 0 for b in good.bodies)
        assert sum(cold in b for b in good.bodies) == 6, "three prompts cold on each side"
    with FaultyServer(reply=Backend(keyed=False)) as bad:
        found = adapters(*words, "--server", bad.url)
        assert found.exit_code == 1
        assert "states of another adapter were used. Take the adapter out of service there." in found.output
    with FaultyServer(reply=Backend(keyed=False)) as bad:
        blind = try_server(bad.url, ids["dr_a"].id, "the-base", cold="none")
        assert blind.ok and not blind.cold and "goes unseen" in blind.sentence()


def test_what_cannot_be_tried(folder: Path, llama: Path) -> None:
    one = infos(folder)["dr_a"]
    with pytest.raises(UsageError, match="two different adapters"):
        try_here(llama, one, one)
    with pytest.raises(UsageError, match="two different models"):
        try_server("http://127.0.0.1:9/v1", "a", "a")
    with pytest.raises(UsageError, match="no way 'salt'"):
        try_server("http://127.0.0.1:9/v1", "a", "b", cold="salt")
    with pytest.raises(RemoteNotAllowedError):
        try_server("https://example.org/v1", "a", "b")


def test_a_process_that_leaks_is_caught(folder: Path, llama: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Negative control with real weights: the adapter is not switched back."""
    from redline.chat.adapters.resident import Resident

    real, ids = Resident.using, infos(folder)

    def stuck(self, adapter: str, place: Path | None):
        first = next(iter(self._names), None)
        return real(self, first or adapter, place)

    monkeypatch.setattr(Resident, "using", stuck)
    report = try_here(llama, ids["dr_a"], ids["dr_b"], device="cpu")
    assert not report.ok and "states of another adapter" in report.sentence()


def test_the_command_needs_no_torch_to_list_and_to_ask_servers() -> None:
    code = "import sys, redline.cli.adapters, redline.chat.adapters.trial as t, redline.chat.adapters.listing as l\n"
    code += "assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
