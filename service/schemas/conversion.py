"""What the pipeline works with, to and from the shapes of `service.schemas.api`."""

from index.records import Access, ArticleInfo, Filters, Hit
from service.answer.models import (
    About,
    Answer,
    Citation,
    Found,
    Message,
    NearestPassage,
    NoAnswer,
    Preferences,
    Question,
    Said,
    Scan,
    Searching,
    Sentence,
    Step,
    Usage,
)
from service.schemas.api import (
    AboutWire,
    ArticleSummary,
    AskEvent,
    AskRequest,
    AskResponse,
    BoxWire,
    CitationWire,
    DisagreementWire,
    HighlightWire,
    HitsEvent,
    HitWire,
    NearestPassageWire,
    NearestWire,
    PreferencesWire,
    ScanWire,
    SearchingEvent,
    SearchRequest,
    SentenceEvent,
    SentenceWire,
    TimingsWire,
    UsageWire,
    ValueWire,
)


def question_from(request: AskRequest | SearchRequest, access: Access, scope: Filters | None = None) -> Question:
    """Turn a request into a question asked by someone with this access, of the articles of the scope that it names."""
    wire = request.filters
    filters = Filters(
        wire.published_after,
        wire.published_before,
        tuple(wire.publishers),
        tuple(wire.article_ids),
        tuple(map(collection_name, wire.collections)),
        scope,
    )
    said = request.history if isinstance(request, AskRequest) else ()
    history = tuple(Message(message.role, message.text) for message in said)
    return Question(text=request.question, access=access, filters=filters, as_of=request.as_of, history=history)


def collection_name(given: str) -> str:
    """Return a collection's name as it is stored. A name that could be none is that of no article."""
    return " ".join(given.split()).casefold()


def hit_wire(hit: Hit, *, reads_all: bool) -> HitWire:
    """Flatten a hit. Only who may read all articles is shown scores that count the words of all."""
    passage, article = hit.passage, hit.passage.article
    # The last digits tell by which way a passage was found.
    dense = hit.dense if reads_all else round(hit.dense, 4)
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
        score=hit.score if reads_all else dense,
        dense=dense,
        lexical=hit.lexical if reads_all else None,
    )


def article_summary(info: ArticleInfo) -> ArticleSummary:
    """Show an article without its text and its groups."""
    return ArticleSummary(
        id=info.id,
        version=info.version,
        title=info.title,
        publisher=info.publisher,
        published=info.published,
        published_from=info.published_from,
        url=info.url,
        authors=list(info.authors),
        language=info.language,
        format=info.format,
        collections=sorted(info.collections),
        confidence=info.confidence,
    )


def answer_wire(result: Answer | NoAnswer | About, *, reads_all: bool, include_hits: bool = False) -> AskResponse:
    """Give an answer, the lack of one, or a reply to small talk its shape as JSON."""
    if isinstance(result, About):
        return _about_response(result, include_hits=include_hits)
    fields = _common(result)
    fields |= _answered(result, reads_all=reads_all) if isinstance(result, Answer) else _not_answered(result)
    hits = [hit_wire(hit, reads_all=reads_all) for hit in result.hits] if include_hits else None
    return AskResponse.model_validate(fields | {"hits": hits})


def step_wire(step: Step, *, reads_all: bool, include_hits: bool = False) -> AskEvent:
    """Give a step to an answer its shape as JSON. `reads_all` says whether the asker may read all articles."""
    match step:
        case Found():
            return HitsEvent(
                id=step.answer_id,
                hits=[hit_wire(hit, reads_all=reads_all) for hit in step.hits],
                completed_question=step.completed_question,
                preferences=_preferences_wire(step.preferences),
            )
        case Searching():
            return SearchingEvent(queries=list(step.queries))
        case Said():
            cited = [_citation_wire(citation, reads_all=reads_all) for citation in step.citations]
            return SentenceEvent(sentence=_sentence_wire(step.sentence), citations=cited)
        case _:
            return answer_wire(step, reads_all=reads_all, include_hits=include_hits)


def _usage_wire(usage: Usage) -> UsageWire:
    return UsageWire(
        prompt_tokens=usage.prompt_tokens,
        completion_tokens=usage.completion_tokens,
        cached_tokens=usage.cached_tokens,
    )


