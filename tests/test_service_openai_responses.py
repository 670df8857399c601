"""`/v1/responses` as OpenAI's own client and LlamaIndex read it, over real sockets."""

from collections.abc import Iterator
from typing import Any

import httpx
import openai
import pytest
from llama_index.core.llms import ChatMessage
from llama_index.llms.openai import OpenAIResponses
from openai.types.responses import Response, ResponseCompletedEvent, ResponseStreamEvent
from pydantic import TypeAdapter

from index.errors import IndexEmpty, ModelUnusable
from service.openai.asking import NOT_FOLLOWED, NOT_READ
from service.schemas.api import AskRequest, DisagreementWire, HitsEvent, UsageWire, ValueWire
from service.settings import Settings
from tests.fake_assistant import FakeAssistant, answer, answered, citation, streamed
from tests.http_server import served

PATIENCE = 60.0
OWN = "https://herald.example/rain"
WHOLE = answered(
    "It rained 😀.",
    "Ferries stopped.",
    "Nobody knows why.",
    citations=[citation(1, url=OWN), citation(2, "ferries/Elbe #1")],
    usage=UsageWire(prompt_tokens=7, completion_tokens=5, cached_tokens=3),
)
TEXT = "It rained 😀. [1] Ferries stopped. [2] Nobody knows why."
TITLE = "Provide a concise, 5-word-or-less title for the conversation.\n\nUser: Who rang the bell?\nAI: Ann."
EVENT: TypeAdapter[Any] = TypeAdapter(ResponseStreamEvent)


@pytest.fixture
def assistant() -> FakeAssistant:
    assistant = FakeAssistant()
    assistant.steps = [*streamed(WHOLE)]
    return assistant


@pytest.fixture
def url(assistant: FakeAssistant) -> Iterator[str]:
    with served(assistant) as url:
        yield url


@pytest.fixture
def client(url: str) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{url}/v1", api_key="none", max_retries=0, timeout=PATIENCE) as client:
        yield client


def asked_of(assistant: FakeAssistant) -> AskRequest:
    request = assistant.called[1]
    assert isinstance(request, AskRequest)
    return request


def annotations_of(reply: Response) -> list[Any]:
    [message] = reply.output
    assert message.type == "message"
    [part] = message.content
    assert part.type == "output_text"
    return [*part.annotations]


def post(url: str, **body: Any) -> httpx.Response:
    return httpx.post(f"{url}/v1/responses", json={"model": "footnote", "input": "Why?"} | body, timeout=PATIENCE)


def test_the_text_its_annotations_and_its_sources(client: openai.OpenAI, assistant: FakeAssistant, url: str) -> None:
    reply = client.responses.create(model="footnote", input="Why?", metadata={"a": "b"}, temperature=0, store=True)
    Response.model_validate(reply.model_dump(), strict=False)
    assert asked_of(assistant).question == "Why?"
    assert (reply.output_text, reply.status, reply.model, reply.error) == (TEXT, "completed", "footnote", None)
    assert reply.metadata == {"a": "b"}
    page = f"{url}/articles/ferries/Elbe%20%231?version=sha256%3A1&start=2&end=12"
    cited = annotations_of(reply)
    assert [TEXT[one.start_index : one.end_index] for one in cited] == ["[1]", "[2]"]
    assert [(one.url, one.title) for one in cited] == [(OWN, "Title of rain"), (page, "Title of ferries/Elbe #1")]
    extra = reply.model_extra or {}
    assert (extra["citations"], extra["answer_id"]) == ([OWN, page], WHOLE.id)
    assert extra["search_results"][0]["snippet"] == "It rained."
    assert reply.usage
    assert (reply.usage.input_tokens, reply.usage.output_tokens, reply.usage.total_tokens) == (7, 5, 12)
    assert reply.usage.input_tokens_details.cached_tokens == 3


def test_without_a_language_model_the_tokens_of_the_chat_are_counted(
    assistant: FakeAssistant, client: openai.OpenAI
) -> None:
    assistant.steps = [*streamed(WHOLE.model_copy(update={"usage": None}))]
    reply = client.responses.create(model="footnote", input="Why did it rain?", instructions="Be brief.")
    assert reply.usage
    counted = assistant.count_tokens(["Why did it rain?", "Be brief."]), assistant.count_tokens([reply.output_text])
    assert (reply.usage.input_tokens, reply.usage.output_tokens) == counted
    *_, last = client.responses.create(
        model="footnote", input="Why did it rain?", instructions="Be brief.", stream=True
    )
    assert last.type == "response.completed"
    assert last.response.usage == reply.usage


