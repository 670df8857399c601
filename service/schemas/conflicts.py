"""The JSON of what two articles give differently."""

from datetime import date

from pydantic import Field

from service.schemas.api import Wire


class ConflictsRequest(Wire):
    """How long to look, in seconds, and how many conflicts to return at most.

    `after` is the `next_after` of the last response, to go on from there; null begins.
    """

    seconds: float = Field(20.0, gt=0, le=30)
    limit: int = Field(100, ge=1, le=1_000)
    after: str | None = Field(None, max_length=200)


class ConflictSide(Wire):
    """What one of the articles says: `text[start:end] == quote` in this version of it, and `value` is in the quote."""

    article_id: str
    article_version: str
    title: str
    publisher: str | None
    published: date | None
    start: int
    end: int
    quote: str
    value: str


class Conflict(Wire):
    """Two articles that seem to give different values of the same thing. `likelihood` orders conflicts, from 0 to 1."""

    one: ConflictSide
    other: ConflictSide
    likelihood: float


class ConflictsResponse(Wire):
    """The likeliest conflicts of this request; `left_out` counts the others.

    `compared` of all `passages` have been compared by now, in this request and those before it, each with the passages that
    are nearest to it. `next_after` is null when that were all. Two requests may find the same conflict.
    """

    conflicts: list[Conflict]
    left_out: int
    compared: int
    passages: int
    next_after: str | None = None
