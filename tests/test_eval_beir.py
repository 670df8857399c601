"""BEIR folders: which queries are asked, of what, and what is reported where."""

import json
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from eval.datasets import read_questions
from eval.formats.beir import BeirArticles
from eval.opening import asked_of, opened
from eval.records import BroughtArticle, EvalQuestion
from index.errors import WrongUsage
from tests.service_fixtures import settings_for

CORPUS: list[dict[str, Any]] = [
    {"_id": "d1", "title": "Einstein", "text": "Albert Einstein was born in Ulm.", "metadata": {}},
    {"_id": "MED-2", "title": "", "text": "Wheat beer is cloudy."},
    {"_id": 3, "title": "A title alone", "text": ""},
]
QUERIES = [{"_id": "q1", "text": " Who was born in Ulm? "}, {"_id": 2, "text": "What is cloudy?"}]
HEADER = "query-id\tcorpus-id\tscore"


def lines(rows: Iterable[Any]) -> str:
    return "".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "qrels").mkdir()
    (tmp_path / "corpus.jsonl").write_text(lines(CORPUS))
    (tmp_path / "queries.jsonl").write_text(lines(QUERIES))
    judge(tmp_path, "q1\td1\t1", "2\tMED-2\t2", "2\td1\t0", "2\t3\t1.0")
    return tmp_path


def judge(folder: Path, *rows: str, split: str = "test") -> None:
    (folder / "qrels" / f"{split}.tsv").write_text(lines([HEADER, *rows]))


@pytest.mark.parametrize("named", ["", "queries.jsonl"])
def test_queries_are_asked_of_the_corpus(folder: Path, named: str) -> None:
    found = read_questions(folder / named)
    assert found.problems == ()
    assert found.questions == (
        EvalQuestion("q1", "Who was born in Ulm?", relevant_ids=("d1",)),
        EvalQuestion("2", "What is cloudy?", relevant_ids=("MED-2", "3")),
    )
    einstein = BroughtArticle("d1", "Einstein", "Albert Einstein was born in Ulm.")
    beer, title = (
        BroughtArticle("MED-2", "", "Wheat beer is cloudy."),
        BroughtArticle("3", "A title alone", "A title alone"),
    )
    assert list(found.articles) == [einstein, beer, title]


def test_the_corpus_is_read_from_its_file_and_not_held(folder: Path) -> None:
    found = read_questions(folder)
    assert isinstance(found.articles, BeirArticles)
    (folder / "corpus.jsonl").write_text(lines(CORPUS[:1]))
    assert [article.id for article in found.articles] == ["d1"]


def test_queries_without_a_relevant_article_are_not_asked(folder: Path) -> None:
    judge(folder, "q1\td1\t0")
    found = read_questions(folder)
    assert (found.questions, found.problems) == ((), ())


@pytest.mark.parametrize(
    ("splits", "asked"), [(["train", "dev", "test"], "test"), (["train", "dev"], "dev"), (["train"], "train")]
)
def test_one_split_is_asked(folder: Path, splits: list[str], asked: str) -> None:
    (folder / "qrels" / "test.tsv").unlink()
    for split in splits:
        judge(folder, "q1\td1\t1" if split == asked else "2\td1\t1", split=split)
    assert [question.id for question in read_questions(folder).questions] == ["q1"]


@pytest.mark.parametrize("splits", [[], ["train", "validation"]])
def test_a_split_that_cannot_be_told_is_wrong_usage(folder: Path, splits: list[str]) -> None:
    (folder / "qrels" / "test.tsv").unlink()
    for split in splits:
        judge(folder, "q1\td1\t1", split=split)
    with pytest.raises(
        WrongUsage, match=r"has no test\.tsv and no dev\.tsv, but (nothing|train\.tsv, validation\.tsv)"
    ):
        read_questions(folder)


def test_a_folder_without_corpus_is_wrong_usage(folder: Path) -> None:
    (folder / "corpus.jsonl").unlink()
    with pytest.raises(WrongUsage, match=r"corpus\.jsonl does not exist"):
        read_questions(folder)


def test_the_first_line_of_judgements_may_be_one(folder: Path) -> None:
    (folder / "qrels" / "test.tsv").write_text("q1\td1\t1\n")
    assert [question.id for question in read_questions(folder).questions] == ["q1"]


def test_wrong_rows_are_reported_with_file_and_line(folder: Path) -> None:
    (folder / "corpus.jsonl").write_text(lines([*CORPUS, '{"_id": "d4", "text": " "}', "{", {"text": "No id."}]))
    with (folder / "queries.jsonl").open("a") as queries:
        queries.write(lines([{"_id": "q1", "text": "Again?"}, {"_id": "q4"}]))
    judge(folder, "q1\td1\t1", "q1\td1", "q9\td1\t1", "2\tMED-2\tyes")
    found = read_questions(folder)
    assert [question.id for question in found.questions] == ["q1"]
    assert [str(problem).removeprefix(f"{folder}/").split(": ", 1)[0] for problem in found.problems] == [
        "corpus.jsonl:4",
        "corpus.jsonl:5",
        "corpus.jsonl:6",
        "qrels/test.tsv:3",
        "qrels/test.tsv:5",
        "queries.jsonl:4",
        "qrels/test.tsv:4",
    ]
    messages = [problem.message for problem in found.problems]
    assert messages[0] == "has neither text nor title"
    assert messages[3] == "has 2 columns. Write query-id, corpus-id and score, separated by tabs"
    assert messages[4] == "has the score 'yes', which is no number"
    assert messages[6] == "judges the query 'q9', which queries.jsonl does not have"
    assert [article.id for article in found.articles] == ["d1", "MED-2", "3"]


def test_articles_are_indexed_under_their_own_ids(folder: Path, tmp_path: Path) -> None:
    found = read_questions(folder)
    with opened(found, folder, settings_for(tmp_path / "data")) as (client, left_out):
        assert left_out == []
        texts = {id: client.article(id, None).text for id in ("d1", "MED-2", "3")}
    assert texts == {"d1": CORPUS[0]["text"], "MED-2": CORPUS[1]["text"], "3": "A title alone"}


def test_another_corpus_takes_what_is_known_of_the_articles(folder: Path, tmp_path: Path) -> None:
    found = read_questions(folder)
    other = asked_of(found, tmp_path)
    assert other.questions[0] == replace(found.questions[0], relevant_ids=())
    assert (other.corpus, other.articles) == (tmp_path, ())
