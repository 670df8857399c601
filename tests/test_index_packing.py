"""Weights laid out once: what is computed with them is what was computed before."""

from copy import deepcopy
from typing import TYPE_CHECKING

import pytest
import torch

from index.models.packing import PackedLinear, can_pack, pack

if TYPE_CHECKING:
    from transformers import BertModel


def encoder(activation: str = "gelu", dtype: torch.dtype = torch.float32) -> "BertModel":
    from transformers import BertConfig, BertModel

    config = BertConfig(
        vocab_size=50,
        hidden_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=128,
        hidden_act=activation,
    )
    torch.manual_seed(1)
    return BertModel(config, add_pooling_layer=False).to(dtype=dtype).eval()  # type: ignore[call-arg, no-any-return]


def read(model: "BertModel") -> torch.Tensor:
    ids = torch.arange(96).reshape(3, 32) % 50
    with torch.inference_mode():
        hidden: torch.Tensor = model(ids, attention_mask=(torch.arange(32) < 20).long().expand(3, 32)).last_hidden_state
    return hidden.float()


def packed_of(model: "BertModel") -> "BertModel":
    packed = deepcopy(model)
    pack(packed)
    return packed


def test_a_packed_encoder_computes_the_same() -> None:
    plain = encoder()
    packed = packed_of(plain)
    assert sum(isinstance(module, PackedLinear) for module in packed.modules()) == (
        12 if can_pack(torch.float32) else 0
    )
    torch.testing.assert_close(read(packed), read(plain), rtol=0, atol=1e-5)


def test_in_bfloat16_it_is_as_near_to_the_exact_numbers_as_before() -> None:
    exact, plain = read(encoder()), encoder(dtype=torch.bfloat16)
    off, before = ((read(model) - exact).abs().mean() for model in (packed_of(plain), plain))
    assert off <= before * 1.05


@pytest.mark.parametrize("activation", ["relu", "gelu_new"])
def test_another_activation_stays_as_it_is(activation: str) -> None:
    plain = encoder(activation)
    torch.testing.assert_close(read(packed_of(plain)), read(plain), rtol=0, atol=1e-5)


def test_numbers_of_another_kind_are_left_alone() -> None:
    model = packed_of(encoder(dtype=torch.float64))
    assert not any(isinstance(module, PackedLinear) for module in model.modules())


def test_a_processor_that_refuses_a_layout_keeps_the_layers_of_pytorch(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(weight: torch.Tensor, size: None) -> torch.Tensor:
        raise RuntimeError("bf16 path needs the cpu support avx512bw")

    can_pack.cache_clear()
    monkeypatch.setattr(torch.ops.mkldnn, "_reorder_linear_weight", refuse)
    try:
        model = packed_of(encoder(dtype=torch.bfloat16))
    finally:
        can_pack.cache_clear()
    assert not any(isinstance(module, PackedLinear) for module in model.modules())
