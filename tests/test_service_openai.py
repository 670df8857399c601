"""`/v1` as OpenAI's own client, LlamaIndex and Open WebUI read it, over real sockets."""

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import httpx
import openai
import pytest
from llama_index.core.llms import ChatMessage
from llama_index.llms.openai_like import OpenAILike

from index.errors import IndexEmpty, ModelUnusable
from service.openai.asking import NOT_FOLLOWED, NOT_READ
from service.schemas.api import (
    AboutWire,
    AskRequest,
    DisagreementWire,
    HighlightWire,
    HitsEvent,
    NearestPassageWire,
    UsageWire,
    ValueWire,
)
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
    usage=UsageWire(prompt_tokens=7, completion_tokens=5),
)
TEXT = "It rained 😀. [1] Ferries stopped. [2] Nobody knows why."
QUESTION: list[Any] = [{"role": "user", "content": "Why?"}]
TITLE_PROMPT = """### Task:
Generate a concise, 3-5 word title with an emoji summarizing the chat history.
### Output:
JSON format: { "title": "your concise title here" }
### Chat History:
<chat_history>
USER: How much will Amazon invest in Anthropic right away?
ASSISTANT: $5 billion.
</chat_history>"""


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


def data_of(body: str) -> list[Any]:
    """Read a stream line by line, as Open WebUI does: what begins with `data:` is JSON, up to `[DONE]`."""
    lines = [line.removeprefix("data:").strip() for line in body.splitlines() if line.startswith("data:")]
    assert lines[-1] == "[DONE]"
    return [json.loads(line) for line in lines[:-1]]


def post(url: str, **body: Any) -> httpx.Response:
    body = {"model": "footnote", "messages": QUESTION} | body
    return httpx.post(f"{url}/v1/chat/completions", json=body, timeout=PATIENCE)


# OpenAI's own client


def test_the_text_its_annotations_and_its_sources(client: openai.OpenAI, url: str) -> None:
    reply = client.chat.completions.create(model="footnote", messages=QUESTION)
    choice = reply.choices[0]
    assert (reply.object, reply.model, choice.finish_reason, choice.message.role) == (
        "chat.completion",
        "footnote",
        "stop",
        "assistant",
    )
    assert choice.message.content == TEXT
    page = f"{url}/articles/ferries/Elbe%20%231?version=sha256%3A1&start=2&end=12"
    cited = [annotation.url_citation for annotation in choice.message.annotations or []]
    assert [TEXT[one.start_index : one.end_index] for one in cited] == ["[1]", "[2]"]
    assert [(one.url, one.title) for one in cited] == [(OWN, "Title of rain"), (page, "Title of ferries/Elbe #1")]
    extra = reply.model_extra or {}
    assert extra["citations"] == [OWN, page]
    assert extra["search_results"][0] == {
        "title": "Title of rain",
        "url": OWN,
        "snippet": "It rained.",
        "date": "2026-04-24",
    }
    assert extra["answer_id"] == WHOLE.id
    assert reply.usage
    assert (reply.usage.prompt_tokens, reply.usage.completion_tokens, reply.usage.total_tokens) == (7, 5, 12)


def test_a_stream_says_the_same_sentence_by_sentence(client: openai.OpenAI) -> None:
    whole = client.chat.completions.create(model="footnote", messages=QUESTION)
    stream = client.chat.completions.create(
        model="footnote", messages=QUESTION, stream=True, stream_options={"include_usage": True}
    )
    chunks = list(stream)
    assert len({(chunk.id, chunk.created, chunk.object) for chunk in chunks}) == 1
    deltas = [chunk.choices[0].delta for chunk in chunks[:-1]]
    assert deltas[0].role == "assistant"
    assert [delta.content for delta in deltas if delta.content] == [
        "It rained 😀. [1]",
        " Ferries stopped. [2]",
        " Nobody knows why.",
    ]
    annotated = [delta for delta in deltas if "annotations" in (delta.model_extra or {})]
    annotations = whole.choices[0].message.annotations or []
    assert [(delta.model_extra or {})["annotations"] for delta in annotated] == [[a.model_dump() for a in annotations]]
    assert [chunk.choices[0].finish_reason for chunk in chunks[:-1]] == [None] * (len(deltas) - 1) + ["stop"]
    ended = chunks[-2].model_extra or {}
    assert {name: ended[name] for name in ("citations", "search_results")} == {
        name: (whole.model_extra or {})[name] for name in ("citations", "search_results")
    }
    assert (chunks[-1].choices, chunks[-1].usage) == ([], whole.usage)
    assert all(chunk.usage is None for chunk in chunks[:-1])


