"""Asks one question through the same pipeline as everyone, and scores what comes back."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from eval.cost import Search
from eval.errors import SystemUnusable
from eval.metrics import failed_scores, score
from eval.records import CitedQuote, EvalQuestion, Result, TextOf
from eval.scoring.claims import CheckedClaims, ClaimCheck, checked_claims, unchecked_claims
from eval.scoring.judging import Judge, Judgement, judged, unjudged
from eval.scoring.multihop_scores import multihop_metrics_of, multihop_scores
from eval.scoring.retrieval_scores import ranked_articles
from index.errors import ArticleDeleted, ArticleUnknown, DataFolderOwned, IndexEmpty, IndexMismatch, ModelUnusable
from service.client import Client
from service.schemas.api import (
    AskRequest,
    AskResponse,
    CitationWire,
    DisagreementWire,
    FiltersWire,
    HitWire,
    MessageWire,
)

# What these say is true of every question, so there is no use in asking the next one.
_HOPELESS = (DataFolderOwned, IndexEmpty, IndexMismatch, ModelUnusable, SystemUnusable)

_RANKING_KEPT = 10


@dataclass(frozen=True, slots=True)
class Answering:
    """What answers the questions of a run. `told` is what the report says of it, `depends_on` what its answers depend on.

    `checks` says whether it reports all that it retrieved, how sure it is, and which sentences it verified, as Footnote does.
    `untold` names the fields of a question that it cannot be told. `search` finds the passages of a question, without a
    language model; None where that is not known.
    """

    ask: Callable[[AskRequest], AskResponse]
    text_of: TextOf
    told: Mapping[str, Any]
    depends_on: Mapping[str, Any]
    checks: bool = True
    untold: tuple[str, ...] = ()
    search: Search | None = None


@dataclass(frozen=True, slots=True)
class Asking:
    """How the questions of one run are asked and scored. `multihop`: with MultiHop-RAG's own measures in addition to ours.

    `check` reads whether what is cited supports each sentence.
    """

    answering: Answering
    judge: Judge | None = None
    multihop: bool = False
    check: ClaimCheck | None = None


def answering_by(client: Client) -> Answering:
    """Return an index of Footnote's as what answers. Raises IndexEmpty when there is no article."""
    status = client.status()
    if not status.articles:
        raise IndexEmpty("Nothing is indexed. Run `footnote index PATH` first, or name the articles with --corpus.")
    depends_on = {name: getattr(status, name) for name in ("fingerprint", "articles", "passages", "answerer")}
    told = status.model_dump(mode="json")
    return Answering(client.ask, article_texts(client), told, depends_on, search=client.search)


def ask(question: EvalQuestion, asking: Asking) -> Result:
    """Ask a question and score the answer. An error becomes a result that is wrong in everything.

    Raises DataFolderOwned, IndexEmpty, IndexMismatch, ModelUnusable or SystemUnusable: those concern the whole run.
    """
    try:
        return _answered(question, asking.answering.ask(request_for(question)), asking)
    except _HOPELESS:
        raise
    except Exception as error:  # noqa: BLE001 Whatever goes wrong with one question is listed, and must not lose the others.
        return _failed(question, f"{type(error).__name__}: {error}", asking)


def article_texts(client: Client) -> TextOf:
    """Return a way to look up articles' texts. It remembers the last few hundred."""

    @lru_cache(maxsize=512)
    def text_of(article_id: str, version: str | None) -> str | None:
        try:
            return client.article(article_id, version).text
        except (ArticleUnknown, ArticleDeleted):
            return None

    return text_of


def request_for(question: EvalQuestion) -> AskRequest:
    """Return what is sent for a question."""
    return AskRequest(
        question=question.question,
        filters=FiltersWire(
            article_ids=list(question.article_ids), collections=list(question.collections), scope=question.scope
        ),
        as_of=question.as_of,
        include_hits=True,
        history=[MessageWire(role=turn.role, text=turn.text) for turn in question.history],
    )


def _answered(question: EvalQuestion, response: AskResponse, asking: Asking) -> Result:
    answering = asking.answering
    scores, doubts = score(question, response, answering.text_of, checks=answering.checks)
    if asking.multihop:
        scores |= multihop_scores(question, response)
    judgement = judged(asking.judge, question, response) if asking.judge else Judgement({})
    claims = checked_claims(asking.check, question, response) if asking.check else CheckedClaims({})
    hits = {hit.passage_id: hit for hit in response.hits or ()}
    return replace(
        _unanswered(question),
        completed_question=response.completed_question,
        status=response.status,
        text=response.text,
        short_answer=response.short_answer,
        citations=tuple(_cited(citation, hits.get(citation.passage_id)) for citation in response.citations),
        confidence=response.confidence if answering.checks else None,
        answerer=response.answerer,
        degraded=response.degraded,
        ranking=ranked_articles(response.hits or ())[:_RANKING_KEPT],
        disagreements=tuple(_in_words(disagreement) for disagreement in response.disagreements),
        latency_ms=response.timings_ms.total,
        prompt_tokens=response.usage.prompt_tokens if response.usage else None,
        completion_tokens=response.usage.completion_tokens if response.usage else None,
        scores=scores | claims.scores | judgement.scores,
        unsupported=claims.unsupported,
        notes=doubts + (() if answering.checks else _unknown(response, answering.text_of)),
        judge_failures=judgement.failures,
    )


def _unknown(response: AskResponse, text_of: TextOf) -> tuple[str, ...]:
    """Say which citations name no article of the set: they count as wrong, and perhaps only the names differ."""
    named = dict.fromkeys(citation.article_id for citation in response.citations)
    return tuple(f"{name!r} is cited, which is no article of the set" for name in named if text_of(name, None) is None)


def _failed(question: EvalQuestion, error: str, asking: Asking) -> Result:
    scores = failed_scores(question)
    if asking.multihop:
        scores |= dict.fromkeys(multihop_metrics_of(question), 0.0)
    if asking.check:
        scores |= unchecked_claims(question)
    if asking.judge:
        scores |= unjudged(question)
    return replace(_unanswered(question), scores=scores, error=error)


def _unanswered(question: EvalQuestion) -> Result:
    return Result(
        id=question.id,
        question=question.question,
        answerable=question.answerable,
        answers=question.answers,
        relevant_ids=question.relevant_ids,
        kind=question.kind,
        style=question.style,
        cluster=question.cluster,
    )


def _cited(citation: CitationWire, hit: HitWire | None) -> CitedQuote:
    return CitedQuote(
        number=citation.number,
        article_id=citation.article_id,
        title=citation.title,
        url=citation.url,
        quote=citation.quote,
        start=citation.start,
        end=citation.end,
        publisher=citation.publisher,
        published=citation.published.isoformat() if citation.published else None,
        passage=hit.text if hit else "",
        passage_start=hit.start if hit else 0,
    )


def _in_words(disagreement: DisagreementWire) -> str:
    values = (f"{given.value} {''.join(f'[{n}]' for n in given.citations)}" for given in disagreement.values)
    return f"{disagreement.about}: {'; '.join(values)}"
