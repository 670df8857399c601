"""The lock on a data folder. Only one process may use Chroma's files: a second one would hang or corrupt them."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from stat import S_IMODE
from time import monotonic, sleep
from uuid import uuid4

import structlog
from filelock import FileLock, Timeout

from index.errors import DataFolderOwned, DataFolderUnusable

_LOCK = "owner.lock"
_OWNER = "owner.json"
_ID = "id"
_NOT_FOR_OTHERS = 0o077
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Owner:
    """The process that owns a data folder. `url` and `token` are for reaching it, if it is a service."""

    pid: int
    command: str
    url: str | None = None
    token: str | None = None


@contextmanager
def own(data_dir: Path, owner: Owner, *, wait_seconds: float = 0.0) -> Iterator[None]:
    """Own the data folder while in this context. The lock is the operating system's: it ends with the process.

    The folder, and every file that the process creates meanwhile, is accessible only to this user.

    Raises DataFolderOwned, which names the owner, if another process keeps it for longer than `wait_seconds`, and
    DataFolderUnusable if the folder cannot be written.
    """
    lock = _lock(data_dir)
    deadline = monotonic() + wait_seconds
    while True:
        try:
            lock.acquire(timeout=0)
            break
        except Timeout:
            other = owner_of(data_dir)
            # Waiting for a service is useless, and it can be used instead.
            if monotonic() >= deadline or (other and other.url):
                raise DataFolderOwned(_explained(data_dir, other), owner=other) from None
            sleep(0.05)
        except OSError as error:
            raise _unusable(data_dir, error) from error
    umask = os.umask(_NOT_FOR_OTHERS)
    try:
        _close_to_others(data_dir)
        _write(data_dir / _OWNER, owner)
        yield
    finally:
        os.umask(umask)
        (data_dir / _OWNER).unlink(missing_ok=True)
        lock.release()


def owner_of(data_dir: Path) -> Owner | None:
    """Return the owner that the folder names, or None. After a process was killed, only the lock says that it is gone."""
    try:
        return Owner(**json.loads((data_dir / _OWNER).read_text()))
    except (OSError, ValueError, TypeError):
        return None  # it was just removed, is about to be written, or belongs to another user


def folder_id(data_dir: Path) -> str:
    """Return a random name of this data folder, which stays the same: its owner's, in a database that several share.

    Raises OSError.
    """
    private_folder(data_dir)
    path = data_dir / _ID
    if not path.exists() or not path.read_text():
        path.write_text(uuid4().hex)
    return path.read_text()


def private_folder(data_dir: Path) -> None:
    """Create the data folder if it is missing, accessible only to this user. Raises OSError."""
    data_dir.parent.mkdir(parents=True, exist_ok=True)
    data_dir.mkdir(mode=0o700, exist_ok=True)


def _close_to_others(data_dir: Path) -> None:
    """Remove other users' permissions from the data folder and its files, which older versions did not."""
    try:
        for path in (data_dir, *(path for path in data_dir.rglob("*") if not path.is_symlink())):
            mode = path.stat().st_mode
            if mode & _NOT_FOR_OTHERS:
                path.chmod(S_IMODE(mode) & ~_NOT_FOR_OTHERS)
    except OSError as error:
        # It may be a mounted folder of another user that is still writable.
        log.warning("other users may be able to read the data folder", data_dir=str(data_dir), reason=str(error))


def _lock(data_dir: Path) -> FileLock:
    try:
        private_folder(data_dir)
        return FileLock(data_dir / _LOCK, mode=0o600, thread_local=False)
    except OSError as error:
        raise _unusable(data_dir, error) from error


def _write(path: Path, owner: Owner) -> None:
    # Readable only by this user: with the token, one can index and read everything.
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(asdict(owner), file)


def _unusable(data_dir: Path, error: OSError) -> DataFolderUnusable:
    return DataFolderUnusable(
        f"The data folder {data_dir} cannot be written ({error.strerror or error}). "
        "Make it writable, or set FOOTNOTE_DATA_DIR to another folder."
    )


def _explained(data_dir: Path, owner: Owner | None) -> str:
    if owner is None:
        return f"Another process owns the data folder {data_dir}. Wait until it ends, or set FOOTNOTE_DATA_DIR."
    where = f" at {owner.url}" if owner.url else ""
    return (
        f"The data folder {data_dir} belongs to process {owner.pid} (`{owner.command}`{where}). Stop that process, "
        "or set FOOTNOTE_DATA_DIR to another folder."
    )
