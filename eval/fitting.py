"""Fits the weights by which sentences are chosen, and measures them on questions that were kept aside.

    python -m eval.fitting DATASET...

prints weights for `service.evidence.WEIGHTS`. The model is a softmax over the sentences of one question (list-wise
logistic regression, as in Cao et al. 2007, "Learning to rank: from pairwise approach to listwise approach"); a sentence is
right when it holds an answer and stands in a relevant article. Every third question is kept aside and only measured.
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import logsumexp

from eval.datasets import read_questions
from eval.opening import opened
from eval.records import EvalQuestion
from eval.scoring.answer_scores import holds_answer
from index.records import EVERYTHING, Filters
from index.retrieval import retrieve
from service.client import LocalClient
from service.desk import LocalDesk
from service.evidence import WEIGHTS, Evidence, read_sentences
from service.settings import Settings, load_settings

_RIDGE = 1e-3


@dataclass(frozen=True, slots=True)
class Case:
    """The sentences of one question: a row of features each, and which of them are right (0 or 1)."""

    features: NDArray[np.float64]
    right: NDArray[np.bool_]


def cases_of(dataset: Path, settings: Settings) -> list[Case]:
    """Return the cases of a question set's answerable questions that have a right sentence among those read."""
    questions = read_questions(dataset)
    with opened(questions, dataset, settings) as (client, _):
        if not isinstance(client, LocalClient):
            raise SystemExit("A service owns the data folder. Stop it, or set FOOTNOTE_DATA_DIR.")
        answerable = [q for q in questions.questions if q.answerable and q.answers]
        cases = [_case(client.desk, question) for question in answerable]
    return [case for case in cases if case.right.any()]


def _case(desk: LocalDesk, question: EvalQuestion) -> Case:
    # Asked of all articles, also where the set restricts a question to one: choosing among many is what is learnt.
    retrieved = retrieve(desk.opened, question.question, access=EVERYTHING, filters=Filters())
    evidence = read_sentences(desk.opened, question.question, retrieved)
    features = np.array([[e.features[name] for name in WEIGHTS] for e in evidence], float)
    return Case(features.reshape(-1, len(WEIGHTS)), np.array([_is_right(e, question) for e in evidence], bool))


def _is_right(evidence: Evidence, question: EvalQuestion) -> bool:
    article_id = evidence.hit.passage.article.id
    relevant = {*question.relevant_ids, *(e.article_id for e in question.evidence), *question.article_ids}
    return (not relevant or article_id in relevant) and any(holds_answer(evidence.text, a) for a in question.answers)


def fit(cases: Sequence[Case]) -> NDArray[np.float64]:
    """Return the weights that make the right sentences most probable, one a feature in the order of WEIGHTS."""
    scale = np.vstack([case.features for case in cases]).std(axis=0) + 1e-9

    def loss(weights: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        total, gradient = _RIDGE * float(weights @ weights), 2 * _RIDGE * weights
        for case in cases:
            rows = case.features / scale
            scores = rows @ weights
            everywhere, right = logsumexp(scores), logsumexp(scores[case.right])
            total += float(everywhere - right) / len(cases)
            pull = np.exp(scores - everywhere)
            pull[case.right] -= np.exp(scores[case.right] - right)
            gradient = gradient + pull @ rows / len(cases)
        return total, gradient

    found = minimize(loss, np.zeros(len(WEIGHTS)), jac=True, method="L-BFGS-B")
    return np.asarray(found.x / scale, float)


def first_is_right(cases: Sequence[Case], weights: NDArray[np.float64]) -> float:
    """Return the share of cases whose best sentence is right, between 0 and 1."""
    return float(np.mean([case.right[np.argmax(case.features @ weights)] for case in cases]))


def main(datasets: Sequence[str]) -> None:
    """Fit on two thirds of every set together, measure on the rest of each."""
    settings = load_settings()
    sets = {name: cases_of(Path(name), settings) for name in datasets}
    weights = fit([case for cases in sets.values() for at, case in enumerate(cases) if at % 3])
    now = np.array(list(WEIGHTS.values()))
    for name, value in zip(WEIGHTS, weights, strict=True):
        print(f'    "{name}": {value:.1f},')
    for name, cases in sets.items():
        aside = cases[::3]
        before, after = first_is_right(aside, now), first_is_right(aside, weights)
        print(
            f"{name}: {len(aside)} kept aside, best sentence right {before:.3f} with today's weights, {after:.3f} fitted"
        )


if __name__ == "__main__":
    main(sys.argv[1:])
