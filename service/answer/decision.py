"""What a question is answered from, and whether at all."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import uuid4

from index.records import Hit
from service.answer.analysis import QuestionAnalysis
from service.answer.evidence import Evidence, Search
from service.answer.followups import asked_now
from service.answer.hit_order import in_order_of_reading, with_each_part
from service.answer.languages import unread_language
from service.answer.models import Considered, Preferences
from service.answer.refusal import ANSWERED, NOTHING_NEAR, measured, probability
from service.settings import Settings


@dataclass(frozen=True, slots=True)
class Retrieved:
    """The searches of a question with their hits, and what was preferred among them."""

    searches: tuple[Search, ...]
    preferences: Preferences


@dataclass(frozen=True, slots=True)
class Decision:
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


def decide(
    analysis: QuestionAnalysis,
    retrieved: Retrieved,
    evidence: dict[str, list[Evidence]],
    *,
    asks_model: bool,
    settings: Settings,
) -> Decision:
    """Decide what is answered from, and whether at all.

    A question with a history is taken alone or with what was asked before it, whichever is answered with more confidence: a
    language model may have completed it wrongly.
    Parts are answered each from its own evidence where all of them are answered.
    """
    hits = {search.text: search.hits for search in retrieved.searches}
    of_parts = [hits[part] for part in analysis.parts]
    measures = {
        text: measured(text, hits[text], found, asked=analysis.asked if text == analysis.with_history else text)
        for text, found in evidence.items()
    }
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
    return Decision(
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
