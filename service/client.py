"""Clients of the command line and of evaluation: one for an index in this process, one for a running service over HTTP.

Both return the same types, so callers need not know which one they have.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeVar
from urllib.parse import quote

from index.errors import FootnoteError, IndexingStopped, ServiceFailed
from index.records import EVERYTHING
from index.sources.addresses import is_address
from service.api.problem_types import PROBLEMS
from service.auth.askers import OWNER
from service.event_lines import server_sent_events
from service.schemas.api import (
    ArticleResponse,
    ArticlesResponse,
    AskEvent,
    AskRequest,
    AskResponse,
    HitsEvent,
    Problem,
    SearchingEvent,
    SearchRequest,
    SearchResponse,
    SentenceEvent,
    Wire,
)
from service.schemas.conflicts import ConflictsRequest, ConflictsResponse
from service.schemas.history import ReviewResponse
from service.schemas.maintenance import (
    BackupResponse,
    CheckRequest,
    CheckResponse,
    DeleteRequest,
    IndexReportWire,
    IndexRequest,
    RebuildResponse,
    StatusResponse,
)
from service.sources.access import SourcesAccess
from service.sources.remote import HttpSources

if TYPE_CHECKING:
    import httpx

    from service.assistant import LocalAssistant
    from service.history.feedback import ReviewFilter

_Shape = TypeVar("_Shape", bound=Wire)
OnProgress = Callable[[int, int], None]


class Client(Protocol):
    """What the owner of the machine can do with an index."""

    def ask(self, request: AskRequest) -> AskResponse: ...

    def search(self, request: SearchRequest) -> SearchResponse: ...

    def articles(self, *, after: str | None = None, limit: int = 100) -> ArticlesResponse: ...

    def article(self, article_id: str, version: str | None = None) -> ArticleResponse: ...

    def status(self) -> StatusResponse: ...

    def index(
        self,
        paths: Sequence[Path | str],
        *,
        prune: bool = False,
        prune_limit: float = 0.2,
        dry_run: bool = False,
        on_progress: OnProgress | None = None,
    ) -> IndexReportWire: ...

    def delete(self, article_ids: Sequence[str]) -> None: ...


class AdminClient(Client, Protocol):
    """A client that can also maintain the index and review answers, and tells an answer while it is made."""

    def ask_events(self, request: AskRequest) -> Iterator[AskEvent]: ...

    def articles(self, *, after: str | None = None, limit: int = 100, titled: str = "") -> ArticlesResponse: ...

    def rebuild(self, *, on_progress: OnProgress | None = None) -> RebuildResponse: ...

    def backup(self) -> BackupResponse: ...

    def check(self, request: CheckRequest) -> CheckResponse: ...

    def conflicts(self, request: ConflictsRequest) -> ConflictsResponse: ...

    def review(
        self, review_filter: "ReviewFilter", *, after: str | None = None, limit: int = 100
    ) -> ReviewResponse: ...

    @property
    def sources(self) -> SourcesAccess: ...


@dataclass(frozen=True, slots=True)
class LocalClient:
    """A client of the index that this process has open. The local command line may read everything."""

    assistant: "LocalAssistant"

    def ask(self, request: AskRequest) -> AskResponse:
        return self.assistant.ask(request, OWNER)

    def ask_events(self, request: AskRequest) -> Iterator[AskEvent]:
        return self.assistant.ask_events(request, OWNER)

    def search(self, request: SearchRequest) -> SearchResponse:
        return self.assistant.search(request, EVERYTHING)

    def articles(self, *, after: str | None = None, limit: int = 100, titled: str = "") -> ArticlesResponse:
        return self.assistant.articles(EVERYTHING, after=after, limit=limit, titled=titled)

    def article(self, article_id: str, version: str | None = None) -> ArticleResponse:
        return self.assistant.article(article_id, EVERYTHING, version)

    def status(self) -> StatusResponse:
        return self.assistant.status()

    def index(
        self,
        paths: Sequence[Path | str],
        *,
        prune: bool = False,
        prune_limit: float = 0.2,
        dry_run: bool = False,
        on_progress: OnProgress | None = None,
    ) -> IndexReportWire:
        return self.assistant.index(
            paths, prune=prune, prune_limit=prune_limit, dry_run=dry_run, on_progress=on_progress
        )

    def rebuild(self, *, on_progress: OnProgress | None = None) -> RebuildResponse:
        return self.assistant.rebuild(on_progress=on_progress)

    def backup(self) -> BackupResponse:
        return self.assistant.backup()

    def check(self, request: CheckRequest) -> CheckResponse:
        return self.assistant.check(request)

    def conflicts(self, request: ConflictsRequest) -> ConflictsResponse:
        return self.assistant.conflicts(request, EVERYTHING)

    def review(self, review_filter: "ReviewFilter", *, after: str | None = None, limit: int = 100) -> ReviewResponse:
        return self.assistant.review(OWNER, review_filter, after=after, limit=limit)

    def delete(self, article_ids: Sequence[str]) -> None:
        self.assistant.delete(article_ids)

    @property
    def sources(self) -> SourcesAccess:
        return self.assistant.sources


_HEADERS = {"Content-Type": "application/json"}
_EVENTS: dict[str, type[HitsEvent | SearchingEvent | SentenceEvent | AskResponse]] = {
    "hits": HitsEvent,
    "searching": SearchingEvent,
    "sentence": SentenceEvent,
    "answer": AskResponse,
}
# From the problem types of the service to the errors that were raised there.
_ERRORS_BY_SLUG = {slug: error for error, (_, slug, _) in PROBLEMS.items()}


@dataclass(frozen=True, slots=True)
class HttpClient:
    """A client of the service that owns the data folder, over HTTP, with the token that the service left there."""

    http: "httpx.Client"

    def ask(self, request: AskRequest) -> AskResponse:
        return self.post("/api/ask", request, AskResponse)

    def ask_events(self, request: AskRequest) -> Iterator[AskEvent]:
        """Yield the events of an answer as the service sends them."""
        asked = _json(request.model_copy(update={"stream": True}))
        with self._explaining_faults(), self.http.stream("POST", "/api/ask", content=asked, headers=_HEADERS) as reply:
            if reply.is_error:
                reply.read()
                raise _raised(reply)
            for name, data in server_sent_events(reply.iter_lines()):
                if name == "error":
                    raise _raised_by(Problem.model_validate_json(data))
                yield _EVENTS[name].model_validate_json(data)

    def search(self, request: SearchRequest) -> SearchResponse:
        return self.post("/api/search", request, SearchResponse)

    def articles(self, *, after: str | None = None, limit: int = 100, titled: str = "") -> ArticlesResponse:
        params: dict[str, str | int] = {"limit": limit, "title": titled}
        params |= {} if after is None else {"after": after}
        return self.get("/api/articles", params, ArticlesResponse)

    def article(self, article_id: str, version: str | None = None) -> ArticleResponse:
        params: dict[str, str | int] = {} if version is None else {"version": version}
        return self.get(f"/api/articles/{quote(article_id)}", params, ArticleResponse)

    def status(self) -> StatusResponse:
        return self.get("/api/status", {}, StatusResponse)

    def index(
        self,
        paths: Sequence[Path | str],
        *,
        prune: bool = False,
        prune_limit: float = 0.2,
        dry_run: bool = False,
        on_progress: OnProgress | None = None,
    ) -> IndexReportWire:
        # The service reports once, at the end: there is no progress to pass on.
        absolute = [str(path) if is_address(str(path)) else str(Path(path).absolute()) for path in paths]
        request = IndexRequest(paths=absolute, prune=prune, prune_limit=prune_limit, dry_run=dry_run)
        return self.post_long("/api/index", request, IndexReportWire)

    def rebuild(self, *, on_progress: OnProgress | None = None) -> RebuildResponse:
        with _explaining_interrupt():
            return RebuildResponse.model_validate_json(self._send("POST", "/api/rebuild", content="{}"))

    def backup(self) -> BackupResponse:
        return BackupResponse.model_validate_json(self._send("POST", "/api/backup", content="{}"))

    def check(self, request: CheckRequest) -> CheckResponse:
        return self.post("/api/check", request, CheckResponse)

    def conflicts(self, request: ConflictsRequest) -> ConflictsResponse:
        return self.post("/api/conflicts", request, ConflictsResponse)

    def review(self, review_filter: "ReviewFilter", *, after: str | None = None, limit: int = 100) -> ReviewResponse:
        named = {"rating": review_filter.rating, "status": review_filter.status, "after": after}
        given: dict[str, str | int] = {name: value for name, value in named.items() if value is not None}
        return self.get("/api/review", given | {"limit": limit}, ReviewResponse)

    def delete(self, article_ids: Sequence[str]) -> None:
        self._send("POST", "/api/delete", content=_json(DeleteRequest(article_ids=list(article_ids))))

    @property
    def sources(self) -> HttpSources:
        """The sources of the service."""
        return HttpSources(self)

    def get(self, path: str, params: dict[str, str | int], shape: type[_Shape]) -> _Shape:
        """Return what the service answers. Raises the FootnoteError that it raised, or ServiceFailed."""
        return shape.model_validate_json(self._send("GET", path, params=params))

    def post(self, path: str, request: Wire, shape: type[_Shape]) -> _Shape:
        """Send a request and return the answer. Raises what `get` raises."""
        return shape.model_validate_json(self._send("POST", path, content=_json(request)))

    def post_long(self, path: str, request: Wire, shape: type[_Shape]) -> _Shape:
        """Send a request that may take long. Raises IndexingStopped if Ctrl-C ends the waiting."""
        with _explaining_interrupt():
            return self.post(path, request, shape)

    def _send(
        self, method: str, path: str, *, content: str | None = None, params: dict[str, str | int] | None = None
    ) -> bytes:
        with self._explaining_faults():
            response = self.http.request(method, path, content=content, params=params, headers=_HEADERS)
        if response.is_error:
            raise _raised(response)
        return response.content

    @contextmanager
    def _explaining_faults(self) -> Iterator[None]:
        import httpx

        try:
            yield
        except httpx.HTTPError as error:
            raise ServiceFailed(
                f"The service at {self.http.base_url} does not answer ({error}). Is it running?"
            ) from error


@contextmanager
def _explaining_interrupt() -> Iterator[None]:
    """Raise IndexingStopped if Ctrl-C ends waiting for a service, which goes on with the run all the same."""
    try:
        yield
    except KeyboardInterrupt as error:
        raise IndexingStopped(
            "Stopped waiting. The service goes on with what it was told; `footnote status` shows what it holds."
        ) from error


def _json(request: Wire) -> str:
    # Escaped to ASCII: an argument that is not UTF-8 holds lone surrogates. The service refuses these with a clear error.
    return json.dumps(request.model_dump(mode="json"))


def _raised(response: "httpx.Response") -> FootnoteError:
    try:
        problem = Problem.model_validate_json(response.content)
    except ValueError:
        return ServiceFailed(f"The service answered with HTTP {response.status_code} and no explanation.")
    return _raised_by(problem)


def _raised_by(problem: Problem) -> FootnoteError:
    return _ERRORS_BY_SLUG.get(problem.type.rpartition("/")[2], ServiceFailed)(problem.detail)
