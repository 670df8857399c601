"""The pipeline, for the chat page, the command line, Slack and evaluation alike. Read it aloud from top to bottom."""

from collections.abc import Callable, Iterator
from dataclasses import replace

from index.deadline import check_deadline
from index.errors import LanguageModelFailed
from index.stores.store import Index
from service.answer.about import about
from service.answer.analysis import QuestionAnalysis, analyse, checked
from service.answer.citations import Cited
from service.answer.clock import Clock
from service.answer.decision import Decision, Retrieved, decide
from service.answer.disagreement import disagreements
from service.answer.evidence import Evidence, Search, read_evidence
from service.answer.extractive import quoted, quoted_below, short_answer
from service.answer.headings import asked_as_heading
from service.answer.lengths import recent
from service.answer.llm.writer import CannotAnswer, Ending, Finished, ModelFailed, Writer
from service.answer.models import (
    About,
    Answer,
    Found,
    NoAnswer,
    Preferences,
    Question,
    Step,
    in_all,
)
from service.answer.nearest import nearest_passages
from service.answer.refusal import ANSWERED
from service.answer.retrieval.search import select_hits
from service.answer.small_talk import small_talk, without_small_talk
from service.answer.tables import rows_asked_for
from service.answer.text.spelling import respelled
from service.answer.writing import UNSURE, write_answer
from service.settings import Settings

NOT_ANSWERED = "I found no answer to this in the articles that you may read."
NOT_READ = "This question seems to be in {}. Without a language model only English is read: please ask it in English."
EXTRACTIVE = "extractive"
# From even odds on, the quotes are shown although a language model finds no answer in them.
_SURE = 0.5


def answer(
    question: Question, *, index: Index, settings: Settings, writer: Writer | None = None
) -> Answer | NoAnswer | About:
    """Answer a question from the articles that the asker may read, or say that no answer was found; reply to small talk.

    With a `writer` a language model words the answer; without one, or where it fails, the articles are quoted.
    Raises QuestionError, IndexEmpty, IndexMismatch, ModelUnusable, or LanguageModelFailed where settings forbid the quotes.
    """
    *_, last = steps(question, index=index, settings=settings, writer=writer)
    assert isinstance(last, Answer | NoAnswer | About)
    return last


def steps(question: Question, *, index: Index, settings: Settings, writer: Writer | None = None) -> Iterator[Step]:
    """Answer a question step by step, so that each sentence can be shown as soon as it is finished.

    Raises what `answer` raises, and between its steps what the deadline of this context was ended for. Closing this stops
    the work, that of the language model too.
    """
    clock = Clock()
    text = checked(question.text, longest=settings.max_question_chars)
    if kind := small_talk(index, text):
        yield about(question, kind, index=index, answers=answers_with(index, settings))
        return
    analysis = _analysed(question, index, settings, writer)
    retrieved = _retrieved(index, analysis)
    clock.retrieved()
    evidence = _read(index, retrieved)
    decision = decide(analysis, retrieved, evidence, asks_model=writer is not None, settings=settings)
    yield _found(decision)
    if not decision.answerable:
        yield _no_answer(decision, clock)
        return
    cited, ending = Cited(), None
    if writer:
        unsure = settings.refusals and decision.confidence < UNSURE
        ending, decision = yield from write_answer(writer, decision, index, cited, confirms=unsure)
    if isinstance(ending, CannotAnswer) and settings.refusals and decision.confidence < _SURE:
        yield _no_answer(decision, clock, ending)
        return
    if isinstance(ending, ModelFailed):
        if not settings.llm_fallback:
            raise LanguageModelFailed(f"{ending.fault}. Ask again later, or set FOOTNOTE_LLM_FALLBACK=true for quotes.")
        if settings.refusals and decision.confidence < ANSWERED:
            yield _no_answer(decision, clock)
            return
    short = None
    if not isinstance(ending, Finished):
        quotes = quoted(index, decision.evidence)
        for draft in quotes:
            check_deadline()
            yield cited.add(draft)
        short = short_answer(decision.evidence[0], quotes) if len(decision.evidence) == 1 else None
    elif writer and settings.llm_self_check:
        cited.sentences, usage = writer.self_checked(cited.sentences, cited.citations)
        ending = replace(ending, usage=in_all([ending.usage, usage]))
    if isinstance(ending, Finished) and settings.llm_quotes and decision.confidence >= ANSWERED:
        for draft in quoted_below(quoted(index, decision.evidence), cited.sentences):
            yield cited.add(draft)
    yield _answer(index, decision, cited, ending, clock, short)


