"""Responses with RFC 9457 problem details."""

import json
from collections.abc import Mapping
from http import HTTPStatus

from fastapi import Response
from starlette.exceptions import HTTPException

from index.errors import FootnoteError
from service.api.problem_types import problem_of, retry_seconds
from service.schemas.api import Problem


class Refused(HTTPException):
    """A request that is refused before its question is looked at. `slug` names the reason for programs."""

    def __init__(self, status: int, slug: str, detail: str, *, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(status, detail, headers)
        self.slug = slug


def problem_response(
    status: int, slug: str, detail: str, *, title: str | None = None, headers: Mapping[str, str] | None = None
) -> Response:
    """Return a problem response. The slug identifies the kind of problem for programs and never changes."""
    words = title or slug.replace("-", " ").capitalize()
    problem = Problem(type=f"/problems/{slug}", title=words, status=status, detail=detail)
    # Escaped to ASCII: the detail may quote the request, with lone surrogates that UTF-8 cannot encode.
    body = json.dumps(problem.model_dump()).encode("ascii")
    return Response(body, status, headers, media_type="application/problem+json")


def http_problem(error: HTTPException) -> Response:
    """Return the problem response for an error that has its own status."""
    phrase = HTTPStatus(error.status_code).phrase
    slug = error.slug if isinstance(error, Refused) else phrase.lower().replace(" ", "-")
    return problem_response(error.status_code, slug, error.detail, headers=error.headers)


def footnote_problem(error: FootnoteError) -> Response:
    """Return the problem response for an error, by the table in `problem_types.py`."""
    problem = problem_of(error)
    again = retry_seconds(error)
    headers = None if again is None else {"Retry-After": str(again)}
    slug = problem.type.rpartition("/")[2]
    return problem_response(problem.status, slug, problem.detail, title=problem.title, headers=headers)
