"""Stretches of several articles are grouped by the value they give, however each puts it."""

from dataclasses import replace

import numpy as np
import pytest

from index.records import ArticleInfo, Hit, Passage, SentenceSpan, Span
from service.answer.agreement import agreeing, grouped, same_value
from service.answer.evidence import Evidence
from service.answer.reading import Found


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("$5 billion", "USD 5bn"),
        ("nearly $8 billion", "$7.9 billion"),
        ("20 April 2026", "April 2026"),
        ("Dario Amodei", "Amodei"),
        ("the mayor, Anna Rossi", "Anna Rossi"),
        ("0.34 watt-hours", "0.34 watt-hours of electricity"),
    ],
)
def test_the_same_value_is_recognised_however_it_is_put(one: str, other: str) -> None:
    assert same_value(one, other)
    assert same_value(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("$5 billion", "$8 billion"),
        ("$5 billion", "€5 billion"),
        ("2027", "2028"),
        ("5 people", "5 boats"),
        ("Dario Amodei", "Andy Jassy"),
        ("Rome", "the"),
    ],
)
def test_different_values_are_told_apart(one: str, other: str) -> None:
    assert not same_value(one, other)
    assert not same_value(other, one)


def said(article: str, words: str, score: float = 5.0, *, version: str | None = None) -> Evidence:
    """Return a sentence that is nothing but its stretch."""
    span = SentenceSpan(0, len(words), "sentence")
    passage = Passage("p", ArticleInfo(article, version or article, "Title"), 0, 0, len(words), words, (span,))
    found = Found(1.0, score, Span(0, len(words)))
    return Evidence(Hit(passage, 1.0, 0.5, 1.0), 0, 0, span, words, np.zeros(3, np.float32), 0.5, {}, score, found)


def test_groups_come_in_order_of_their_best_stretch() -> None:
    groups = grouped([said("a", "$5 billion", 2.0), said("b", "$8 billion", 6.0), said("c", "USD 5bn", 4.0)])
    assert [(group.value, group.articles) for group in groups] == [("$8 billion", 1), ("USD 5bn", 2)]


def test_what_the_reader_does_not_believe_is_left_out() -> None:
    assert grouped([said("a", "$5 billion", -9.0)]) == ()
    assert grouped([replace(said("a", "$5 billion"), found=None)]) == ()


def test_agreement_counts_further_texts_and_no_copies() -> None:
    first = said("a", "$5 billion")
    assert agreeing([first]) == 0
    assert agreeing([first, said("b", "5 billion dollars"), said("c", "$8 billion")]) == 1
    assert agreeing([first, said("copy of a", "$5 billion", version="a")]) == 0
    assert agreeing([]) == 0
    assert agreeing([replace(first, found=None), said("b", "$5 billion")]) == 0


def test_copied_words_are_no_agreement() -> None:
    words = "Workers at the harbour of Genoa walked out on Monday after talks about wages failed for the third time."
    (group,) = grouped([said("a", words), said("b", words.upper()), said("c", words)])
    assert (len(group.given_by), group.articles) == (3, 1)
    assert agreeing([said("a", words), said("b", words)]) == 0
