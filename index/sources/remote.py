"""Reads places whose files are listed first and fetched where they changed: Git repositories and storage.

Listing and fetching run in the reading process, with limits. What is fetched is written into a folder of its own for a moment
and read like any other file, so that each type, front matter and every limit is the same wherever a file comes from.
"""

import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory

from index.errors import ArticleError
from index.extras import DISTRIBUTION
from index.sources.apart import apart
from index.sources.confluence import fetch_pages, list_pages
from index.sources.extraction import ENDINGS
from index.sources.feed_files import FEED_ENDINGS
from index.sources.files import LINES_ENDING, read_file
from index.sources.git import fetch_from_repository, list_repository
from index.sources.llama_readers import fetch_documents, list_documents
from index.sources.notion import fetch_notion, list_notion
from index.sources.places import (
    ConfluencePlace,
    GitPlace,
    LlamaReaderPlace,
    NotionPlace,
    RemoteFile,
    RemotePlace,
    StoragePlace,
    UploadPlace,
    remote_path,
)
from index.sources.source_types import (
    Failed,
    Limits,
    NamedSource,
    Read,
    ReadResult,
    Skipped,
    Source,
    Unchanged,
    Withdrawn,
    printable,
)
from index.sources.storage import fetch_from_storage, list_storage
from index.sources.taking import narrowed
from index.sources.uploads import fetch_uploads, list_uploads

FILE_ENDINGS = frozenset({*ENDINGS, *FEED_ENDINGS, LINES_ENDING})
# What is fetched at once: many small files, or a few large ones.
_FILES_AT_ONCE = 64
_BYTES_AT_ONCE = 50_000_000
_LONGEST_NAME = 255
# More than any file takes: the time of a call is then that of `source_seconds`.
_ANY_SIZE = 10**12


@dataclass(frozen=True, slots=True)
class _Visit:
    """One source being read. `tokens` are those of its files in the index, by path; `mark` changes with its entry."""

    source: NamedSource
    place: RemotePlace
    limits: Limits
    tokens: Mapping[str, str]
    mark: str

    def path_of(self, name: str) -> str:
        return remote_path(self.source.name, name)

    def token(self, file: RemoteFile) -> str | None:
        """Return what changes whenever the file has to be read again: with it, its source's entry, or Footnote."""
        return f"{file.token} {self.mark}" if file.token else None


def read_remote(
    source: NamedSource, place: RemotePlace, *, limits: Limits, tokens: Mapping[str, str]
) -> Iterator[ReadResult]:
    """Read the articles of a place, in order of path; those that did not change since are not fetched again.

    `tokens` are the tokens of the articles that the index has from it, by path. If the place cannot be listed to its end, the
    source fails, and none of its articles counts as gone.
    """
    visit = _Visit(source, place, limits, tokens, _mark_of(source, place))
    long = replace(limits, file_seconds=limits.source_seconds)
    try:
        files = apart(long, _ANY_SIZE, list_files, place, limits)
    except ArticleError as error:
        yield Failed(place.name, place.name, f"cannot be listed: {error}")
        return
    batch: list[RemoteFile] = []
    for file in files:
        if _is_hidden(file.name) or not source.taking.takes(file.name):
            continue
        if reading := _without_fetching(visit, file):
            yield reading
        else:
            batch.append(file)
        if len(batch) >= _FILES_AT_ONCE or sum(one.size for one in batch) >= _BYTES_AT_ONCE:
            yield from _read_batch(visit, batch, long)
            batch = []
    yield from _read_batch(visit, batch, long)


def _mark_of(source: NamedSource, place: RemotePlace) -> str:
    entry = [asdict(source.taking), asdict(place), version(DISTRIBUTION)]
    written = json.dumps(entry, default=lambda value: sorted(value) if isinstance(value, frozenset) else str(value))
    return hashlib.sha256(written.encode()).hexdigest()[:12]


def _without_fetching(visit: _Visit, file: RemoteFile) -> ReadResult | None:
    """Return what can be said of a file by its listing, or None if it has to be fetched."""
    path = visit.path_of(file.name)
    if file.problem:
        return Failed(path, path, file.problem, access_unclear=True)
    if os.path.splitext(file.name)[1].lower() not in FILE_ENDINGS:
        return Skipped(path)
    if file.token and visit.tokens.get(path) == visit.token(file):
        return Unchanged(path)
    if file.size > visit.limits.file_bytes:
        limit = f"the limit of {visit.limits.file_bytes:,}"
        too_long = f"is {file.size:,} bytes long, over {limit}. Split it, or raise FOOTNOTE_MAX_FILE_BYTES."
        return Failed(path, path, too_long, readers=file.groups)
    if any(
        part in {"", ".", ".."} or "\0" in part or len(part.encode()) > _LONGEST_NAME for part in file.name.split("/")
    ):
        return Failed(path, path, "has a name that no file can have here. Rename it.", readers=file.groups)
    return None


