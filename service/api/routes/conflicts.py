"""The route that finds conflicts between articles, for admins."""

from collections.abc import Iterator
from typing import Annotated, Protocol

from fastapi import APIRouter, Depends

from index.records import Access
from service.api.openapi_docs import problems
from service.api.streaming import last_of, stream_events
from service.auth.authentication import Authenticator
from service.auth.fair_queue import Slot
from service.auth.limits import Limits, slot_of
from service.schemas.conflicts import ConflictsRequest, ConflictsResponse


class ConflictsAssistant(Protocol):
    """What this route needs from the rest of Footnote. The call blocks, and may raise a FootnoteError."""

    def conflicts(self, request: ConflictsRequest, access: Access) -> ConflictsResponse: ...


def conflicts_router(assistant: ConflictsAssistant, auth: Authenticator, limits: Limits) -> APIRouter:
    """Return the route."""
    admins = [Depends(auth.check_admin), Depends(limits.admit_question)]
    router = APIRouter(prefix="/api", tags=["admin"], dependencies=admins)

    @router.post("/conflicts", responses=problems(400, 401, 403, 409, 413, 415, 422, 429, 503))
    async def conflicts(
        request: ConflictsRequest,
        access: Annotated[Access, Depends(auth.access)],
        slot: Annotated[Slot, Depends(slot_of)],
    ) -> ConflictsResponse:
        """Find places where two articles that this admin may read give different values for the same thing.

        Answers when all is compared, or when the time is over; then `next_after` says where to go on. It takes its turn among
        the questions, ends when the client hangs up, and one is made at a time.
        """

        def found() -> Iterator[ConflictsResponse]:
            yield assistant.conflicts(request, access)

        return await last_of(stream_events(found, slot))

    return router
