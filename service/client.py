"""How the command line and evaluation reach Footnote: in this process, or through the service that owns the data folder.

Both ways answer with the same shapes, so nothing that asks can tell the difference.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from service.wire import (
    ArticleResponse,
    ArticlesResponse,
    AskRequest,
    AskResponse,
    IndexReportWire,
    SearchRequest,
    SearchResponse,
    StatusResponse,
)


class Client(Protocol):
    """Everything that can be done with an index."""

    def ask(self, request: AskRequest) -> AskResponse: ...

    def search(self, request: SearchRequest) -> SearchResponse: ...

    def articles(self, *, after: str | None = None, limit: int = 100) -> ArticlesResponse: ...

    def article(self, article_id: str, version: str | None = None) -> ArticleResponse: ...

    def status(self) -> StatusResponse: ...

    def index(
        self, paths: Sequence[Path], *, prune: bool = False, prune_limit: float = 0.2, dry_run: bool = False
    ) -> IndexReportWire: ...

    def delete(self, article_ids: Sequence[str]) -> None: ...
