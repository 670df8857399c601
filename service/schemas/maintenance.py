"""The JSON of looking after an index: what it holds, whether it answers, indexing, deleting, checking."""

from typing import Annotated, Literal

from pydantic import Field

from service.schemas.api import Wire


class WatchWire(Wire):
    """A folder that is watched: when it was last made equal to the index, and what went wrong then.

    `failures` counts the tries since then that did not come to their end; `next_try` is when it is tried again.
    """

    path: str
    last_sync: str | None = None
    problems: list[str] = Field(default_factory=list)
    failures: int = 0
    next_try: str | None = None


WatchHealth = Literal["none", "working", "failing"]
SourceHealth = Literal["none", "working", "failing"]
ModelReach = Literal["not needed", "reachable", "unreachable"]


class ReadyResponse(Wire):
    """Questions can be asked. Where the language model cannot be reached, answers quote the articles.

    Where `watching` is `failing`, changes of a watched folder do not count now; `footnote status` names it, and why. Where
    `sources` is, a source failed three times in a row or cannot be read; `footnote sources status` names it, and why.
    """

    status: Literal["ready"] = "ready"
    language_model: ModelReach
    watching: WatchHealth = "none"
    sources: SourceHealth = "none"


class StatusResponse(Wire):
    """What is indexed, and by which models questions are answered.

    `outdated` says why the index has to be made again before articles can be added, if it has. `computation` says how the
    models compute on the machine that answers. `database` and `vectors` name the servers that hold articles and vectors; null
    is the data folder. `ingest` says which workers of Ray read, cut and embed; null is the process itself.
    """

    articles: int
    passages: int
    model: str
    fingerprint: str
    last_sync: str | None
    data_dir: str
    database: str | None = None
    vectors: str | None = None
    ingest: str | None = None
    answerer: str
    reader: str | None = None
    reranker: str | None = None
    outdated: str | None = None
    computation: str | None = None
    watching: list[WatchWire] = Field(default_factory=list)


class MigrationResponse(Wire):
    """What was copied. `rows` are those of the tables of keys, conversations, answers and so on."""

    articles: int
    passages: int
    rows: dict[str, int]
    seconds: float


class FailedPath(Wire):
    path: str
    error: str


class IndexRequest(Wire):
    """Addresses, and absolute paths on the machine of the service."""

    paths: list[str] = Field(min_length=1)
    prune: bool = False
    prune_limit: Annotated[float, Field(ge=0, le=1)] = 0.2
    dry_run: bool = False


class DeleteRequest(Wire):
    article_ids: list[str] = Field(min_length=1)


class IndexReportWire(Wire):
    """What a run of indexing did, in articles. `skipped` names files of types that are not read.

    `rebuilt` is why the whole index was made again first, if it was (in a dry run: would be).
    """

    added: int
    updated: int
    renamed: int
    unchanged: int
    deleted: int
    skipped: list[str]
    failed: list[FailedPath]
    warnings: list[FailedPath]
    articles: int
    passages: int
    seconds: float
    rebuilt: str | None = None


class RebuildResponse(Wire):
    """What the index holds after it was made again."""

    articles: int
    passages: int
    seconds: float


class BackupResponse(Wire):
    """A backup, in a folder within the data folder of the machine that serves, and whether the three stores in it agree."""

    folder: str
    articles: int
    passages: int
    agree: bool
    seconds: float


class CheckRequest(Wire):
    """A comparison of the three stores. `repair` corrects the differences."""

    repair: bool = False


class IdsWire(Wire):
    """How many passages, and the ids of the first of them."""

    count: int
    ids: list[str]


class CheckResponse(Wire):
    """What Chroma and Tantivy differ in from the catalogue's passages, before any repair, and what was done about it."""

    agree: bool
    passages: int
    damage: str | None
    missing_vectors: IdsWire
    extra_vectors: IdsWire
    wrong_vectors: IdsWire
    missing_words: IdsWire
    extra_words: IdsWire
    repair: Literal["none", "mended", "rebuilt"]
