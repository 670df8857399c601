"""Routes of questions: an answer in one piece or as a stream of events, and searches."""

from collections.abc import AsyncGenerator, Generator, Iterator, Sequence
from typing import Annotated, Protocol

from fastapi import APIRouter, Depends, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response
from sse_starlette import ServerSentEvent

from index.records import Access
from service.answer.lengths import check_lengths
from service.api.openapi_docs import problems
from service.api.problem_handlers import check_characters
from service.api.resuming import ResumableStreams
from service.api.streaming import EventStream, last_of, server_sent, started, stream_events
from service.auth.askers import Asker
from service.auth.authentication import Authenticator
from service.auth.fair_queue import Slot
from service.auth.limits import slot_of
from service.history.store import Through
from service.schemas.api import AskEvent, AskRequest, AskResponse, SearchRequest, SearchResponse
from service.schemas.examples import SENTENCE_STREAM, event_stream
from service.settings import Settings

_REPLY = event_stream("The answer, or, with `stream`, the events that lead to it.", SENTENCE_STREAM)


class AnsweringAssistant(Protocol):
    """What these routes need from the rest of Footnote. Every call may block, and may raise a FootnoteError."""

    def ask_events(
        self, request: AskRequest, asker: Asker, *, through: Through = "api"
    ) -> Generator[AskEvent, None, None]: ...

    def search(self, request: SearchRequest, access: Access) -> SearchResponse: ...

    def count_tokens(self, texts: Sequence[str]) -> int: ...


def questions_router(
    assistant: AnsweringAssistant, auth: Authenticator, streams: ResumableStreams, settings: Settings
) -> APIRouter:
    """Return the routes of questions."""
    router = APIRouter(prefix="/api", tags=["questions"])

    @router.post(
        "/ask", response_model=AskResponse, responses=_REPLY | problems(400, 401, 403, 404, 409, 413, 415, 422, 503)
    )
    async def ask(
        question: AskRequest,
        request: Request,
        asker: Annotated[Asker, Depends(auth.asker)],
        slot: Annotated[Slot, Depends(slot_of)],
    ) -> AskResponse | Response:
        """Answer a question from the articles, or say that they do not answer it.

        With `stream`, the answer comes as server-sent events: `hits`, then `sentence` for each finished and checked
        sentence, then `answer` with the whole of it; `searching` in between, where a language model searches for more;
        `error` with problem details in place of the answer when something fails. With `resumable`, events have numbers
        (`id`), and the stream can be read on at `/api/answers/{id}/stream` after its connection broke, for
        `FOOTNOTE_STREAM_RESUME_SECONDS`.
        """
        await run_in_threadpool(check_question, question, settings)
        # Only browsers send this header, and pages of other origins have been refused before.
        through: Through = "page" if request.headers.get("sec-fetch-site") == "same-origin" else "api"
        events = stream_events(lambda: assistant.ask_events(question, asker, through=through), slot)
        if question.stream:
            resumable = question.resumable and settings.stream_resume_seconds > 0
            sent = await numbered(asker, events, slot) if resumable else server_sent(await started(events))
            return EventStream(sent, stall_seconds=settings.stream_stall_seconds)
        answer = await last_of(events)
        assert isinstance(answer, AskResponse)
        return answer

    async def numbered(
        asker: Asker, events: AsyncGenerator[AskEvent, None], slot: Slot
    ) -> AsyncGenerator[ServerSentEvent, None]:
        stream = await streams.start(asker, events)
        slot.detached = True
        return stream.after(0)

    @router.post("/search", responses=problems(400, 401, 403, 404, 409, 413, 415, 422, 503))
    async def search(
        question: SearchRequest,
        access: Annotated[Access, Depends(auth.access)],
        slot: Annotated[Slot, Depends(slot_of)],
    ) -> SearchResponse:
        """Find the passages that fit a question best, without answering it."""
        await run_in_threadpool(check_question, question, settings)

        def found() -> Iterator[SearchResponse]:
            yield assistant.search(question, access)

        return await last_of(stream_events(found, slot))

    return router


def check_question(asked: AskRequest | SearchRequest, settings: Settings) -> None:
    """Raise QuestionError if a question, its filters or its history are too long or hold invalid characters."""
    said = [message.text for message in asked.history] if isinstance(asked, AskRequest) else []
    check_lengths(asked.question, said, settings=settings)
    filters = asked.filters
    named = (*filters.publishers, *filters.article_ids, *filters.collections, filters.scope or "")
    check_characters(asked.question, *named, *said)
