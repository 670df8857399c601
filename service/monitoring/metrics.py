"""Metrics for Prometheus. Names contain units. Labels have few values, and never a person, a question or an article."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, time

from anyio import create_task_group, current_time, sleep
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.process_collector import ProcessCollector

from service.monitoring.observers import Abandoned, Asked, Failed, Rated
from service.schemas.api import AskResponse
from service.schemas.quality import QualityResponse

_ANSWER_BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
_DELAY_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1)
_INTERVAL_SECONDS = 0.02  # 3,000 measurements a minute: the slowest thousandth is then three of them


class Metrics:
    """The metrics of one running service, starting at zero."""

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)  # memory, processor time, open files
        self.requests = Counter(
            "footnote_requests_total", "Requests answered, by route and status.", ["route", "status"], registry=registry
        )
        self.answers = Counter(
            "footnote_answers_total",
            "Questions over, by status (answered, no_answer, about, failed, abandoned), who worded the answer, the way in.",
            ["status", "answerer", "through"],
            registry=registry,
        )
        self.sentences = Counter(
            "footnote_sentences_total", "Sentences of answers: verified, unverified.", ["support"], registry=registry
        )
        self.answer_seconds = Histogram(
            "footnote_answer_seconds",
            "Time to an answer, by stage (retrieve, answer, total).",
            ["stage"],
            buckets=_ANSWER_BUCKETS,
            registry=registry,
        )
        self.llm_tokens = Counter(
            "footnote_llm_tokens_total", "Tokens of the language model, by kind.", ["kind"], registry=registry
        )
        self.llm_errors = Counter(
            "footnote_llm_errors_total",
            "Answers that were quoted because the language model failed.",
            registry=registry,
        )
        self.feedback = Counter("footnote_feedback_total", "Ratings given, by rating.", ["rating"], registry=registry)
        self.quality = Gauge(
            "footnote_answer_quality",
            "Present level of kept answers that were scored: supported, refused, slower, rated_good.",
            ["measure"],
            registry=registry,
        )
        self.quality_changed = Gauge(
            "footnote_answer_quality_changed_timestamp_seconds",
            "First day of that level, where it changed beyond chance within thirty days.",
            ["measure"],
            registry=registry,
        )
        self.articles = Gauge("footnote_index_articles", "Articles in the index.", registry=registry)
        self.passages = Gauge("footnote_index_passages", "Passages in the index.", registry=registry)
        self.watched = Gauge("footnote_watched_folders", "Folders that are watched.", registry=registry)
        self.watch_failures = Gauge(
            "footnote_watched_folders_failing",
            "Watched folders that cannot be kept equal to the index now.",
            registry=registry,
        )
        self.sources = Gauge("footnote_sources", "Sources that sources.toml names.", registry=registry)
        self.sources_failing = Gauge(
            "footnote_sources_failing",
            "Sources that failed three times in a row, or whose entries cannot be read.",
            registry=registry,
        )
        self.waiting = Gauge("footnote_questions_waiting", "Questions that wait for their turn.", registry=registry)
        self.loop_delay = Histogram(
            "footnote_event_loop_delay_seconds",
            "How late the event loop ran what was due, measured fifty times a second.",
            buckets=_DELAY_BUCKETS,
            registry=registry,
        )

    def record(self, event: Asked | Rated) -> None:
        """Count a finished question or a rating."""
        match event:
            case Rated(request=request):
                self.feedback.labels(request.rating).inc()
            case Asked(ending=AskResponse() as answer):
                self._count(answer)
                self.answers.labels(answer.status, answer.answerer, event.through).inc()
            case Asked(ending=Failed()):
                self.answers.labels("failed", "none", event.through).inc()
            case Asked(ending=Abandoned()):
                self.answers.labels("abandoned", "none", event.through).inc()

    def record_quality(self, found: QualityResponse) -> None:
        """Set the levels to those of a report."""
        self.quality.clear()
        self.quality_changed.clear()
        for measure in found.measures:
            level = measure.levels[-1]
            self.quality.labels(measure.name).set(level.mean)
            if len(measure.levels) > 1:
                first = datetime.combine(level.first, time(), UTC)
                self.quality_changed.labels(measure.name).set(first.timestamp())

    def _count(self, answer: AskResponse) -> None:
        for stage, milliseconds in answer.timings_ms:
            self.answer_seconds.labels(stage).observe(milliseconds / 1000)
        for sentence in answer.sentences:
            self.sentences.labels(sentence.support).inc()
        if answer.usage:
            self.llm_tokens.labels("prompt").inc(answer.usage.prompt_tokens)
            self.llm_tokens.labels("completion").inc(answer.usage.completion_tokens)
        if answer.degraded:
            self.llm_errors.inc()


@asynccontextmanager
async def measuring_loop_delay(metrics: Metrics) -> AsyncIterator[None]:
    """Measure the delay of the event loop while in this context."""
    async with create_task_group() as group:
        group.start_soon(_keep_measuring, metrics)
        yield
        group.cancel_scope.cancel()


async def _keep_measuring(metrics: Metrics) -> None:
    while True:
        due = current_time() + _INTERVAL_SECONDS
        await sleep(_INTERVAL_SECONDS)
        metrics.loop_delay.observe(max(0.0, current_time() - due))
