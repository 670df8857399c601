"""Answers to chat completions, whole or chunk by chunk."""

import json
import time
from collections.abc import AsyncGenerator, AsyncIterator, Generator, Iterable
from contextlib import aclosing, closing
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from service.api.streaming import problem_in_stream
from service.openai.counting import Counter
from service.openai.errors import error_reply
from service.openai.telling import Manner, search_results, sources_of, told_after, told_whole
from service.openai.text import Source, Told
from service.openai.wire import (
    Chunk,
    Completion,
    PromptTokensDetails,
    ReplyChoice,
    ReplyMessage,
    Usage,
)
from service.schemas.api import AskEvent, AskResponse, SentenceEvent, UsageWire


def completion(answer: AskResponse, manner: Manner, counter: Counter) -> Completion:
    """Return a whole answer as a chat completion."""
    sources = sources_of(answer.citations, manner)
    told = told_whole(answer, manner)
    message = ReplyMessage(content=told.text, annotations=list(told.annotations))
    return Completion(
        id=_new_id(),
        created=int(time.time()),
        model=manner.model,
        choices=[ReplyChoice(message=message)],
        usage=_usage(counter.usage(answer.usage, told.text)),
        citations=[source.address for source in sources.values()],
        search_results=search_results(sources.values()),
        answer_id=answer.id,
        status=answer.status,
        notices=list(manner.notices),
    )


def short_completion(text: str, counter: Counter) -> Completion:
    """Return a text that was asked of no article as a chat completion."""
    choices, usage = [ReplyChoice(message=ReplyMessage(content=text))], _usage(counter.usage(None, text))
    return Completion(id=_new_id(), created=int(time.time()), choices=choices, usage=usage)


def written(
    events: Generator[AskEvent, None, None], manner: Manner, counter: Counter, *, with_usage: bool
) -> Generator[list[Chunk], None, None]:
    """Yield the chunks of each event of a streamed answer. Words are escaped here, so it is run in a thread."""
    writer = _ChunkWriter(manner, counter, with_usage=with_usage)
    with closing(events):
        yield [writer.beginning(), *writer.chunks_of(next(events))]
        for event in events:
            yield list(writer.chunks_of(event))


async def chunks(made: AsyncGenerator[list[Chunk], None]) -> AsyncIterator[str]:
    """Yield the chunks of a streamed answer as JSON, one or more for each sentence, and `[DONE]`.

    What goes wrong comes as an `error` in place of the rest.
    """
    async with aclosing(made):
        try:
            async for some in made:
                for chunk in some:
                    yield json.dumps(chunk)
        except Exception as error:  # noqa: BLE001 - whatever it is, the client is told that it ended
            yield error_reply(problem_in_stream(error)).model_dump_json()
    yield "[DONE]"


def short_written(text: str, counter: Counter, *, with_usage: bool) -> list[Chunk]:
    """Return the chunks of a text that was asked of no article."""
    writer = _ChunkWriter(Manner(""), counter, with_usage=with_usage)
    return [writer.beginning(), writer.delta({"content": text}), *writer.end(None, counter.usage(None, text))]


async def short_chunks(written: Iterable[Chunk]) -> AsyncIterator[str]:
    """Yield the chunks of `short_written` as JSON, and `[DONE]`."""
    for chunk in written:
        yield json.dumps(chunk)
    yield "[DONE]"


@dataclass(slots=True)
class _ChunkWriter:
    """Writes the chunks of one stream, and remembers what was told."""

    manner: Manner
    counter: Counter
    with_usage: bool
    id: str = field(default_factory=lambda: f"chatcmpl-{uuid4().hex}")
    created: int = field(default_factory=lambda: int(time.time()))
    told: Told = field(default_factory=Told)
    sources: dict[int, Source] = field(default_factory=dict)

    def chunks_of(self, event: AskEvent) -> Iterable[Chunk]:
        if isinstance(event, SentenceEvent):
            new = sources_of(event.citations, self.manner)
            self.sources |= new
            if self.manner.source_events:
                yield from (self._chunk([]) | {"event": _source_event(source)} for source in new.values())
        told = told_after(self.told, event, self.sources, self.manner)
        if told.text != self.told.text:
            yield self._saying(told)
        if isinstance(event, AskResponse):
            yield from self.end(event.id, self.counter.usage(event.usage, self.told.text))

    def beginning(self) -> Chunk:
        return self.delta({"role": "assistant", "content": ""})

    def delta(self, delta: dict[str, Any], *, finish_reason: str | None = None) -> Chunk:
        return self._chunk([{"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish_reason}])

    def end(self, answer_id: str | None, usage: UsageWire) -> Iterable[Chunk]:
        if self.told.annotations and not self.manner.source_events:
            yield self.delta({"annotations": [annotation.model_dump() for annotation in self.told.annotations]})
        found = [result.model_dump(mode="json") for result in search_results(self.sources.values())]
        addresses = [source.address for source in self.sources.values()]
        cited = {
            "citations": addresses,
            "search_results": found,
            "answer_id": answer_id,
            "notices": list(self.manner.notices),
        }
        yield self.delta({}, finish_reason="stop") | cited
        if self.with_usage:
            yield self._chunk([]) | {"usage": _usage(usage).model_dump()}

    def _saying(self, told: Told) -> Chunk:
        new = told.text[len(self.told.text) :]
        self.told = told
        return self.delta({"content": new})

    def _chunk(self, choices: list[dict[str, Any]]) -> Chunk:
        made = {"id": self.id, "object": "chat.completion.chunk", "created": self.created}
        chunk: Chunk = made | {"model": self.manner.model}
        return chunk | {"choices": choices} | ({"usage": None} if self.with_usage else {})


def _source_event(source: Source) -> dict[str, Any]:
    """The event that Open WebUI shows a source by (https://docs.openwebui.com/features/plugin/development/events)."""
    title = source.citation.title
    place = {"source": source.address, "name": title, "url": source.address}
    data = {"source": {"name": title, "id": source.address}, "document": [source.citation.quote], "metadata": [place]}
    return {"type": "source", "data": data}


def _usage(usage: UsageWire) -> Usage:
    cached = usage.cached_tokens
    return Usage(
        prompt_tokens=usage.prompt_tokens,
        completion_tokens=usage.completion_tokens,
        total_tokens=usage.prompt_tokens + usage.completion_tokens,
        prompt_tokens_details=None if cached is None else PromptTokensDetails(cached_tokens=cached),
    )


def _new_id() -> str:
    return f"chatcmpl-{uuid4().hex}"
