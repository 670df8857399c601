"""Who asks, told to the one who asks: pages look it up before they show what only some may do."""

from typing import Annotated

from fastapi import APIRouter, Depends

from service.api.openapi_docs import problems
from service.auth.askers import Asker
from service.auth.authentication import Gate
from service.schemas.api import MeResponse


def me_router(gate: Gate) -> APIRouter:
    """Route the question who one is."""
    router = APIRouter(prefix="/api", tags=["me"])

    @router.get("/me", responses=problems(401, 403, 429))
    async def me(asker: Annotated[Asker, Depends(gate.asker)]) -> MeResponse:
        """Say who asks, with which groups (null: all), and whether this service wants a key."""
        groups = None if asker.access.everything else sorted(asker.access.groups)
        return MeResponse(id=asker.id, admin=asker.admin, groups=groups, keys_required=gate.keys_required)

    return router
