"""The route of metrics, for Prometheus."""

from typing import Annotated, Protocol

from fastapi import APIRouter, Depends
from fastapi.responses import PlainTextResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from service.api.openapi_docs import problems
from service.auth.authentication import METRICS_PATH, Authenticator
from service.monitoring.metrics import Metrics
from service.schemas.maintenance import StatusResponse
from service.sources.access import SourcesAccess


class MeasuredAssistant(Protocol):
    """What this route needs from the rest of Footnote."""

    def status(self) -> StatusResponse: ...

    @property
    def sources(self) -> SourcesAccess: ...


def metrics_router(metrics: Metrics, auth: Authenticator, assistant: MeasuredAssistant) -> APIRouter:
    """Return the route of metrics."""
    router = APIRouter(tags=["health"])

    @router.get(METRICS_PATH, response_class=PlainTextResponse, responses=problems(401, 403, 429))
    def scrape(_: Annotated[None, Depends(auth.check_scraper)]) -> PlainTextResponse:
        """Give the metrics in the text format of Prometheus."""
        size, sources = assistant.status(), assistant.sources.overview()
        metrics.articles.set(size.articles)
        metrics.passages.set(size.passages)
        metrics.watched.set(len(size.watching))
        metrics.watch_failures.set(sum(watched.failures > 0 for watched in size.watching))
        metrics.sources.set(len(sources.sources))
        failing = sum(source.state in ("failing", "unreadable") for source in sources.sources)
        metrics.sources_failing.set(failing or bool(sources.problem))
        return PlainTextResponse(generate_latest(metrics.registry), media_type=CONTENT_TYPE_LATEST)

    return router
