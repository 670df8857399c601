"""A language model that lacks something: it searches again, is asked once more before a refusal, and is always bounded."""

import re
from pathlib import Path

import pytest

from service.answer.llm.prompts import CANNOT_ANSWER, question_prompt
from service.answer.llm.searches import without_searches
from service.assistant import LocalAssistant
from service.auth.askers import ANYONE, OWNER
from service.schemas.api import AskEvent, AskRequest, AskResponse, SearchingEvent, SentenceEvent, UsageWire
from tests.generative_fixtures import (
    EIGHT_BEFORE,
    FIVE_NOW,
    HARDLY,
    QUESTION,
    TWENTY_LATER,
    Answer,
    cites,
    quotes,
    with_model,
)
from tests.llm_server import LlmServer, Reply
from tests.service_fixtures import ask, assistant_over, index_into, settings_for, write

QUAY = "The ferry to the island leaves every hour from the east quay."
PARKING = "Cars are parked for 31 euros a day at the north gate."
ARTICLES = {
    "ferry.txt": f"The ferry\n\n{QUAY} It takes forty minutes to get there.",
    "parking.txt": f"Parking\n\n{PARKING} The gate is closed at night.",
    "board.md": "---\ntitle: Board\ngroups: [board]\n---\nIn secret the board parks for free at the north gate.",
}
FERRY_AND_CAR = "Where does the ferry to the island leave?"
WRITTEN = cites("Amazon invests $5 billion immediately {}.", FIVE_NOW)


def test_what_a_model_searches_for_is_shown_to_it_and_cited(llm: LlmServer, corpus_assistant: LocalAssistant) -> None:
    """With one passage at first, what it searches for is numbered on."""
    request = "SEARCH: Amazon already invested $8 billion; Amazon plans to add $20 billion later"
    llm.do(Reply(request), Reply(cites("It had invested $8 billion before {}.", EIGHT_BEFORE)))
    assistant = with_model(corpus_assistant, llm.url, llm_passages=1)
    *events, response = assistant.ask_events(AskRequest(question=QUESTION, include_hits=True), OWNER)
    first, second = llm.requests
    assert (len(first.passages), len(second.passages)) == (1, 4)
    assert second.passages[0] == first.passages[0]
    assert second.body["messages"][:2] == first.body["messages"]  # a provider that keeps prompts reads these once
    assert kinds(events) == ["hits", "searching", "sentence"]
    [searching] = [event for event in events if isinstance(event, SearchingEvent)]
    assert searching.queries == ["Amazon already invested $8 billion", "Amazon plans to add $20 billion later"]
    assert isinstance(response, AskResponse)
    assert response.answerer == "parrot-7b"
    assert quotes(response)[0].startswith(EIGHT_BEFORE)
    assert response.usage == UsageWire(prompt_tokens=246, completion_tokens=90)
    assert {citation.passage_id for citation in response.citations} <= {hit.passage_id for hit in response.hits or ()}


def test_it_may_search_in_the_middle_of_its_answer(llm: LlmServer, answer: Answer) -> None:
    begun = cites("Amazon invests $5 billion immediately {}. The rest is SEARCH: what Amazon adds later", FIVE_NOW)
    llm.do(
        Reply(begun), Reply("Amazon invests $5 billion immediately. Amazon plans to add as much as $20 billion later.")
    )
    response = answer()
    assert [sentence.text for sentence in response.sentences] == [
        "Amazon invests $5 billion immediately.",
        "Amazon plans to add as much as $20 billion later.",
    ]
    assert TWENTY_LATER in " ".join(quotes(response, 1))


def test_a_model_that_only_searches_is_asked_three_times(llm: LlmServer, answer: Answer) -> None:
    llm.do(
        Reply("SEARCH: night guards; wages; pay; guards of a warehouse; much else"),
        Reply("SEARCH: investments in companies; chips for training"),
        Reply("SEARCH: night guards"),
    )
    response = answer(HARDLY)
    assert len(llm.requests) == 3
    assert (response.status, response.answerer) == ("no_answer", "parrot-7b")


