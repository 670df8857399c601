"""Notion as a place: the pages that are shared with an integration, as Markdown.

https://developers.notion.com/reference/post-search and https://developers.notion.com/reference/retrieve-page-markdown. Notion
does not tell who may see a page. So a property of the pages can say it, and else the source does.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any
from uuid import UUID

from index.errors import ArticleError
from index.sources.http_api import Api, opened_api
from index.sources.metadata import day_of
from index.sources.places import NotionPlace, RemoteFile
from index.sources.source_types import Limits
from index.sources.taking import Groups

_VERSION = "2025-09-03"
_MOST_PAGES = 100_000
_MOST_PARTS = 200  # of one page that is too long for a single reply


def list_notion(place: NotionPlace, limits: Limits) -> list[RemoteFile]:
    """Return the pages, each with who may read it. Runs in the reading process. Raises ArticleError."""
    with _opened(place, limits) as api:
        return [_file(place, page) for page in _pages(api)]


def fetch_notion(
    place: NotionPlace, files: Sequence[RemoteFile], folder: Path, limits: Limits
) -> list[RemoteFile | str]:
    """Write the text of these pages into a folder. Runs in the reading process."""
    with _opened(place, limits) as api:
        return [_written(api, file, folder) for file in files]


def _opened(place: NotionPlace, limits: Limits) -> AbstractContextManager[Api]:
    secret = place.credentials.secret() or ""
    headers = {"Authorization": f"Bearer {secret}", "Notion-Version": _VERSION}
    return opened_api(f"{place.address}/", headers=headers, most_bytes=limits.file_bytes)


def _pages(api: Api) -> Iterator[Mapping[str, Any]]:
    asked: dict[str, object] = {"filter": {"property": "object", "value": "page"}, "page_size": 100}
    count = 0
    while True:
        reply = api.post("v1/search", asked)
        pages = reply["results"]
        yield from (page for page in pages if not page.get("in_trash") and not page.get("archived"))
        count += len(pages)
        if not reply.get("has_more"):
            return
        if count > _MOST_PAGES or not reply.get("next_cursor"):
            raise ArticleError(f"there are more than {_MOST_PAGES:,} pages, or the listing does not end.")
        asked["start_cursor"] = reply["next_cursor"]


def _file(place: NotionPlace, page: Mapping[str, Any]) -> RemoteFile:
    id_ = str(UUID(page["id"]))
    properties = page["properties"]
    title = next((_words(one["title"]) for one in properties.values() if one.get("type") == "title"), "") or None
    groups, problem = _groups(place, properties)
    readers = None if groups is None else sorted(groups)
    said = json.dumps([page["last_edited_time"], title, readers, page.get("url")])
    return RemoteFile(
        f"{id_}.md",
        token=hashlib.sha256(said.encode()).hexdigest(),
        url=page.get("public_url") or page.get("url"),
        title=title,
        published=day_of(page["last_edited_time"]),
        published_from="stated",
        groups=groups,
        problem=problem,
    )


def _groups(place: NotionPlace, properties: Mapping[str, Any]) -> tuple[Groups, str | None]:
    """Return who may read a page by the property that says so, and what is unclear about that."""
    if place.readers_property is None:
        return None, None
    found = properties.get(place.readers_property) or {}
    kind = found.get("type")
    if kind not in ("select", "multi_select"):
        return (
            frozenset(),
            f"has no property {place.readers_property!r} of names to choose from, which should say who may read it.",
        )
    chosen = found[kind] if kind == "multi_select" else [found[kind]] if found[kind] else []
    if not chosen:
        return (
            frozenset(),
            f"names nobody in its property {place.readers_property!r}, which should say who may read it.",
        )
    readers = dict(place.readers)
    return frozenset(readers[one["name"]] for one in chosen if one["name"] in readers), None


def _written(api: Api, file: RemoteFile, folder: Path) -> RemoteFile | str:
    parts: list[str] = []
    waiting = [file.name.removesuffix(".md")]
    while waiting:
        if len(parts) == _MOST_PARTS:
            return f"it has more than {_MOST_PARTS} parts. Split it."
        try:
            reply = api.get(f"v1/pages/{UUID(waiting.pop(0))}/markdown")
        except ArticleError as error:
            return str(error)
        parts.append(reply["markdown"])
        waiting += reply.get("unknown_block_ids") or [] if reply.get("truncated") else []
    (folder / file.name).write_text("\n\n".join(parts), encoding="utf-8", errors="replace")
    return file


def _words(rich_text: Sequence[Mapping[str, Any]]) -> str:
    return " ".join("".join(one["plain_text"] for one in rich_text).split())
