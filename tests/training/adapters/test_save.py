"""Named by content, whole or not at all, loadable by PEFT and by vLLM's rules."""

from __future__ import annotations

import errno
import json
import os
import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from redline.chat.adapters import BaseInfo, adapter_digest, base_info, read_adapter
from redline.errors import InputError, UsageError
from redline.training.adapters import lora_of, read_lora, save_adapter, served_rank

IDS = torch.tensor([[4, 5, 6, 7, 8, 9]])


def logits(model) -> torch.Tensor:
    with torch.no_grad():
        return model(IDS).logits


def test_what_is_saved_is_what_peft_loads(make, llama: Path, base: BaseInfo, tmp_path: Path) -> None:
    from peft import PeftModel
    from transformers import AutoModelForCausalLM

    model = make(2)
    info = save_adapter(
        model, tmp_path, "dr-a", base=base, card={"loss": 0.5}, files={"recipe.toml": "r = 4\n"}, clinician="dr_a",
        parent="shared@0123456789ab", made_at="2026-01-02T03:04:05+00:00",
    )  # fmt: skip
    assert info.folder == tmp_path / info.id and info.id == f"dr-a@{info.digest[:12]}" and len(info.digest) == 32
    assert (info.rank, info.targets, info.clinician) == (4, ("q_proj", "v_proj"), "dr_a")
    assert (info.parent, info.made_at, info.base) == ("shared@0123456789ab", "2026-01-02T03:04:05+00:00", base)
    assert read_adapter(info.folder) == info and info.intact
    assert {p.name for p in info.folder.iterdir()} == {
        "adapter_model.safetensors", "adapter_config.json", "redline.json", "recipe.toml",
    }  # fmt: skip
    assert json.loads((info.folder / "redline.json").read_text())["card"] == {"loss": 0.5}
    loaded = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(llama), str(info.folder)).eval()
    assert torch.equal(logits(loaded), logits(model))
    assert not torch.equal(logits(loaded), logits(loaded.base_model.disable_adapter_layers() or loaded)), (
        "it does something"
    )


def vllm_refuses(folder: Path, max_lora_rank: int, modules: set[str]) -> list[str]:
    """The legality rules of vllm/lora/peft_helper.py and lora_model.py, written again from reading them."""
    config, wrong = json.loads((folder / "adapter_config.json").read_text()), []
    wrong += ["modules_to_save"] if config.get("modules_to_save") else []
    wrong += ["dora"] if config.get("use_dora") else []
    wrong += ["bias"] if config.get("bias", "none") != "none" else []
    wrong += ["rank"] if config["r"] > max_lora_rank else []
    wrong += [f"lacks {field}" for field in ("r", "lora_alpha", "target_modules") if field not in config]
    for name, tensor in load_file(folder / "adapter_model.safetensors").items():
        parts = name.split(".")
        named = parts[:2] == ["base_model", "model"] and parts[-1] == "weight" and parts[-2] in ("lora_A", "lora_B")
        if not named:
            wrong.append(f"unsupported LoRA weight {name}")
        elif parts[-3] not in modules:
            wrong.append(f"unexpected module {name}")
        elif tensor.shape[0 if parts[-2] == "lora_A" else 1] != config["r"]:
            wrong.append(f"rank of {name}")  # the buffers hold it, but one scaling alpha / r serves all modules
    wrong += ["patterns are not read"] if config.get("rank_pattern") or config.get("alpha_pattern") else []
    return wrong


LINEAR = {"q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"}


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"targets": sorted(LINEAR)},
        {"targets": "all-linear"},
        {"use_rslora": True},
        {"rank_pattern": {"v_proj": 2}, "alpha_pattern": {"layers.1.self_attn.q_proj": 3}},
        {"layers_to_transform": [1]},
    ],
)
def test_every_saved_adapter_obeys_vllms_rules_and_does_the_same(more, make, llama, base, tmp_path: Path) -> None:
    from peft import PeftModel
    from transformers import AutoModelForCausalLM

    model = make(2, **more)
    info = save_adapter(model, tmp_path, "a", base=base)
    assert vllm_refuses(info.folder, served_rank(info.rank), LINEAR) == []
    config = json.loads((info.folder / "adapter_config.json").read_text())
    assert config["base_model_name_or_path"] == "tiny-llama", "a name, no path of this machine"
    assert config["lora_alpha"] / config["r"] == pytest.approx(
        1.0 if {"use_rslora", "rank_pattern"} & set(more) else 2.0
    )
    loaded = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(llama), str(info.folder)).eval()
    assert torch.allclose(logits(loaded), logits(model), atol=2e-5)


