"""Finds what is wrong with a question set before its scores are believed."""

import re
from collections.abc import Hashable, Iterator, Sequence

from eval.records import EvalQuestion, QuestionSet, TextOf
from eval.scoring.answer_scores import holds_answer, normalise
from eval.scoring.evidence import evidence_targets
from service.answer.text.terms import terms

_UNNAMED = re.compile(r"line-\d+")


def check_questions(question_set: QuestionSet, text_of: TextOf) -> list[str]:
    """Return everything that is odd about a question set, in words that name the question.

    Rows that cannot be asked or wait for review; questions asked twice, or nearly; questions without answers or ids;
    answers to what has none; answers that no quote holds; kinds that do not fit what is given; articles that are not
    indexed; and quotes that their article does not hold.
    """
    found = [str(problem) for problem in question_set.problems]
    found += _repeated(question_set.questions)
    found += _unnamed(question_set.questions)
    found += _unanswered(question_set.questions)
    for question in question_set.questions:
        oddities = (*_answer_oddities(question), *_kind_oddities(question), *_article_oddities(question, text_of))
        found += [f"{question.id}: {oddity}" for oddity in oddities]
    return found


def _repeated(questions: Sequence[EvalQuestion]) -> Iterator[str]:
    worded: dict[Hashable, str] = {}
    answered: dict[Hashable, str] = {}
    for question in questions:
        same = worded.setdefault((normalise(question.question), _context(question)), question.id)
        alike = answered.setdefault(_terms_and_answers(question), question.id) if question.answers else question.id
        if same != question.id:
            yield f"{question.id}: asks the same as {same}"
        elif alike != question.id:
            yield f"{question.id}: asks nearly the same as {alike}"


def _terms_and_answers(question: EvalQuestion) -> Hashable:
    # The same terms alone are not enough: "When was he born?" and "Where was he born?" have them.
    words = normalise(question.question)
    return frozenset(terms(words)), frozenset(map(normalise, question.answers)), _context(question)


def _context(question: EvalQuestion) -> Hashable:
    # The same words about another article, day or conversation are another question.
    return question.article_ids, question.as_of, question.history


def _unnamed(questions: Sequence[EvalQuestion]) -> Iterator[str]:
    unnamed = sum(bool(_UNNAMED.fullmatch(question.id)) for question in questions)
    if unnamed:
        yield f"{unnamed} questions have no id: once a line is added above them, two runs cannot be compared"


def _unanswered(questions: Sequence[EvalQuestion]) -> Iterator[str]:
    without = [question.id for question in questions if question.answerable and not question.answers]
    if len(without) > 1 and not any(question.answers for question in questions):
        # Sets made for retrieval alone give none at all.
        yield f"none of the {len(without)} answerable questions has answers: only what was found can be scored"
        return
    yield from (f"{id}: is answerable, but has no answers" for id in without)


def _answer_oddities(question: EvalQuestion) -> Iterator[str]:
    if not question.answerable and question.answers:
        yield "is not answerable, but has answers"
    quotes = [row.quote for row in question.evidence]
    if question.answers and quotes:
        held = [answer for answer in question.answers if any(holds_answer(quote, answer) for quote in quotes)]
        if question.kind in ("fact", "follow_up") and not held:
            yield "none of its answers stands in a quote of its evidence"
        if question.kind == "disagreement" and 0 < len(held) < 2 <= len(question.answers):
            yield f"of its answers only {held[0]!r} stands in a quote of its evidence"


def _kind_oddities(question: EvalQuestion) -> Iterator[str]:
    if question.kind == "follow_up" and not question.history:
        yield "is a follow-up, but has no history"
    if question.kind == "disagreement" and len(set(question.relevant_ids)) == 1:
        yield "is about a disagreement, but has one relevant article"
    if question.kind == "disagreement" and len(question.answers) == 1:
        yield "is about a disagreement, but has one answer"
    if not question.answerable and (question.relevant_ids or question.evidence):
        yield "is not answerable, but has relevant articles"


def _article_oddities(question: EvalQuestion, text_of: TextOf) -> Iterator[str]:
    for article_id in dict.fromkeys((*question.relevant_ids, *question.article_ids)):
        if text_of(article_id, None) is None:
            yield f"article {article_id!r} is not indexed"
        elif question.article_ids and article_id not in question.article_ids:
            yield f"article {article_id!r} is relevant, but not among those that it is asked of"
    for number, target in enumerate(evidence_targets(question, text_of), 1):
        if text_of(target.article_id, None) is not None and not target.spans:
            yield f"quote {number} is not in article {target.article_id!r}"
        if target.article_id not in question.relevant_ids:
            yield f"quote {number} is from {target.article_id!r}, which is not among its relevant articles"
