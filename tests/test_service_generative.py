"""Answers worded by a language model: a real client against a real server, over the real index of the shipped articles."""

import re

import pytest

from service.answer.llm.prompts import CANNOT_ANSWER
from service.answer.pipeline import NOT_ANSWERED
from service.assistant import LocalAssistant
from service.auth.askers import OWNER
from service.schemas.api import (
    AskEvent,
    AskRequest,
    AskResponse,
    HitsEvent,
    SentenceEvent,
    SentenceWire,
    UsageWire,
)
from tests.generative_fixtures import (
    EIGHT_BEFORE,
    FIVE_NOW,
    HARDLY,
    MADE_UP,
    QUESTION,
    TWENTY_LATER,
    Answer,
    cites,
    quotes,
    with_model,
)
from tests.llm_server import LlmServer, Reply

# What becomes of what it writes


def test_markers_become_citations_with_exact_quotes(llm: LlmServer, answer: Answer) -> None:
    llm.say(
        cites("Amazon invests $5 billion immediately {}. It had invested $8 billion before {}.", FIVE_NOW, EIGHT_BEFORE)
    )
    response = answer()
    assert (response.status, response.answerer, response.degraded) == ("answered", "parrot-7b", None)
    assert response.usage == UsageWire(prompt_tokens=123, completion_tokens=45)
    assert response.text == "Amazon invests $5 billion immediately. [1] It had invested $8 billion before. [2]"
    assert [sentence.support for sentence in response.sentences] == ["verified", "verified"]
    [first], [second] = quotes(response, 0), quotes(response, 1)
    assert FIVE_NOW in first
    assert second.startswith(EIGHT_BEFORE)
    assert {citation.article_id for citation in response.citations} == {"amazon-invests-5-billion-more"}


@pytest.mark.parametrize(
    "words",
    [
        "Amazon invests $5 billion immediately and Anthropic spends more than $100 billion on AWS [{0}][{1}].",
        "Amazon invests $5 billion immediately and Anthropic spends more than $100 billion on AWS [{0}, {1}].",
        "Amazon invests $5 billion immediately and Anthropic spends more than $100 billion on AWS [{0};{1}] .",
        "Amazon invests $5 billion immediately and Anthropic spends more than $100 billion on AWS 【{0}】【{1}】.",
        "Amazon invests $5 billion immediately and Anthropic spends more than $100 billion on AWS. [{0}] [{1}]",
        "Amazon invests $5 billion immediately and Anthropic spends more than $100 billion on AWS.[{1}, {0}]",
        "Amazon invests $5 billion immediately [{0}] and Anthropic spends more than $100 billion on AWS 【{1}†source】.",
        "**Amazon invests $5 billion immediately and Anthropic spends more than $100 billion on AWS.** [Passage {0}, {1}]",
    ],
)
def test_every_way_of_writing_markers(llm: LlmServer, answer: Answer, words: str) -> None:
    spending = "committed to spend over $100 billion with Amazon Web Services"
    llm.say(cites(words, FIVE_NOW, spending, form="{}"))
    response = answer("How much will Amazon invest in Anthropic, and what will Anthropic spend on AWS?")
    [sentence] = response.sentences
    assert sentence.text == "Amazon invests $5 billion immediately and Anthropic spends more than $100 billion on AWS."
    assert sentence.support == "verified"
    quoted = " ".join(quotes(response))
    assert FIVE_NOW in quoted
    assert spending in quoted


def test_a_marker_behind_the_stop_belongs_to_the_sentence_before(llm: LlmServer, answer: Answer) -> None:
    llm.say(
        cites(
            "“Amazon invests $5 billion immediately.” {} Amazon plans to add as much as $20 billion later.{}",
            FIVE_NOW,
            TWENTY_LATER,
        )
    )
    response = answer()
    assert [len(sentence.citations) for sentence in response.sentences] == [1, 1]
    assert FIVE_NOW in quotes(response, 0)[0]
    assert TWENTY_LATER in quotes(response, 1)[0]
    assert response.sentences[1].text == "Amazon plans to add as much as $20 billion later."


