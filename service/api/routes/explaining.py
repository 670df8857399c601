"""The route that explains an answer, for admins."""

from collections.abc import Iterator
from typing import Annotated, Protocol

from fastapi import APIRouter, Depends
from fastapi.concurrency import run_in_threadpool

from index.records import Access
from service.api.openapi_docs import problems
from service.api.routes.questions import check_question
from service.api.streaming import last_of, stream_events
from service.auth.authentication import Authenticator
from service.auth.fair_queue import Slot
from service.auth.limits import Limits, slot_of
from service.schemas.api import SearchRequest
from service.schemas.explaining import ExplainResponse
from service.settings import Settings


class ExplainingAssistant(Protocol):
    """What this route needs from the rest of Footnote. The call blocks, and may raise a FootnoteError."""

    def explain(self, request: SearchRequest, access: Access) -> ExplainResponse: ...


def explaining_router(
    assistant: ExplainingAssistant, auth: Authenticator, limits: Limits, settings: Settings
) -> APIRouter:
    """Return the route."""
    admins = [Depends(auth.check_admin), Depends(limits.admit_question)]
    router = APIRouter(prefix="/api", tags=["admin"], dependencies=admins)

    @router.post("/explain", responses=problems(400, 401, 403, 404, 409, 413, 415, 422, 429, 503))
    async def explain(
        question: SearchRequest,
        access: Annotated[Access, Depends(auth.access)],
        slot: Annotated[Slot, Depends(slot_of)],
    ) -> ExplainResponse:
        """Answer a question from what this admin may read, and say why so: the hits, what was read in them, the decision.

        `limit` is how many hits of each search are given. Nothing is stored, and approved answers are left aside.
        """
        await run_in_threadpool(check_question, question, settings)

        def explained() -> Iterator[ExplainResponse]:
            yield assistant.explain(question, access)

        return await last_of(stream_events(explained, slot))

    return router