def test_the_rules_catch_what_plain_peft_would_save(make, tmp_path: Path) -> None:
    """Negative control: the same checks on adapters that vLLM refuses or reads wrongly."""
    make(2, rank_pattern={"v_proj": 2}, modules_to_save=["lm_head"]).save_pretrained(tmp_path)
    found = vllm_refuses(tmp_path, 8, LINEAR)
    assert {"modules_to_save", "patterns are not read"} <= set(found)
    assert any("rank of" in f for f in found) and any("unsupported" in f for f in found)
    assert "rank" in vllm_refuses(tmp_path, 2, LINEAR)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"modules_to_save": ["lm_head"]}, "lm_head"),
        ({"targets": ["q_proj", "lm_head"]}, "lm_head"),
        ({"use_dora": True}, "no plain LoRA matrix"),
        ({"bias": "all"}, "bias"),
        ({"lora_bias": True}, "no plain LoRA matrix"),
        ({"targets": ["q_proj", "embed_tokens"]}, "no plain LoRA matrix"),
        ({"r": 1024}, "rank of 1024|rank 1024"),
    ],
)
def test_what_servers_do_not_load_is_not_saved(more, said: str, make, base, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=said):
        save_adapter(make(2, **more), tmp_path / "out", "a", base=base)
    assert not (tmp_path / "out").exists() or not list((tmp_path / "out").iterdir())


def test_the_digest_is_of_weights_and_function_only(make, base: BaseInfo, tmp_path: Path) -> None:
    one = save_adapter(make(2), tmp_path / "a", "x", base=base, made_at="2020-01-01")
    other = save_adapter(make(2), tmp_path / "b", "y", base=BaseInfo("elsewhere"), card={"n": 1}, clinician="dr_b")
    assert one.digest == other.digest and other.id == f"y@{one.digest[:12]}"
    changed = {
        "seed": save_adapter(make(3), tmp_path, "x", base=base),
        "alpha": save_adapter(make(2, lora_alpha=16), tmp_path, "x", base=base),
        "targets": save_adapter(make(2, targets=["q_proj", "k_proj"]), tmp_path, "x", base=base),
    }
    assert len({one.digest, *(i.digest for i in changed.values())}) == 4
    dropout = save_adapter(make(2, lora_dropout=0.5), tmp_path / "c", "x", base=base)
    assert dropout.digest == one.digest, "dropout does nothing when drafting"
    path = one.folder / "adapter_config.json"
    config = json.loads(path.read_text())
    path.write_text(json.dumps({**config, "peft_version": "9", "use_something_new": None, "revision": "x"}))
    assert adapter_digest(one.folder) == one.digest
    path.write_text(json.dumps({**config, "use_something_new": True}))
    assert adapter_digest(one.folder) != one.digest, "what is not known may change what it does"


def test_an_id_is_never_bound_again(make, base: BaseInfo, tmp_path: Path) -> None:
    first = save_adapter(make(2), tmp_path, "x", base=base, clinician="dr_a", card={"run": 1})
    again = save_adapter(make(2), tmp_path, "x", base=base, clinician="dr_a", card={"run": 2})
    assert again == first and json.loads((first.folder / "redline.json").read_text())["card"] == {"run": 1}
    with pytest.raises(UsageError, match=r"is there already, made for dr_a.*never bound"):
        save_adapter(make(2), tmp_path, "x", base=base, clinician="dr_b")
    newer = save_adapter(make(3), tmp_path, "x", base=base, clinician="dr_a")
    assert newer.id != first.id and {p.name for p in tmp_path.iterdir()} == {first.id, newer.id}
    weights = first.folder / "adapter_model.safetensors"
    tensors = load_file(weights)
    save_file({k: v + 1 for k, v in tensors.items()}, weights)
    for call in (lambda: read_adapter(first.folder), lambda: save_adapter(make(2), tmp_path, "x", base=base)):
        with pytest.raises(InputError, match=r"was changed after it was made"):
            call()
    assert not read_adapter(first.folder, strict=False).intact


@pytest.mark.parametrize("where", ["tensors", "config", "card", "rename", "sync"])
def test_a_full_disk_leaves_nothing(where: str, make, base, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*args, **more):
        raise OSError(errno.ENOSPC, "No space left on device")

    if where == "tensors":
        monkeypatch.setattr("safetensors.torch.save_file", full)
    elif where in ("config", "card"):
        name, real = {"config": "adapter_config.json", "card": "redline.json"}[where], Path.write_bytes
        monkeypatch.setattr(Path, "write_bytes", lambda s, d: full() if s.name == name else real(s, d))
    else:
        monkeypatch.setattr(os, "rename" if where == "rename" else "fsync", full)
    out = tmp_path / "out"
    with pytest.raises(InputError, match=r"cannot be written \(No space left on device\)[\s\S]*Nothing was left"):
        save_adapter(make(2), out, "x", base=base)
    assert list(out.iterdir()) == []


