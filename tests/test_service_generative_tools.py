"""A language model that searches again with its provider's tool calls: every protocol, refusals of tools, and rubbish."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from service.answer.llm.providers import Provider
from service.answer.llm.searches import queries_of
from service.assistant import LocalAssistant
from service.auth.askers import OWNER
from service.schemas.api import AskRequest, AskResponse, SearchingEvent, UsageWire
from tests.generative_fixtures import EIGHT_BEFORE, FIVE_NOW, QUESTION, cites, quotes, with_model
from tests.llm_server import LlmServer, Received, Reply
from tests.test_service_chat_models import PROVIDERS, credentials

__all__ = ["credentials"]

QUERIES = ["Amazon already invested $8 billion", "Amazon plans to add $20 billion later"]
CALL = json.dumps({"queries": QUERIES})
FOUND = cites("It had invested $8 billion before {}.", EIGHT_BEFORE)
Model = Callable[..., LocalAssistant]


@pytest.fixture
def model(llm: LlmServer, corpus_assistant: LocalAssistant) -> Model:
    """Return what opens a model of a provider that is shown one passage at first."""

    def opened(provider: Provider, **changes: object) -> LocalAssistant:
        base = llm.url if provider.startswith("openai") else llm.url.removesuffix("/v1")
        given = {"llm_provider": provider, "llm_api_key": "secret", "llm_passages": 1, "llm_tools": True, **changes}
        return with_model(corpus_assistant, base, **given)

    return opened


def asked(assistant: LocalAssistant) -> tuple[list[str], AskResponse]:
    """Return what was searched for meanwhile, and the answer."""
    *events, response = assistant.ask_events(AskRequest(question=QUESTION), OWNER)
    assert isinstance(response, AskResponse)
    return [query for event in events if isinstance(event, SearchingEvent) for query in event.queries], response


def calls_in(request: Received) -> list[tuple[str, Any]]:
    """Return the calls that a request tells of and their results, each with its id."""
    told = request.body.get("input") or request.body["messages"]
    found: list[tuple[str, Any]] = []
    for message in told:
        if message.get("type") == "function_call":
            found.append((message["call_id"], json.loads(message["arguments"])))
        elif message.get("type") == "function_call_output":
            found.append((message["call_id"], message["output"]))
        elif message.get("role") == "tool":
            found.append((message.get("tool_call_id", ""), message["content"]))
        for call in message.get("tool_calls") or []:
            arguments = call["function"]["arguments"]
            found.append((call.get("id", ""), json.loads(arguments) if isinstance(arguments, str) else arguments))
        for block in message["content"] if isinstance(message.get("content"), list) else []:
            use, result = block.get("toolUse"), block.get("toolResult")
            if use or block.get("type") == "tool_use":
                found.append(((use or block).get("toolUseId") or block["id"], (use or block)["input"]))
            elif result or block.get("type") == "tool_result":
                key = result["toolUseId"] if result else block["tool_use_id"]
                found.append((key, "".join(part["text"] for part in (result or block)["content"])))
    return found


def tools_in(body: Mapping[str, Any]) -> Any:
    return body.get("tools") or body.get("toolConfig")


@pytest.mark.parametrize("provider", PROVIDERS)
def test_what_a_tool_is_called_for_is_searched_and_cited(llm: LlmServer, model: Model, provider: Provider) -> None:
    llm.do(Reply("", calls=[CALL]), Reply(FOUND))
    searched, response = asked(model(provider))
    assert searched == QUERIES
    assert response.answerer == "parrot-7b"
    assert [sentence.support for sentence in response.sentences] == ["verified"]
    assert quotes(response)[0].startswith(EIGHT_BEFORE)
    assert response.usage is not None
    assert (response.usage.prompt_tokens, response.usage.completion_tokens) == (246, 90)
    first, second = llm.requests
    assert (len(first.passages), len(second.passages)) == (1, 4)
    assert '"search"' in json.dumps(tools_in(first.body))
    assert tools_in(second.body) == tools_in(first.body)
    assert "SEARCH:" not in json.dumps(second.body)
    call, result = calls_in(second)
    assert call[0] == result[0]
    assert call[1] == {"queries": QUERIES}
    assert re.findall(r"<passage number=(\d)>", result[1]) == ["2", "3", "4"]
    assert second.question == QUESTION


@pytest.mark.parametrize("provider", PROVIDERS)
def test_what_a_model_says_before_it_searches_is_no_part_of_its_answer(
    llm: LlmServer, model: Model, provider: Provider
) -> None:
    llm.do(Reply("I will look for what was invested before.", calls=[CALL]), Reply(FOUND))
    _, response = asked(model(provider))
    assert [sentence.text for sentence in response.sentences] == ["It had invested $8 billion before."]


@pytest.mark.parametrize("provider", ["openai_like", "openai_responses", "anthropic", "bedrock"])
def test_every_call_gets_its_result(llm: LlmServer, model: Model, provider: Provider) -> None:
    llm.do(Reply("", calls=[json.dumps({"queries": [query]}) for query in QUERIES]), Reply(FOUND))
    searched, response = asked(model(provider))
    assert searched == QUERIES
    assert response.answerer == "parrot-7b"
    told = calls_in(llm.requests[1])
    assert len(told) == 4
    assert {key for key, _ in told[:2]} == {key for key, _ in told[2:]}
    assert len(llm.requests[1].passages) == 4


@pytest.mark.parametrize(
    ("provider", "told"),
    [("openai_responses", True), ("anthropic", True), ("bedrock", True), ("openai_like", False), ("ollama", False)],
)
def test_whose_models_are_told_of_the_tool(llm: LlmServer, model: Model, provider: Provider, told: bool) -> None:
    asked(model(provider, llm_tools=None))
    asked(model(provider, llm_tools=not told))
    first, second = llm.requests
    assert (bool(tools_in(first.body)), bool(tools_in(second.body))) == (told, not told)
    assert ("write SEARCH:" in first.prompt, "write SEARCH:" in second.prompt) == (not told, told)


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("status", [400, 422])
def test_a_server_that_refuses_tools_is_asked_in_plain_text(
    llm: LlmServer, model: Model, provider: Provider, status: int
) -> None:
    request = Reply(f"SEARCH: {'; '.join(QUERIES)}")
    llm.do(Reply(status=status), request, Reply(FOUND), request, Reply(FOUND))
    assistant = model(provider)
    for _ in range(2):  # the second time at once
        searched, response = asked(assistant)
        assert (searched, response.answerer) == (QUERIES, "parrot-7b")
        assert response.degraded is None
    assert [bool(tools_in(request.body)) for request in llm.requests] == [True, False, False, False, False]


def test_a_server_fault_over_a_tool_is_no_end(llm: LlmServer, model: Model) -> None:
    """llama.cpp says with status 500 that it was started without templates for tools."""
    fault = {"error": {"code": 500, "message": "tools param requires --jinja flag", "type": "server_error"}}
    llm.do(
        Reply(status=500, body=json.dumps(fault).encode()), Reply(cites("Amazon invests $5 billion now {}.", FIVE_NOW))
    )
    _, response = asked(model("openai_like", llm_retries=0, llm_passages=3))
    assert (response.answerer, response.degraded) == ("parrot-7b", None)


def test_a_refused_request_that_fails_without_tools_too_does_not_end_them(llm: LlmServer, model: Model) -> None:
    llm.do(Reply(status=400), Reply(status=400), Reply("", calls=[CALL]), Reply(FOUND))
    assistant = model("anthropic")
    _, quoted = asked(assistant)
    assert (quoted.answerer, bool(quoted.degraded)) == ("extractive", True)
    assert len(llm.requests) == 2
    searched, _ = asked(assistant)
    assert searched == QUERIES


@pytest.mark.parametrize("status", [401, 403, 429, 503])
def test_what_has_nothing_to_do_with_tools_is_not_asked_again(llm: LlmServer, model: Model, status: int) -> None:
    llm.do(Reply(status=status))
    _, response = asked(model("anthropic", llm_retries=0))
    assert response.answerer == "extractive"
    assert len(llm.requests) == 1


@pytest.mark.parametrize("provider", PROVIDERS)
def test_results_that_a_server_refuses_are_told_as_text(llm: LlmServer, model: Model, provider: Provider) -> None:
    llm.do(Reply("", calls=[CALL]), Reply(status=400), Reply(FOUND))
    _, response = asked(model(provider))
    assert (response.answerer, response.degraded) == ("parrot-7b", None)
    last = llm.requests[-1]
    assert (tools_in(last.body), calls_in(last)) == (None, [])
    assert f"SEARCH: {'; '.join(QUERIES)}" in json.dumps(last.body)


def test_a_model_that_only_calls_is_asked_three_times(llm: LlmServer, model: Model) -> None:
    texts = ("guards", "wages", "chips")
    llm.do(*(Reply("", calls=[json.dumps({"queries": [text]})]) for text in texts))
    searched, response = asked(model("openai_responses", llm_fallback=True))
    assert len(llm.requests) == 3
    assert searched == ["guards", "wages"]
    assert (response.status, response.answerer) == ("answered", "extractive")  # the reading model is sure


@pytest.mark.parametrize(
    ("arguments", "queries"),
    [
        ('{"queries": ["a b", "c"]}', ("a b", "c")),
        ('{"query": "a b"}', ("a b",)),
        ('["a", "b", "c", "d"]', ("a", "b", "c")),
        ('"a"', ("a",)),
        ('{"queries": ["a", {"b": "c"}, 4, null, ["d"]]}', ("a",)),
        ('{"queries": ["a", "a", " ", "\\u200b", "..."]}', ("a",)),
        ('{"queries": ["b \\ud800 a"]}', ("b ? a",)),
        ('{"queries": ["a", "b', ()),
        ("{}", ()),
        ("null", ()),
        ("", ()),
        ("[" * 4_000, ()),
        (json.dumps({"queries": ["x" * 3_000]}), ("x" * 200,)),
    ],
)
def test_what_a_call_asks_for(arguments: str, queries: tuple[str, ...]) -> None:
    assert queries_of(arguments) == queries


@pytest.mark.parametrize("provider", ["openai_like", "openai_responses", "anthropic", "bedrock"])
@pytest.mark.parametrize("rubbish", ["{", "{}", '{"queries": 7}', "no JSON"])
def test_a_call_for_nothing_only_says_that_something_is_lacking(
    llm: LlmServer, model: Model, provider: Provider, rubbish: str
) -> None:
    llm.do(Reply("", calls=[rubbish]), Reply(FOUND))
    searched, response = asked(model(provider))
    assert (searched, response.answerer) == ([], "parrot-7b")
    assert len(llm.requests[1].passages) > 1


@pytest.mark.parametrize("provider", ["openai_like", "openai_responses", "anthropic", "bedrock"])
@pytest.mark.parametrize("calls", [[json.dumps({"queries": ["x" * 9_000]})], [CALL] * 20], ids=["long", "many"])
def test_calls_without_an_end_are_given_up(llm: LlmServer, model: Model, provider: Provider, calls: list[str]) -> None:
    llm.do(Reply("", calls=calls))
    _, response = asked(model(provider))
    assert response.answerer == "extractive"
    assert response.degraded is not None
    assert "no end" in response.degraded


@pytest.mark.parametrize("provider", ["openai_like", "openai_responses", "anthropic", "bedrock"])
def test_a_call_that_broke_off_ends_in_quotes(llm: LlmServer, model: Model, provider: Provider) -> None:
    llm.do(replace(Reply("", calls=[CALL]), cut_after=8 if provider == "openai_responses" else 6))
    _, response = asked(model(provider))
    assert response.answerer == "extractive"
    assert response.degraded is not None


def test_an_easy_question_costs_one_call_with_tools_too(llm: LlmServer, model: Model) -> None:
    llm.say(cites("Amazon invests $5 billion now {}.", FIVE_NOW))
    _, response = asked(model("anthropic", llm_passages=3))
    assert len(llm.requests) == 1
    assert response.usage == UsageWire(prompt_tokens=123, completion_tokens=45)
