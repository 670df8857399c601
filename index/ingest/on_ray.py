"""Reads, cuts and embeds on Ray. What its workers return comes back in order, and no more is begun than is needed soon."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from importlib.metadata import version
from importlib.util import find_spec
from math import inf
from pathlib import Path
from threading import Lock
from time import monotonic
from types import TracebackType
from typing import Any, Self

from index.errors import ArticleError, ClusterUnavailable, WrongUsage
from index.extras import DISTRIBUTION, how_to_install
from index.ingest.cutting import CutArticle
from index.ingest.ray_pool import DEATHS, About, Pool, ReadFile, shortly
from index.ingest.run_control import RunControl
from index.ingest.workers import worker_count
from index.models.embedding import Vectors
from index.models.prefetch import in_order
from index.models.remote_embedding import RemoteEmbedder
from index.settings import IndexSettings, Precision
from index.sources.files import LINES_ENDING, failed_file, read_file
from index.sources.originals import kept_original
from index.sources.source_types import Limits, Read, ReadResult, Source
from index.stores.publishing import Prepared
from index.stores.store import Index

_START_SECONDS = 180.0
_LOOK_SECONDS = 1.0
# What workers need no part of: addresses of servers, and secrets.
_STAYS_HERE = {"data_dir", "database_url", "chroma_url", "chroma_token", "chroma_headers", "embed_api_key"}
_INSTALL = f"Install Footnote {version(DISTRIBUTION)} with the extra `scale` on every node."

POOL = Pool()
"""Ray itself is one for the whole process."""


class OnRay:
    """The workers of a run. They are started with its first work, and left at the end of the context."""

    def __init__(self, index: Index, control: RunControl) -> None:
        if find_spec("ray") is None:
            raise WrongUsage(f"FOOTNOTE_INGEST=ray needs Ray. Run: {how_to_install('scale')}")
        self._index, self._control = index, control
        self._count = worker_count(index.settings)
        self._lock = Lock()
        self._agreed: IndexSettings | ClusterUnavailable | None = None
        self._joined = False

    @property
    def at_once(self) -> int:
        """How many files or batches of articles are worth giving to it at the same time."""
        return self._count + 1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._joined:
            POOL.leave()

    def read(self, files: Iterable[Path], source: Source, limits: Limits) -> Iterator[ReadResult]:
        """Read the articles of files under a source, in order."""

        def results(file: Path) -> Iterable[ReadResult]:
            if file.suffix.lower() == LINES_ENDING:
                return read_file(file, source, limits=limits)  # here: it may be of any length, and is read line by line
            try:
                read: ReadFile = self._call("read", file, source, limits)
            except ArticleError as error:
                return [failed_file(file, error)]
            return [_with_copy(one, read.copy, limits.originals) for one in read.results]

        with closing(in_order(results, files, at_once=self.at_once)) as found:
            for of_a_file in found:
                yield from of_a_file

    def cut(self, prepared: Prepared) -> CutArticle:
        """Cut an article into passages."""
        found: CutArticle = self._call("cut", self._settings(), prepared)
        return found

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Return one row a text, computed by workers. Where a server embeds, it is asked from here: its key stays here."""
        if isinstance(self._index.embedder, RemoteEmbedder):
            return self._index.embed_passages(texts)
        settings = self._settings()
        return self._index.embed_by(lambda new: self._vectors(settings, new), texts, settings.precision)

    def _vectors(self, settings: IndexSettings, texts: Sequence[str]) -> Vectors:
        try:
            vectors: Vectors = self._call("embed", settings, texts)
        except ArticleError as error:
            raise ClusterUnavailable(
                f"{DEATHS} workers of Ray died while they embedded. Have they enough memory? Set FOOTNOTE_INGEST_WORKERS to "
                "fewer, or FOOTNOTE_INGEST=local, and run again: it goes on from there."
            ) from error
        return vectors

    def _call(self, name: str, *args: object) -> Any:
        """Return what a free worker returns. Raises what it raised, and ArticleError if workers died of it."""
        self._settings()  # before Ray is imported, which reads the environment then
        from ray.exceptions import RayActorError, RayError, RayTaskError

        free = POOL.free
        worker = free.get()
        try:
            (result,) = self._results([getattr(worker, name).remote(*args)])
            return result
        except RayTaskError as error:
            raise error.cause from None
        except RayActorError as error:
            raise ArticleError(
                f"ended {DEATHS} workers of Ray, one after the other. Split it, or remove it."
            ) from error
        except RayError as error:
            raise ClusterUnavailable(f"Ray failed ({shortly(error)}). Run again: it goes on from there.") from error
        finally:
            free.put(worker)

    def _results(self, calls: list[Any], *, seconds: float = inf) -> list[Any]:
        """Return the results of calls, or of those that end in this time. Raises IndexingStopped."""
        import ray

        end = monotonic() + seconds
        ended: list[Any] = []
        while len(ended) < len(calls) and monotonic() < end:
            self._control.check()
            ended, _ = ray.wait(calls, num_returns=len(calls), timeout=_LOOK_SECONDS)
        return list(ray.get(ended))

    def _settings(self) -> IndexSettings:
        """Start the workers if need be, and return the settings that all of them work with."""
        with self._lock:
            if self._agreed is None:
                try:
                    POOL.join(self._count)
                    self._joined = True
                    self._agreed = self._agree()
                except ClusterUnavailable as error:
                    self._agreed = error  # for the other threads that wait
            if isinstance(self._agreed, ClusterUnavailable):
                raise self._agreed
            return self._agreed

    def _agree(self) -> IndexSettings:
        """Ask each worker what is on it. Where processors would compute with different types of numbers, it is float32."""
        from ray.exceptions import RayError

        names = IndexSettings.model_fields.keys() - _STAYS_HERE
        settings = IndexSettings.model_construct(**{name: getattr(self._index.settings, name) for name in names})
        asked = [worker.about.remote(settings) for worker in POOL.workers]
        try:
            told: list[About] = self._results(asked, seconds=_START_SECONDS)
        except RayError as error:
            raise ClusterUnavailable(f"A worker of Ray cannot run Footnote ({shortly(error)}). {_INSTALL}") from error
        if len(told) < len(asked):
            raise ClusterUnavailable(
                f"Only {len(told)} of {len(asked)} workers of Ray started within {_START_SECONDS:.0f} seconds. Set "
                "FOOTNOTE_INGEST_WORKERS to the number of cores that are free (`ray status` says it), or run again later."
            )
        if any(one.footnote != version(DISTRIBUTION) for one in told):
            raise ClusterUnavailable(f"Workers of Ray run another version of Footnote. {_INSTALL}")
        if any(one.model != self._index.configured_embedder().fingerprint for one in told):
            raise ClusterUnavailable(
                f"Workers of Ray have other files of the embedding model {settings.embed_model!r}. Put the same ones there."
            )
        return settings.model_copy(update={"precision": agreed_precision(told)})


def _with_copy(result: ReadResult, copy: bytes | None, folder: Path | None) -> ReadResult:
    """Keep the copy of a file that another machine has read."""
    if copy is None or folder is None or not isinstance(result, Read) or result.article.info.original is None:
        return result
    info = result.article.info
    if problem := kept_original(folder, result.article.info.original, copy):
        article = replace(result.article, info=replace(info, original=None))
        return replace(result, article=article, warnings=(*result.warnings, problem))
    return result


def agreed_precision(told: Sequence[About]) -> Precision:
    """Return the type of numbers that all workers would choose, or float32, which every processor has."""
    chosen = {one.precision for one in told}
    return chosen.pop() if len(chosen) == 1 else "float32"
