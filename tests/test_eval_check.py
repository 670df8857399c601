"""What is found wrong with a question set."""

from pathlib import Path

from eval.check import check_questions
from eval.records import EvalQuestion, Evidence, QuestionSet, RowProblem

TEXTS = {"a": "Amazon invests $5 billion now.", "b": "More may follow."}


def found(*questions: EvalQuestion) -> list[str]:
    return check_questions(QuestionSet(questions), lambda article_id, version: TEXTS.get(article_id))


def test_a_good_set_has_no_problems() -> None:
    evidence = (Evidence("a", "Amazon invests $5 billion now."),)
    fact = EvalQuestion("q1", "How much?", ("$5 billion",), relevant_ids=("a",), evidence=evidence, kind="fact")
    assert found(fact, EvalQuestion("q2", "Who?", answerable=False)) == []


def test_each_oddity_is_named() -> None:
    evidence = (Evidence("a", "invests $6 billion"), Evidence("b", "More may follow."), Evidence("c", "x"))
    assert found(
        EvalQuestion("q1", "How much?", ("$5 billion",), relevant_ids=("a", "c"), evidence=evidence, kind="fact"),
        EvalQuestion("q2", "how much", ("x",), answerable=False),
        EvalQuestion("q3", "How much?", article_ids=("a",)),
    ) == [
        "q2: asks the same as q1",
        "q1: none of its answers stands in a quote of its evidence",
        "q1: article 'c' is not indexed",
        "q1: quote 1 is not in article 'a'",
        "q1: quote 2 is from 'b', which is not among its relevant articles",
        "q2: is not answerable, but has answers",
        "q3: is answerable, but has no answers",
    ]


def test_wrong_rows_are_problems_too() -> None:
    questions = QuestionSet((), (RowProblem(Path("q.jsonl"), 3, "Invalid JSON"),))
    assert check_questions(questions, lambda article_id, version: None) == ["q.jsonl:3: Invalid JSON"]
