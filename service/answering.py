"""The pipeline, for the chat page, the command line, Slack and evaluation alike. Read it aloud from top to bottom."""

import re
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from time import perf_counter
from uuid import uuid4

from index.errors import QuestionError
from index.retrieval import Retrieved, retrieve
from index.store import Index
from service.citing import Draft, cite
from service.disagreement import disagreements
from service.evidence import read_sentences
from service.extractive import quoted, short_answer
from service.followups import completed_question
from service.generative import CannotAnswer, ModelFailed, Wording, Writer, Written
from service.records import Answer, Citation, Found, NearestArticle, NoAnswer, Question, Said, Step, Timings
from service.refusal import confidence
from service.settings import Settings

NOT_ANSWERED = "The articles do not answer this question."
EXTRACTIVE = "extractive"
_NEAREST = 3
_WORD = re.compile(r"\w")


def answer(question: Question, *, index: Index, settings: Settings, writer: Writer | None = None) -> Answer | NoAnswer:
    """Answer a question from the articles that the asker may read, or say that they do not answer it.

    With a `writer` a language model words the answer; without one, or where it fails, the articles are quoted.
    Raises QuestionError, IndexEmpty, IndexMismatch or ModelUnusable.
    """
    *_, last = steps(question, index=index, settings=settings, writer=writer)
    assert isinstance(last, Answer | NoAnswer)
    return last


def steps(question: Question, *, index: Index, settings: Settings, writer: Writer | None = None) -> Iterator[Step]:
    """Answer a question step by step, for whoever wants to see each sentence as it is finished.

    Raises what `answer` raises. Whoever stops asking for steps stops the work.
    """
    asked = checked(question.text, longest=settings.max_question_chars)
    completed = completed_question(asked, question.history)
    whole = replace(question, text=completed or asked)
    with closing(_steps(whole, index=index, settings=settings, writer=writer)) as found:
        for step in found:
            last = isinstance(step, Answer | NoAnswer)
            yield replace(step, question=asked, completed_question=completed) if last else step


def _steps(
    question: Question, *, index: Index, settings: Settings, writer: Writer | None
) -> Generator[Step, None, None]:
    """Answer a question that stands by itself."""
    clock = _Clock()
    text = question.text
    retrieved = retrieve(index, text, access=question.access, filters=question.filters)
    evidence = read_sentences(index, text, retrieved)
    clock.retrieved()
    yield Found(retrieved.hits)
    sure = confidence(text, evidence)
    if not evidence or (settings.refusals and sure < 0.5):
        yield _no_answer(text, retrieved, sure, clock)
        return
    wording = writer.write(text, retrieved, index) if writer else None
    match wording:
        case CannotAnswer() if settings.refusals:
            yield _no_answer(text, retrieved, sure, clock, wording)
            return
        case Written():
            found = _answer(text, retrieved, sure, clock, wording.drafts, wording)
        case _:
            found = _answer(text, retrieved, sure, clock, quoted(index, text, evidence), wording)
            # One of the values that sources give would pass for the answer.
            short = None if found.disagreements else short_answer(text, evidence, sure=settings.refusals)
            found = replace(found, short_answer=short)
    yield from _said(found)
    yield found


def checked(question: str, *, longest: int) -> str:
    """Return a question without white space around it. Raises QuestionError when nobody could answer it."""
    text = question.strip()
    if not text:
        raise QuestionError("The question is empty. Write one.")
    if len(text) > longest:
        raise QuestionError(f"The question has {len(text):,} characters, over the limit of {longest:,}. Shorten it.")
    if any(character == "\0" or "\ud800" <= character <= "\udfff" for character in text):
        raise QuestionError("The question holds characters that are not text. Remove them.")
    if not _WORD.search(text):
        raise QuestionError("The question holds no words. Write some.")
    return text


def _answer(
    text: str, retrieved: Retrieved, sure: float, clock: "_Clock", drafts: Sequence[Draft], wording: Wording | None
) -> Answer:
    cited = cite(drafts)
    return Answer(
        id=f"ans_{uuid4().hex}",
        question=text,
        text=cited.text,
        sentences=cited.sentences,
        citations=cited.citations,
        hits=retrieved.hits,
        answerer=wording.model if isinstance(wording, Written) else EXTRACTIVE,
        confidence=round(sure, 4),
        timings=clock.timings(),
        disagreements=disagreements(text, cited.citations),
        degraded=_degraded(wording),
        usage=wording.usage if wording else None,
    )


def _said(answer: Answer) -> Iterator[Said]:
    """Yield the sentences of an answer, each with the citations that come up in it first."""
    cited: dict[int, Citation] = {citation.number: citation for citation in answer.citations}
    for sentence in answer.sentences:
        yield Said(sentence, tuple(cited.pop(number) for number in sentence.citations if number in cited))


def _no_answer(
    text: str, retrieved: Retrieved, sure: float, clock: "_Clock", wording: Wording | None = None
) -> NoAnswer:
    nearest = {hit.passage.article.id: hit.passage.article.title for hit in retrieved.hits}
    return NoAnswer(
        id=f"ans_{uuid4().hex}",
        question=text,
        text=NOT_ANSWERED,
        nearest=tuple(NearestArticle(article_id, title) for article_id, title in list(nearest.items())[:_NEAREST]),
        hits=retrieved.hits,
        answerer=wording.model if wording else EXTRACTIVE,
        confidence=round(sure, 4),
        timings=clock.timings(),
        usage=wording.usage if wording else None,
    )


def _degraded(wording: Wording | None) -> str | None:
    match wording:
        case ModelFailed():
            return wording.reason
        case CannotAnswer():
            return "The language model found no answer; the best sentences are quoted because refusals are off."
        case _:
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
