"""Finds what is wrong with a question set before its scores are believed."""

from collections.abc import Iterator, Sequence

from eval.answer_scores import holds_answer, normalise
from eval.evidence import evidence_targets
from eval.records import EvalQuestion, QuestionSet, TextOf


def check_questions(question_set: QuestionSet, text_of: TextOf) -> list[str]:
    """Return everything that is odd about a question set, in words that name the question.

    Rows that cannot be asked, questions asked twice, questions without answers, answers to what has none, articles
    that are not indexed, and quotes that their article does not hold.
    """
    found = [str(problem) for problem in question_set.problems]
    found += _duplicates(question_set.questions)
    for question in question_set.questions:
        found += [f"{question.id}: {oddity}" for oddity in _answer_oddities(question)]
        found += [f"{question.id}: {oddity}" for oddity in _article_oddities(question, text_of)]
    return found


def _duplicates(questions: Sequence[EvalQuestion]) -> Iterator[str]:
    seen: dict[object, str] = {}
    for question in questions:
        # The same words about another article, day or conversation are another question.
        key = (normalise(question.question), question.article_ids, question.as_of, question.history)
        if key in seen:
            yield f"{question.id}: asks the same as {seen[key]}"
        seen.setdefault(key, question.id)


def _answer_oddities(question: EvalQuestion) -> Iterator[str]:
    if question.answerable and not question.answers:
        yield "is answerable, but has no answers"
    if not question.answerable and question.answers:
        yield "is not answerable, but has answers"
    quotes = [row.quote for row in question.evidence]
    if question.kind == "fact" and question.answers and quotes and not _any_holds(quotes, question.answers):
        yield "none of its answers stands in a quote of its evidence"


def _any_holds(quotes: Sequence[str], answers: Sequence[str]) -> bool:
    return any(holds_answer(quote, answer) for quote in quotes for answer in answers)


def _article_oddities(question: EvalQuestion, text_of: TextOf) -> Iterator[str]:
    for article_id in dict.fromkeys((*question.relevant_ids, *question.article_ids)):
        if text_of(article_id, None) is None:
            yield f"article {article_id!r} is not indexed"
    for number, target in enumerate(evidence_targets(question, text_of), 1):
        if text_of(target.article_id, None) is not None and not target.spans:
            yield f"quote {number} is not in article {target.article_id!r}"
        if target.article_id not in question.relevant_ids:
            yield f"quote {number} is from {target.article_id!r}, which is not among its relevant articles"
