"""The JSON of what is kept of asking: conversations, answers given before, feedback."""

from datetime import datetime

from pydantic import Field

from service.schemas.api import AskResponse, HistoryId, Rating, Wire


class ConversationSummary(Wire):
    """A conversation of the asker. `title` is its first question."""

    id: str
    title: str
    created: datetime
    updated: datetime
    questions: int


class ConversationsResponse(Wire):
    """One page of the asker's conversations, the latest first."""

    conversations: list[ConversationSummary]
    total: int
    next_after: str | None


class ConversationResponse(ConversationSummary):
    """A conversation with its answers, oldest first.

    `withheld` counts the answers that are left out, as an article that they cite was deleted or may not be read any more.
    """

    answers: list[AskResponse]
    withheld: int = 0


class StoredAnswerResponse(AskResponse):
    """An answer that was given before. `own`: the reader asked for it; `shared`: others who may read its articles may, too.

    `rating` is the reader's own.
    """

    asked: datetime
    own: bool
    shared: bool
    rating: Rating | None = None


class ShareRequest(Wire):
    shared: bool


class FeedbackRequest(Wire):
    """What a person says of an answer. Sent again, it takes the place of what that person said before."""

    answer_id: HistoryId
    rating: Rating
    comment: str | None = Field(None, max_length=4_000)


class FeedbackWire(Wire):
    asker: str
    rating: Rating
    comment: str | None
    given: datetime


class ReviewRow(Wire):
    """An answer, who asked for it when, what it was made with, and what was said of it."""

    answer: AskResponse
    asker: str
    asked: datetime
    through: str
    settings: dict[str, str | bool | None]
    feedback: list[FeedbackWire]


class ReviewResponse(Wire):
    """One page of what was asked, the latest first: answers whose articles the reader may read."""

    rows: list[ReviewRow]
    next_after: str | None
