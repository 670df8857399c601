"""Measures of the reader: short answers, sentences, what is answered at all, each with its interval."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from random import Random

import numpy as np

from index.reader import workplace
from index.reader.choosing import FEATURES, REFUSAL_FEATURES, Answered, case_of, refusal_features, sentenced
from index.reader.examples import Pool
from index.reader.fitting import cross_validated, fitted_apart
from index.reader.mining import near_misses
from index.reader.model import Reader
from index.reader.scoring import (
    Numbers,
    area,
    balanced_accuracy,
    best_threshold,
    exact_match,
    f1_of_choice,
    interval,
    token_f1,
)
from index.reader.workplace import Judged

_FOLDS = 5
_NEAR = 400
# The evidence of a passage without sentences.
_NOTHING = -15.0


@dataclass(frozen=True, slots=True)
class Row:
    """A measure on a set, with its 95 % interval."""

    data: str
    measure: str
    value: float
    low: float
    high: float
    cases: int


@dataclass(frozen=True, slots=True)
class Refusal:
    """Questions of a set as what tells whether they are answered, a row each, and which are (1, else 0)."""

    rows: Numbers
    right: Numbers


def _mean(data: str, measure: str, values: Sequence[float] | Numbers) -> Row:
    return _row(data, measure, lambda at: float(np.asarray(values, float)[at].mean()), len(values))


def _row(data: str, measure: str, of: Callable[[np.ndarray], float], count: int) -> Row:
    low, high = interval(of, count)
    return Row(data, measure, of(np.arange(count)), low, high, count)


def passage_rows(data: str, asked: Sequence[Answered]) -> Iterator[Row]:
    """Measure the short answers and answerability of questions that each have one passage."""
    told = [one for one in asked if one.asked.spans]
    if data != "clapnq":
        given = [_best_stretch(one) for one in told]
        yield _mean(data, "exact match", [exact_match(g, o.asked.answers) for g, o in zip(given, told, strict=True)])
        yield _mean(data, "token F1", [token_f1(g, o.asked.answers) for g, o in zip(given, told, strict=True)])
    refusal = refusal_of(asked)
    for at, name in enumerate(REFUSAL_FEATURES):
        scores = refusal.rows[:, at]
        yield _row(data, f"answerable by {name}: area", _area_of(scores, refusal.right), len(asked))
    joint = cross_validated(refusal.rows, refusal.right)
    yield _row(data, "answerable, cross-validated: area", _area_of(joint, refusal.right), len(asked))
    balanced: Callable[[np.ndarray], float] = lambda at: balanced_accuracy(joint[at], refusal.right[at])  # noqa: E731
    yield _row(data, "answerable, cross-validated: balanced accuracy", balanced, len(asked))


def sentence_rows(data: str, asked: Sequence[Answered]) -> Iterator[Row]:
    """Measure which sentences of their one passage belong to the answers of questions that have one."""
    at = FEATURES.index("evidence")
    cases = [(rows[:, at], right) for rows, right in (case_of(one) for one in asked if one.asked.spans)]
    folds = [best_threshold([case for n, case in enumerate(cases) if n % _FOLDS != fold]) for fold in range(_FOLDS)]
    scores = [f1_of_choice(*case, folds[n % _FOLDS]) for n, case in enumerate(cases)]
    yield _mean(data, "sentences by evidence: F1", scores)
    yield _mean(data, "sentence with most evidence is right", [float(right[s.argmax()]) for s, right in cases])


def near_rows(pool: Pool, reader: Reader) -> Iterator[Row]:
    """Measure whether a passage that answers is told from another one of the same document, drawn by chance."""
    random = Random(0)
    asked = [(q, near) for q, near in zip(pool.questions, near_misses(pool), strict=True) if near and q.spans]
    asked = random.sample(asked, min(len(asked), _NEAR))
    pairs = [
        (question.question, sentenced(pool.passages[at]))
        for question, near in asked
        for at in (question.passage, random.choice(near))
    ]
    readings = reader.read(pairs)
    right = np.array([1.0, 0.0] * len(asked))
    evidence = np.array([max((s.evidence for s in r.sentences), default=_NOTHING) for r in readings])
    for name, scores in (("answered", np.array([r.answered for r in readings])), ("evidence", evidence)):
        yield _row(pool.name, f"near misses by {name}: area", _area_of(scores, right), len(right))


def workplace_rows(data: str, questions: Sequence[Judged]) -> Iterator[Row]:
    """Measure which sentence comes first, and whether any answers, of questions asked of workplace documents."""
    told = [one for one in questions if one.answerable]
    cases = [(one.rows, one.right) for one in told]
    yield _mean(data, "some sentence read is evidence", [float(one.right.any()) for one in told])
    for at, name in enumerate(workplace.FEATURES[:2]):
        yield _mean(
            data, f"first sentence by {name} is evidence", [float(r[rows[:, at].argmax()]) for rows, r in cases]
        )
    weights = fitted_apart(cases)
    combined = [float(r[(rows @ w).argmax()]) for (rows, r), w in zip(cases, weights, strict=True)]
    yield _mean(data, "first sentence by all is evidence", combined)
    best = np.array([one.rows.max(axis=0) for one in questions])
    right = np.array([float(one.answerable) for one in questions])
    for at, name in enumerate(workplace.FEATURES):
        yield _row(data, f"answerable by {name}: area", _area_of(best[:, at], right), len(right))
    yield _row(
        data, "answerable by all, cross-validated: area", _area_of(cross_validated(best, right), right), len(right)
    )


def _area_of(scores: Numbers, right: Numbers) -> Callable[[np.ndarray], float]:
    return lambda at: area(scores[at], right[at])


def _best_stretch(one: Answered) -> str:
    at = FEATURES.index("stretch")
    return max(one.sentences, key=lambda s: s.features[at]).stretch


def refusal_of(asked: Sequence[Answered]) -> Refusal:
    """Return what tells whether each question is answered, and whether it is."""
    rows = np.array([refusal_features(one) for one in asked], float)
    return Refusal(rows, np.array([float(bool(one.asked.spans)) for one in asked]))


def pool_rows(
    data: str, asked: Sequence[Answered], *, choice: Sequence[Numbers], ranking: Sequence[Numbers]
) -> Iterator[Row]:
    """Measure which passage comes first and which sentence is chosen for questions asked of a whole pool.

    `choice` and `ranking` are the weights of sentences and of passages, for each question.
    """
    first = {
        "fused": [one.found[0].passage for one in asked],
        "relevance": [_first(one, np.array([1.0, 0.0, 0.0])) for one in asked],
        "combined": [_first(one, weights) for one, weights in zip(asked, ranking, strict=True)],
    }
    for name, passages in first.items():
        right = [float(p == one.asked.passage) for p, one in zip(passages, asked, strict=True)]
        yield _mean(data, f"hit@1 by {name}", right)
    alone = np.eye(len(FEATURES))[FEATURES.index("evidence")]
    for name, weights in (("evidence", [alone] * len(asked)), ("combined", choice)):
        chosen = [one.sentences[int(np.argmax(case_of(one)[0] @ w))] for one, w in zip(asked, weights, strict=True)]
        yield _mean(data, f"sentence by {name} holds the answer", [float(s.right) for s in chosen])
    yield _mean(
        data,
        "its stretch: exact match",
        [exact_match(s.stretch, o.asked.answers) for s, o in zip(chosen, asked, strict=True)],
    )
    yield _mean(data, "some sentence read holds the answer", [float(case_of(one)[1].any()) for one in asked])


def passage_case(one: Answered) -> tuple[Numbers, Numbers]:
    """Return relevance, answeredness and fused score of a question's passages, a row each, and which is right."""
    rows = np.array([(r.relevance, r.answered, f.fused) for r, f in zip(one.readings, one.found, strict=True)], float)
    return rows, np.array([float(f.passage == one.asked.passage) for f in one.found])


def _first(one: Answered, weights: Numbers) -> int:
    return one.found[int(np.argmax(passage_case(one)[0] @ weights))].passage
