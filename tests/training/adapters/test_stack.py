"""Two adapters as one: exactly what both do together."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from redline.chat.adapters import BaseInfo
from redline.errors import UsageError
from redline.training.adapters import Lora, lora_of, plain, read_lora, save_adapter, served_rank, stacked

IDS = torch.tensor([[4, 5, 6, 7, 8, 9, 10, 11]])
CASES = [
    ({}, {}),
    ({"targets": ["q_proj", "v_proj"]}, {"targets": ["v_proj", "up_proj", "down_proj"]}),
    ({"r": 2, "lora_alpha": 5}, {"r": 8, "lora_alpha": 3, "use_rslora": True}),
    ({"rank_pattern": {"v_proj": 2}, "alpha_pattern": {"q_proj": 3}}, {"targets": ["k_proj"]}),
    ({"layers_to_transform": [0]}, {"targets": ["q_proj", "up_proj"], "layers_to_transform": [1]}),
    ({"targets": "all-linear"}, {"targets": r".*layers\.1\.self_attn\.[kq]_proj"}),
]


def logits(model) -> torch.Tensor:
    with torch.no_grad():
        return model(IDS).logits


def both_in_peft(llama: Path, one: Lora, other: Lora, folder: Path, double: bool) -> torch.Tensor:
    """The oracle: PEFT with two adapters active."""
    from peft import PeftModel
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(llama)
    first = PeftModel.from_pretrained(model, str(folder / one), adapter_name="one")
    first.load_adapter(str(folder / other), adapter_name="other")
    first.base_model.set_adapter(["one", "other"])
    return logits(first.double().eval() if double else first.eval())


@pytest.mark.parametrize("double", [False, True])
@pytest.mark.parametrize(("one", "other"), CASES)
def test_the_stack_is_both_at_once(one, other, double: bool, make, llama: Path, tmp_path: Path) -> None:
    from peft import PeftModel
    from transformers import AutoModelForCausalLM

    models = {"one": make(2, **one), "other": make(3, **other)}
    for name, model in models.items():
        model.save_pretrained(tmp_path / name)
    expected = both_in_peft(llama, "one", "other", tmp_path, double)
    both = stacked(*(lora_of(m) for m in models.values()))
    ranks = [max(a.shape[0] for a, _ in lora_of(m).matrices.values()) for m in models.values()]
    assert both.config["r"] == both.config["lora_alpha"] == sum(ranks)
    info = save_adapter(both, tmp_path / "out", "both", base=BaseInfo("tiny-llama"))
    loaded = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(llama), str(info.folder))
    if double:  # in double precision from the start: the file holds what the tensors held
        exact = stacked(*(_double(lora_of(m)) for m in models.values()))
        loaded = loaded.double()
        _put(loaded, exact)
    found = logits(loaded.eval())
    assert found.shape == expected.shape and found.numel() > 0
    tolerance = 1e-12 if double else 2e-6  # weights are large here (0.4), so single precision rounds at 1e-6
    assert (found - expected).abs().max() <= tolerance * max(1.0, expected.abs().max()), (found - expected).abs().max()
    alone = [logits(m.double() if double else m) for m in models.values()]
    assert all((found - a).abs().max() > 1e-2 for a in alone), "both of them count"


def _double(lora: Lora) -> Lora:
    return Lora(lora.config, {m: (a.double(), b.double()) for m, (a, b) in lora.matrices.items()})


def _put(model, lora: Lora) -> None:
    for module, (a, b) in lora.matrices.items():
        layer = model.base_model.model.get_submodule(module)
        layer.lora_A["default"].weight.data, layer.lora_B["default"].weight.data = a, b


def test_wrong_stacks_are_seen(make, llama: Path, tmp_path: Path) -> None:
    """Negative controls: without scaling, and with A and B of the two crossed, the result is another one."""
    one, other = make(2, lora_alpha=3), make(3, lora_alpha=40)
    right = stacked(lora_of(one), lora_of(other))
    for module, (a, b) in right.matrices.items():
        (a1, b1), (a2, b2) = lora_of(one).matrices[module], lora_of(other).matrices[module]
        expected = 3 / 4 * b1 @ a1 + 40 / 4 * b2 @ a2
        assert torch.allclose(b @ a, expected, atol=1e-5)
        assert not torch.allclose(torch.cat([b1, b2], 1) @ a, expected, atol=1e-2)
        assert not torch.allclose(torch.cat([b[:, 4:], b[:, :4]], 1) @ a, expected, atol=1e-2)


def test_targets_are_named_so_that_no_module_is_added(make) -> None:
    bare = stacked(lora_of(make(2)), lora_of(make(3, targets=["k_proj"])))
    assert bare.config["target_modules"] == ["k_proj", "q_proj", "v_proj"]
    some = stacked(lora_of(make(2, layers_to_transform=[0])), lora_of(make(3, layers_to_transform=[1])))
    assert len(some.config["target_modules"]) == 4 and all("layers." in t for t in some.config["target_modules"])


def test_what_cannot_be_stacked(make) -> None:
    one = lora_of(make(2))
    wider = Lora(one.config, {m: (torch.zeros(4, a.shape[1] + 1), b) for m, (a, b) in one.matrices.items()})
    with pytest.raises(UsageError, match="made for different models"):
        stacked(one, wider)
    with pytest.raises(UsageError, match="stored differently"):
        stacked(one, Lora({**one.config, "fan_in_fan_out": True}, one.matrices))
    many = {m: (torch.zeros(400, a.shape[1]), torch.zeros(b.shape[0], 400)) for m, (a, b) in one.matrices.items()}
    large = Lora({**one.config, "r": 400}, many)
    with pytest.raises(UsageError, match="vLLM takes at most 512"):
        stacked(large, large)


def test_a_plain_adapter_stays_bit_for_bit(make) -> None:
    lora = lora_of(make(2))
    assert plain(lora) is lora


@pytest.mark.parametrize(("rank", "served"), [(1, 8), (8, 8), (9, 16), (300, 320), (512, 512)])
def test_rank_of_a_server(rank: int, served: int) -> None:
    assert served_rank(rank) == served


def test_three_levels(make, base: BaseInfo, tmp_path: Path) -> None:
    """A stack is an adapter like any other: it can be saved, read and stacked on."""
    first = save_adapter(stacked(lora_of(make(2)), lora_of(make(3))), tmp_path, "two", base=base)
    three = stacked(read_lora(first.folder), lora_of(make(4)))
    assert three.config["r"] == 12
    module = next(iter(three.matrices))
    expected = sum(2 * b @ a for b, a in (lora_of(make(s)).matrices[module][::-1] for s in (2, 3, 4)))
    a, b = three.matrices[module]
    assert torch.allclose(b @ a, expected, atol=1e-5)
