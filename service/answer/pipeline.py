"""The pipeline, for the chat page, the command line, Slack and evaluation alike. Read it aloud from top to bottom."""

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from uuid import uuid4

from index.deadline import check_deadline
from index.errors import LanguageModelFailed
from index.records import Hit
from index.stores.store import Index
from service.answer.about import about
from service.answer.analysis import QuestionAnalysis, analyse, checked
from service.answer.citations import Cited, Draft
from service.answer.clock import Clock
from service.answer.disagreement import disagreements
from service.answer.evidence import READ, Evidence, Search, read_evidence
from service.answer.extractive import quoted, short_answer
from service.answer.followups import asked_now
from service.answer.headings import asked_as_heading
from service.answer.hit_order import distinct, in_order_of_reading, in_turn, with_each_part
from service.answer.languages import unread_language
from service.answer.lengths import recent
from service.answer.llm.writer import CannotAnswer, Ending, Finished, ModelFailed, ToWrite, Writer
from service.answer.models import (
    About,
    Answer,
    Considered,
    Found,
    NoAnswer,
    Preferences,
    Question,
    Said,
    Searching,
    Step,
    in_all,
)
from service.answer.nearest import nearest_passages
from service.answer.refusal import ANSWERED, NOTHING_NEAR, measured, probability
from service.answer.retrieval.search import select_hits
from service.answer.small_talk import small_talk, without_small_talk
from service.answer.tables import rows_asked_for
from service.settings import Settings

NOT_ANSWERED = "I found no answer to this in the articles that you may read."
NOT_READ = "This question seems to be in {}. Without a language model only English is read: please ask it in English."
EXTRACTIVE = "extractive"
# From this confidence on, the quotes are shown although a language model finds no answer in them.
_SURE = 0.6
# Below this confidence a language model is asked once more whether what it said is an answer: of what a small model said
# there one answer in five was right, above it two in three (docs/evaluation.md).
_UNSURE = 0.2


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
    decision = _decided(analysis, retrieved, evidence, asks_model=writer is not None, settings=settings)
    yield _found(decision)
    if not decision.answerable:
        yield _no_answer(decision, clock)
        return
    cited, ending = Cited(), None
    if writer:
        unsure = settings.refusals and decision.confidence < _UNSURE
        ending, decision = yield from _written(writer, decision, index, cited, confirms=unsure)
    if isinstance(ending, CannotAnswer) and settings.refusals and decision.confidence < _SURE:
        yield _no_answer(decision, clock, ending)
        return
    if isinstance(ending, ModelFailed):
        if not settings.llm_fallback:
            raise LanguageModelFailed(f"{ending.fault}. Ask again later, or set FOOTNOTE_LLM_FALLBACK=true for quotes.")
        if settings.refusals and decision.confidence < ANSWERED:
            yield _no_answer(decision, clock)
            return
    if not isinstance(ending, Finished):
        for draft in quoted(index, decision.evidence):
            check_deadline()
            yield cited.add(draft)
    elif writer and settings.llm_self_check:
        cited.sentences, usage = writer.self_checked(cited.sentences, cited.citations)
        ending = replace(ending, usage=in_all([ending.usage, usage]))
    yield _answer(index, decision, cited, ending, clock)


@dataclass(frozen=True, slots=True)
class _Retrieved:
    """The searches of a question with their hits, and what was preferred among them."""

    searches: tuple[Search, ...]
    preferences: Preferences


@dataclass(frozen=True, slots=True)
class _Decision:
    """What is answered from: the evidence of the question, or of each of its parts; and how sure it is that this answers.

    `to_show` are the hits for a language model, in the order of the reader. `language` is the one that the question is in,
    where that is not read. `considered` are all searches, and `threshold` is the least confidence for an answer.
    """

    analysis: QuestionAnalysis
    preferences: Preferences
    hits: tuple[Hit, ...]
    to_show: tuple[Hit, ...]
    evidence: tuple[Sequence[Evidence], ...]
    confidence: float
    answerable: bool
    language: str | None
    considered: tuple[Considered, ...]
    threshold: float
    answer_id: str = field(default_factory=lambda: f"ans_{uuid4().hex}")


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


def _retrieved(index: Index, analysis: QuestionAnalysis) -> _Retrieved:
    """Search with the question, and with its parts."""
    searches: list[Search] = []
    preferences = Preferences()
    for text in analysis.searches:
        selected = select_hits(index, text, analysis)
        preferences = selected.preferences if text == analysis.text else preferences
        searches.append(Search(text, selected.hits))
        check_deadline()
    return _Retrieved(tuple(searches), preferences)


def _read(index: Index, retrieved: _Retrieved) -> dict[str, list[Evidence]]:
    """Read the best hits of each search, all in one batch; then take what is asked for of tables and below headings."""
    evidence = read_evidence(index, retrieved.searches)
    check_deadline()
    read = zip([search.text for search in retrieved.searches], evidence, strict=True)
    return {text: asked_as_heading(text, rows_asked_for(index, text, of_search)) for text, of_search in read}


