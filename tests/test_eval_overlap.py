"""Sentences that an answer shows are held against those that people chose."""

import numpy as np
import pytest

from eval.overlap import Case, chosen_by, f1, fit_belonging, within
from index.records import ArticleInfo, Hit, Passage, SentenceSpan, Span
from service.answer.evidence import Evidence
from service.answer.telling import BELONGING_WEIGHTS


def test_f1_is_the_harmonic_mean_of_precision_and_recall() -> None:
    one, two, three = Span(0, 10), Span(10, 20), Span(20, 30)
    assert f1(frozenset({one, two}), frozenset({one, two})) == 1.0
    assert f1(frozenset({one, two}), frozenset({two, three})) == 0.5
    assert f1(frozenset({one}), frozenset({two})) == 0.0
    assert f1(frozenset(), frozenset()) == 0.0


def test_a_sentence_counts_where_more_than_half_of_it_lies_within() -> None:
    sentences = [Span(0, 10), Span(10, 20), Span(20, 30)]
    assert within(sentences, [Span(4, 15)]) == {Span(0, 10)}
    assert within(sentences, [Span(0, 3), Span(6, 10)]) == {Span(0, 10)}
    assert within(sentences, []) == frozenset()


def case(scores: list[float], *, right: list[int]) -> Case:
    """Return a question with sentences of these scores, best first, of which those at the places `right` are right."""
    words = "Reeds grow. " * len(scores)
    spans = tuple(SentenceSpan(12 * at, 12 * at + 11, "sentence") for at in range(len(scores)))
    passage = Passage("a-0", ArticleInfo("a", "a", "Reeds"), 0, 0, len(words), words, spans)
    hit, vectors = Hit(passage, 1.0, 0.5, 1.0), np.eye(2, dtype=np.float32)[np.arange(len(scores)) % 2]
    evidence = tuple(
        Evidence(hit, 0, at, spans[at], "Reeds grow.", vectors[at], 0.5, {}, score) for at, score in enumerate(scores)
    )
    return Case("Why?", evidence, frozenset(Span(spans[at].start, spans[at].end) for at in right))


def test_fitted_weights_choose_what_was_right_elsewhere() -> None:
    near_is_right = [case([9.0, 8.5, 1.0], right=[0, 1]), case([9.0, 8.8, 8.6, 0.5], right=[0, 1, 2])] * 10
    weights = dict(zip(BELONGING_WEIGHTS, fit_belonging(near_is_right), strict=True))
    assert weights["below"] < 0
    asked = case([7.0, 6.8, 0.0], right=[0, 1])
    assert chosen_by(np.array(list(weights.values())), asked) == asked.right


@pytest.mark.parametrize("scores", [[], [5.0]])
def test_with_nothing_beside_it_the_best_sentence_is_chosen_alone(scores: list[float]) -> None:
    chosen = chosen_by(np.zeros(len(BELONGING_WEIGHTS)), case(scores, right=[]))
    assert chosen == frozenset(Span(0, 11) for _ in scores)