def test_an_easy_question_costs_one_call(llm: LlmServer, answer: Answer) -> None:
    llm.say("Amazon announced an immediate investment of $5 billion in Anthropic.")
    response = answer()
    assert len(llm.requests) == 1
    assert FIVE_NOW in quotes(response)[0]


@pytest.mark.parametrize(
    "declined", [CANNOT_ANSWER, "The passages do not mention it.", "SEARCH:", question_prompt("", "text")]
)
def test_no_answer_counts_only_after_other_passages(llm: LlmServer, answer: Answer, declined: str) -> None:
    llm.do(Reply(declined), Reply(CANNOT_ANSWER))
    assert answer(HARDLY).status == "no_answer"
    first, second = llm.requests
    assert len(second.passages) > len(first.passages)
    assert CANNOT_ANSWER not in first.prompt  # words that are held ready are taken


def test_a_model_is_shown_the_likely_sentence_before_its_no_answer_counts(llm: LlmServer, answer: Answer) -> None:
    llm.do(Reply(CANNOT_ANSWER), Reply("Amazon announced an immediate investment of $5 billion in Anthropic."))
    response = answer()
    first, second = llm.requests
    [likely] = re.findall("Does this answer it\\? “(.*)”\n", second.prompt)
    assert any(likely in text for _, text in first.passages)
    assert (response.status, response.answerer) == ("answered", "parrot-7b")


def test_where_the_reading_model_is_sure_the_articles_are_quoted(llm: LlmServer, answer: Answer) -> None:
    llm.say(CANNOT_ANSWER)
    response = answer()
    assert (response.status, response.answerer) == ("answered", "extractive")
    assert "found no answer" in (response.degraded or "")
    assert "$5 billion" in response.text


def test_whoever_leaves_during_a_further_search_stops_the_model(
    llm: LlmServer, corpus_assistant: LocalAssistant
) -> None:
    later = cites("Amazon invests $5 billion immediately {}. " + "And so on and on. " * 600, FIVE_NOW)
    llm.do(Reply("SEARCH: more"), Reply(later, held_after=20, pause=0.01))
    happening = with_model(corpus_assistant, llm.url).ask_events(AskRequest(question=QUESTION), OWNER)
    assert kinds([next(happening) for _ in range(3)]) == ["hits", "searching", "sentence"]
    happening.close()
    llm.go_on.set()
    assert llm.hung_up.wait(60)


def test_the_time_is_for_all_calls_together(llm: LlmServer, answer: Answer) -> None:
    llm.do(Reply("SEARCH: more"), Reply(silent=900.0))
    response = answer(llm_timeout_seconds=3.0)
    assert (response.status, response.answerer) == ("answered", "extractive")
    assert "took too long" in (response.degraded or "")


def test_a_search_finds_only_what_the_asker_may_read(llm: LlmServer, tmp_path: Path) -> None:
    llm.do(
        Reply("SEARCH: secret board parking for free; north gate"),
        Reply("Cars are parked for 31 euros a day at the north gate."),
    )
    with assistant_over(settings_for(tmp_path / "data")) as assistant:
        index_into(assistant, write(tmp_path / "articles", ARTICLES))
        asked = with_model(assistant, llm.url, llm_passages=1)
        response = asked.ask(AskRequest(question=FERRY_AND_CAR), ANYONE)
    assert PARKING in llm.requests[1].prompt
    assert not any("secret" in text for request in llm.requests for _, text in request.passages)
    assert [citation.article_id for citation in response.citations] == ["parking"]


@pytest.mark.parametrize("bare", ["Every hour.", "From the east quay."])
def test_a_bare_answer_is_checked_with_its_question(llm: LlmServer, tmp_path: Path, bare: str) -> None:
    llm.say(bare)
    with assistant_over(settings_for(tmp_path / "data")) as assistant:
        index_into(assistant, write(tmp_path / "articles", ARTICLES))
        response = ask(with_model(assistant, llm.url), "How often does the ferry to the island leave, and where?")
    assert (response.answerer, response.sentences[0].text) == ("parrot-7b", bare)
    assert quotes(response)[0] == QUAY


