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


class StaleCitation(Wire):
    """A citation whose words have changed in the article, or are gone.

    `number` is that of the citation, whose `quote` has the old words. `quote` are the words that took their place, which are
    the text of this version of the article from `start` to `end`. It is null if there are none.
    """

    number: int
    since: datetime
    article_version: str
    quote: str | None = None
    start: int | None = None
    end: int | None = None


class KeptAnswer(AskResponse):
    """An answer that was given before. `stale` are the citations of it whose words have changed since."""

    stale: list[StaleCitation] = Field(default_factory=list)


class ConversationResponse(ConversationSummary):
    """A conversation with its answers, oldest first.

    `withheld` counts the answers that are left out, as an article that they cite was deleted or may not be read any more.
    """

    answers: list[KeptAnswer]
    withheld: int = 0


class StoredAnswerResponse(KeptAnswer):
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

    answer: KeptAnswer
    asker: str
    asked: datetime
    through: str
    settings: dict[str, str | bool | None]
    feedback: list[FeedbackWire]


class ReviewResponse(Wire):
    """One page of what was asked, the latest first: answers whose articles the reader may read."""

    rows: list[ReviewRow]
    next_after: str | None


class StaleRow(Wire):
    """An answer whose quoted words have changed or are gone, who asked for it when, and how often it was read again.

    `since` is when the change was found. `answer` is null if an article that it cites was deleted: only the question is left.
    """

    answer_id: str
    question: str
    answer: KeptAnswer | None
    asker: str
    asked: datetime
    since: datetime
    reads: int


class StaleResponse(Wire):
    """One page of the stale answers, most read first: those whose articles the reader may read, or could before deletion."""

    rows: list[StaleRow]
    next_after: str | None
