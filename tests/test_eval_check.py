"""What is found wrong with a question set."""

from pathlib import Path

from eval.check import check_questions
from eval.records import EvalQuestion, Evidence, QuestionSet, RowProblem, Turn

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
        "q3: is answerable, but has no answers",
        "q1: none of its answers stands in a quote of its evidence",
        "q1: article 'c' is not indexed",
        "q1: quote 1 is not in article 'a'",
        "q1: quote 2 is from 'b', which is not among its relevant articles",
        "q2: is not answerable, but has answers",
    ]


def test_kinds_that_do_not_fit_are_named() -> None:
    evidence = (Evidence("a", "Amazon invests $5 billion now."),)
    answers = ("$5 billion", "$6 billion")
    assert found(
        EvalQuestion("q1", "And then?", ("x",), kind="follow_up"),
        EvalQuestion("q2", "How much?", answers, relevant_ids=("a",), evidence=evidence, kind="disagreement"),
        EvalQuestion("q3", "Which sum?", ("$5 billion",), relevant_ids=("a", "b"), kind="disagreement"),
        EvalQuestion("q4", "Who knows?", answerable=False, relevant_ids=("a",)),
        EvalQuestion("q5", "Then what?", ("x",), kind="follow_up", history=(Turn("user", "First?"),)),
    ) == [
        "q1: is a follow-up, but has no history",
        "q2: of its answers only '$5 billion' stands in a quote of its evidence",
        "q2: is about a disagreement, but has one relevant article",
        "q3: is about a disagreement, but has one answer",
        "q4: is not answerable, but has relevant articles",
    ]


def test_a_relevant_article_that_may_not_be_found_is_named() -> None:
    question = EvalQuestion("q1", "How much?", ("x",), relevant_ids=("a", "b"), article_ids=("b",))
    assert found(question) == ["q1: article 'a' is relevant, but not among those that it is asked of"]


def test_questions_that_are_nearly_the_same_are_named() -> None:
    one = EvalQuestion("q1", "How much does Amazon invest in Anthropic?", ("$5 billion",))
    two = EvalQuestion("q2", "How much will Amazon be investing in Anthropic?", ("$5 Billion.",))
    three = EvalQuestion("q3", "How much did Amazon invest in Anthropic?", ("$8 billion",))
    four = EvalQuestion("q4", "Did Amazon invest in Anthropic?", ("$5 billion",), article_ids=("a",))
    assert found(one, two, three, four) == ["q2: asks nearly the same as q1"]


def test_a_set_without_answers_or_ids_is_said_once() -> None:
    questions = [EvalQuestion(f"line-{n}", f"Question {n}?", relevant_ids=("a",)) for n in (1, 2)]
    assert found(*questions) == [
        "2 questions have no id: once a line is added above them, two runs cannot be compared",
        "none of the 2 answerable questions has answers: only what was found can be scored",
    ]


def test_wrong_rows_are_problems_too() -> None:
    questions = QuestionSet((), (RowProblem(Path("q.jsonl"), 3, "Invalid JSON"),))
    assert check_questions(questions, lambda article_id, version: None) == ["q.jsonl:3: Invalid JSON"]