@pytest.mark.parametrize("question", ["Why did it rain?", TITLE_PROMPT])
def test_without_a_language_model_the_tokens_of_the_chat_are_counted(
    assistant: FakeAssistant, client: openai.OpenAI, question: str
) -> None:
    assistant.steps = [*streamed(WHOLE.model_copy(update={"usage": None}))]
    said = ["Be brief.", "Does it rain?", "It rained.", question]
    roles = ["system", "user", "assistant", "user"]
    chat: list[Any] = [{"role": role, "content": text} for role, text in zip(roles, said, strict=True)]
    reply = client.chat.completions.create(model="footnote", messages=chat)
    assert reply.usage
    counted = assistant.count_tokens(said), assistant.count_tokens([reply.choices[0].message.content or ""])
    assert (reply.usage.prompt_tokens, reply.usage.completion_tokens) == counted
    assert reply.usage.total_tokens == sum(counted) > 10
    stream = client.chat.completions.create(
        model="footnote", messages=chat, stream=True, stream_options={"include_usage": True}
    )
    assert list(stream)[-1].usage == reply.usage


def test_usage_is_left_out_of_a_stream_unless_asked_for(url: str) -> None:
    chunks = data_of(post(url, stream=True).text)
    assert chunks
    assert not any("usage" in chunk for chunk in chunks)


def test_the_asynchronous_client(url: str) -> None:
    async def ask() -> tuple[str | None, str]:
        async with openai.AsyncOpenAI(base_url=f"{url}/v1", api_key="none", timeout=PATIENCE) as client:
            whole = await client.chat.completions.create(model="footnote", messages=QUESTION)
            stream = await client.chat.completions.create(model="footnote", messages=QUESTION, stream=True)
            return whole.choices[0].message.content, "".join([c.choices[0].delta.content or "" async for c in stream])

    assert asyncio.run(ask()) == (TEXT, TEXT)


def test_the_streaming_helper_of_the_client(client: openai.OpenAI) -> None:
    with client.chat.completions.stream(model="footnote", messages=QUESTION) as stream:
        assert stream.get_final_completion().choices[0].message.content == TEXT


def test_models(client: openai.OpenAI) -> None:
    assert [model.id for model in client.models.list()] == ["footnote", "footnote/hr"]
    assert client.models.retrieve("footnote").object == "model"
    assert client.models.retrieve("footnote/hr").id == "footnote/hr"
    with pytest.raises(openai.NotFoundError, match="no model 'footnote/finance'"):
        client.models.retrieve("footnote/finance")
    with pytest.raises(openai.NotFoundError, match="no model 'gpt-9'"):
        client.models.retrieve("gpt-9")


# Other clients


def test_llama_index(url: str) -> None:
    model = OpenAILike(
        model="footnote",
        api_base=f"{url}/v1",
        api_key="none",
        is_chat_model=True,
        context_window=8_000,
        timeout=PATIENCE,
    )
    question = [ChatMessage(role="user", content="Why?")]
    assert model.chat(question).message.content == TEXT
    assert "".join(part.delta or "" for part in model.stream_chat(question)) == TEXT


