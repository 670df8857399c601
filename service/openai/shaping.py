"""Chat requests to questions, and answers to chat completions, whole or chunk by chunk."""

import json
import time
from collections.abc import AsyncGenerator, AsyncIterator, Iterable
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from index.errors import QuestionError
from service.links import source_address
from service.openai.errors import error_reply
from service.openai.tasks import question_within
from service.openai.text import Source, Told, tell, tell_disagreements, without_markers
from service.openai.wire import (
    MODEL,
    ChatMessage,
    ChatRequest,
    Chunk,
    Completion,
    ReplyChoice,
    ReplyMessage,
    SearchResult,
    Usage,
)
from service.streaming import problem_in_stream
from service.wire import (
    AskEvent,
    AskRequest,
    AskResponse,
    CitationWire,
    HitsEvent,
    MessageWire,
    SentenceEvent,
    UsageWire,
)

_MOST_HISTORY = 100


@dataclass(frozen=True, slots=True)
class Manner:
    """How answers are told: `service` is the address of Footnote's own pages.

    `linked` writes markers as Markdown links; `source_events` tells Open WebUI of sources in its own way, in place of
    annotations, for it would list those a second time.
    """

    service: str
    linked: bool = False
    source_events: bool = False


def asked(request: ChatRequest) -> AskRequest:
    """Turn a chat into its last question, with what was said before. Raises QuestionError where nobody asks."""
    place = next((n for n in reversed(range(len(request.messages))) if request.messages[n].role == "user"), None)
    if place is None:
        raise QuestionError("No message has the role `user`, so there is no question. Send one.")
    history = [_history(message) for message in request.messages[:place] if message.role in ("user", "assistant")]
    said = [message for message in history if message.text]
    question = question_within(text_of(request.messages[place]))
    if not question.strip():
        raise QuestionError("The last message of the user holds no text. Pictures and files are not read.")
    return AskRequest(question=question, history=said[-_MOST_HISTORY:])


def text_of(message: ChatMessage) -> str:
    """Return the text of a message, whose content may be a string or parts."""
    if message.content is None or isinstance(message.content, str):
        return message.content or ""
    return "\n".join(part.text for part in message.content if part.type == "text" and part.text)


def completion(answer: AskResponse, manner: Manner) -> Completion:
    """Return a whole answer as a chat completion."""
    sources = _sources(answer.citations, manner)
    told = Told()
    for sentence in answer.sentences:
        told = tell(told, sentence, sources, linked=manner.linked)
    told = tell_disagreements(told, answer, sources, linked=manner.linked)
    message = ReplyMessage(content=told.text or answer.text, annotations=list(told.annotations))
    return Completion(
        id=_new_id(),
        created=int(time.time()),
        choices=[ReplyChoice(message=message)],
        usage=_usage(answer.usage),
        citations=[source.address for source in sources.values()],
        search_results=_search_results(sources.values()),
        answer_id=answer.id,
    )


def short_completion(text: str) -> Completion:
    """Return a text that was asked of no article as a chat completion."""
    message = ReplyMessage(content=text)
    return Completion(id=_new_id(), created=int(time.time()), choices=[ReplyChoice(message=message)], usage=Usage())


async def chunks(events: AsyncGenerator[AskEvent, None], manner: Manner, *, with_usage: bool) -> AsyncIterator[str]:
    """Yield the chunks of a streamed answer as JSON, one or more for each sentence, and `[DONE]`.

    What goes wrong comes as an `error` in place of the rest.
    """
    writer = _ChunkWriter(manner, with_usage=with_usage)
    async with aclosing(events):
        try:
            yield json.dumps(writer.beginning())
            async for event in events:
                for chunk in writer.chunks_of(event):
                    yield json.dumps(chunk)
        except Exception as error:  # noqa: BLE001 - whatever it is, the client is told that it ended
            yield error_reply(problem_in_stream(error)).model_dump_json()
    yield "[DONE]"


