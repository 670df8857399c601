"""Servers that speak the protocols of Confluence and of Notion as their makers document them, over real sockets.

Confluence: https://developer.atlassian.com/cloud/confluence/rest/v1/api-group-content/ and, for Data Center,
https://developer.atlassian.com/server/confluence/pagination-in-the-rest-api/. Notion: https://developers.notion.com/reference.
"""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from fastapi import Body, FastAPI, Request, Response
from fastapi.responses import JSONResponse


@dataclass
class WikiPage:
    """A page of Confluence. `groups` and `users` restrict who may view it; `told` is whether the server tells that."""

    id: str
    title: str
    body: str
    version: int = 1
    ancestors: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    users: tuple[str, ...] = ()
    told: bool = True


@dataclass
class Confluence:
    """A Confluence under a context path. In the Cloud, pages of the listing follow by cursor, else by `start`."""

    authorization: str
    cloud: bool
    spaces: dict[str, list[WikiPage]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    busy: int = 0
    most: int = 2

    def app(self) -> FastAPI:
        app = FastAPI()

        @app.get("/wiki/rest/api/content/search")
        def search(request: Request, cql: str, expand: str = "", limit: int = 25) -> Response:
            if request.headers.get("authorization") != self.authorization:
                return JSONResponse({"statusCode": 401, "message": "Unauthorized"}, 401)
            if self.busy:
                self.busy -= 1
                return JSONResponse({"message": "Rate limit exceeded"}, 429, {"Retry-After": "0"})
            self.asked.append(f"{cql} {expand}")
            found = self._found(cql)
            start = int(request.query_params.get("cursor") or request.query_params.get("start") or 0)
            some = found[start : start + min(limit, self.most)]
            links = {"base": str(request.base_url) + "wiki", "context": "/wiki"}
            if start + len(some) < len(found):
                after = "cursor" if self.cloud else "start"
                query = f"cql={cql}&expand={expand}&limit={limit}&{after}={start + len(some)}"
                links["next"] = f"/rest/api/content/search?{query}"
            results = [self._json(page, expand) for page in some]
            return JSONResponse({"results": results, "limit": limit, "size": len(some), "_links": links})

        return app

    def _found(self, cql: str) -> list[WikiPage]:
        if cql.startswith("id in ("):
            ids = cql.removeprefix("id in (").removesuffix(")").split(",")
            return [page for pages in self.spaces.values() for page in pages if page.id in ids]
        return self.spaces[cql.split('"')[1]]

    def _json(self, page: WikiPage, expand: str) -> dict[str, Any]:
        made: dict[str, Any] = {"id": page.id, "type": "page", "status": "current", "title": page.title}
        made["_links"] = {"webui": f"/spaces/HR/pages/{page.id}"}
        if "version" in expand:
            made["version"] = {"number": page.version, "when": "2026-04-24T10:30:00.000Z"}
            made["ancestors"] = [{"id": id_, "type": "page"} for id_ in page.ancestors]
        if "restrictions.read" in expand and page.told:
            groups = [{"type": "group", "name": name} for name in page.groups]
            users = [{"type": "known", "displayName": name} for name in page.users]
            restrictions = {
                "group": {"results": groups, "size": len(groups)},
                "user": {"results": users, "size": len(users)},
            }
            made["restrictions"] = {"read": {"operation": "read", "restrictions": restrictions}}
        if "body.export_view" in expand:
            made["body"] = {"export_view": {"value": page.body, "representation": "export_view"}}
        return made


@dataclass
class NotionPage:
    """A page of Notion. `parts` are its Markdown; what follows the first has to be asked for by an id of its own."""

    id: str
    title: str
    parts: list[str]
    edited: str = "2026-04-24T10:30:00.000Z"
    readers: list[str] | None = None
    in_trash: bool = False


@dataclass
class Notion:
    """Notion, for one integration."""

    token: str
    pages: list[NotionPage] = field(default_factory=list)
    fetched: list[str] = field(default_factory=list)
    most: int = 2

    def app(self) -> FastAPI:
        app = FastAPI()

        @app.post("/v1/search")
        def search(request: Request, asked: dict[str, Any] = Body()) -> Response:  # noqa: B008 - as FastAPI has it
            if (refused := self._refusal(request)) is not None:
                return refused
            assert asked["filter"] == {"property": "object", "value": "page"}
            start = int(asked.get("start_cursor") or 0)
            some = self.pages[start : start + self.most]
            more = start + len(some) < len(self.pages)
            cursor = str(start + len(some)) if more else None
            listing = {"object": "list", "results": [self._json(page) for page in some]}
            return JSONResponse(listing | {"has_more": more, "next_cursor": cursor})

        @app.get("/v1/pages/{page_id}/markdown")
        def markdown(request: Request, page_id: UUID) -> Response:
            if (refused := self._refusal(request)) is not None:
                return refused
            self.fetched.append(str(page_id))
            for page in self.pages:
                ids = [page.id, *(str(UUID(int=UUID(page.id).int + n)) for n in range(1, len(page.parts)))]
                if str(page_id) in ids:
                    at = ids.index(str(page_id))
                    unknown = ids[at + 1 : at + 2]
                    made = {"object": "page_markdown", "id": str(page_id), "markdown": page.parts[at]}
                    return JSONResponse(made | {"truncated": bool(unknown), "unknown_block_ids": unknown})
            return JSONResponse({"object": "error", "status": 404, "code": "object_not_found"}, 404)

        return app

    def _refusal(self, request: Request) -> Response | None:
        if request.headers.get("authorization") != f"Bearer {self.token}":
            return JSONResponse({"object": "error", "status": 401, "code": "unauthorized"}, 401)
        if not request.headers.get("notion-version"):
            return JSONResponse({"object": "error", "status": 400, "code": "missing_version"}, 400)
        return None

    def _json(self, page: NotionPage) -> dict[str, Any]:
        properties: dict[str, Any] = {"Name": {"id": "title", "type": "title", "title": [{"plain_text": page.title}]}}
        if page.readers is not None:
            chosen = [{"id": name, "name": name, "color": "blue"} for name in page.readers]
            properties["Readers"] = {"id": "a", "type": "multi_select", "multi_select": chosen}
        url = f"https://www.notion.so/{page.id.replace('-', '')}"
        made = {"object": "page", "id": page.id, "last_edited_time": page.edited, "url": url, "public_url": None}
        return made | {"in_trash": page.in_trash, "archived": page.in_trash, "properties": properties}