def test_open_webui_reads_annotations_or_source_events(assistant: FakeAssistant) -> None:
    with served(assistant) as url:
        plain = data_of(post(url, stream=True).text)
    assert not any("event" in chunk for chunk in plain)
    with served(assistant, Settings(_env_file=None, open_webui_sources=True)) as url:
        chunks = data_of(post(url, stream=True).text)
    events = [chunk["event"] for chunk in chunks if "event" in chunk]
    assert events[0] == {
        "type": "source",
        "data": {
            "source": {"name": "Title of rain", "id": OWN},
            "document": ["It rained."],
            "metadata": [{"source": OWN, "name": "Title of rain", "url": OWN}],
        },
    }
    assert len(events) == 2
    assert not any("annotations" in choice["delta"] for chunk in chunks for choice in chunk["choices"])
    assert "".join(choice["delta"].get("content", "") for chunk in chunks for choice in chunk["choices"]) == TEXT


@pytest.mark.parametrize(
    ("prompt", "reply"),
    [
        (TITLE_PROMPT, {"title": "How much will Amazon invest in…"}),
        (TITLE_PROMPT.replace('"title"', '"tags"'), {"tags": ["General"]}),
        (TITLE_PROMPT.replace('"title"', '"follow_ups"'), {"follow_ups": []}),
        (TITLE_PROMPT.replace('"title"', '"queries"'), {"queries": []}),
    ],
)
@pytest.mark.parametrize("stream", [True, False])
def test_what_clients_ask_on_their_own_costs_nothing(
    assistant: FakeAssistant, client: openai.OpenAI, prompt: str, reply: dict[str, Any], stream: bool
) -> None:
    messages: list[Any] = [{"role": "user", "content": prompt}]
    if stream:
        chunks = client.chat.completions.create(model="footnote", messages=messages, stream=True)
        said = "".join(chunk.choices[0].delta.content or "" for chunk in chunks)
    else:
        said = client.chat.completions.create(model="footnote", messages=messages).choices[0].message.content or ""
    assert json.loads(said) == reply
    assert assistant.called == ()


def test_a_title_may_be_asked_for_in_plain_words(assistant: FakeAssistant, client: openai.OpenAI) -> None:
    asked = "Provide a concise, 5-word-or-less title for the conversation.\n\nUser: Who rang the bell?\nAI: Ann."
    reply = client.chat.completions.create(model="footnote", messages=[{"role": "user", "content": asked}])
    assert reply.choices[0].message.content == "Who rang the bell?"
    assert assistant.called == ()


@pytest.mark.parametrize("question", ["What is the task: to generate a title?", "Generate a list of who invested."])
def test_people_who_ask_alike_are_answered(assistant: FakeAssistant, client: openai.OpenAI, question: str) -> None:
    client.chat.completions.create(model="footnote", messages=[{"role": "user", "content": question}])
    assert asked_of(assistant).question == question


# What is made of a chat


def test_the_last_message_is_the_question_and_those_before_it_the_history(
    assistant: FakeAssistant, client: openai.OpenAI
) -> None:
    messages: list[Any] = [
        {"role": "system", "content": "You are a pirate."},
        {"role": "user", "content": [{"type": "text", "text": "How much"}, {"type": "text", "text": "was it?"}]},
        {"role": "assistant", "content": "€5 [1] then. [2](https://herald.example/a%28b%29) [sic]"},
        {"role": "tool", "content": "{}", "tool_call_id": "1"},
        {"role": "user", "content": "And by when?"},
    ]
    client.chat.completions.create(model="footnote", messages=messages, temperature=0, user="ann", max_tokens=5, seed=1)
    request = asked_of(assistant)
    assert request.question == "And by when?"
    assert [(said.role, said.text) for said in request.history] == [
        ("user", "How much\nwas it?"),
        ("assistant", "€5 then. [sic]"),
    ]


def test_a_question_wrapped_by_the_client_is_unwrapped(assistant: FakeAssistant, client: openai.OpenAI) -> None:
    wrapped = "### Task:\nRespond to the user query using the provided context.\n<user_query>\nWho rang?\n</user_query>"
    client.chat.completions.create(model="footnote", messages=[{"role": "user", "content": wrapped}])
    assert asked_of(assistant).question == "Who rang?"


