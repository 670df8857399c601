"""Routes of streams whose connection broke: read one on, or stop it."""

from collections.abc import AsyncGenerator, Collection
from typing import Annotated, Protocol

from fastapi import APIRouter, Depends, Header, Path, Query
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response
from sse_starlette import ServerSentEvent

from index.errors import NotInHistory
from index.records import Access
from service.api.openapi_docs import problems
from service.api.resuming import ResumableStream, ResumableStreams
from service.api.streaming import EventStream, single
from service.auth.askers import Asker
from service.auth.authentication import Authenticator
from service.schemas.api import HistoryId
from service.schemas.examples import RESUMED_STREAM, event_stream
from service.schemas.history import StoredAnswerResponse
from service.settings import Settings

Id = Annotated[HistoryId, Path()]
# An answer has far fewer events.
Number = Annotated[int | None, Query(ge=0, le=1_000_000, description="Number of the last event that was received.")]
LastEventId = Annotated[int | None, Header(alias="Last-Event-ID", ge=0, le=1_000_000)]
_REPLY = event_stream("The events that are still to come, or an answer that is kept.", RESUMED_STREAM)
_NOTHING_LEFT = {204: {"description": "Every event was received."}}


class StreamsAssistant(Protocol):
    """What these routes need from the rest of Footnote. Every call may block, and may raise a FootnoteError."""

    def stored_answer(self, answer_id: str, asker: Asker) -> StoredAnswerResponse: ...

    def check_readable(self, article_ids: Collection[str], access: Access) -> None: ...


def streams_router(
    assistant: StreamsAssistant, auth: Authenticator, streams: ResumableStreams, settings: Settings
) -> APIRouter:
    """Return the routes of streams."""
    router = APIRouter(prefix="/api/answers", tags=["questions"])

    def check(stream: ResumableStream) -> None:
        """Raise NotInHistory or ArticleDeleted if what the stream shows may not be read any more, or was deleted."""
        if stream.answer and stream.answer.conversation_id:
            assistant.stored_answer(stream.answer_id, stream.asker)
        assistant.check_readable(stream.articles, stream.asker.access)

    @router.get(
        "/{answer_id}/stream",
        response_class=Response,
        responses=_REPLY | _NOTHING_LEFT | problems(401, 403, 404, 410, 422, 503),
    )
    async def resume(
        answer_id: Id,
        asker: Annotated[Asker, Depends(auth.asker)],
        after: Number = None,
        last_event_id: LastEventId = None,
    ) -> Response:
        """Go on with the stream of an answer of the asker's own that was asked for as `resumable`.

        The events are those of `POST /api/ask` with a greater number (`id`) than that of `Last-Event-ID`, or `after`. Where
        this process does not have them, an answer that is kept comes as the event `answer`. Otherwise 404: it was given up,
        or another process makes it still.
        """
        number = last_event_id or after or 0
        stream = streams.find(answer_id, asker)
        if stream is None:
            kept = await run_in_threadpool(assistant.stored_answer, answer_id, asker)
            return _sent(single("answer", kept))
        await run_in_threadpool(check, stream)
        if stream.ended and number >= stream.count:
            return Response(status_code=204)
        return _sent(stream.after(number))

    @router.delete("/{answer_id}/stream", status_code=204, responses=problems(401, 403, 404, 422, 503))
    async def stop(answer_id: Id, asker: Annotated[Asker, Depends(auth.asker)]) -> None:
        """Stop making an answer of the asker's own that was asked for as `resumable`."""
        stream = streams.find(answer_id, asker)
        if stream is None:
            raise NotInHistory(f"No answer {answer_id!r} of yours is being made here.")
        streams.stop(stream)

    def _sent(events: AsyncGenerator[ServerSentEvent, None]) -> EventStream:
        return EventStream(events, stall_seconds=settings.stream_stall_seconds)

    return router
