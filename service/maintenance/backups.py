"""Backups: copies of the index, of uploads and originals, and of the database of keys, conversations and feedback.

The service may be allowed to write only into its data folder. So the copy is made there, and the command that asked for it,
on the same machine, moves it to its target.
"""

import shutil
from pathlib import Path
from tempfile import mkdtemp
from time import perf_counter

from index.errors import DataFolderUnusable, WrongUsage
from index.ingest.backup import copy_index
from index.sources.originals import ORIGINALS_FOLDER, copy_originals
from index.stores.generations import current_folder
from index.stores.live import LiveIndex
from service.history.database import copy_to
from service.schemas.maintenance import BackupResponse
from service.settings import Settings
from service.sources.entries import UPLOADS
from service.sources.uploads import CHANGING

_PREFIX = (
    ".unmoved-backup-"  # folders with this prefix are removed, so it must not be a name that people give to backups
)


def back_up(live: LiveIndex, settings: Settings) -> BackupResponse:
    """Copy the database and the index into a new folder in the data folder, for `move_to`.

    Whatever servers they lie on, the copy is a data folder. Raises DataFolderUnusable, StoreUnavailable and IndexDamaged.
    """
    started, data_dir = perf_counter(), settings.data_dir
    folder = _new_folder(data_dir)
    try:
        # The database comes first, so that the copy of the index has all articles that its answers cite.
        copy_to(data_dir, folder, settings.database_url)
        if (data_dir / "sources.toml").is_file():
            shutil.copy(data_dir / "sources.toml", folder)
        if (data_dir / UPLOADS.place).is_dir():
            with CHANGING:
                shutil.copytree(data_dir / UPLOADS.place, folder / UPLOADS.place)
        if (data_dir / ORIGINALS_FOLDER).is_dir():
            copy_originals(data_dir / ORIGINALS_FOLDER, folder / ORIGINALS_FOLDER)
        index = current_folder(folder)
        index.mkdir()
        copied = copy_index(live, index)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return BackupResponse(
        folder=str(folder.absolute()),
        articles=copied.articles,
        passages=copied.differences.passages,
        agree=copied.differences.agree,
        seconds=round(perf_counter() - started, 3),
    )


def check_free(target: Path) -> None:
    """Raise WrongUsage if a backup cannot be moved to this folder. Called before the backup is made."""
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise WrongUsage(f"{target} is there already. Name a folder that is new or empty.")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise WrongUsage(f"The folder {target.parent} cannot be made ({error.strerror}).") from error


def move_to(made: Path, target: Path) -> None:
    """Move a backup to its target. Raises DataFolderUnusable; the backup then stays where it was."""
    try:
        if target.is_dir():
            target.rmdir()
        shutil.move(made, target)
    except OSError as error:
        raise DataFolderUnusable(
            f"The backup cannot be moved to {target} ({error.strerror or error}). It lies in {made}: move it yourself, or "
            "delete it."
        ) from error


def remove_unmoved(data_dir: Path) -> None:
    """Remove backups that were never moved because the command was killed. Only for the owner of the data folder."""
    for folder in data_dir.glob(f"{_PREFIX}*"):
        shutil.rmtree(folder, ignore_errors=True)


def _new_folder(data_dir: Path) -> Path:
    try:
        return Path(mkdtemp(prefix=_PREFIX, dir=data_dir))  # readable only by this user
    except OSError as error:
        raise DataFolderUnusable(f"No folder can be made in {data_dir} ({error.strerror}).") from error
