"""Those that answer the same questions: Footnote without and with the model, and what people would write instead.

A plain prompt and LlamaIndex's CitationQueryEngine get the first three of Footnote's own hits, and the same model.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, cast

from eval.against.replies import REFUSES
from service.answer.llm.generative import model_from, writer_over
from service.client import Client, LocalClient
from service.schemas.api import AskRequest, AskResponse, HitWire, PreferencesWire, SearchRequest, TimingsWire
from service.settings import Settings

if TYPE_CHECKING:
    from llama_index.core.llms import LLM, ChatMessage, ChatResponse

_HITS = 3
PLAIN = (
    "Answer the question briefly, from the notes. "
    "Say that you do not know only where the notes have nothing at all about it."
)


@dataclass(slots=True)
class CountedModel:
    """A language model that remembers what it was told and said for a question, and how its server failed, if it did."""

    llm: "LLM"
    calls: list[tuple[str, str]] = field(default_factory=list)
    fault: Exception | None = None

    def stream_chat(self, messages: "Sequence[ChatMessage]") -> "Iterator[ChatResponse]":
        said = ""
        try:
            for response in self.llm.stream_chat(messages):
                said += response.delta or ""
                yield response
        except Exception as error:
            self.fault = error
            raise
        finally:
            self.calls.append(("\n".join(str(message.content) for message in messages), said))

    def __getattr__(self, name: str) -> Any:
        return getattr(self.llm, name)


Contender = Callable[[LocalClient, Settings, CountedModel], Client]
"""Makes what answers out of a client of the articles."""


def offline(client: LocalClient, settings: Settings, model: CountedModel) -> Client:
    """Return Footnote without a language model."""
    return LocalClient(replace(client.assistant, writer=None))


def footnote(client: LocalClient, settings: Settings, model: CountedModel) -> Client:
    """Return Footnote with the language model."""
    writer = writer_over(cast("LLM", model), settings)
    return LocalClient(replace(client.assistant, settings=settings, writer=writer))


@dataclass(frozen=True, slots=True)
class PlainPrompt(LocalClient):
    """A prompt of two sentences over Footnote's own hits, in one call."""

    model: CountedModel

    def ask(self, request: AskRequest) -> AskResponse:
        from llama_index.core.llms import ChatMessage

        began, hits = time.perf_counter(), _hits(self, request)
        notes = "\n\n".join(f"{hit.title}\n{hit.text}" for hit in hits)
        before = [ChatMessage(role=message.role, content=message.text) for message in request.history]
        asked = ChatMessage(role="user", content=f"{notes}\n\n{PLAIN}\n\nQuestion: {request.question}")
        *_, last = self.model.stream_chat([*before, asked])
        return _response(request, str(last.message.content or ""), hits, began)


@dataclass(frozen=True, slots=True)
class Cited(LocalClient):
    """LlamaIndex's CitationQueryEngine, as its documentation has it, over Footnote's own hits."""

    model: CountedModel

    def ask(self, request: AskRequest) -> AskResponse:
        from llama_index.core.base.base_retriever import BaseRetriever
        from llama_index.core.query_engine import CitationQueryEngine
        from llama_index.core.schema import NodeWithScore, QueryBundle, TextNode

        began, hits = time.perf_counter(), _hits(self, request)

        class Found(BaseRetriever):
            def _retrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
                return [NodeWithScore(node=TextNode(text=hit.text), score=hit.score) for hit in hits]

        engine = CitationQueryEngine.from_args(cast("Any", None), llm=self.model.llm, retriever=Found())
        text = str(engine.query(request.question))
        self.model.calls.append(("\n".join(hit.text for hit in hits) + request.question, text))
        return _response(request, text, hits, began)


CONTENDERS: dict[str, Contender] = {
    "offline": offline,
    "footnote": footnote,
    "plain": lambda client, settings, model: PlainPrompt(client.assistant, model),
    "citation_query_engine": lambda client, settings, model: Cited(client.assistant, model),
}


def counted_model(settings: Settings) -> CountedModel:
    """Return the language model of the settings. Raises what `model_from` raises."""
    llm = model_from(settings)
    assert llm is not None, "the settings name a provider"
    return CountedModel(llm)


def _hits(client: LocalClient, request: AskRequest) -> list[HitWire]:
    asked = SearchRequest(question=request.question, filters=request.filters, as_of=request.as_of, limit=_HITS)
    return client.search(asked).hits


def _response(request: AskRequest, text: str, hits: list[HitWire], began: float) -> AskResponse:
    """Give an answer that was not checked the shape of those that are."""
    milliseconds = 1000 * (time.perf_counter() - began)
    return AskResponse(
        id="ans_of_another",
        conversation_id=None,
        question=request.question,
        completed_question=None,
        status="no_answer" if not text.strip() or REFUSES.search(text) else "answered",
        short_answer=None,
        text=text,
        sentences=[],
        citations=[],
        disagreements=[],
        nearest=[],
        preferences=PreferencesWire(),
        answerer="another",
        confidence=0.0,
        degraded=None,
        usage=None,
        timings_ms=TimingsWire(retrieve=0.0, answer=milliseconds, total=milliseconds),
        hits=hits,
    )
