"""What a reader adds: the sentence around the best stretch comes first, and the stretch is the short answer."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from index.errors import ModelUnusable
from index.reader.model import Reader, ReaderPassage, Reading, Stretch
from index.reader.readings import SentenceReading
from index.records import EVERYTHING, Filters
from index.retrieval import retrieve
from index.stores.live import LiveIndex
from service.answer.evidence import Evidence, Search, read_evidence
from service.assistant import LocalAssistant
from tests.service_fixtures import ask, assistant_over, index_into, settings_for, write

ARTICLES = {
    "deal.md": "# The deal\n\nMany companies spend on chips. Amazon pays **five billion dollars** to Anthropic now. "
    "It may pay more later, people say.\n",
    "weather.md": "# The weather\n\nIt rained in Rome on Monday, and the streets were empty.\n",
}
QUESTION = "How much does Amazon pay to Anthropic?"


class Finding(Reader):
    """Finds the first of these words that a passage holds, and is as sure of it as it is told."""

    def __init__(self, *words: str, score: float = 8.0) -> None:
        super().__init__()
        self.words, self.score = words, score
        self.pairs: list[tuple[str, ReaderPassage]] = []

    def read(self, pairs: Sequence[tuple[str, ReaderPassage]]) -> list[Reading]:
        self.pairs += pairs
        return [self._reading(passage) for _, passage in pairs]

    def _reading(self, passage: ReaderPassage) -> Reading:
        word = next((word for word in self.words if word in passage.text), None)
        start = passage.text.index(word) if word else -1
        stretch = Stretch(start, start + len(word), self.score) if word else None
        inside = [sentence.start <= start < sentence.end for sentence in passage.sentences]
        sentences = tuple(SentenceReading(self.score, stretch) if at else SentenceReading(-5.0, None) for at in inside)
        sure = 5.0 if word else -5.0
        return Reading(sure, sure, (stretch,) if stretch else (), sentences)


@pytest.fixture
def assistant(tmp_path: Path) -> Iterator[LocalAssistant]:
    articles = write(tmp_path / "articles", ARTICLES)
    with assistant_over(settings_for(tmp_path / "data", reader="none")) as assistant:
        index_into(assistant, articles)
        yield assistant


def with_reader(assistant: LocalAssistant, reader: Reader | None) -> LocalAssistant:
    return replace(assistant, live=LiveIndex(replace(assistant.current_index, reader=reader)))


def evidence_of(assistant: LocalAssistant, question: str) -> list[Evidence]:
    retrieved = retrieve(assistant.current_index, question, access=EVERYTHING, filters=Filters())
    return read_evidence(assistant.current_index, [Search(question, retrieved.hits)])[0]


def test_the_stretch_is_the_short_answer_as_people_read_it(assistant: LocalAssistant) -> None:
    reader = Finding("five billion dollars**")
    response = ask(with_reader(assistant, reader), QUESTION)
    assert response.short_answer == "five billion dollars"
    assert any(s.text.startswith("Amazon pays five billion dollars") for s in response.sentences)
    assert {question for question, _ in reader.pairs} == {QUESTION}
    assert {passage.title for _, passage in reader.pairs} == {"The deal", "The weather"}


def test_the_sentence_with_the_stretch_comes_before_the_most_similar_one(assistant: LocalAssistant) -> None:
    alone = evidence_of(assistant, QUESTION)[0].text
    assert "Amazon pays" in alone
    read = evidence_of(with_reader(assistant, Finding("the streets were empty", score=100.0)), QUESTION)
    assert "streets" in read[0].text
    passage = read[0].hit.passage
    assert read[0].answer is not None
    assert passage.words_of(read[0].answer) == "the streets were empty"
    assert all(e.answer is None for e in read[1:])


def test_passages_are_read_under_their_headings(assistant: LocalAssistant, tmp_path: Path) -> None:
    text = "# Benefits\n\n" + "".join(
        f"## {plan}\n\n{'The plan pays for treatment in any clinic of the country. ' * 20}\n\n"
        for plan in ("Dental", "Medical")
    )
    index_into(assistant, write(tmp_path / "more", {"benefits.md": text}))
    reader = Finding("nowhere to be found")
    ask(with_reader(assistant, reader), "Which treatment in a clinic does the medical plan pay for?")
    assert "Benefits > Medical" in {passage.title for _, passage in reader.pairs}


def test_without_a_reader_there_is_no_short_answer(assistant: LocalAssistant) -> None:
    assert ask(assistant, QUESTION).short_answer is None
    assert all(e.stretch is None for e in evidence_of(assistant, QUESTION))


def test_a_reader_that_finds_nothing_makes_a_refusal_likelier(assistant: LocalAssistant) -> None:
    sure = ask(with_reader(assistant, Finding("five billion dollars")), QUESTION).confidence
    unsure = ask(with_reader(assistant, Finding("nowhere to be found")), QUESTION).confidence
    assert sure is not None
    assert unsure is not None
    assert sure > unsure


def test_a_figure_in_the_short_answer_is_whole(assistant: LocalAssistant, tmp_path: Path) -> None:
    more = write(tmp_path / "more", {"plant.md": "# The plant\n\nThe plant needs up to 5 gigawatts of power by May.\n"})
    index_into(assistant, more)
    response = ask(with_reader(assistant, Finding("5")), "How much power does the plant need?")
    assert response.short_answer == "up to 5 gigawatts"
    marked = response.citations[0].highlight
    assert marked is not None
    text = assistant.current_index.catalog.article("plant", EVERYTHING)[1]
    assert text[marked.start : marked.end] == "up to 5 gigawatts"


def test_a_day_in_the_short_answer_is_whole(assistant: LocalAssistant, tmp_path: Path) -> None:
    more = write(
        tmp_path / "more", {"quay.md": "# The quay\n\nThe contractor has to finish it by 5. May 2027 at most.\n"}
    )
    index_into(assistant, more)
    response = ask(with_reader(assistant, Finding("May 2027")), "When does the contractor have to finish the quay?")
    assert response.short_answer == "5. May 2027"


def test_a_stretch_that_is_no_likelier_than_none_is_no_short_answer(tmp_path: Path) -> None:
    articles = write(tmp_path / "articles", ARTICLES)
    with assistant_over(settings_for(tmp_path / "data", reader="none", refusals=False)) as assistant:
        index_into(assistant, articles)
        response = ask(with_reader(assistant, Finding("five billion dollars", score=-1.0)), QUESTION)
        assert (response.status, response.short_answer) == ("answered", None)
        assert all(citation.highlight is None for citation in response.citations)


def test_articles_that_the_reader_finds_to_differ_are_shown_to_differ(tmp_path: Path) -> None:
    articles = write(
        tmp_path / "articles",
        {
            "one.md": "# A lamp\n\nA lamp draws 2.9 watt-hours an evening, the agency writes.\n",
            "two.md": "# A lamp\n\nA lamp draws 0.34 watt-hours an evening, the maker says.\n",
        },
    )
    with assistant_over(settings_for(tmp_path / "data", reader="none")) as assistant:
        index_into(assistant, articles)
        question = "How much electricity does a lamp eat up?"
        response = ask(with_reader(assistant, Finding("2.9 watt-hours", "0.34 watt-hours")), question)
    (disagreement,) = response.disagreements
    assert {value.value for value in disagreement.values} == {"2.9 watt-hours", "0.34 watt-hours"}
    # Neither passes for the answer.
    assert response.short_answer is None


def test_figures_told_in_other_words_do_not_differ_because_the_reader_is_sure_of_both(tmp_path: Path) -> None:
    articles = write(
        tmp_path / "articles",
        {
            "one.md": "# The deal\n\nAnthropic promises the cloud more than $100 billion in spending.\n",
            "two.md": "# The deal\n\nAmazon plans to add as much as $20 billion later, after milestones.\n",
        },
    )
    with assistant_over(settings_for(tmp_path / "data", reader="none", refusals=False)) as assistant:
        index_into(assistant, articles)
        reader = Finding("$100 billion", "$20 billion")
        assert (
            ask(with_reader(assistant, reader), "How much does Anthropic promise to spend with Amazon?").disagreements
            == []
        )


def test_a_service_is_not_ready_with_a_reader_that_is_not_there(tmp_path: Path) -> None:
    articles = write(tmp_path / "articles", ARTICLES)
    with assistant_over(settings_for(tmp_path / "data", reader=str(tmp_path / "nowhere"))) as assistant:
        index_into(assistant, articles)
        with pytest.raises(ModelUnusable, match="FOOTNOTE_READER"):
            assistant.ready()
    with assistant_over(settings_for(tmp_path / "data", reader="none")) as assistant:
        assistant.ready()
