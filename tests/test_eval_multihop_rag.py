"""MultiHop-RAG's two files: facts are found in their articles, and what a null query is."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from eval.check import check_questions
from eval.datasets import read_questions
from eval.opening import opened
from eval.records import BroughtArticle, EvalQuestion, Evidence, QuestionSet
from index.errors import WrongUsage
from tests.service_fixtures import settings_for

ONE = {
    "title": "Bears beat Vikings",
    "author": "Dan Treacy",
    "source": "Sporting News",
    "published_at": "2023-11-27T23:09:00+00:00",
    "category": "sports",
    "url": "https://example.org/bears",
    "body": "The Bears won.\r\n\r\nDobbs was sacked\n twice.",
}
TWO = {"title": "Prices", "body": "eBay gives a coupon.", "url": "https://example.org/prices", "author": None}


def fact(article: dict[str, Any], words: str) -> dict[str, Any]:
    return {key: article.get(key) for key in ("title", "author", "url")} | {"fact": words}


def query(kind: str, *facts: dict[str, Any], answer: str = "Yes") -> dict[str, Any]:
    return {"query": f"A {kind}? ", "answer": answer, "question_type": f"{kind}_query", "evidence_list": list(facts)}


def write(folder: Path, questions: Any, corpus: Any = (ONE, TWO)) -> Path:
    (folder / "MultiHopRAG.json").write_text(json.dumps(questions))
    (folder / "corpus.json").write_text(json.dumps(corpus))
    return folder


def test_articles_keep_what_is_known_of_them(tmp_path: Path) -> None:
    one, two = read_questions(write(tmp_path, [query("inference", fact(ONE, "The Bears won."))])).articles
    assert one == BroughtArticle(
        id="article-00001",
        title="Bears beat Vikings",
        text="The Bears won.\n\nDobbs was sacked\n twice.",
        url="https://example.org/bears",
        publisher="Sporting News",
        published=date(2023, 11, 27),
        authors=("Dan Treacy",),
    )
    assert two == BroughtArticle("article-00002", "Prices", "eBay gives a coupon.", "https://example.org/prices")


@pytest.mark.parametrize("named", ["", "MultiHopRAG.json"])
def test_questions_of_each_type_are_read(tmp_path: Path, named: str) -> None:
    facts = fact(ONE, "The Bears won."), fact(TWO, "eBay gives a coupon."), fact(ONE, "Dobbs was sacked twice.")
    null = query("null", answer="Insufficient information.")
    questions = [query("inference", *facts), query("comparison", facts[1]), query("temporal", facts[0]), null]
    found = read_questions(write(tmp_path, questions) / named)
    assert found.problems == ()
    inference, comparison, temporal, unanswerable = found.questions
    one, two = "article-00001", "article-00002"
    # White space is as the article has it, so that the quote stands there.
    quotes = (
        Evidence(one, "The Bears won."),
        Evidence(two, "eBay gives a coupon."),
        Evidence(one, "Dobbs was sacked\n twice."),
    )
    assert inference == EvalQuestion(
        "query-0", "A inference?", ("Yes",), True, (one, two), evidence=quotes, kind="inference"
    )
    assert (comparison.kind, temporal.kind) == ("comparison", "temporal")
    assert unanswerable == EvalQuestion("query-3", "A null?", (), False, kind="unanswerable")
    texts = {article.id: article.text for article in found.articles}
    assert check_questions(found, lambda id, version: texts.get(id)) == []


def test_an_edited_fact_is_asked_and_found_by_the_check(tmp_path: Path) -> None:
    found = read_questions(write(tmp_path, [query("inference", fact(ONE, "The Bears lost."))]))
    texts = {article.id: article.text for article in found.articles}
    assert (len(found.questions), found.problems) == (1, ())
    assert check_questions(found, lambda id, version: texts.get(id)) == [
        "query-0: quote 1 is not in article 'article-00001'"
    ]


def test_evidence_is_found_by_title_where_the_address_differs(tmp_path: Path) -> None:
    moved = fact(TWO, "eBay gives a coupon.") | {"url": "https://example.org/elsewhere"}
    assert read_questions(write(tmp_path, [query("inference", moved)])).questions[0].relevant_ids == ("article-00002",)


def test_wrong_rows_are_reported_with_their_place(tmp_path: Path) -> None:
    unknown = fact({"title": "Nowhere", "url": "https://example.org/none"}, "x")
    questions = [query("riddle"), query("inference", unknown), 5, {"answer": "x"}, query("null")]
    again = {**ONE, "body": "Other words."}
    path = write(tmp_path, questions, [ONE, {"title": "No body"}, again, {**TWO, "published_at": "lately"}])
    found = read_questions(path)
    assert [question.id for question in found.questions] == ["query-4"]
    assert [article.published for article in found.articles] == [date(2023, 11, 27), None]
    told = [str(problem).removeprefix(f"{tmp_path}/") for problem in found.problems]
    assert [line.split(": ")[:2] for line in told] == [
        ["corpus.json", "[1]"],
        ["corpus.json", "[2]"],
        ["MultiHopRAG.json", "[0]"],
        ["MultiHopRAG.json", "[1]"],
        ["MultiHopRAG.json", "[2]"],
        ["MultiHopRAG.json", "[3]"],
    ]
    assert "address of an earlier article" in told[1]
    assert "'https://example.org/none', which corpus.json does not have" in told[3]


@pytest.mark.parametrize("corpus", [None, '{"articles": []}', "no JSON"])
def test_articles_that_cannot_be_read_are_wrong_usage(tmp_path: Path, corpus: str | None) -> None:
    write(tmp_path, [query("null")])
    (tmp_path / "corpus.json").unlink() if corpus is None else (tmp_path / "corpus.json").write_text(corpus)
    with pytest.raises(WrongUsage, match=r"corpus\.json (does not exist|is no list|is not JSON)"):
        read_questions(tmp_path)


def test_publisher_date_and_address_are_indexed(tmp_path: Path) -> None:
    found: QuestionSet = read_questions(write(tmp_path, [query("inference", fact(ONE, "The Bears won."))]))
    with opened(found, tmp_path, settings_for(tmp_path / "data")) as (client, left_out):
        assert left_out == []
        article = client.article("article-00001", None)
    assert (article.title, article.publisher) == ("Bears beat Vikings", "Sporting News")
    assert (article.published, article.url) == (date(2023, 11, 27), "https://example.org/bears")
    assert article.authors == ["Dan Treacy"]
