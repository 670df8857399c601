"""The pipeline, for the chat page, the command line, Slack and evaluation alike. Read it aloud from top to bottom."""

import re
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import date
from time import perf_counter
from uuid import uuid4

from index.deadline import check_deadline
from index.errors import LanguageModelFailed, QuestionError
from index.stores.store import Index
from service.answer.citations import Cited, Draft
from service.answer.disagreement import disagreements
from service.answer.evidence import read_sentences
from service.answer.extractive import quoted, short_answer
from service.answer.followups import completed_question
from service.answer.languages import unread_language
from service.answer.lengths import check_question_length, recent
from service.answer.llm.writer import CannotAnswer, Ending, Finished, ModelFailed, ToWrite, Writer
from service.answer.models import Answer, Found, Message, NearestArticle, NoAnswer, Question, Said, Step, Timings
from service.answer.refusal import confidence
from service.answer.retrieval.selection import Selected, select_hits
from service.settings import Settings

NOT_ANSWERED = "The articles do not answer this question."
NOT_READ = "This question seems to be in {}. Without a language model only English is read: please ask it in English."
EXTRACTIVE = "extractive"
_NEAREST = 3
_WORD = re.compile(r"\w")


def answer(question: Question, *, index: Index, settings: Settings, writer: Writer | None = None) -> Answer | NoAnswer:
    """Answer a question from the articles that the asker may read, or say that they do not answer it.

    With a `writer` a language model words the answer; without one, or where it fails, the articles are quoted.
    Raises QuestionError, IndexEmpty, IndexMismatch, ModelUnusable, or LanguageModelFailed where settings forbid the quotes.
    """
    *_, last = steps(question, index=index, settings=settings, writer=writer)
    assert isinstance(last, Answer | NoAnswer)
    return last


def steps(question: Question, *, index: Index, settings: Settings, writer: Writer | None = None) -> Iterator[Step]:
    """Answer a question step by step, for whoever wants to see each sentence as it is finished.

    Raises what `answer` raises, and between its steps what the deadline of this context was ended for. Closing this stops
    the work, that of the language model too.
    """
    clock = _Clock()
    text = checked(question.text, longest=settings.max_question_chars)
    completed = _completed(text, recent(question.history), writer)
    text = completed or text
    check_deadline()
    retrieved = select_hits(index, replace(question, text=text), settings=settings)
    check_deadline()
    evidence = read_sentences(index, text, retrieved)
    check_deadline()
    clock.retrieved()
    yield Found(retrieved.hits, preferences=retrieved.preferences, completed_question=completed)
    # A language model reads other languages, too.
    language = None if writer else unread_language(text, retrieved.hits[0] if retrieved.hits else None)
    sure = 0.0 if language else confidence(text, evidence)
    asked = _Asked(question.text.strip(), completed, retrieved, sure, clock, language)
    if not evidence or (settings.refusals and asked.sure < 0.5):
        yield _no_answer(asked)
        return
    cited, ending, short = Cited(), None, None
    if writer:
        ending = yield from _written(writer, question, asked, index, cited)
    if isinstance(ending, CannotAnswer) and settings.refusals:
        yield _no_answer(asked, ending)
        return
    if isinstance(ending, ModelFailed) and not settings.llm_fallback:
        raise LanguageModelFailed(f"{ending.fault}. Ask again later, or set FOOTNOTE_LLM_FALLBACK=true for quotes.")
    if not isinstance(ending, Finished):
        for draft in quoted(index, text, evidence):
            check_deadline()
            yield cited.add(draft)
        check_deadline()
        short = short_answer(text, evidence, sure=settings.refusals)
    yield _answer(asked, cited, ending, short)


def checked(question: str, *, longest: int) -> str:
    """Return a question on one line. Raises QuestionError when nobody could answer it."""
    check_question_length(question, longest=longest)
    text = " ".join(question.split())
    if not text:
        raise QuestionError("The question is empty. Write one.")
    if any(character == "\0" or "\ud800" <= character <= "\udfff" for character in text):
        raise QuestionError("The question holds characters that are not text. Remove them.")
    if not _WORD.search(text):
        raise QuestionError("The question holds no words. Write some.")
    return text


