"""Answers in the shape of OpenAI's responses API, whole or event by event."""

import json
import time
from collections.abc import AsyncGenerator, AsyncIterator, Generator, Iterable, Iterator
from contextlib import aclosing, closing
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from sse_starlette import ServerSentEvent

from service.api.streaming import problem_in_stream
from service.openai.counting import Counter
from service.openai.responses_wire import (
    InputTokensDetails,
    OutputMessage,
    OutputText,
    ResponseAnnotation,
    ResponseFault,
    ResponseReply,
    ResponsesRequest,
    ResponseUsage,
)
from service.openai.telling import Manner, search_results, sources_of, told_after, told_whole
from service.openai.text import Source, Told
from service.schemas.api import AskEvent, AskResponse, SentenceEvent, UsageWire

Named = tuple[str, dict[str, Any]]
_TEXT_PLACE = {"output_index": 0, "content_index": 0}


def _message_id() -> str:
    return f"msg_{uuid4().hex}"


def begun(asked: ResponsesRequest) -> ResponseReply:
    """Return a response in which nothing has been said yet."""
    return ResponseReply(
        id=f"resp_{uuid4().hex}",
        created_at=int(time.time()),
        status="in_progress",
        model=asked.model,
        instructions=asked.instructions,
        metadata=asked.metadata or {},
    )


def response_of(answer: AskResponse, manner: Manner, response: ResponseReply, counter: Counter) -> ResponseReply:
    """Return a response with the whole of an answer."""
    sources = sources_of(answer.citations, manner)
    told = told_whole(answer, manner)
    whole = _completed(response, _message_id(), told, counter.usage(answer.usage, told.text))
    return _with_sources(whole, sources, manner).model_copy(update={"answer_id": answer.id})


def short_response(text: str, response: ResponseReply, counter: Counter) -> ResponseReply:
    """Return a response with a text that was asked of no article."""
    return _completed(response, _message_id(), Told(text), counter.usage(None, text))


def written_response(
    events: Generator[AskEvent, None, None], manner: Manner, response: ResponseReply, counter: Counter
) -> Generator[list[Named], None, None]:
    """Yield the events of a streamed response for each event of an answer. Words are escaped here, so run it in a thread."""
    writer = _EventWriter(manner, response, counter)
    with closing(events):
        yield [*writer.beginning(), *writer.events_of(next(events))]
        for event in events:
            yield list(writer.events_of(event))


async def response_events(
    made: AsyncGenerator[list[Named], None], response: ResponseReply
) -> AsyncIterator[ServerSentEvent]:
    """Yield the events as they are sent. What goes wrong comes as `response.failed` in place of the rest."""
    sent = 0
    async with aclosing(made):
        try:
            async for some in made:
                for name, fields in some:
                    yield _sent(name, fields, sent)
                    sent += 1
        except Exception as error:  # noqa: BLE001 - whatever it is, the client is told that it ended
            fault = ResponseFault(message=problem_in_stream(error).detail)
            failed = response.model_copy(update={"status": "failed", "error": fault})
            yield _sent("response.failed", {"response": failed.model_dump(mode="json")}, sent)


def short_written_response(text: str, response: ResponseReply, counter: Counter) -> list[Named]:
    """Return the events of a text that was asked of no article."""
    writer = _EventWriter(Manner(""), response, counter)
    return [*writer.beginning(), *writer.saying(Told(text)), *writer.end(None, None)]


async def short_response_events(written: Iterable[Named]) -> AsyncIterator[ServerSentEvent]:
    """Yield the events of `short_written_response` as they are sent."""
    for sent, (name, fields) in enumerate(written):
        yield _sent(name, fields, sent)


@dataclass(slots=True)
class _EventWriter:
    """Writes the events of one stream, and remembers what was told."""

    manner: Manner
    response: ResponseReply
    counter: Counter
    message_id: str = field(default_factory=_message_id)
    told: Told = field(default_factory=Told)
    sources: dict[int, Source] = field(default_factory=dict)

    def beginning(self) -> Iterator[Named]:
        begun = {"response": self.response.model_dump(mode="json")}
        yield "response.created", begun
        yield "response.in_progress", begun
        item = OutputMessage(id=self.message_id, status="in_progress", content=())
        yield "response.output_item.added", {"output_index": 0, "item": item.model_dump()}
        yield self._of_text("response.content_part.added", part=OutputText(text="").model_dump())

    def events_of(self, event: AskEvent) -> Iterator[Named]:
        if isinstance(event, SentenceEvent):
            self.sources |= sources_of(event.citations, self.manner)
        yield from self.saying(told_after(self.told, event, self.sources, self.manner))
        if isinstance(event, AskResponse):
            yield from self.end(event.id, event.usage)

    def saying(self, told: Told) -> Iterator[Named]:
        before, self.told = self.told, told
        if new := told.text[len(before.text) :]:
            yield self._of_text("response.output_text.delta", delta=new, logprobs=[])
        for place, annotation in list(enumerate(_annotations(told)))[len(before.annotations) :]:
            yield self._of_text(
                "response.output_text.annotation.added", annotation_index=place, annotation=annotation.model_dump()
            )

    def end(self, answer_id: str | None, usage: UsageWire | None) -> Iterator[Named]:
        counted = self.counter.usage(usage, self.told.text)
        whole = _completed(self.response, self.message_id, self.told, counted)
        whole = _with_sources(whole, self.sources, self.manner).model_copy(update={"answer_id": answer_id})
        [item] = whole.output
        [part] = item.content
        yield self._of_text("response.output_text.done", text=part.text, logprobs=[])
        yield self._of_text("response.content_part.done", part=part.model_dump())
        yield "response.output_item.done", {"output_index": 0, "item": item.model_dump()}
        yield "response.completed", {"response": whole.model_dump(mode="json")}

    def _of_text(self, name: str, **fields: object) -> Named:
        return name, {"item_id": self.message_id, **_TEXT_PLACE, **fields}


def _completed(response: ResponseReply, message_id: str, told: Told, usage: UsageWire) -> ResponseReply:
    part = OutputText(text=told.text, annotations=_annotations(told))
    message = OutputMessage(id=message_id, status="completed", content=(part,))
    return response.model_copy(update={"status": "completed", "output": (message,), "usage": _usage(usage)})


def _with_sources(response: ResponseReply, sources: dict[int, Source], manner: Manner) -> ResponseReply:
    return response.model_copy(
        update={
            "citations": tuple(source.address for source in sources.values()),
            "search_results": tuple(search_results(sources.values())),
            "notices": manner.notices,
        }
    )


def _annotations(told: Told) -> tuple[ResponseAnnotation, ...]:
    return tuple(ResponseAnnotation(**annotation.url_citation.model_dump()) for annotation in told.annotations)


def _usage(usage: UsageWire) -> ResponseUsage:
    return ResponseUsage(
        input_tokens=usage.prompt_tokens,
        input_tokens_details=InputTokensDetails(cached_tokens=usage.cached_tokens or 0),
        output_tokens=usage.completion_tokens,
        total_tokens=usage.prompt_tokens + usage.completion_tokens,
    )


def _sent(name: str, fields: dict[str, Any], number: int) -> ServerSentEvent:
    data = json.dumps({"type": name, "sequence_number": number, **fields})
    return ServerSentEvent(data, event=name, sep="\n")
