"""The JSON of what two articles give differently."""

from datetime import date

from pydantic import Field

from service.schemas.api import Wire


class ConflictsRequest(Wire):
    """How long to look, in seconds, and how many conflicts to return at most."""

    seconds: float = Field(60.0, gt=0, le=600)
    limit: int = Field(100, ge=1, le=1_000)


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
    """The likeliest conflicts; `left_out` counts the others.

    `compared` of all `passages` were compared with those that are nearest to them: fewer if the time was over.
    """

    conflicts: list[Conflict]
    left_out: int
    compared: int
    passages: int
