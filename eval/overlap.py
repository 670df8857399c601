"""How far the sentences of an answer are those that people wrote theirs from, on sets such as CLAPNQ.

    python -m eval.overlap DATASET [--fit]

prints the F1 of the sentences that an answer shows, and, to compare, of the three most similar to the question: the mean
over all questions with an answer, refused or not. A sentence counts as chosen, or shown, when more than half of it lies in
a quote of the evidence, or of the answer. Questions are asked without a language model.

With `--fit`, also the weights that tell best which sentences belong to an answer (`service/answer/telling.py`), and the F1
of what weights choose that were fitted without the question's tenth of the set: before anything is joined or left out.
"""

import argparse
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from eval.datasets import read_questions
from eval.opening import opened
from eval.records import EvalQuestion
from eval.scoring.evidence import evidence_targets, overlap
from index.reader.fitting import fit_probability, probability
from index.reader.scoring import Numbers
from index.records import EVERYTHING, Filters, Span
from index.retrieval import retrieve
from index.stores.store import Index
from service.answer.choosing import best_of
from service.answer.evidence import Evidence, read_sentences
from service.answer.extractive import quoted
from service.answer.telling import BELONGING_WEIGHTS, LEAST_PROBABILITY, belonging, telling
from service.client import LocalClient
from service.settings import load_settings

_MOST_SIMILAR = 3
_FOLDS = 10


@dataclass(frozen=True, slots=True)
class Case:
    """The sentences read for one question, all of one article, best first, and which of them people wrote theirs from."""

    question: str
    evidence: tuple[Evidence, ...]
    right: frozenset[Span]


@dataclass(frozen=True, slots=True)
class Overlap:
    """F1 of one question: of the sentences that its answer shows, and of those most similar to it."""

    shown: float
    similar: float


def f1(found: frozenset[Span], right: frozenset[Span]) -> float:
    """Return the harmonic mean of the share of those found that are right, and of those right that are found."""
    return 2 * len(found & right) / (len(found) + len(right)) if found or right else 0.0


def within(sentences: Iterable[Span], stretches: Sequence[Span]) -> frozenset[Span]:
    """Return the sentences of which more than half lies in these stretches, which do not overlap."""
    return frozenset(s for s in sentences if 2 * sum(overlap(s, one) for one in stretches) > s.end - s.start)


def cases(index: Index, questions: Iterable[EvalQuestion]) -> Iterator[Case]:
    """Yield each question that has an answer and evidence in one article."""
    for question in questions:
        articles = {row.article_id for row in question.evidence}
        if question.answerable and len(articles) == 1:
            filters = Filters(article_ids=question.article_ids)
            retrieved = retrieve(index, question.question, access=EVERYTHING, filters=filters)
            evidence = read_sentences(index, question.question, retrieved)
            yield _case(index, question, [e for e in evidence if e.hit.passage.article.id in articles])


def _case(index: Index, question: EvalQuestion, evidence: Sequence[Evidence]) -> Case:
    if not evidence:
        return Case(question.question, (), frozenset())
    _, text = index.catalog.article(evidence[0].hit.passage.article.id, EVERYTHING)
    targets = evidence_targets(question, lambda article_id, version: text)
    right = within(map(_span, evidence), [target.spans[0] for target in targets if target.spans])
    return Case(question.question, tuple(evidence), right)


def overlap_of(index: Index, case: Case) -> Overlap:
    """Return how far what is shown for a question, and what is most similar to it, are what is right."""
    if not case.evidence:
        return Overlap(0.0, 0.0)
    drafts = quoted(index, case.question, case.evidence)
    shown = within(map(_span, case.evidence), [stretch.span for draft in drafts for stretch in draft.stretches[:1]])
    similar = sorted(case.evidence, key=lambda e: -e.similarity)[:_MOST_SIMILAR]
    return Overlap(f1(shown, case.right), f1(frozenset(map(_span, similar)), case.right))


def fit_belonging(cases: Sequence[Case]) -> Numbers:
    """Return the intercept and weights, in the order of BELONGING_WEIGHTS, that tell best which sentences belong."""
    rows, right = zip(*map(_beside, cases), strict=True)
    return fit_probability(np.vstack(rows), np.concatenate(right))


def chosen_by(weights: Numbers, case: Case) -> frozenset[Span]:
    """Return the best sentence and those that belong beside it by these weights."""
    if not case.evidence:
        return frozenset()
    best = best_of(case.evidence)
    others = [one for one in case.evidence if one is not best]
    belong = probability(weights, _beside(case)[0]) >= LEAST_PROBABILITY
    return frozenset([_span(best), *(_span(one) for one, taken in zip(others, belong, strict=True) if taken)])


def _beside(case: Case) -> tuple[Numbers, Numbers]:
    """Return the measures of the sentences beside the best one, a row each, and which are right (1, else 0)."""
    if not case.evidence:
        return np.empty((0, len(BELONGING_WEIGHTS) - 1)), np.empty(0)
    best, most_told = best_of(case.evidence), max(map(telling, case.evidence))
    others = [one for one in case.evidence if one is not best]
    rows = [list(belonging(one, best, below=most_told - telling(one)).values()) for one in others]
    right = np.array([float(_span(one) in case.right) for one in others])
    return np.array(rows, float).reshape(len(others), len(BELONGING_WEIGHTS) - 1), right


def _span(evidence: Evidence) -> Span:
    return Span(evidence.span.start, evidence.span.end)


def main(dataset: Path, *, fit: bool) -> None:
    """Ask the questions of a set and print the two means, and what was fitted."""
    questions = read_questions(dataset)
    with opened(questions, dataset, load_settings()) as (client, _):
        if not isinstance(client, LocalClient):
            raise SystemExit("A service owns the data folder. Stop it, or set FOOTNOTE_DATA_DIR.")
        asked = list(cases(client.assistant.opened, questions.questions))
        found = [overlap_of(client.assistant.opened, case) for case in asked]
    if not found:
        raise SystemExit(f"{dataset} has no question with evidence in one article.")
    print(f"{len(found)} questions with an answer")
    print(f"F1 of the sentences shown: {sum(one.shown for one in found) / len(found):.3f}")
    print(f"F1 of the {_MOST_SIMILAR} most similar: {sum(one.similar for one in found) / len(found):.3f}")
    if fit:
        _print_fitted(asked)


def _print_fitted(cases: Sequence[Case]) -> None:
    for name, weight in zip(BELONGING_WEIGHTS, fit_belonging(cases), strict=True):
        print(f'    "{name}": {weight:.2f},')
    apart = [fit_belonging([case for at, case in enumerate(cases) if at % _FOLDS != fold]) for fold in range(_FOLDS)]
    scores = [f1(chosen_by(apart[at % _FOLDS], case), case.right) for at, case in enumerate(cases)]
    print(f"F1 of the sentences chosen by weights fitted without them: {sum(scores) / len(scores):.3f}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dataset", type=Path)
    parser.add_argument("--fit", action="store_true", help="fit which sentences belong beside the best one")
    arguments = parser.parse_args()
    main(arguments.dataset, fit=arguments.fit)