def answers_with(index: Index, settings: Settings) -> Callable[[Question], bool]:
    """Return what says whether the articles answer a question, without a language model."""
    refusing = settings.model_copy(update={"refusals": True})

    def answers(asked: Question) -> bool:
        # What would count as small talk is replied to with such questions, and so on without end.
        return not small_talk(index, asked.text) and isinstance(answer(asked, index=index, settings=refusing), Answer)

    return answers


def _analysed(question: Question, index: Index, settings: Settings, writer: Writer | None) -> QuestionAnalysis:
    """Read everything off the question; a language model completes it where it leans on the conversation before it."""
    longest = settings.max_question_chars
    text = checked(question.text, longest=longest)
    history = without_small_talk(index, recent(question.history))
    completed = writer.completed(text, history) if writer and history else None
    check_deadline()
    return analyse(
        replace(question, history=history),
        longest=longest,
        completed=None if completed == text else completed,
        time_preference=settings.time_preference,
    )


def _retrieved(index: Index, analysis: QuestionAnalysis) -> Retrieved:
    """Search with the question, and with its parts; and with the question put right where it seems to be misspelt."""
    searches: list[Search] = []
    preferences = Preferences()
    for text in analysis.searches:
        selected = select_hits(index, text, analysis)
        preferences = selected.preferences if text == analysis.text else preferences
        searches.append(Search(text, selected.hits))
        check_deadline()
    if better := respelled(searches[0].text, searches[0].hits):
        searches.append(Search(better, select_hits(index, better, analysis).hits))
    return Retrieved(tuple(searches), preferences)


def _read(index: Index, retrieved: Retrieved) -> dict[str, list[Evidence]]:
    """Read the best hits of each search, all in one batch; then take what is asked for of tables and below headings."""
    evidence = read_evidence(index, retrieved.searches)
    check_deadline()
    read = zip([search.text for search in retrieved.searches], evidence, strict=True)
    return {text: asked_as_heading(text, rows_asked_for(index, text, of_search)) for text, of_search in read}


def _found(decision: Decision) -> Found:
    return Found(
        decision.answer_id,
        decision.hits,
        completed_question=decision.analysis.completed,
        preferences=decision.preferences,
        considered=decision.considered,
        threshold=decision.threshold,
        language=decision.language,
    )


def _answer(
    index: Index, decision: Decision, cited: Cited, ending: Ending | None, clock: Clock, short: str | None
) -> Answer:
    disputed = disagreements(decision.analysis.text, cited.citations, index.sentence_vectors.of)
    return Answer(
        id=decision.answer_id,
        question=decision.analysis.asked,
        text=cited.text,
        sentences=cited.sentences,
        citations=cited.citations,
        hits=decision.hits,
        answerer=ending.model if isinstance(ending, Finished) else EXTRACTIVE,
        confidence=round(decision.confidence, 4),
        timings=clock.timings(),
        disagreements=disputed,
        # One of the values that sources give would pass for the answer.
        short_answer=None if disputed else short,
        degraded=_degraded(ending),
        usage=ending.usage if ending else None,
        preferences=decision.preferences,
        completed_question=decision.analysis.completed,
        shown=ending.shown if isinstance(ending, Finished) else (),
    )


def _no_answer(decision: Decision, clock: Clock, ending: CannotAnswer | None = None) -> NoAnswer:
    return NoAnswer(
        id=decision.answer_id,
        question=decision.analysis.asked,
        text=NOT_READ.format(decision.language) if decision.language else NOT_ANSWERED,
        nearest=nearest_passages(decision.analysis.text, decision.hits),
        hits=decision.hits,
        answerer=ending.model if ending else EXTRACTIVE,
        confidence=round(decision.confidence, 4),
        timings=clock.timings(),
        usage=ending.usage if ending else None,
        preferences=decision.preferences,
        completed_question=decision.analysis.completed,
    )


def _degraded(ending: Ending | None) -> str | None:
    match ending:
        case Finished():
            return ending.degraded
        case ModelFailed():
            return f"{ending.fault}; the articles are quoted."
        case CannotAnswer():
            return "The language model found no answer; the sentences that come nearest to one are quoted."
        case None:
            return None
