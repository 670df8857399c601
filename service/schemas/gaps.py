"""The JSON of what the articles lack."""

from datetime import datetime

from pydantic import Field

from service.schemas.api import NearestPassageWire, Wire


class Gap(Wire):
    """Questions that ask for the same or for something near, and had no good answer.

    `questions` are their wordings, the most asked first: at most ten, as of `answer_ids`. `asked` counts all of them,
    `refused` those without an answer and `rated_down` those whose answer was rated down. `nearest` is what comes nearest in
    the articles of today that the reader may read.
    """

    questions: list[str]
    asked: int
    refused: int
    rated_down: int
    latest: datetime
    answer_ids: list[str]
    nearest: list[NearestPassageWire] = Field(default_factory=list)


class GapsResponse(Wire):
    """The largest gaps of the latest `questions` that were refused or rated down; `left_out` counts the smaller ones."""

    gaps: list[Gap]
    questions: int
    left_out: int
