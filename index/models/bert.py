"""A BERT encoder (Devlin et al., NAACL 2019) in PyTorch alone: to import transformers takes longer than to answer a question.

Its weights have the names that transformers gives them, and it computes the same numbers to the last bit.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

Attention = Literal["sdpa", "eager"]


@dataclass(frozen=True, slots=True)
class BertShape:
    """The sizes of an encoder, with the names that they have in `config.json`."""

    vocab_size: int
    hidden_size: int
    num_hidden_layers: int
    num_attention_heads: int
    intermediate_size: int
    max_position_embeddings: int
    type_vocab_size: int
    layer_norm_eps: float
    hidden_act: Literal["gelu"]

    @classmethod
    def read(cls, folder: Path) -> "BertShape":
        """Read the shape of the model in a folder."""
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        return cls(**{field.name: config[field.name] for field in fields(cls)})


class BertEncoder(nn.Module):
    """The encoder, without dropout and before its weights are loaded.

    `attention`: "sdpa" reads fastest; "eager" trains fastest on a CPU, where PyTorch's fused attention is slow backwards.
    """

    def __init__(self, shape: BertShape, attention: Attention = "sdpa") -> None:
        super().__init__()
        self.config = shape
        self.embeddings = _Embeddings(shape)
        self.encoder = _Layers(shape, attention)

    def forward(self, ids: Tensor, real: Tensor, segments: Tensor) -> Tensor:
        """Encode token ids, all of (sequences, tokens), into (sequences, tokens, hidden size). `real` is 0 where a sequence
        is filled up; segments are 0 or 1."""
        allowed = None if real.all() else real.bool()[:, None, None, :]
        hidden: Tensor = self.embeddings(ids, segments)
        for layer in self.encoder.layer:
            hidden = layer(hidden, allowed)
        return hidden


class _Embeddings(nn.Module):
    def __init__(self, shape: BertShape) -> None:
        super().__init__()
        self.word_embeddings = _embedding(shape.vocab_size, shape.hidden_size)
        self.position_embeddings = _embedding(shape.max_position_embeddings, shape.hidden_size)
        self.token_type_embeddings = _embedding(shape.type_vocab_size, shape.hidden_size)
        self.LayerNorm = nn.LayerNorm(shape.hidden_size, eps=shape.layer_norm_eps)

    def forward(self, ids: Tensor, segments: Tensor) -> Tensor:
        positions = self.position_embeddings(torch.arange(ids.shape[1], device=ids.device)[None])
        normalised: Tensor = self.LayerNorm(
            self.word_embeddings(ids) + self.token_type_embeddings(segments) + positions
        )
        return normalised


def _embedding(count: int, width: int) -> nn.Embedding:
    # Without random numbers, for which PyTorch would import its compiler where the weights have no memory yet.
    weight = torch.empty(count, width)
    embedding: nn.Embedding = nn.Embedding.from_pretrained(weight, freeze=False)  # type: ignore[no-untyped-call]
    return embedding


class _Layers(nn.Module):
    def __init__(self, shape: BertShape, attention: Attention) -> None:
        super().__init__()
        self.layer = nn.ModuleList(_Layer(shape, attention) for _ in range(shape.num_hidden_layers))


class _Layer(nn.Module):
    def __init__(self, shape: BertShape, attention: Attention) -> None:
        super().__init__()
        self.attention = _Attention(shape, attention)
        self.intermediate = _Intermediate(shape)
        self.output = _Output(shape.intermediate_size, shape)

    def forward(self, hidden: Tensor, allowed: Tensor | None) -> Tensor:
        attended = self.attention.output(self.attention.self(hidden, allowed), hidden)
        result: Tensor = self.output(self.intermediate(attended), attended)
        return result


class _Attention(nn.Module):
    def __init__(self, shape: BertShape, attention: Attention) -> None:
        super().__init__()
        self.self = _SelfAttention(shape, attention)
        self.output = _Output(shape.hidden_size, shape)


class _SelfAttention(nn.Module):
    def __init__(self, shape: BertShape, attention: Attention) -> None:
        super().__init__()
        self._heads = shape.num_attention_heads
        self._attend: Callable[..., Tensor] = functional.scaled_dot_product_attention if attention == "sdpa" else _eager
        self.query, self.key, self.value = (nn.Linear(shape.hidden_size, shape.hidden_size) for _ in range(3))

    def forward(self, hidden: Tensor, allowed: Tensor | None) -> Tensor:
        query, key, value = (
            projected(hidden).unflatten(-1, (self._heads, -1)).transpose(1, 2)
            for projected in (self.query, self.key, self.value)
        )
        return self._attend(query, key, value, allowed).transpose(1, 2).flatten(2)


def _eager(query: Tensor, key: Tensor, value: Tensor, allowed: Tensor | None) -> Tensor:
    scores = query @ key.transpose(2, 3) * query.shape[-1] ** -0.5
    if allowed is not None:
        scores = scores.masked_fill(~allowed, torch.finfo(scores.dtype).min)
    attended: Tensor = scores.softmax(-1) @ value
    return attended


class _Intermediate(nn.Module):
    def __init__(self, shape: BertShape) -> None:
        super().__init__()
        self.dense = nn.Linear(shape.hidden_size, shape.intermediate_size)
        self.intermediate_act_fn: nn.Module = nn.GELU()

    def forward(self, hidden: Tensor) -> Tensor:
        wide: Tensor = self.intermediate_act_fn(self.dense(hidden))
        return wide


class _Output(nn.Module):
    def __init__(self, width: int, shape: BertShape) -> None:
        super().__init__()
        self.dense = nn.Linear(width, shape.hidden_size)
        self.LayerNorm = nn.LayerNorm(shape.hidden_size, eps=shape.layer_norm_eps)

    def forward(self, values: Tensor, before: Tensor) -> Tensor:
        normalised: Tensor = self.LayerNorm(self.dense(values) + before)
        return normalised
