"""Routes of the history: conversations, stored answers and feedback; for admins, the review list, usage and quality."""

from typing import Annotated, Protocol

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.responses import PlainTextResponse

from service.api.openapi_docs import After, Limit, problems
from service.api.problem_details import Refused
from service.auth.askers import Asker
from service.auth.authentication import Authenticator
from service.auth.limits import Limits
from service.exporting import conversation_markdown
from service.history.feedback import ReviewFilter
from service.schemas.api import AnswerStatus, HistoryId, Rating
from service.schemas.gaps import GapsResponse
from service.schemas.history import (
    ConversationResponse,
    ConversationsResponse,
    FeedbackRequest,
    ReviewResponse,
    ShareRequest,
    StaleResponse,
    StoredAnswerResponse,
)
from service.schemas.quality import QualityResponse
from service.schemas.usage import UsageResponse
from service.settings import Settings

Id = Annotated[HistoryId, Path()]
Days = Annotated[int, Query(ge=1, le=366, description="How many days, today included.")]


class HistoryAssistant(Protocol):
    """What these routes need from the rest of Footnote. Every call may block, and may raise a FootnoteError."""

    def conversations(self, asker: Asker, *, after: str | None, limit: int) -> ConversationsResponse: ...

    def conversation(self, conversation_id: str, asker: Asker) -> ConversationResponse: ...

    def delete_conversation(self, conversation_id: str, asker: Asker) -> None: ...

    def stored_answer(self, answer_id: str, asker: Asker) -> StoredAnswerResponse: ...

    def delete_answer(self, answer_id: str, asker: Asker) -> None: ...

    def share(self, answer_id: str, asker: Asker, *, shared: bool) -> None: ...

    def rate(self, request: FeedbackRequest, asker: Asker) -> None: ...

    def review(self, asker: Asker, review_filter: ReviewFilter, *, after: str | None, limit: int) -> ReviewResponse: ...

    def stale(self, asker: Asker, *, after: str | None, limit: int) -> StaleResponse: ...

    def gaps(self, asker: Asker) -> GapsResponse: ...

    def usage(self, asker: Asker, *, days: int) -> UsageResponse: ...

    def quality(self, *, days: int) -> QualityResponse: ...


def history_router(assistant: HistoryAssistant, auth: Authenticator, limits: Limits, settings: Settings) -> APIRouter:
    """Return the routes of the history."""
    router = APIRouter()
    # Logs and metrics name a route by the path that its own router has: each has the whole of it.
    for part in (
        _conversations(assistant, auth, settings),
        _answers(assistant, auth),
        _feedback(assistant, auth, limits),
        _usage(assistant, auth),
    ):
        router.include_router(part)
    return router


def _conversations(assistant: HistoryAssistant, auth: Authenticator, settings: Settings) -> APIRouter:
    router = APIRouter(prefix="/api/conversations", tags=["conversations"])

    @router.get("", responses=problems(400, 401, 403, 404, 422, 503))
    def conversations(
        asker: Annotated[Asker, Depends(auth.asker)], after: After = None, limit: Limit = 100
    ) -> ConversationsResponse:
        """List the asker's own conversations, the latest first."""
        return assistant.conversations(asker, after=after, limit=limit)

    @router.get("/{conversation_id}", responses=problems(401, 403, 404, 422, 503))
    def conversation(conversation_id: Id, asker: Annotated[Asker, Depends(auth.asker)]) -> ConversationResponse:
        """Give one of the asker's conversations with its answers."""
        return assistant.conversation(conversation_id, asker)

    @router.get(
        "/{conversation_id}/export",
        response_class=PlainTextResponse,
        responses=problems(401, 403, 404, 422, 503)
        | {200: {"content": {"text/markdown": {"schema": {"type": "string"}}}}},
    )
    def export(
        conversation_id: Id, asker: Annotated[Asker, Depends(auth.asker)], request: Request
    ) -> PlainTextResponse:
        """Give one of the asker's conversations as Markdown, with a footnote for each citation."""
        address = settings.public_url or str(request.base_url)
        text = conversation_markdown(assistant.conversation(conversation_id, asker), service=address)
        disposition = f'attachment; filename="footnote-{conversation_id[-8:]}.md"'
        return PlainTextResponse(text, media_type="text/markdown", headers={"Content-Disposition": disposition})

    @router.delete("/{conversation_id}", status_code=204, responses=problems(401, 403, 404, 422, 503))
    def delete_conversation(conversation_id: Id, asker: Annotated[Asker, Depends(auth.asker)]) -> None:
        """Delete one of the asker's conversations with its answers; an admin may delete anyone's."""
        assistant.delete_conversation(conversation_id, asker)

    return router


