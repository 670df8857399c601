"""Where no answer was found, the passages that come nearest are shown: exact, short, the words of the question marked."""

from collections.abc import Iterator

import pytest

from index.records import EVERYTHING, FOR_EVERYONE
from service.assistant import LocalAssistant
from service.schemas.api import AskResponse, FiltersWire, NearestPassageWire
from tests.service_fixtures import ask, assistant_over, index_into, settings_for, write

FERRY = "The ferry to the island leaves at eight and at noon from the old pier."
FILLER = "The harbour has been rebuilt since the flood, and its lamps are new."
LONG = f"{FILLER} " * 20 + FERRY + f" {FILLER}" * 20
ENDLESS = "ferry " + "word " * 100 + "ferries"
QUESTION = "Which colour do the ferries of the Baltic pirates have?"
ARTICLES = {
    "harbour.md": f"---\ntitle: The harbour\nurl: https://harbour.example/news\n---\n{LONG}",
    "endless.txt": ENDLESS,
    "pier.md": f"# Islands\n\n## The ferry of the pirates\n\n{FERRY}",
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
def near(harbour: LocalAssistant) -> dict[str, NearestPassageWire]:
    """What comes nearest in each of the articles for everyone."""
    asked = {
        id_: ask(harbour, QUESTION, FOR_EVERYONE, filters=FiltersWire(article_ids=[id_]))
        for id_ in ("harbour", "endless", "hidden", "pier")
    }
    assert {response.status for response in asked.values()} == {"no_answer"}
    return {id_: response.nearest[0] for id_, response in asked.items()}


def test_a_quote_does_not_begin_with_a_heading(near: dict[str, NearestPassageWire]) -> None:
    assert near["pier"].quote == FERRY


def test_quotes_and_marks_are_exact(harbour: LocalAssistant, near: dict[str, NearestPassageWire]) -> None:
    marked: set[str] = set()
    for id_, passage in near.items():
        text = harbour.article(id_, EVERYTHING, passage.article_version).text
        assert passage.quote
        assert passage.start is not None
        assert passage.end is not None
        assert text[passage.start : passage.end] == passage.quote
        assert len(passage.quote) <= 300
        assert all(passage.start <= mark.start < mark.end <= passage.end for mark in passage.marks)
        marked |= {text[mark.start : mark.end].lower() for mark in passage.marks}
    assert marked & {"ferry", "ferries"}


def test_a_passage_is_cut_at_sentences_around_the_one_that_fits_best(near: dict[str, NearestPassageWire]) -> None:
    quote = near["harbour"].quote
    assert quote
    assert FERRY in quote
    assert quote.startswith("The ")
    assert quote.endswith(".")
    assert near["harbour"].url == "https://harbour.example/news"


def test_words_that_nobody_sees_are_not_shown(near: dict[str, NearestPassageWire]) -> None:
    assert "secret" not in repr(near)


def test_the_three_best_passages_of_what_the_asker_may_read_are_shown(harbour: LocalAssistant) -> None:
    for_everyone, for_all = (ask(harbour, QUESTION, access) for access in (FOR_EVERYONE, EVERYTHING))
    assert for_everyone.text == "I found no answer to this in the articles that you may read."
    assert len(for_everyone.nearest) == 3
    assert "board" not in {passage.article_id for passage in for_everyone.nearest}
    shown = {near.article_id for near in for_all.nearest} | {cited.article_id for cited in for_all.citations}
    assert "board" in shown


def test_answers_that_were_kept_before_name_the_article_alone(harbour: LocalAssistant) -> None:
    old = ask(harbour, QUESTION, FOR_EVERYONE).model_dump(mode="json")
    del old["about"]
    old["nearest"] = [{"article_id": near["article_id"], "title": near["title"]} for near in old["nearest"]]
    assert [near.quote for near in AskResponse.model_validate(old).nearest] == [None, None, None]
