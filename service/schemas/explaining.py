"""The JSON of why a question got its answer, or none: for admins."""

from typing import Literal

from service.schemas.api import AskResponse, HitWire, Wire

Outcome = Literal[
    "answered",
    "nothing_found",
    "other_language",
    "below_threshold",
    "model_found_nothing",
    "model_failed",
    "small_talk",
]
"""How a question ended. `other_language`: it is in one that is not read; `model_found_nothing`: the language model found no
answer in the passages; `model_failed`: it failed, and the confidence is too low for quotes in its place."""


class SentenceRead(Wire):
    """A sentence of a passage, in the offsets of the article, and how likely it belongs to the answer.

    `reader` is the log-odds that the reading model gives it; null without that model. `short_answer` is the part that the
    model takes for the answer. `probability` is null for who may not read all articles: it counts their words, too.
    """

    text: str
    start: int
    end: int
    reader: float | None
    probability: float | None
    short_answer: str | None
    quoted: bool


class HitRead(Wire):
    """A hit with its rank among those of its search, from 1.

    `preference` is what it gained or lost because of the time and the sources that the question names. Only the best hits are
    `read`, and have `sentences`, in their order.
    """

    rank: int
    hit: HitWire
    preference: float
    read: bool
    quoted: bool
    sentences: list[SentenceRead]


class WeightedMeasure(Wire):
    """One measure of the best sentences, and its weight: confidence is a logistic curve over the sum of their products."""

    name: str
    value: float
    weight: float


class SearchRead(Wire):
    """A text that was searched for: the question, the question with what was asked before it, or a part of it.

    `confidence` is the probability that what was read answers it, and `chosen` says whether the answer is from there. The
    measures have one named `intercept`, of value 1. `hits_total` counts those that were found, `hits` has the best of them.
    """

    text: str
    chosen: bool
    confidence: float
    measures: list[WeightedMeasure]
    hits_total: int
    hits: list[HitRead]


class ExplainResponse(Wire):
    """An answer, or none, with what was found, read and decided on the way. `threshold` is the least confidence for one.

    Small talk has no searches: no article is looked at for it.
    """

    outcome: Outcome
    threshold: float
    language: str | None
    answer: AskResponse
    searches: list[SearchRead]
