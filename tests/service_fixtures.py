"""What the tests of the service share: the packaged model, loaded once, and indexes that are real in every part."""

import gc
import os
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, nullcontext
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from index.errors import ArticleUnknown, NotInHistory, OriginalMissing, WrongUsage
from index.ingest.run_control import OnProgress
from index.models.embedding import Embedder, Vectors
from index.models.sentence_vectors import SentenceVectors
from index.reader.model import READER, Reader, ReaderPassage, Reading, Shipped
from index.records import EVERYTHING, Access, Readers
from index.settings import PACKAGED_MODEL, SHIPPED_READER, SHIPPED_SUPPORT_MODEL
from index.stores.live import LiveIndex
from index.stores.store import opened
from index.support.model import SUPPORT
from service.api.routes.approving import AnswerApprovals
from service.assistant import LocalAssistant
from service.auth.askers import Asker
from service.history.feedback import ReviewFilter
from service.local import open_history
from service.schemas.api import AskRequest, AskResponse
from service.schemas.gaps import GapsResponse
from service.schemas.history import (
    ConversationResponse,
    ConversationsResponse,
    FeedbackRequest,
    ReviewResponse,
    StaleResponse,
    StoredAnswerResponse,
)
from service.schemas.maintenance import BackupResponse, CheckResponse, IdsWire, IndexReportWire, RebuildResponse
from service.schemas.quality import QualityResponse
from service.schemas.sources import (
    ForgetSourceRequest,
    ForgetSourceResponse,
    SourcesResponse,
    SyncSourcesRequest,
    SyncSourcesResponse,
)
from service.schemas.uploads import (
    DeleteUploadsResponse,
    OriginResponse,
    ReindexResponse,
    UploadResponse,
    UploadsResponse,
)
from service.schemas.usage import UsageResponse
from service.settings import Settings
from service.sources.originals import OriginalFile
from service.sources.uploads import Incoming

ROOT = Path(__file__).parent.parent
CORPUS = ROOT / "corpus"
SHIPPED_ARTICLES = len(list(CORPUS.glob("*.md")))


