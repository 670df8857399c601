"""OpenAI's chat completions, responses and models, so that chat clients made for these can ask Footnote."""

from collections.abc import AsyncIterator, Generator
from typing import Annotated, Any, Protocol

from fastapi import APIRouter, Depends, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response
from sse_starlette import ServerSentEvent

from index.errors import ScopeUnknown
from index.records import Access
from service.api.routes.questions import AnsweringAssistant
from service.api.streaming import EventStream, last_of, started, stream_events
from service.auth.askers import Asker
from service.auth.authentication import Authenticator
from service.auth.fair_queue import Slot
from service.auth.limits import slot_of
from service.openai.asking import ChatQuestion, ClientTask, read_chat, read_input
from service.openai.counting import Counter
from service.openai.refusing import refuse_other_chats, refuse_other_responses, scope_of
from service.openai.responses_shaping import (
    begun,
    response_events,
    response_of,
    short_response,
    short_response_events,
    short_written_response,
    written_response,
)
from service.openai.responses_wire import ResponseReply, ResponsesRequest
from service.openai.shaping import chunks, completion, short_chunks, short_completion, short_written, written
from service.openai.telling import Manner
from service.openai.wire import MODEL, ChatRequest, Completion, ErrorReply, Model, Models
from service.schemas.api import AskEvent, AskResponse, CollectionsResponse
from service.schemas.examples import CHUNK_STREAM, RESPONSE_STREAM, event_stream
from service.settings import Settings

_REPLY = event_stream("The answer, or, with `stream`, its chunks.", CHUNK_STREAM)
_RESPONSE = event_stream("The answer, or, with `stream`, its events.", RESPONSE_STREAM)


class OpenAIAssistant(AnsweringAssistant, Protocol):
    """What these routes need from the rest of Footnote."""

    def collections(self, access: Access) -> CollectionsResponse: ...


def openai_router(assistant: OpenAIAssistant, auth: Authenticator, settings: Settings) -> APIRouter:
    """Route chat completions, responses and models."""
    router = APIRouter(prefix="/v1", tags=["OpenAI"])

    @router.post(
        "/chat/completions",
        response_model=Completion,
        responses=_REPLY | _errors(400, 401, 403, 404, 409, 413, 415, 422, 429, 503),
    )
    async def chat_completions(
        chat: ChatRequest,
        request: Request,
        asker: Annotated[Asker, Depends(auth.asker)],
        slot: Annotated[Slot, Depends(slot_of)],
    ) -> Completion | Response:
        """Answer the last message of the user, with those before it as history.

        Citations are `annotations` around the markers, and `citations` and `search_results` next to the choices. With
        `stream`, annotations come in the last delta, `citations` and `search_results` with the chunk that ends it.
        Parameters of sampling do nothing. What would change the form of the answer is refused, and so is a question with a
        picture or a file. A system prompt is not followed: `notices` say so, and the first answer of a chat in its text.
        """
        refuse_other_chats(chat)
        with_usage = bool(chat.stream_options and chat.stream_options.include_usage)
        asked = await run_in_threadpool(read_chat, chat, settings)
        counter = Counter(assistant.count_tokens, asked.texts)
        if isinstance(asked, ClientTask):
            if not chat.stream:
                return await run_in_threadpool(short_completion, asked.reply, counter)
            made_at_once = await run_in_threadpool(short_written, asked.reply, counter, with_usage=with_usage)
            return _stream(short_chunks(made_at_once))
        manner = _manner(asked, settings, model=chat.model, service=settings.public_url or str(request.base_url))

        def events() -> Generator[AskEvent, None, None]:
            return assistant.ask_events(asked.request, asker, through="openai")

        if chat.stream:
            made = stream_events(lambda: written(events(), manner, counter, with_usage=with_usage), slot)
            return _stream(chunks(await started(made)))
        answer = await last_of(stream_events(events, slot))
        assert isinstance(answer, AskResponse)
        return await run_in_threadpool(completion, answer, manner, counter)

    @router.post(
        "/responses",
        response_model=ResponseReply,
        responses=_RESPONSE | _errors(400, 401, 403, 404, 409, 413, 415, 422, 429, 503),
    )
    async def responses(
        asked: ResponsesRequest,
        request: Request,
        asker: Annotated[Asker, Depends(auth.asker)],
        slot: Annotated[Slot, Depends(slot_of)],
    ) -> ResponseReply | Response:
        """Answer the last message of the user in `input`, with those before it as history.

        Citations are `annotations` around the markers, and `citations` and `search_results` next to the output. Nothing is
        kept under the id of a response: what was said before is sent as `input`. `instructions` are a system prompt, which is
        not followed, and `notices` say so. All else is as with chat completions.
        """
        refuse_other_responses(asked)
        reply = begun(asked)
        read = await run_in_threadpool(read_input, asked, settings)
        counter = Counter(assistant.count_tokens, read.texts)
        if isinstance(read, ClientTask):
            if not asked.stream:
                return await run_in_threadpool(short_response, read.reply, reply, counter)
            return _stream(
                short_response_events(await run_in_threadpool(short_written_response, read.reply, reply, counter))
            )
        manner = _manner(read, settings, model=asked.model, service=settings.public_url or str(request.base_url))

        def events() -> Generator[AskEvent, None, None]:
            return assistant.ask_events(read.request, asker, through="openai")

        if asked.stream:
            made = stream_events(lambda: written_response(events(), manner, reply, counter), slot)
            return _stream(response_events(await started(made), reply))
        answer = await last_of(stream_events(events, slot))
        assert isinstance(answer, AskResponse)
        return await run_in_threadpool(response_of, answer, manner, reply, counter)

    def _stream(data: AsyncIterator[str] | AsyncIterator[ServerSentEvent]) -> EventStream:
        return EventStream(data, stall_seconds=settings.stream_stall_seconds)

    @router.get("/models", responses=_errors(401, 403))
    def models(asker: Annotated[Asker, Depends(auth.asker)]) -> Models:
        """List the models: all articles, and each scope."""
        scopes = assistant.collections(asker.access).scopes
        return Models(data=[Model(), *(Model(id=f"{MODEL}/{scope}") for scope in scopes)])

    @router.get("/models/{model:path}", responses=_errors(401, 403, 404, 422))
    def one_model(model: str, asker: Annotated[Asker, Depends(auth.asker)]) -> Model:
        """Describe a model."""
        scope = scope_of(model)
        if scope is not None and scope not in assistant.collections(asker.access).scopes:
            raise ScopeUnknown(f"There is no model {model[:80]!r} here. GET /v1/models lists those that there are.")
        return Model(id=model)

    return router


def _manner(asked: ChatQuestion, settings: Settings, *, model: str, service: str) -> Manner:
    return Manner(
        service=service,
        model=model,
        linked=settings.openai_linked_markers,
        source_events=settings.open_webui_sources,
        notices=asked.notices,
        noticing=asked.first,
    )


def _errors(*statuses: int) -> dict[int | str, dict[str, Any]]:
    return {status: {"model": ErrorReply} for status in statuses}
