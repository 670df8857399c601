"""The route that returns who the caller is. The page uses it to show only what the caller may do."""

from typing import Annotated

from fastapi import APIRouter, Depends

from service.api.openapi_docs import problems
from service.auth.askers import Asker
from service.auth.authentication import Authenticator
from service.schemas.api import MeResponse


def me_router(auth: Authenticator) -> APIRouter:
    """Return the route `/api/me`."""
    router = APIRouter(prefix="/api", tags=["me"])

    @router.get("/me", responses=problems(401, 403, 429))
    async def me(asker: Annotated[Asker, Depends(auth.asker)]) -> MeResponse:
        """Say who asks, with which groups and collections (null: all), and whether this service wants a key."""
        groups = None if asker.access.everything else sorted(asker.access.groups)
        limit = asker.access.collections
        return MeResponse(
            id=asker.id,
            admin=asker.admin,
            groups=groups,
            keys_required=auth.keys_required,
            collections=None if limit is None else sorted(limit),
            name=asker.name,
        )

    return router
