"""Whatever goes wrong over HTTP, as RFC 9457 problem details."""

import json
from collections.abc import Mapping
from http import HTTPStatus

from fastapi import Response
from starlette.exceptions import HTTPException

from index.errors import FootnoteError
from service.api.problem_types import problem_of, retry_seconds
from service.schemas.api import Problem


class Refused(HTTPException):
    """A request that is turned away for what it is, whatever it asks. `slug` names the reason for programs."""

    def __init__(self, status: int, slug: str, detail: str, *, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(status, detail, headers)
        self.slug = slug


def problem_response(
    status: int, slug: str, detail: str, *, title: str | None = None, headers: Mapping[str, str] | None = None
) -> Response:
    """Say what went wrong. The slug names the kind of problem for programs and is never changed."""
    words = title or slug.replace("-", " ").capitalize()
    problem = Problem(type=f"/problems/{slug}", title=words, status=status, detail=detail)
    # Escaped to ASCII: the detail may quote what was sent, and that may hold lone surrogates, which UTF-8 cannot.
    body = json.dumps(problem.model_dump()).encode("ascii")
    return Response(body, status, headers, media_type="application/problem+json")


def http_problem(error: HTTPException) -> Response:
    """Say what went wrong, where the error carries its own status."""
    phrase = HTTPStatus(error.status_code).phrase
    slug = error.slug if isinstance(error, Refused) else phrase.lower().replace(" ", "-")
    return problem_response(error.status_code, slug, error.detail, headers=error.headers)


def footnote_problem(error: FootnoteError) -> Response:
    """Say what went wrong, as the table of problems has it."""
    problem = problem_of(error)
    again = retry_seconds(error)
    headers = None if again is None else {"Retry-After": str(again)}
    slug = problem.type.rpartition("/")[2]
    return problem_response(problem.status, slug, problem.detail, title=problem.title, headers=headers)