def _common(result: Answer | NoAnswer) -> dict[str, object]:
    usage, timings = result.usage, result.timings
    return {
        "id": result.id,
        "conversation_id": None,
        "question": result.question,
        "completed_question": result.completed_question,
        "text": result.text,
        "preferences": _preferences_wire(result.preferences),
        "answerer": result.answerer,
        "confidence": result.confidence,
        "degraded": result.degraded,
        "usage": usage and _usage_wire(usage),
        "timings_ms": TimingsWire(retrieve=timings.retrieve, answer=timings.answer, total=timings.total),
    }


def _preferences_wire(preferences: Preferences) -> PreferencesWire:
    return PreferencesWire(published_after=preferences.published_after, published_before=preferences.published_before)


def _answered(answer: Answer, *, reads_all: bool) -> dict[str, object]:
    return {
        "status": "answered",
        "short_answer": answer.short_answer,
        "sentences": [_sentence_wire(sentence) for sentence in answer.sentences],
        "citations": [_citation_wire(citation, reads_all=reads_all) for citation in answer.citations],
        "disagreements": [
            DisagreementWire(
                about=d.about, values=[ValueWire(value=v.value, citations=list(v.citations)) for v in d.values]
            )
            for d in answer.disagreements
        ],
        "nearest": [],
    }


def _sentence_wire(sentence: Sentence) -> SentenceWire:
    return SentenceWire(
        text=sentence.text,
        start=sentence.start,
        end=sentence.end,
        citations=list(sentence.citations),
        support=sentence.support,
        support_probability=sentence.support_probability,
        form=sentence.form,
        self_check=sentence.self_check,
    )


def _citation_wire(citation: Citation, *, reads_all: bool) -> CitationWire:
    return CitationWire(
        number=citation.number,
        article_id=citation.article_id,
        article_version=citation.article_version,
        title=citation.title,
        publisher=citation.publisher,
        published=citation.published,
        url=citation.url,
        passage_id=citation.passage_id,
        quote=citation.quote,
        start=citation.start,
        end=citation.end,
        page=citation.page,
        score=citation.score if reads_all else None,
        highlight=citation.highlight and HighlightWire(start=citation.highlight.start, end=citation.highlight.end),
        scan=citation.scan and scan_wire(citation.scan),
    )


def scan_wire(scan: Scan) -> ScanWire:
    """Give a quote that was recognised its shape as JSON."""
    boxes = [BoxWire(page=line.page, corners=list(line.corners)) for line in scan.lines]
    return ScanWire(confidence=scan.confidence, boxes=boxes)


def _not_answered(result: NoAnswer) -> dict[str, object]:
    return {
        "status": "no_answer",
        "short_answer": None,
        "sentences": [],
        "citations": [],
        "disagreements": [],
        "nearest": [nearest_wire(near) for near in result.nearest],
    }


def nearest_wire(near: NearestPassage) -> NearestPassageWire:
    """Give a passage that comes near to a question its shape as JSON."""
    return NearestPassageWire(
        article_id=near.article_id,
        article_version=near.article_version,
        title=near.title,
        url=near.url,
        passage_id=near.passage_id,
        quote=near.quote,
        start=near.start,
        end=near.end,
        marks=[HighlightWire(start=mark.start, end=mark.end) for mark in near.marks],
    )


def _about_response(reply: About, *, include_hits: bool) -> AskResponse:
    """Give a reply to small talk its shape. No article was looked at for it, so it has no hits and no confidence."""
    timings = reply.timings
    return AskResponse(
        id=reply.id,
        conversation_id=None,
        question=reply.question,
        completed_question=None,
        status="about",
        short_answer=None,
        text=reply.text,
        sentences=[],
        citations=[],
        disagreements=[],
        nearest=[],
        preferences=PreferencesWire(),
        answerer="extractive",
        confidence=0.0,
        degraded=None,
        usage=None,
        timings_ms=TimingsWire(retrieve=timings.retrieve, answer=timings.answer, total=timings.total),
        hits=[] if include_hits else None,
        about=_about_wire(reply),
    )


def _about_wire(reply: About) -> AboutWire:
    corpus = reply.corpus
    return AboutWire(
        small_talk=reply.small_talk,
        articles=corpus.articles,
        examples=[NearestWire(article_id=named.article_id, title=named.title) for named in corpus.examples],
        publishers=list(corpus.publishers),
        publishers_total=corpus.publishers_total,
        earliest=corpus.earliest,
        latest=corpus.latest,
        questions=list(corpus.questions),
    )
