"""Adapters on local models: whose answers, which do not fit, one for each clinician."""

from __future__ import annotations

import asyncio
import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import redline
from redline.chat import (
    AdapterChoice,
    ChatMessage,
    ChatModel,
    ChatRequest,
    HfModel,
    Recording,
    Sampling,
    Tag,
    chat_model,
)
from redline.chat.adapters import base_info, check_fits, find_adapter, read_adapter, read_clinicians
from redline.chat.adapters import resident as resident_module
from redline.chat.adapters.tensors import digest_tensors, read_headers
from redline.errors import InputError, RedlineError, UsageError
from redline.records import digest
from tests.chat.tiny_parts import save_adapter as foreign_adapter
from tests.chat.tiny_parts import save_llama

pytest.importorskip("torch")
pytest.importorskip("transformers")
pytest.importorskip("peft")

TEXTS = ["the rash is red", "when did it start any fever today", "no", "please call us if you get worse and it itches"]


@pytest.fixture(scope="module")
def llama(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_llama(tmp_path_factory.mktemp("models") / "tiny-llama")


@pytest.fixture(scope="module")
def folder(llama: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Adapters of dr_a and dr_b, and a shared one."""
    from redline.training.adapters import bind, save_adapter
    from tests.training.adapters.conftest import adapted

    made, base = tmp_path_factory.mktemp("personal"), base_info(llama)
    for seed, who in ((2, "dr_a"), (3, "dr_b"), (4, None)):
        targets = ("q_proj", "v_proj", "up_proj") if who == "dr_b" else ("q_proj", "v_proj")
        model = adapted(llama, seed, targets, lora_alpha=32)
        bind(made, save_adapter(model, made, who or "shared", base=base, clinician=who).id, who)
    return made


def adapter_of(folder: Path, who: str | None) -> Path:
    found = read_clinicians(folder)
    return found.place(found.current[who] if who else found.shared)


def ask(text: str, who: str | None = None, adapter: str = "") -> ChatRequest:
    return ChatRequest((ChatMessage("user", text),), Sampling(max_tokens=12), Tag("c", "s", who), adapter)


def together(model, *requests: ChatRequest) -> list[str]:
    async def main():
        return await asyncio.gather(*(model.complete(r) for r in requests))

    return [r.text for r in asyncio.run(main())]


def test_one_adapter_is_known_by_its_content(llama: Path, folder: Path, tmp_path: Path) -> None:
    place = adapter_of(folder, "dr_a")
    model = chat_model(f"hf:{llama}+{place}")
    assert (
        model.adapter == read_adapter(place) and model.name == f"tiny-llama+{model.adapter.id}" and not model.personal
    )
    copy = shutil.copytree(place, tmp_path / "copy")
    card = json.loads((copy / "redline.json").read_text())
    (copy / "redline.json").write_text(json.dumps({**card, "made_at": "later", "card": {"note": "moved"}}))
    moved = HfModel(str(llama), str(copy))
    assert (moved.digest, moved.adapter.id) == (model.digest, model.adapter.id)
    assert HfModel(str(llama), str(adapter_of(folder, "dr_b"))).digest != model.digest != HfModel(str(llama)).digest


def test_each_clinician_is_answered_by_their_own_adapter(llama: Path, folder: Path) -> None:
    model = chat_model(f"hf:{llama}+{folder}")
    assert isinstance(model, ChatModel) and model.personal and model.adapter is None
    people = ("dr_a", "dr_b", "dr_new", None)
    alone = {
        "dr_a": HfModel(str(llama), str(adapter_of(folder, "dr_a"))), "dr_b": HfModel(str(llama), str(adapter_of(folder, "dr_b"))),
        "dr_new": HfModel(str(llama), str(adapter_of(folder, None))), None: HfModel(str(llama), str(adapter_of(folder, None))),
    }  # fmt: skip
    expected = {who: together(alone[who], *(ask(t) for t in TEXTS)) for who in people}
    assert len({tuple(e) for e in expected.values()}) == 3, "they say different things"
    mixed = [(who, i) for i in range(len(TEXTS)) for who in people]
    for _ in range(2):  # in one batch, and again: nothing of the one before stays
        found = together(model, *(ask(TEXTS[i], who) for who, i in mixed))
        assert found == [expected[who][i] for who, i in mixed]
    named = model.adapter_for("dr_b")
    assert named == AdapterChoice(adapter_of(folder, "dr_b").name)
    assert together(model, ask(TEXTS[0], "dr_a", named.id)) == [expected["dr_b"][0]], (
        "the request's own word goes first"
    )
    with pytest.raises(UsageError, match="no adapter 'x@1'"):
        together(model, ask("no", adapter="x@1"))


def test_without_a_shared_adapter_the_base_answers(llama: Path, folder: Path, tmp_path: Path) -> None:
    alone = shutil.copytree(folder, tmp_path / "p")
    value = json.loads((alone / "clinicians.json").read_text())
    (alone / "clinicians.json").write_text(json.dumps({**value, "shared": None}))
    model, plain = HfModel(str(llama), str(alone)), HfModel(str(llama))
    expected = together(plain, *(ask(t) for t in TEXTS))
    for order in ((None, "dr_a"), ("dr_a", None)):  # before and after an adapter was loaded
        assert (
            together(model, *(ask(t, order[0]) for t in TEXTS), *(ask(t, order[1]) for t in TEXTS)).count(expected[0])
            >= 1
        )
    assert together(model, *(ask(t, "dr_new") for t in TEXTS)) == expected
    assert model.adapter_for("dr_new") == AdapterChoice("", "no adapter of this clinician: the base model answered")
    assert model.digest != HfModel(str(llama), str(folder)).digest


def test_few_stay_loaded_and_answers_stay_the_same(llama: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = together(HfModel(str(llama), str(folder)), *(ask(t, w) for w in ("dr_a", "dr_b", "x") for t in TEXTS))
    monkeypatch.setattr(resident_module, "_KEPT", 1)
    model = HfModel(str(llama), str(folder))
    assert together(model, *(ask(t, w) for w in ("dr_a", "dr_b", "x") for t in TEXTS)) == whole
    assert len(model._loaded._names) == 1
    assert together(model, *(ask(t, w) for w in ("dr_a", "dr_b", "x") for t in TEXTS)) == whole


def test_a_new_version_is_another_model(llama: Path, folder: Path, tmp_path: Path) -> None:
    from redline.training.adapters import bind, save_adapter
    from tests.training.adapters.conftest import adapted

    grown = shutil.copytree(folder, tmp_path / "p")
    before = HfModel(str(llama), str(grown))
    newer = save_adapter(adapted(llama, 9), grown, "dr_a", base=base_info(llama), clinician="dr_a")
    assert HfModel(str(llama), str(grown)).digest == before.digest, "saved, not yet in use"
    bind(grown, newer.id, "dr_a")
    assert HfModel(str(llama), str(grown)).digest != before.digest


def test_the_same_words_to_another_adapter_are_another_request() -> None:
    requests = [ask("no"), ask("no", adapter="a@1"), ask("no", adapter="b@2")]
    assert len({r.digest for r in requests}) == 3
    s = requests[0].sampling
    old = digest([["user", "no"], [s.temperature, s.top_p, s.max_tokens, s.seed]], length=32)
    assert requests[0].digest == old, "requests without an adapter keep their digest"


def test_a_recording_passes_on_whose_it_is(llama: Path, folder: Path, tmp_path: Path) -> None:
    model = HfModel(str(llama), str(folder))
    recording = Recording(model, tmp_path / "r.jsonl")
    assert recording.personal and recording.adapter_for("dr_a") == model.adapter_for("dr_a")
    plain = Recording(HfModel(str(llama)), tmp_path / "s.jsonl")
    assert not plain.personal and plain.adapter_for("dr_a") == AdapterChoice()


def other_base(llama: Path, tmp_path: Path, **changes) -> Path:
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    made = shutil.copytree(llama, tmp_path / f"base-{len(list(tmp_path.iterdir()))}")
    config = LlamaConfig.from_pretrained(llama)
    for name, value in changes.items():
        setattr(config, name, value)
    with torch.random.fork_rng():
        torch.manual_seed(5)
        LlamaForCausalLM(config).save_pretrained(made)
    return made


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"hidden_size": 64}, r"q_proj is 64 wide there, the adapter expects 32"),
        ({"num_hidden_layers": 1}, r"it changes model\.layers\.1\.self_attn\.q_proj, which is not there"),
        ({"num_key_value_heads": 4}, r"v_proj is 32 wide there, the adapter expects 16"),
    ],
)
def test_a_base_that_it_does_not_fit_is_said_before_anything_is_loaded(
    changes, said: str, llama: Path, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    base = other_base(llama, tmp_path, **changes)
    monkeypatch.setattr("redline.chat.local.load", None)
    info = read_adapter(adapter_of(folder, "dr_a"))
    with pytest.raises(UsageError, match=rf"was made for tiny-llama, it does not fit .*{said}"):
        check_fits(info, base)
    for adapters in (folder, info.folder):
        with pytest.raises(UsageError, match=said):
            HfModel(str(base), str(adapters))


def test_a_base_of_the_same_shape_with_other_weights_is_refused(llama: Path, folder: Path, tmp_path: Path) -> None:
    base, place = other_base(llama, tmp_path), adapter_of(folder, "dr_a")
    with pytest.raises(UsageError, match=r"with the weights \w{12}, it does not fit .*the model is another one"):
        check_fits(read_adapter(place), base)
    check_fits(read_adapter(place), base, other_base=True)
    check_fits(read_adapter(place), llama)
    with pytest.raises(UsageError, match="the model is another one"):
        together(HfModel(str(base), str(place)), ask("no"))
    assert together(HfModel(str(base), str(place), other_base=True), ask("no"))


def test_foreign_adapters_fit_by_shape(llama: Path, tmp_path: Path) -> None:
    foreign = foreign_adapter(llama, tmp_path / "foreign")
    for base in (llama, other_base(llama, tmp_path)):
        check_fits(read_adapter(foreign), base)
    assert HfModel(str(llama), str(foreign)).adapter.id == f"foreign@{read_adapter(foreign).digest[:12]}"


def test_shards_and_packed_weights(llama: Path, folder: Path, tmp_path: Path) -> None:
    from transformers import AutoModelForCausalLM

    AutoModelForCausalLM.from_pretrained(llama).save_pretrained(tmp_path / "shards", max_shard_size="20KB")
    check_fits(read_adapter(adapter_of(folder, "dr_a")), tmp_path / "shards")
    packed = other_base(llama, tmp_path, hidden_size=64)
    config = json.loads((packed / "config.json").read_text())
    (packed / "config.json").write_text(json.dumps({**config, "quantization_config": {"bits": 4}}))
    with pytest.raises(UsageError, match="the model is another one"):
        check_fits(read_adapter(adapter_of(folder, "dr_a")), packed)


def test_an_adapter_that_was_changed_is_not_used(llama: Path, folder: Path, tmp_path: Path) -> None:
    grown = shutil.copytree(folder, tmp_path / "p")
    place = adapter_of(grown, "dr_a")
    weights = place / "adapter_model.safetensors"
    content = bytearray(weights.read_bytes())
    content[-1] ^= 1
    weights.write_bytes(bytes(content))
    with pytest.raises(InputError, match="was changed after it was made"):
        HfModel(str(llama), str(place))
    model = HfModel(str(llama), str(grown))
    with pytest.raises(InputError, match="was changed after it was made"):
        together(model, ask("no", "dr_a"))
    assert together(model, ask("no", "dr_b")), "the others go on"
    other = adapter_of(grown, "dr_b")
    shutil.rmtree(place)
    other.rename(place)  # somebody else's weights under this clinician's id
    value = json.loads((grown / "clinicians.json").read_text())
    (grown / "clinicians.json").write_text(json.dumps({**value, "clinicians": {"dr_a": place.name}}))
    with pytest.raises(RedlineError, match=r"holds the adapter dr_b@\w+, not dr_a@"):
        together(HfModel(str(llama), str(grown)), ask("no", "dr_a"))


def test_tags_do_not_count_for_models_of_one_adapter(llama: Path, folder: Path) -> None:
    model = HfModel(str(llama), str(adapter_of(folder, "dr_a")))
    request = ask("the rash", "dr_b")
    assert together(model, request) == together(model, replace(request, tag=None))


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.binary(max_size=200), name=st.text(max_size=5), offsets=st.lists(st.integers(-5, 50), max_size=3))
def test_hostile_files_are_errors_for_people(data: bytes, name: str, offsets: list[int], tmp_path: Path) -> None:
    header = json.dumps({name: {"dtype": "F32", "shape": [2], "data_offsets": offsets}}).encode()
    for content in (data, len(header).to_bytes(8, "little") + header + data[:40]):
        path = tmp_path / "x.safetensors"
        path.write_bytes(content)
        try:
            digest_tensors(read_headers([path]).values())
        except InputError as error:
            assert "x.safetensors" in str(error)


def test_the_bundled_tiny_model_takes_an_adapter(tmp_path: Path) -> None:
    from redline.training.adapters import save_adapter
    from tests.training.adapters.conftest import adapted

    tiny = Path(redline.__file__).parent / "resources" / "tiny"
    info = save_adapter(adapted(tiny, 2, "all-linear", lora_alpha=64), tmp_path, "own", base=base_info(tiny))
    check_fits(info, tiny)
    assert len(info.targets) == 7 and info.base.name == "tiny"
    request = ChatRequest((ChatMessage("user", "My knee hurts. Should I rest?"),), Sampling(max_tokens=8))
    assert together(HfModel(str(tiny)), request) != together(chat_model(f"hf:{tiny}+{info.folder}"), request)


def test_the_first_part_of_an_id_stands_for_the_only_one(tmp_path: Path) -> None:
    (tmp_path / "sft@0123456789ab").mkdir()
    assert find_adapter(str(tmp_path / "sft")) == str(tmp_path / "sft@0123456789ab")
    assert find_adapter(str(tmp_path / "sft@0123456789ab")) == str(tmp_path / "sft@0123456789ab")
    assert find_adapter(str(tmp_path / "other")) == str(tmp_path / "other")
    (tmp_path / "sft@ba9876543210").mkdir()
    with pytest.raises(UsageError, match="sft@0123456789ab or sft@ba9876543210"):
        find_adapter(str(tmp_path / "sft"))
