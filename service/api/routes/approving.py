"""Routes of approved answers, for admins: approve an answer, list what is approved, withdraw it."""

from typing import Annotated, Protocol

from fastapi import APIRouter, Depends

from service.api.openapi_docs import problems
from service.api.routes.history import Id, check_reviewer
from service.auth.askers import Asker
from service.auth.authentication import Authenticator
from service.schemas.api import AskResponse
from service.schemas.approving import ApprovedResponse, ApproveRequest


class AnswerApprovals(Protocol):
    """The approved answers. Every call may block, and may raise a FootnoteError."""

    def approve(self, answer_id: str, request: ApproveRequest, asker: Asker) -> AskResponse: ...

    def listed(self, asker: Asker) -> ApprovedResponse: ...

    def withdraw(self, answer_id: str) -> None: ...


class ApprovingAssistant(Protocol):
    """What these routes need from the rest of Footnote."""

    @property
    def approvals(self) -> AnswerApprovals: ...


def approving_router(assistant: ApprovingAssistant, auth: Authenticator) -> APIRouter:
    """Return the routes of approved answers."""
    router = APIRouter(prefix="/api", tags=["admin"])

    @router.post("/answers/{answer_id}/approve", responses=problems(400, 401, 403, 404, 410, 413, 415, 422, 503))
    def approve(answer_id: Id, request: ApproveRequest, asker: Annotated[Asker, Depends(auth.asker)]) -> AskResponse:
        """Sign an answer, with edits that its quotes support. Who asks the same then gets it, as long as they may read it."""
        check_reviewer(asker)
        return assistant.approvals.approve(answer_id, request, asker)

    @router.get("/approved", responses=problems(401, 403, 404, 503))
    def approved(asker: Annotated[Asker, Depends(auth.asker)]) -> ApprovedResponse:
        """List the approved answers, the latest first."""
        check_reviewer(asker)
        return assistant.approvals.listed(asker)

    @router.delete("/approved/{answer_id}", status_code=204, responses=problems(401, 403, 404, 422, 503))
    def withdraw(answer_id: Id, asker: Annotated[Asker, Depends(auth.asker)]) -> None:
        """Give an approved answer to nobody any more. The answer itself stays."""
        check_reviewer(asker)
        assistant.approvals.withdraw(answer_id)

    return router
