"""Storage as a place: what fsspec can list and read. S3 and what speaks it, SFTP and WebDAV come with the extra `remote`.

Azure and Google storage need their own packages (adlfs, gcsfs).
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from index.errors import ArticleError
from index.extras import how_to_install
from index.sources.places import RemoteFile, StoragePlace, secret_in

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem
    from paramiko import MissingHostKeyPolicy

PACKAGES = {
    "s3": "s3fs",
    "sftp": "paramiko",
    "webdav+http": "webdav4",
    "webdav+https": "webdav4",
    "az": "adlfs",
    "abfs": "adlfs",
    "gs": "gcsfs",
}
"""The package that reads the places of each scheme."""

_MOST_FILES = 1_000_000
_TAGS = ("ETag", "etag", "LastModified", "last_modified", "mtime", "modified", "updated")
# Times count whole seconds on some servers: what changed just now may change again and keep its time.
_SETTLED = timedelta(seconds=10)


def list_storage(place: StoragePlace) -> list[RemoteFile]:
    """Return all files of a place. Runs in the reading process. Raises ArticleError, and whatever the library raises."""
    system, root = _opened(place)
    system.invalidate_cache()
    files: list[RemoteFile] = []
    for path, info in _found(system, root):
        if len(files) >= _MOST_FILES:
            raise ArticleError(f"it holds more than {_MOST_FILES:,} files. Make several sources of it.")
        files.append(RemoteFile(_name(path, root), _token(info), info.get("size") or 0))
    if not files:
        # A wrong prefix, or a mount that is gone, looks like an empty folder. Nothing is deleted because of it.
        raise ArticleError("it holds no file. Correct its place, or remove the source.")
    return files


def fetch_from_storage(place: StoragePlace, files: Sequence[RemoteFile], folder: Path) -> list[RemoteFile | str]:
    """Write these files into a folder. Return each with its link, or why it could not be fetched."""
    system, root = _opened(place)
    full = [file for file in files if file.size]
    # One byte more than was listed shows a file that has grown since.
    ends = [file.size + 1 for file in full]
    found = system.cat_ranges([_path(root, file.name) for file in full], [0] * len(full), ends, on_error="return")
    contents = {file.name: content for file, content in zip(full, found, strict=True)}
    return [_written(place, file, contents.get(file.name, b""), folder) for file in files]


def _written(place: StoragePlace, file: RemoteFile, content: bytes | Exception, folder: Path) -> RemoteFile | str:
    if isinstance(content, Exception):
        return f"{type(content).__name__}: {content}"[:500]
    if len(content) != file.size:
        return "it changed while it was fetched; the next sync reads it."
    target = folder / file.name
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content)
    return replace(file, url=place.link and place.link.format(path=quote(file.name), commit=""))


def _found(system: "AbstractFileSystem", root: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the files below a folder. What cannot be listed raises an error; links are passed over."""
    if getattr(system, "async_impl", False):  # object stores list all keys with a prefix at once
        found = system.find(root, detail=True)
        while found:  # what is done with is let go of: a listing of 100,000 files takes 80 MB
            path, info = found.popitem()
            if info.get("type") == "file" and not path.endswith("/"):
                yield path, info
        return
    # `find` and `walk` would pass over folders that cannot be listed, and all that is in them would seem to be gone.
    folders, listed = [root], 0
    while folders:
        if (listed := listed + 1) > _MOST_FILES:
            raise ArticleError(f"it holds more than {_MOST_FILES:,} folders, or a folder holds itself.")
        for info in system.ls(folders.pop(), detail=True):
            if info["type"] == "file":
                yield info["name"], info
            elif info["type"] == "directory" and not info["name"].rstrip("/").rpartition("/")[2].startswith("."):
                folders.append(info["name"])


def _name(path: str, root: str) -> str:
    return path.strip("/").removeprefix(root.strip("/")).lstrip("/")


def _path(root: str, name: str) -> str:
    return f"{root.rstrip('/')}/{name}" if root else name


def _token(info: dict[str, Any]) -> str:
    """Return what changes with a file. Empty if that is unknown, or not sure yet."""
    tag = next((info[name] for name in _TAGS if info.get(name)), None)
    if tag is None:
        return ""
    if isinstance(tag, datetime):
        when = tag if tag.tzinfo else tag.replace(tzinfo=UTC)
        if datetime.now(UTC) - when < _SETTLED:
            return ""
        tag = when.isoformat()
    return f"{tag} {info.get('size')}"


def _opened(place: StoragePlace) -> "tuple[AbstractFileSystem, str]":
    scheme, _, rest = place.address.partition("://")
    package = PACKAGES[scheme]
    if find_spec(package) is None:
        how = how_to_install("remote") if package in ("s3fs", "paramiko", "webdav4") else f"pip install {package}"
        raise ArticleError(f"{scheme}:// needs the package {package}. Install it: {how}")
    import fsspec

    options: dict[str, Any] = json.loads(place.options)
    options |= {name: secret_in(variable) for name, variable in place.secrets}
    if scheme.startswith("webdav"):
        base = f"{scheme.removeprefix('webdav+')}://{rest}"
        auth = (options.pop("user"), options.pop("password", "")) if "user" in options else None
        return fsspec.filesystem("webdav", base_url=base, auth=auth, **options), ""
    if scheme == "sftp":
        options["host_key_policy"] = _known_hosts(Path(options.pop("known_hosts", "~/.ssh/known_hosts")).expanduser())
    else:
        options["use_listings_cache"] = False
    system, root = fsspec.url_to_fs(place.address, **options)
    root = root.rstrip("/")
    # SFTP lists an empty path as names without their folders.
    return system, root or ("/" if scheme == "sftp" else "")


def _known_hosts(file: Path) -> "MissingHostKeyPolicy":
    """Return the policy that takes a server's key only if this file has it: paramiko itself would take any."""
    from paramiko import HostKeys, MissingHostKeyPolicy, PKey, SSHClient

    class Known(MissingHostKeyPolicy):
        def missing_host_key(self, client: SSHClient, hostname: str, key: PKey) -> None:
            if not (file.is_file() and HostKeys(str(file)).check(hostname, key)):
                raise ArticleError(
                    f"the key of {hostname} ({key.get_name()}, {key.fingerprint}) is not in {file}. Check it with the "
                    "server's owner, and add it there."
                )

    return Known()