def test_a_long_chat_keeps_its_last_hundred_messages(assistant: FakeAssistant, client: openai.OpenAI) -> None:
    messages: list[Any] = [{"role": "user", "content": f"Question {number}?"} for number in range(300)]
    client.chat.completions.create(model="footnote", messages=messages)
    request = asked_of(assistant)
    assert (request.question, len(request.history), request.history[-1].text) == ("Question 299?", 100, "Question 298?")


def test_what_is_not_followed_or_read_is_said(client: openai.OpenAI) -> None:
    pirate: Any = {"role": "system", "content": "You are a pirate."}
    picture: Any = {"role": "user", "content": [{"type": "text", "text": "Who?"}, {"type": "image_url"}]}
    first = client.chat.completions.create(model="footnote", messages=[pirate, *QUESTION])
    assert first.choices[0].message.content == f"{TEXT}\n\n{NOT_FOLLOWED}"
    stream = client.chat.completions.create(model="footnote", messages=[pirate, *QUESTION], stream=True)
    chunks = list(stream)
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks) == f"{TEXT}\n\n{NOT_FOLLOWED}"
    assert (chunks[-1].model_extra or {})["notices"] == [NOT_FOLLOWED]
    said: Any = {"role": "assistant", "content": "Nobody."}
    later = client.chat.completions.create(model="footnote", messages=[pirate, picture, said, *QUESTION])
    assert later.choices[0].message.content == TEXT
    assert (later.model_extra or {})["notices"] == [NOT_FOLLOWED, NOT_READ]


@pytest.mark.parametrize(
    "messages",
    [
        [{"role": "user", "content": "### Task:\n<user_query>" + " " * 40_000}],
        [{"role": "user", "content": "generate a title for the conversation" + "\n" * 40_000}],
        [{"role": "system", "content": "\n" * 40_000}, *QUESTION],
        [{"role": "assistant", "content": "[1](http://" * 4_000}, *QUESTION],
        [{"role": "user", "content": "### Task:\n<chat_history>" + "USER " * 8_000}],
        [{"role": "user", "content": "generate " + "title " * 6_000}],
    ],
)
def test_no_request_stops_the_service(url: str, messages: list[Any]) -> None:
    assert post(url, messages=messages).status_code < 500
    assert httpx.get(f"{url}/healthz", timeout=PATIENCE).status_code == 200


# What is made of an answer


def test_markers_can_be_links(assistant: FakeAssistant) -> None:
    assistant.steps = [*streamed(answered("It rained.", citations=[citation(1, url="https://a.example/b_(c)")]))]
    with served(assistant, Settings(_env_file=None, openai_linked_markers=True)) as url:
        message = post(url).json()["choices"][0]["message"]
        said = "".join(
            choice["delta"].get("content", "")
            for chunk in data_of(post(url, stream=True).text)
            for choice in chunk["choices"]
        )
    assert message["content"] == said == "It rained. [1](https://a.example/b_%28c%29)"
    cited = message["annotations"][0]["url_citation"]
    assert said[cited["start_index"] : cited["end_index"]] == "[1](https://a.example/b_%28c%29)"
    assert cited["url"] == "https://a.example/b_(c)"


@pytest.mark.parametrize(
    "address",
    ["javascript:alert(1)", "data:text/html,x", "file:///etc/passwd", "//a.example", "http://[", "https://a b"],
)
def test_only_web_addresses_leave_the_house(assistant: FakeAssistant, address: str) -> None:
    assistant.steps = [*streamed(answered("It rained.", citations=[citation(1, "a/../b", url=address)]))]
    with served(assistant, Settings(_env_file=None, public_url="https://ask.example/")) as url:
        headers = {"Host": "ask.example"}
        body = {"model": "footnote", "messages": QUESTION}
        reply = httpx.post(f"{url}/v1/chat/completions", json=body, headers=headers).json()
    assert reply["citations"] == ["https://ask.example/articles/a%2F..%2Fb?version=sha256%3A1&start=2&end=12"]


