"""Question sets as CSV: what spreadsheets write, and the line that a wrong row starts on."""

import csv
import io
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eval.datasets import read_questions
from eval.formats.collecting import Collecting
from eval.formats.tables import read_table
from eval.records import EvalQuestion, Evidence, QuestionSet
from index.errors import WrongUsage


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "set.csv"


def read(path: Path, content: str | bytes) -> QuestionSet:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_questions(path)


def test_every_column_is_read(path: Path) -> None:
    header = "id,Question,answers,answerable,relevant_ids,kind,as_of,article_ids,evidence_article,evidence_quote,note"
    row = 'q1,"How much, now?",$5 billion | a\\|b,yes,a/b|c,fact,2026-04-24,a/b|c|d,a/b|c,"Now: $5 billion.|a\\|b",mine'
    found = read(path, f"{header}\n{row}\n")
    assert found.problems == ()
    assert found.questions == (
        EvalQuestion(
            id="q1",
            question="How much, now?",
            answers=("$5 billion", "a|b"),
            answerable=True,
            relevant_ids=("a/b", "c"),
            evidence=(Evidence("a/b", "Now: $5 billion."), Evidence("c", "a|b")),
            as_of=date(2026, 4, 24),
            kind="fact",
            article_ids=("a/b", "c", "d"),
        ),
    )


def test_only_the_question_is_required(path: Path) -> None:
    found = read(path, "answers,question\nParis,Where?\n,When?\n")
    assert [(q.id, q.question, q.answers) for q in found.questions] == [
        ("line-2", "Where?", ("Paris",)),
        ("line-3", "When?", ()),
    ]


@pytest.mark.parametrize("content", ["question;answers\r\nA, b?;x\r\n", "question\tanswers\nA, b?\tx\n"])
def test_what_separates_cells_is_told_by_the_first_row(path: Path, content: str) -> None:
    (question,) = read(path, content).questions
    assert (question.question, question.answers) == ("A, b?", ("x",))


def test_a_byte_order_mark_and_names_as_people_write_them(path: Path) -> None:
    (question,) = read(path, '\ufeff"Question",Relevant IDs,Article-ids\nWhy?,a,b\n').questions
    assert (question.relevant_ids, question.article_ids) == (("a",), ("b",))


def test_rows_are_reported_with_the_line_that_they_start_on(path: Path) -> None:
    found = read(path, 'question,as_of\n"Two\nlines?",2026-05-06\n\n"Three\n\nlines?",riddle\nLast?,\n')
    assert [question.question for question in found.questions] == ["Two\nlines?", "Last?"]
    assert [question.id for question in found.questions] == ["line-2", "line-8"]
    (problem,) = found.problems
    assert problem.line == 5
    assert problem.message.startswith("as_of: ")


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (",x", "question: Field required"),
        ("One?,x,maybe", "answerable: "),
        ("One?,x,,a|b,One quote", "evidence_article names 2, evidence_quote holds 1"),
        ("One?,x,,a,", "evidence_article names 1, evidence_quote holds 0"),
        ("One?,x,,,,more", "has 6 cells, but there are 5 columns"),
        ('One?,"x"y', "is not CSV: "),
        ("One?,\ud800x", "is not UTF-8"),
    ],
)
def test_a_wrong_row_is_reported_and_the_rest_is_read(path: Path, row: str, message: str) -> None:
    content = f"question,answers,answerable,evidence_article,evidence_quote\n{row}\nTwo?,y,no\n"
    found = read(path, content.encode(errors="surrogatepass"))
    assert [(question.question, question.answerable) for question in found.questions] == [("Two?", False)]
    (problem,) = found.problems
    assert problem.line == 2
    assert message in problem.message


def test_a_mark_that_is_never_closed_is_reported_where_it_opens(path: Path) -> None:
    found = read(path, 'question,answers\nOne?,x\n"Two?,y\nThree?,z\n')
    assert [question.question for question in found.questions] == ["One?"]
    (problem,) = found.problems
    assert problem.line == 3
    assert "quotation marks" in problem.message


def test_rows_that_wait_for_review_are_not_asked(path: Path) -> None:
    found = read(path, "question,reviewed\nOne?,false\nTwo?,TRUE\nThree?,\n")
    assert [question.question for question in found.questions] == ["Two?", "Three?"]
    assert "not reviewed yet" in found.problems[0].message


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("frage;antwort\nWo?;Hier\n", "has no column 'question'. Its columns are: 'frage', 'antwort'."),
        ("", "Its columns are: none."),
        ("question,answers,Question\nOne?,x,Two?\n", "has a column twice: question."),
        ("question,answers\n".encode("utf-16"), "is UTF-16"),
    ],
)
def test_a_table_without_questions_is_wrong_usage(path: Path, content: str | bytes, message: str) -> None:
    with pytest.raises(WrongUsage) as raised:
        read(path, content)
    assert message in str(raised.value)


def test_a_folder_may_hold_a_table_and_its_corpus(tmp_path: Path) -> None:
    (tmp_path / "corpus").mkdir()
    (tmp_path / "questions.csv").write_text("question\nOne?\n")
    found = read_questions(tmp_path)
    assert (len(found.questions), found.corpus) == (1, tmp_path / "corpus")


SAID = st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), min_size=1).map(str.strip).filter(bool)


@given(st.lists(st.tuples(SAID, st.lists(SAID.filter(lambda words: not words.endswith("\\"))))))
def test_what_a_csv_writer_wrote_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, list[str]]]
) -> None:
    path = tmp_path_factory.mktemp("table") / "set.csv"
    table = io.StringIO(newline="")
    writer = csv.writer(table, delimiter=";")
    writer.writerow(["question", "answers"])
    writer.writerows(
        [question, "|".join(answer.replace("|", "\\|") for answer in answers)] for question, answers in rows
    )
    path.write_bytes(table.getvalue().encode())
    found = Collecting(path)
    read_table(path, found)
    read_back = found.question_set()
    assert read_back.problems == ()
    assert [(question.question, list(question.answers)) for question in read_back.questions] == rows
