"""A language model that fails in any way: the articles are quoted in its place, soon, and the answer says why."""

import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import count
from typing import Any

import pytest

from index.errors import LanguageModelFailed
from service.assistant import LocalAssistant
from service.schemas.api import (
    UsageWire,
)
from tests.generative_fixtures import FIVE_NOW, QUESTION, SECONDS, Answer, cites, faults, with_model
from tests.llm_server import LlmServer, Reply, free_port
from tests.service_fixtures import ask


@pytest.mark.parametrize(
    "reply",
    [
        pytest.param(Reply(status=500), id="500"),
        pytest.param(Reply(status=503), id="503"),
        pytest.param(Reply(status=401), id="401"),
        pytest.param(Reply(status=404), id="404"),
        pytest.param(Reply(status=429), id="429"),
        pytest.param(Reply(status=429, headers={"Retry-After": "30"}), id="429 in 30 s"),
        pytest.param(Reply(cut=True), id="cut"),
        pytest.param(Reply(body=b""), id="no body"),
        pytest.param(Reply(body=b"{not json"), id="not JSON"),
        pytest.param(Reply(body=b"<html>Log in</html>", headers={"Content-Type": "text/html"}), id="HTML"),
        pytest.param(Reply(body=b"[1, 2]"), id="another shape"),
        pytest.param(Reply(body=b'{"error": {"message": "overloaded"}}'), id="error as 200"),
        pytest.param(Reply(body=b'{"id": "x", "choices": []}'), id="no choices"),
        pytest.param(Reply(body=b'{"choices": [{"message": null}]}'), id="no message"),
        pytest.param(Reply(""), id="empty"),
        pytest.param(Reply(" \n "), id="blank"),
        pytest.param(Reply(None), id="null"),
        pytest.param(Reply("[1]"), id="a marker alone"),
        pytest.param(Reply("That is a great deal of money."), id="nothing cited"),
        pytest.param(Reply("Amazon invests $7 trillion [1]."), id="nothing verified"),
        pytest.param(Reply("\ud800 [1]"), id="half a surrogate pair"),
        pytest.param(Reply("and so on " * 100_000, pieces=1_000), id="no full stop"),
        pytest.param(Reply("andsoon" * 100_000, pieces=700_000), id="no blank, at once"),
        pytest.param(Reply("<think>" + "so it goes. " * 50_000, pieces=1_000), id="thinks for ever"),
        pytest.param(Reply(headers={"Content-Encoding": "gzip"}, body=b"\x1f\x8b"), id="compressed"),
    ],
)
def test_a_fault_of_the_model_ends_in_quotes_of_the_articles(llm: LlmServer, answer: Answer, reply: Reply) -> None:
    faults(llm, answer, reply)
    passing = reply.status in (429, 500, 503) and not reply.headers
    assert len(llm.requests) == (3 if passing else 1)


def test_a_model_that_counts_no_tokens_is_fine(llm: LlmServer, answer: Answer) -> None:
    llm.do(Reply(cites("Amazon invests $5 billion immediately {}.", FIVE_NOW), usage=None))
    response = answer()
    assert (response.answerer, response.usage) == ("parrot-7b", None)


def test_tokens_are_counted_also_for_what_could_not_be_used(llm: LlmServer, answer: Answer) -> None:
    response = faults(llm, answer, Reply("That is a great deal of money."))
    assert response.usage == UsageWire(prompt_tokens=123, completion_tokens=45)


@pytest.mark.parametrize("slow", [Reply(silent=900.0), Reply(trickle=900.0)], ids=["silent", "a blank now and then"])
def test_a_slow_model_is_given_up(llm: LlmServer, answer: Answer, slow: Reply) -> None:
    faults(llm, answer, slow, llm_timeout_seconds=SECONDS)


def test_a_model_that_is_slow_but_not_too_slow_is_waited_for(llm: LlmServer, answer: Answer) -> None:
    llm.do(Reply(cites("Amazon invests $5 billion immediately {}.", FIVE_NOW), silent=0.2, trickle=0.2))
    assert answer(llm_timeout_seconds=120.0).answerer == "parrot-7b"


def test_a_server_that_is_not_there(llm: LlmServer, answer: Answer) -> None:
    response = answer(llm_base_url=f"http://127.0.0.1:{free_port()}/v1")
    assert response.answerer == "extractive"
    assert "APIConnectionError" in (response.degraded or "")


