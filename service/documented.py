"""What the OpenAPI document says of several routes in the same words: problems that can come, pages of lists."""

from http import HTTPStatus
from typing import Annotated, Any

from fastapi import Query

from service.wire import Problem

Limit = Annotated[int, Query(ge=1, le=1_000, description="Most entries in one page.")]
After = Annotated[str | None, Query(description="`next_after` of the page before.")]


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Describe these statuses as problem details in the OpenAPI document."""
    content = {"application/problem+json": {"schema": Problem.model_json_schema()}}
    return {status: {"description": HTTPStatus(status).phrase, "content": content} for status in statuses}
