"""What the OpenAPI document says of several routes in the same words: pages of lists."""

from typing import Annotated

from fastapi import Query

Limit = Annotated[int, Query(ge=1, le=1_000, description="Most entries in one page.")]
After = Annotated[str | None, Query(description="`next_after` of the page before.")]
