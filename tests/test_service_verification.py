"""The check of one sentence, over every sentence of the shipped articles: as it stands, and with something changed."""

import re
from collections.abc import Callable, Iterator

import pytest

from index.ingest.segmentation import display_text
from index.records import EVERYTHING, Filters, Hit
from index.retrieval import retrieve
from index.stores.store import Index
from service.answer.llm.markers import words_of
from service.answer.verification.check import checked
from tests.service_fixtures import shipped_corpus

QUESTIONS = (
    "How much will Amazon invest in Anthropic?",
    "Which reactors are restarted for data centers?",
    "How much energy does a question to AI cost?",
    "What do hyperscalers spend on infrastructure?",
)
_NAME = re.compile(r"(?<=[a-z,] )(?!I\b)[A-Z][a-z]{3,}\b")
_MONTH = re.compile(r"January|February|March|April|May|June|July|August|September|October|November|December")


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    with shipped_corpus(tmp_path_factory.mktemp("data")) as assistant:
        yield assistant.current_index


@pytest.fixture(scope="module", params=["some", pytest.param("all", marks=pytest.mark.soak)])
def said(request: pytest.FixtureRequest, index: Index) -> list[tuple[str, Hit]]:
    """Sentences of the passages that these questions find, as people read them: every fourth, or all."""
    found = [hit for q in QUESTIONS for hit in retrieve(index, q, access=EVERYTHING, filters=Filters()).hits]
    hits = {hit.passage.id: hit for hit in found}.values()
    sentences = [
        (words_of(display_text(hit.passage.words_of(span), hit.passage.article.format)), hit)
        for hit in hits
        for span in hit.passage.sentences
        if span.kind == "sentence"
    ]
    assert len(sentences) > 100
    return sentences if request.param == "all" else sentences[::4]


def supports(index: Index, said: list[tuple[str, Hit]], change: Callable[[str], str]) -> dict[str, str]:
    """Return what becomes of every sentence that the change changes."""
    changed = {change(words): hit for words, hit in said if change(words) != words}
    assert len(changed) > 5
    index.sentence_vectors.of([*changed])  # all together, which is far quicker than one by one
    return {words: checked(index, words, [hit], [hit]).support for words, hit in changed.items()}


def test_what_an_article_says_is_verified_and_quoted_exactly(index: Index, said: list[tuple[str, Hit]]) -> None:
    index.sentence_vectors.of([words for words, _ in said])
    for words, hit in said:
        draft = checked(index, words, [hit], [hit])
        assert draft.support == "verified", words
        for stretch in draft.stretches:
            assert hit.passage.words_of(stretch.span) == stretch.words


def test_another_figure_is_caught(index: Index, said: list[tuple[str, Hit]]) -> None:
    outcome = supports(index, said, lambda words: re.sub(r"\d+", lambda n: str(int(n.group()) * 3 + 7), words, count=1))
    assert [words for words, support in outcome.items() if support == "verified"] == []


def test_another_name_is_caught(index: Index, said: list[tuple[str, Hit]]) -> None:
    def renamed(words: str) -> str:
        return _NAME.sub(lambda n: n.group() if _MONTH.match(n.group()) else "Zorbex", words, count=1)

    outcome = supports(index, said, renamed)
    assert [words for words, support in outcome.items() if support == "verified"] == []


def test_a_denial_is_caught(index: Index, said: list[tuple[str, Hit]]) -> None:
    def denied(words: str) -> str:
        return re.sub(r"\b(is|are|was|were|will|has|have|had)\b(?! not)", r"\1 not", words, count=1)

    outcome = supports(index, said, denied)
    kept = [words for words, support in outcome.items() if support == "verified"]
    # Where the source denies something else close by, a rule cannot tell what is denied.
    assert len(kept) <= 0.1 * len(outcome), kept


def test_a_sentence_without_a_number_is_cited_where_it_passes(index: Index, said: list[tuple[str, Hit]]) -> None:
    hits = list({hit.passage.id: hit for _, hit in said}.values())[:6]
    words, _ = next((words, hit) for words, hit in said if hit is hits[3])
    draft = checked(index, words, [], hits)
    assert draft.support == "verified"
    assert any(hits[3].passage.article.id == stretch.hit.passage.article.id for stretch in draft.stretches)
    unheard = checked(index, "Penguins breed on the sea ice of the Antarctic.", [], hits)
    assert (unheard.support, unheard.stretches) == ("unverified", ())


@pytest.mark.parametrize(
    "address",
    [
        "https://evil.example/?q=5",
        "www.evil.example",
        "evil.example/a",
        "a.b@evil.example",
        "data:text/html;base64,PHM+",
    ],
)
def test_an_address_that_no_quote_holds_is_taken_out(index: Index, said: list[tuple[str, Hit]], address: str) -> None:
    words, hit = said[0]
    draft = checked(index, f"{words} {address}", [hit], [hit])
    assert (draft.text, draft.support) == (words, "unverified")
