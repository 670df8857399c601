"""What a tool or a resource needs from the rest of Footnote, for one caller."""

from collections.abc import AsyncGenerator
from typing import Protocol

from service.schemas.api import (
    ArticleResponse,
    ArticlesResponse,
    AskEvent,
    AskRequest,
    SearchRequest,
    SearchResponse,
)


class Corpus(Protocol):
    """The articles that one caller may read. No call blocks the event loop; each may raise a FootnoteError or Refused."""

    def ask(self, request: AskRequest) -> AsyncGenerator[AskEvent, None]: ...

    async def search(self, request: SearchRequest) -> SearchResponse: ...

    async def articles(self, *, after: str | None, limit: int, titled: str = "") -> ArticlesResponse: ...

    async def article(self, article_id: str, version: str | None = None) -> ArticleResponse: ...
