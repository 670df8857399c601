"""Language models of several makers, each behind a server that speaks its protocol: streams, tokens, tries, faults."""

import re
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from index.errors import WrongUsage
from index.extras import how_to_install
from service.answer.llm.bounds import BoundedSession
from service.answer.llm.completion import completed_by_model
from service.answer.llm.deltas import AnswerFailed, Delta
from service.answer.llm.prompts import COMPLETE
from service.answer.llm.providers import ChatModel, Provider, opened_model
from service.answer.llm.streaming import Limits, deltas
from service.answer.models import Message, Usage
from tests.llm_server import LlmServer, Reply
from tests.test_index_sources_dawdling import dawdling, forever

PROVIDERS: tuple[Provider, ...] = ("openai_like", "openai_responses", "anthropic", "bedrock", "ollama")
LIMITS = Limits(first_token_seconds=60, total_seconds=120, retries=2)
_CUT_OFF = {"anthropic": "max_tokens", "openai_responses": "incomplete"}
TEXT = "Amazon invests $5 billion now [1]. “Später” 亚马逊。"


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "ACCESS_KEY_ID": "a",
        "SECRET_ACCESS_KEY": "b",
        "REGION": "eu-west-1",
        "DEFAULT_REGION": "eu-west-1",
    }.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


def model_at(llm: LlmServer, provider: Provider, *, key: str | None = "secret-key") -> ChatModel:
    base = llm.url if provider.startswith("openai") else llm.url.removesuffix("/v1")
    return ChatModel(base, "a-model-of-tomorrow", key, 10.0, 4_096, 300, provider=provider)


def heard(llm: LlmServer, provider: Provider, limits: Limits = LIMITS) -> list[Delta]:
    return list(heard_one_by_one(llm, provider, limits))


def heard_one_by_one(llm: LlmServer, provider: Provider, limits: Limits = LIMITS) -> Iterator[Delta]:
    from llama_index.core.llms import ChatMessage, MessageRole

    messages = [
        ChatMessage(role=MessageRole.SYSTEM, content="Answer."),
        ChatMessage(role=MessageRole.USER, content="How much?"),
    ]
    return deltas(opened_model(model_at(llm, provider)), messages, limits)


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_stream_comes_whole_with_its_tokens(llm: LlmServer, provider: Provider) -> None:
    llm.say(TEXT)
    said = heard(llm, provider)
    assert "".join(delta.text for delta in said) == TEXT
    assert len([delta for delta in said if delta.text]) > 3  # in pieces
    usage = [delta.usage for delta in said if delta.usage][-1]
    assert (usage.prompt_tokens, usage.completion_tokens, usage.cached_tokens or 0) == (123, 45, 0)
    assert any(delta.whole for delta in said)
    [request] = llm.requests
    assert (request.system, request.prompt) == ("Answer.", "How much?")
    assert "a-model-of-tomorrow" in request.path or request.body["model"] == "a-model-of-tomorrow"


@pytest.mark.parametrize("provider", PROVIDERS)
def test_how_much_may_be_said_is_told(llm: LlmServer, provider: Provider) -> None:
    heard(llm, provider)
    body = llm.requests[0].body
    told = {
        "openai_like": lambda: (body["max_tokens"], body["temperature"]),
        "openai_responses": lambda: (body["max_output_tokens"], body["temperature"]),
        "anthropic": lambda: (body["max_tokens"], body["temperature"]),
        "bedrock": lambda: (body["inferenceConfig"]["maxTokens"], body["inferenceConfig"]["temperature"]),
        "ollama": lambda: (body["options"]["num_predict"], body["options"]["temperature"]),
    }
    assert told[provider]() == (300, 0)


@pytest.mark.parametrize("provider", ["openai_like", "openai_responses", "anthropic", "ollama"])
def test_the_key_is_sent(llm: LlmServer, provider: Provider) -> None:
    heard(llm, provider)
    headers = {name.lower(): value for name, value in llm.requests[0].headers.items()}
    assert "secret-key" in (headers.get("authorization", "") + headers.get("x-api-key", ""))


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("status", [429, 500, 503])
def test_what_may_pass_is_tried_again(llm: LlmServer, provider: Provider, status: int) -> None:
    llm.do(Reply(status=status), Reply(status=status), Reply(TEXT))
    assert "".join(delta.text for delta in heard(llm, provider)) == TEXT
    assert len(llm.requests) == 3


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("status", [400, 401, 403, 404])
def test_what_will_not_pass_is_not_tried_again(llm: LlmServer, provider: Provider, status: int) -> None:
    llm.do(Reply(status=status))
    with pytest.raises(Exception, match=r".") as raised:
        heard(llm, provider)
    assert len(llm.requests) == 1
    assert not isinstance(raised.value, TimeoutError)


