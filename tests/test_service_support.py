"""What a sentence is laid on: one passage, or two of them; and what the support model says of it."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import pytest

from index.ingest.segmentation import split_sentences
from index.reader.model import Reader, ReaderPassage, Reading, SentenceReading
from index.records import ArticleInfo, Hit, Passage, version_of
from index.stores.store import Index
from index.support.model import support_model
from service.answer.verification.check import checked
from tests.service_fixtures import shipped_corpus

LEAVE = "Everybody has ten days of leave. Leave is booked in the calendar."
PETS = "Dogs may come to the office. Cats stay at home."


def hit(text: str) -> Hit:
    version = version_of(text)
    article = ArticleInfo(id=text[:4].strip(), version=version, title="Handbook")
    return Hit(Passage(version, article, 0, 0, len(text), text, tuple(split_sentences(text, "text"))), 1.0, 0.8, 1.0)


class Supporting(Reader):
    """A support model that says what it is told to."""

    def __init__(self, says: Callable[[str, str], float]) -> None:
        super().__init__()
        self._says = says
        self.claims: list[str] = []

    def read(self, pairs: Sequence[tuple[str, ReaderPassage]]) -> list[Reading]:
        self.claims += [claim for claim, _ in pairs]
        return [
            Reading(
                0.0,
                self._says(claim, passage.text),
                (),
                tuple(
                    SentenceReading(self._says(claim, passage.text[s.start : s.end]), None) for s in passage.sentences
                ),
            )
            for claim, passage in pairs
        ]


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    with shipped_corpus(tmp_path_factory.mktemp("data")) as assistant:
        yield assistant.current_index


def says(*needed: str) -> Callable[[str, str], float]:
    """Say that a text supports what it is read with as far as it has these words."""
    return lambda _, text: 6.0 * sum(word in text for word in needed) / len(needed) - 5.0


def test_the_sentence_that_supports_is_quoted_with_a_probability(index: Index) -> None:
    model = Supporting(says("ten days"))
    draft = checked(replace(index, support=model), "You get ten days off each year.", [], [hit(PETS), hit(LEAVE)])
    assert (draft.support, [s.words for s in draft.stretches]) == ("verified", [LEAVE.split(". ")[0] + "."])
    assert draft.probability is not None
    assert draft.probability > 0.5


def test_a_sentence_that_draws_on_two_passages_cites_both(index: Index) -> None:
    model = Supporting(says("ten days", "Dogs"))
    said = "There are ten days of leave and dogs may come."
    draft = checked(replace(index, support=model), said, [], [hit(PETS), hit(LEAVE)])
    assert draft.support == "verified"
    assert {s.words for s in draft.stretches} == {"Everybody has ten days of leave.", "Dogs may come to the office."}


def test_what_nothing_supports_has_no_citation(index: Index) -> None:
    model = Supporting(says("parrots"))
    draft = checked(
        replace(index, support=model), "Birds are welcome in all of the building.", [], [hit(PETS), hit(LEAVE)]
    )
    assert (draft.support, draft.stretches) == ("unverified", ())
    assert draft.probability is not None
    assert draft.probability < 0.5


def test_what_stands_in_a_passage_word_for_word_is_not_read(index: Index) -> None:
    model = Supporting(says("parrots"))
    draft = checked(replace(index, support=model), "Leave is booked in the calendar.", [], [hit(PETS), hit(LEAVE)])
    assert (draft.support, model.claims) == ("verified", [])


def test_what_the_model_finds_in_a_passage_that_is_not_similar_is_quoted(index: Index) -> None:
    said = "If you own a spaniel, bring it along when working."
    bare, reading = (replace(index, support=model) for model in (None, Supporting(says("Dogs"))))
    assert checked(bare, said, [], [hit(PETS), hit(LEAVE)]).support == "unverified"
    draft = checked(reading, said, [], [hit(PETS), hit(LEAVE)])
    assert (draft.support, [s.words for s in draft.stretches]) == ("verified", ["Dogs may come to the office."])


def test_what_is_most_similar_is_quoted_where_it_holds(index: Index) -> None:
    model = Supporting(says("calendar"))
    draft = checked(replace(index, support=model), "Everybody has ten days of leave a year.", [], [hit(LEAVE)])
    assert (draft.support, [s.words for s in draft.stretches]) == ("verified", ["Everybody has ten days of leave."])


def test_what_the_rules_stop_is_not_verified_however_sure_the_model_is(index: Index) -> None:
    model = Supporting(lambda *_: 9.0)
    for said in ("Everybody has twelve days of leave.", "Dogs may not come to the office."):
        assert checked(replace(index, support=model), said, [hit(LEAVE), hit(PETS)], []).support == "unverified"


@pytest.mark.parametrize("words", ["Yes.", "Fine.", "Twelve days."])
def test_a_few_words_are_not_left_to_the_model(index: Index, words: str) -> None:
    model = Supporting(lambda *_: 9.0)
    draft = checked(replace(index, support=model), words, [], [hit(LEAVE)])
    assert (draft.support, draft.probability, model.claims) == ("unverified", None, [])


def test_without_a_model_what_is_said_nearly_so_is_verified(index: Index) -> None:
    bare = replace(index, support=None)
    draft = checked(bare, "Everybody has ten days of leave.", [], [hit(PETS), hit(LEAVE)])
    assert (draft.support, draft.probability) == ("verified", None)


def test_the_model_that_ships_tells_what_is_supported(index: Index) -> None:
    reading = replace(index, support=support_model())
    true = checked(reading, "All employees get ten days of leave.", [hit(LEAVE)], [hit(LEAVE)])
    false = checked(reading, "All employees must take their leave in December.", [hit(LEAVE)], [hit(LEAVE)])
    assert true.probability is not None
    assert false.probability is not None
    assert true.probability > 0.5 > false.probability
