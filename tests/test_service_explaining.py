"""Why a question is answered so, or refused: what the pipeline came by, on a real index."""

from collections.abc import Iterator

import pytest

from index.records import EVERYTHING, Access
from service.answer import decision, pipeline
from service.assistant import LocalAssistant
from service.schemas.api import SearchRequest
from service.schemas.explaining import ExplainResponse
from tests.service_fixtures import assistant_over, index_into, settings_for, write

ARTICLES = {
    "tower.md": "# The tower\n\nThe old tower at the harbour is 84 metres high, the mayor said. It was built in 1902.\n",
    "ferry.md": "# The ferry\n\nThe ferry to Selby sails at nine in the morning. A ticket costs four pounds.\n",
    "board.md": "---\ngroups: [board]\n---\n# The tower's future\n\nThe old tower at the harbour will be sold in May.\n",
}
HIGH = "How high is the old tower at the harbour?"


@pytest.fixture(scope="module")
def assistant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAssistant]:
    place = tmp_path_factory.mktemp("explaining")
    with assistant_over(settings_for(place / "data")) as assistant:
        index_into(assistant, write(place / "articles", ARTICLES))
        yield assistant


def explain(
    assistant: LocalAssistant, question: str, access: Access = EVERYTHING, *, limit: int = 10
) -> ExplainResponse:
    return assistant.explain(SearchRequest(question=question, limit=limit), access)


def test_an_answer_is_traced_to_the_sentence_that_was_read_and_quoted(assistant: LocalAssistant) -> None:
    told = explain(assistant, HIGH)
    assert (told.outcome, told.answer.status) == ("answered", "answered")
    assert told.answer.confidence >= told.threshold > 0
    [search] = told.searches
    assert (search.text, search.chosen, search.confidence) == (HIGH, True, told.answer.confidence)
    assert [read.rank for read in search.hits] == list(range(1, search.hits_total + 1))
    scores = [read.hit.score for read in search.hits]
    assert scores == sorted(scores, reverse=True)
    best = search.hits[0]
    assert (best.hit.article_id, best.read, best.quoted) == ("tower", True, True)
    assert best.hit.lexical is not None
    [quoted] = [sentence for sentence in best.sentences if sentence.quoted]
    [citation] = told.answer.citations
    assert citation.start <= quoted.start < quoted.end <= citation.end
    assert quoted.reader is not None
    assert quoted.probability == max(sentence.probability or 0 for read in search.hits for sentence in read.sentences)
    assert not any(sentence.quoted for read in search.hits[1:] for sentence in read.sentences)


def test_measures_and_weights_give_the_confidence(assistant: LocalAssistant) -> None:
    [search] = explain(assistant, HIGH).searches
    logit = sum(measure.value * measure.weight for measure in search.measures)
    assert 1 / (1 + 2.718281828**-logit) == pytest.approx(search.confidence, abs=0.001)


def test_a_refusal_says_that_it_was_not_sure_enough(assistant: LocalAssistant) -> None:
    told = explain(assistant, "What is the boiling point of tungsten?")
    assert (told.outcome, told.answer.status) == ("below_threshold", "no_answer")
    assert told.answer.confidence < told.threshold
    assert told.searches[0].hits[0].read
    assert not any(read.quoted for read in told.searches[0].hits)


def test_other_outcomes_are_named(assistant: LocalAssistant) -> None:
    nowhere = SearchRequest.model_validate({"question": HIGH, "filters": {"article_ids": ["gone"]}})
    assert assistant.explain(nowhere, EVERYTHING).outcome == "nothing_found"
    thanks = explain(assistant, "Thank you!")
    assert (thanks.outcome, thanks.searches) == ("small_talk", [])


def test_each_part_of_a_question_is_a_search(assistant: LocalAssistant) -> None:
    told = explain(assistant, "How high is the old tower at the harbour, and when does the ferry to Selby sail?")
    assert len(told.searches) == 3
    assert [search.chosen for search in told.searches].count(True) >= 1


def test_who_may_not_read_all_sees_no_hit_of_the_rest_and_no_score_that_counts_it(assistant: LocalAssistant) -> None:
    [search] = explain(assistant, HIGH, Access(frozenset({"staff"}))).searches
    assert {read.hit.article_id for read in search.hits} == {"tower", "ferry"}
    assert all(read.hit.lexical is None and read.hit.score == read.hit.dense for read in search.hits)
    assert all(sentence.probability is None for read in search.hits for sentence in read.sentences)
    assert "board" in {read.hit.article_id for read in explain(assistant, HIGH).searches[0].hits}


def test_only_so_many_hits_are_given_and_their_number_is_told(assistant: LocalAssistant) -> None:
    [search] = explain(assistant, HIGH, limit=1).searches
    assert len(search.hits) == 1
    assert search.hits_total > 1


def test_nothing_is_computed_twice(assistant: LocalAssistant, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []
    for module, name in ((pipeline, "select_hits"), (pipeline, "read_evidence"), (decision, "measured")):
        real = getattr(module, name)

        def counted(*given: object, _real: object = real, _name: str = name, **named: object) -> object:
            calls.append(_name)
            return _real(*given, **named)  # type: ignore[operator]

        monkeypatch.setattr(module, name, counted)
    explain(assistant, HIGH)
    assert calls == ["select_hits", "read_evidence", "measured"]