def test_a_range_of_numbers_names_each_of_them(llm: LlmServer, answer: Answer) -> None:
    llm.say("Amazon announced an immediate investment of $5 billion in Anthropic [1-999999999].")
    response = answer()
    assert FIVE_NOW in " ".join(quotes(response))
    assert response.sentences[0].text == "Amazon announced an immediate investment of $5 billion in Anthropic."


@pytest.mark.parametrize("unknown", ["[99]", "[0]", "【99】", "[999999999999999999999]"])
def test_unknown_numbers_are_dropped(llm: LlmServer, answer: Answer, unknown: str) -> None:
    llm.say(
        cites(f"Amazon invests $5 billion immediately {{}}{unknown}. It plans a new garden later {unknown}.", FIVE_NOW)
    )
    response = answer(unverified="flag")
    assert [len(sentence.citations) for sentence in response.sentences] == [1, 0]
    assert [sentence.support for sentence in response.sentences] == ["verified", "unverified"]
    assert response.text == "Amazon invests $5 billion immediately. [1] It plans a new garden later."


def test_a_sentence_without_a_citation_is_unverified(llm: LlmServer, answer: Answer) -> None:
    llm.say(cites("Amazon invests $5 billion immediately {}. The whole market is watching closely.", FIVE_NOW))
    first, second = answer(unverified="flag").sentences
    assert (first.support, second.support, second.citations) == ("verified", "unverified", [])


@pytest.mark.parametrize("wrong", ["$6 billion", "$5 million", "€5 billion", "5%"])
def test_a_figure_that_the_quote_does_not_hold_is_unverified(llm: LlmServer, answer: Answer, wrong: str) -> None:
    llm.say(
        cites(
            f"Amazon announced an immediate investment of {wrong} in Anthropic {{}}. "
            "Amazon announced an immediate investment of $5 billion in Anthropic {}.",
            FIVE_NOW,
            FIVE_NOW,
        )
    )
    assert [sentence.support for sentence in answer(unverified="flag").sentences] == ["unverified", "verified"]


def test_figures_from_two_sentences_of_a_passage_are_both_quoted(llm: LlmServer, answer: Answer) -> None:
    llm.say(cites("Amazon invests $5 billion in Anthropic immediately, and as much as $20 billion later {}.", FIVE_NOW))
    response = answer()
    assert response.sentences[0].support == "verified"
    assert len(response.citations) == 2
    assert FIVE_NOW in " ".join(quotes(response))
    assert TWENTY_LATER in " ".join(quotes(response))


def test_a_citation_of_a_passage_that_says_something_else_is_dropped(llm: LlmServer, answer: Answer) -> None:
    llm.say(
        cites(
            "Penguins breed on the sea ice of the Antarctic in winter {}. Amazon invests $5 billion immediately {}.",
            FIVE_NOW,
            FIVE_NOW,
        )
    )
    first, second = answer(unverified="flag").sentences
    assert (first.support, first.citations) == ("unverified", [])
    assert (second.support, second.citations) == ("verified", [1])


def test_what_the_passages_do_not_hold_is_no_answer(llm: LlmServer, answer: Answer) -> None:
    llm.say(CANNOT_ANSWER)
    response = answer(HARDLY)
    assert (response.status, response.text, response.answerer) == ("no_answer", NOT_ANSWERED, "parrot-7b")
    assert response.usage == UsageWire(prompt_tokens=246, completion_tokens=90)  # it was asked twice
    assert response.nearest


def test_with_refusals_off_the_articles_are_quoted_where_the_model_finds_nothing(
    llm: LlmServer, answer: Answer
) -> None:
    llm.say(CANNOT_ANSWER)
    response = answer(refusals=False)
    assert (response.status, response.answerer) == ("answered", "extractive")
    assert "found no answer" in (response.degraded or "")
    assert "$5 billion" in response.text


def test_markers_and_markup_from_a_model_cannot_pass_for_ours(llm: LlmServer, answer: Answer) -> None:
    llm.say(cites("Amazon invests $5 billion [1[2]] immediately <script>x</script> {}.", FIVE_NOW))
    response = answer()
    markers = [int(number) for number in re.findall(r"\[(\d+)\]", response.text)]
    assert markers == [number for sentence in response.sentences for number in sentence.citations]