@pytest.mark.parametrize("bare", ["Every two hours.", "From the west quay.", "Yes."])
def test_a_bare_answer_that_no_article_holds_is_not_shown(llm: LlmServer, tmp_path: Path, bare: str) -> None:
    llm.say(bare)
    with assistant_over(settings_for(tmp_path / "data")) as assistant:
        index_into(assistant, write(tmp_path / "articles", ARTICLES))
        response = ask(with_model(assistant, llm.url), "How often does the ferry to the island leave, and where?")
    assert response.answerer == "extractive"
    assert bare not in response.text


@pytest.mark.parametrize(
    ("text", "said", "queries"),
    [
        ("SEARCH: a b; c", "", ("a b", "c")),
        ("search: a b", "", ("a b",)),
        ("**SEARCH:** “a b”", "**", ("a b",)),
        ("**SEARCH**: a b.", "**", ("a b",)),
        ("SEARCH：甲乙；丙", "", ("甲乙", "丙")),
        ("SEARCH:\n- a b\n- c d\n\nThe answer is 5.", "", ("a b", "c d")),
        ("SEARCH: 1. a b\nSEARCH: 2. c d", "", ("a b", "c d")),
        ("SEARCH: a; a; b; c; d", "", ("a", "b", "c")),
        ("SEARCH: other words to look for", "", ()),
        ("SEARCH: …", "", ()),
        ("It is five. SEARCH: a b", "It is five. ", ("a b",)),
        ("It is five.\nSearch: a b", "It is five.\n", ("a b",)),
    ],
)
def test_how_models_ask_for_a_search(text: str, said: str, queries: tuple[str, ...]) -> None:
    found: list[tuple[str, ...]] = []
    assert "".join(without_searches(list(text), found)) == said
    assert found == [queries]


@pytest.mark.parametrize(
    "text", ["To search: press F.", "The search is on.", "Research: it was five.", "SEARCH", "Sea", "s"]
)
def test_what_is_no_request_for_a_search(text: str) -> None:
    found: list[tuple[str, ...]] = []
    assert "".join(without_searches(list(text), found)) == text
    assert found == []


def kinds(events: list[AskEvent]) -> list[str]:
    names = {SearchingEvent: "searching", SentenceEvent: "sentence", AskResponse: "answer"}
    return [names.get(type(event), "hits") for event in events]


@pytest.mark.parametrize(
    ("reply", "status"),
    [
        (Reply("No."), "no_answer"),
        (Reply("**No**, they say nothing of guards."), "no_answer"),
        (Reply("Yes, exactly."), "answered"),
        (Reply("My verdict: yes."), "answered"),
        (Reply("Answer: No"), "no_answer"),
        (Reply("Nobody can tell."), "no_answer"),
        (Reply("Nein."), "no_answer"),
        (Reply(status=500), "no_answer"),
    ],
)
def test_an_answer_that_the_reading_model_does_not_expect_is_confirmed(
    llm: LlmServer, answer: Answer, reply: Reply, status: str
) -> None:
    """Where the model fails or says neither yes nor no, it is not confirmed."""
    llm.do(Reply(WRITTEN), reply)
    response = answer(HARDLY, llm_retries=0)
    assert response.status == status
    assert len(llm.requests) == 2
    assert FIVE_NOW in llm.requests[1].prompt
    assert HARDLY in llm.requests[1].prompt


def test_nothing_is_shown_before_it_is_confirmed(llm: LlmServer, corpus_assistant: LocalAssistant) -> None:
    llm.do(Reply(WRITTEN), Reply("No."))
    events = list(with_model(corpus_assistant, llm.url).ask_events(AskRequest(question=HARDLY), OWNER))
    assert not [event for event in events if isinstance(event, SentenceEvent)]
    assert isinstance(events[-1], AskResponse)
    assert events[-1].usage == UsageWire(prompt_tokens=246, completion_tokens=90)


def test_an_answer_is_not_confirmed_where_the_reading_model_is_sure_or_nothing_is_refused(
    llm: LlmServer, answer: Answer
) -> None:
    llm.do(Reply(WRITTEN))
    assert answer(QUESTION).status == "answered"
    llm.do(Reply(WRITTEN))
    assert answer(HARDLY, refusals=False).status == "answered"
    assert len(llm.requests) == 2
