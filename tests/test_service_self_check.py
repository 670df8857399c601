"""The model that wrote an answer, asked once more which of its sentences are supported: reported apart, bounded, optional."""

import re

import pytest

from service.assistant import LocalAssistant
from service.auth.askers import OWNER
from service.schemas.api import AskRequest, AskResponse, HitsEvent, SentenceEvent, UsageWire
from tests.generative_fixtures import (
    EIGHT_BEFORE,
    FIVE_NOW,
    HARDLY,
    MADE_UP,
    QUESTION,
    Answer,
    cites,
    with_model,
)
from tests.llm_server import LlmServer, Received, Reply

WRITTEN = cites(
    "Amazon invests $5 billion immediately {}. It had invested $8 billion before {}.", FIVE_NOW, EIGHT_BEFORE
)


def verdicts(response: AskResponse) -> list[str | None]:
    return [sentence.self_check for sentence in response.sentences]


def test_each_sentence_is_judged_in_one_further_call(llm: LlmServer, answer: Answer) -> None:
    llm.do(Reply(WRITTEN), Reply("1. yes\n2. no"))
    response = answer(llm_self_check=True)
    assert verdicts(response) == ["supported", "unsupported"]
    assert [sentence.support for sentence in response.sentences] == ["verified", "verified"]
    assert response.usage == UsageWire(prompt_tokens=246, completion_tokens=90)
    written, check = llm.requests
    assert re.findall(r"<passage number=(\d)>", check.prompt) == ["1", "2"]
    for citation in response.citations:
        assert citation.quote in check.prompt
    for number, sentence in enumerate(response.sentences, start=1):
        assert f"{number}. {sentence.text} (passages: {', '.join(map(str, sentence.citations))})" in check.prompt
    assert check.body["max_tokens"] == written.body["max_tokens"]


def test_nobody_is_asked_where_it_is_off(llm: LlmServer, answer: Answer) -> None:
    llm.say(WRITTEN)
    assert verdicts(answer()) == [None, None]
    assert len(llm.requests) == 1


def test_quotes_are_not_judged(llm: LlmServer, answer: Answer) -> None:
    llm.say(MADE_UP)
    response = answer(llm_self_check=True)
    assert (response.answerer, len(llm.requests)) == ("extractive", 1)
    assert set(verdicts(response)) == {None}


def test_a_refusal_is_not_judged(llm: LlmServer, answer: Answer) -> None:
    llm.say("NO ANSWER")
    assert answer(HARDLY, llm_self_check=True).status == "no_answer"
    assert not [request for request in llm.requests if "Sentences:" in request.prompt]


def test_an_unverified_sentence_is_judged_too(llm: LlmServer, answer: Answer) -> None:
    written = cites("Amazon invests $5 billion immediately {}. Amazon paints its offices green.", FIVE_NOW)
    llm.do(Reply(written), Reply("<think>2. yes?</think>**1)** Yes, it says so.\n**2)** No."))
    response = answer(llm_self_check=True, unverified="flag")
    assert [sentence.support for sentence in response.sentences] == ["verified", "unverified"]
    assert verdicts(response) == ["supported", "unsupported"]
    assert "2. Amazon paints its offices green. (passages: any)" in llm.requests[1].prompt


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (Reply("1: yes, 2: no"), ["supported", "unsupported"]),
        (Reply("2. yes"), [None, "supported"]),
        (Reply("1. yes\n1. no\n2. yes"), [None, "supported"]),
        (Reply("7. yes\n1. perhaps\n2024: no"), [None, None]),
        (Reply("Yes."), [None, None]),
        (Reply(""), [None, None]),
        (Reply("1. yes\n2. yes " * 40_000, pieces=4_000), ["supported", "supported"]),
        (Reply(status=400), [None, None]),
        (Reply(status=503), [None, None]),
        (Reply(silent=60), [None, None]),
        (Reply("1. yes", trickle=60), [None, None]),
    ],
)
def test_whatever_it_says_the_answer_stands(
    llm: LlmServer, answer: Answer, reply: Reply, expected: list[str | None]
) -> None:
    llm.do(Reply(WRITTEN), reply)
    response = answer(llm_self_check=True, llm_retries=0, llm_first_token_seconds=3, llm_timeout_seconds=3)
    assert verdicts(response) == expected
    assert response.degraded is None
    assert len(response.citations) == 2


def test_what_does_not_fit_into_the_context_is_not_judged(llm: LlmServer, answer: Answer) -> None:
    def judges(received: Received) -> str:
        return "".join(f"{number}. yes\n" for number in range(1, 9))

    llm.do(Reply(WRITTEN), Reply(judges))
    response = answer(llm_self_check=True, llm_context_tokens=1_024, llm_passages=2)
    told = llm.requests[-1]
    assert len(f"{told.system}{told.prompt}".encode()) / 3 + told.body["max_tokens"] <= 1_024
    assert len(verdicts(response)) == 2
    assert verdicts(response)[0] == "supported"


def test_the_sentences_are_shown_before_they_are_judged(llm: LlmServer, corpus_assistant: LocalAssistant) -> None:
    llm.do(Reply(WRITTEN), Reply("1. yes\n2. yes", held_after=0))
    assistant = with_model(corpus_assistant, llm.url, llm_self_check=True)
    events = assistant.ask_events(AskRequest(question=QUESTION), OWNER)
    shown = [next(events) for _ in range(3)]
    assert [type(event) for event in shown] == [HitsEvent, SentenceEvent, SentenceEvent]
    llm.go_on.set()
    *_, response = events
    assert isinstance(response, AskResponse)
    assert verdicts(response) == ["supported", "supported"]
