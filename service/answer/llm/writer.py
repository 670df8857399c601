"""The interface between the pipeline and a writer of answers, and the ways in which writing ends."""

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from index.records import Hit
from index.stores.store import Index
from service.answer.citations import Draft
from service.answer.models import Citation, Message, Searching, Sentence, Usage

Search = Callable[[Sequence[str]], tuple[Hit, ...]]
"""Finds passages for other words, of what the asker may read, best first."""


@dataclass(frozen=True, slots=True)
class ToWrite:
    """A question that can be understood by itself, its hits, best first, and the day that counts as today.

    `search` finds what else there is. `likely` is the sentence that the reading model takes for the answer, where it is sure.
    """

    question: str
    hits: tuple[Hit, ...]
    today: date
    search: Search
    likely: str | None = None


@dataclass(frozen=True, slots=True)
class Finished:
    """The model answered. `degraded` says what is wrong with its answer: it broke off. `shown` are the passages it read."""

    model: str
    usage: Usage | None
    degraded: str | None = None
    shown: tuple[Hit, ...] = ()


@dataclass(frozen=True, slots=True)
class CannotAnswer:
    """The model says that the passages hold no answer, also after it was shown others."""

    model: str
    usage: Usage | None


@dataclass(frozen=True, slots=True)
class ModelFailed:
    """The model gave nothing that can be used. `fault` says why, as a clause for people to read."""

    fault: str
    model: str
    usage: Usage | None = None


Ending = Finished | CannotAnswer | ModelFailed


class Writer(Protocol):
    """Words an answer from the hits of a question. Never raises for a fault of the model."""

    def write(self, asked: ToWrite, index: Index) -> Generator[Draft | Searching | Ending, None, None]:
        """Yield checked sentences as they are finished, what is searched for meanwhile, and last how it ended.

        There is a sentence only where one was verified, and then it ends in Finished. Closing the iterator stops the model.
        """
        ...

    def completed(self, question: str, history: Sequence[Message]) -> str | None:
        """Return a question as it can be understood without the conversation before it; None where that fails."""
        ...

    def confirmed(
        self, question: str, sentences: Sequence[Sentence], citations: Sequence[Citation]
    ) -> tuple[bool, Usage | None]:
        """Return whether the model, asked once more, takes these sentences for an answer, and the tokens that it took."""
        ...

    def self_checked(
        self, sentences: Sequence[Sentence], citations: Sequence[Citation]
    ) -> tuple[tuple[Sentence, ...], Usage | None]:
        """Return the sentences of an answer, each with whether the model finds it supported, and the tokens that it took."""
        ...
