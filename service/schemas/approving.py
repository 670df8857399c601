"""The JSON of approved answers."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from service.schemas.api import Wire
from service.schemas.history import KeptAnswer


class EditedSentence(Wire):
    """A sentence of an answer in a reviewer's words. `citations` are numbers of citations of the answer."""

    text: str = Field(min_length=1, max_length=2_000)
    citations: list[int] = Field(min_length=1, max_length=20)


class ApproveRequest(Wire):
    """Sign an answer. `sentences` replace its own; `wordings` are other ways to ask for it."""

    sentences: Annotated[list[EditedSentence], Field(min_length=1, max_length=50)] | None = None
    wordings: list[Annotated[str, Field(min_length=1, max_length=500)]] = Field(default_factory=list, max_length=20)


class ApprovedRow(Wire):
    """An approved answer, who signed it when, and how often it was given.

    `in_use` is false if words that it quotes have changed since.
    """

    answer: KeptAnswer
    wordings: list[str]
    approved_by: str
    approved: datetime
    given: int
    in_use: bool


class ApprovedResponse(Wire):
    """The approved answers whose articles the reader may read, the latest first: at most the last 200."""

    rows: list[ApprovedRow]
