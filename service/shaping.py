"""What the pipeline works with, to and from the shapes of `service.wire`."""

from index.records import Access, ArticleInfo, Filters, Hit
from service.records import Answer, NoAnswer, Question
from service.wire import (
    ArticleSummary,
    AskRequest,
    AskResponse,
    CitationWire,
    DisagreementWire,
    HighlightWire,
    HitWire,
    NearestWire,
    PreferencesWire,
    SearchRequest,
    SentenceWire,
    TimingsWire,
    UsageWire,
    ValueWire,
)


def question_from(request: AskRequest | SearchRequest, access: Access) -> Question:
    """Turn a request into a question asked by someone with this access."""
    wire = request.filters
    filters = Filters(wire.published_after, wire.published_before, tuple(wire.publishers), tuple(wire.article_ids))
    return Question(text=request.question, access=access, filters=filters, as_of=request.as_of)


def hit_wire(hit: Hit) -> HitWire:
    """Flatten a hit."""
    passage, article = hit.passage, hit.passage.article
    return HitWire(
        passage_id=passage.id,
        article_id=article.id,
        article_version=article.version,
        title=article.title,
        publisher=article.publisher,
        published=article.published,
        url=article.url,
        text=passage.text,
        start=passage.start,
        end=passage.end,
        score=hit.score,
        dense=hit.dense,
        lexical=hit.lexical,
    )


def article_summary(info: ArticleInfo) -> ArticleSummary:
    """Show an article without its text. Its groups are nobody's business but the index's."""
    return ArticleSummary(
        id=info.id,
        version=info.version,
        title=info.title,
        publisher=info.publisher,
        published=info.published,
        url=info.url,
        authors=list(info.authors),
        language=info.language,
        format=info.format,
    )


def answer_wire(result: Answer | NoAnswer, *, include_hits: bool = False) -> AskResponse:
    """Give an answer, or the lack of one, its shape as JSON."""
    fields = _common(result) | (_answered(result) if isinstance(result, Answer) else _not_answered(result))
    hits = [hit_wire(hit) for hit in result.hits] if include_hits else None
    return AskResponse.model_validate(fields | {"hits": hits})


def _common(result: Answer | NoAnswer) -> dict[str, object]:
    usage, timings = result.usage, result.timings
    return {
        "id": result.id,
        "conversation_id": None,
        "question": result.question,
        "completed_question": None,
        "text": result.text,
        "preferences": PreferencesWire(),
        "answerer": result.answerer,
        "confidence": result.confidence,
        "degraded": result.degraded,
        "usage": usage and UsageWire(prompt_tokens=usage.prompt_tokens, completion_tokens=usage.completion_tokens),
        "timings_ms": TimingsWire(retrieve=timings.retrieve, answer=timings.answer, total=timings.total),
    }


def _answered(answer: Answer) -> dict[str, object]:
    return {
        "status": "answered",
        "short_answer": answer.short_answer,
        "sentences": [
            SentenceWire(text=s.text, start=s.start, end=s.end, citations=list(s.citations), support=s.support)
            for s in answer.sentences
        ],
        "citations": [
            CitationWire(
                number=c.number,
                article_id=c.article_id,
                article_version=c.article_version,
                title=c.title,
                publisher=c.publisher,
                published=c.published,
                url=c.url,
                passage_id=c.passage_id,
                quote=c.quote,
                start=c.start,
                end=c.end,
                page=c.page,
                score=c.score,
                highlight=c.highlight and HighlightWire(start=c.highlight.start, end=c.highlight.end),
            )
            for c in answer.citations
        ],
        "disagreements": [
            DisagreementWire(
                about=d.about, values=[ValueWire(value=v.value, citations=list(v.citations)) for v in d.values]
            )
            for d in answer.disagreements
        ],
        "nearest": [],
    }


def _not_answered(result: NoAnswer) -> dict[str, object]:
    return {
        "status": "no_answer",
        "short_answer": None,
        "sentences": [],
        "citations": [],
        "disagreements": [],
        "nearest": [NearestWire(article_id=n.article_id, title=n.title) for n in result.nearest],
    }
