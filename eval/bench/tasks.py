"""The measurements themselves. Each runs in a process of its own, so that memory is measured apart and nothing is warm."""

import json
import resource
import sys
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import asdict
from datetime import date
from pathlib import Path
from time import perf_counter

import numpy as np

from eval.bench import quickstart
from eval.bench.filling import fill, moved_vectors
from eval.bench.records import Asked, Filled, Ingested, Latency, Model
from eval.bench.synthetic import synthetic_questions
from index.ingest.cutting import embedded_texts
from index.ingest.sync import sync
from index.models.computation import computation
from index.models.embedding import Embedder, Vectors, packaged_folder
from index.models.packaged import PackagedModel
from index.records import EVERYTHING, FOR_EVERYONE, Access, Article, Filters
from index.retrieval import retrieve
from index.settings import PACKAGED_MODEL, IndexSettings, Precision
from index.sources.apart import reading_here
from index.sources.reading import limits_from, read_articles, sources_from
from index.sources.source_types import Read
from index.stores.store import open_index

_WARM_UP = 5
_HITS = 10  # as many as the quickstart is asked for, and as a search shows
_MIDDLE_DAY = date(2022, 9, 27)
_COMPARED = 256
_BATCH = 16
_TOKEN_STEP = 32


def ingest_footnote(corpus: str, folder: str, precision: Precision, *, apart: bool) -> Ingested:
    """Index a corpus as `footnote index` does, reading included; without `apart`, files are read in this process."""
    with open_index(_settings(folder, precision)) as index, nullcontext() if apart else reading_here():
        index.embedder.load()
        started = perf_counter()
        report = sync(index, [Path(corpus)])
        return Ingested(report.articles, report.passages, perf_counter() - started, _peak())


def ingest_quickstart(corpus: str, folder: str, tokens: int | None) -> Ingested:
    """Index a corpus by the quickstart, the articles read before."""
    articles, model = list(_articles(corpus)), quickstart.embedding_model()
    started = perf_counter()
    passages = quickstart.ingest(articles, Path(folder), model, tokens=tokens)
    return Ingested(len(articles), passages, perf_counter() - started, _peak())


