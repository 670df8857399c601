"""One owner for a data folder. Chroma's files belong to one process: a second one would hang or corrupt them."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from stat import S_IMODE
from time import monotonic, sleep

import structlog
from filelock import FileLock, Timeout

from index.errors import DataFolderOwned, DataFolderUnusable

_LOCK = "owner.lock"
_OWNER = "owner.json"
_NOT_FOR_OTHERS = 0o077
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Owner:
    """Who holds a data folder. `url` and `token` reach it, where it is a service."""

    pid: int
    command: str
    url: str | None = None
    token: str | None = None


@contextmanager
def own(data_dir: Path, owner: Owner, *, wait_seconds: float = 0.0) -> Iterator[None]:
    """Own the data folder while in this context. The lock is the operating system's: it ends with the process.

    What the folder holds is for its user alone: so is every file that the process makes meanwhile.

    Raises DataFolderOwned, which names the owner, when another process has it and keeps it for `wait_seconds`;
    DataFolderUnusable when the folder cannot be written.
    """
    lock = _lock(data_dir)
    deadline = monotonic() + wait_seconds
    while True:
        try:
            lock.acquire(timeout=0)
            break
        except Timeout:
            other = owner_of(data_dir)
            # A service does not go away by waiting, and can be asked instead.
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
    """Return who says to own the folder, or None. What a killed process left behind is told from the lock, not from this."""
    try:
        return Owner(**json.loads((data_dir / _OWNER).read_text()))
    except (OSError, ValueError, TypeError):
        return None  # it has just gone, is about to be written, or is for another user's eyes


def private_folder(data_dir: Path) -> None:
    """Make the data folder where it is missing, for this user alone. Raises OSError."""
    data_dir.parent.mkdir(parents=True, exist_ok=True)
    data_dir.mkdir(mode=0o700, exist_ok=True)


def _close_to_others(data_dir: Path) -> None:
    """Take the data folder and what older versions made in it away from other users."""
    try:
        for path in (data_dir, *(path for path in data_dir.rglob("*") if not path.is_symlink())):
            mode = path.stat().st_mode
            if mode & _NOT_FOR_OTHERS:
                path.chmod(S_IMODE(mode) & ~_NOT_FOR_OTHERS)
    except OSError as error:
        # It may be a mounted folder of another user, which can be written all the same.
        log.warning("other users may be able to read the data folder", data_dir=str(data_dir), reason=str(error))


def _lock(data_dir: Path) -> FileLock:
    try:
        private_folder(data_dir)
        return FileLock(data_dir / _LOCK, mode=0o600, thread_local=False)
    except OSError as error:
        raise _unusable(data_dir, error) from error


def _write(path: Path, owner: Owner) -> None:
    # Readable by this user only: the token lets its bearer index and read everything.
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