def test_disagreements_are_told_in_the_text(assistant: FakeAssistant, client: openai.OpenAI) -> None:
    values = [ValueWire(value="€12 million", citations=[1]), ValueWire(value="€9 million", citations=[2])]
    whole = answered(
        "It cost €12 million.",
        "It cost €9 million.",
        citations=[citation(1), citation(2)],
        disagreements=[DisagreementWire(about="cost", values=values)],
    )
    assistant.steps = [*streamed(whole)]
    expected = "It cost €12 million. [1] It cost €9 million. [2]\n\nSources differ: €12 million [1]; €9 million [2]."
    message = client.chat.completions.create(model="footnote", messages=QUESTION).choices[0].message
    assert message.content == expected
    indices = [(a.url_citation.start_index, a.url_citation.end_index) for a in message.annotations or []]
    assert [expected[start:end] for start, end in indices] == ["[1]", "[2]", "[1]", "[2]"]
    stream = client.chat.completions.create(model="footnote", messages=QUESTION, stream=True)
    assert "".join(chunk.choices[0].delta.content or "" for chunk in stream) == expected


def test_a_refusal_shows_what_comes_nearest_with_the_words_of_the_question_marked(
    assistant: FakeAssistant, client: openai.OpenAI
) -> None:
    quote = "The *ferry*\n\nsails <soon>."
    marks = [HighlightWire(start=15, end=20)]
    near = NearestPassageWire(
        article_id="a b", article_version="sha256:1", title="[x](y)", quote=quote, start=10, end=36, marks=marks
    )
    refused = answer(nearest=[near, NearestPassageWire(article_id="old", title="No quote")])
    assistant.steps = [HitsEvent(id="ans_1", hits=[]), refused]
    message = client.chat.completions.create(model="footnote", messages=QUESTION).choices[0].message
    first, last = (message.content or "").split("\n\nThe passages that come nearest:\n\n- ")
    assert first == "The articles do not answer this."
    assert last.startswith(r"[\[x\](y)](http://")
    assert last.endswith(r"/articles/a%20b?version=sha256%3A1&start=10&end=36): “The \***ferry**\* sails &lt;soon>.”")
    stream = client.chat.completions.create(model="footnote", messages=QUESTION, stream=True)
    assert "".join(chunk.choices[0].delta.content or "" for chunk in stream) == message.content
    later = [*QUESTION, {"role": "assistant", "content": message.content}, {"role": "user", "content": "And now?"}]
    client.chat.completions.create(model="footnote", messages=later)
    assert asked_of(assistant).history[-1].text == "The articles do not answer this."


def test_small_talk_gets_words_and_questions_to_ask(assistant: FakeAssistant, client: openai.OpenAI) -> None:
    about = AboutWire(small_talk="greeting", questions=["Who *rang*?", "Why?"])
    assistant.steps = [answer(status="about", text="Hello!", about=about)]
    expected = "Hello!\n\nYou could ask:\n\n- Who \\*rang\\*?\n- Why?"
    message = client.chat.completions.create(model="footnote", messages=QUESTION).choices[0].message
    assert (message.content, message.annotations) == (expected, [])
    stream = client.chat.completions.create(model="footnote", messages=QUESTION, stream=True)
    assert "".join(chunk.choices[0].delta.content or "" for chunk in stream) == expected


def test_a_refusal_is_text_without_sources(assistant: FakeAssistant, client: openai.OpenAI) -> None:
    assistant.steps = [HitsEvent(id="ans_1", hits=[]), answer()]
    message = client.chat.completions.create(model="footnote", messages=QUESTION).choices[0].message
    assert (message.content, message.annotations) == ("The articles do not answer this.", [])
    stream = client.chat.completions.create(model="footnote", messages=QUESTION, stream=True)
    assert "".join(chunk.choices[0].delta.content or "" for chunk in stream) == message.content


