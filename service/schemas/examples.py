"""One question and its answer, and some days of use, as examples of the OpenAPI document."""

from datetime import date
from typing import Any

from fastapi import FastAPI

from service.openai.counting import Counter
from service.openai.responses_shaping import begun, response_of
from service.openai.responses_wire import ResponseReply, ResponsesRequest
from service.openai.shaping import completion
from service.openai.telling import Manner
from service.openai.wire import MODEL, Completion
from service.schemas.api import AskResponse, CitationWire, NearestWire, PreferencesWire, SentenceWire, TimingsWire
from service.schemas.usage import ArticleUse, AskerUse, DayOfUse, Outcomes, UsageResponse

QUESTION = "How much will Amazon invest in Anthropic right away?"
_SAID = "Amazon invests $5 billion now."
ANSWER = AskResponse(
    id="ans_0b5f1c3e8d7a4f2e9c6b1a0d3e4f5a6b",
    conversation_id="conv_7c1d2e3f4a5b6c7d8e9f0a1b2c3d4e5f",
    question=QUESTION,
    completed_question=None,
    status="answered",
    short_answer="$5 billion",
    text=f"{_SAID} [1]",
    sentences=[SentenceWire(text=_SAID, start=0, end=len(_SAID) + 4, citations=[1], support="verified")],
    citations=[
        CitationWire(
            number=1,
            article_id="amazon-anthropic",
            article_version="sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
            title="Amazon and Anthropic deepen their partnership",
            publisher="The Herald",
            published=date(2026, 4, 20),
            url="https://herald.example/amazon-anthropic",
            passage_id="9f86d081-0",
            quote=_SAID,
            start=120,
            end=120 + len(_SAID),
            page=None,
            score=0.93,
        )
    ],
    disagreements=[],
    nearest=[],
    preferences=PreferencesWire(),
    answerer="extractive",
    confidence=0.97,
    degraded=None,
    usage=None,
    timings_ms=TimingsWire(retrieve=31.0, answer=4.2, total=35.2),
)


USAGE = UsageResponse(
    first=date(2026, 4, 23),
    last=date(2026, 4, 24),
    questions=Outcomes(answered=9, no_answer=2, abandoned=1),
    per_day=[
        DayOfUse(day=date(2026, 4, 23), answered=4, no_answer=2),
        DayOfUse(day=date(2026, 4, 24), answered=5, abandoned=1),
    ],
    kept=11,
    degraded=1,
    median_ms=38.5,
    p95_ms=112.0,
    rated_up=3,
    rated_down=1,
    most_cited=[ArticleUse(article_id="amazon-anthropic", title=ANSWER.citations[0].title, answers=7)],
    not_cited_total=1,
    not_cited=[NearestWire(article_id="reports/spring", title="The spring report")],
    askers_total=1,
    askers=[AskerUse(asker="key:alice", questions=12)],
)


# About as many tokens as words.
_COUNTER = Counter(lambda texts: sum(len(text.split()) for text in texts), (QUESTION,))


def chat_completion() -> Completion:
    """Return the answer as a chat completion."""
    whole = completion(ANSWER, Manner("https://ask.example"), _COUNTER)
    return whole.model_copy(update={"id": "chatcmpl-1a2b3c4d5e6f", "created": 1_777_000_000})


def response() -> ResponseReply:
    """Return the answer as a response."""
    begun_response = begun(ResponsesRequest(model=MODEL, input=QUESTION))
    whole = response_of(ANSWER, Manner("https://ask.example"), begun_response, _COUNTER)
    message = whole.output[0].model_copy(update={"id": "msg_1a2b3c4d5e6f"})
    return whole.model_copy(update={"id": "resp_1a2b3c4d5e6f", "created_at": 1_777_000_000, "output": (message,)})


# One event of a stream: the schema is of each, the example of the whole.
_EVENT = {
    "type": "object",
    "properties": {"event": {"type": "string"}, "data": {"type": "string"}},
    "required": ["data"],
}


def event_stream(description: str, stream: str) -> dict[int | str, dict[str, Any]]:
    """Describe a reply that is, or may be, a stream of server-sent events."""
    content = {"text/event-stream": {"schema": _EVENT, "example": stream}}
    return {200: {"description": description, "content": content}}


def add_examples(app: FastAPI) -> None:
    """Show them in the OpenAPI document, which is made when it is first asked for.

    FastAPI leaves the nulls out of an example that a route declares, and then it does not fit its schema.
    """
    made = app.openapi

    def with_examples() -> dict[str, Any]:
        document = made()
        examples = (
            ("post", "/api/ask", ANSWER),
            ("post", "/v1/chat/completions", chat_completion()),
            ("post", "/v1/responses", response()),
            ("get", "/api/usage", USAGE),
        )
        for method, path, example in examples:
            reply = document["paths"][path][method]["responses"]["200"]["content"]["application/json"]
            reply["example"] = example.model_dump(mode="json")
        return document

    # As FastAPI's documentation has it (https://fastapi.tiangolo.com/how-to/extending-openapi/).
    app.openapi = with_examples  # type: ignore[method-assign]


SENTENCE_STREAM = (
    f'event: hits\ndata: {{"id": "{ANSWER.id}", "hits": []}}\n\n'
    f"event: sentence\ndata: "
    f'{{"sentence": {ANSWER.sentences[0].model_dump_json()}, "citations": [{ANSWER.citations[0].model_dump_json()}]}}\n\n'
    f"event: answer\ndata: {ANSWER.model_dump_json()}\n\n"
)
RESUMED_STREAM = f"id: 3\nevent: answer\ndata: {ANSWER.model_dump_json()}\n\n"
CHUNK_STREAM = (
    'data: {"id": "chatcmpl-1a2b3c4d5e6f", "object": "chat.completion.chunk", "created": 1777000000, "model": "footnote", '
    f'"choices": [{{"index": 0, "delta": {{"content": "{_SAID} [1]"}}, "logprobs": null, "finish_reason": null}}]}}\n\n'
    "data: [DONE]\n\n"
)
RESPONSE_STREAM = (
    "event: response.output_text.delta\n"
    'data: {"type": "response.output_text.delta", "sequence_number": 4, "item_id": "msg_1a2b3c4d5e6f", "output_index": 0, '
    f'"content_index": 0, "delta": "{_SAID} [1]", "logprobs": []}}\n\n'
)
