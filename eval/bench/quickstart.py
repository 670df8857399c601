"""What a LlamaIndex user writes first, with the weights that Footnote ships: `VectorStoreIndex.from_documents` on Chroma.

After https://developers.llamaindex.ai/python/framework/integrations/vector_stores/chromaindexdemo/
"""

from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from eval.bench.filling import MovedVectors
from eval.bench.synthetic import synthetic_articles
from index.errors import WrongUsage
from index.models.embedding import packaged_folder
from index.records import Article

if TYPE_CHECKING:
    from llama_index.core.base.embeddings.base import BaseEmbedding
    from llama_index.vector_stores.chroma import ChromaVectorStore

_AT_ONCE = 1_000
_WORDS = 140
# Its default is 2; an answer needs about ten passages.
_HITS = 10


def check_installed() -> None:
    """Raise WrongUsage when what the benchmark compares with is not installed."""
    try:
        import llama_index.embeddings.huggingface
        import llama_index.vector_stores.chroma  # noqa: F401
    except ImportError as error:
        raise WrongUsage(
            f"The benchmark compares with a LlamaIndex quickstart, which is not installed ({error.name} is missing). "
            "Run `.venv/bin/pip install -c constraints.txt -e '.[bench]'`."
        ) from error


def embedding_model() -> "BaseEmbedding":
    """Load the model as the quickstart does: float32, ten texts at a time."""
    from llama_index.embeddings.huggingface import HuggingFaceEmbedding

    return HuggingFaceEmbedding(model_name=str(packaged_folder()), device="cpu")


def ingest(articles: Iterable[Article], folder: Path, model: "BaseEmbedding", *, tokens: int | None) -> int:
    """Put articles into a new index and return how many passages it has.

    `tokens` is the length of a passage; None is the splitter's own, 1,024 tokens, of which the model reads the first 256.
    """
    from llama_index.core import Document, StorageContext, VectorStoreIndex
    from llama_index.core.node_parser import SentenceSplitter

    documents = [Document(text=article.text, metadata={"title": article.info.title}) for article in articles]
    splitter = SentenceSplitter() if tokens is None else SentenceSplitter(chunk_size=tokens, chunk_overlap=0)
    store = _store(folder)
    VectorStoreIndex.from_documents(
        documents,
        storage_context=StorageContext.from_defaults(vector_store=store),
        embed_model=model,
        transformations=[splitter],
    )
    return _count(store)


def fill(folder: Path, passages: int, vectors: MovedVectors) -> int:
    """Add synthetic passages, with vectors that were not computed, until there are so many. Returns their number."""
    from llama_index.core.schema import BaseNode, TextNode

    store = _store(folder)
    texts = islice(_passages(passages), _count(store), passages)
    while part := list(islice(texts, _AT_ONCE)):
        nodes: list[BaseNode] = [TextNode(text=text, metadata={"title": title}) for title, text in part]
        for node, vector in zip(nodes, vectors.embed_passages([text for _, text in part]), strict=True):
            node.embedding = vector.tolist()
        store.add(nodes)
    return _count(store)


def retriever(folder: Path, model: "BaseEmbedding") -> tuple[Callable[[str], Sequence[object]], int]:
    """Open a filled index and return its retriever, with the number of its passages."""
    from llama_index.core import VectorStoreIndex

    store = _store(folder)
    index = VectorStoreIndex.from_vector_store(store, embed_model=model)
    return index.as_retriever(similarity_top_k=_HITS).retrieve, _count(store)


def _store(folder: Path) -> "ChromaVectorStore":
    import chromadb
    from chromadb.config import Settings
    from llama_index.vector_stores.chroma import ChromaVectorStore

    client = chromadb.PersistentClient(str(folder), Settings(anonymized_telemetry=False))
    return ChromaVectorStore(chroma_collection=client.get_or_create_collection("quickstart"))


def _count(store: "ChromaVectorStore") -> int:
    return int(store.client.count())


def _passages(count: int) -> Iterable[tuple[str, str]]:
    """Yield title and text of passages of one length."""
    for row in synthetic_articles(count):
        words = str(row["text"]).split()
        for start in range(0, len(words), _WORDS):
            yield str(row["title"]), " ".join(words[start : start + _WORDS])
