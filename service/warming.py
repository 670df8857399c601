"""Loading the models before the first question, so that nobody waits for it."""

from time import perf_counter

from index.records import EVERYTHING
from index.stores.store import Index
from service.answer.models import Question
from service.answer.pipeline import answer
from service.settings import Settings

_QUESTIONS, _LONGEST_TITLE = 3, 100


def load_models(index: Index, *, checks_sentences: bool = False) -> None:
    """Load the models of an index; the one that checks sentences only where a language model writes them.

    Raises IndexEmpty, IndexMismatch or ModelUnusable if it cannot be asked.
    """
    index.check()
    index.embedder.load()
    if index.reader:
        index.reader.load()
    if index.support and checks_sentences:
        index.support.load()
    if index.reranker:
        index.reranker.load()


def answer_made_up_questions(index: Index, settings: Settings) -> float | None:
    """Answer a few made-up questions, as some things are loaded only with the first answers.

    Return how many seconds the last of them took, or None if there are no articles. Raises what `load_models` raises.
    """
    seconds: float | None = None
    for info in index.catalog.articles(EVERYTHING, after=None, limit=_QUESTIONS):
        started = perf_counter()
        asked = Question(f"What is said about {info.title[:_LONGEST_TITLE]}?", access=EVERYTHING)
        answer(asked, index=index, settings=settings)
        seconds = perf_counter() - started
    if seconds is not None:  # finding the example questions for greetings takes as long as several answers
        answer(Question("Hello!"), index=index, settings=settings)
    return seconds
