"""Which sentences of an article belong beside the best one."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.records import ArticleInfo, Hit, Passage, SentenceSpan
from service.answer.evidence import Evidence
from service.answer.telling import BELONGING_WEIGHTS, belonging, belongs, telling

TEXT = "Reeds grow on banks. The river is slow. It was not so before."
SENTENCES = tuple(SentenceSpan(*span, "sentence") for span in ((0, 20), (21, 39), (40, 61)))


def sentence(
    position: int, *, ordinal: int = 0, score: float = 10.0, similarity: float = 0.5, way: int = 0
) -> Evidence:
    """Return a sentence of the text. `way` is the direction of its vector: those of one direction are alike."""
    passage = Passage(f"a-{ordinal}", ArticleInfo("a", "a", "Reeds"), ordinal, 0, len(TEXT), TEXT, SENTENCES)
    span, vector = SENTENCES[position], np.eye(3, dtype=np.float32)[way]
    words = passage.words_of(span)
    return Evidence(Hit(passage, 1.0, 0.5, 1.0), 0, position, span, words, vector, similarity, {}, score)


def test_similarity_counts_beside_the_score_in_what_a_sentence_tells() -> None:
    assert telling(sentence(0, score=2.0, similarity=0.5)) == 5.0


def test_the_measures_of_a_sentence_are_those_that_have_weights() -> None:
    best = sentence(1)
    first, last = belonging(sentence(0), best, below=2.0), belonging(sentence(2, way=1), best, below=0.0)
    assert first == {"below": 2.0, "like_best": 1.0, "opens": 1.0, "before_best": 1.0}
    assert last == {"below": 0.0, "like_best": 0.0, "opens": 0.0, "before_best": 0.0}
    assert {"intercept", *first} == set(BELONGING_WEIGHTS)


def test_only_the_first_sentence_of_the_article_opens_it() -> None:
    opens = [belonging(sentence(0, ordinal=ordinal), sentence(2), below=0.0)["opens"] for ordinal in (0, 1)]
    assert opens == [1.0, 0.0]


def test_a_sentence_belongs_the_surer_the_more_it_is_like_the_best() -> None:
    best = sentence(1)
    like, unlike = (belongs(belonging(sentence(2, way=way), best, below=3.0)) for way in (0, 1))
    assert like > 0.5 > unlike


@given(st.floats(0, 40), st.floats(0, 40))
def test_what_tells_less_belongs_less(one: float, other: float) -> None:
    likely = [belongs(belonging(sentence(2), sentence(1), below=below)) for below in sorted((one, other))]
    assert 1 >= likely[0] >= likely[1] >= 0


@pytest.mark.parametrize("below", [0.0, 100.0, 1000.0])
def test_it_is_a_probability(below: float) -> None:
    assert 0 <= belongs(belonging(sentence(2), sentence(1), below=below)) <= 1
