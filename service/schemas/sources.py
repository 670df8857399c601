"""The JSON of sources: what is configured, how each was last synced, and syncing."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from service.schemas.api import Wire
from service.schemas.maintenance import FailedPath

SourceState = Literal["new", "in step", "failed", "failing", "unreadable"]
SourceName = Annotated[str, Field(pattern="^[a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9])?$", examples=["handbook"])]


class SyncCounts(Wire):
    """Articles, by what a sync did with them."""

    added: int = 0
    updated: int = 0
    renamed: int = 0
    unchanged: int = 0
    deleted: int = 0
    skipped: int = 0
    failed: int = 0


class SyncWire(Wire):
    """One sync of a source. `error` is why the source itself failed, `failures` how often in a row that was so.

    `problems` are the first files that failed, and warnings.
    """

    source: str
    started: datetime
    finished: datetime
    error: str | None
    failures: int
    counts: SyncCounts
    problems: list[FailedPath]


class SourceWire(Wire):
    """A source, and how it was last synced. `failing` is one that failed three times in a row or more.

    `groups` is null where the articles themselves say who may read them. `every_seconds` is null for a source that is synced
    by hand alone. `problem` says why an entry is `unreadable`.
    """

    name: str
    state: SourceState
    kind: str | None = None
    place: str | None = None
    groups: list[str] | None = None
    every_seconds: float | None = None
    articles: int = 0
    problem: str | None = None
    last_sync: SyncWire | None = None
    next_sync: datetime | None = None


class SourcesResponse(Wire):
    """All sources. `problem` says why the file that names them cannot be read, `elsewhere` that another node has them.

    `removed` are names that the file no longer has, and whose articles are still there.
    """

    file: str
    problem: str | None = None
    elsewhere: str | None = None
    sources: list[SourceWire] = Field(default_factory=list)
    removed: list[str] = Field(default_factory=list)


class SyncSourcesRequest(Wire):
    """The sources to sync; all without names. `prune_limit` is for this one time."""

    names: list[SourceName] = Field(default=[], max_length=1_000)
    prune_limit: Annotated[float | None, Field(ge=0, le=1)] = None


class SyncSourcesResponse(Wire):
    syncs: list[SyncWire]


class ForgetSourceRequest(Wire):
    name: SourceName


class ForgetSourceResponse(Wire):
    """How many articles were deleted with the source."""

    deleted: int
