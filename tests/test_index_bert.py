"""The encoder in PyTorch alone computes what the one of transformers computes, to the last bit."""

import pytest
import torch

from index.models.bert import Attention, BertEncoder, BertShape

SHAPE = BertShape(
    vocab_size=50,
    hidden_size=64,
    num_hidden_layers=2,
    num_attention_heads=4,
    intermediate_size=128,
    max_position_embeddings=40,
    type_vocab_size=2,
    layer_norm_eps=1e-12,
    hidden_act="gelu",
)


@pytest.mark.parametrize("attention", ["sdpa", "eager"])
@pytest.mark.parametrize("filled_up", [0, 12])
def test_it_computes_what_transformers_computes(attention: Attention, filled_up: int) -> None:
    from transformers import BertConfig, BertModel

    torch.manual_seed(1)
    sizes = {name: getattr(SHAPE, name) for name in BertShape.__slots__}
    config = BertConfig(**sizes, attn_implementation=attention)  # type: ignore[call-arg]
    theirs = BertModel(config, add_pooling_layer=False).eval()  # type: ignore[no-untyped-call]
    ours = BertEncoder(SHAPE, attention).eval()
    ours.load_state_dict(theirs.state_dict())
    ids = torch.randint(50, (3, 32))
    real = torch.ones(3, 32, dtype=torch.long)
    real[1:, 32 - filled_up :] = 0
    segments = (torch.arange(32) > 9).long().expand(3, 32)
    with torch.inference_mode():
        wanted = theirs(ids, attention_mask=real, token_type_ids=segments).last_hidden_state
        assert torch.equal(ours(ids, real, segments), wanted)