def test_the_librarys_own_word_for_a_full_disk(make, base, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from safetensors import SafetensorError

    def full(*args, **more):
        raise SafetensorError("Error while serializing: I/O error: No space left on device (os error 28)")

    monkeypatch.setattr("safetensors.torch.save_file", full)
    with pytest.raises(InputError, match="No space left"):
        save_adapter(make(2), tmp_path, "x", base=base)
    assert list(tmp_path.iterdir()) == []


def test_names_and_numbers_that_cannot_be(make, base: BaseInfo, tmp_path: Path) -> None:
    for slug in ("Dr A", "a/b", "a+b", "a@b", "..", ""):
        with pytest.raises(UsageError, match="cannot name an adapter"):
            save_adapter(make(2), tmp_path, slug, base=base)
    for name in ("redline.json", "../x", "a/b", "model.safetensors"):
        with pytest.raises(UsageError, match="cannot stand beside"):
            save_adapter(make(2), tmp_path, "x", base=base, files={name: ""})
    lora = lora_of(make(2))
    next(iter(lora.matrices.values()))[0][0, 0] = float("nan")
    with pytest.raises(UsageError, match="not finite"):
        save_adapter(lora, tmp_path, "x", base=base)
    with pytest.raises(InputError, match="cannot be written"):
        (tmp_path / "file").write_text("")
        save_adapter(make(2), tmp_path / "file", "x", base=base)
    assert [p.name for p in tmp_path.iterdir()] == ["file"]


def test_saving_what_was_read_gives_the_same_id(make, base: BaseInfo, tmp_path: Path) -> None:
    info = save_adapter(make(2), tmp_path, "x", base=base)
    assert save_adapter(read_lora(info.folder), tmp_path / "copy", "x", base=base).id == info.id


def test_damaged_and_foreign_folders(make, llama: Path, base: BaseInfo, tmp_path: Path) -> None:
    make(2).save_pretrained(tmp_path / "My Adapter")
    foreign = read_adapter(tmp_path / "My Adapter")
    assert foreign.id.startswith("my-adapter-") and foreign.id.endswith(f"@{foreign.digest[:12]}")
    assert (foreign.recorded, foreign.base.digest, foreign.intact) == (None, None, True)
    whole = (tmp_path / "My Adapter" / "adapter_model.safetensors").read_bytes()
    for cut in (0, 4, 100, len(whole) - 1):
        (tmp_path / "My Adapter" / "adapter_model.safetensors").write_bytes(whole[:cut])
        with pytest.raises(InputError, match=r"no whole safetensors file|cut short"):
            read_adapter(tmp_path / "My Adapter")
    (tmp_path / "My Adapter" / "adapter_model.safetensors").unlink()
    with pytest.raises(InputError, match=r"holds no adapter_model\.safetensors"):
        read_adapter(tmp_path / "My Adapter")
    odd = tmp_path / "odd"
    odd.mkdir()
    for text, said in (("[]", "no JSON object"), ("{", "not JSON"), ('{"peft_type": "IA3"}', "IA3 adapter")):
        (odd / "adapter_config.json").write_text(text)
        with pytest.raises((InputError, UsageError), match=said):
            read_adapter(odd)


def test_a_base_is_its_weights_however_they_are_spread(llama: Path, base: BaseInfo, tmp_path: Path) -> None:
    from transformers import AutoModelForCausalLM

    AutoModelForCausalLM.from_pretrained(llama).save_pretrained(tmp_path / "shards", max_shard_size="20KB")
    assert len(list((tmp_path / "shards").glob("*.safetensors"))) > 1
    assert base_info(tmp_path / "shards").digest == base.digest
    changed = shutil.copytree(llama, tmp_path / "changed")
    config = json.loads((changed / "config.json").read_text())
    (changed / "config.json").write_text(json.dumps({**config, "rms_norm_eps": 1e-3}))
    assert base_info(changed).digest != base.digest


def test_a_base_from_the_cache_bears_the_hubs_name(llama: Path, base: BaseInfo, tmp_path: Path) -> None:
    cached = shutil.copytree(llama, tmp_path / "models--org--a-model--x" / "snapshots" / "0123abcd")
    assert base_info(cached) == BaseInfo("org/a-model--x", base.digest)
    assert base_info(cached, "mine").name == "mine"
