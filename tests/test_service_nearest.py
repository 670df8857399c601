"""Where no answer was found, the passages that come nearest are shown: exact, short, the words of the question marked."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from index.records import EVERYTHING, FOR_EVERYONE
from service.assistant import LocalAssistant
from service.schemas.api import AskResponse
from tests.service_fixtures import ask, assistant_over, index_into, settings_for, write

FERRY = "The ferry to the island leaves at eight and at noon from the old pier."
FILLER = "The harbour has been rebuilt since the flood, and its lamps are new."
LONG = f"{FILLER} " * 20 + FERRY + f" {FILLER}" * 20
ENDLESS = "ferry " + "word " * 400 + "ferries"
QUESTION = "Which colour do the ferries of the Baltic pirates have?"
ARTICLES = {
    "harbour.md": f"---\ntitle: The harbour\nurl: https://harbour.example/news\n---\n{LONG}",
    "endless.txt": ENDLESS,
    "hidden.md": f"{FERRY}\n\n<!-- ferry: the secret comment -->\n\n{FILLER}",
    "board.md": "---\ngroups: [board]\ntitle: The board\n---\nThe board sold its ferries to the Baltic pirates in secret.",
}


@pytest.fixture(scope="module")
def harbour(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAssistant]:
    folder = tmp_path_factory.mktemp("harbour")
    with assistant_over(settings_for(folder / "data")) as assistant:
        index_into(assistant, write(folder / "news", ARTICLES))
        yield assistant


@pytest.fixture(scope="module")
def refusal(harbour: LocalAssistant) -> AskResponse:
    response = ask(harbour, QUESTION, FOR_EVERYONE)
    assert response.status == "no_answer"
    assert len(response.nearest) == 3
    return response


def test_quotes_and_marks_are_exact(harbour: LocalAssistant, refusal: AskResponse) -> None:
    for near in refusal.nearest:
        text = harbour.article(near.article_id, EVERYTHING, near.article_version).text
        assert near.quote
        assert text[near.start : near.end] == near.quote
        assert len(near.quote) <= 300
        marked = [text[mark.start : mark.end] for mark in near.marks]
        assert marked
        assert {word.lower() for word in marked} <= {"ferry", "ferries"}


def test_a_passage_is_cut_at_sentences_around_the_one_that_fits_best(refusal: AskResponse) -> None:
    near = next(near for near in refusal.nearest if near.article_id == "harbour")
    assert near.quote
    assert FERRY in near.quote
    assert near.quote.startswith("The ")
    assert near.quote.endswith(".")
    assert near.url == "https://harbour.example/news"


def test_words_that_nobody_sees_are_not_shown(refusal: AskResponse) -> None:
    assert "secret" not in refusal.model_dump_json()


def test_what_the_asker_may_not_read_is_not_near(harbour: LocalAssistant, refusal: AskResponse) -> None:
    assert "board" not in {near.article_id for near in refusal.nearest}
    assert "board" in {near.article_id for near in ask(harbour, QUESTION, EVERYTHING).nearest}
    assert ask(harbour, QUESTION, FOR_EVERYONE).text == "I found no answer to this in the articles that you may read."


def test_the_same_passages_are_found_again_with_old_answers(harbour: LocalAssistant, tmp_path: Path) -> None:
    """Answers that were kept before passages were shown name the article alone."""
    old = ask(harbour, QUESTION, FOR_EVERYONE).model_dump(mode="json")
    del old["about"]
    old["nearest"] = [{"article_id": near["article_id"], "title": near["title"]} for near in old["nearest"]]
    assert [near.quote for near in AskResponse.model_validate(old).nearest] == [None, None, None]
