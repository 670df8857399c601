"""Sentences of the articles below what a language model said: where it left out what the reader takes for the answer."""

from service.answer.text.terms import told_in_order
from service.schemas.api import AskResponse
from tests.generative_fixtures import FIVE_NOW, HARDLY, Answer, cites
from tests.llm_server import LlmServer, Reply

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