# Sentence by sentence


def events(assistant: LocalAssistant, question: str = QUESTION) -> list[AskEvent]:
    return list(assistant.ask_events(AskRequest(question=question), OWNER))


def said(happened: list[AskEvent]) -> list[SentenceWire]:
    return [event.sentence for event in happened if isinstance(event, SentenceEvent)]


def test_what_is_said_is_how_the_answer_begins(llm: LlmServer, corpus_assistant: LocalAssistant) -> None:
    llm.say(
        cites(f"Amazon invests $5 billion immediately {{}}. {MADE_UP} More comes later {{}}.", FIVE_NOW, TWENTY_LATER)
    )
    happened = events(with_model(corpus_assistant, llm.url, unverified="flag"))
    last = happened[-1]
    assert isinstance(last, AskResponse)
    assert said(happened) == last.sentences
    cited = [citation for event in happened if isinstance(event, SentenceEvent) for citation in event.citations]
    assert cited == last.citations
    assert [sentence.support for sentence in last.sentences] == ["verified", "unverified", "unverified"]


def test_a_sentence_is_said_before_the_model_has_finished(llm: LlmServer, corpus_assistant: LocalAssistant) -> None:
    assistant = with_model(corpus_assistant, llm.url)
    said = cites("Amazon invests $5 billion immediately {}. " + "And so on and on. " * 600, FIVE_NOW)
    llm.do(Reply(said, held_after=20, pause=0.01))
    happening = assistant.ask_events(AskRequest(question=QUESTION), OWNER)
    assert isinstance(next(happening), HitsEvent)
    assert isinstance(next(happening), SentenceEvent)
    happening.close()
    llm.go_on.set()
    assert llm.hung_up.wait(60)


@pytest.mark.parametrize("pieces", [1, 2, 5, 1_000])
def test_however_a_server_cuts_its_stream(llm: LlmServer, answer: Answer, pieces: int) -> None:
    text = "<think>[3] says so.</think>Amazon invests $5 billion immediately. [{}] It adds $20 billion later【{}】."
    llm.do(Reply(cites(text, FIVE_NOW, TWENTY_LATER, form="{}"), pieces=pieces))
    response = answer()
    assert response.text == "Amazon invests $5 billion immediately. [1] It adds $20 billion later. [2]"


def test_nobody_sees_sentences_where_none_is_verified(llm: LlmServer, corpus_assistant: LocalAssistant) -> None:
    llm.say(f"{MADE_UP} {MADE_UP.replace('7', '8')}")
    happened = events(with_model(corpus_assistant, llm.url))
    last = happened[-1]
    assert isinstance(last, AskResponse)
    assert last.answerer == "extractive"
    assert "could be verified" in (last.degraded or "")
    assert said(happened) == last.sentences
    assert all("trillion" not in sentence.text for sentence in last.sentences)


def test_sentences_that_fail_are_left_out_or_flagged(llm: LlmServer, answer: Answer) -> None:
    llm.say(cites(f"{MADE_UP} Amazon invests $5 billion immediately {{}}. {MADE_UP.replace('7', '9')}", FIVE_NOW))
    response = answer()
    assert response.text == "Amazon invests $5 billion immediately. [1]"
    assert response.degraded == "2 sentences that the articles do not support were left out."
    flagged = answer(unverified="flag")
    assert [sentence.support for sentence in flagged.sentences] == ["unverified", "verified", "unverified"]
    assert flagged.degraded is None


def test_nothing_is_said_twice(llm: LlmServer, answer: Answer) -> None:
    llm.say(cites("Amazon invests $5 billion immediately {0}. " * 5, FIVE_NOW))
    assert answer().text == "Amazon invests $5 billion immediately. [1]"


def test_an_article_that_says_nothing_of_it_may_be_said_in_other_words(llm: LlmServer, answer: Answer) -> None:
    llm.say("The passages do not mention how much it is.")
    assert answer(HARDLY).status == "no_answer"