def test_a_stream_says_the_same_sentence_by_sentence(client: openai.OpenAI) -> None:
    whole = client.responses.create(model="footnote", input="Why?")
    events = list(client.responses.create(model="footnote", input="Why?", stream=True))
    for event in events:
        EVENT.validate_python(event.model_dump())
    assert [event.sequence_number for event in events] == list(range(len(events)))
    assert [event.delta for event in events if event.type == "response.output_text.delta"] == [
        "It rained 😀. [1]",
        " Ferries stopped. [2]",
        " Nobody knows why.",
    ]
    kinds = [event.type for event in events]
    assert kinds[:4] == [
        "response.created",
        "response.in_progress",
        "response.output_item.added",
        "response.content_part.added",
    ]
    assert kinds[-4:] == [
        "response.output_text.done",
        "response.content_part.done",
        "response.output_item.done",
        "response.completed",
    ]
    last = events[-1]
    assert isinstance(last, ResponseCompletedEvent)
    [said], [told] = last.response.output, whole.output
    assert said.model_dump(exclude={"id"}) == told.model_dump(exclude={"id"})
    assert (last.response.model_extra, last.response.usage) == (whole.model_extra, whole.usage)
    annotated = [event.annotation for event in events if event.type == "response.output_text.annotation.added"]
    assert annotated == [one.model_dump() for one in annotations_of(whole)]
    assert len({event.item_id for event in events if hasattr(event, "item_id")} | {said.id}) == 1
    created = events[0]
    assert created.type == "response.created"
    assert created.response.id == last.response.id


def test_the_client_gathers_a_stream(client: openai.OpenAI) -> None:
    with client.responses.stream(model="footnote", input="Why?") as stream:
        assert stream.get_final_response().output_text == TEXT


def test_llamaindex_reads_it(url: str) -> None:
    llm = OpenAIResponses(model="footnote", api_base=f"{url}/v1", api_key="none", max_retries=0, context_window=8_000)
    assert llm.chat([ChatMessage(content="Why?")]).message.content == TEXT
    assert "".join(piece.delta or "" for piece in llm.stream_chat([ChatMessage(content="Why?")])) == TEXT


def test_the_last_message_is_the_question_and_those_before_it_the_history(
    assistant: FakeAssistant, client: openai.OpenAI
) -> None:
    said: list[Any] = [
        {
            "role": "user",
            "content": [{"type": "input_text", "text": "How much"}, {"type": "input_text", "text": "was it?"}],
        },
        {"type": "reasoning", "id": "rs_1", "summary": []},
        {
            "type": "message",
            "id": "msg_1",
            "status": "completed",
            "role": "assistant",
            "content": [{"type": "output_text", "text": "€5 [1] then.", "annotations": []}],
        },
        {"type": "function_call", "call_id": "1", "name": "f", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "1", "output": "{}"},
        {"role": "user", "content": "And by when?"},
    ]
    reply = client.responses.create(model="footnote", input=said, tools=[{"type": "web_search"}])
    request = asked_of(assistant)
    assert request.question == "And by when?"
    assert [(one.role, one.text) for one in request.history] == [
        ("user", "How much\nwas it?"),
        ("assistant", "€5 then."),
    ]
    assert (reply.model_extra or {})["notices"] == []


def test_what_a_response_said_can_be_sent_back(assistant: FakeAssistant, client: openai.OpenAI) -> None:
    first = client.responses.create(model="footnote", input="Why?")
    said: list[Any] = [{"role": "user", "content": "Why?"}, *first.output, {"role": "user", "content": "And when?"}]
    client.responses.create(model="footnote", input=said)
    assert [one.text for one in asked_of(assistant).history] == [
        "Why?",
        "It rained 😀. Ferries stopped. Nobody knows why.",
    ]


def test_instructions_are_not_followed_and_that_is_said(client: openai.OpenAI) -> None:
    picture: Any = {"role": "user", "content": [{"type": "input_image", "image_url": "https://a.example/b.png"}]}
    pirate: Any = {"role": "developer", "content": "You are a pirate."}
    question: Any = {"role": "user", "content": "Why?"}
    for instructions, asked in (("You are a pirate.", [question]), (None, [pirate, question])):
        reply = client.responses.create(model="footnote", input=asked, instructions=instructions)
        assert reply.output_text == f"{TEXT}\n\n{NOT_FOLLOWED}"
        stream = client.responses.create(model="footnote", input=asked, stream=True, instructions=instructions)
        deltas = [event.delta for event in stream if event.type == "response.output_text.delta"]
        assert "".join(deltas) == reply.output_text
    later = client.responses.create(model="footnote", input=[picture, {"role": "user", "content": "Why?"}])
    assert (later.model_extra or {})["notices"] == [NOT_READ]


@pytest.mark.parametrize("stream", [True, False])
def test_what_clients_ask_on_their_own_costs_nothing(
    assistant: FakeAssistant, client: openai.OpenAI, stream: bool
) -> None:
    if stream:
        last = list(client.responses.create(model="footnote", input=TITLE, stream=True))[-1]
        assert isinstance(last, ResponseCompletedEvent)
        reply = last.response
    else:
        reply = client.responses.create(model="footnote", input=TITLE)
    assert (reply.output_text, reply.status) == ("Who rang the bell?", "completed")
    assert assistant.called == ()


