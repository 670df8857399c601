"""Exception handlers that turn every error of an endpoint into RFC 9457 problem details."""

import re

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from starlette.exceptions import HTTPException as AnyHTTPException

from index.errors import AskerGone, FootnoteError, QuestionError, ServiceStopping
from service.api.problem_details import footnote_problem, http_problem, problem_response
from service.auth.authentication import UPLOAD_PATH

READER_GONE = 499  # nobody reads it; for logs and metrics, as in nginx
_LONGEST_PATH = 200
_NOT_TEXT = re.compile("[\0\ud800-\udfff]")
log = structlog.get_logger(__name__)


def check_characters(*texts: str) -> None:
    """Raise QuestionError for characters that JSON allows and a database or tokenizer does not: NUL, half surrogates."""
    for text in texts:
        if _NOT_TEXT.search(text):
            raise QuestionError("The question or its filters hold a NUL or half a surrogate pair. Leave these out.")


def add_problem_handlers(app: FastAPI) -> None:
    """Turn every error that an endpoint raises into a problem response."""
    app.add_exception_handler(FootnoteError, _on_footnote_error)
    app.add_exception_handler(RequestValidationError, _on_invalid_request)
    app.add_exception_handler(AnyHTTPException, on_http_error)
    app.add_exception_handler(AskerGone, _on_asker_gone)


async def _on_footnote_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, FootnoteError)
    response = footnote_problem(error)
    if response.status_code >= 500 and not isinstance(error, ServiceStopping):
        log.error("request failed", method=request.method, path=request.url.path, error=repr(error))
    return response


async def _on_invalid_request(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    faults = error.errors()
    if faults[0]["type"] == "json_invalid":
        return problem_response(400, "json-invalid", f"The body is not JSON: {faults[0]['ctx']['error']}.")
    sent = request.headers.get("content-type", "")
    if request.url.path == UPLOAD_PATH:
        if "multipart/form-data" not in sent:
            return problem_response(415, "content-type", "Send the files as a form (multipart/form-data).")
    elif request.method == "POST" and "json" not in sent:
        return problem_response(415, "content-type", "Send JSON, with the header Content-Type: application/json.")
    detail = "; ".join(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in faults[:5])
    return problem_response(422, "request-invalid", detail[:1_000])


async def on_http_error(request: Request, error: Exception) -> Response:
    """Return the problem response for a request that the framework itself refused."""
    assert isinstance(error, AnyHTTPException)
    path = request.url.path[:_LONGEST_PATH]
    match error.status_code, error.detail:
        case 404, "Not Found":
            error.detail = f"There is nothing at {path!r}. /openapi.json lists what there is."
        case 405, _:
            allowed = (error.headers or {}).get("Allow", "another method")
            error.detail = f"{path!r} takes {allowed}, not {request.method}."
        case 400, "There was an error parsing the body":  # not UTF-8, for example, or nested thousands of levels deep
            error.detail = "The body cannot be read. Send JSON in UTF-8, as it is."
    return http_problem(error)


async def _on_asker_gone(_: Request, __: Exception) -> Response:
    return Response(status_code=READER_GONE)
