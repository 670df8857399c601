"""What is shown beside the best sentence depends on what is asked for."""

from dataclasses import replace

import numpy as np

from index.records import ArticleInfo, Hit, Passage, SentenceSpan, Span
from service.answer.choosing import best_of, choosing_for
from service.answer.evidence import Evidence
from service.answer.reading import Found


def said(article: str, words: str, *, score: float = 10.0, similarity: float = 0.6, answer: str = "") -> Evidence:
    """Return a sentence of an article. The reader is sure of `answer` in it."""
    span = SentenceSpan(0, len(words), "sentence")
    passage = Passage(f"{article}-0", ArticleInfo(article, article, "Title"), 0, 0, len(words), words, (span,))
    start = words.index(answer)
    found = Found(5.0, 5.0, Span(start, start + len(answer))) if answer else Found(0.0, -3.0, None)
    vector = np.zeros(3, np.float32)
    return Evidence(Hit(passage, 1.0, 0.5, 1.0), 0, 0, span, words, vector, similarity, {}, score, found)


def worth(question: str, best: Evidence, *others: Evidence) -> list[bool]:
    choosing = choosing_for(question, [best, *others])
    return [choosing.worth(other, [best]) for other in others]


def test_beside_a_value_stand_only_sources_that_give_the_same() -> None:
    best = said("a", "The bridge cost $5 million.", answer="$5 million")
    same, other = said("b", "It cost five million dollars."), said("c", "The road cost $9 million.")
    assert worth("How much did the bridge cost?", best, same, other) == [True, False]


def test_what_the_same_article_says_of_a_value_again_adds_nothing() -> None:
    best = said("a", "The bridge cost $5 million.", answer="$5 million")
    again, elsewhere = said("a", "It cost $5 million."), said("b", "Roads are long.")
    assert worth("How much did the bridge cost?", best, again, elsewhere) == [False, False]


def test_a_list_is_made_of_what_names_more() -> None:
    best = said("a", "Rome has raised its spending.")
    more, again = said("b", "Pisa has, too."), said("c", "Spending rose in Rome.")
    assert worth("Which towns have raised their spending?", best, more, again) == [True, False]


def test_an_overview_has_few_sentences_of_each_article() -> None:
    best, second, third = (said("a", f"The deal has part {n}.") for n in range(3))
    choosing = choosing_for("Summarise the deal", [best, second, third, said("b", "Deals are made.")])
    assert choosing.worth(second, [best])
    assert not choosing.worth(third, [best, second])


def test_of_one_article_is_shown_what_belongs_to_the_best_sentence() -> None:
    best = said("a", "Reeds grow because the river is slow.")
    near, far = said("a", "Its banks are flat.", score=9.0), said("a", "Roads are long.", score=2.0)
    assert worth("Why do reeds grow?", best, near, far) == [True, False]


def test_an_overview_of_one_article_is_not_cut_short() -> None:
    best, second, third = (said("a", f"The deal has part {n}.") for n in range(3))
    choosing = choosing_for("Summarise the deal", [best, second, third])
    assert choosing.worth(second, [best])
    assert choosing.worth(third, [best, second])


def test_beside_a_certain_value_of_one_article_little_is_shown() -> None:
    best = said("a", "The bridge cost $5 million.", answer="$5 million")
    beside = said("a", "It was built in a year.", score=8.5)
    assert worth("How much did the bridge cost?", best, beside) == [False]
    assert worth("Why was the bridge built?", best, beside) == [True]


def test_its_own_article_may_tell_more_than_others() -> None:
    best = said("a", "Reeds grow because the river is slow.")
    own, other = said("a", "The river is slow.", score=8.0), said("b", "Rivers are slow.", score=8.0)
    assert worth("Why do reeds grow?", best, own, other) == [True, False]


def test_a_question_is_no_answer_where_a_sentence_comes_near_it() -> None:
    asked, told = said("a", "Why do reeds grow?", score=12.0), said("a", "The river is slow.", score=9.0)
    assert best_of([asked, told]) is told
    assert best_of([asked]) is asked


def test_of_one_thing_that_was_found_less_is_told_than_of_a_reason() -> None:
    found = said("a", "The Normans invaded Ireland in a spring storm.", answer="Ireland")
    more = said("a", "Ireland was rich.", score=6.5)
    assert worth("Which country did the Normans invade?", found, more) == [False]
    assert worth("Why did the Normans invade?", found, more) == [True]


def line(words: str, *, sure: float) -> Evidence:
    fragment = said("a", words, answer=words.partition(": ")[2])
    span = SentenceSpan(0, len(words), "fragment")
    return replace(fragment, span=span, found=replace(fragment.found or Found(0.0, 0.0, None), score=sure))


def test_a_line_that_a_reader_is_sure_of_answers_and_a_heading_does_not() -> None:
    sentence = said("b", "Meetings are long.", score=7.0)
    sure, unsure = line("Next meeting: 3 June", sure=3.0), line("Next meeting: 3 June", sure=1.0)
    assert best_of([sure, sentence]) is sure
    assert best_of([unsure, sentence]) is sentence