def _decided(
    analysis: QuestionAnalysis,
    retrieved: _Retrieved,
    evidence: dict[str, list[Evidence]],
    *,
    asks_model: bool,
    settings: Settings,
) -> _Decision:
    """Decide what is answered from, and whether at all.

    A question with a history is taken alone or with what was asked before it, whichever is answered with more confidence.
    Parts are answered each from its own evidence where all of them are answered.
    """
    hits = {search.text: search.hits for search in retrieved.searches}
    of_parts = [hits[part] for part in analysis.parts]
    measures = {text: measured(text, found) for text, found in evidence.items()}
    sure = {text: probability(of_search) for text, of_search in measures.items()}
    whole = max((text for text in sure if text not in analysis.parts), key=lambda text: sure[text])
    by_parts = bool(analysis.parts) and all(evidence[part] and sure[part] >= ANSWERED for part in analysis.parts)
    confident = max([sure[whole], *([min(sure[part] for part in analysis.parts)] if by_parts else [])])
    # A language model reads other languages, too.
    language = None if asks_model else unread_language(analysis.text, hits[whole], embed_model=settings.embed_model)
    least = (NOTHING_NEAR if asks_model else ANSWERED) if settings.refusals else 0.0
    chosen = analysis.parts if by_parts else (whole,)
    found: tuple[Sequence[Evidence], ...] = (evidence[whole],)
    if by_parts:
        found = tuple(evidence[part] for part in analysis.parts)
    elif whole == analysis.with_history:
        found = (asked_now(analysis.text, analysis.question.history, evidence[whole]),)
    found_hits = with_each_part(hits[whole], of_parts)
    return _Decision(
        analysis,
        retrieved.preferences,
        found_hits,
        in_order_of_reading([evidence[whole], *(evidence[part] for part in analysis.parts)], found_hits),
        found,
        confidence=0.0 if language else confident,
        answerable=bool(evidence[whole]) and not (settings.refusals and language) and confident >= least,
        language=language,
        considered=tuple(
            Considered(search, evidence[search.text], measures[search.text], sure[search.text], search.text in chosen)
            for search in retrieved.searches
        ),
        threshold=least,
    )


def _found(decision: _Decision) -> Found:
    return Found(
        decision.answer_id,
        decision.hits,
        completed_question=decision.analysis.completed,
        preferences=decision.preferences,
        considered=decision.considered,
        threshold=decision.threshold,
        language=decision.language,
    )


def _written(
    writer: Writer, decision: _Decision, index: Index, cited: Cited, *, confirms: bool
) -> Generator[Said | Searching, None, tuple[Ending, _Decision]]:
    """Let a language model word the answer: yield each sentence that is fit to be shown, and what it searches for.

    Where it `confirms`, the sentences wait until it has been asked once more whether they answer. Return how it ended, and
    the decision with the hits that were found meanwhile.
    """
    further: list[Hit] = []
    waiting: list[Said] = []

    def search(queries: Sequence[str]) -> tuple[Hit, ...]:
        found = _searched_again(index, decision.analysis, queries)
        further.extend(found)
        return found

    best = next(iter(decision.evidence[0]), None) if decision.confidence >= ANSWERED else None
    asked = ToWrite(
        decision.analysis.text, decision.to_show, decision.analysis.as_of, search, likely=best.text if best else None
    )
    with closing(writer.write(asked, index)) as written:
        for one in written:
            check_deadline()
            if isinstance(one, Searching):
                yield one
            elif isinstance(one, Draft) and confirms:
                waiting.append(cited.add(one))
            elif isinstance(one, Draft):
                yield cited.add(one)
            else:
                ending: Ending = one
                if confirms and isinstance(one, Finished):
                    ending = _confirmed(writer, asked.question, cited, one)
                yield from waiting if isinstance(ending, Finished) else ()
                return ending, replace(decision, hits=distinct([*decision.hits, *further]))
    raise AssertionError("a writer says last how it ended")


def _confirmed(writer: Writer, question: str, cited: Cited, finished: Finished) -> Finished | CannotAnswer:
    """Return how writing ended when the model was asked once more whether what it wrote answers the question."""
    answers, usage = writer.confirmed(question, cited.sentences, cited.citations)
    usage = in_all([finished.usage, usage])
    return replace(finished, usage=usage) if answers else CannotAnswer(finished.model, usage)


def _searched_again(index: Index, analysis: QuestionAnalysis, queries: Sequence[str]) -> tuple[Hit, ...]:
    """Return what is found for other words, in the order in which the reader takes it for an answer to the question."""
    found: list[tuple[Hit, ...]] = []
    for query in queries:
        found.append(select_hits(index, query, analysis).hits[:READ])
        check_deadline()
    read = in_turn(found)[:READ]
    [evidence] = read_evidence(index, [Search(analysis.text, read)])
    return in_order_of_reading([evidence], read)


def _answer(index: Index, decision: _Decision, cited: Cited, ending: Ending | None, clock: Clock) -> Answer:
    disputed = disagreements(decision.analysis.text, cited.citations, index.sentence_vectors.of)
    quotes = not isinstance(ending, Finished) and len(decision.evidence) == 1
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
        short_answer=short_answer(decision.evidence[0]) if quotes and not disputed else None,
        degraded=_degraded(ending),
        usage=ending.usage if ending else None,
        preferences=decision.preferences,
        completed_question=decision.analysis.completed,
        shown=ending.shown if isinstance(ending, Finished) else (),
    )


def _no_answer(decision: _Decision, clock: Clock, ending: CannotAnswer | None = None) -> NoAnswer:
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
