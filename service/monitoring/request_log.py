"""Middleware that logs requests: an id in the response and in every log line, one line per request, and a count."""

import re
from time import perf_counter
from urllib.parse import quote
from uuid import uuid4

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.contextvars import bound_contextvars

from service.monitoring.metrics import Metrics

HEADER = "X-Request-Id"
_GIVEN = re.compile("[A-Za-z0-9_.-]{8,64}")
# Requested by machines every few seconds; "other" are the files of the page.
_UNLOGGED = {"/healthz", "/readyz", "/metrics", "other"}
_REFUSED = {401, 403, 413, 429}
_LONGEST_PATH = 200
log = structlog.get_logger(__name__)


class RequestLog:
    """The outermost middleware. Uses the request id of a proxy if there is one, so that both logs can be compared."""

    def __init__(self, app: ASGIApp, *, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = Headers(scope=scope).get(HEADER, "")
        request_id = given if _GIVEN.fullmatch(given) else uuid4().hex
        status, started = 500, perf_counter()

        async def send_on(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = int(message["status"])  # some libraries give the enumeration
                MutableHeaders(scope=message)[HEADER] = request_id
            await send(message)

        with bound_contextvars(request=request_id):
            try:
                await self._app(scope, receive, send_on)
            finally:
                self._record(scope, status, perf_counter() - started)

    def _record(self, scope: Scope, status: int, seconds: float) -> None:
        # The route, not the path: few values for metrics, and no ids of articles or answers in logs.
        route = getattr(scope.get("route"), "path", "other")
        self._metrics.requests.labels(route, str(status)).inc()
        fields = {"status": status, "seconds": round(seconds, 3)}
        if "route" not in scope and status in _REFUSED:
            # Refused before routing. The path is quoted, so that it cannot forge log lines.
            log.info(
                "request", method=scope["method"], path=quote(scope["path"][:_LONGEST_PATH], errors="replace"), **fields
            )
        elif route not in _UNLOGGED:
            log.info("request", method=scope["method"], route=route, **fields)
