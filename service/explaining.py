"""Explains an answer: what was found, read and decided while the pipeline made it."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from index.records import Hit, Span
from index.stores.store import Index
from service.answer.evidence import READ, Evidence
from service.answer.llm.writer import Writer
from service.answer.models import About, Answer, Considered, Found, NoAnswer, Question
from service.answer.pipeline import EXTRACTIVE, steps
from service.answer.refusal import weights_of
from service.schemas.conversion import answer_wire, hit_wire
from service.schemas.explaining import ExplainResponse, HitRead, Outcome, SearchRead, SentenceRead, WeightedMeasure
from service.settings import Settings


def explained(
    question: Question, *, index: Index, settings: Settings, writer: Writer | None, most_hits: int
) -> ExplainResponse:
    """Answer a question, and return the answer with what the pipeline came by on its way to it.

    Approved answers are left aside. Raises what `service.answer.pipeline.steps` raises.
    """
    reads_all = index.catalog.reads_all(question.access)
    *_, last = made = list(steps(question, index=index, settings=settings, writer=writer))
    assert isinstance(last, Answer | NoAnswer | About)
    found = next((step for step in made if isinstance(step, Found)), None)
    cited = _cited(last)
    searches = [
        _search(considered, cited, reads_all=reads_all, most_hits=most_hits)
        for considered in (found.considered if found else ())
    ]
    return ExplainResponse(
        outcome=_outcome(last, found),
        threshold=found.threshold if found else 0.0,
        language=found.language if found else None,
        answer=answer_wire(last, reads_all=reads_all),
        searches=searches,
    )


def _outcome(last: Answer | NoAnswer | About, found: Found | None) -> Outcome:
    if isinstance(last, About) or found is None:
        return "small_talk"
    if isinstance(last, Answer):
        return "answered"
    if found.language:
        return "other_language"
    if not any(considered.evidence for considered in found.considered if considered.chosen):
        return "nothing_found"
    if last.confidence < found.threshold:
        return "below_threshold"
    return "model_failed" if last.answerer == EXTRACTIVE else "model_found_nothing"


def _cited(last: Answer | NoAnswer | About) -> Mapping[str, Sequence[Span]]:
    """Return the stretches that an answer cites, by the version of their article."""
    cited: dict[str, list[Span]] = defaultdict(list)
    for citation in last.citations if isinstance(last, Answer) else ():
        cited[citation.article_version].append(Span(citation.start, citation.end))
    return cited


def _search(
    considered: Considered, cited: Mapping[str, Sequence[Span]], *, reads_all: bool, most_hits: int
) -> SearchRead:
    hits = considered.search.hits
    sentences: dict[str, list[Evidence]] = defaultdict(list)
    for evidence in considered.evidence:
        sentences[evidence.hit.passage.id].append(evidence)
    return SearchRead(
        text=considered.search.text,
        chosen=considered.chosen,
        confidence=round(considered.confidence, 4),
        measures=_measures(considered.measures, reads_all=reads_all),
        hits_total=len(hits),
        hits=[
            _hit(rank, hit, sentences[hit.passage.id], cited.get(hit.passage.article.version, ()), reads_all=reads_all)
            for rank, hit in enumerate(hits[:most_hits], start=1)
        ],
    )


def _measures(measures: Mapping[str, float], *, reads_all: bool) -> list[WeightedMeasure]:
    """Return the measures that count. `score` counts the words of all articles."""
    if not measures:
        return []
    weights = weights_of(measures)
    values = {"intercept": 1.0, **measures}
    return [
        WeightedMeasure(name=name, value=round(values[name], 4), weight=weight)
        for name, weight in weights.items()
        if reads_all or name != "score"
    ]


def _hit(rank: int, hit: Hit, sentences: Sequence[Evidence], cited: Sequence[Span], *, reads_all: bool) -> HitRead:
    in_order = sorted(sentences, key=lambda evidence: evidence.position)
    return HitRead(
        rank=rank,
        hit=hit_wire(hit, reads_all=reads_all),
        preference=round(hit.preference, 4),
        read=rank <= READ,
        quoted=_overlap(hit.passage.start, hit.passage.end, cited),
        sentences=[_sentence(evidence, cited, reads_all=reads_all) for evidence in in_order],
    )


def _sentence(evidence: Evidence, cited: Sequence[Span], *, reads_all: bool) -> SentenceRead:
    span, passage, reader = evidence.span, evidence.hit.passage, evidence.features.get("evidence")
    short = evidence.answer
    return SentenceRead(
        text=evidence.text,
        start=span.start,
        end=span.end,
        reader=None if reader is None else round(reader, 2),
        probability=round(evidence.probability, 4) if reads_all else None,
        short_answer=passage.text[short.start - passage.start : short.end - passage.start] if short else None,
        quoted=_overlap(span.start, span.end, cited),
    )


def _overlap(start: int, end: int, cited: Sequence[Span]) -> bool:
    return any(span.start < end and start < span.end for span in cited)