def _is_hidden(name: str) -> bool:
    *folders, last = name.split("/")
    return last.startswith((".", "~$")) or any(folder.startswith(".") for folder in folders)


def _read_batch(visit: _Visit, batch: Sequence[RemoteFile], long: Limits) -> Iterator[ReadResult]:
    """Fetch some files and read them. Where fetching them together fails, each is fetched by itself."""
    if not batch:
        return
    with TemporaryDirectory(prefix="footnote-") as made:
        folder = Path(made).resolve()
        try:
            fetched = apart(long, _ANY_SIZE, fetch_files, visit.place, list(batch), folder, visit.limits)
        except ArticleError as error:
            if len(batch) > 1:
                for file in batch:
                    yield from _read_batch(visit, [file], long)
                return
            path = visit.path_of(batch[0].name)
            yield Failed(path, path, f"cannot be fetched: {error}", readers=batch[0].groups)
            return
        for file, outcome in zip(batch, fetched, strict=True):
            path = visit.path_of(file.name)
            if isinstance(outcome, str):
                yield Failed(path, path, f"cannot be fetched: {outcome}", readers=file.groups)
            else:
                yield from _read_fetched(visit, outcome, folder)


def list_files(place: RemotePlace, limits: Limits) -> list[RemoteFile]:
    """Return all files of a place, in order of name. Runs in the reading process. Raises ArticleError."""
    with _explained():
        return sorted(_listed(place, limits), key=lambda file: file.name)


def _listed(place: RemotePlace, limits: Limits) -> list[RemoteFile]:
    match place:
        case GitPlace():
            return list_repository(place, limits)
        case StoragePlace():
            return list_storage(place)
        case UploadPlace():
            return list_uploads(place)
        case LlamaReaderPlace():
            return list_documents(place)
        case ConfluencePlace():
            return list_pages(place, limits)
        case NotionPlace():
            return list_notion(place, limits)


def fetch_files(
    place: RemotePlace, files: Sequence[RemoteFile], folder: Path, limits: Limits
) -> list[RemoteFile | str]:
    """Write files into a folder. Return each with what is now known of it, or why it could not be fetched.

    Runs in the reading process. Raises ArticleError if none can be.
    """
    with _explained():
        match place:
            case GitPlace():
                return fetch_from_repository(place, files, folder, limits)
            case StoragePlace():
                return fetch_from_storage(place, files, folder)
            case UploadPlace():
                return fetch_uploads(place, files, folder)
            case LlamaReaderPlace():
                return fetch_documents(place, files, folder)
            case ConfluencePlace():
                return fetch_pages(place, files, folder, limits)
            case NotionPlace():
                return fetch_notion(place, files, folder, limits)


@contextmanager
def _explained() -> Iterator[None]:
    """Raise ArticleError for whatever a library raises: servers and what they send may cause any error."""
    try:
        yield
    except (ArticleError, MemoryError):
        raise
    except Exception as error:
        raise ArticleError(" ".join(f"{type(error).__name__}: {error}".split())[:500]) from error


def _read_fetched(visit: _Visit, file: RemoteFile, folder: Path) -> Iterator[ReadResult]:
    local = Source(folder, prefix=f"{visit.source.name}/")
    read_at, listed_at = printable(folder / file.name), visit.path_of(file.name)

    def placed(path: str) -> str:
        return listed_at + path.removeprefix(read_at)

    for reading in read_file(folder / file.name, local, limits=visit.limits):
        match reading:
            case Read(article):
                info = article.info
                published, published_from = info.published, info.published_from
                if published is None and file.published:
                    published, published_from = file.published, file.published_from
                info = replace(
                    info,
                    title=file.title or info.title,
                    url=info.url or file.url,
                    published=published,
                    published_from=published_from,
                    groups=narrowed(file.groups, info.groups),
                    collections=info.collections | file.collections,
                )
                path = placed(article.path)
                # Of a file of several articles, each line is compared by itself: it is read again in each run.
                token = visit.token(file) if path == listed_at else None
                yield replace(reading, article=replace(article, info=info, path=path, token=token))
            case Failed():
                yield replace(reading, path=placed(reading.path), file=placed(reading.file), readers=file.groups)
            case Withdrawn():
                yield replace(reading, path=placed(reading.path), file=placed(reading.file))
            case Skipped():
                yield replace(reading, path=placed(reading.path))
            case _:
                yield reading
