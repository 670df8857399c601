"""OpenAI's chat completions and models, so that chat clients made for these can ask Footnote."""

from collections.abc import AsyncIterator, Generator
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response

from service.api.problem_details import Refused
from service.api.routes.questions import AnsweringAssistant
from service.api.streaming import EventStream, last_of, started, stream_events
from service.auth.askers import Asker
from service.auth.authentication import Authenticator
from service.auth.fair_queue import Slot
from service.auth.limits import slot_of
from service.openai.asking import ChatQuestion, ClientTask, read_chat
from service.openai.shaping import Manner, chunks, completion, short_chunks, short_completion, written
from service.openai.wire import MODEL, ChatRequest, Completion, ErrorReply, Model, Models
from service.schemas.api import AskEvent, AskResponse
from service.schemas.examples import CHUNK_STREAM, streamed
from service.settings import Settings

_REPLY = streamed("The answer, or, with `stream`, its chunks.", CHUNK_STREAM)


def openai_router(assistant: AnsweringAssistant, auth: Authenticator, settings: Settings) -> APIRouter:
    """Route chat completions and models."""
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

        Citations are `annotations` around the markers, and `citations` and `search_results` beside the choices. With
        `stream`, annotations come in the last delta, `citations` and `search_results` with the chunk that ends it.
        Parameters of sampling do nothing. What would change the form of the answer is refused, and so is a question with a
        picture or a file. A system prompt is not followed: `notices` say so, and the first answer of a chat in its text.
        """
        _refuse_other_forms(chat)
        with_usage = bool(chat.stream_options and chat.stream_options.include_usage)
        asked = await run_in_threadpool(read_chat, chat, settings)
        if isinstance(asked, ClientTask):
            reply = asked.reply
            return _stream(short_chunks(reply, with_usage=with_usage)) if chat.stream else short_completion(reply)
        manner = _manner(asked, settings, service=settings.public_url or str(request.base_url))

        def events() -> Generator[AskEvent, None, None]:
            return assistant.ask_events(asked.request, asker, through="openai")

        if chat.stream:
            made = stream_events(lambda: written(events(), manner, with_usage=with_usage), slot)
            return _stream(chunks(await started(made)))
        answer = await last_of(stream_events(events, slot))
        assert isinstance(answer, AskResponse)
        return await run_in_threadpool(completion, answer, manner)

    def _stream(data: AsyncIterator[str]) -> EventStream:
        return EventStream(data, stall_seconds=settings.stream_stall_seconds)

    @router.get("/models", responses=_errors(401, 403))
    async def models(_: Annotated[Asker, Depends(auth.asker)]) -> Models:
        """List the one model there is."""
        return Models(data=[Model()])

    @router.get("/models/{model}", responses=_errors(401, 403, 404, 422))
    async def one_model(model: str, _: Annotated[Asker, Depends(auth.asker)]) -> Model:
        """Describe the one model there is."""
        _check_model(model)
        return Model()

    return router


def _manner(asked: ChatQuestion, settings: Settings, *, service: str) -> Manner:
    return Manner(
        service=service,
        linked=settings.openai_linked_markers,
        source_events=settings.open_webui_sources,
        notices=asked.notices,
        noticing=asked.first,
    )


def _check_model(model: str) -> None:
    if model != MODEL:
        raise Refused(404, "model_not_found", f"There is no model {model[:80]!r} here. Use {MODEL!r}.")


def _refuse_other_forms(chat: ChatRequest) -> None:
    """Refuse what asks for an answer of another form, which would be given without it. Raises Refused."""
    _check_model(chat.model)
    extra = chat.model_extra or {}
    form = extra.get("response_format")
    refused = {
        "n": chat.n not in (None, 1),
        "response_format": isinstance(form, dict) and form.get("type") not in (None, "text"),
        "tool_choice": isinstance(extra.get("tool_choice"), dict) or extra.get("tool_choice") == "required",
        "function_call": isinstance(extra.get("function_call"), dict),
        "logprobs": bool(extra.get("logprobs")),
        "audio": bool(extra.get("audio")),
    }
    if named := [name for name, is_refused in refused.items() if is_refused]:
        detail = f"Footnote gives one answer in text, so it cannot follow {', '.join(named)}. Leave it out."
        raise Refused(400, "unsupported_parameter", detail)


def _errors(*statuses: int) -> dict[int | str, dict[str, Any]]:
    return {status: {"model": ErrorReply} for status in statuses}
