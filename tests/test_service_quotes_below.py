"""Sentences of the articles below what a language model said: where it left out what the reader takes for the answer."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from service.answer.text.terms import told_in_order
from service.cli.printing import print_answer
from service.exporting import conversation_markdown
from service.mcp.text import answer_text
from service.openai.telling import Manner, sources_of, told_after, told_whole
from service.openai.text import Told
from service.schemas.api import AskResponse, SentenceEvent
from service.schemas.history import ConversationResponse, KeptAnswer
from service.slack.messages import messages
from tests.fake_assistant import answered, citation
from tests.generative_fixtures import FIVE_NOW, HARDLY, Answer, cites, with_model
from tests.llm_server import LlmServer, Reply
from tests.service_fixtures import ask, assistant_over, index_into, settings_for, write

SHORT = cites("Amazon will invest $5 billion {}.", FIVE_NOW)


def below(response: AskResponse) -> list[str]:
    return [sentence.text for sentence in response.sentences[1:]]


def test_what_the_model_left_out_is_quoted_below_it(llm: LlmServer, answer: Answer) -> None:
    llm.say(SHORT)
    response = answer(llm_quotes=True)
    assert response.answerer == "parrot-7b"
    assert response.sentences[0].text == "Amazon will invest $5 billion."
    (quote,) = [text for text in below(response) if FIVE_NOW in text]
    assert quote.startswith("“")
    assert quote.endswith("”")
    for sentence in response.sentences[1:]:
        assert sentence.form == "quote"
        assert sentence.support == "verified"
        assert response.text[sentence.start - 1 : sentence.start + 1] == "\n“"
        assert sentence.citations


def test_what_the_model_said_itself_is_not_quoted_again(llm: LlmServer, answer: Answer) -> None:
    llm.say(SHORT)
    quotes = [text.removeprefix("“").removesuffix("”") for text in below(answer(llm_quotes=True))]
    llm.say(" ".join(quotes))
    assert not any(sentence.form == "quote" for sentence in answer(llm_quotes=True).sentences)


def test_words_in_another_order_say_something_else(llm: LlmServer, answer: Answer) -> None:
    llm.say(SHORT)
    (quote,) = [text for text in below(answer(llm_quotes=True)) if FIVE_NOW in text]
    words = quote.strip("“”").split()
    assert told_in_order(quote, " ".join(words))
    assert not told_in_order(quote, " ".join(reversed(words)))


def test_what_is_not_verified_leaves_no_quote_out(llm: LlmServer, answer: Answer) -> None:
    llm.say(SHORT)
    quotes = below(answer(llm_quotes=True))
    denied = " ".join(quote.strip("“”").replace("Amazon", "Meta") for quote in quotes)
    llm.say(cites(f"Amazon will invest $5 billion {{}}. {denied}", FIVE_NOW))
    flagged = answer(llm_quotes=True, unverified="flag")
    assert any(sentence.support == "unverified" for sentence in flagged.sentences)
    assert quotes == [sentence.text for sentence in flagged.sentences if sentence.form == "quote"]


def test_nothing_is_quoted_where_the_reader_is_not_sure(llm: LlmServer, answer: Answer) -> None:
    llm.do(Reply("Amazon will invest in Anthropic."), Reply("yes"))
    response = answer(HARDLY, llm_quotes=True)
    assert (response.answerer, below(response)) == ("parrot-7b", [])


def test_quotes_may_be_left_out(llm: LlmServer, answer: Answer) -> None:
    llm.say(SHORT)
    assert below(answer(llm_quotes=False)) == []


# A list among them

KETTLE = """\
# Leaving the kettle alone

Before you leave the kettle alone, do these things:

