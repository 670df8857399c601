"""The JSON of uploads, of where an article comes from, and of reading it again."""

from datetime import datetime

from pydantic import Field

from service.schemas.api import Wire
from service.schemas.maintenance import FailedPath


class UploadedFile(Wire):
    """An uploaded file. `groups` of null means that it is for everyone.

    `articles` are the ids of what it is in the index. `problem` says why it is not stored, or could not be read.
    """

    path: str
    bytes: int
    groups: list[str] | None
    collections: list[str]
    uploaded: datetime | None
    by: str | None
    articles: list[str] = Field(default_factory=list)
    problem: str | None = None


class UploadResponse(Wire):
    """The files of a request, in its order."""

    files: list[UploadedFile]


class UploadsResponse(Wire):
    """All uploaded files, in order of path, and how much there may be of them."""

    files: list[UploadedFile]
    bytes: int
    max_files: int
    max_bytes: int
    max_file_bytes: int


class DeleteUploadsRequest(Wire):
    paths: list[str] = Field(min_length=1, max_length=1_000)


class DeleteUploadsResponse(Wire):
    """How many articles were deleted with the files."""

    articles: int


class ReindexRequest(Wire):
    article_ids: list[str] = Field(min_length=1, max_length=100)


class ReindexResponse(Wire):
    """What reading the sources of these articles again did: how many articles it changed, and what failed."""

    changed: int
    failed: list[FailedPath]


class OriginPassage(Wire):
    """A passage as it is searched: `above` are the headings, and the words before a list or table, that count with it."""

    id: str
    start: int
    end: int
    above: list[str]
    text: str


class OriginResponse(Wire):
    """Where an article comes from. `source` is a name of `sources.toml`, or the folder, file or address that was indexed.

    `indexed` is when the index last took it up or changed it, `last_seen` when its source was last read to its end; null for
    what was indexed by hand.
    """

    article_id: str
    source: str
    path: str
    groups: list[str] | None
    collections: list[str]
    indexed: datetime
    last_seen: datetime | None
    passages: list[OriginPassage]
