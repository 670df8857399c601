"""Confluence, Cloud and Data Center, as a place: the pages of spaces, with the restrictions of each.

Both answer `rest/api/content/search`, which is used alone: https://developer.atlassian.com/cloud/confluence/rest/v1/ and
https://developer.atlassian.com/server/confluence/rest/. Who may see a space is not asked: the source's own groups say so.
"""

import hashlib
import html
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date
from itertools import islice
from pathlib import Path
from typing import Any

from pydantic import BaseModel, Field, ValidationError

from index.errors import ArticleError
from index.sources.http_api import Api, opened_api
from index.sources.metadata import day_of
from index.sources.places import ConfluencePlace, RemoteFile
from index.sources.source_types import Limits
from index.sources.taking import Groups, narrowed

_SEARCH = "rest/api/content/search"
_EXPANDED = "version,ancestors,restrictions.read.restrictions.group,restrictions.read.restrictions.user"
_LISTED, _FETCHED = 100, 25  # pages at once; no server gives more than 25 with their text
_MOST_PAGES = 100_000


class _Named(BaseModel):
    name: str = ""


class _Several(BaseModel):
    results: list[_Named]


class _Restrictions(BaseModel):
    group: _Several
    user: _Several


class _Operation(BaseModel):
    restrictions: _Restrictions


class _Read(BaseModel):
    read: _Operation


class _Version(BaseModel):
    number: int
    when: str = ""


class _Ancestor(BaseModel):
    id: str


class _Links(BaseModel):
    webui: str = ""


class _Page(BaseModel):
    """A page of the listing, as far as it is used. `restrictions` is None where the server did not say."""

    id: str = Field(pattern=r"^\d{1,20}$")
    title: str
    version: _Version
    ancestors: list[_Ancestor]
    restrictions: _Read | None = None
    links: _Links = Field(alias="_links")


@dataclass(frozen=True, slots=True)
class _Restriction:
    """Who may see a page by its own restrictions: the groups that a setting maps; None where it has none."""

    groups: Groups


def list_pages(place: ConfluencePlace, limits: Limits) -> list[RemoteFile]:
    """Return the pages of the spaces, each with who may read it. Runs in the reading process. Raises ArticleError."""
    with _opened(place, limits) as api:
        pages = {page.id: page for space in place.spaces for page in _pages_of(api, space)}
    own = {id_: _restriction(page, dict(place.readers)) for id_, page in pages.items()}
    return [_file(place, page, own) for page in pages.values()]


def fetch_pages(
    place: ConfluencePlace, files: Sequence[RemoteFile], folder: Path, limits: Limits
) -> list[RemoteFile | str]:
    """Write the text of these pages into a folder. Runs in the reading process. Raises ArticleError."""
    with _opened(place, limits) as api:
        found: dict[str, Any] = {}
        for first in range(0, len(files), _FETCHED):
            ids = ",".join(_id_of(file) for file in files[first : first + _FETCHED])
            pages = _found(api, f"id in ({ids})", "body.export_view", at_once=_FETCHED)
            found |= {page["id"]: page for page in islice(pages, _FETCHED)}
    return [_written(file, found.get(_id_of(file)), folder) for file in files]


def _opened(place: ConfluencePlace, limits: Limits) -> AbstractContextManager[Api]:
    secret = place.credentials.secret() or ""
    user = place.credentials.user
    headers = {"Accept": "application/json"} | ({} if user else {"Authorization": f"Bearer {secret}"})
    auth = (user, secret) if user else None
    return opened_api(f"{place.address}/", headers=headers, auth=auth, most_bytes=limits.file_bytes)


def _pages_of(api: Api, space: str) -> Iterator[_Page]:
    quoted = space.replace("\\", "\\\\").replace('"', '\\"')
    for count, found in enumerate(_found(api, f'space = "{quoted}" and type = page', _EXPANDED, at_once=_LISTED)):
        if count == _MOST_PAGES:
            raise ArticleError(f"the space {space!r} has more than {_MOST_PAGES:,} pages. Leave it out.")
        try:
            yield _Page.model_validate(found)
        except ValidationError as error:
            raise ArticleError(f"a page of the space {space!r} is in no form that is known: {error}") from None


def _found(api: Api, cql: str, expand: str, *, at_once: int) -> Iterator[Any]:
    """Yield what a search finds, as the server sends it: in parts of `at_once` or, if it limits that, of fewer."""
    reply = api.get(_SEARCH, cql=cql, expand=expand, limit=at_once)
    for _ in range(_MOST_PAGES):
        yield from reply["results"]
        following = reply.get("_links", {}).get("next")
        if not following:
            return
        # Always of the same server: only what follows the path is taken from the reply.
        reply = api.get(f"{_SEARCH}?{following.partition('?')[2]}")
    raise ArticleError("what was searched for does not come to an end.")


def _restriction(page: _Page, readers: Mapping[str, str]) -> _Restriction | None:
    """Return a page's own restriction. None where the server did not tell."""
    if page.restrictions is None:
        return None
    restrictions = page.restrictions.read.restrictions
    if not restrictions.group.results and not restrictions.user.results:
        return _Restriction(None)
    return _Restriction(frozenset(readers[one.name] for one in restrictions.group.results if one.name in readers))


def _file(place: ConfluencePlace, page: _Page, own: Mapping[str, _Restriction | None]) -> RemoteFile:
    """Return a page as a file. It is restricted as the pages above it are; where one is not known, nobody may read it."""
    groups: Groups = None
    problem = None
    for id_ in (page.id, *(above.id for above in page.ancestors)):
        restriction = own.get(id_)
        if restriction is None:
            problem = f"is below the page {id_}, or is it, whose restrictions Confluence did not tell."
            groups = frozenset()
            break
        groups = narrowed(groups, restriction.groups)
    readers = None if groups is None else sorted(groups)
    said = json.dumps([page.version.number, page.title, readers, page.links.webui])
    return RemoteFile(
        f"{page.id}.html",
        token=hashlib.sha256(said.encode()).hexdigest(),
        url=place.address + page.links.webui if page.links.webui.startswith("/") else None,
        title=page.title,
        published=_day(page.version.when),
        published_from="stated",
        groups=groups,
        problem=problem,
    )


def _written(file: RemoteFile, page: Any, folder: Path) -> RemoteFile | str:
    try:
        body = page["body"]["export_view"]["value"]
    except (KeyError, TypeError):
        return "it is not there any more, or has no text."
    title = html.escape(file.title or "")
    (folder / file.name).write_text(
        f"<!doctype html><html><head><title>{title}</title></head><body><article>{body}</article></body></html>",
        encoding="utf-8",
        errors="replace",
    )
    return file


def _id_of(file: RemoteFile) -> str:
    return file.name.removesuffix(".html")


def _day(written: str) -> date | None:
    return day_of(written) if written else None
