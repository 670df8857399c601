"""What the tests of answers by a language model share: a real client against a real server. A plugin of `conftest.py`."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from service.answer.llm.generative import writer_from
from service.assistant import LocalAssistant
from service.schemas.api import (
    AskResponse,
)
from tests.llm_server import LlmServer, Received, Reply, llm_server
from tests.service_fixtures import ask, settings_for

QUESTION = "How much will Amazon invest in Anthropic right away?"
HARDLY = "How much does Amazon pay its night guards?"  # the articles come near, and the reading model is not sure
FIVE_NOW = "an immediate investment of $5 billion in Anthropic"
EIGHT_BEFORE = "Amazon had already invested $8 billion in Anthropic"
TWENTY_LATER = "Amazon plans to add as much as $20 billion later"
MADE_UP = "Amazon invests $7 trillion [1]."
SECONDS = 0.6  # that the model may take, where a test waits for it to take longer
Answer = Callable[..., AskResponse]


@pytest.fixture
def llm() -> Iterator[LlmServer]:
    """A language model's server."""
    with llm_server() as server:
        yield server


@pytest.fixture
def answer(llm: LlmServer, corpus_assistant: LocalAssistant) -> Answer:
    """Ask the shipped articles with a language model behind; the answer is checked for what always holds."""

    def answered(question: str = QUESTION, **changes: object) -> AskResponse:
        return ask(with_model(corpus_assistant, llm.url, **changes), question)

    return answered


def with_model(assistant: LocalAssistant, url: str, **changes: object) -> LocalAssistant:
    """Return the assistant with this model. Quotes below what it says only where a test asks for them."""
    fields = {
        "llm_provider": "openai_like",
        "llm_base_url": url,
        "llm_model": "parrot-7b",
        "llm_quotes": False,
        **changes,
    }
    settings = settings_for(assistant.settings.data_dir, **fields)
    return replace(assistant, settings=settings, writer=writer_from(settings))


def cites(words: str, *places: str, form: str = "[{}]") -> Callable[[Received], str]:
    """Return a reply that fills in the numbers of the passages which hold these words: "{}" stands for one each."""

    def reply(received: Received) -> str:
        return words.format(*(form.format(received.number_of(place)) for place in places))

    return reply


def quotes(response: AskResponse, sentence: int = 0) -> list[str]:
    numbered = {citation.number: citation.quote for citation in response.citations}
    return [numbered[number] for number in response.sentences[sentence].citations]


def faults(llm: LlmServer, answer: Answer, *replies: Reply, **changes: object) -> AskResponse:
    """Ask a model that fails; the articles must be quoted in its place, and the answer says so."""
    llm.do(*replies)
    response = answer(**changes)
    assert (response.status, response.answerer) == ("answered", "extractive")
    assert response.degraded
    assert response.citations
    assert all(sentence.citations and sentence.support == "verified" for sentence in response.sentences)
    return response