@pytest.mark.parametrize("provider", PROVIDERS)
def test_what_was_begun_is_not_said_again(llm: LlmServer, provider: Provider) -> None:
    llm.do(Reply(TEXT, cut=True))
    said: list[Delta] = []
    with suppress(Exception):  # how a cut shows differs from maker to maker
        said = heard(llm, provider)
    assert not any(delta.whole for delta in said)
    assert len(llm.requests) == 1


@pytest.mark.parametrize("provider", ["openai_like", "openai_responses", "anthropic", "ollama"])
def test_an_answer_that_broke_off_is_not_whole(llm: LlmServer, provider: Provider) -> None:
    llm.do(Reply(TEXT, finish=_CUT_OFF.get(provider, "length")))
    said = heard(llm, provider)
    assert "".join(delta.text for delta in said) == TEXT
    assert not any(delta.whole for delta in said)


@pytest.mark.parametrize(
    ("provider", "slow"),
    [
        *[pytest.param(provider, Reply(silent=900), id=f"{provider}, silent") for provider in PROVIDERS],
        # A blank is no event with the others.
        *[pytest.param(provider, Reply(trickle=900), id=f"{provider}, blanks") for provider in PROVIDERS[:3]],
    ],
)
def test_the_first_word_is_not_waited_for_for_ever(llm: LlmServer, provider: Provider, slow: Reply) -> None:
    llm.do(slow)
    with pytest.raises(TimeoutError, match=r"no word after 0\.3 s"):
        heard(llm, provider, Limits(0.3, 10, 2))


