"""An in-memory cache of sentence vectors."""

from collections import OrderedDict
from collections.abc import Sequence
from threading import Lock

import numpy as np

from index.models.embedding import Embedder, Vectors

# 20,000 sentences of 384 numbers take about 30 MB.
_MAX_SENTENCES = 20_000


class SentenceVectors:
    """Embeds sentences, and keeps the most recently used vectors, as people often ask about the same articles again."""

    def __init__(self, embedder: Embedder, *, max_sentences: int = _MAX_SENTENCES) -> None:
        self._embedder = embedder
        self._max_sentences = max_sentences
        self._vectors: OrderedDict[str, Vectors] = OrderedDict()
        self._lock = Lock()

    def of(self, texts: Sequence[str]) -> Vectors:
        """Return the vectors of these texts, one row a text."""
        with self._lock:
            known = {text: self._vectors[text] for text in texts if text in self._vectors}
        new = [text for text in dict.fromkeys(texts) if text not in known]
        known |= dict(zip(new, self._embedder.embed_passages(new), strict=True))
        with self._lock:
            for text, vector in known.items():
                self._vectors[text] = vector
                self._vectors.move_to_end(text)
            while len(self._vectors) > self._max_sentences:
                self._vectors.popitem(last=False)
        return np.stack([known[text] for text in texts]) if texts else self._embedder.embed_passages([])