def settings_for(data_dir: Path, **changes: Any) -> Settings:
    """Return the default settings, whatever `.env` and the environment of this machine say."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("FOOTNOTE_")]:
            patch.delenv(name)
        return Settings(_env_file=None, data_dir=data_dir, **changes)


REBUILT = RebuildResponse(articles=1, passages=2, seconds=0.5)
BACKED_UP = BackupResponse(folder="/data/backup-x", articles=1, passages=2, agree=True, seconds=0.5)
_NONE = IdsWire(count=0, ids=[])
CHECKED = CheckResponse(
    agree=False,
    passages=2,
    damage=None,
    missing_vectors=IdsWire(count=1, ids=["a-0"]),
    extra_vectors=_NONE,
    wrong_vectors=_NONE,
    missing_words=_NONE,
    extra_words=_NONE,
    repair="none",
)


class NoSources:
    """The sources of an assistant that has none."""

    def overview(self) -> SourcesResponse:
        return SourcesResponse(file="/data/sources.toml")

    def sync(self, request: SyncSourcesRequest, *, on_progress: OnProgress | None = None) -> SyncSourcesResponse:
        raise WrongUsage("There is no such source.")

    def forget(self, request: ForgetSourceRequest) -> ForgetSourceResponse:
        raise WrongUsage("There is no such source.")


class NoUploads:
    """The uploads of an assistant that has none."""

    def store(self, files: Sequence[Incoming], readers: Readers, *, by: str, sync: bool) -> UploadResponse:
        return UploadResponse(files=[])

    def listing(self) -> UploadsResponse:
        return UploadsResponse(files=[], bytes=0, max_files=10, max_bytes=10_000, max_file_bytes=1_000)

    def delete(self, paths: Sequence[str]) -> DeleteUploadsResponse:
        return DeleteUploadsResponse(articles=0)


class NoOrigins:
    """The origins of an assistant that knows none."""

    def origin(self, article_id: str, access: Access) -> OriginResponse:
        raise ArticleUnknown(f"There is no article {article_id!r}.")

    def reindex(self, article_ids: Sequence[str]) -> ReindexResponse:
        return ReindexResponse(changed=0, failed=[])


class KeepsNothing:
    """The part of an assistant that keeps what was asked, where nothing is."""

    sources = NoSources()
    uploads = NoUploads()
    origins = NoOrigins()

    def original(self, article_id: str, access: Access, version: str | None) -> OriginalFile:
        raise OriginalMissing(f"The file of this version of {article_id!r} is not kept. Its text is.")

    def conversations(self, asker: Asker, *, after: str | None, limit: int) -> ConversationsResponse:
        raise _NO_HISTORY

    def conversation(self, conversation_id: str, asker: Asker) -> ConversationResponse:
        raise _NO_HISTORY

    def delete_conversation(self, conversation_id: str, asker: Asker) -> None:
        raise _NO_HISTORY

    def stored_answer(self, answer_id: str, asker: Asker) -> StoredAnswerResponse:
        raise _NO_HISTORY

    def check_readable(self, article_ids: Collection[str], access: Access) -> None:
        """Let all articles be read."""

    def delete_answer(self, answer_id: str, asker: Asker) -> None:
        raise _NO_HISTORY

    def share(self, answer_id: str, asker: Asker, *, shared: bool) -> None:
        raise _NO_HISTORY

    def rate(self, request: FeedbackRequest, asker: Asker) -> None:
        raise _NO_HISTORY

    def review(self, asker: Asker, review_filter: ReviewFilter, *, after: str | None, limit: int) -> ReviewResponse:
        raise _NO_HISTORY

    def stale(self, asker: Asker, *, after: str | None, limit: int) -> StaleResponse:
        raise _NO_HISTORY

    @property
    def approvals(self) -> AnswerApprovals:
        raise _NO_HISTORY

    def gaps(self, asker: Asker) -> GapsResponse:
        raise _NO_HISTORY

    def usage(self, asker: Asker, *, days: int) -> UsageResponse:
        raise _NO_HISTORY

    def quality(self, *, days: int) -> QualityResponse:
        raise _NO_HISTORY


_NO_HISTORY = NotInHistory("Nothing is kept here.")


@cache
def packaged_model() -> Embedder:
    """Return the packaged model. Loading it takes seconds, so all indexes of a test run share it."""
    model = Embedder(PACKAGED_MODEL)
    model.load()
    gc.freeze()  # as in conftest.py
    return model


class RememberingEmbedder(Embedder):
    """The model that is given. It says the same of the same text, so each text is embedded once in a test run."""

    _of_passages, _of_questions = Embedder.embed_passages, Embedder.embed_questions  # also where a test counts calls

    def __init__(self, embedder: Embedder) -> None:
        self.__dict__.update(embedder.__dict__)
        self._vectors: dict[tuple[str, str], Vectors] = {}

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        return self._remembered("passage", texts, self._of_passages)

    def embed_questions(self, texts: Sequence[str]) -> Vectors:
        return self._remembered("question", texts, self._of_questions)

    def _remembered(self, kind: str, texts: Sequence[str], embed: Callable[[Sequence[str]], Vectors]) -> Vectors:
        new = [text for text in dict.fromkeys(texts) if (kind, text) not in self._vectors]
        self._vectors.update(zip([(kind, text) for text in new], embed(new), strict=True))
        return np.stack([self._vectors[kind, text] for text in texts]) if texts else embed([])


@cache
def remembering_model() -> RememberingEmbedder:
    """Return the packaged model for indexes: what one test has embedded, the next need not."""
    return RememberingEmbedder(packaged_model())


class RememberingReader(Reader):
    """A model that ships. It says the same of the same texts, so each pair is read once in a test run."""

    def __init__(self, shipped: Shipped = READER) -> None:
        super().__init__(shipped=shipped)
        self._readings: dict[tuple[str, ReaderPassage], Reading] = {}

    def read(self, pairs: Sequence[tuple[str, ReaderPassage]]) -> list[Reading]:
        new = [pair for pair in dict.fromkeys(pairs) if pair not in self._readings]
        self._readings.update(zip(new, super().read(new), strict=True))
        return [self._readings[pair] for pair in pairs]


@cache
def shipped_reader() -> Reader:
    """Return the reading model that ships. One for all indexes of a test run, as with the packaged model."""
    return RememberingReader()


@cache
def shipped_support_model() -> Reader:
    """Return the support model that ships, as with the reading model."""
    return RememberingReader(SUPPORT)


@cache
def sentence_vectors() -> SentenceVectors:
    """Return the vectors of the sentences that some test has asked about."""
    return SentenceVectors(remembering_model())


@contextmanager
def assistant_over(settings: Settings, *, with_history: bool = False) -> Iterator[LocalAssistant]:
    """Open an assistant over the index of these settings, with the shared models; with `keeping`, it keeps what is asked."""
    index = replace(opened(settings), embedder=remembering_model(), sentence_vectors=sentence_vectors())
    if settings.reader == SHIPPED_READER:
        index = replace(index, reader=shipped_reader())
    if settings.support_model == SHIPPED_SUPPORT_MODEL:
        index = replace(index, support=shipped_support_model())
    with closing(LiveIndex(index)) as live, open_history(settings, live) if with_history else nullcontext() as kept:
        yield LocalAssistant(live, settings, None, history=kept)


def index_into(assistant: LocalAssistant, *paths: Path) -> IndexReportWire:
    """Index paths, and make sure that everything went in."""
    report = assistant.index(list(paths), prune=False, prune_limit=0.2, dry_run=False)
    assert report.failed == []
    return report


def write(folder: Path, articles: Mapping[str, str]) -> Path:
    """Write articles by file name. Line ends are written as they are given."""
    for name, text in articles.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
    return folder


@contextmanager
def shipped_corpus(data_dir: Path) -> Iterator[LocalAssistant]:
    """Index the articles that ship with the project, and load the models. Only to be read from."""
    with assistant_over(settings_for(data_dir)) as assistant:
        assert index_into(assistant, CORPUS).added == SHIPPED_ARTICLES
        assistant.ready()
        yield assistant


def check_answer(assistant: LocalAssistant, response: AskResponse, access: Access = EVERYTHING) -> None:
    """Check what must hold for every answer: exact quotes, numbers in order, sentences where they say they are."""
    numbers = [citation.number for citation in response.citations]
    assert numbers == list(range(1, len(numbers) + 1))
    places = [(citation.article_id, citation.start, citation.end) for citation in response.citations]
    assert len(set(places)) == len(places)
    for citation in response.citations:
        article = assistant.article(citation.article_id, access, citation.article_version)
        assert citation.quote
        assert article.text[citation.start : citation.end] == citation.quote
        assert (article.version, article.title) == (citation.article_version, citation.title)
    for sentence in response.sentences:
        markers = "".join(f" [{number}]" for number in sentence.citations)
        assert response.text[sentence.start : sentence.end] == sentence.text + markers
        assert set(sentence.citations) <= set(numbers)
    assert {number for sentence in response.sentences for number in sentence.citations} == set(numbers)
    if response.status == "answered":
        assert response.sentences
        # What has lines of its own, a list or code, begins a line.
        ends = [0, *(sentence.end for sentence in response.sentences)]
        gaps = [response.text[end : s.start] for end, s in zip(ends, response.sentences, strict=False)]
        assert gaps[0] == ""
        assert set(gaps[1:]) <= {" ", "\n"}
        assert ends[-1] == len(response.text)
        assert response.nearest == []
    else:
        assert (response.sentences, response.citations, response.short_answer) == ([], [], None)


def ask(assistant: LocalAssistant, question: str, access: Access = EVERYTHING, **fields: Any) -> AskResponse:
    """Ask, and check what must hold for every answer."""
    response = assistant.ask(AskRequest(question=question, **fields), Asker("tester", access))
    check_answer(assistant, response, access)
    return response
