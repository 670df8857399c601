"""Shared parts of the OpenAPI document: problem responses and the parameters of paged lists."""

from http import HTTPStatus
from typing import Annotated, Any

from fastapi import Query

from service.schemas.api import Problem

Limit = Annotated[int, Query(ge=1, le=1_000, description="Most entries in one page.")]
After = Annotated[str | None, Query(description="`next_after` of the page before.")]
# Once: made for each route, it was half the time of building the application.
_PROBLEM_SCHEMA = Problem.model_json_schema()


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Describe these statuses as problem details in the OpenAPI document."""
    return {status: {"description": HTTPStatus(status).phrase, "content": _problem(status)} for status in statuses}


def _problem(status: int) -> dict[str, Any]:
    phrase = HTTPStatus(status).phrase
    slug = phrase.lower().replace(" ", "-")
    example = Problem(type=f"/problems/{slug}", title=phrase, status=status, detail="What was wrong, and what to do.")
    return {"application/problem+json": {"schema": _PROBLEM_SCHEMA, "example": example.model_dump()}}