def test_a_refusal_is_text_without_sources(assistant: FakeAssistant, client: openai.OpenAI) -> None:
    assistant.steps = [HitsEvent(id="ans_1", hits=[]), answer()]
    reply = client.responses.create(model="footnote", input="Why?")
    assert reply.output_text == "The articles do not answer this."
    stream = client.responses.create(model="footnote", input="Why?", stream=True)
    assert "".join(event.delta for event in stream if event.type == "response.output_text.delta") == reply.output_text


def test_disagreements_are_told_with_their_sources(assistant: FakeAssistant, client: openai.OpenAI) -> None:
    values = [ValueWire(value="€12 million", citations=[1]), ValueWire(value="€9 million", citations=[2])]
    whole = WHOLE.model_copy(update={"disagreements": [DisagreementWire(about="cost", values=values)]})
    assistant.steps = [*streamed(whole)]
    reply = client.responses.create(model="footnote", input="Why?")
    last = list(client.responses.create(model="footnote", input="Why?", stream=True))[-1]
    assert isinstance(last, ResponseCompletedEvent)
    assert (
        last.response.output_text == reply.output_text == f"{TEXT}\n\nSources differ: €12 million [1]; €9 million [2]."
    )
    assert len(annotations_of(last.response)) == 4


def test_markers_can_be_links(assistant: FakeAssistant) -> None:
    assistant.steps = [*streamed(answered("It rained.", citations=[citation(1, url=OWN)]))]
    with served(assistant, Settings(_env_file=None, openai_linked_markers=True)) as url:
        part = post(url).json()["output"][0]["content"][0]
    assert part["text"] == f"It rained. [1]({OWN})"


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"model": "gpt-9"}, 404, "model_not_found"),
        ({"previous_response_id": "resp_1"}, 400, "unsupported_parameter"),
        ({"conversation": "conv_1"}, 400, "unsupported_parameter"),
        ({"input": [{"type": "item_reference", "id": "msg_1"}]}, 400, "unsupported_parameter"),
        ({"background": True}, 400, "unsupported_parameter"),
        ({"text": {"format": {"type": "json_object"}}}, 400, "unsupported_parameter"),
        ({"tool_choice": "required", "tools": [{}]}, 400, "unsupported_parameter"),
        ({"top_logprobs": 2}, 400, "unsupported_parameter"),
        ({"input": []}, 422, "question-unusable"),
        ({"input": " "}, 422, "question-unusable"),
        ({"input": None}, 422, "request-invalid"),
        ({"input": [{"content": "Why?"}]}, 422, "request-invalid"),
        ({"input": [{"role": "nobody", "content": "Why?"}]}, 422, "request-invalid"),
        ({"input": [{"role": "user", "content": [{"type": "input_file"}]}]}, 400, "unsupported_content"),
        ({"input": "x" * 2_001}, 400, "context_length_exceeded"),
        ({"input": "x" * 1_100_000}, 400, "context_length_exceeded"),
        ({"instructions": "x" * 60_000}, 400, "context_length_exceeded"),
        ({"input": "a\0b"}, 422, "question-unusable"),
    ],
)
def test_errors_have_the_shape_that_clients_read(
    assistant: FakeAssistant, url: str, body: dict[str, Any], status: int, code: str
) -> None:
    response = post(url, **body)
    assert (response.status_code, response.headers["content-type"]) == (status, "application/json")
    error = response.json()["error"]
    assert (error["type"], error["code"]) == ("invalid_request_error", code)
    assert error["message"]
    assert error["param"] == ("input" if code == "context_length_exceeded" else None)
    assert assistant.called == ()


def test_the_client_raises_its_own_errors(assistant: FakeAssistant, client: openai.OpenAI) -> None:
    assistant.steps = [IndexEmpty("Nothing is indexed yet. Run footnote index PATH.")]
    for stream in (False, True):
        with pytest.raises(openai.ConflictError, match="footnote index") as raised:
            client.responses.create(model="footnote", input="Why?", stream=stream)
        assert raised.value.code == "index-empty"


def test_what_goes_wrong_in_a_stream_ends_it_as_failed(assistant: FakeAssistant, client: openai.OpenAI) -> None:
    assistant.steps = [*streamed(WHOLE)[:2], ModelUnusable("The weights are gone.")]
    events = list(client.responses.create(model="footnote", input="Why?", stream=True))
    last = events[-1]
    assert last.type == "response.failed"
    assert (last.response.status, last.response.error and last.response.error.message) == (
        "failed",
        "The weights are gone.",
    )
    assert [event.sequence_number for event in events] == list(range(len(events)))


def test_refusals_at_the_door_have_it_too(assistant: FakeAssistant) -> None:
    with served(assistant) as url:
        body = {"model": "footnote", "input": "Why?"}
        response = httpx.post(f"{url}/v1/responses", json=body, headers={"X-Forwarded-For": "1.2.3.4"})
    assert (response.status_code, response.json()["error"]["code"]) == (403, "forwarded-request")
    assert assistant.called == ()
