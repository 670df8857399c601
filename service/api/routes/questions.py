"""Questions over HTTP: answered whole or as a stream of events, and searches."""

from collections.abc import Generator, Iterator
from typing import Annotated, Protocol

from fastapi import APIRouter, Depends, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response

from index.records import Access
from service.answer.lengths import check_lengths
from service.api.openapi_docs import problems
from service.api.problem_handlers import check_characters
from service.api.streaming import EventStream, begun, last_of, server_sent, stepwise
from service.auth.askers import Asker
from service.auth.authentication import Gate
from service.auth.fair_queue import Turn
from service.auth.limits import turn_of
from service.history.store import Through
from service.schemas.api import AskEvent, AskRequest, AskResponse, SearchRequest, SearchResponse
from service.schemas.examples import SENTENCE_STREAM, streamed
from service.settings import Settings

_REPLY = streamed("The answer, or, with `stream`, the events that lead to it.", SENTENCE_STREAM)


class AnsweringAssistant(Protocol):
    """What questions over HTTP ask of the rest of Footnote. Every call may block, and may raise a FootnoteError."""

    def ask_events(
        self, request: AskRequest, asker: Asker, *, through: Through = "api"
    ) -> Generator[AskEvent, None, None]: ...

    def search(self, request: SearchRequest, access: Access) -> SearchResponse: ...


def questions_router(assistant: AnsweringAssistant, gate: Gate, settings: Settings) -> APIRouter:
    """Route the questions."""
    router = APIRouter(prefix="/api", tags=["questions"])

    @router.post(
        "/ask", response_model=AskResponse, responses=_REPLY | problems(400, 401, 403, 404, 409, 413, 415, 422, 503)
    )
    async def ask(
        question: AskRequest,
        request: Request,
        asker: Annotated[Asker, Depends(gate.asker)],
        turn: Annotated[Turn, Depends(turn_of)],
    ) -> AskResponse | Response:
        """Answer a question from the articles, or say that they do not answer it.

        With `stream`, the answer comes as server-sent events: `hits`, then `sentence` for each finished and checked
        sentence, then `answer` with the whole of it; `error` with problem details in its place when something fails.
        """
        await run_in_threadpool(_check, question, settings)
        # Browsers alone send this, and no page of another origin comes this far.
        through: Through = "page" if request.headers.get("sec-fetch-site") == "same-origin" else "api"
        events = stepwise(lambda: assistant.ask_events(question, asker, through=through), turn)
        if question.stream:
            return EventStream(server_sent(await begun(events)), stall_seconds=settings.stream_stall_seconds)
        answer = await last_of(events)
        assert isinstance(answer, AskResponse)
        return answer

    @router.post("/search", responses=problems(400, 401, 403, 409, 413, 415, 422, 503))
    async def search(
        question: SearchRequest,
        access: Annotated[Access, Depends(gate.access)],
        turn: Annotated[Turn, Depends(turn_of)],
    ) -> SearchResponse:
        """Find the passages that fit a question best, without answering it."""
        await run_in_threadpool(_check, question, settings)

        def found() -> Iterator[SearchResponse]:
            yield assistant.search(question, access)

        return await last_of(stepwise(found, turn))

    return router


def _check(asked: AskRequest | SearchRequest, settings: Settings) -> None:
    """Raise QuestionError where a question, its filters or what was said before are too long, or no text."""
    said = [message.text for message in asked.history] if isinstance(asked, AskRequest) else []
    check_lengths(asked.question, said, settings=settings)
    check_characters(asked.question, *asked.filters.publishers, *asked.filters.article_ids, *said)