@pytest.mark.parametrize("provider", PROVIDERS)
def test_the_last_word_is_not_waited_for_for_ever(
    llm: LlmServer, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 0.0
    monkeypatch.setattr("service.answer.llm.streaming.monotonic", lambda: now)
    llm.do(Reply("word " * 500, pieces=5, held_after=20))
    stream = heard_one_by_one(llm, provider)
    assert any(delta.text for delta in stream)
    now = LIMITS.total_seconds
    with pytest.raises(TimeoutError, match="no end after 120 s"):
        list(stream)


@pytest.mark.parametrize("wait", ["0.2", "700"])
def test_a_server_is_given_the_time_that_it_asks_for(llm: LlmServer, wait: str) -> None:
    llm.do(Reply(status=429, headers={"Retry-After": wait}), Reply(TEXT))
    started = time.monotonic()
    if wait == "700":  # more than there is for the first word
        with pytest.raises(Exception, match="429"):
            heard(llm, "openai_like")
        assert len(llm.requests) == 1
    else:
        assert heard(llm, "openai_like")
        assert time.monotonic() - started >= 0.2


@pytest.mark.parametrize("provider", PROVIDERS)
def test_whoever_stops_listening_closes_the_connection(llm: LlmServer, provider: Provider) -> None:
    from llama_index.core.llms import ChatMessage

    llm.do(Reply("word " * 2_000, pieces=5, pause=0.01))
    stream = deltas(opened_model(model_at(llm, provider)), [ChatMessage(content="How much?")], LIMITS)
    assert isinstance(next(stream), Delta)
    stream.close()
    assert llm.hung_up.wait(60)


def test_no_thread_outlives_its_question(llm: LlmServer) -> None:
    before = threading.active_count()
    for _ in range(5):
        heard(llm, "openai_like")
    deadline = time.monotonic() + 60
    while threading.active_count() > before + 1 and time.monotonic() < deadline:  # one more serves the last request
        time.sleep(0.02)
    assert threading.active_count() <= before + 1


@pytest.mark.parametrize("provider", PROVIDERS)
def test_thoughts_are_not_said_but_end_the_wait_for_the_first_word(
    llm: LlmServer, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 0.0
    monkeypatch.setattr("service.answer.llm.streaming.monotonic", lambda: now)
    llm.do(Reply(TEXT, thoughts=["It is ", "Amazon [9]. " * 9], pieces=5, held_after=5))
    stream = heard_one_by_one(llm, provider)
    thought = next(delta for delta in stream if delta.thinking)
    now = LIMITS.first_token_seconds + 1
    llm.go_on.set()
    said = [thought, *stream]
    assert "".join(delta.text for delta in said) == TEXT
    assert "It is Amazon [9]." in "".join(delta.thought for delta in said)
    assert any(delta.whole for delta in said)


def test_a_model_that_does_not_show_its_thoughts_is_not_taken_for_one_that_hangs(
    llm: LlmServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 0.0
    monkeypatch.setattr("service.answer.llm.streaming.monotonic", lambda: now)
    llm.do(Reply(TEXT, thoughts=[""], held_after=3))
    stream = heard_one_by_one(llm, "openai_responses")
    assert any(delta.thinking for delta in stream)
    now = LIMITS.first_token_seconds + 1
    llm.go_on.set()
    assert "".join(delta.text for delta in stream) == TEXT


@pytest.mark.parametrize("provider", ["openai_like", "openai_responses", "anthropic", "bedrock"])
def test_tokens_of_a_cache_are_told_and_counted_once(llm: LlmServer, provider: Provider) -> None:
    llm.do(Reply(TEXT, cached=100))
    assert [delta.usage for delta in heard(llm, provider) if delta.usage][-1] == Usage(123, 45, 100)


def marks(body: object) -> list[str]:
    """Return the text of each block of a request that is marked to be cached."""
    if isinstance(body, dict):
        here = [str(body["text"])] if "cache_control" in body else []
        return here + [mark for value in body.values() for mark in marks(value)]
    if isinstance(body, list):
        points = [
            str(body[at - 1]["text"]) for at, block in enumerate(body) if block == {"cachePoint": {"type": "default"}}
        ]
        return points + [mark for value in body for mark in marks(value)]
    return []


@pytest.mark.parametrize("provider", ["anthropic", "bedrock"])
def test_what_will_come_again_is_marked_to_be_cached(llm: LlmServer, provider: Provider) -> None:
    from llama_index.core.llms import ChatMessage, MessageRole

    name = {"anthropic": "a-model-of-tomorrow", "bedrock": "eu.anthropic.claude-sonnet-4-20250514-v1:0"}[provider]
    model = opened_model(replace(model_at(llm, provider), name=name))
    asked = [
        ChatMessage(role=MessageRole.SYSTEM, content="Answer."),
        ChatMessage(role=MessageRole.USER, content="How much?"),
    ]
    more = [ChatMessage(role=MessageRole.ASSISTANT, content="Search."), ChatMessage(content="Found.")]
    for messages in (asked, [*asked, *more]):
        assert "".join(delta.text for delta in deltas(model, messages, LIMITS)) == "Fine."
    once, again = llm.requests
    assert (once.system, again.system) == ("Answer.", "Answer.")
    assert marks(once.body) == ["Answer."]
    assert sorted(marks(again.body)) == ["Answer.", "Found."]
    assert [message.content for message in more] == ["Search.", "Found."]


def test_a_model_that_cannot_cache_is_sent_no_mark(llm: LlmServer) -> None:
    heard(llm, "bedrock")
    assert marks(llm.requests[0].body) == []


@pytest.mark.parametrize("provider", [provider for provider in PROVIDERS if provider != "bedrock"])
@pytest.mark.parametrize(
    ("head", "piece"),
    [(b"HTTP/1.1 200 OK\r\n", b"X-Line: 1\r\n"), (b"HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n", b"x")],
    ids=["head", "body"],
)
def test_a_server_without_an_end_is_left_when_nobody_waits(provider: Provider, head: bytes, piece: bytes) -> None:
    """Each question would otherwise leave a thread and a connection behind."""
    left = threading.Event()

    def answer(request: bytes) -> Iterator[bytes]:
        try:
            yield head
            yield from forever(piece)
        finally:
            left.set()

    from llama_index.core.llms import ChatMessage

    with dawdling(answer) as address:
        model = opened_model(ChatModel(f"http://{address}", "m", "k", 60.0, 4_096, 300, provider=provider))
        with pytest.raises(TimeoutError):
            list(deltas(model, [ChatMessage(content="How much?")], Limits(0.3, 0.3, retries=0)))
        assert left.wait(60)


@pytest.mark.parametrize("reply", [Reply(TEXT * 100), Reply(status=500, body=b"x" * 5_000)], ids=["answer", "error"])
@pytest.mark.parametrize("seconds", [10.0, -1.0])
def test_what_bedrock_sends_is_bounded_in_size_and_time(
    llm: LlmServer, monkeypatch: pytest.MonkeyPatch, reply: Reply, seconds: float
) -> None:
    """botocore, its client, bounds neither."""
    monkeypatch.setattr("service.answer.llm.bounds._MOST_BYTES", 4_000 if seconds > 0 else 64_000_000)
    session = partial(BoundedSession, seconds=seconds)
    monkeypatch.setattr("service.answer.llm.providers.BoundedSession", lambda inner, _: session(inner))
    llm.do(reply)
    with pytest.raises(AnswerFailed, match="too long" if seconds > 0 else "took too long"):
        heard(llm, "bedrock", replace(LIMITS, retries=0))


def test_a_stream_that_fails_before_a_word_is_tried_again(llm: LlmServer) -> None:
    llm.do(Reply("", finish="failed"), Reply(TEXT))
    assert "".join(delta.text for delta in heard(llm, "openai_responses")) == TEXT
    llm.do(Reply(TEXT, finish="failed"))
    llm.requests.clear()
    with pytest.raises(AnswerFailed, match="server_error: scripted fault"):
        heard(llm, "openai_responses")
    assert len(llm.requests) == 1


def test_a_model_that_thinks_is_sent_no_temperature(llm: LlmServer) -> None:
    from llama_index.core.llms import ChatMessage

    model = replace(model_at(llm, "openai_responses"), reasoning="low")
    list(deltas(opened_model(model), [ChatMessage(content="How much?")], LIMITS))
    body = llm.requests[0].body
    assert (body["reasoning"], body["max_output_tokens"]) == ({"effort": "low"}, 4_096)
    assert not {"temperature", "top_p"} & set(body)
    assert body["store"] is False


def test_the_key_of_the_environment_goes_to_its_maker_alone(monkeypatch: pytest.MonkeyPatch, llm: LlmServer) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "of-the-environment")
    from llama_index.core.llms import ChatMessage

    model = opened_model(model_at(llm, "openai_responses", key=None))
    list(deltas(model, [ChatMessage(content="How much?")], LIMITS))
    assert "of-the-environment" not in str(llm.requests[0].headers)
    monkeypatch.setenv("OPENAI_BASE_URL", "https://elsewhere.example/v1")
    own: Any = opened_model(replace(model_at(llm, "openai_responses", key=None), base_url=None))
    assert (own.api_base, own.api_key) == ("https://api.openai.com/v1", "of-the-environment")


@pytest.mark.parametrize("provider", ["anthropic", "bedrock", "ollama"])
def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch, llm: LlmServer, provider: Provider) -> None:
    package = {"bedrock": "bedrock_converse"}.get(provider, provider)
    monkeypatch.setitem(sys.modules, f"llama_index.llms.{package}", None)
    with pytest.raises(WrongUsage, match=re.escape(f"Install it with: {how_to_install(provider)}")):
        opened_model(model_at(llm, provider))


def test_what_a_provider_lacks_is_named(monkeypatch: pytest.MonkeyPatch, llm: LlmServer) -> None:
    monkeypatch.delenv("ANTHROPIC_API_KEY", raising=False)
    with pytest.raises(WrongUsage, match="FOOTNOTE_LLM_API_KEY"):
        opened_model(model_at(llm, "anthropic", key=None))
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with pytest.raises(WrongUsage, match="FOOTNOTE_LLM_API_KEY"):
        opened_model(replace(model_at(llm, "openai_responses", key=None), base_url=None))
    monkeypatch.delenv("AWS_REGION")
    monkeypatch.delenv("AWS_DEFAULT_REGION", raising=False)
    with pytest.raises(WrongUsage, match="AWS_REGION"):
        opened_model(model_at(llm, "bedrock"))


HISTORY = (
    Message("user", "How much did Amazon invest in Anthropic?"),
    Message("assistant", "Amazon invests $5 billion in Anthropic."),
)


def completed(llm: LlmServer, question: str = "And when?") -> str | None:
    return completed_by_model(opened_model(model_at(llm, "openai_like")), question, HISTORY, limits=LIMITS)


def test_a_question_is_completed_from_the_conversation(llm: LlmServer) -> None:
    llm.say("<think>It is Amazon.</think>\n“When does Amazon invest $5 billion in Anthropic?”\n")
    assert completed(llm) == "When does Amazon invest $5 billion in Anthropic?"
    [request] = llm.requests
    assert request.system == COMPLETE
    assert "Amazon invests $5 billion in Anthropic." in request.prompt
    assert request.prompt.endswith("Last question: And when?")


@pytest.mark.parametrize(
    "reply",
    [
        pytest.param(Reply(status=400), id="400"),
        pytest.param(Reply(""), id="nothing"),
        pytest.param(Reply("When does Google invest in Anthropic?"), id="a name from nowhere"),
        pytest.param(Reply("And when is it?"), id="nothing more"),
        pytest.param(Reply("Amazon invests $5 billion in Anthropic."), id="no question"),
        pytest.param(Reply("When does Amazon invest $7 billion?"), id="a figure from nowhere"),
        pytest.param(Reply("I'm sorry, I cannot help with that."), id="declined"),
        pytest.param(Reply("When does Amazon invest? " * 30), id="long"),
        pytest.param(Reply("<think>When", cut=True), id="cut"),
    ],
)
def test_a_completion_that_cannot_be_used_is_none(llm: LlmServer, reply: Reply) -> None:
    llm.do(reply)
    assert completed(llm) is None


def test_a_completion_that_drops_what_was_asked_is_none(llm: LlmServer) -> None:
    llm.say("How much did Amazon invest in Anthropic?")
    assert completed(llm, "Who negotiated the contract?") is None
    llm.say("Who negotiated Amazon's contract with Anthropic?")
    assert completed(llm, "Who negotiated the contract?") == "Who negotiated Amazon's contract with Anthropic?"