# What goes wrong


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"model": "gpt-9"}, 404, "model_not_found"),
        ({"n": 2}, 400, "unsupported_parameter"),
        ({"response_format": {"type": "json_object"}}, 400, "unsupported_parameter"),
        ({"tool_choice": "required", "tools": [{}]}, 400, "unsupported_parameter"),
        ({"logprobs": True}, 400, "unsupported_parameter"),
        ({"messages": []}, 422, "request-invalid"),
        ({"messages": [{"role": "system", "content": "Hello."}]}, 422, "question-unusable"),
        (
            {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {}}]}]},
            400,
            "unsupported_content",
        ),
        (
            {"messages": [{"role": "user", "content": [{"type": "text", "text": "Why?"}, {"type": "input_audio"}]}]},
            400,
            "unsupported_content",
        ),
        ({"messages": [{"role": "user", "content": "x" * 2_001}]}, 400, "context_length_exceeded"),
        ({"messages": [{"role": "user", "content": "x" * 60_000}]}, 400, "context_length_exceeded"),
        ({"messages": [{"role": "user", "content": "x" * 1_100_000}]}, 400, "context_length_exceeded"),
        ({"messages": [{"role": "system", "content": "x" * 60_000}, *QUESTION]}, 400, "context_length_exceeded"),
        ({"messages": [{"role": "assistant", "content": "Zed: " * 11_000}, *QUESTION]}, 400, "context_length_exceeded"),
        (
            {"messages": [*QUESTION * 1, *[{"role": "user", "content": "y" * 40_000}] * 6, *QUESTION]},
            400,
            "context_length_exceeded",
        ),
        ({"messages": [{"role": "user", "content": "a\0b"}]}, 422, "question-unusable"),
        ({"messages": [{"role": "nobody", "content": "Why?"}]}, 422, "request-invalid"),
    ],
)
def test_errors_have_the_shape_that_clients_read(
    assistant: FakeAssistant, url: str, body: dict[str, Any], status: int, code: str
) -> None:
    response = post(url, **body)
    assert (response.status_code, response.headers["content-type"]) == (status, "application/json")
    assert set(response.json()) == {"error"}
    error = response.json()["error"]
    assert (error["type"], error["code"]) == ("invalid_request_error", code)
    assert error["message"]
    assert assistant.called == ()


def test_refusals_at_the_door_have_it_too(assistant: FakeAssistant) -> None:
    with served(assistant) as url:
        response = httpx.get(f"{url}/v1/models", headers={"X-Forwarded-For": "1.2.3.4"})
        elsewhere = httpx.get(f"{url}/api/articles", headers={"X-Forwarded-For": "1.2.3.4"})
        unknown = httpx.get(f"{url}/v1/embeddings")
    assert (response.status_code, response.json()["error"]["code"]) == (403, "forwarded-request")
    assert response.headers["x-content-type-options"] == "nosniff"
    assert elsewhere.json()["type"] == "/problems/forwarded-request"
    assert (unknown.status_code, unknown.json()["error"]["code"]) == (404, "not-found")


def test_the_client_raises_its_own_errors(assistant: FakeAssistant, client: openai.OpenAI) -> None:
    assistant.steps = [IndexEmpty("Nothing is indexed yet. Run footnote index PATH.")]
    for stream in (False, True):
        with pytest.raises(openai.ConflictError, match="footnote index") as raised:
            client.chat.completions.create(model="footnote", messages=QUESTION, stream=stream)
        assert raised.value.code == "index-empty"


def test_what_goes_wrong_in_a_stream_is_raised_there(assistant: FakeAssistant, client: openai.OpenAI) -> None:
    assistant.steps = [*streamed(WHOLE)[:2], ModelUnusable("The weights are gone.")]
    stream = client.chat.completions.create(model="footnote", messages=QUESTION, stream=True)
    said: list[str | None] = []
    with pytest.raises(openai.APIError, match="The weights are gone"):
        said.extend(chunk.choices[0].delta.content for chunk in stream)
    assert said == ["", "It rained 😀. [1]"]
