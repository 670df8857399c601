"""Routes of articles: list them, read one with its text, what they hold, and questions that they answer."""

from typing import Annotated, Protocol

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Depends, Query
from fastapi.responses import FileResponse

from index.records import Access, Span
from service.api.openapi_docs import After, Limit, problems
from service.api.problem_handlers import check_characters
from service.auth.authentication import Authenticator
from service.schemas.api import (
    ArticleResponse,
    ArticlesResponse,
    CollectionsResponse,
    PublishersResponse,
    SuggestionsResponse,
)
from service.sources.originals import OriginalFile

Titled = Annotated[str, Query(max_length=200, description="Only articles with these words in their titles.")]
Within = Annotated[str | None, Query(max_length=200, description="Only articles in this collection.")]
Version = Annotated[str | None, Query(description="The version a citation names; default: today's.")]
Offset = Annotated[int | None, Query(ge=0, le=2**31, description="Where a stretch of the text begins or ends.")]
# What a file may do in a browser that shows it by itself: nothing.
_FILE_POLICY = "default-src 'none'; sandbox"


class ArticlesAssistant(Protocol):
    """What these routes need from the rest of Footnote. Every call may block, and may raise a FootnoteError."""

    def articles(
        self, access: Access, *, after: str | None, limit: int, titled: str = "", collection: str | None = None
    ) -> ArticlesResponse: ...

    def article(
        self, article_id: str, access: Access, version: str | None, stretch: Span | None = None
    ) -> ArticleResponse: ...

    def original(self, article_id: str, access: Access, version: str | None) -> OriginalFile: ...

    def publishers(self, access: Access) -> PublishersResponse: ...

    def collections(self, access: Access) -> CollectionsResponse: ...

    def questions_to_try(self, access: Access) -> tuple[str, ...]: ...


def articles_router(assistant: ArticlesAssistant, auth: Authenticator) -> APIRouter:
    """Return the routes for reading articles."""
    router = APIRouter(prefix="/api", tags=["articles"])
    Reader = Annotated[Access, Depends(auth.access)]  # noqa: N806 - a type

    @router.get("/articles", responses=problems(401, 403, 409, 422))
    def articles(
        access: Reader, title: Titled = "", collection: Within = None, after: After = None, limit: Limit = 100
    ) -> ArticlesResponse:
        """List the articles that the asker may read, in order of id."""
        check_characters(title, collection or "")
        return assistant.articles(access, after=after, limit=limit, titled=title, collection=collection)

    @router.get("/articles/{article_id:path}", responses=problems(401, 403, 404, 410, 422))
    def article(
        article_id: str, access: Reader, version: Version = None, start: Offset = None, end: Offset = None
    ) -> ArticleResponse:
        """Give an article with its text. Its id may hold slashes. With a stretch, say where a scan has it."""
        stretch = None if start is None or end is None else Span(start, end)
        return assistant.article(article_id, access, version, stretch)

    @router.get(
        "/originals/{article_id:path}",
        response_class=FileResponse,
        responses=problems(401, 403, 404, 410, 422) | {200: {"content": {"application/octet-stream": {}}}},
    )
    def original(article_id: str, access: Reader, version: Version = None) -> FileResponse:
        """Give the file that an article was read from: a PDF or a picture. Takes `Range`."""
        file = assistant.original(article_id, access, version)
        return FileResponse(
            file.path,
            media_type=file.original.media_type,
            filename=file.name,
            headers={"Content-Security-Policy": _FILE_POLICY, "ETag": f'"{file.original.digest}"'},
        )

    @router.get("/publishers", responses=problems(401, 403))
    def publishers(access: Reader) -> PublishersResponse:
        """Say who published the articles that the asker may read, and between which days."""
        return assistant.publishers(access)

    @router.get("/collections", responses=problems(401, 403))
    def collections(access: Reader) -> CollectionsResponse:
        """Say which collections and scopes a question can be narrowed to."""
        return assistant.collections(access)

    # Questions are tried out before they are suggested, which takes as long as asking them. What was found is remembered.
    one_at_a_time = CapacityLimiter(1)

    @router.get("/suggestions", responses=problems(401, 403, 409, 503))
    async def suggestions(access: Reader) -> SuggestionsResponse:
        """Suggest a few questions that the articles answer, made from those that the asker may read."""
        questions = await to_thread.run_sync(assistant.questions_to_try, access, limiter=one_at_a_time)
        return SuggestionsResponse(questions=list(questions))

    return router