def _answers(assistant: HistoryAssistant, auth: Authenticator) -> APIRouter:
    router = APIRouter(prefix="/api/answers", tags=["conversations"])

    @router.get("/{answer_id}", responses=problems(401, 403, 404, 410, 422, 503))
    def answer(answer_id: Id, asker: Annotated[Asker, Depends(auth.asker)]) -> StoredAnswerResponse:
        """Give an answer of the asker's own again, or a shared one, if they may read all its articles today."""
        return assistant.stored_answer(answer_id, asker)

    @router.delete("/{answer_id}", status_code=204, responses=problems(401, 403, 404, 422, 503))
    def delete_answer(answer_id: Id, asker: Annotated[Asker, Depends(auth.asker)]) -> None:
        """Delete an answer of the asker's own; an admin may delete anyone's."""
        assistant.delete_answer(answer_id, asker)

    @router.post("/{answer_id}/share", status_code=204, responses=problems(400, 401, 403, 404, 413, 415, 422, 503))
    def share(answer_id: Id, request: ShareRequest, asker: Annotated[Asker, Depends(auth.asker)]) -> None:
        """Let others who may read its articles open an answer of the asker's own, or no longer."""
        assistant.share(answer_id, asker, shared=request.shared)

    return router


def _feedback(assistant: HistoryAssistant, auth: Authenticator, limits: Limits) -> APIRouter:
    router = APIRouter(prefix="/api", tags=["feedback"])

    rated = problems(400, 401, 403, 404, 410, 413, 415, 422, 429, 503)

    @router.post("/feedback", status_code=204, responses=rated, dependencies=[Depends(limits.admit_rating)])
    def feedback(request: FeedbackRequest, asker: Annotated[Asker, Depends(auth.asker)]) -> None:
        """Say whether an answer was good. Sent again, it takes the place of what the asker said before."""
        assistant.rate(request, asker)

    @router.get("/review", responses=problems(400, 401, 403, 404, 422, 503))
    def review(
        asker: Annotated[Asker, Depends(auth.asker)],
        rating: Rating | None = None,
        status: AnswerStatus | None = None,
        after: After = None,
        limit: Limit = 100,
    ) -> ReviewResponse:
        """List what was asked by anybody, for admins: the latest first, rated so, answered or not."""
        check_reviewer(asker)
        return assistant.review(asker, ReviewFilter(rating, status), after=after, limit=limit)

    @router.get("/gaps", responses=problems(401, 403, 404, 503))
    def gaps(asker: Annotated[Asker, Depends(auth.asker)]) -> GapsResponse:
        """Group what was asked by anybody and refused or rated down by meaning, with what is nearest today, for admins."""
        check_reviewer(asker)
        return assistant.gaps(asker)

    @router.get("/stale", responses=problems(400, 401, 403, 404, 422, 503))
    def stale(asker: Annotated[Asker, Depends(auth.asker)], after: After = None, limit: Limit = 100) -> StaleResponse:
        """List the answers to anybody whose quoted words have changed since, for admins: the most read first."""
        check_reviewer(asker)
        return assistant.stale(asker, after=after, limit=limit)

    return router


def check_reviewer(asker: Asker) -> None:
    """Refuse those who may not review what others asked."""
    if not asker.admin:
        raise Refused(
            403, "admin-only", "Only an admin may see what others asked. Use a key that was made with --admin."
        )


def _usage(assistant: HistoryAssistant, auth: Authenticator) -> APIRouter:
    router = APIRouter(prefix="/api", tags=["admin"])

    @router.get("/usage", responses=problems(401, 403, 404, 422, 503))
    def usage(asker: Annotated[Asker, Depends(auth.asker)], days: Days = 30) -> UsageResponse:
        """Say how much was asked in the last days, how it ended, by whom and of which articles, for admins."""
        _check_counts(asker)
        return assistant.usage(asker, days=days)

    @router.get("/quality", responses=problems(401, 403, 404, 422, 503))
    def quality(asker: Annotated[Asker, Depends(auth.asker)], days: Days = 30) -> QualityResponse:
        """Say how good the answers of the last days are, and when that changed beyond chance, for admins."""
        _check_counts(asker)
        return assistant.quality(days=days)

    return router


def _check_counts(asker: Asker) -> None:
    if not asker.admin:
        raise Refused(
            403, "admin-only", "Only an admin may see how much is asked. Use a key that was made with --admin."
        )
