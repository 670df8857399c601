"""The HTTP edge: requests become calls, results JSON, and whatever goes wrong RFC 9457 problem details.

Endpoints that ask or look up are plain functions: they wait for models and disks, so FastAPI runs them in its pool of
40 threads. `/healthz` is not, and answers even while all of those are busy.
"""

import json
from collections.abc import Sequence
from http import HTTPStatus
from pathlib import Path
from typing import Annotated, Any, Protocol

import structlog
from fastapi import APIRouter, Depends, FastAPI, HTTPException, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import FileResponse, Response
from fastapi.staticfiles import StaticFiles
from pydantic import Field
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException as AnyHTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from index.errors import (
    ArticleDeleted,
    ArticleUnknown,
    FootnoteError,
    IndexEmpty,
    IndexMismatch,
    ModelUnusable,
    PruneRefused,
    QuestionError,
    WrongUsage,
)
from index.records import Access
from service.access import Gate, Refused, gate_for
from service.settings import Settings
from service.wire import (
    ArticleResponse,
    ArticlesResponse,
    AskRequest,
    AskResponse,
    IndexReportWire,
    Problem,
    SearchRequest,
    SearchResponse,
    StatusResponse,
    Wire,
)

WEB = Path(__file__).parent / "web"
MAX_BODY_BYTES = 1_000_000
SECURITY_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
}
PROBLEMS: dict[type[FootnoteError], tuple[int, str]] = {
    QuestionError: (422, "question-unusable"),
    IndexEmpty: (409, "index-empty"),
    IndexMismatch: (409, "index-mismatch"),
    ArticleUnknown: (404, "article-unknown"),
    ArticleDeleted: (410, "article-deleted"),
    PruneRefused: (409, "prune-refused"),
    WrongUsage: (400, "wrong-usage"),
    ModelUnusable: (503, "model-unusable"),
}
log = structlog.get_logger(__name__)
