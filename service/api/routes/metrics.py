"""The route of metrics, for Prometheus."""

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import PlainTextResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from service.api.openapi_docs import problems
from service.auth.authentication import METRICS_PATH, Authenticator
from service.monitoring.metrics import Metrics
from service.schemas.maintenance import StatusResponse


def metrics_router(metrics: Metrics, auth: Authenticator, *, status: Callable[[], StatusResponse]) -> APIRouter:
    """Return the route of metrics. `status` returns the size of the index."""
    router = APIRouter(tags=["health"])

    @router.get(METRICS_PATH, response_class=PlainTextResponse, responses=problems(401, 403, 429))
    def scrape(_: Annotated[None, Depends(auth.check_scraper)]) -> PlainTextResponse:
        """Give the metrics in the text format of Prometheus."""
        size = status()
        metrics.articles.set(size.articles)
        metrics.passages.set(size.passages)
        metrics.watched.set(len(size.watching))
        metrics.watch_failures.set(sum(watched.failures > 0 for watched in size.watching))
        return PlainTextResponse(generate_latest(metrics.registry), media_type=CONTENT_TYPE_LATEST)

    return router