def model_alone(corpus: str, folder: str, precision: Precision) -> Model:
    """Run the model on the batches of a corpus, tokenised before, and compare some of its vectors with float32."""
    import torch

    with open_index(_settings(folder, precision)) as index:
        texts = [text for article in _articles(corpus) for text in embedded_texts(index, article)]
        chosen = computation(precision)
        model = PackagedModel(packaged_folder(), chosen, batch=_BATCH, token_step=_TOKEN_STEP)
        texts.sort(key=len, reverse=True)
        parts = [texts[first : first + _BATCH] for first in range(0, len(texts), _BATCH)]
        batches = [model.tokens(part) for part in parts]
        with torch.inference_mode():
            for batch in {batch[0].shape: batch for batch in batches}.values():
                model.vectors(*batch)  # a shape that is new takes longer
            started = perf_counter()
            for batch in batches:
                model.vectors(*batch)
            seconds = perf_counter() - started
        cosines = _cosines(index.embedder, texts[:: max(len(texts) // _COMPARED, 1)])
        return Model(str(chosen.dtype), len(texts) / seconds, float(cosines.min()), float(np.median(cosines)))


def fill_footnote(folder: str, passages: int) -> Filled:
    """Bring an index to this size, with vectors that are not computed."""
    # Vectors that were not computed are of no use to any later text.
    with open_index(_settings(folder).model_copy(update={"remembered_embeddings": 0})) as index:
        before = index.vectors.count()
        index.embedder.load()
        started = perf_counter()
        fill(index, passages)
        seconds, after = perf_counter() - started, index.vectors.count()
    return Filled(after, after - before, seconds, _disk(folder))


def fill_quickstart(folder: str, passages: int) -> Filled:
    """Bring the quickstart's collection to this size, with vectors that are not computed."""
    vectors = moved_vectors(Embedder(PACKAGED_MODEL), seed=passages)
    started = perf_counter()
    count = quickstart.fill(Path(folder), passages, vectors)
    return Filled(count, count, perf_counter() - started, _disk(folder))


def ask_footnote(folder: str, questions: int) -> Asked:
    """Ask questions as several kinds of people, by vector and words, without answering."""
    asked = synthetic_questions(questions + _WARM_UP)
    started = perf_counter()
    with open_index(_settings(folder)) as index:
        opened = perf_counter() - started
        index.embedder.embed_questions(asked[:_WARM_UP])
        started = perf_counter()
        retrieve(index, asked[0], access=EVERYTHING, filters=Filters())
        opening = opened + perf_counter() - started
        some = index.catalog.articles(FOR_EVERYONE, limit=10)
        kinds = {
            "all articles": (EVERYTHING, Filters()),
            "what is for everyone (90 %)": (FOR_EVERYONE, Filters()),
            "since a day (half)": (FOR_EVERYONE, Filters(published_after=_MIDDLE_DAY)),
            "one publisher of 40": (FOR_EVERYONE, Filters(publishers=(some[0].publisher or "",))),
            "ten articles": (FOR_EVERYONE, Filters(article_ids=tuple(info.id for info in some))),
        }

        def ask_as(access: Access, filters: Filters) -> Latency:
            return _timed(
                lambda question: retrieve(index, question, access=access, filters=filters, count=_HITS), asked
            )

        latencies = {kind: ask_as(*who) for kind, who in kinds.items()}
        return Asked(index.vectors.count(), opening, _resident(), latencies)


def ask_quickstart(folder: str, questions: int) -> Asked:
    """Ask the same questions of the quickstart's retriever, by vector alone."""
    asked = synthetic_questions(questions + _WARM_UP)
    model = quickstart.embedding_model()
    model.get_query_embedding(asked[0])
    started = perf_counter()
    ask, count = quickstart.retriever(Path(folder), model)
    ask(asked[0])
    opening = perf_counter() - started
    return Asked(count, opening, _resident(), {"all articles": _timed(ask, asked)})


TASKS: dict[str, Callable[..., object]] = {
    task.__name__: task
    for task in (
        ingest_footnote,
        ingest_quickstart,
        model_alone,
        fill_footnote,
        fill_quickstart,
        ask_footnote,
        ask_quickstart,
    )
}


def _settings(folder: str, precision: Precision = "fastest") -> IndexSettings:
    return IndexSettings(_env_file=None, data_dir=Path(folder), precision=precision)


def _articles(corpus: str) -> Iterator[Article]:
    limits = limits_from(IndexSettings(_env_file=None))
    readings = read_articles(sources_from([Path(corpus)]), limits=limits)
    return (reading.article for reading in readings if isinstance(reading, Read))


def _cosines(embedder: Embedder, texts: list[str]) -> Vectors:
    exact = Embedder(PACKAGED_MODEL, precision="float32").embed_passages(texts)
    return np.asarray(np.sum(embedder.embed_passages(texts) * exact, axis=1), np.float32)


def _timed(ask: Callable[[str], object], questions: list[str]) -> Latency:
    milliseconds = []
    for question in questions:
        started = perf_counter()
        ask(question)
        milliseconds.append((perf_counter() - started) * 1_000)
    measured = milliseconds[_WARM_UP:]
    return Latency(float(np.percentile(measured, 50)), float(np.percentile(measured, 95)))


def _disk(folder: str) -> int:
    return sum(file.stat().st_size for file in Path(folder).rglob("*") if file.is_file())


def _peak() -> int:
    """Return the most memory that this process ever had, in bytes."""
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024  # macOS counts bytes


def _resident() -> int:
    """Return the memory that this process has now, in bytes; the most it ever had where the system does not tell."""
    statm = Path("/proc/self/statm")
    return int(statm.read_text().split()[1]) * resource.getpagesize() if statm.is_file() else _peak()


if __name__ == "__main__":
    task, arguments = sys.argv[1], json.loads(sys.argv[2])
    print(json.dumps(asdict(TASKS[task](**arguments))))  # type: ignore[call-overload]