@contextmanager
def a_server_that_hangs_up() -> Iterator[str]:
    """Accept connections and close each without a word."""
    with socket.create_server(("127.0.0.1", 0)) as listening, ExitStack() as stack:

        def hang_up() -> None:
            try:
                while True:
                    listening.accept()[0].close()
            except OSError:
                return  # closed: the test is over

        thread = threading.Thread(target=hang_up)
        thread.start()
        stack.callback(thread.join)
        stack.callback(listening.shutdown, socket.SHUT_RDWR)
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/v1"


def test_a_server_that_hangs_up(answer: Answer) -> None:
    with a_server_that_hangs_up() as url:
        response = answer(llm_base_url=url)
    assert response.answerer == "extractive"
    assert response.degraded


def test_after_a_fault_the_next_question_is_answered_by_the_model(
    llm: LlmServer, corpus_assistant: LocalAssistant
) -> None:
    assistant = with_model(corpus_assistant, llm.url)
    llm.do(Reply(status=400), Reply(cites("Amazon invests $5 billion immediately {}.", FIVE_NOW)))
    assert [ask(assistant, QUESTION).answerer for _ in range(2)] == ["extractive", "parrot-7b"]


@pytest.mark.parametrize(
    "change",
    [{"cut_after": 14}, {"finish": "length"}, {"cut_after": 14, "pause": 0.01}],
    ids=["cut", "length", "cut slowly"],
)
def test_what_held_stays_when_the_model_breaks_off(llm: LlmServer, answer: Answer, change: dict[str, Any]) -> None:
    llm.do(
        Reply(
            cites("Amazon invests $5 billion immediately {}. It had invested $8 billion before and", FIVE_NOW), **change
        )
    )
    response = answer()
    assert response.text == "Amazon invests $5 billion immediately. [1]"
    assert response.answerer == "parrot-7b"
    assert "not complete" in (response.degraded or "")


def test_a_model_that_sends_faster_than_it_is_read_is_given_up_in_time(llm: LlmServer, answer: Answer) -> None:
    """Sentences that are checked one by one take longer than they take to arrive, and the time runs meanwhile."""
    answer(llm_timeout_seconds=30.0)
    llm.do(Reply("It may be so or not " * 400_000, pieces=200))
    response = answer(llm_timeout_seconds=SECONDS)
    assert response.answerer == "extractive"
    assert response.degraded
    assert llm.hung_up.wait(30)  # and what is still sent is read no further


def test_what_held_stays_when_the_time_is_up(llm: LlmServer, answer: Answer, monkeypatch: pytest.MonkeyPatch) -> None:
    looks = count()  # at the clock, one for each piece that is waited for: after 20 of them the time is up
    monkeypatch.setattr("service.answer.llm.streaming.monotonic", lambda: 0.0 if next(looks) < 20 else 1_000.0)
    said = cites("Amazon invests $5 billion immediately {}. " + "So it goes on. " * 99, FIVE_NOW)
    llm.do(Reply(said, held_after=40))
    response = answer(llm_timeout_seconds=120)
    assert response.sentences[0].support == "verified"
    assert "took too long (no end after 120 s)" in (response.degraded or "")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("I'm sorry, but I cannot help with that.", "declined"),
        ("As an AI language model, I have no opinion.", "declined"),
        ("Amazon investiert sofort 5 Milliarden Dollar in Anthropic, heißt es dort.", "language of the question"),
        ("亚马逊将立即投资五十亿美元。", "language of the question"),
        ("<think>I should say five.", "answered nothing"),
        ("xk zq " * 300, "language of the question"),
        ("xk zq " * 400, "came to no end"),
        ("…", "answered nothing"),
    ],
)
def test_why_an_answer_was_quoted_is_said(llm: LlmServer, answer: Answer, text: str, why: str) -> None:
    assert why in (faults(llm, answer, Reply(text)).degraded or "")


def test_without_fallback_a_fault_is_an_error(llm: LlmServer, answer: Answer) -> None:
    llm.do(Reply(status=400))
    with pytest.raises(LanguageModelFailed, match=r"BadRequestError.*FOOTNOTE_LLM_FALLBACK"):
        answer(llm_fallback=False)
    llm.say("Amazon invests $7 trillion [1].")
    with pytest.raises(LanguageModelFailed, match="verified"):
        answer(llm_fallback=False)
