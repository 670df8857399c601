"""Sentences that an answer shows are held against those that people chose."""

from eval.overlap import f1, within
from index.records import Span


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
