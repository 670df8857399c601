"""Embeds texts by a server with OpenAI's embeddings API: OpenAI, vLLM, Text Embeddings Inference, Ollama, LM Studio."""

from collections import OrderedDict
from collections.abc import Sequence
from functools import cached_property
from threading import Lock

import numpy as np
from tokenizers import Tokenizer

from index.errors import ModelUnusable
from index.models.embedding import Embedder, Vectors, packaged_folder
from index.models.embedding_server import EmbeddingServer, vectors_of
from index.models.prompts import Prompts

# Text Embeddings Inference takes 32 texts in a request, the others more.
_TEXTS = 32
_CHARACTERS = 100_000
_REMEMBERED = 256
# A passage never has as many tokens as this, whatever the settings say; servers seldom tell how much their model reads.
_MAX_TOKENS = 8_000
_PROBE = "How many numbers has a vector?"


class RemoteEmbedder(Embedder):
    """An embedding model of a server. Texts are cut by the tokens of the packaged model, which are about as long.

    The length of its vectors is found out with the first request, and must not change.
    """

    def __init__(self, model: str, *, server: EmbeddingServer | None, prompts: Prompts | None = None) -> None:
        super().__init__(model, prompts=prompts)
        self._server = server
        self._questions: OrderedDict[str, Vectors] = OrderedDict()
        self._remembering = Lock()

    @property
    def name(self) -> str:
        """The model's name at the server. It is another model than one of that name on this machine."""
        return f"server:{self._requested}"

    @cached_property
    def fingerprint(self) -> str:
        """Identifies this model: its name and its prompts. The server may be another one."""
        return f"{self.name}{self.prompts.fingerprint}"

    def load(self) -> None:
        """Find out how long vectors are. Raises ModelUnusable."""
        _ = self.dimensions

    @cached_property
    def dimensions(self) -> int:
        """Length of a vector. Raises ModelUnusable."""
        return int(self._asked([_PROBE], patiently=False).shape[1])

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """Embed passages or sentences. Returns one row a text. Raises ModelUnusable."""
        before = self.prompts.passage or ""
        return self._all([f"{before}{text}" for text in texts], patiently=True)

    def embed_questions(self, texts: Sequence[str]) -> Vectors:
        """Embed questions. Returns one row a text. Raises ModelUnusable."""
        before = self.prompts.question or ""
        asked = [f"{before}{text}" for text in texts]
        # The same question is embedded by several steps of one answer.
        with self._remembering:
            known = {text: self._questions[text] for text in asked if text in self._questions}
        new = [text for text in dict.fromkeys(asked) if text not in known]
        known |= dict(zip(new, self._all(new, patiently=False), strict=True))
        with self._remembering:
            self._questions |= known
            while len(self._questions) > _REMEMBERED:
                self._questions.popitem(last=False)
        return np.stack([known[text] for text in asked]) if asked else self._none()

    def _all(self, texts: Sequence[str], *, patiently: bool) -> Vectors:
        batches = _batches(texts)
        found = [self._asked(batch, patiently=patiently) for batch in batches]
        for vectors in found:
            self._check_length(vectors.shape[1])
        return np.concatenate(found) if found else self._none()

    def _asked(self, texts: Sequence[str], *, patiently: bool) -> Vectors:
        if self._server is None:
            raise ModelUnusable(
                f"The index was made with the embedding model {self._requested!r} of a server. Set FOOTNOTE_EMBED_BASE_URL "
                "to its address, or make the index again with `footnote index --rebuild`."
            )
        return vectors_of(self._server, self._requested, texts, patiently=patiently)

    def _check_length(self, found: int) -> None:
        if found != self.dimensions:
            raise ModelUnusable(
                f"The embedding server gave a vector of {found} numbers for {self._requested!r}, and {self.dimensions} "
                "before. Restart Footnote once it serves one model under this name."
            )

    def _none(self) -> Vectors:
        return np.zeros((0, self.dimensions), np.float32)

    @property
    def _max_tokens(self) -> int:
        return _MAX_TOKENS

    @property
    def _prompt_tokens(self) -> int:
        return 0

    def _new_tokenizer(self) -> Tokenizer:
        return Tokenizer.from_file(str(packaged_folder() / "tokenizer.json"))


def _batches(texts: Sequence[str]) -> list[list[str]]:
    """Return the texts in order, in batches that servers take."""
    batches: list[list[str]] = []
    size = 0
    for text in texts:
        size += len(text)
        if not batches or len(batches[-1]) == _TEXTS or size > _CHARACTERS:
            batches.append([])
            size = len(text)
        batches[-1].append(text)
    return batches