async def short_chunks(text: str, *, with_usage: bool) -> AsyncIterator[str]:
    """Yield the chunks of a text that was asked of no article, and `[DONE]`."""
    writer = _ChunkWriter(Manner(""), with_usage=with_usage)
    for chunk in (writer.beginning(), writer.delta({"content": text}), *writer.end(None, Usage())):
        yield json.dumps(chunk)
    yield "[DONE]"


@dataclass(slots=True)
class _ChunkWriter:
    """Writes the chunks of one stream, and remembers what was told."""

    manner: Manner
    with_usage: bool
    id: str = field(default_factory=lambda: f"chatcmpl-{uuid4().hex}")
    created: int = field(default_factory=lambda: int(time.time()))
    told: Told = field(default_factory=Told)
    sources: dict[int, Source] = field(default_factory=dict)

    def chunks_of(self, event: AskEvent) -> Iterable[Chunk]:
        match event:
            case HitsEvent():
                return
            case SentenceEvent():
                new = _sources(event.citations, self.manner)
                self.sources |= new
                if self.manner.source_events:
                    yield from (self._chunk([]) | {"event": _source_event(source)} for source in new.values())
                yield self._saying(tell(self.told, event.sentence, self.sources, linked=self.manner.linked))
            case AskResponse():
                if event.status == "no_answer":
                    yield self.delta({"content": event.text})
                elif event.disagreements:
                    yield self._saying(tell_disagreements(self.told, event, self.sources, linked=self.manner.linked))
                yield from self.end(event.id, _usage(event.usage))

    def beginning(self) -> Chunk:
        return self.delta({"role": "assistant", "content": ""})

    def delta(self, delta: dict[str, Any], *, finish_reason: str | None = None) -> Chunk:
        return self._chunk([{"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish_reason}])

    def end(self, answer_id: str | None, usage: Usage) -> Iterable[Chunk]:
        if self.told.annotations and not self.manner.source_events:
            yield self.delta({"annotations": [annotation.model_dump() for annotation in self.told.annotations]})
        found = [result.model_dump(mode="json") for result in _search_results(self.sources.values())]
        addresses = [source.address for source in self.sources.values()]
        cited = {"citations": addresses, "search_results": found, "answer_id": answer_id}
        yield self.delta({}, finish_reason="stop") | cited
        if self.with_usage:
            yield self._chunk([]) | {"usage": usage.model_dump()}

    def _saying(self, told: Told) -> Chunk:
        new = told.text[len(self.told.text) :]
        self.told = told
        return self.delta({"content": new})

    def _chunk(self, choices: list[dict[str, Any]]) -> Chunk:
        chunk: Chunk = {"id": self.id, "object": "chat.completion.chunk", "created": self.created, "model": MODEL}
        return chunk | {"choices": choices} | ({"usage": None} if self.with_usage else {})


def _history(message: ChatMessage) -> MessageWire:
    text = text_of(message)
    if message.role == "user":
        return MessageWire(role="user", text=question_within(text))
    return MessageWire(role="assistant", text=without_markers(text))


def _sources(citations: Iterable[CitationWire], manner: Manner) -> dict[int, Source]:
    return {
        citation.number: Source(source_address(citation, service=manner.service), citation) for citation in citations
    }


def _search_results(sources: Iterable[Source]) -> list[SearchResult]:
    return [
        SearchResult(
            title=source.citation.title,
            url=source.address,
            snippet=source.citation.quote,
            date=source.citation.published,
        )
        for source in sources
    ]


def _source_event(source: Source) -> dict[str, Any]:
    """The event that Open WebUI shows a source by (https://docs.openwebui.com/features/plugin/development/events)."""
    title = source.citation.title
    place = {"source": source.address, "name": title, "url": source.address}
    data = {"source": {"name": title, "id": source.address}, "document": [source.citation.quote], "metadata": [place]}
    return {"type": "source", "data": data}


def _usage(usage: UsageWire | None) -> Usage:
    if usage is None:
        return Usage()
    total = usage.prompt_tokens + usage.completion_tokens
    return Usage(prompt_tokens=usage.prompt_tokens, completion_tokens=usage.completion_tokens, total_tokens=total)


def _new_id() -> str:
    return f"chatcmpl-{uuid4().hex}"
