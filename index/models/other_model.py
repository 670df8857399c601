"""Runs any embedding model that sentence-transformers can load."""

import os
from collections.abc import Sequence
from copy import deepcopy
from pathlib import Path
from typing import TYPE_CHECKING

from tokenizers import Tokenizer

from index.errors import ModelUnusable
from index.models.computation import Computation

if TYPE_CHECKING:
    import torch


class OtherModel:
    """A model of sentence-transformers, by the name of a hub or a folder."""

    def __init__(self, path: str, computation: Computation, *, batch: int, token_step: int) -> None:
        """So many texts are read at once, filled up to a multiple of `token_step` tokens. Raises ModelUnusable."""
        if Path(path).is_dir():
            os.environ.setdefault("HF_HUB_OFFLINE", "1")  # weights on disk need no request to a hub
        os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
        from safetensors import SafetensorError
        from sentence_transformers import SentenceTransformer
        from transformers.utils import logging

        logging.disable_progress_bar()  # type: ignore[no-untyped-call]
        try:
            self._model = SentenceTransformer(path, model_kwargs={"dtype": computation.dtype})
        except (OSError, ValueError, RuntimeError, SafetensorError) as error:
            raise ModelUnusable(
                f"The embedding model {path!r} cannot be loaded: {error}. Set FOOTNOTE_EMBED_MODEL to a folder with a "
                "sentence-transformers model, or leave it out for the packaged one."
            ) from error
        self._batch = batch
        self.max_tokens = int(self._model.max_seq_length or 512)
        self.dimensions = int(self._model.get_embedding_dimension() or 0)
        # A model with a limit of 250 tokens, for example, cannot be padded to 256.
        self._token_step = token_step if self.max_tokens % token_step == 0 else None

    def tokenizer(self) -> Tokenizer:
        """Return a copy of its tokenizer."""
        tokenizer: Tokenizer = deepcopy(self._model.tokenizer.backend_tokenizer)
        return tokenizer

    def encode(self, texts: Sequence[str], *, prompt: str | None, questions: bool) -> "torch.Tensor":
        """Return a vector for each text, in order. A prompt that is None is the model's own."""
        encode = self._model.encode_query if questions else self._model.encode_document
        return encode(
            [*texts],
            prompt=prompt,
            batch_size=self._batch,
            convert_to_tensor=True,
            show_progress_bar=False,
            processing_kwargs={"text": {"pad_to_multiple_of": self._token_step}},
        )