@dataclass(frozen=True, slots=True)
class _Asked:
    """A question that was looked up: what was found, how sure it is that this answers, and since when it is worked on.

    `completed` is the question with what it leaves to the conversation before it; None where it stands by itself.
    `language` is the one that it is in, where that is not read.
    """

    question: str
    completed: str | None
    retrieved: Selected
    sure: float
    clock: "_Clock"
    language: str | None

    @property
    def text(self) -> str:
        """The question in full."""
        return self.completed or self.question


def _completed(asked: str, history: Sequence[Message], writer: Writer | None) -> str | None:
    """Return the question in full where it leans on what was said before, None where it stands by itself.

    By the language model where there is one, else by rules.
    """
    by_model = writer.completed(asked, history) if writer and history else None
    completed = by_model or completed_question(asked, history)
    return None if completed == asked else completed


def _written(
    writer: Writer, question: Question, asked: _Asked, index: Index, cited: Cited
) -> Generator[Said, None, Ending]:
    """Let a language model word the answer: yield each sentence that is fit to be shown, and return how it ended."""
    today = question.as_of or date.today()
    with closing(writer.write(ToWrite(asked.text, asked.retrieved.hits, today), index)) as written:
        for one in written:
            check_deadline()
            if not isinstance(one, Draft):
                return one
            yield cited.add(one)
    raise AssertionError("a writer says last how it ended")


def _answer(asked: _Asked, cited: Cited, ending: Ending | None, short: str | None) -> Answer:
    disputed = disagreements(asked.text, cited.citations)
    return Answer(
        id=f"ans_{uuid4().hex}",
        question=asked.question,
        text=cited.text,
        sentences=cited.sentences,
        citations=cited.citations,
        hits=asked.retrieved.hits,
        answerer=ending.model if isinstance(ending, Finished) else EXTRACTIVE,
        confidence=round(asked.sure, 4),
        timings=asked.clock.timings(),
        disagreements=disputed,
        # One of the values that sources give would pass for the answer.
        short_answer=None if disputed else short,
        degraded=_degraded(ending),
        usage=ending.usage if ending else None,
        preferences=asked.retrieved.preferences,
        completed_question=asked.completed,
    )


def _no_answer(asked: _Asked, ending: CannotAnswer | None = None) -> NoAnswer:
    nearest = {hit.passage.article.id: hit.passage.article.title for hit in asked.retrieved.hits}
    return NoAnswer(
        id=f"ans_{uuid4().hex}",
        question=asked.question,
        text=NOT_READ.format(asked.language) if asked.language else NOT_ANSWERED,
        nearest=tuple(NearestArticle(article_id, title) for article_id, title in list(nearest.items())[:_NEAREST]),
        hits=asked.retrieved.hits,
        answerer=ending.model if ending else EXTRACTIVE,
        confidence=round(asked.sure, 4),
        timings=asked.clock.timings(),
        usage=ending.usage if ending else None,
        preferences=asked.retrieved.preferences,
        completed_question=asked.completed,
    )


def _degraded(ending: Ending | None) -> str | None:
    match ending:
        case Finished():
            return ending.degraded
        case ModelFailed():
            return f"{ending.fault}; the articles are quoted."
        case CannotAnswer():
            return "The language model found no answer; the best sentences are quoted because refusals are off."
        case None:
            return None


class _Clock:
    """Milliseconds of one question's stages."""

    def __init__(self) -> None:
        self._started = self._after_retrieval = perf_counter()

    def retrieved(self) -> None:
        self._after_retrieval = perf_counter()

    def timings(self) -> Timings:
        now = perf_counter()
        stages = (self._after_retrieval - self._started, now - self._after_retrieval, now - self._started)
        return Timings(*(round(1000 * seconds, 2) for seconds in stages))
