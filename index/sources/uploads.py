"""Files that were uploaded, as a place: each with who may read it.

A file `NAME.json` describes an upload, and the file that it names holds its content. Replacing the first replaces content and
readers in one step.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import BinaryIO

from pydantic import BaseModel, ConfigDict, ValidationError

from index.errors import ArticleError, DataFolderUnusable
from index.sources.places import RemoteFile, UploadPlace
from index.sources.taking import Groups
from index.stores.ownership import private_folder

_PIECE = 1_000_000
_CHANGED = "it was replaced or deleted meanwhile; the next sync sees that."


class Upload(BaseModel):
    """An uploaded file. `path` is its name, with slashes; `digest` that of its content; `groups` of None means everyone."""

    model_config = ConfigDict(frozen=True)

    path: str
    bytes: int
    digest: str
    groups: Groups
    collections: frozenset[str]
    uploaded: datetime
    by: str

    @property
    def token(self) -> str:
        """What changes with the content and with who may read it."""
        readers = [None if self.groups is None else sorted(self.groups), sorted(self.collections)]
        return f"{self.digest} {hashlib.sha256(json.dumps(readers).encode()).hexdigest()[:16]}"


@dataclass(frozen=True, slots=True)
class TooLong(Exception):
    """The content of an upload is longer than allowed."""

    limit: int


def uploads_in(folder: Path) -> list[Upload]:
    """Return the uploads in a folder, in order of path. Raises ArticleError if one cannot be read."""
    found = filter(None, map(_read, folder.glob("*.json")))
    return sorted(found, key=lambda upload: upload.path)


def sweep_uploads(folder: Path) -> None:
    """Delete what a process that was killed left in the folder. Raises ArticleError if an upload cannot be read.

    Nothing may be stored meanwhile.
    """
    used = {path for upload in uploads_in(folder) for path in (_about(folder, upload.path), _content(folder, upload))}
    for path in set(folder.iterdir()) - used:
        path.unlink(missing_ok=True)


def content_in(folder: Path, content: BinaryIO, *, limit: int) -> tuple[Path, str, int]:
    """Write content into a new file of the folder. Return the file, its digest and its length in bytes.

    Raises TooLong, and DataFolderUnusable if it cannot be written; then the file is gone.
    """
    private_folder(folder)
    digest, length = hashlib.sha256(), 0
    try:
        with NamedTemporaryFile(dir=folder, prefix="new-", delete=False) as new:
            try:
                while piece := content.read(_PIECE):
                    length += len(piece)
                    if length > limit:
                        raise TooLong(limit)
                    digest.update(piece)
                    new.write(piece)
            except BaseException:
                os.unlink(new.name)
                raise
    except OSError as error:
        raise DataFolderUnusable(f"{folder} cannot be written ({error.strerror}). Is the disk full?") from error
    return Path(new.name), digest.hexdigest(), length


def put_upload(folder: Path, upload: Upload, content: Path) -> None:
    """Make a file of `content_in` the content of an upload. It replaces an earlier one of the same path in one step."""
    before = _about(folder, upload.path)
    earlier = _read(before)
    old = _content(folder, earlier) if earlier else None
    os.replace(content, _content(folder, upload))
    new = before.with_suffix(".new")
    new.write_text(upload.model_dump_json(), encoding="utf-8")
    os.replace(new, before)
    if old and old != _content(folder, upload):
        old.unlink(missing_ok=True)


def remove_upload(folder: Path, path: str) -> bool:
    """Remove an upload, and say whether there was one."""
    about = _about(folder, path)
    upload = _read(about)
    if upload is None:
        return False
    about.unlink()
    _content(folder, upload).unlink(missing_ok=True)
    return True


def list_uploads(place: UploadPlace) -> list[RemoteFile]:
    """Return the uploads as files of a place. Runs in the reading process. Raises ArticleError."""
    return [
        RemoteFile(one.path, one.token, one.bytes, groups=one.groups, collections=one.collections)
        for one in uploads_in(place.folder)
    ]


def fetch_uploads(place: UploadPlace, files: Sequence[RemoteFile], folder: Path) -> list[RemoteFile | str]:
    """Copy these files into a folder. Return each, or why it cannot be read. Runs in the reading process."""
    return list(_fetched(place, files, folder))


def _fetched(place: UploadPlace, files: Sequence[RemoteFile], folder: Path) -> Iterator[RemoteFile | str]:
    for file in files:
        upload = _read(_about(place.folder, file.name))
        if upload is None or upload.token != file.token:
            yield _CHANGED
            continue
        target = folder / file.name
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            shutil.copyfile(_content(place.folder, upload), target)
        except FileNotFoundError:
            yield _CHANGED
        else:
            yield file


def _about(folder: Path, path: str) -> Path:
    return folder / f"{hashlib.sha256(path.encode()).hexdigest()}.json"


def _content(folder: Path, upload: Upload) -> Path:
    return folder / f"{_about(folder, upload.path).stem}-{upload.digest[:16]}"


def _read(about: Path) -> Upload | None:
    """Return the upload that a file describes, or None if there is no such file. Raises ArticleError."""
    try:
        return Upload.model_validate_json(about.read_bytes())
    except FileNotFoundError:
        return None  # deleted since it was looked for
    except (OSError, ValidationError) as error:
        raise ArticleError(f"{about} cannot be read ({error}). Delete it, and upload its file again.") from error
