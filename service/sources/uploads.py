"""Uploaded files: storing, listing and deleting them. They are a source like any other, with the name `uploads`."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from typing import BinaryIO

from index.errors import WrongUsage
from index.ingest.upkeep import delete_remaining
from index.records import Readers
from index.sources.entries import file_of
from index.sources.places import remote_path
from index.sources.remote import FILE_ENDINGS
from index.sources.uploads import TooLong, Upload, content_in, put_upload, remove_upload, sweep_uploads, uploads_in
from index.stores.live import LiveIndex
from service.schemas.uploads import (
    DeleteUploadsResponse,
    UploadedFile,
    UploadResponse,
    UploadsResponse,
)
from service.settings import Settings
from service.sources.entries import UPLOADS
from service.sources.syncing import Sources

_LONGEST_PATH, _LONGEST_NAME = 400, 200
CHANGING = Lock()
"""Held while uploads are stored, deleted or copied. One process owns a data folder, so this is enough."""


@dataclass(frozen=True, slots=True)
class Incoming:
    """A file that arrives. `name` may hold folders."""

    name: str
    content: BinaryIO


@dataclass(frozen=True, slots=True)
class Uploads:
    """The uploaded files of an open index."""

    live: LiveIndex
    settings: Settings

    @property
    def folder(self) -> Path:
        return self.settings.data_dir.absolute() / UPLOADS.place

    @property
    def _sources(self) -> Sources:
        return Sources(self.live, self.settings)

    def store(self, files: Sequence[Incoming], readers: Readers, *, by: str, sync: bool) -> UploadResponse:
        """Store files, each for these readers, and with `sync` read them into the index.

        A file of a path that is there already replaces it. One that cannot be stored has a `problem`, and the others are
        stored. Raises DataFolderUnusable, and WrongUsage if another node has the uploads.
        """
        self._sources.check_here()
        with CHANGING:
            if self.folder.is_dir():
                sweep_uploads(self.folder)
            known = {one.path: one.bytes for one in self._stored()}
            stored = [self._store(file, readers, by, known) for file in files]
        if not sync:
            return UploadResponse(files=stored)
        if any(file.problem is None for file in stored):
            self._sources.sync([UPLOADS.place])
        found = {file.path: file for file in self.listing().files}
        return UploadResponse(files=[file if file.problem else found.get(file.path, file) for file in stored])

    def listing(self) -> UploadsResponse:
        """Return all uploads with what the index has of them. Raises ArticleError if one is damaged."""
        stored = self._stored()
        articles, problems = self._articles(), self._problems()
        return UploadsResponse(
            files=[
                _wire(one).model_copy(
                    update={"articles": articles.get(one.path, []), "problem": problems.get(one.path)}
                )
                for one in stored
            ],
            bytes=sum(one.bytes for one in stored),
            max_files=self.settings.uploads_max_files,
            max_bytes=self.settings.uploads_max_bytes,
            max_file_bytes=self.settings.max_file_bytes,
        )

    def delete(self, paths: Sequence[str]) -> DeleteUploadsResponse:
        """Delete uploads with their articles. If one does not exist, deletes none and raises WrongUsage."""
        self._sources.check_here()
        with CHANGING:
            known = {one.path for one in self._stored()}
            if (missing := next((path for path in paths if path not in known), None)) is not None:
                raise WrongUsage(f"There is no upload {missing[:200]!r}. `GET /api/uploads` lists them.")
            articles = self._articles()
            gone = [article for path in dict.fromkeys(paths) for article in articles.get(path, [])]
            for path in set(paths):
                remove_upload(self.folder, path)
        if gone:
            delete_remaining(self.live, gone)
        return DeleteUploadsResponse(articles=len(gone))

    def forget_articles(self, article_ids: Sequence[str]) -> None:
        """Remove the uploads of which all articles are to be deleted. Otherwise the next sync would bring them back.

        Raises WrongUsage if another node has them.
        """
        going = set(article_ids)
        with CHANGING:
            for path, articles in self._articles().items():
                if going.issuperset(articles):
                    self._sources.check_here()
                    remove_upload(self.folder, path)

    def _store(self, file: Incoming, readers: Readers, by: str, known: dict[str, int]) -> UploadedFile:
        """Store a file, and add it to what is `known`: the length of each upload by its path."""
        try:
            path = upload_path(file.name)
            if path not in known and len(known) >= self.settings.uploads_max_files:
                raise ValueError(
                    f"there are {len(known):,} uploads, and no more are allowed (FOOTNOTE_UPLOADS_MAX_FILES)"
                )
            left = self.settings.uploads_max_bytes - sum(known.values()) + known.get(path, 0)
            limit = min(self.settings.max_file_bytes, max(left, 0))
            content, digest, length = content_in(self.folder, file.content, limit=limit)
        except TooLong as error:
            setting = (
                "FOOTNOTE_MAX_FILE_BYTES" if limit == self.settings.max_file_bytes else "FOOTNOTE_UPLOADS_MAX_BYTES"
            )
            return _refused(
                file.name, readers, f"is longer than the {error.limit:,} bytes that are allowed ({setting})"
            )
        except ValueError as error:
            return _refused(file.name, readers, str(error))
        upload = Upload(
            path=path,
            bytes=length,
            digest=digest,
            groups=readers.groups,
            collections=readers.collections,
            uploaded=datetime.now(UTC),
            by=by,
        )
        put_upload(self.folder, upload, content)
        known[path] = length
        return _wire(upload)

    def _stored(self) -> list[Upload]:
        return uploads_in(self.folder) if self.folder.is_dir() else []

    def _articles(self) -> dict[str, list[str]]:
        """Return the ids of the articles of each upload, by its path."""
        with self.live.pinned() as index:
            paths = index.catalog.paths_of_source(UPLOADS.place)
        found: dict[str, list[str]] = {}
        for article_id, path in paths.items():
            found.setdefault(_name_of(path), []).append(article_id)
        return found

    def _problems(self) -> dict[str, str]:
        last = self._sources.last_syncs().get(UPLOADS.place)
        # What failed comes first in a record, and counts before a warning.
        return {_name_of(problem.path): problem.error for problem in reversed(last.problems)} if last else {}


def upload_path(name: str) -> str:
    """Return the path that a file is stored under. Raises ValueError if it cannot be one, or its type is not read."""
    path = name.replace("\\", "/").strip("/")
    parts = path.split("/")
    if not path or len(path) > _LONGEST_PATH or any(len(part.encode()) > _LONGEST_NAME for part in parts):
        raise ValueError(f"has a name that is empty, or longer than {_LONGEST_NAME} bytes")
    if any(part in ("", ".", "..") or part.startswith((".", "~$")) or not part.isprintable() for part in parts):
        raise ValueError("has a name that is hidden, leads elsewhere, or has characters that cannot be printed")
    if os.path.splitext(path)[1].lower() not in FILE_ENDINGS:
        raise ValueError(f"is of a type that is not read. Types that are: {', '.join(sorted(FILE_ENDINGS))}")
    return path


def _name_of(path: str) -> str:
    return file_of(path).removeprefix(remote_path(UPLOADS.place, ""))


def _wire(upload: Upload) -> UploadedFile:
    return UploadedFile(
        path=upload.path,
        bytes=upload.bytes,
        groups=None if upload.groups is None else sorted(upload.groups),
        collections=sorted(upload.collections),
        uploaded=upload.uploaded,
        by=upload.by,
    )


def _refused(name: str, readers: Readers, problem: str) -> UploadedFile:
    groups = None if readers.groups is None else sorted(readers.groups)
    collections = sorted(readers.collections)
    shown = "".join(character if character.isprintable() else "\ufffd" for character in name[:_LONGEST_PATH])
    return UploadedFile(
        path=shown, bytes=0, groups=groups, collections=collections, uploaded=None, by=None, problem=problem
    )
