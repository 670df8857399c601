"""Times that a question names by what happened: the articles tell the day."""

from datetime import date

import pytest

from index.ingest.segmentation import split_sentences
from index.records import ArticleInfo, Hit, Passage
from service.answer.retrieval.events import Event, event_named, period_from
from service.answer.retrieval.periods import Period

AS_OF = date(2026, 6, 15)


def hit(text: str, published: date | None, *, score: float = 1.0, title: str = "News") -> Hit:
    article = ArticleInfo("a", "a", title, published=published, format="text")
    passage = Passage("a-0", article, 0, 0, len(text), text, tuple(split_sentences(text, "text")))
    return Hit(passage, score, 0.5, 1.0)


@pytest.mark.parametrize(
    ("question", "words", "later"),
    [
        ("What has Amazon said since the announcement?", "the announcement", True),
        ("Before the deal with Harrow was signed, what did it cost?", "the deal with Harrow was signed", False),
        ("After the fire how many logs were cut?", "the fire", True),
        ("Who led Tessel prior to its merger?", "its merger", False),
        ("Who looks after the parks of Pellan since the election?", "the election", True),
        ("What did Lund sell before Harrow's takeover?", "Harrow's takeover", False),
    ],
)
def test_an_event_is_read_from_the_question(question: str, words: str, later: bool) -> None:
    event = event_named(question)
    assert event is not None
    assert (event.words, event.later) == (words, later)


@pytest.mark.parametrize(
    "question",
    [
        "How much was it before?",
        "Who looks after the parks?",
        "What was said after that?",
        "How long after the fire was it rebuilt?",
        "Who won?",
    ],
)
def test_what_names_no_event_has_none(question: str) -> None:
    assert event_named(question) is None


def test_the_sentence_that_tells_of_it_gives_the_day() -> None:
    event = Event("the strike began", ("Selden",), later=True)
    told = hit("The strike on the Selden line began on 12 January 2026. Drivers stay away.", date(2026, 1, 13))
    assert period_from(event, [told], AS_OF) == Period(date(2026, 1, 12), None)


def test_else_its_publication_does_and_what_looks_back_does_not_count() -> None:
    event = Event("the merger", ("Dunmore",), later=False)
    back = hit("Dunmore has 655 workers since the merger.", date(2026, 4, 1))
    told = hit("Dunmore merged with Ashby on Monday.", date(2026, 2, 2), score=0.8)
    assert period_from(event, [back, told], AS_OF) == Period(None, date(2026, 2, 1))


def test_an_event_of_somebody_else_or_of_no_day_gives_no_period() -> None:
    event = Event("the merger", ("Dunmore",), later=True)
    other = hit("Lund merged with Harrow on Monday.", date(2026, 2, 2))
    undated = hit("Dunmore merged with Ashby.", None)
    ahead = hit("Dunmore merged with Ashby.", date(2027, 1, 1))
    assert period_from(event, [other, undated, ahead], AS_OF) is None
    assert period_from(event, [], AS_OF) is None
