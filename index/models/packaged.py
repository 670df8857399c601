"""Runs the embedding model that ships as a package, all-MiniLM-L6-v2, with PyTorch and tokenizers alone.

sentence-transformers runs it, too, and computes the same vectors to the last bit, but takes seconds to import.
"""

import json
from collections.abc import Sequence
from copy import deepcopy
from pathlib import Path

import torch
from safetensors.torch import load_file
from tokenizers import Tokenizer
from torch import Tensor
from torch.nn import functional

from index.models.bert import BertEncoder, BertShape
from index.models.computation import Computation
from index.models.packing import pack

# Weights of the file that embedding does without.
_UNUSED = ("pooler.", "embeddings.position_ids")


class PackagedModel:
    """The model, loaded from its folder."""

    def __init__(self, folder: Path, computation: Computation, *, batch: int, token_step: int) -> None:
        """So many texts are read at once, filled up to a multiple of `token_step` tokens."""
        self.max_tokens = int(json.loads((folder / "sentence_bert_config.json").read_text())["max_seq_length"])
        self._batch = batch
        self._device = torch.device(computation.device)
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.enable_truncation(self.max_tokens)
        self._tokenizer.enable_padding(pad_to_multiple_of=token_step)
        weights = load_file(folder / "model.safetensors")
        with torch.device("meta"):  # no weights are made up that are then replaced
            self._encoder = BertEncoder(BertShape.read(folder))
        self._encoder.load_state_dict(
            {name: w for name, w in weights.items() if not name.startswith(_UNUSED)}, assign=True
        )
        self._encoder.to(dtype=computation.dtype, device=self._device).eval()
        pack(self._encoder)
        self.dimensions = self._encoder.config.hidden_size

    def tokenizer(self) -> Tokenizer:
        """Return a copy of its tokenizer."""
        return deepcopy(self._tokenizer)

    def tokens(self, texts: Sequence[str]) -> tuple[Tensor, Tensor]:
        """Return the ids of the tokens of a batch, and 1 where a token is real, 0 where a text is filled up."""
        encoded = self._tokenizer.encode_batch(texts)
        columns = [one.ids for one in encoded], [one.attention_mask for one in encoded]
        ids, real = (torch.tensor(column, device=self._device) for column in columns)
        return ids, real

    def vectors(self, ids: Tensor, real: Tensor) -> Tensor:
        """Return a vector for each text of a batch: the mean of its tokens, with length 1."""
        hidden = self._encoder(ids, real, torch.zeros_like(ids))
        weight = real[..., None].to(hidden.dtype)
        mean = (hidden * weight).sum(1, dtype=torch.float32) / weight.sum(1, dtype=torch.float32)
        return functional.normalize(mean.to(hidden.dtype))

    def encode(self, texts: Sequence[str], *, prompt: str | None, questions: bool) -> Tensor:
        """Return a vector for each text, in order. Questions are read as other texts are."""
        texts = [f"{prompt or ''}{text}" for text in texts]
        order = sorted(range(len(texts)), key=lambda at: -len(texts[at]))
        with torch.inference_mode():
            vectors = torch.cat(
                [
                    self.vectors(*self.tokens([texts[at] for at in order[first : first + self._batch]]))
                    for first in range(0, len(order), self._batch)
                ]
            )
            return vectors[torch.tensor(order).argsort()]