1. Press the red stop button.
2. Wait until the lamp is dark.
3. Open the drain.
"""
STEPS = [
    "Before you leave the kettle alone, do these things:",
    "1. Press the red stop button.",
    "2. Wait until the lamp is dark.",
    "3. Open the drain.",
]
BELOW = answered("Press it.", "\n".join(STEPS), citations=[citation(1), citation(2)])
BELOW = BELOW.model_copy(
    update={"sentences": [BELOW.sentences[0], BELOW.sentences[1].model_copy(update={"form": "quote"})]}
)
MANNER = Manner("https://ask.example")


def streamed_text(response: AskResponse) -> str:
    """Return the text that a chat client puts together from the parts of a stream."""
    sources = sources_of(response.citations, MANNER)
    told = Told()
    for sentence in response.sentences:
        before, told = told, told_after(told, SentenceEvent(sentence=sentence, citations=[]), sources, MANNER)
        assert told.text.startswith(before.text)
    return told_after(told, response, sources, MANNER).text


def exported(response: AskResponse) -> str:
    now = datetime(2026, 4, 24, tzinfo=UTC)
    kept = KeptAnswer.model_validate(response.model_dump())
    found = ConversationResponse(
        id="conv_1", title="Kettles", created=now, updated=now, questions=1, answers=[kept], withheld=0
    )
    return conversation_markdown(found, service="https://ask.example")


def slack_block(response: AskResponse) -> str:
    [message] = messages(response, public_url="https://ask.example")
    return str(message.body[0]["text"]["text"])


def slack_stream(response: AskResponse) -> str:
    [message] = messages(response, public_url="https://ask.example")
    return message.said


SHOWN: dict[str, Callable[[AskResponse], str]] = {
    "chat completion": lambda response: told_whole(response, MANNER).text,
    "streamed chat completion": streamed_text,
    "MCP": answer_text,
    "export": exported,
    "Slack": slack_block,
    "Slack, streamed": slack_stream,
}


@pytest.mark.parametrize("medium", SHOWN)
def test_each_line_of_a_quoted_list_is_marked_as_a_quotation(medium: str) -> None:
    lines = [line.strip().replace("[^2]", "[2]") for line in SHOWN[medium](BELOW).splitlines()]
    quoted = [line for line in lines if line.startswith(">")]
    assert [line.removesuffix("[2]").rstrip() for line in quoted] == [f"> {step}" for step in STEPS]
    assert quoted[-1].endswith("[2]")


def test_a_terminal_marks_each_line_of_a_quoted_list(capsys: pytest.CaptureFixture[str]) -> None:
    text = f"Press it. [1]\n{chr(10).join(STEPS)} [2]"
    said, quote = BELOW.sentences
    quote = quote.model_copy(update={"start": 14, "end": len(text)})
    print_answer(BELOW.model_copy(update={"text": text, "sentences": [said, quote]}))
    shown = capsys.readouterr().out
    assert shown.startswith("Press it. [1]\n" + "\n".join(f"> {step}" for step in STEPS) + " [2]\n")


@pytest.mark.parametrize("form", ["prose", "list", "code", "quote"])
@pytest.mark.parametrize("told", [SHOWN["chat completion"], streamed_text])
def test_the_text_of_a_chat_completion_ends_with_its_last_marker(told: Callable[[AskResponse], str], form: str) -> None:
    said, last = BELOW.sentences
    response = BELOW.model_copy(update={"sentences": [said, last.model_copy(update={"form": form})]})
    assert told(response).endswith("\n[2]" if form == "code" else " [2]")
    assert "\n\n\n" not in told(response)
    followed = response.model_copy(update={"sentences": [*response.sentences, said]})
    assert told(followed).endswith("[2] Press it. [1]" if form == "prose" else "[2]\n\nPress it. [1]")


@pytest.mark.parametrize(
    ("words", "below"),
    [
        ("You press the red stop button.", ["quote"]),
        ("Press the red stop button. Wait until the lamp is dark. Open the drain.", []),
    ],
)
def test_a_list_that_a_model_did_not_say_whole_is_quoted_below(
    llm: LlmServer, tmp_path: Path, words: str, below: list[str]
) -> None:
    llm.do(Reply(words), Reply("yes"))
    with assistant_over(settings_for(tmp_path / "data")) as assistant:
        index_into(assistant, write(tmp_path / "articles", {"kettle.md": KETTLE}))
        question = "What do I do before I leave the kettle alone?"
        response = ask(with_model(assistant, llm.url, llm_quotes=True), question)
    assert " ".join(one.text for one in response.sentences if one.form == "prose") == words
    quotes = [sentence for sentence in response.sentences if sentence.form != "prose"]
    assert [(quote.form, quote.text.splitlines()) for quote in quotes] == [(form, STEPS) for form in below]
