"""CLAPNQ's files: passages become articles, the sentences that annotators chose become evidence."""

import json
from pathlib import Path
from typing import Any

import pytest

from eval.check import check_questions
from eval.datasets import read_questions
from eval.records import Evidence
from index.errors import WrongUsage

TEXT = "They see three women . They sing . Delmar thinks that they are Sirens . "
SENTENCES = ["They see three women .", "They sing .", "Delmar thinks that they are Sirens ."]
PASSAGE = {"title": "O Brother", "text": TEXT, "sentences": SENTENCES}
META = {"annotator": [1], "round": 1, "skip": False}
ANSWERED = {
    "id": "-9025710588846987152",
    "input": "what are the sirens ",
    "passages": [PASSAGE],
    "output": [
        {"answer": "Three women.", "selected_sentences": [SENTENCES[0], SENTENCES[2]], "meta": META},
        {"answer": "Women who sing.", "selected_sentences": [SENTENCES[0], SENTENCES[1]], "meta": META},
    ],
}
# As the publisher's page shows it, and as the published files have it.
UNANSWERED = [
    {"id": 2769, "input": "who sings", "passages": [PASSAGE], "output": [{"answer": None, "meta": None}]},
    {"id": "2", "input": "why", "passages": [PASSAGE], "output": [{"answer": "", "selected_sentences": []}]},
]


def write(file: Path, *rows: Any) -> Path:
    file.write_text("".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows))
    return file


def test_each_question_is_restricted_to_its_passage(tmp_path: Path) -> None:
    found = read_questions(write(tmp_path / "dev.jsonl", ANSWERED, *UNANSWERED))
    (article,) = found.articles
    assert (article.title, article.text) == ("O Brother", TEXT)
    first, second, third = found.questions
    assert (first.id, first.question) == ("-9025710588846987152", "what are the sirens")
    assert first.answers == ("Three women.", "Women who sing.")
    assert first.evidence == tuple(Evidence(article.id, SENTENCES[i]) for i in (0, 2, 1))
    assert (first.relevant_ids, first.article_ids, first.kind) == ((article.id,), (article.id,), "synthesis")
    for question, id in ((second, "2769"), (third, "2")):
        assert (question.id, question.answerable, question.kind) == (id, False, "unanswerable")
        assert (question.answers, question.evidence, question.relevant_ids) == ((), (), ())
        assert question.article_ids == (article.id,)


def test_a_folder_gives_all_of_its_files(tmp_path: Path) -> None:
    write(tmp_path / "clapnq_dev_answerable.jsonl", ANSWERED)
    write(tmp_path / "clapnq_dev_unanswerable.jsonl", *UNANSWERED, {"input": "?"})
    found = read_questions(tmp_path)
    assert [question.answerable for question in found.questions] == [True, False, False]
    (problem,) = found.problems
    assert (problem.path.name, problem.line) == ("clapnq_dev_unanswerable.jsonl", 3)


def test_wrong_rows_are_reported_with_their_line(tmp_path: Path) -> None:
    path = write(tmp_path / "dev.jsonl", "{", ANSWERED, {**ANSWERED, "passages": []}, ANSWERED, {"question": "Ours?"})
    found = read_questions(path)
    assert len(found.questions) == 1
    assert [problem.line for problem in found.problems] == [1, 3, 4, 5]
    assert "passages: " in found.problems[1].message
    assert "is taken" in found.problems[2].message


def test_a_sentence_that_its_passage_lacks_is_found_by_the_check(tmp_path: Path) -> None:
    output = [{"answer": "A.", "selected_sentences": ["They see three women .&"]}]
    found = read_questions(write(tmp_path / "dev.jsonl", {**ANSWERED, "output": output}))
    (article,) = found.articles
    assert found.problems == ()
    assert check_questions(found, lambda id, version: article.text) == [
        f"{ANSWERED['id']}: quote 1 is not in article {article.id!r}"
    ]


def test_lines_in_our_own_format_are_no_clapnq(tmp_path: Path) -> None:
    write(tmp_path / "answerable.jsonl", {"question": "Ours?", "input": "x"})
    with pytest.raises(WrongUsage, match="holds no question set"):
        read_questions(tmp_path)
    assert read_questions(tmp_path / "answerable.jsonl").questions[0].question == "Ours?"
