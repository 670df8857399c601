"""Which of the sentences that were read make an answer: the best one, and those that are worth showing beside it.

What is asked for decides. Of a value: other sources that give the same, or another for the same thing. Of an overview or a
list: sentences of several articles, or such as name more. Of anything else: what tells nearly as much.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from service.answer.agreement import gives, stretch_words
from service.answer.evidence import Evidence
from service.answer.sought import holds, wanted
from service.answer.telling import LEAST_PROBABILITY, belonging, belongs, telling
from service.answer.text.terms import (
    asks_ahead,
    asks_back,
    asks_for_list,
    asks_for_one,
    asks_for_overview,
    new_names,
    tells_back,
)

# A heading that matches is chosen only where no sentence comes near it.
_MARGIN_FOR_HEADINGS = 4.0
# How much worse than the best a sentence may be to be shown beside it.
_MARGIN = 5.0
# Of anything but a value, list or overview: an article that tells of it may tell more; others must come near the best.
_MARGIN_OF_ITS_ARTICLE, _MARGIN_OF_OTHERS = 3.0, 1.0
# A stretch that a reader found may be all that is asked for, where it is short and no less likely than this.
_FEW_WORDS, _LEAST_STRETCH = 6, -2.0
_MARGIN_OF_UNSURE_VALUES = 2.2
# From here on the reader is sure of a stretch: logarithm of how much likelier it is than that there is none.
_SURE = 2.0
_LEAST_SIMILARITY = 0.4
# Beside one thing that is asked for: how probable it must be that a sentence of its article belongs there.
_RATHER = 0.5
_MOST_OF_ONE_ARTICLE = 2


@dataclass(frozen=True, slots=True)
class Choosing:
    """How sentences are chosen for one question.

    `order` ranks them, the best highest; `worth` says whether one is worth showing beside those that are shown, the best
    of them first; `most` is how many are shown.
    """

    order: Callable[[Evidence], float]
    worth: Callable[[Evidence, Sequence[Evidence]], bool]
    most: int


def best_of(evidence: Sequence[Evidence]) -> Evidence:
    """Return the sentence that answers best. `evidence` is ordered, best first, and not empty."""
    near = [e for e in evidence if e.score >= evidence[0].score - _MARGIN_FOR_HEADINGS]
    return next((e for e in near if tells(e)), evidence[0])


def tells(one: Evidence) -> bool:
    """Say whether this is no heading or question: a sentence, or a line of a list or table that a reader is sure of."""
    if one.span.kind == "sentence":
        return not one.text.endswith("?")
    return one.found is not None and one.found.score > _SURE and len(one.text.split()) > len(stretch_words(one).split())


def choosing_for(question: str, evidence: Sequence[Evidence]) -> Choosing:
    """Return how sentences are chosen beside the best one."""
    best = best_of(evidence)
    sure = best.found.score if best.found else 0.0
    of_the_kind = holds(wanted(question), best.text, question)
    if len({_article(one) for one in evidence}) == 1:  # nothing else can add to what it tells
        one_thing = _is_brief(best) and (of_the_kind or asks_for_one(question))
        return _of_one_article(question, evidence, one_thing=one_thing)
    if asks_for_overview(question):
        return Choosing(_score, _of_several_articles, most=5)
    if asks_for_list(question):
        return Choosing(_score, lambda one, shown: _names_more(question, one, shown), most=4)
    if of_the_kind and sure > _SURE:
        return Choosing(_score, _gives_the_same, most=3)
    if of_the_kind:
        return Choosing(_score, lambda one, shown: _may_be_the_value(question, one, shown), most=2)
    return Choosing(telling, lambda one, shown: _tells_as_much(question, one, shown), most=4)


def _of_one_article(question: str, evidence: Sequence[Evidence], *, one_thing: bool) -> Choosing:
    """Return how sentences are chosen where one article has all of the answer. Beside one thing that is asked for, only
    what rather belongs there than not."""
    single = one_thing and not (asks_for_overview(question) or asks_for_list(question))
    least = _RATHER if single else LEAST_PROBABILITY
    most_told = max(map(telling, evidence))

    def worth(one: Evidence, shown: Sequence[Evidence]) -> bool:
        measures = belonging(one, shown[0], below=most_told - telling(one))
        return not _of_another_time(question, one, shown[0]) and belongs(measures) >= least

    return Choosing(telling, worth, most=5)


def _is_brief(best: Evidence) -> bool:
    """Say whether a reader found a few words in the best sentence that may be the answer."""
    found = best.found is not None and best.found.score > _LEAST_STRETCH
    return found and len(stretch_words(best).split()) <= _FEW_WORDS


def _score(one: Evidence) -> float:
    return one.score


def _of_several_articles(one: Evidence, shown: Sequence[Evidence]) -> bool:
    best = shown[0]
    near = one.similarity >= _LEAST_SIMILARITY and one.score >= best.score - _MARGIN
    return near and len([e for e in shown if _article(e) == _article(one)]) < _MOST_OF_ONE_ARTICLE


def _names_more(question: str, one: Evidence, shown: Sequence[Evidence]) -> bool:
    known = " ".join([question, *(e.text for e in shown)])
    return _of_several_articles(one, shown) and bool(new_names(one.text, known))


def _tells_as_much(question: str, one: Evidence, shown: Sequence[Evidence]) -> bool:
    best = shown[0]
    allowed = _MARGIN_OF_ITS_ARTICLE if _article(one) == _article(best) else _MARGIN_OF_OTHERS
    return not _of_another_time(question, one, best) and telling(one) >= telling(best) - allowed


def _of_another_time(question: str, one: Evidence, best: Evidence) -> bool:
    """Say whether the best sentence is of the time asked for, before or to come, and this one is not."""
    back, best_back = tells_back(one.text), tells_back(best.text)
    return (asks_back(question) and best_back and not back) or (asks_ahead(question) and not best_back and back)


def _gives_the_same(one: Evidence, shown: Sequence[Evidence]) -> bool:
    best = shown[0]
    near = one.similarity >= _LEAST_SIMILARITY and one.score >= best.score - _MARGIN
    return near and _article(one) not in map(_article, shown) and gives(one.text, stretch_words(best))


def _may_be_the_value(question: str, one: Evidence, shown: Sequence[Evidence]) -> bool:
    near = one.similarity >= _LEAST_SIMILARITY and one.score >= shown[0].score - _MARGIN_OF_UNSURE_VALUES
    return near and holds(wanted(question), one.text, question) and _tells_as_much(question, one, shown)


def _article(evidence: Evidence) -> str:
    return evidence.hit.passage.article.id
